//! New values for the engine: who waits for them, and one change after the other; `take_back` is for
//! what cannot be made whole.

use std::collections::VecDeque;

use super::Waiter;
use super::home::LuupReport;
use crate::agent::jobs::{Job, JobKind};
use crate::agent::poll_loop::{Agent, Done};
use crate::base::clock::Now;
use crate::cwmp::Input;
use crate::datamodel::model::{ModelError, PendingWrite, SetError};
use crate::luup::{self, ChangeFailure, LuupChange, LuupError, TAKE_BACK_TIME, TAKE_TIME};

/// Bytes of what is noted: 600 values of usual length, 300 settings.
const MAX_NOTE_BYTES: usize = 64 << 10;

/// Who waits, for what.
struct WaitingWrite {
    waiter: Waiter,
    writes: Vec<PendingWrite>,
}

/// What a job does.
pub(super) struct RunningWrite {
    pub waiter: Waiter,
    pub writes: Vec<PendingWrite>,
    pub changes: Vec<LuupChange>,
    /// Of a change that is taken back: why.
    pub why: Option<String>,
}

/// The changes of the engine's values.
#[derive(Default)]
pub(in crate::agent) struct LuupWrites {
    waiting: VecDeque<WaitingWrite>,
    pub(super) running: Option<RunningWrite>,
    /// What the engine has, or may have, that it is not to have.
    pub(super) left: Vec<LuupChange>,
    /// How often an engine that answers was to take it back.
    pub(super) tries: u32,
    /// The first fetch that tells whether it has.
    tells: Option<u32>,
    /// What came while a change was under way.
    held: Vec<LuupReport>,
}

impl LuupWrites {
    /// Whether a change is under way.
    pub(super) fn is_busy(&self) -> bool {
        self.running.is_some()
    }

    /// A report waits for the end of the change.
    pub(super) fn hold(&mut self, report: LuupReport) {
        self.held.push(report);
    }

    /// The first fetch after something was left tells what became of it.
    pub(super) fn fetch_begins(&mut self, number: u32) {
        if !self.left.is_empty() {
            self.tells.get_or_insert(number);
        }
    }

    pub(super) fn leave(&mut self, changes: Vec<LuupChange>) {
        self.left.extend(changes);
        self.tells = None;
    }
}

impl Agent {
    /// Whether there is something that only an engine that answers can be told.
    pub(in crate::agent) fn has_luup_writes(&self) -> bool {
        !self.luup.writes.left.is_empty() || self.former_writes().next().is_some()
    }

    /// Whether somebody waits for the engine to take values.
    pub(in crate::agent) fn is_writing_to_luup(&self) -> bool {
        self.luup.writes.is_busy()
    }

    /// Values that wait since before an upgrade: an engine of today takes them at once or never.
    fn former_writes(&self) -> impl Iterator<Item = PendingWrite> + use<> {
        let pending = self.model.pending_writes().into_iter();
        pending.filter(|write| write.kind == "luup")
    }

    /// Has the engine take these values for somebody; the ACS before all others.
    pub(in crate::agent) fn write_to_luup(
        &mut self,
        waiter: Waiter,
        writes: Vec<PendingWrite>,
        now: Now,
    ) {
        let waiting = WaitingWrite { waiter, writes };
        match waiting.waiter {
            Waiter::Acs => self.luup.writes.waiting.push_front(waiting),
            _ => self.luup.writes.waiting.push_back(waiting),
        }
        self.next_write(now);
    }

