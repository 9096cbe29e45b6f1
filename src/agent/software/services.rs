//! Services: what was written of them is carried out by a job after the session.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use super::units::UnitWork;
use crate::agent::jobs::{Job, JobKind, Reporter};
use crate::agent::poll_loop::{Agent, Done};
use crate::agent::source::Shared;
use crate::base::clock::Now;
use crate::base::config::Config;
use crate::datamodel::model::PendingWrite;
use crate::datamodel::source::Source;
use crate::device::commands::{COMMAND_TIMEOUT, System};
use crate::device::software::Prospect;
#[cfg(feature = "ubus")]
use crate::device::software::ServiceState;
use crate::device::sources::software::{ServiceAction, SoftwareSource};
#[cfg(feature = "ubus")]
use crate::device::ubus::{UbusError, UbusTable};
use crate::soap::TransferFault;

/// Beyond the time that each program has, before the job counts as lost.
const SLACK: Duration = Duration::from_secs(20);

/// The agent's end of the source `software`.
pub(in crate::agent) struct SoftwareEnd {
    pub(super) source: Rc<RefCell<SoftwareSource>>,
    /// A job tells services what was written.
    is_serving: bool,
    /// The operation of a ChangeDUState that is being carried out.
    pub(super) work: Option<UnitWork>,
}

impl SoftwareEnd {
    /// The end, and the source.
    pub(in crate::agent) fn new(config: &Config) -> (Self, Box<dyn Source>) {
        let source = SoftwareSource::new(config.command_dir.as_deref());
        let source = Rc::new(RefCell::new(source));
        let end = Self {
            source: Rc::clone(&source),
            is_serving: false,
            work: None,
        };
        (end, Box::new(Shared(source)))
    }

    /// Whether it matters what procd runs.
    #[cfg(feature = "ubus")]
    pub(in crate::agent) fn has_services(&self) -> bool {
        self.source.borrow().has_services()
    }

    /// What procd says of its services, or why it does not: then all stays as it was told last.
    #[cfg(feature = "ubus")]
    pub(in crate::agent) fn heard(&self, answer: Result<UbusTable, UbusError>) {
        match answer {
            Ok(answer) => self.source.borrow_mut().heard(ServiceState::all(&answer)),
            Err(error) => log::debug!("ubus: service.list: {error}"),
        }
    }

    /// The folders in which something changes when packages or services do.
    pub(in crate::agent) fn watched(&self) -> Vec<PathBuf> {
        self.source.borrow().watched()
    }
}

/// What the jobs report.
pub(in crate::agent) enum SoftwareReport {
    /// What became of the services.
    Served(Vec<Served>),
    /// The file of a unit came, or did not.
    Fetched(Result<(), TransferFault>),
    /// What the package manager would do.
    Looked(Result<Prospect, TransferFault>),
    /// Whether it did it.
    CarriedOut(Result<(), TransferFault>),
}

/// What a service was told, and what came of it; `None` where it was not told yet.
#[derive(Clone)]
pub(in crate::agent) struct Served {
    write: PendingWrite,
    service: String,
    action: ServiceAction,
    outcome: Option<Result<(), String>>,
}

impl Agent {
    /// Tells services what was written of them.
    pub(in crate::agent) fn tell_services(&mut self, now: Now) {
        if self.software.is_serving {
            return;
        }
        // The model asks the source for them.
        let pending = self.model.pending_writes().into_iter();
        let mut source = self.software.source.borrow_mut();
        let mut told = Vec::new();
        for write in pending.filter(|write| write.kind == "software") {
            let Some((service, action)) = source.action(write.slot, &write.at, &write.value) else {
                continue;
            };
            source.begins(&service, action);
            told.push(Served {
                write,
                service,
                action,
                outcome: None,
            });
        }
        drop(source);
        if told.is_empty() {
            return;
        }
        self.software.is_serving = true;
        let system = self.system();
        let lost = told.clone();
        let programs = u32::try_from(told.len()).unwrap_or(u32::MAX);
        let job = Job::once(
            JobKind::Command,
            COMMAND_TIMEOUT
                .saturating_mul(programs)
                .saturating_add(SLACK),
            move |why| {
                let failed = |mut one: Served| {
                    one.outcome = Some(Err(why.to_string()));
                    one
                };
                let served = lost.iter().cloned().map(failed).collect();
                Done::Software(SoftwareReport::Served(served))
            },
            move |reporter| {
                let served = serve_all(&system, told, reporter);
                Done::Software(SoftwareReport::Served(served))
            },
        );
        self.jobs.start(job, now.uptime);
    }

    /// Takes what a job reports.
    pub(in crate::agent) fn hear_software(&mut self, report: SoftwareReport, now: Now) {
        match report {
            SoftwareReport::Served(served) => self.served(served, now),
            SoftwareReport::Fetched(came) => self.unit_came(came, now),
            SoftwareReport::Looked(said) => self.manager_said(said, now),
            SoftwareReport::CarriedOut(outcome) => self.end_unit(outcome, now),
        }
    }

    fn served(&mut self, served: Vec<Served>, now: Now) {
        self.software.is_serving = false;
        for Served {
            write,
            service,
            action,
            outcome,
        } in served
        {
            // What was not told is told when the next session ends.
            let Some(outcome) = outcome else { continue };
            match &outcome {
                Ok(()) => log::info!("{service} was told to {}", action.word()),
                Err(why) => log::warn!("{}: {service} {}: {why}", write.path, action.word()),
            }
            self.software
                .source
                .borrow_mut()
                .ended(&service, action, outcome);
            self.model.settle(&write.path, &write.wanted);
        }
        self.commit();
        self.look_afresh(now);
        // More may have been written meanwhile.
        if self.session.is_none() {
            self.tell_services(now);
        }
    }
}

fn serve_all(system: &System, mut told: Vec<Served>, reporter: &Reporter<Done>) -> Vec<Served> {
    for one in &mut told {
        if reporter.is_cancelled() {
            break;
        }
        let ran = system.serve(&one.service, one.action.word());
        one.outcome = Some(ran.map_err(|error| error.to_string()));
    }
    told
}
