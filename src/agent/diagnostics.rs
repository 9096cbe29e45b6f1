//! Diagnostics that an ACS asks for by states: one at a time, after the session, by a job. One that a
//! restart of the program cut short is done once more, after the next session: it does no harm, and the
//! ACS waits for it.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use super::jobs::{Job, JobId, JobKind};
use super::poll_loop::{Agent, Done};
use super::session::SessionStage;
use crate::base::clock::Now;
use crate::datamodel::model::{Model, NONE, PendingWrite, REQUESTED};
use crate::datamodel::source::Sources;
use crate::diagnostics::source::{DiagnosedSource, DiagnosticKind, DiagnosticSource, Diagnostics};
use crate::diagnostics::task::{DiagnosticOutcome, DiagnosticTask, MAX_TIME};

/// The kind of the source of states.
const KIND: &str = "diagnostic";

/// The parameter beside a state that names the interface of the box to ask by: the path of its object.
const INTERFACE: &str = "Interface";

/// Beyond the time of a diagnostic itself: a resolver asks some servers, each a few times.
const LOOK_UP_TIME: Duration = Duration::from_secs(120);

/// The agent's end of the diagnostics.
pub(super) struct DiagnosticEnd {
    all: Rc<RefCell<Diagnostics>>,
    running: Option<RunningDiagnostic>,
}

struct RunningDiagnostic {
    /// The full path of its state.
    path: String,
    kind: DiagnosticKind,
    job: JobId,
}

impl DiagnosticEnd {
    /// The end, and its sources.
    pub(super) fn new() -> (Self, Sources) {
        let all = Rc::new(RefCell::new(Diagnostics::default()));
        let end = Self {
            all: Rc::clone(&all),
            running: None,
        };
        let sources: Sources = vec![
            (KIND, Box::new(DiagnosticSource(Rc::clone(&all)))),
            ("diagnosed", Box::new(DiagnosedSource(all))),
        ];
        (end, sources)
    }
}

impl Agent {
    /// Follows the states by which something is begun: what is to end ends, what was asked for begins.
    pub(super) fn follow_states(&mut self, now: Now) {
        self.call_off(now);
        self.follow_commands(now);
        self.follow_diagnostics(now);
    }

    /// What runs and was set since, to whatever, is to end; its state is another by now, or the same for
    /// once more.
    pub(super) fn call_off(&mut self, now: Now) {
        let set = self.model.take_set_states();
        self.call_off_commands(&set, now);
        let is_set = |running: &mut RunningDiagnostic| set.contains(&running.path);
        if let Some(running) = self.diagnostics.running.take_if(is_set) {
            log::info!("{}: called off", running.path);
            self.jobs.cancel(running.job, now.uptime);
        }
    }

    /// What an earlier run of the program found out is not known any more.
    pub(super) fn recall_diagnostics(&mut self) {
        for state in self.model.states() {
            if state.kind == KIND && ![NONE, REQUESTED].contains(&&*state.wanted) {
                let (object, name) = parted(&self.model, &state.path);
                self.model.tell_quietly(&[object, name].concat(), NONE);
            }
        }
        self.commit();
    }

    fn follow_diagnostics(&mut self, now: Now) {
        while self.diagnostics.running.is_none() && !self.stopping {
            let is_talking = matches!(self.session, Some(SessionStage::Talking { .. }));
            let mut requested = self.model.requested().into_iter();
            let next = requested.find(|state| state.kind == KIND && !is_talking);
            let Some(state) = next else {
                return;
            };
            self.begin_diagnostic(&state, now);
        }
    }

    fn begin_diagnostic(&mut self, state: &PendingWrite, now: Now) {
        let kind = self.diagnostics.all.borrow().kind(state.slot);
        let Some(kind) = kind else {
            return self.model.end_state(&state.path, "Error_Internal");
        };
        self.diagnostics.all.borrow_mut().keep(kind, None);
        let task = match self.diagnostic_task(kind, &state.path) {
            Ok(task) => task,
            Err(outcome) => return self.end_diagnostic(&state.path, kind, outcome, now),
        };
        log::info!("{}: begins", state.path);
        let path = state.path.clone();
        let lost = path.clone();
        let job = Job::once(
            JobKind::Diagnostic,
            MAX_TIME.saturating_add(LOOK_UP_TIME),
            move |why| {
                let outcome = DiagnosticOutcome::new("Error_Internal", why.to_string());
                Done::Diagnosed(lost.clone(), outcome)
            },
            move |reporter| {
                let outcome = task.run(&|| reporter.is_cancelled());
                Done::Diagnosed(path, outcome)
            },
        );
        let job = self.jobs.start(job, now.uptime);
        let path = state.path.clone();
        self.diagnostics.running = Some(RunningDiagnostic { path, kind, job });
    }

    fn diagnostic_task(
        &mut self,
        kind: DiagnosticKind,
        path: &str,
    ) -> Result<DiagnosticTask, DiagnosticOutcome> {
        let (object, _) = parted(&self.model, path);
        let model = &mut self.model;
        let mut value = |name: &str| model.value(&[&*object, name].concat()).unwrap_or_default();
        let interface = value(INTERFACE);
        let device = match &*interface {
            "" => None,
            interface => Some(self.device_at(interface)?),
        };
        let model = &mut self.model;
        DiagnosticTask::new(kind, device, &mut |name| {
            model.value(&[&*object, name].concat()).unwrap_or_default()
        })
    }

    /// The device of the interface at a path.
    fn device_at(&mut self, interface: &str) -> Result<String, DiagnosticOutcome> {
        let own = interface
            .strip_prefix(self.model.root())
            .unwrap_or(interface);
        let name = format!("{}.Name", own.trim_end_matches('.'));
        let device = self.model.value(&name).filter(|name| !name.is_empty());
        device.ok_or_else(|| {
            let why = format!("{INTERFACE} names none of the box: {interface}");
            DiagnosticOutcome::new("Error_Other", why)
        })
    }

    /// A job reports how its diagnostic ended.
    pub(super) fn diagnosed(&mut self, path: &str, outcome: DiagnosticOutcome, now: Now) {
        self.call_off(now);
        let is_it = |running: &mut RunningDiagnostic| running.path == path;
        if let Some(running) = self.diagnostics.running.take_if(is_it) {
            self.end_diagnostic(path, running.kind, outcome, now);
            self.look(now);
        }
        self.follow_states(now);
    }

    /// Tells how one ended. Its event is kept before its state changes: one that is told twice is
    /// better than one that is never told.
    fn end_diagnostic(
        &mut self,
        path: &str,
        kind: DiagnosticKind,
        outcome: DiagnosticOutcome,
        now: Now,
    ) {
        let word = outcome.word;
        log::info!("{path}: {word} {}", outcome.why);
        self.diagnostics.all.borrow_mut().keep(kind, Some(outcome));
        self.engine.diagnostics_completed(now);
        self.keep();
        self.model.end_state(path, word);
        self.commit();
    }
}

/// The object that a state stands in, without the root, with its dot; and the name of the state.
fn parted(model: &Model, path: &str) -> (String, String) {
    let path = path.strip_prefix(model.root()).unwrap_or(path);
    let (object, name) = path.split_at(path.rfind('.').map_or(0, |dot| dot + 1));
    (object.to_owned(), name.to_owned())
}
