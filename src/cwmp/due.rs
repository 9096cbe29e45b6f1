//! When the next session opens, as uptime: for an event that requires one, for changed values, or to
//! retry.

use std::time::Duration;

/// Changes of values within this time are reported by one session.
pub const COALESCE: Duration = Duration::from_secs(1);

/// The reasons that wait.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// After a boot: nothing opens a session before this but who asks for one.
    hold: Option<Duration>,
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

    /// Whatever becomes due before this uptime waits until then, and goes along.
    pub fn hold(&mut self, until: Duration) {
        self.hold = Some(until);
    }

    /// Until when all wait.
    pub fn held_until(&self) -> Option<Duration> {
        self.hold
    }

    /// An event that requires a session. During the wait for a retry too (TR-069 §3.2.1.1).
    pub fn for_event(&mut self, now: Duration) {
        let at = self.not_before_hold(now);
        self.event = Some(self.event.map_or(at, |known| known.min(at)));
    }

    /// Somebody waits for the session, or named its time: also while others wait.
    pub fn at_once(&mut self, now: Duration) {
        self.hold = None;
        self.for_event(now);
    }

    /// What a restart of the program within this boot must know: how long all wait, if they do.
    pub fn to_kept(&self) -> String {
        self.hold
            .map_or_else(String::new, |until| until.as_millis().to_string())
    }

    /// Reads [`Due::to_kept`].
    pub fn from_kept(text: &str) -> Self {
        Self {
            hold: text.parse().ok().map(Duration::from_millis),
            ..Self::default()
        }
    }

    fn not_before_hold(&self, at: Duration) -> Duration {
        self.hold.map_or(at, |hold| hold.max(at))
    }

    /// An active notification, which must not come before `earliest`, nor before those of the next
    /// moment had time to `gather`. Also during the wait for a retry; one that waits already goes
    /// along, and is not put off.
    pub fn for_notification(&mut self, earliest: Duration, gather: Duration, now: Duration) {
        let at = self.not_before_hold(earliest.max(now.saturating_add(gather)));
        self.notify = Some(self.notify.map_or(at, |known| known.min(at)));
    }

    /// Whether changed values are all that a session is due for.
    pub fn is_for_changes(&self) -> bool {
        self.notify.is_some() && self.event.is_none() && self.retry.is_none()
    }

    /// When a notification may come is to be found anew. Whether one waits.
    pub fn put_off_notification(&mut self) -> bool {
        self.notify.take().is_some()
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
