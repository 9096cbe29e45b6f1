//! Which configuration of the home a snapshot has. Luup tells of each in its answer to `id=status`,
//! so that the larger answer, to `id=user_data`, is asked for only when there is another one.

use std::time::{Duration, Instant};

/// However sure Luup is that nothing changed, it is asked anew after this time: its versions are
/// documented nowhere.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// The configuration as Luup counts it, and when it was read.
#[derive(Clone, Debug)]
pub(in crate::luup) struct Edition {
    /// `luup.url`: who counts.
    pub engine: Box<str>,
    /// When the engine was started, from when on it counts anew.
    pub load_time: Box<str>,
    /// `UserData_DataVersion`.
    pub version: Box<str>,
    /// The devices that it told of, ascending.
    pub devices: Box<[u32]>,
    /// When `id=user_data` was answered.
    pub read: Instant,
}

impl Edition {
    /// Whether what was read once is still so, by what the engine says now. That a version is less
    /// than before is a change as any other.
    pub fn is_still(&self, now: &Self) -> bool {
        self.engine == now.engine
            && self.load_time == now.load_time
            && self.version == now.version
            && self.devices == now.devices
            && now.read.saturating_duration_since(self.read) < LONGEST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b28_whatever_is_another_makes_another_edition() {
        let known = Edition {
            engine: "http://127.0.0.1:3480".into(),
            load_time: "1795374829".into(),
            version: "374829874".into(),
            devices: [1, 2, 5].into(),
            read: Instant::now(),
        };
        let with = |change: fn(&mut Edition)| {
            let mut now = known.clone();
            change(&mut now);
            known.is_still(&now)
        };
        assert!(with(|now| now.read += Duration::from_secs(23 * 3600)));
        assert!(!with(|now| now.engine = "http://127.0.0.1:3481".into()));
        assert!(!with(|now| now.load_time = "1795374830".into()));
        assert!(!with(|now| now.version = "374829875".into()));
        assert!(!with(|now| now.version = "374829873".into()));
        assert!(!with(|now| now.devices = [1, 2].into()));
        assert!(!with(|now| now.devices = [1, 2, 6].into()));
        assert!(!with(|now| now.read += Duration::from_secs(25 * 3600)));
    }
}
