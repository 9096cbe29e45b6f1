//! The changes of software from the engine's side: which operation is to be carried out now, what
//! came of it, and what the ACS hears of that.

use std::time::Duration;

use super::{Engine, commit};
use crate::base::clock::Now;
use crate::cwmp::event::Event;
use crate::cwmp::interface::Action;
use crate::cwmp::record;
use crate::cwmp::session::{Asked, Session};
use crate::cwmp::software::{self, Announcements, DuKind, DuOutcome, Operation, SOFTWARE_SINCE};
use crate::datamodel::model::Model;
use crate::soap::{AutonomousDuResult, DuResult, Message};

/// Until the next attempt to note that an operation begins, where the disk takes nothing.
const NOTE_AGAIN: Duration = Duration::from_secs(60);

/// Until the box is asked again what became of an operation.
const JUDGE_AGAIN: Duration = Duration::from_secs(5);

impl Engine {
    /// The operation that is to be carried out now: one at a time, and none while the ACS is being
    /// talked to. That it begins is durable before the agent hears of it, so that no power cut has it
    /// begun twice.
    pub(super) fn next_operation(
        &mut self,
        model: &mut Model,
        is_calm: bool,
        now: Now,
    ) -> Option<Action> {
        if !cfg!(feature = "software") {
            return None;
        }
        if self.changes.watch_times(&self.boot.id, model, now) {
            self.changes_changed(model, now);
        }
        self.change_again = self.change_again.filter(|at| now.uptime < *at);
        if self.change_again.is_some() || !is_calm || self.changing.is_some() {
            return None;
        }
        let change = self.changes.open()?;
        let number = change.number;
        let at = change.next()?;
        let operation = change.operations.get_mut(at)?;
        let task = operation.task()?.clone();
        let before = operation.clone();
        let is_new = operation.begin(now);
        if is_new {
            self.changes.changed(number, &self.boot.id, model);
            if let Err(error) = model.commit() {
                log::error!("software stays as it is until that can be noted: {error}");
                let change = self.changes.find(number)?;
                *change.operations.get_mut(at)? = before;
                self.changes.changed(number, &self.boot.id, model);
                self.change_again = Some(now.uptime.saturating_add(NOTE_AGAIN));
                return None;
            }
        }
        let operation = u32::try_from(at).unwrap_or(u32::MAX);
        self.changing = Some((number, operation));
        let kind = task.kind().as_str();
        Some(match is_new {
            true => {
                log::info!("ChangeDUState {number}: operation {operation}, {kind}, begins");
                Action::ChangeUnit {
                    change: number,
                    operation,
                    task,
                }
            }
            false => {
                log::info!("ChangeDUState {number}: what became of operation {operation}, {kind}?");
                Action::JudgeUnit {
                    change: number,
                    operation,
                    task,
                }
            }
        })
    }

    /// What came of it that [`Action::ChangeUnit`] or [`Action::JudgeUnit`] asked for. Nothing where
    /// nobody waits for that any more.
    pub fn unit_changed(
        &mut self,
        change: u32,
        operation: u32,
        outcome: DuOutcome,
        model: &mut Model,
        now: Now,
    ) {
        if self.changing != Some((change, operation)) {
            return;
        }
        self.changing = None;
        let number = change;
        let Some(change) = self.changes.find(number) else {
            return;
        };
        let room = change.room();
        let at = usize::try_from(operation).unwrap_or(usize::MAX);
        let Some(begun) = change.operations.get_mut(at) else {
            return;
        };
        match outcome {
            DuOutcome::Ended(results) => begun.end(results, room, now),
            DuOutcome::NotDone => begun.begin_again(now),
            DuOutcome::NotKnown => {
                self.change_again = Some(now.uptime.saturating_add(JUDGE_AGAIN));
                return;
            }
        }
        if let Operation::Ended(results) = begun {
            for result in results.iter() {
                let (uuid, state) = (&result.uuid, &result.current_state);
                let (code, string) = (result.fault.code, &result.fault.string);
                match code {
                    0 => log::info!("ChangeDUState {number}: {uuid} is {state}"),
                    code => log::warn!("ChangeDUState {number}: {uuid}: {code} {string}"),
                }
            }
        }
        self.changes.changed(number, &self.boot.id, model);
        self.changes_changed(model, now);
    }

