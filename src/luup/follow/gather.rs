//! When to tell of what happens in the home: soon, once for what happens together, and not too often.

use std::time::Duration;

/// So long nothing more has to happen until it is told.
const QUIET: Duration = Duration::from_millis(100);

/// However much goes on happening, so long after the first of it that is told.
const LATEST: Duration = Duration::from_secs(1);

/// What happened and is not told yet, and when something was told last, as uptimes.
#[derive(Clone, Debug, Default)]
pub struct Gather {
    first: Option<Duration>,
    told: Option<Duration>,
}

impl Gather {
    /// Something happened. When to tell: at least `interval` after the last time.
    pub fn add(&mut self, interval: Duration, now: Duration) -> Duration {
        let first = *self.first.get_or_insert(now);
        let latest = first.saturating_add(LATEST.min(interval));
        let quiet = now.saturating_add(QUIET).min(latest);
        let again = self.told.map(|told| told.saturating_add(interval));
        again.map_or(quiet, |again| again.max(quiet))
    }

    /// The session for what happened until now is about to begin.
    pub fn told(&mut self, now: Duration) {
        (self.first, self.told) = (None, Some(now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When they are told that happen at these milliseconds.
    fn told(happen: &[u64], interval: u64) -> Vec<u128> {
        let mut gather = Gather::default();
        let interval = Duration::from_millis(interval);
        let mut due: Option<Duration> = None;
        let mut told = Vec::new();
        for now in (0..20_000).map(Duration::from_millis) {
            if happen.iter().any(|at| Duration::from_millis(*at) == now) {
                due = Some(gather.add(interval, now));
            }
            if due.is_some_and(|due| due <= now) {
                gather.told(now);
                told.push(now.as_millis());
                due = None;
            }
        }
        told
    }

    #[test]
    fn z42_what_happens_together_is_told_together_and_one_alone_soon() {
        assert_eq!(told(&[5000], 1000), [5100]);
        assert_eq!(told(&[5000, 5050, 5120], 1000), [5220]);
        let burst: Vec<u64> = (0..30).map(|n| 5000 + 20 * n).collect();
        assert_eq!(told(&burst, 1000), [5680]);
        assert_eq!(told(&[5000], 0), [5000]);
    }

    #[test]
    fn z42_what_does_not_end_is_told_in_intervals() {
        let storm: Vec<u64> = (0..400).map(|n| 5000 + 20 * n).collect();
        let told_of_storm = told(&storm, 2000);
        assert_eq!(told_of_storm, [6000, 8000, 10_000, 12_000, 14_000]);
        assert_eq!(told(&[5000, 6000, 7000], 10_000), [5100, 15_100]);
    }
}
