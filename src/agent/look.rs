//! Looks at the box: values that differ from before, and what the agent does about them.

use super::poll_loop::Agent;
use super::timers::LoopTimer;
use crate::base::clock::Now;

impl Agent {
    /// Something on the box may have changed: configuration, addresses, the clock, values. During a
    /// session it takes effect after it.
    pub(super) fn look(&mut self, now: Now) {
        self.engine.look(&mut self.model, now);
        if !self.engine.in_session() {
            self.apply_settings(now);
            self.next_look(now);
            self.discover(now);
        }
    }

    /// The same where what changed was gathered before: a session may open for it now.
    pub(super) fn look_gathered(&mut self, now: Now) {
        self.engine.look_gathered(&mut self.model, now);
        if !self.engine.in_session() {
            self.apply_settings(now);
            self.next_look(now);
        }
    }

    /// When to look at values that only looking can find changed; a look that waits already is not
    /// put off.
    pub(super) fn next_look(&mut self, now: Now) {
        let interval = self.config.notify_interval;
        let looks = self.model.must_look() || self.has_luup_writes();
        match interval.filter(|_| looks) {
            Some(interval) => self.timers.due_by(LoopTimer::Look, now.uptime + interval),
            None => self.timers.stop(LoopTimer::Look),
        }
        self.follow_luup(now);
        self.retry_config(now);
    }
}