    /// Begins the next change. Where something is to be taken back first, the engine has to say
    /// first what it has.
    pub(super) fn next_write(&mut self, now: Now) {
        if self.luup.writes.is_busy() {
            return;
        }
        let Some(next) = self.luup.writes.waiting.pop_front() else {
            return;
        };
        if !self.luup.writes.left.is_empty() {
            self.luup.writes.waiting.push_front(next);
            if !self.ask_luup(now) {
                self.refuse_all(&LuupError::Disabled, now);
            }
            return;
        }
        match self.begin_write(&next.writes) {
            Ok(changes) => {
                let access = self.luup_access(now);
                let (given, lost) = (changes.clone(), changes.clone());
                let job = Job::once(
                    JobKind::LuupWrite,
                    TAKE_TIME + TAKE_BACK_TIME + TAKE_BACK_TIME,
                    move |why| {
                        Done::Luup(LuupReport::Taken(Err(ChangeFailure {
                            index: 0,
                            error: LuupError::Lost(why.to_string()),
                            left: lost.clone(),
                        })))
                    },
                    move |_| {
                        let outcome = luup::take(&access, &given);
                        Done::Luup(LuupReport::Taken(outcome))
                    },
                );
                self.jobs.start(job, now.uptime);
                self.luup.writes.running = Some(RunningWrite {
                    waiter: next.waiter,
                    writes: next.writes,
                    changes,
                    why: None,
                });
            }
            Err(error) => {
                self.refuse_write(next.waiter, error, now);
                self.next_write(now);
            }
        }
    }

    /// What the engine is told, once that is noted durably.
    fn begin_write(&mut self, writes: &[PendingWrite]) -> Result<Vec<LuupChange>, SetError> {
        let refused = |at, error| refusal(writes, at, error);
        let internal = |why: &dyn ToString| ModelError::Internal(why.to_string());
        if !self.config.luup.enable {
            return Err(refused(0, internal(&LuupError::Disabled)));
        }
        let changes = self.luup.home.borrow().changes(writes);
        let changes = changes.map_err(|(at, error)| refused(at, internal(&error)))?;
        let note = LuupChange::note(&changes);
        if note.len() > MAX_NOTE_BYTES {
            let why = "too many values for the Luup engine in one request".to_owned();
            return Err(refused(0, ModelError::ResourcesExceeded(why)));
        }
        self.note_changes(&note);
        if let Err(error) = self.model.commit() {
            self.note_changes("");
            return Err(refused(0, error));
        }
        Ok(changes)
    }

    /// A job has had values taken, or not.
    pub(super) fn luup_took(&mut self, outcome: Result<(), ChangeFailure>, now: Now) {
        let Some(running) = self.luup.writes.running.take() else {
            return;
        };
        match outcome {
            Ok(()) => self.finish_write(running, now),
            Err(failure) => {
                let error = set_error(&failure, &running.writes);
                self.took_back(&running.changes, failure.left);
                self.refuse_write(running.waiter, error, now);
            }
        }
        self.after_write(now);
    }

    /// The engine has all: so the rest of the change is made.
    fn finish_write(&mut self, running: RunningWrite, now: Now) {
        // Gone with the commit of the rest, so that a change is whole whenever the box goes down.
        self.note_left();
        match &running.waiter {
            Waiter::Acs => {
                self.luup.writes.running = Some(running);
                self.step(Input::Written(Ok(())), now);
                // Unless it is taken back.
                if self
                    .luup
                    .writes
                    .running
                    .as_ref()
                    .is_some_and(|running| running.why.is_none())
                {
                    self.luup.writes.running = None;
                }
                self.kept.live.save(&self.model);
            }
            Waiter::User(client, values) => match self.set_here(values, now) {
                Ok(text) => self.control.answer(*client, Ok(text), now.uptime),
                Err(why) => self.take_back(running, why, now),
            },
            Waiter::Former(write) => {
                log::info!("{}: Luup took the value that waited for it", write.path);
                for change in &running.changes {
                    self.luup.home.borrow_mut().taken(&change.order);
                }
                self.model.settle(&write.path, &write.wanted);
                self.commit();
                self.carry_former(now);
            }
            Waiter::Nobody => {
                let why = "the session that set them is over".to_owned();
                self.take_back(running, why, now);
            }
        }
    }

    /// What waited for the end of a change goes on.
    pub(super) fn after_write(&mut self, now: Now) {
        if self.luup.writes.is_busy() {
            return;
        }
        for report in std::mem::take(&mut self.luup.writes.held) {
            self.hear_luup(report, now);
        }
        self.next_write(now);
        self.next_look(now);
        self.follow_anew(now);
    }

