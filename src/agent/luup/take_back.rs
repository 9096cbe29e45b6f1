//! Taking back what the engine took of a change that could not be made whole.
//!
//! Before a change begins, what brings back the values of before is noted in the store. The note goes
//! with the commit of the rest of the change, or when all is taken back. So a box that goes down in
//! between finds it, and takes back what nobody was promised, as soon as the engine answers.

use super::Waiter;
use super::home::LuupReport;
use super::write::RunningWrite;
use crate::agent::jobs::{Job, JobKind};
use crate::agent::poll_loop::{Agent, Done};
use crate::base::clock::Now;
use crate::cwmp::Input;
use crate::luup::{self, LuupChange, LuupError, TAKE_BACK_TIME};

/// The record of what is to be taken back should the box go down now.
const NOTE: &str = "engine.note";

/// So often an engine that answers is to take the same back: nothing else is written to it meanwhile.
const MAX_TRIES: u32 = 10;

impl Agent {
    /// What an earlier run of the program did not bring to an end is found.
    pub(in crate::agent) fn recall_luup_writes(&mut self, now: Now) {
        let noted = LuupChange::noted(self.model.record(NOTE).unwrap_or_default());
        self.luup.writes.leave(noted);
        if self.has_luup_writes() {
            self.ask_luup(now);
        }
    }

    /// Notes a change in the words of [`LuupChange::note`]; nothing where that is empty.
    pub(super) fn note_changes(&mut self, line: &str) {
        let line = Some(line).filter(|line| !line.is_empty());
        self.model.set_record(NOTE, line);
    }

    /// Notes what is left to be taken back.
    pub(super) fn note_left(&mut self) {
        let line = LuupChange::note(&self.luup.writes.left);
        self.note_changes(&line);
    }

    /// The rest of the change of the ACS could not be made.
    pub(in crate::agent) fn take_back_for_acs(&mut self, now: Now) {
        if let Some(running) = self.luup.writes.running.take() {
            let why = "the rest of the change could not be made".to_owned();
            self.take_back(running, why, now);
        }
    }

    pub(super) fn take_back(&mut self, running: RunningWrite, why: String, now: Now) {
        log::warn!("Luup is to take back what it took: {why}");
        let changes = running.changes.iter().chain(&self.luup.writes.left);
        let line = LuupChange::note(&changes.cloned().collect::<Vec<_>>());
        self.note_changes(&line);
        self.commit();
        let access = self.luup_access(now);
        let (given, lost) = (running.changes.clone(), running.changes.clone());
        let job = Job::once(
            JobKind::LuupWrite,
            TAKE_BACK_TIME + TAKE_BACK_TIME,
            move |_| Done::Luup(LuupReport::TakenBack(lost.clone())),
            move |_| {
                let left = luup::take_back(&access, given);
                Done::Luup(LuupReport::TakenBack(left))
            },
        );
        self.jobs.start(job, now.uptime);
        self.luup.writes.running = Some(RunningWrite {
            why: Some(why),
            ..running
        });
    }

    /// A job has had values taken back.
    pub(super) fn luup_took_back(&mut self, left: Vec<LuupChange>, now: Now) {
        let Some(running) = self.luup.writes.running.take() else {
            return;
        };
        let is_done = left.is_empty();
        self.took_back(&running.changes, left);
        match running.waiter {
            Waiter::Acs => self.step(Input::TakenBack, now),
            Waiter::User(client, _) => {
                let why = running.why.unwrap_or_default();
                self.control.answer(client, Err(why), now.uptime);
            }
            Waiter::Former(_) | Waiter::Nobody => {}
        }
        if !is_done {
            self.refuse_all(&LuupError::Unsettled, now);
        }
        self.after_write(now);
    }

    /// All of it is as before, but for what is left.
    pub(super) fn took_back(&mut self, changes: &[LuupChange], left: Vec<LuupChange>) {
        let mut home = self.luup.home.borrow_mut();
        for change in changes.iter().filter(|change| !left.contains(change)) {
            home.taken(&change.undo);
        }
        drop(home);
        if left.is_empty() {
            self.luup.writes.tries = 0;
        }
        self.luup.writes.leave(left);
        self.note_left();
        self.commit();
    }

    /// What is left is taken back, unless somebody else has set it since.
    pub(super) fn take_left_back(&mut self, now: Now) {
        let home = self.luup.home.borrow();
        let left = std::mem::take(&mut self.luup.writes.left);
        let (mut left, changed): (Vec<_>, Vec<_>) =
            left.into_iter().partition(|change| home.has(&change.order));
        drop(home);
        self.luup.writes.tries += 1;
        if self.luup.writes.tries > MAX_TRIES && !left.is_empty() {
            log::warn!(
                "{} values stay as they are: Luup did not take them back in {MAX_TRIES} tries",
                left.len()
            );
            left.clear();
        }
        for change in &left {
            // What nobody was promised is not shown either; a fetch tells if it stays.
            self.luup.home.borrow_mut().taken(&change.undo);
        }
        let (switched, changed): (Vec<_>, Vec<_>) = changed
            .into_iter()
            .partition(|change| change.order.is_action());
        if !switched.is_empty() {
            log::warn!("{} devices stay as they were switched", switched.len());
        }
        if !changed.is_empty() {
            log::info!("{} values need not be taken back", changed.len());
        }
        if left.is_empty() {
            self.luup.writes.tries = 0;
            self.note_left();
            self.commit();
            return self.next_write(now);
        }
        let running = RunningWrite {
            waiter: Waiter::Nobody,
            writes: Vec::new(),
            changes: left,
            why: None,
        };
        let why = "the agent or the engine went down before the change was whole".to_owned();
        self.take_back(running, why, now);
    }
}
