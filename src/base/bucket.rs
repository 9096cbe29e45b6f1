//! Token buckets: so many at once, and then one after the other.

use std::time::Duration;

/// How a bucket fills.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rate {
    /// Tokens in a full one.
    pub burst: u32,
    /// Until one more comes.
    pub interval: Duration,
}

/// A bucket, which is full at first.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bucket {
    /// When it is full again, as uptime.
    full_at: Duration,
}

impl Bucket {
    /// How long until there is a token: not at all where there is one.
    pub fn wait(&self, rate: Rate, now: Duration) -> Duration {
        let others = rate.interval.saturating_mul(rate.burst.saturating_sub(1));
        self.full_at.saturating_sub(now.saturating_add(others))
    }

    /// Takes a token where there is one.
    pub fn take(&mut self, rate: Rate, now: Duration) -> bool {
        let has_one = self.wait(rate, now).is_zero();
        if has_one {
            self.full_at = self.full_at.max(now).saturating_add(rate.interval);
        }
        has_one
    }

    /// How long until it is full: the longer, the more was taken.
    pub fn debt(&self, now: Duration) -> Duration {
        self.full_at.saturating_sub(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_there_at_once_and_then_one_an_interval() {
        let second = Duration::from_secs(1);
        let rate = Rate {
            burst: 3,
            interval: 10 * second,
        };
        let mut bucket = Bucket::default();
        let start = 100 * second;
        for _ in 0..3 {
            assert!(bucket.take(rate, start));
        }
        assert!(!bucket.take(rate, start));
        assert_eq!(bucket.wait(rate, start), 10 * second);
        assert_eq!(bucket.debt(start), 30 * second);
        assert!(!bucket.take(rate, start + 9 * second));
        assert!(bucket.take(rate, start + 10 * second));
        assert!(!bucket.take(rate, start + 11 * second));
        let much_later = start + 1000 * second;
        assert_eq!(bucket.debt(much_later), Duration::ZERO);
        let taken = (0..9).filter(|_| bucket.take(rate, much_later)).count();
        assert_eq!(taken, 3);
    }

    #[test]
    fn the_end_of_time_is_no_trouble() {
        let rate = Rate {
            burst: u32::MAX,
            interval: Duration::MAX,
        };
        let mut bucket = Bucket::default();
        assert!(bucket.take(rate, Duration::MAX));
        assert!(bucket.take(rate, Duration::ZERO));
    }
}
