//! The jobs that fetch from the engine and write to it, and what becomes of their reports.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use super::alarms::{self, AlarmEnd};
use super::commands::{self, CommandEnd};
use crate::agent::jobs::{Job, JobKind, Reporter};
use crate::agent::poll_loop::{Agent, Done};
use crate::base::clock::Now;
use crate::base::config::Config;
use crate::datamodel::model::{Finding, PendingWrite};
use crate::datamodel::source::Sources;
use crate::http::KeptTls;
use crate::luup::commands::CommandOutcome;
use crate::luup::{
    self, Fetch, Home, HomeView, KeptRelay, LuupAccess, LuupError, LuupSource, ServicesRead, Target,
};

/// Beyond `luup.timeout`, which each request keeps by itself, before a job counts as lost: a large
/// home is still to be read out of its JSON.
const SLACK: Duration = Duration::from_secs(20);

/// The agent's end of the source `luup`.
pub(in crate::agent) struct LuupEnd {
    pub(super) home: Rc<RefCell<Home>>,
    pub(super) alarms: AlarmEnd,
    pub(super) commands: CommandEnd,
    /// What is wrong with the file that says which variables have values.
    services: ServicesRead,
    kept_tls: KeptTls,
    kept_relay: KeptRelay,
}

impl LuupEnd {
    /// The end, and the sources, for the model in `folder`.
    pub(in crate::agent) fn new(folder: &Path, config: &Config) -> (Self, Sources) {
        let mut home = Home::default();
        home.allow(&config.luup);
        let services = home.read_services(folder);
        let home = Rc::new(RefCell::new(home));
        let (alarms, alarm_source) = AlarmEnd::new();
        let (commands, command_source) = CommandEnd::new();
        let end = Self {
            home: Rc::clone(&home),
            alarms,
            commands,
            services,
            kept_tls: KeptTls::default(),
            kept_relay: KeptRelay::default(),
        };
        let sources: Sources = vec![
            ("luup", Box::new(LuupSource(home))),
            (alarms::KIND, alarm_source),
            (commands::KIND, command_source),
        ];
        (end, sources)
    }

    /// Takes another configuration.
    pub(in crate::agent) fn configure(&self, config: &Config) {
        self.home.borrow_mut().allow(&config.luup);
    }

    /// What is wrong with what stands beside the rows. That the file is not there is no mistake where
    /// no row needs it.
    pub(in crate::agent) fn findings(&self) -> Vec<Finding> {
        let (file, errors) = &self.services;
        let shows_values = self.home.borrow().shows_values();
        let errors = errors.iter().filter(|(line, _)| *line > 0 || shows_values);
        let findings = errors.map(|(line, error)| Finding {
            file: file.clone(),
            line: *line,
            error: error.clone(),
            is_note: false,
        });
        findings.collect()
    }
}

/// What the jobs report.
pub(in crate::agent) enum LuupReport {
    /// What Luup says of its home.
    Fetched(Fetch, Result<Box<HomeView>, LuupError>),
    /// The values that Luup took.
    Written(Vec<(PendingWrite, Target)>),
    /// How the command of this state ended.
    Commanded(String, CommandOutcome),
}

impl Agent {
    /// How the engine is reached now.
    pub(super) fn luup_access(&self, now: Now) -> LuupAccess {
        LuupAccess {
            config: self.config.luup.clone(),
            kept_tls: self.luup.kept_tls.clone(),
            kept_relay: self.luup.kept_relay.clone(),
            check_dates: now.wall_is_confirmed(),
        }
    }

