//! How long ago a request came.
//!
//! Within a boot the uptime tells, whatever the wall clock does; after a boot it is the wall clock,
//! once somebody has set it, and until then the wait begins anew: never too early.

use std::time::Duration;

use crate::base::clock::{Now, STEP_SECONDS};

/// When the request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Uptime in milliseconds; negative where that was before this boot.
    uptime: i64,
    /// Wall time, for the next boot; `None` while the wall clock is not set.
    unix: Option<i64>,
    /// It was in an earlier boot: its wall time counts, until that is known to be right.
    restored: bool,
}

impl Receipt {
    /// The request came now.
    pub fn at(now: Now) -> Self {
        Self {
            uptime: millis(now.uptime),
            unix: now.wall_is_set().then_some(now.unix),
            restored: false,
        }
    }

    /// It came in an earlier boot.
    pub fn restored(self, now: Now) -> Self {
        let mut receipt = Self {
            uptime: millis(now.uptime),
            restored: true,
            ..self
        };
        receipt.follow_wall(now);
        receipt
    }

    /// What the wall clock says of a receipt of an earlier boot can only shorten a wait. In this boot
    /// the uptime counts, and tells the wall time for the next one. Whether that is another now.
    pub fn follow_wall(&mut self, now: Now) -> bool {
        if !now.wall_is_set() {
            return false;
        }
        if let (Some(unix), true) = (self.unix, self.restored) {
            let ago = now.unix.saturating_sub(unix).saturating_mul(1000);
            self.uptime = self.uptime.min(millis(now.uptime).saturating_sub(ago));
            self.restored = !now.wall_is_confirmed();
            return false;
        }
        let ago = millis(now.uptime).saturating_sub(self.uptime) / 1000;
        let unix = now.unix.saturating_sub(ago);
        let is_that = |known: i64| known.abs_diff(unix) <= STEP_SECONDS;
        let moves = !self.unix.is_some_and(is_that);
        if moves {
            self.unix = Some(unix);
        }
        moves
    }

    /// The uptime so many seconds after the receipt.
    pub fn plus(self, seconds: u32) -> Duration {
        let at = self
            .uptime
            .saturating_add(i64::from(seconds).saturating_mul(1000));
        Duration::from_millis(u64::try_from(at).unwrap_or(0))
    }

    /// For the record.
    pub fn fields(self) -> [String; 3] {
        [
            self.uptime.to_string(),
            self.unix.map(|unix| unix.to_string()).unwrap_or_default(),
            String::from(if self.restored { "restored" } else { "" }),
        ]
    }

    /// Reads [`Receipt::fields`].
    pub fn read(uptime: &str, unix: &str, restored: &str) -> Option<Self> {
        Some(Self {
            uptime: uptime.parse().ok()?,
            unix: unix.parse().ok(),
            restored: !restored.is_empty(),
        })
    }
}

fn millis(uptime: Duration) -> i64 {
    i64::try_from(uptime.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Now = Now {
        uptime: Duration::from_secs(50),
        unix: 1_767_323_045,
        utc_offset: 0,
        confirmed: false,
    };

    fn boot(secs: u64, unix: i64) -> Now {
        Now {
            uptime: Duration::from_secs(secs),
            unix,
            ..START
        }
    }

    fn due(receipt: Receipt) -> u64 {
        receipt.plus(100).as_secs()
    }

    #[test]
    fn t10_a_step_of_the_clock_moves_nothing_within_a_boot_and_tells_the_next_one() {
        let mut receipt = Receipt::at(boot(50, 12));
        assert_eq!(due(receipt), 150);
        assert!(receipt.follow_wall(boot(60, START.unix)));
        assert_eq!(due(receipt), 150);
        assert!(!receipt.follow_wall(boot(61, START.unix + 1)));
        let after = receipt.restored(boot(5, START.unix + 40));
        assert_eq!(due(after), 5 + 50);
    }

    #[test]
    fn t10_without_a_clock_the_whole_wait_is_waited_again_until_it_is_set() {
        let mut receipt = Receipt::at(START).restored(boot(5, 0));
        assert_eq!(due(receipt), 105);
        receipt.follow_wall(boot(20, START.unix + 200));
        assert_eq!(receipt.plus(100), Duration::ZERO);
    }

    #[test]
    fn t10_a_clock_that_is_behind_stretches_nothing_and_a_known_one_ends_the_matter() {
        let ahead = Receipt::at(boot(50, START.unix + 1_000_000));
        assert_eq!(due(ahead.restored(START)), 150);
        let known = Now {
            confirmed: true,
            ..boot(5, START.unix + 40)
        };
        let mut receipt = Receipt::at(START).restored(known);
        receipt.follow_wall(Now {
            unix: START.unix + 1_000_000,
            ..known
        });
        assert_eq!(due(receipt), 5 + 60);
    }
}
