//! How much one session may take. The standard has no bound: an ACS that never ends its session would
//! keep the box from all others, and from what it is to do after it (TR-069 §3.7.1.4 lets the CPE end
//! a session that goes wrong; it is then repeated by the retry policy).

use std::time::Duration;

use super::session::Failure;
use crate::base::clock::Now;

/// Requests of the ACS in one session: five times what reads a model of 20,000 parameters one by
/// one.
pub const MAX_REQUESTS: u32 = 100_000;

/// The whole session: 20,000 requests on a line where each takes 0.7 s.
pub const MAX_SESSION: Duration = Duration::from_secs(4 * 3600);

/// What is left for a session.
#[derive(Clone, Copy, Debug, Default)]
pub struct Budget {
    requests: u32,
    until: Duration,
}

impl Budget {
    /// For a session that begins now.
    pub fn new(now: Now) -> Self {
        Self {
            requests: MAX_REQUESTS,
            until: now.uptime.saturating_add(MAX_SESSION),
        }
    }

    /// The ACS goes on with one more request.
    pub fn spend(&mut self, now: Now) -> Result<(), Failure> {
        if now.uptime > self.until {
            let hours = MAX_SESSION.as_secs() / 3600;
            let why = format!("the ACS did not end it within {hours} hours");
            return Err(Failure::new(why));
        }
        let left = self.requests.checked_sub(1);
        self.requests = left.ok_or_else(|| {
            Failure::new(format!(
                "the ACS did not end it with {MAX_REQUESTS} requests"
            ))
        })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(time: Duration) -> Now {
        Now {
            uptime: time,
            ..Now::default()
        }
    }

    #[test]
    fn s26_a_session_has_an_end_and_one_that_reads_20000_values_does_not_see_it() {
        let second = Duration::from_secs(1);
        let mut budget = Budget::new(after(second));
        let mut spend = |at| budget.spend(after(at)).map_err(|failure| failure.why);
        for nth in 0..20_000 {
            assert_eq!(spend(second + nth * Duration::from_millis(700)), Ok(()));
        }
        let left = MAX_REQUESTS - 20_000;
        assert!((0..left).all(|_| spend(MAX_SESSION).is_ok()));
        let why = spend(MAX_SESSION).unwrap_err();
        assert_eq!(why, "the ACS did not end it with 100000 requests");
        let mut budget = Budget::new(after(second));
        assert!(budget.spend(after(second + MAX_SESSION)).is_ok());
        let late = budget.spend(after(2 * second + MAX_SESSION)).unwrap_err();
        assert_eq!(late.why, "the ACS did not end it within 4 hours");
    }
}