    /// Starts to fetch the Luup home, unless that is under way; `false` where the model has no use for
    /// it.
    pub(in crate::agent) fn ask_luup(&mut self, now: Now) -> bool {
        let is_enabled = self.config.luup.enable;
        self.luup.home.borrow_mut().set_enabled(is_enabled);
        if !is_enabled || !self.luup.home.borrow().is_wanted() {
            return false;
        }
        if !self.jobs.is_underway(JobKind::LuupFetch) {
            let access = self.luup_access(now);
            let fetch = self.luup.home.borrow_mut().begin_fetch();
            let lost = fetch.clone();
            let job = Job {
                kind: JobKind::LuupFetch,
                patience: access.config.timeout.saturating_add(SLACK),
                pulse: None,
                lost: Box::new(move |why| {
                    let lost_it = Err(LuupError::Lost(why.to_string()));
                    Done::Luup(LuupReport::Fetched(lost.clone(), lost_it))
                }),
                work: Box::new(move |reporter| {
                    let view = read_home(&access, &fetch);
                    reporter.say(Done::Luup(LuupReport::Fetched(fetch, view)));
                }),
            };
            self.jobs.start(job, now.uptime);
        }
        true
    }

    /// Carries out the values that Luup is still to take.
    pub(in crate::agent) fn write_to_luup(&mut self, now: Now) {
        let pending = self.model.pending_writes();
        let is_underway = self.jobs.is_underway(JobKind::LuupWrite);
        if pending.is_empty() || is_underway || !self.config.luup.enable {
            return;
        }
        let mut writes = Vec::new();
        for write in pending.into_iter().filter(|write| write.kind == "luup") {
            match self.luup.home.borrow().target(write.slot, &write.at) {
                Ok(target) => writes.push((write, target)),
                Err(e) => log::warn!("{}: {e}; trying again after the next session", write.path),
            }
        }
        if writes.is_empty() {
            return;
        }
        let access = self.luup_access(now);
        let requests = u32::try_from(writes.len()).unwrap_or(u32::MAX);
        let job = Job {
            kind: JobKind::LuupWrite,
            patience: access
                .config
                .timeout
                .saturating_mul(requests)
                .saturating_add(SLACK),
            pulse: None,
            lost: Box::new(|_| Done::Luup(LuupReport::Written(Vec::new()))),
            work: Box::new(move |reporter| {
                let taken = write_all(&access, writes, reporter);
                reporter.say(Done::Luup(LuupReport::Written(taken)));
            }),
        };
        self.jobs.start(job, now.uptime);
    }

    /// Takes what a job reports.
    pub(in crate::agent) fn hear_luup(&mut self, report: LuupReport, now: Now) {
        match report {
            LuupReport::Fetched(fetch, fetched) => {
                self.luup.home.borrow_mut().update(fetch, fetched);
                self.follow_alarms(now);
                self.fetched(now);
            }
            LuupReport::Commanded(path, outcome) => self.commanded(&path, outcome, now),
            LuupReport::Written(taken) => {
                for (write, target) in taken {
                    log::debug!("luup took {}", write.path);
                    // Before the model lets go of the value, so that nobody sees the older one.
                    self.luup.home.borrow_mut().taken(&target, &write.value);
                    self.model.settle(&write.path, &write.wanted);
                }
                self.commit();
                self.next_look(now);
            }
        }
    }
}

/// The home, as the rows see it: the loop has nothing left to do with it but to show it.
fn read_home(access: &LuupAccess, fetch: &Fetch) -> Result<Box<HomeView>, LuupError> {
    luup::fetch(access, fetch.wanted()).map(|snapshot| fetch.view(snapshot))
}

/// The values that Luup took.
fn write_all(
    access: &LuupAccess,
    writes: Vec<(PendingWrite, Target)>,
    reporter: &Reporter<Done>,
) -> Vec<(PendingWrite, Target)> {
    let mut taken = Vec::new();
    for (write, target) in writes {
        if reporter.is_cancelled() {
            break;
        }
        match luup::write(access, &target.key, target.device, &write.value) {
            Ok(()) => taken.push((write, target)),
            Err(e) => {
                log::warn!("{}: {e}; trying again after the next session", write.path);
                // The others would fail as well, each after its time-out.
                if matches!(e, LuupError::Unreachable(_) | LuupError::Timeout) {
                    break;
                }
            }
        }
    }
    taken
}
