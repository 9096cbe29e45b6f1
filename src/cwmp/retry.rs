//! When a failed session is tried again (TR-069 §3.2.1.1).

use std::time::Duration;

use super::rng::Rng;

/// From this retry on the range no longer grows (TR-069 Table 3).
const LAST_STEP: u32 = 10;

/// An ACS that refuses this often to hear of the end of something never will: by these waits that is
/// after more than an hour.
pub const MAX_REFUSALS: u32 = 10;

/// No wait is longer, whatever the ACS set: far beyond any range the standard's table shows, and
/// it keeps sums of times from overflowing.
const MAX_WAIT_MS: u64 = 10 * 365 * 86_400 * 1000;

/// The range of the wait before retry number `retry` (1 is the first): m·(k/1000)ⁿ⁻¹ to m·(k/1000)ⁿ.
/// `minimum` is `CWMPRetryMinimumWaitInterval` in seconds, `multiplier` is
/// `CWMPRetryIntervalMultiplier` in thousandths.
pub fn range(retry: u32, minimum: u32, multiplier: u32) -> (Duration, Duration) {
    let grow = |ms: u64| {
        let grown = u128::from(ms) * u128::from(multiplier) / 1000;
        u64::try_from(grown).unwrap_or(MAX_WAIT_MS).min(MAX_WAIT_MS)
    };
    let mut low = u64::from(minimum) * 1000;
    for _ in 1..retry.clamp(1, LAST_STEP) {
        low = grow(low);
    }
    (Duration::from_millis(low), Duration::from_millis(grow(low)))
}

/// A wait drawn uniformly from [`range`].
pub fn wait(retry: u32, minimum: u32, multiplier: u32, rng: &mut Rng) -> Duration {
    let (low, high) = range(retry, minimum, multiplier);
    rng.between(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(retry: u32, minimum: u32, multiplier: u32) -> (u64, u64) {
        let (low, high) = range(retry, minimum, multiplier);
        (low.as_secs(), high.as_secs())
    }

    #[test]
    fn w17_the_ten_default_ranges_are_those_of_the_standard() {
        let table = [
            (5, 10),
            (10, 20),
            (20, 40),
            (40, 80),
            (80, 160),
            (160, 320),
            (320, 640),
            (640, 1280),
            (1280, 2560),
            (2560, 5120),
        ];
        for (retry, expected) in (1..).zip(table) {
            assert_eq!(seconds(retry, 5, 2000), expected);
        }
        assert_eq!(seconds(11, 5, 2000), (2560, 5120));
        assert_eq!(seconds(u32::MAX, 5, 2000), (2560, 5120));
    }

    #[test]
    fn the_two_parameters_shape_the_ranges() {
        assert_eq!(seconds(1, 60, 1500), (60, 90));
        assert_eq!(seconds(2, 60, 1500), (90, 135));
        assert_eq!(seconds(9, 1, 1000), (1, 1));
    }

    #[test]
    fn the_greatest_parameters_do_not_overflow() {
        let (low, high) = range(10, 65_535, 65_535);
        assert_eq!(high, Duration::from_millis(MAX_WAIT_MS));
        assert!(low <= high);
        range(u32::MAX, u32::MAX, u32::MAX);
    }

    #[test]
    fn w17_waits_are_random_over_the_whole_range() {
        let mut rng = Rng::new(7);
        let waits: Vec<u64> = (0..2000)
            .map(|_| u64::try_from(wait(1, 5, 2000, &mut rng).as_millis()).unwrap())
            .collect();
        assert!(waits.iter().all(|w| (5000..=10_000).contains(w)));
        for quarter in 0..4 {
            let from = 5000 + quarter * 1250;
            let quarter = from..from + 1250;
            let n = waits.iter().filter(|w| quarter.contains(*w)).count();
            assert!((400..600).contains(&n), "{n} of 2000 from {from} ms");
        }
    }
}
