//! When a connection is tried again: `ServerConnectAttempts` and `ServerRetry…` of TR-181.
//!
//! One attempt goes through all addresses of all servers, so that a dead one costs no more than its
//! time limit; the waits between attempts are those that the standard gives for one address.

use std::time::Duration;

/// The four of them by default (TR-181).
const DEFAULT: RetryPlan = RetryPlan {
    attempts: 16,
    initial: 60,
    multiplier: 2000,
    longest: 30_720,
};

/// No wait is shorter: a server that refuses at once must not keep the box busy, also one whose random
/// numbers are all zero.
const LEAST: Duration = Duration::from_secs(1);

/// How long to wait between attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RetryPlan {
    /// `ServerConnectAttempts`: after so many it begins anew; 0: the default of all four.
    pub(super) attempts: u32,
    /// `ServerRetryInitialInterval`: the first wait in seconds, at most.
    pub(super) initial: u32,
    /// `ServerRetryIntervalMultiplier`: what the next wait is longer by, in thousandths.
    pub(super) multiplier: u32,
    /// `ServerRetryMaxInterval`: no wait is longer, in seconds.
    pub(super) longest: u32,
}

impl RetryPlan {
    /// The wait after so many failed attempts, one at least. `chance` is any number.
    ///
    /// The standard draws from 0 to initial · (multiplier / 1000) ^ (n - 1), and takes the longest
    /// where that is exceeded. It would have no wait at all as well.
    pub(super) fn wait(self, failed: u32, chance: u64) -> Duration {
        let plan = match self.attempts {
            0 => DEFAULT,
            _ => self,
        };
        // Of n attempts in a row the first follows no wait; n - 1 waits lie between them.
        let nth = failed.saturating_sub(1) % plan.attempts.saturating_sub(1).max(1);
        let longest = u64::from(plan.longest) * 1000;
        let mut bound = u64::from(plan.initial) * 1000;
        for _ in 0..nth {
            bound = bound.saturating_mul(u64::from(plan.multiplier)) / 1000;
            // Drawn from more than that, all waits would be the longest, of all boxes.
            if bound >= longest {
                break;
            }
        }
        let drawn = (chance % bound.saturating_add(1)).min(longest);
        Duration::from_millis(drawn).max(LEAST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The longest of the first waits, in seconds.
    fn longest(plan: RetryPlan, waits: u32) -> Vec<u64> {
        let longest = |failed| {
            let chances = (0..2000).map(|part| u64::MAX / 2000 * part);
            let waits = chances.map(|chance| plan.wait(failed, chance).as_millis());
            // What is drawn from is found by its largest value, but for the grain of the chances.
            u64::try_from(waits.max().unwrap_or_default()).unwrap()
        };
        (1..=waits).map(longest).collect()
    }

    #[test]
    fn r49_the_waits_are_those_of_the_standard() {
        let minutes = [
            1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 512, 512, 512, 512, 512,
        ];
        for (waits, minutes) in longest(DEFAULT, 15).iter().zip(minutes) {
            let bound = minutes * 60_000;
            assert!(
                *waits <= bound && *waits > bound / 100 * 95,
                "{waits} {minutes}"
            );
        }
        // Then it begins anew.
        assert!(DEFAULT.wait(16, u64::MAX - 1).as_secs() <= 60);
        let none = RetryPlan {
            attempts: 0,
            initial: 1,
            multiplier: 1000,
            longest: 1,
        };
        assert!(longest(none, 3)[2] > 200_000, "the default of all four");
    }

    #[test]
    fn r49_a_wait_is_anything_from_nothing_to_its_bound() {
        let mut short = 0;
        for chance in 0..1000 {
            let wait = DEFAULT.wait(1, chance * 7919 * 104_729);
            assert!(wait <= Duration::from_secs(60));
            short += u32::from(wait < Duration::from_secs(30));
        }
        assert!((300..700).contains(&short), "{short}");
    }

    #[test]
    fn r49_no_settings_make_a_wait_that_overflows() {
        let most = RetryPlan {
            attempts: u32::MAX,
            initial: u32::MAX,
            multiplier: u32::MAX,
            longest: u32::MAX,
        };
        for failed in [0, 1, 2, 1000, u32::MAX] {
            assert!(most.wait(failed, u64::MAX).as_secs() <= u64::from(u32::MAX));
            let least = RetryPlan {
                attempts: 1,
                initial: 0,
                multiplier: 0,
                longest: 0,
            };
            assert_eq!(least.wait(failed, u64::MAX), LEAST);
            assert_eq!(DEFAULT.wait(failed, 0), LEAST);
        }
    }
}
