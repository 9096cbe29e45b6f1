//! Sessions that programs on the bus ask for, and calls of the ACS: a script gone wild is not to hammer
//! it.

use std::collections::BTreeSet;
use std::time::Duration;

use super::event::EventCode;
use crate::base::bucket::{Bucket, Rate};

/// How many sessions are opened so: some at once, so that nobody who tries things
/// waits, then one every few seconds, as often as an ACS answers well.
const RATE: Rate = Rate {
    burst: 10,
    interval: Duration::from_secs(5),
};

/// What was asked for and not raised yet; in memory alone, for whoever asked can see that the agent
/// began anew.
#[derive(Default)]
pub struct Wishes {
    bucket: Bucket,
    /// Each once: all of them go with the next session.
    waiting: BTreeSet<EventCode>,
    /// When that is, as uptime, where any waits.
    at: Option<Duration>,
}

impl Wishes {
    /// Somebody asks for a session with this event. Whether it is for now; else it waits.
    pub fn ask(&mut self, event: EventCode, now: Duration) -> bool {
        if self.at.is_none() && self.bucket.take(RATE, now) {
            return true;
        }
        self.waiting.insert(event);
        let wait = self.bucket.wait(RATE, now);
        self.at.get_or_insert(now.saturating_add(wait));
        false
    }

    /// When [`Wishes::due`] has any, as uptime.
    pub fn next(&self) -> Option<Duration> {
        self.at
    }

    /// The events that have waited long enough: for one session.
    pub fn due(&mut self, now: Duration) -> BTreeSet<EventCode> {
        match self.at.is_some_and(|at| at <= now) && self.bucket.take(RATE, now) {
            true => self.take(),
            false => BTreeSet::new(),
        }
    }

    /// All that wait: a session begins anyway.
    pub fn take(&mut self) -> BTreeSet<EventCode> {
        self.at = None;
        std::mem::take(&mut self.waiting)
    }
}
