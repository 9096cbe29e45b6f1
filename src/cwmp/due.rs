//! When the next session opens, as uptime: for an event that requires one, for changed values, or to
//! retry.

use std::time::Duration;

/// Changes of values within this time are reported by one session.
const COALESCE: Duration = Duration::from_secs(1);

/// The reasons that wait.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    event: Option<Duration>,
    notify: Option<Duration>,
    retry: Option<Duration>,
}

impl Due {
    /// The first of them.
    pub fn at(&self) -> Option<Duration> {
        [self.event, self.notify, self.retry]
            .into_iter()
            .flatten()
            .min()
    }

    /// An event that requires a session. During the wait for a retry too (TR-069 §3.2.1.1).
    pub fn for_event(&mut self, now: Duration) {
        self.event = Some(self.event.map_or(now, |at| at.min(now)));
    }

    /// An active notification, throttled: `DefaultActiveNotificationThrottle` counts from the end
    /// of the last successful session. Also during the wait for a retry; one that waits already goes
    /// along, and is not put off.
    pub fn for_notification(
        &mut self,
        now: Duration,
        last_success: Option<Duration>,
        throttle: Duration,
    ) {
        let earliest = last_success.map_or(now, |end| end.saturating_add(throttle));
        let at = earliest.max(now.saturating_add(COALESCE));
        self.notify = Some(self.notify.map_or(at, |known| known.min(at)));
    }

    /// The throttle is another one.
    pub fn throttle_changed(
        &mut self,
        now: Duration,
        last_success: Option<Duration>,
        throttle: Duration,
    ) {
        if self.notify.take().is_some() {
            self.for_notification(now, last_success, throttle);
        }
    }

    /// The retry of a failed session.
    pub fn for_retry(&mut self, at: Duration) {
        self.retry = Some(at);
    }

    /// A session serves all reasons.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}
