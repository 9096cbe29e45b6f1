//! Changes on the box, until somebody looks at them: a storm of them costs one look in a while.

use std::time::Duration;

use super::watch::BoxChange;
use crate::base::sort::sort;

/// From one look at what changed to the next. Whatever comes between is looked at together.
const PAUSE: Duration = Duration::from_millis(500);

/// What changed since the last look.
#[derive(Debug, Default)]
pub(super) struct BoxChanges {
    /// Each kind once.
    waiting: Vec<BoxChange>,
    /// No look before this uptime.
    not_before: Duration,
}

impl BoxChanges {
    /// Something changed. When to look: now, or at the end of the pause.
    pub(super) fn note(&mut self, change: BoxChange, now: Duration) -> Duration {
        if !self.waiting.contains(&change) {
            self.waiting.push(change);
        }
        self.not_before.max(now)
    }

    /// Whether something changed since the last look.
    pub(super) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// What there is to look at, in the order of [`BoxChange`]; the pause begins.
    pub(super) fn take(&mut self, now: Duration) -> Vec<BoxChange> {
        self.not_before = now.saturating_add(PAUSE);
        let mut waiting = std::mem::take(&mut self.waiting);
        sort(&mut waiting);
        waiting
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s26_a_storm_of_changes_is_one_look_at_a_time_and_the_first_at_once() {
        let mut changes = BoxChanges::default();
        let mut looks = Vec::new();
        let mut due = None;
        for millisecond in 0..2000 {
            let now = Duration::from_millis(millisecond);
            let at = changes.note(BoxChange::Files, now);
            due = Some(due.map_or(at, |due: Duration| due.min(at)));
            if due.is_some_and(|due| due <= now) {
                assert_eq!(changes.take(now), [BoxChange::Files]);
                looks.push(millisecond);
                due = None;
            }
        }
        assert_eq!(looks, [0, 500, 1000, 1500]);
    }
}
