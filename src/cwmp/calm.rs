//! Values that may change without end, and how often they open a session for it: a mapping in a NAT that
//! comes and goes must not make a storm of sessions. The first change is told at once, later ones in
//! their time and with the newest value; a session for another reason tells what there is.

use std::time::Duration;

use super::settings::Settings;

/// The parameters, without the root.
const CALMED: [&str; 2] = [
    "ManagementServer.ConnectionRequestURL",
    "ManagementServer.UDPConnectionRequestAddress",
];

/// From one session for a new `ConnectionRequestURL` to the next.
const URL_LIMIT: Duration = Duration::from_secs(10);

/// When a session last told of a change of each, as uptime.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calm([Option<Duration>; CALMED.len()]);

impl Calm {
    /// The earliest uptime for a session that tells of a change of one of these.
    pub fn earliest(
        &self,
        paths: &[String],
        settings: &Settings,
        now: Duration,
    ) -> Option<Duration> {
        let at = |path: &String| {
            let place = CALMED.iter().position(|calmed| calmed == path);
            let told = place.and_then(|place| self.0.get(place).copied().flatten());
            let limit = match place {
                Some(0) => URL_LIMIT,
                _ => settings.udp_notification_limit,
            };
            told.map_or(now, |told| told.min(now).saturating_add(limit).max(now))
        };
        paths.iter().map(at).min()
    }

    /// A session tells of changes of these.
    pub fn tells(&mut self, paths: &[String], now: Duration) {
        for (calmed, told) in CALMED.iter().zip(&mut self.0) {
            if paths.iter().any(|path| path == calmed) {
                *told = Some(now);
            }
        }
    }

    /// What a restart of the program within this boot must know: milliseconds, a blank between them.
    pub fn to_kept(&self) -> String {
        let millis = |told: &Option<Duration>| told.map_or(0, |told| told.as_millis());
        let all = self.0.iter().map(|told| millis(told).to_string());
        match self.0.iter().all(Option::is_none) {
            true => String::new(),
            false => all.collect::<Vec<_>>().join(" "),
        }
    }

    /// Reads [`Calm::to_kept`].
    pub fn from_kept(text: &str) -> Self {
        let mut calm = Self::default();
        for (told, field) in calm.0.iter_mut().zip(text.split(' ')) {
            let millis = field.parse().ok().filter(|millis| *millis > 0);
            *told = millis.map(Duration::from_millis);
        }
        calm
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_limit_of_its_own_and_others_have_none() {
        let second = Duration::from_secs;
        let settings = Settings {
            udp_notification_limit: second(60),
            ..Settings::default()
        };
        let mut calm = Calm::default();
        let [url, udp] = CALMED.map(str::to_owned);
        let other = "DeviceInfo.SoftwareVersion".to_owned();
        let earliest = |calm: &Calm, paths: &[&String], now| {
            let paths: Vec<String> = paths.iter().map(|path| (*path).clone()).collect();
            calm.earliest(&paths, &settings, second(now))
        };
        assert_eq!(earliest(&calm, &[], 100), None);
        assert_eq!(earliest(&calm, &[&udp], 100), Some(second(100)));
        calm.tells(&[udp.clone(), other.clone()], second(100));
        assert_eq!(earliest(&calm, &[&udp], 101), Some(second(160)));
        assert_eq!(earliest(&calm, &[&url], 101), Some(second(101)));
        assert_eq!(earliest(&calm, &[&other], 101), Some(second(101)));
        assert_eq!(earliest(&calm, &[&udp, &other], 101), Some(second(101)));
        assert_eq!(earliest(&calm, &[&udp], 170), Some(second(170)));
        calm.tells(std::slice::from_ref(&url), second(165));
        assert_eq!(earliest(&calm, &[&url], 166), Some(second(175)));
        assert_eq!(Calm::from_kept(&calm.to_kept()), calm);
        for damaged in ["", " ", "x 7", "-1", "99999999999999999999 1 2 3"] {
            Calm::from_kept(damaged);
        }
    }
}
