//! Changes on the box, until somebody looks at them: a storm of them costs one look in a while; and what
//! the agent does about each.

use std::time::Duration;

use super::own_config;
use super::poll_loop::Agent;
use super::timers::LoopTimer;
use super::watch::BoxChange;
use crate::base::clock::Now;
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

impl Agent {
    /// Something changed: it is acted on now, or soon if that was just done.
    pub(super) fn changed(&mut self, changes: Vec<BoxChange>, now: Now) {
        for change in changes {
            let at = self.changes.note(change, now.uptime);
            self.timers.due_by(LoopTimer::Changes, at);
        }
        if self.timers.is_due(LoopTimer::Changes, now.uptime) {
            self.act_on_changes(now);
        }
    }

    /// Acts on all that changed since it was last done.
    pub(super) fn act_on_changes(&mut self, now: Now) {
        self.timers.stop(LoopTimer::Changes);
        let mut is_news = false;
        let mut is_about_software = false;
        for change in self.changes.take(now.uptime) {
            is_news |= match change {
                BoxChange::Configuration => {
                    self.reload(now);
                    true
                }
                BoxChange::Files => {
                    own_config::close(&self.folders.config_dir);
                    self.follow_config();
                    self.find_address();
                    true
                }
                BoxChange::Software => {
                    is_about_software = true;
                    true
                }
                BoxChange::Offers => {
                    self.discover_anew(now);
                    false
                }
                BoxChange::Addresses => {
                    let has_moved = self.find_address();
                    self.ways.udp.relocate(now.uptime);
                    self.relocate_xmpp(has_moved, now);
                    true
                }
                // Most routes lead elsewhere, and come and go with each announcement.
                BoxChange::Routes => {
                    let is_new = self.follow_routes(now);
                    let has_moved = self.find_address();
                    self.ways.udp.relocate(now.uptime);
                    self.relocate_xmpp(has_moved, now);
                    is_new | has_moved | self.follow_udp(now)
                }
                BoxChange::Clock => {
                    self.clocks.borrow_mut().doubt();
                    true
                }
            };
        }
        if is_news {
            self.look(now);
        }
        if is_about_software {
            self.follow_units(now);
        }
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
