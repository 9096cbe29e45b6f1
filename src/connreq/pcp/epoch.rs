//! Whether a router forgot its mappings meanwhile (RFC 6887 §8.5).

use std::time::Duration;

/// The router's clock may be read a little late, and run a little fast or slow.
const RESET: u64 = 1;
const SLACK: u64 = 2;
const DRIFT: u64 = 16;

/// What the router's clock showed when ours showed something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Epoch {
    /// Seconds since it last forgot its mappings, by itself.
    pub told: u32,
    /// Ours: any clock that does not jump.
    pub at: Duration,
}

impl Epoch {
    /// Whether the router ran on without a break from an `earlier` one to this.
    pub fn follows(&self, earlier: &Self) -> bool {
        let (told, before) = (u64::from(self.told), u64::from(earlier.told));
        if told + RESET < before {
            return false;
        }
        let ours = self.at.saturating_sub(earlier.at).as_secs();
        let theirs = told.saturating_sub(before);
        let keeps_up = |slow: u64, fast: u64| slow + SLACK >= fast - fast / DRIFT;
        keeps_up(ours, theirs) && keeps_up(theirs, ours)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch(told: u32, at: u64) -> Epoch {
        Epoch {
            told,
            at: Duration::from_secs(at),
        }
    }

    #[test]
    fn r36_a_router_that_started_anew_is_noticed_by_its_clock() {
        for (earlier, later, runs_on, why) in [
            (epoch(100, 10), epoch(160, 70), true, "as ours"),
            (epoch(100, 10), epoch(99, 10), true, "out of order"),
            (epoch(100, 10), epoch(98, 10), false, "it went back"),
            (epoch(100, 10), epoch(3, 70), false, "a restart"),
            (
                epoch(3, 10),
                epoch(5, 70),
                false,
                "a restart as early as before",
            ),
            (epoch(100, 10), epoch(155, 70), true, "a little slow"),
            (epoch(100, 10), epoch(150, 70), false, "too slow"),
            (epoch(100, 10), epoch(165, 70), true, "a little fast"),
            (epoch(100, 10), epoch(170, 70), false, "too fast"),
            (epoch(0, 0), epoch(u32::MAX, 4_294_967_295), true, "an age"),
            (epoch(u32::MAX, 0), epoch(0, 1), false, "the end of it"),
        ] {
            assert_eq!(later.follows(&earlier), runs_on, "{why}");
        }
    }
}
