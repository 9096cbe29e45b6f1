//! How many requests are accepted, in all: one bound for all ways in (TR-069 §3.2.2.1, which says that
//! the CPE should restrict them).

use std::time::Duration;

use super::access::Access;
use crate::base::bucket::{Bucket, Rate};

/// What is left of the requests that an [`Access`] allows. A request is taken from it once it is
/// known to be one of the ACS: nobody else can use it up.
#[derive(Debug, Default)]
pub struct Quota {
    accepted: Bucket,
    /// That of `accepted`.
    rate: Rate,
}

impl Quota {
    /// Takes one request, where there is one left; `now` is the uptime.
    pub fn take(&mut self, access: &Access<'_>, now: Duration) -> bool {
        self.follow(access);
        self.accepted.take(self.rate, now)
    }

    /// Another rate begins with a full bucket.
    fn follow(&mut self, access: &Access<'_>) {
        let burst = access.max_requests.max(1);
        let rate = Rate {
            burst,
            interval: access.period / burst,
        };
        if rate != self.rate {
            (self.rate, self.accepted) = (rate, Bucket::default());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::secret::Secret;

    #[test]
    fn r14_so_many_are_accepted_and_another_bound_begins_anew() {
        let second = Duration::from_secs(1);
        let password = Secret::new("secret");
        let mut access = Access {
            path: "/",
            username: "acs",
            password: &password,
            takes_basic: false,
            allowed: None,
            max_requests: 2,
            period: 10 * second,
        };
        let mut quota = Quota::default();
        let now = 100 * second;
        assert!(quota.take(&access, now));
        assert!(quota.take(&access, now));
        assert!(!quota.take(&access, now + 4 * second));
        assert!(quota.take(&access, now + 5 * second));
        assert!(!quota.take(&access, now + 9 * second));
        // None at all would leave the ACS no way to the box.
        access.max_requests = 0;
        assert!(quota.take(&access, now));
        assert!(!quota.take(&access, now + 9 * second));
        assert!(quota.take(&access, now + 10 * second));
    }
}