    /// Software was changed that no ChangeDUState asked for. The ACS hears of it if its policy wants
    /// that (A.4.2.4). Of `result` the box says what [`DuOutcome::Ended`] asks for.
    pub fn software_changed(
        &mut self,
        kind: DuKind,
        mut result: DuResult,
        model: &mut Model,
        now: Now,
    ) {
        software::complete_one(&mut result, kind, None, &software::time(now), now);
        let result = AutonomousDuResult {
            result,
            operation_performed: kind.as_str().to_owned(),
        };
        if !cfg!(feature = "software") || !software::is_wanted(&result, model) {
            return;
        }
        self.announcements.add(result);
        self.put_announcements(model);
        self.changes_changed(model, now);
    }

    pub(super) fn put_announcements(&self, model: &mut Model) {
        record::put(
            model,
            record::ANNOUNCEMENTS,
            &self.announcements.to_record(),
        );
    }

    /// What changed is durable, and a session opens that tells of it.
    fn changes_changed(&mut self, model: &mut Model, now: Now) {
        commit(model);
        if self.session.is_none() && (self.changes.take_news() | self.announcements.take_news()) {
            self.due.for_event(now.uptime);
        }
    }

    /// A session begins: the events of what it tells of. To an ACS that offers an older version
    /// nothing can be told.
    pub(super) fn software_departs(&mut self) -> Vec<Event> {
        if self.offer.version() < SOFTWARE_SINCE {
            return Vec::new();
        }
        let mut events = self.changes.depart();
        events.extend(self.announcements.pending());
        events
    }

    /// The events that wait.
    pub(super) fn software_pending(&self) -> Vec<Event> {
        let mut events = self.changes.pending();
        events.extend(self.announcements.pending());
        events
    }

    /// The ACS answered the Inform, and is told of what ended.
    pub(super) fn tell_software(&self, session: &mut Session) {
        if session.version() < SOFTWARE_SINCE {
            return;
        }
        for (number, message) in self.changes.informed() {
            session.ask(message, Asked::Change(number));
        }
        if let Some((count, message)) = self.announcements.informed() {
            session.ask(message, Asked::Announcements(count));
        }
    }

    /// The ACS answered DUStateChangeComplete.
    pub(super) fn change_told(&mut self, number: u32, answer: Message, model: &mut Model) {
        match answer {
            Message::Fault(fault) => {
                let why = format!("{} {}", fault.code, fault.string);
                self.changes.refused(number, &why, &self.boot.id, model);
            }
            _ => self.changes.forget(number, model),
        }
        commit(model);
    }

    /// The ACS answered AutonomousDUStateChangeComplete, which had so many results.
    pub(super) fn announcements_told(&mut self, count: usize, answer: Message, model: &mut Model) {
        match answer {
            Message::Fault(fault) => {
                let why = format!("{} {}", fault.code, fault.string);
                self.announcements.refused(count, &why);
            }
            _ => self.announcements.forget(count),
        }
        self.put_announcements(model);
        commit(model);
    }

    /// The session is over. Whether something ended meanwhile that it did not tell.
    pub(super) fn software_returned(&mut self) -> bool {
        self.changes.returned() | self.announcements.take_news()
    }

    /// How often the ACS has refused what it still has to hear; `None` if there is nothing that it can
    /// be told.
    pub(super) fn software_owes(&self) -> Option<u32> {
        let known = self.negotiated.unwrap_or(self.offer.version());
        let owed = [self.changes.owes(), self.announcements.owes()];
        owed.into_iter()
            .flatten()
            .min()
            .filter(|_| known >= SOFTWARE_SINCE)
    }

    /// Another ACS: it has asked for none of this.
    pub(super) fn forget_software(&mut self, model: &mut Model) {
        self.changes.acs_changed(model);
        self.announcements = Announcements::default();
        self.put_announcements(model);
    }
}
