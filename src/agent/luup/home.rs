//! The job that fetches from the engine, and what becomes of the reports of all.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use super::alarms::{self, AlarmEnd};
use super::commands::{self, CommandEnd};
use super::follow::{FollowNews, LuupFollow};
use super::write::LuupWrites;
use crate::agent::jobs::{Job, JobKind};
use crate::agent::poll_loop::{Agent, Done};
use crate::base::clock::Now;
use crate::base::config::Config;
use crate::datamodel::model::Finding;
use crate::datamodel::source::Sources;
use crate::http::KeptTls;
use crate::luup::commands::CommandOutcome;
use crate::luup::{
    self, ChangeFailure, Fetch, Home, HomeView, KeptRelay, LuupAccess, LuupChange, LuupError,
    LuupSource, ServicesRead,
};

/// Beyond `luup.timeout`, which each request keeps by itself, before a job counts as lost: a large
/// home is still to be read out of its JSON.
pub(super) const SLACK: Duration = Duration::from_secs(20);

/// The agent's end of the source `luup`.
pub(in crate::agent) struct LuupEnd {
    pub(super) home: Rc<RefCell<Home>>,
    pub(super) alarms: AlarmEnd,
    pub(super) commands: CommandEnd,
    pub(super) follow: LuupFollow,
    /// What is wrong with the file that says which variables have values.
    services: ServicesRead,
    pub(super) writes: LuupWrites,
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
            follow: LuupFollow::default(),
            services,
            writes: LuupWrites::default(),
            kept_tls: KeptTls::default(),
            kept_relay: KeptRelay::default(),
        };
        let sources: Sources = vec![
            (super::KIND, Box::new(LuupSource(home))),
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
    /// What a question for changes brought.
    Followed(Fetch, Result<FollowNews, LuupError>),
    /// How the command of this state ended.
    Commanded(String, CommandOutcome),
    /// Whether Luup took values.
    Taken(Result<(), ChangeFailure>),
    /// What it was to take back and did not.
    TakenBack(Vec<LuupChange>),
}

impl Agent {
    /// How the engine is reached now.
    pub(super) fn luup_access(&self, now: Now) -> LuupAccess {
        LuupAccess {
            config: self.config.luup.clone(),
            kept_tls: self.luup.kept_tls.clone(),
            kept_relay: self.luup.kept_relay.clone(),
            check_dates: now.wall_is_confirmed(),
            wait: Duration::ZERO,
            hang_up: None,
        }
    }

    /// Starts to fetch the Luup home, unless that is under way; `false` where the model has no use for
    /// it.
    pub(in crate::agent) fn ask_luup(&mut self, now: Now) -> bool {
        let is_enabled = self.config.luup.enable;
        self.luup.home.borrow_mut().set_enabled(is_enabled);
        if !is_enabled {
            self.follow_alarms(now);
            return false;
        }
        if !self.luup.home.borrow().is_wanted() {
            return false;
        }
        // One that has told all it has to is no answer to what is asked now.
        if !self.jobs.is_awaited(JobKind::LuupFetch) {
            let access = self.luup_access(now);
            let is_known = self.model.has_instances_of(super::KIND);
            let fetch = self.luup.home.borrow_mut().begin_fetch();
            self.luup.writes.fetch_begins(fetch.number());
            let lost = fetch.clone();
            let job = Job::once(
                JobKind::LuupFetch,
                access.config.timeout.saturating_add(SLACK),
                move |why| {
                    let lost_it = Err(LuupError::Lost(why.to_string()));
                    Done::Luup(LuupReport::Fetched(lost.clone(), lost_it))
                },
                move |_| {
                    let view = read_home(&access, &fetch, is_known);
                    Done::Luup(LuupReport::Fetched(fetch, view))
                },
            );
            self.jobs.start(job, now.uptime);
        }
        true
    }

    /// Takes what a job reports. While the engine takes values, what it says of its home waits: half
    /// of a change is nobody's business.
    pub(in crate::agent) fn hear_luup(&mut self, report: LuupReport, now: Now) {
        match report {
            LuupReport::Fetched(..) | LuupReport::Followed(..) if self.luup.writes.is_busy() => {
                self.luup.writes.hold(report);
            }
            LuupReport::Fetched(fetch, fetched) => {
                let number = fetch.number();
                let is_well = fetched.is_ok();
                let mut home = self.luup.home.borrow_mut();
                if is_well {
                    home.answered(now);
                }
                home.update(fetch, fetched);
                drop(home);
                self.follow_alarms(now);
                // Before a session shows it.
                self.luup_answered(number, is_well, now);
                self.fetched(now);
                if is_well {
                    self.luup_was_read(now);
                }
            }
            LuupReport::Followed(fetch, news) => self.hear_follow(fetch, news, now),
            LuupReport::Commanded(path, outcome) => self.commanded(&path, outcome, now),
            LuupReport::Taken(outcome) => self.luup_took(outcome, now),
            LuupReport::TakenBack(left) => self.luup_took_back(left, now),
        }
    }
}

/// The home, as the rows see it: the loop has nothing left to do with it but to show it. `is_known`:
/// there was one before.
pub(super) fn read_home(
    access: &LuupAccess,
    fetch: &Fetch,
    is_known: bool,
) -> Result<Box<HomeView>, LuupError> {
    let snapshot = luup::fetch(access, fetch.wanted())?;
    fetch.check(&snapshot, is_known)?;
    Ok(fetch.view(snapshot))
}
