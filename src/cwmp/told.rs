//! What an ACS knows of where the box is reached: by an Inform that it accepted, or since it asked.

use super::record;

/// The parameters, without the root.
const KEPT: [&str; 3] = [
    "ManagementServer.ConnectionRequestURL",
    "ManagementServer.UDPConnectionRequestAddress",
    "ManagementServer.ConnReqJabberID",
];

/// A value that the ACS was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldValue {
    /// What it was told, as text.
    pub value: String,
    /// When it was told first, seconds since 1970.
    pub since: i64,
}

/// The values that the ACS was told last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToldValues([Option<ToldValue>; KEPT.len()]);

impl ToldValues {
    /// The ACS hears of a value; whether it is one of these. `path` is without the root.
    pub fn tell(&mut self, path: &str, value: &str, unix: i64) -> bool {
        let place = KEPT.iter().position(|kept| *kept == path);
        let Some(told) = place.and_then(|place| self.0.get_mut(place)) else {
            return false;
        };
        if told.as_ref().is_none_or(|told| told.value != value) {
            *told = Some(ToldValue {
                value: value.to_owned(),
                since: unix,
            });
        }
        true
    }

    /// What the ACS was told last of a parameter; `path` is without the root.
    pub fn of(&self, path: &str) -> Option<&ToldValue> {
        let place = KEPT.iter().position(|kept| *kept == path)?;
        self.0.get(place)?.as_ref()
    }

    /// What a restart of the program within this boot must know.
    pub fn to_kept(&self) -> String {
        let field = |told: &Option<ToldValue>| match told {
            Some(told) => record::join(&[told.since.to_string(), told.value.clone()]),
            None => String::new(),
        };
        match self.0.iter().all(Option::is_none) {
            true => String::new(),
            false => self
                .0
                .iter()
                .map(field)
                .collect::<Vec<_>>()
                .join(record::NEXT),
        }
    }

    /// Reads [`ToldValues::to_kept`].
    pub fn from_kept(text: &str) -> Self {
        let mut values = Self::default();
        for (told, entry) in values.0.iter_mut().zip(text.split(record::NEXT)) {
            if let [since, value] = record::split(entry).as_slice() {
                *told = since.parse().ok().map(|since| ToldValue {
                    value: value.clone(),
                    since,
                });
            }
        }
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r21_a_value_is_known_since_it_was_told_first_and_over_a_restart() {
        let mut told = ToldValues::default();
        assert_eq!(ToldValues::from_kept(&told.to_kept()), told);
        let [url, udp, _] = KEPT;
        told.tell(udp, "198.51.100.1:7, é", 100);
        told.tell(udp, "198.51.100.1:7, é", 200);
        told.tell("ManagementServer.URL", "http://a/", 200);
        assert_eq!(told.of(udp).unwrap().since, 100);
        assert_eq!(
            (told.of(url), told.of("ManagementServer.URL")),
            (None, None)
        );
        assert_eq!(ToldValues::from_kept(&told.to_kept()), told);
        told.tell(udp, "", 300);
        assert_eq!(told.of(udp).unwrap().since, 300);
        assert_eq!(ToldValues::from_kept(&told.to_kept()), told);
        for damaged in ["", ",,,,", ":", "x:y", "1:2:3", "%zz"] {
            ToldValues::from_kept(damaged);
        }
    }
}
