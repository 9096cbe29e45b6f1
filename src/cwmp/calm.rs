//! Values that may change without end, and how often they open a session for it: a mapping in a NAT, or
//! a sensor, that comes and goes must not make a storm of sessions. The first change is told at once,
//! later ones in their time and with the newest value; a session for another reason tells what there is.
//!
//! Of the agent's own ways in that is known here, of other values by their row
//! ([`ChangeLimit`](crate::datamodel::row::ChangeLimit)).

use std::time::Duration;

use super::settings::Settings;
use crate::datamodel::model::ActiveChange;

/// The parameters of the ways in, without the root.
const CALMED: [&str; 2] = [
    "ManagementServer.ConnectionRequestURL",
    "ManagementServer.UDPConnectionRequestAddress",
];

/// From one session for a new `ConnectionRequestURL` to the next.
const URL_LIMIT: Duration = Duration::from_secs(10);

/// When a session last told of a change of each, as uptime.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calm {
    ways: [Option<Duration>; CALMED.len()],
    /// Of rows that say how often: as long as they have to wait. A restart of the program forgets them.
    rows: Vec<ToldChange>,
}

/// That a session told of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ToldChange {
    change: ActiveChange,
    at: Duration,
}

impl Calm {
    /// The earliest uptime for a session that tells of one of these.
    pub fn earliest(
        &self,
        changes: &[ActiveChange],
        settings: &Settings,
        now: Duration,
    ) -> Option<Duration> {
        let at = |change: &ActiveChange| {
            let place = CALMED.iter().position(|calmed| *calmed == change.path);
            let (told, limit) = match place {
                Some(0) => (self.ways.first().copied().flatten(), URL_LIMIT),
                Some(_) => (
                    self.ways.last().copied().flatten(),
                    settings.udp_notification_limit,
                ),
                None => {
                    let told = self
                        .rows
                        .iter()
                        .find(|told| told.change.path == change.path);
                    (told.map(|told| told.at), change.pause)
                }
            };
            told.map_or(now, |told| told.min(now).saturating_add(limit).max(now))
        };
        changes.iter().map(at).min()
    }

    /// A session tells of these.
    pub fn tells(&mut self, changes: &[ActiveChange], now: Duration) {
        for (calmed, told) in CALMED.iter().zip(&mut self.ways) {
            if changes.iter().any(|change| change.path == *calmed) {
                *told = Some(now);
            }
        }
        let is_told = |of: &ActiveChange| changes.iter().any(|change| change.path == of.path);
        self.rows.retain(|told| {
            let is_over = told.at.saturating_add(told.change.pause) <= now;
            !is_over && !is_told(&told.change)
        });
        let limited = changes.iter().filter(|change| !change.pause.is_zero());
        self.rows.extend(limited.map(|change| ToldChange {
            change: change.clone(),
            at: now,
        }));
    }

    /// What a restart of the program within this boot must know: milliseconds, a blank between them.
    pub fn to_kept(&self) -> String {
        let millis = |told: &Option<Duration>| told.map_or(0, |told| told.as_millis());
        let all = self.ways.iter().map(|told| millis(told).to_string());
        match self.ways.iter().all(Option::is_none) {
            true => String::new(),
            false => all.collect::<Vec<_>>().join(" "),
        }
    }

    /// Reads [`Calm::to_kept`].
    pub fn from_kept(text: &str) -> Self {
        let mut calm = Self::default();
        for (told, field) in calm.ways.iter_mut().zip(text.split(' ')) {
            let millis = field.parse().ok().filter(|millis| *millis > 0);
            *told = millis.map(Duration::from_millis);
        }
        calm
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn change(path: &str, pause: u64) -> ActiveChange {
        ActiveChange {
            path: path.to_owned(),
            pause: Duration::from_secs(pause),
        }
    }

    fn settings() -> Settings {
        Settings {
            udp_notification_limit: 60 * SECOND,
            ..Settings::default()
        }
    }

    #[test]
    fn each_has_a_limit_of_its_own_and_others_have_none() {
        let mut calm = Calm::default();
        let [url, udp] = CALMED.map(|path| change(path, 0));
        let other = change("DeviceInfo.SoftwareVersion", 0);
        let earliest = |calm: &Calm, changes: &[&ActiveChange], now: u32| {
            let changes: Vec<_> = changes.iter().map(|change| (*change).clone()).collect();
            let at = calm.earliest(&changes, &settings(), now * SECOND);
            at.map(|at| at.as_secs())
        };
        assert_eq!(earliest(&calm, &[], 100), None);
        assert_eq!(earliest(&calm, &[&udp], 100), Some(100));
        calm.tells(&[udp.clone(), other.clone()], 100 * SECOND);
        assert_eq!(earliest(&calm, &[&udp], 101), Some(160));
        assert_eq!(earliest(&calm, &[&url], 101), Some(101));
        assert_eq!(earliest(&calm, &[&other], 101), Some(101));
        assert_eq!(earliest(&calm, &[&udp, &other], 101), Some(101));
        assert_eq!(earliest(&calm, &[&udp], 170), Some(170));
        calm.tells(std::slice::from_ref(&url), 165 * SECOND);
        assert_eq!(earliest(&calm, &[&url], 166), Some(175));
        assert_eq!(Calm::from_kept(&calm.to_kept()), calm);
        for damaged in ["", " ", "x 7", "-1", "99999999999999999999 1 2 3"] {
            Calm::from_kept(damaged);
        }
    }

    #[test]
    fn z43_a_row_says_how_often_its_changes_are_told_each_instance_by_itself() {
        let mut calm = Calm::default();
        let [first, second] = ["Zwave.Interface.3.X", "Zwave.Interface.4.X"].map(|p| change(p, 30));
        let earliest = |calm: &Calm, change: &ActiveChange, now: u32| {
            let changes = std::slice::from_ref(change);
            calm.earliest(changes, &settings(), now * SECOND)
                .unwrap()
                .as_secs()
        };
        calm.tells(std::slice::from_ref(&first), 100 * SECOND);
        assert_eq!(earliest(&calm, &first, 101), 130);
        assert_eq!(earliest(&calm, &second, 101), 101);
        calm.tells(std::slice::from_ref(&second), 110 * SECOND);
        assert_eq!(earliest(&calm, &first, 111), 130);
        calm.tells(std::slice::from_ref(&first), 120 * SECOND);
        assert_eq!(earliest(&calm, &first, 121), 150);
        assert_eq!(earliest(&calm, &second, 121), 140);
        // Those whose time is over take no room.
        calm.tells(&[change("X", 0)], 300 * SECOND);
        assert_eq!(calm.rows, []);
        assert_eq!(earliest(&calm, &first, 301), 301);
    }
}