    fn refuse_write(&mut self, waiter: Waiter, error: SetError, now: Now) {
        match waiter {
            Waiter::Acs => self.step(Input::Written(Err(error)), now),
            Waiter::User(client, _) => {
                let why = format!("{}: {}", error.name, error.error);
                self.control.answer(client, Err(why), now.uptime);
            }
            Waiter::Former(write) => match error.error {
                ModelError::InvalidValue(why) => {
                    self.drop_former(&write, &why);
                    self.carry_former(now);
                }
                _ => log::debug!("{}: {}; it is tried again", write.path, error.error),
            },
            Waiter::Nobody => {}
        }
    }

    fn drop_former(&mut self, write: &PendingWrite, why: &str) {
        log::warn!("{}: the value that was set is dropped: {why}", write.path);
        self.model.settle(&write.path, &write.wanted);
        self.commit();
    }

    /// Nobody who waits can be helped.
    pub(super) fn refuse_all(&mut self, why: &LuupError, now: Now) {
        for waiting in std::mem::take(&mut self.luup.writes.waiting) {
            let error = refusal(&waiting.writes, 0, ModelError::Internal(why.to_string()));
            self.refuse_write(waiting.waiter, error, now);
        }
    }

    /// The session of the ACS that waited is over.
    pub(in crate::agent) fn forget_write_of_acs(&mut self) {
        let writes = &mut self.luup.writes;
        writes
            .waiting
            .retain(|waiting| !matches!(waiting.waiter, Waiter::Acs));
        if let Some(running) = &mut writes.running {
            if matches!(running.waiter, Waiter::Acs) {
                running.waiter = Waiter::Nobody;
            }
        }
    }

    /// The agent ends and waits no longer: what is noted is found by its next run.
    pub(in crate::agent) fn give_writes_up(&mut self) {
        self.luup.writes.running = None;
        self.luup.writes.waiting.clear();
    }

    /// The engine answered to a fetch, or did not: what waited for that is done.
    pub(super) fn luup_answered(&mut self, fetch: u32, is_well: bool, now: Now) {
        let writes = &self.luup.writes;
        if writes.is_busy() {
            return;
        }
        let tells = writes.tells.is_some_and(|first| first <= fetch);
        match (writes.left.is_empty(), is_well) {
            (false, false) => self.refuse_all(&LuupError::Unsettled, now),
            (false, true) if tells => self.take_left_back(now),
            // It was asked before that was left.
            (false, true) if !writes.waiting.is_empty() => {
                self.ask_luup(now);
            }
            (true, true) => self.carry_former(now),
            _ => {}
        }
    }

    /// The next value that waits since before an upgrade.
    fn carry_former(&mut self, now: Now) {
        if !self.luup.writes.waiting.is_empty() {
            return;
        }
        for write in self.former_writes() {
            let changes = self
                .luup
                .home
                .borrow()
                .changes(std::slice::from_ref(&write));
            match changes {
                Ok(_) => {
                    let writes = vec![write.clone()];
                    return self.write_to_luup(Waiter::Former(write), writes, now);
                }
                Err((_, error @ LuupError::NotWritable(_))) => {
                    self.drop_former(&write, &error.to_string());
                }
                Err((_, error)) => log::debug!("{}: {error}", write.path),
            }
        }
    }
}

/// The refusal in the model's words.
fn set_error(failure: &ChangeFailure, writes: &[PendingWrite]) -> SetError {
    let why = failure.error.to_string();
    let mut left = failure.left.iter();
    let why = match failure.left.is_empty() {
        true => why,
        false if left.any(|change| change.order.is_action()) => {
            format!("{why}; what was switched stays, the rest is taken back as soon as it answers")
        }
        false => format!("{why}; what it took is taken back as soon as it answers"),
    };
    let error = match failure.error {
        LuupError::Refused(_) => ModelError::InvalidValue(why),
        _ => ModelError::Internal(why),
    };
    refusal(writes, failure.index, error)
}

/// The refusal of one of several values.
fn refusal(writes: &[PendingWrite], at: usize, error: ModelError) -> SetError {
    let name = writes.get(at).map(|write| write.path.clone());
    SetError {
        name: name.unwrap_or_default(),
        error,
    }
}
