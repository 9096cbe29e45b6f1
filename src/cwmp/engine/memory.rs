//! Which events are still known after a restart, and after a power cut (TR-069 §3.7.1.5).
//!
//! Flash is not written for a session that goes well, so there are two memories:
//!
//! * **A restart of the program**, killed or not, loses nothing: whatever changes is given to the
//!   agent ([`Engine::line_to_keep`]), which keeps it in RAM, before the Inform leaves and after its
//!   response came.
//! * **A power cut** loses no event that the store has: those of a session that failed, those that
//!   come of a promise (`M Reboot`, `M ScheduleInform`, which stay in their own record until they
//!   are told), and any other that is never discarded and waits longer than [`SAVE_AFTER`], be it
//!   within a session. So what a power cut can take is a `2 PERIODIC` of the last seconds, whose
//!   Inform is just under way. The box then tells its ACS the same in the session of its `1 BOOT`.

use std::time::Duration;

use super::{Engine, commit};
use crate::base::clock::Now;
use crate::cwmp::calm::Calm;
use crate::cwmp::due::Due;
use crate::cwmp::event::{EventCode, Retention};
use crate::cwmp::queue::EventQueue;
use crate::cwmp::record;
use crate::cwmp::schedule::Schedule;
use crate::cwmp::session::Session;
use crate::cwmp::told::ToldValues;
use crate::datamodel::model::Model;

/// How long an event that is never discarded may wait for the response to its Inform before it is
/// written to flash: longer than a good session takes to get it, a fetch from Luup before it
/// included.
const SAVE_AFTER: Duration = Duration::from_secs(10);

impl Engine {
    /// What the agent is to keep for a restart of the program in this boot, in place of what it
    /// keeps; `None` where that is the same. See [`Boot::kept`](crate::cwmp::Boot::kept).
    pub fn line_to_keep(&mut self) -> Option<String> {
        let kept = [
            self.queue.to_kept(),
            self.schedule.to_kept(),
            self.due.to_kept(),
            self.calm.to_kept(),
            self.told.to_kept(),
            self.failures_to_keep(),
        ];
        let kept = record::join(&kept);
        (kept != self.kept).then(|| {
            self.kept.clone_from(&kept);
            kept
        })
    }

    /// How many sessions failed in a row, were the program killed now; empty if none did. A session
    /// that the ACS had accepted is to be repeated then, like any other that fails (TR-069 §3.2.1.1).
    fn failures_to_keep(&self) -> String {
        let runs = self.session.as_ref().is_some_and(Session::is_informed);
        match self.retry_count.saturating_add(u32::from(runs)) {
            0 => String::new(),
            failures => failures.to_string(),
        }
    }

    /// What earlier runs knew: that of this boot is newer than the store.
    pub(super) fn recall(&mut self, model: &Model, now: Now) {
        let fields = self.boot.kept.as_deref().map(record::split);
        match fields.as_deref() {
            // An older program kept less.
            Some([events, schedule, rest @ ..]) => {
                self.queue = EventQueue::from_record(events);
                self.schedule = Schedule::from_kept(schedule);
                let rest = |at: usize| rest.get(at).map_or("", String::as_str);
                self.due = Due::from_kept(rest(0));
                self.calm = Calm::from_kept(rest(1));
                self.told = ToldValues::from_kept(rest(2));
                self.retry_count = rest(3).parse().unwrap_or(0);
                self.save_later(now);
            }
            _ => {
                self.queue = EventQueue::from_record(&record::get(model, record::EVENTS));
                let schedule = record::get(model, record::SCHEDULE);
                self.schedule = Schedule::from_record(&schedule, now);
            }
        }
    }

    /// An event is new.
    pub(super) fn note_event(&mut self, code: EventCode, now: Now) {
        if code.retention() == Retention::UntilDelivered && code != EventCode::Bootstrap {
            self.save_later(now);
        }
    }

    fn save_later(&mut self, now: Now) {
        let at = now.uptime.saturating_add(SAVE_AFTER);
        self.save_at.get_or_insert(at);
    }

    /// Writes the events that waited too long.
    pub(super) fn save_if_due(&mut self, model: &mut Model, now: Now) {
        if self.save_at.is_some_and(|at| at <= now.uptime) {
            self.save_events(model);
            commit(model);
        }
    }

    /// The events are in the store with the next commit, and the timers as they are then: one that
    /// has become an event is no timer any more.
    pub(super) fn save_events(&mut self, model: &mut Model) {
        self.save_at = None;
        record::put(model, record::EVENTS, &self.queue.to_record());
        record::put(model, record::SCHEDULE, &self.schedule.to_record());
    }

    /// Some events were delivered. What the store has of them goes.
    pub(super) fn forget_delivered(&mut self, model: &mut Model) {
        let waiting = self.queue.to_record();
        if waiting.is_empty() {
            self.save_at = None;
        }
        if model.record(record::EVENTS).is_some() {
            record::put(model, record::EVENTS, &waiting);
        }
    }
}
