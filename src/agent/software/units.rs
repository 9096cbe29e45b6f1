//! The operations of ChangeDUState: each unit's file is fetched, the package manager says what it would
//! make of it, and does it. Each of these is a job; `notes` tells what is installed apart from what was
//! begun.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::SoftwareReport;
use super::steps::{UnitStep, steps_of};
use crate::agent::jobs::{Job, JobKind};
use crate::agent::poll_loop::{Agent, Done};
use crate::base::clock::Now;
use crate::base::config::Config;
use crate::cwmp::{Direction, DuKind, DuOutcome, DuTask, FileType, TransferOrder};
use crate::device::commands::System;
use crate::device::software::{MAX_PROGRAMS, PATIENCE, PackageManager, Prospect, SoftwareFiles};
use crate::device::sources::software::ENVIRONMENT;
use crate::soap::{DuResult, TransferFault, code};
use crate::transfer::{self, Progress};

/// How long a download may stand still: longer than it waits for a server by itself.
const STANDSTILL: Duration = Duration::from_secs(20 * 60);

/// Beyond the time that programs have, before their job counts as lost.
const SLACK: Duration = Duration::from_secs(20);

/// The code of a result without a fault.
pub(super) const DONE: u32 = 0;

/// What a job does with the package manager, and with the file of the unit.
type ManagerWork = Box<dyn FnOnce(&PackageManager, &Path) -> SoftwareReport + Send>;

/// An operation that is being carried out.
pub(super) struct UnitWork {
    change: u32,
    operation: u32,
    /// The first is the one that is under way.
    steps: VecDeque<UnitStep>,
    /// Where that unit stood, for what is told once it is gone.
    row: UnitRow,
    /// How that step ended while a session was open.
    ended: Option<Result<(), TransferFault>>,
    results: Vec<DuResult>,
}

/// A unit in the data model.
#[derive(Default)]
struct UnitRow {
    path: String,
    services: String,
}

impl UnitWork {
    /// What the notes call it.
    fn name(&self) -> String {
        format!("{}.{}", self.change, self.operation)
    }
}

/// Whether the box can install and remove packages.
///
/// # Errors
/// It cannot: why.
pub(in crate::agent) fn can_change_units(system: &System, config: &Config) -> Result<(), String> {
    let files = SoftwareFiles::new(config.command_dir.as_deref());
    PackageManager::new(&files, system).map(drop)
}

impl Agent {
    /// Carries an operation out.
    pub(in crate::agent) fn change_unit(
        &mut self,
        change: u32,
        operation: u32,
        task: &DuTask,
        now: Now,
    ) {
        if self.waits_for_manager(change, operation, now) {
            return;
        }
        self.look(now);
        let environment = self.row("ExecEnv.", ENVIRONMENT).path;
        let steps = steps_of(task, &self.software.source.borrow(), &environment);
        let mut work = UnitWork {
            change,
            operation,
            steps: VecDeque::new(),
            row: UnitRow::default(),
            ended: None,
            results: Vec::new(),
        };
        match steps {
            Ok(steps) => work.steps = steps.into(),
            Err(fault) => work.results.push(DuResult {
                fault,
                ..DuResult::default()
            }),
        }
        self.software.work = Some(work);
        self.next_unit(now);
    }

    /// Whether the package manager is at work, for whomever: it outlives the agent, which a package may
    /// start anew. Until it is done nobody knows what is installed; the engine asks again.
    pub(super) fn waits_for_manager(&mut self, change: u32, operation: u32, now: Now) -> bool {
        let waits = self.software.source.borrow().files().are_changing();
        if waits {
            let outcome = DuOutcome::NotKnown;
            self.engine
                .unit_changed(change, operation, outcome, &mut self.model, now);
        } else {
            // What an earlier run left.
            let _ = fs::remove_file(self.unit_file());
        }
        waits
    }

    /// Begins with the next unit of the operation, or tells the engine that it is over.
    fn next_unit(&mut self, now: Now) {
        let _ = fs::remove_file(self.unit_file());
        let Some(work) = &self.software.work else {
            return;
        };
        let Some(step) = work.steps.front().cloned() else {
            if let Some(work) = self.software.work.take() {
                let outcome = DuOutcome::Ended(work.results);
                let (change, operation) = (work.change, work.operation);
                self.engine
                    .unit_changed(change, operation, outcome, &mut self.model, now);
                self.commit();
                self.look(now);
            }
            return;
        };
        let row = step
            .name
            .as_deref()
            .map(|name| self.row("DeploymentUnit.", name));
        if let Some(work) = &mut self.software.work {
            work.row = row.unwrap_or_default();
        }
        match step.url.is_empty() {
            true => self.ask_manager(step, now),
            false => self.fetch_unit(step, now),
        }
    }

    fn unit_file(&self) -> PathBuf {
        // opkg takes a file for one by the end of its name, apk by a dot in it.
        self.folders.run_dir.join("unit.ipk")
    }

    fn fetch_unit(&mut self, step: UnitStep, now: Now) {
        let order = TransferOrder {
            number: 0,
            direction: Direction::Download,
            file_type: FileType::Vendor("X CWMPD Package".to_owned()),
            url: step.url,
            username: step.username,
            password: step.password,
            file_size: 0,
            target_file_name: String::new(),
        };
        let transport = self.transport(now);
        let (file, progress) = (self.unit_file(), Progress::default());
        let pulse = progress.pulse();
        let job = Job::once(
            JobKind::Transfer,
            STANDSTILL,
            |why| fetched(Err(TransferFault::new(code::INCOMPLETE_DOWNLOAD, why))),
            move |_| {
                let moved = transfer::download(&order, &file, &transport, &progress);
                fetched(moved.map(drop))
            },
        )
        .with_pulse(pulse);
        self.jobs.start(job, now.uptime);
    }

    fn ask_manager(&mut self, step: UnitStep, now: Now) {
        let asked = move |manager: &PackageManager, file: &Path| {
            if step.kind == DuKind::Update && step.url.is_empty() {
                manager.fetch_lists();
            }
            SoftwareReport::Looked(manager.look(step.wish(file)))
        };
        let lost = |fault| SoftwareReport::Looked(Err(fault));
        self.run_manager(Box::new(asked), lost, now);
    }

    /// A job of the package manager.
    fn run_manager(
        &mut self,
        work: ManagerWork,
        lost: fn(TransferFault) -> SoftwareReport,
        now: Now,
    ) {
        let manager = PackageManager::new(self.software.source.borrow().files(), &self.system());
        let file = self.unit_file();
        let job = Job::once(
            JobKind::Command,
            PATIENCE.saturating_mul(MAX_PROGRAMS).saturating_add(SLACK),
            move |why| Done::Software(lost(TransferFault::new(code::REQUEST_DENIED, why))),
            move |_| {
                let report = match &manager {
                    Ok(manager) => work(manager, &file),
                    Err(why) => lost(TransferFault::new(code::REQUEST_DENIED, why)),
                };
                Done::Software(report)
            },
        );
        self.jobs.start(job, now.uptime);
    }

    /// The file of a unit came, or did not.
    pub(super) fn unit_came(&mut self, came: Result<(), TransferFault>, now: Now) {
        let work = self.software.work.as_ref();
        match (came, work.and_then(|work| work.steps.front().cloned())) {
            (Ok(()), Some(step)) => self.ask_manager(step, now),
            (Err(fault), Some(_)) => self.end_unit(Err(fault), now),
            (_, None) => {}
        }
    }

    /// The package manager said what it would do.
    pub(super) fn manager_said(&mut self, said: Result<Prospect, TransferFault>, now: Now) {
        match said.and_then(|prospect| self.begin_unit(prospect, now)) {
            Ok(true) => {}
            Ok(false) => self.end_unit(Ok(()), now),
            Err(fault) => self.end_unit(Err(fault), now),
        }
    }

    /// Notes what is about to be done, and has it done; `false` where nothing is.
    fn begin_unit(&mut self, prospect: Prospect, now: Now) -> Result<bool, TransferFault> {
        let Some(work) = &mut self.software.work else {
            return Ok(false);
        };
        let by = work.name();
        let Some(step) = work.steps.front_mut() else {
            return Ok(false);
        };
        let mut source = self.software.source.borrow_mut();
        step.name.get_or_insert_with(|| prospect.name.clone());
        let is_unit = source.inventory().unit(&prospect.name).is_some();
        // From before it is known whether that is to be done, so that what is refused is told of by name.
        step.prospect = Some(prospect.clone());
        if !step.judge(&prospect, is_unit)? {
            return Ok(false);
        }
        let mut note = source.notes.of(&prospect.name).cloned().unwrap_or_default();
        note.name.clone_from(&prospect.name);
        note.version.clone_from(&prospect.version);
        note.by = by;
        if let Some(uuid) = &step.uuid {
            note.uuid = uuid.to_string();
        }
        if !step.url.is_empty() {
            note.url.clone_from(&step.url);
        }
        source.notes.put(note);
        source.does(&prospect.name, Some(step.status()));
        let step = step.clone();
        drop(source);
        if !self.keep_notes() {
            return Err(TransferFault::new(
                code::SYSTEM_RESOURCES,
                "the flash takes nothing: what is begun could not be noted",
            ));
        }
        let deed = move |manager: &PackageManager, file: &Path| {
            let log = file.with_extension("log");
            SoftwareReport::CarriedOut(manager.carry_out(step.wish(file), &prospect, &log))
        };
        let lost = |fault| SoftwareReport::CarriedOut(Err(fault));
        self.run_manager(Box::new(deed), lost, now);
        Ok(true)
    }

    /// A session is over: what ended during it is read and told now.
    pub(in crate::agent) fn end_units(&mut self, now: Now) {
        let work = self.software.work.as_mut();
        if let Some(outcome) = work.and_then(|work| work.ended.take()) {
            self.end_unit(outcome, now);
        }
    }

    /// One unit is done with, well or not. During a session the model shows what was there at its
    /// beginning, and there is no telling what came.
    pub(super) fn end_unit(&mut self, outcome: Result<(), TransferFault>, now: Now) {
        let Some(work) = &mut self.software.work else {
            return;
        };
        if self.engine.in_session() {
            work.ended = Some(outcome);
            return;
        }
        let Some(step) = work.steps.pop_front() else {
            return;
        };
        let mut source = self.software.source.borrow_mut();
        let mut uuid = step.uuid.as_ref().map(ToString::to_string);
        if let Some(name) = &step.name {
            source.does(name, None);
            uuid.get_or_insert_with(|| source.uuid(name).to_string());
        }
        drop(source);
        // The lists are read again.
        self.look(now);
        if let Some(name) = &step.name {
            let came = outcome.is_ok().then_some(step.kind);
            self.settle_note(name, came, now);
        }
        let fault = outcome.err().unwrap_or_default();
        let name = step.name.as_deref().unwrap_or_default();
        let mut result = self.told_of(name, fault.code, &fault.string);
        result.uuid = uuid.unwrap_or_default();
        if let Some(work) = &mut self.software.work {
            if result.deployment_unit_ref.is_empty() {
                result.deployment_unit_ref = std::mem::take(&mut work.row.path);
                result.execution_unit_ref_list = std::mem::take(&mut work.row.services);
            }
            let prospect = step.prospect.as_ref();
            if result.version.is_empty() {
                result.version = prospect.map(|p| p.version.clone()).unwrap_or_default();
            }
            work.results.push(result);
        }
        self.next_unit(now);
    }

    /// What there is to tell of a package.
    pub(super) fn told_of(&mut self, name: &str, code: u32, why: &str) -> DuResult {
        let UnitRow { path, services } = self.row("DeploymentUnit.", name);
        let source = self.software.source.borrow();
        let unit = source.inventory().unit(name);
        DuResult {
            uuid: source.uuid(name).to_string(),
            deployment_unit_ref: path,
            version: unit
                .map(|u| u.package.version.to_string())
                .unwrap_or_default(),
            resolved: unit.is_some_and(|unit| unit.is_resolved),
            execution_unit_ref_list: services,
            fault: TransferFault::new(code, why),
            ..DuResult::default()
        }
    }

    /// Where the model shows what is called so in a table of `SoftwareModules.`.
    fn row(&mut self, table: &str, name: &str) -> UnitRow {
        let table = format!("{}SoftwareModules.{table}", self.model.root());
        let mut rows = Vec::new();
        // A model without such rows shows nothing.
        let _ = self.model.values(&table, &mut |path, _, value| {
            rows.push((path.to_owned(), value.to_owned()));
        });
        let named = rows.iter().find_map(|(path, value)| {
            let row = path.strip_suffix(".Name")?;
            (value == name).then(|| row.to_owned())
        });
        let path = named.unwrap_or_default();
        let list = format!("{path}.ExecutionUnitList");
        let services = rows.into_iter().find(|(path, _)| *path == list);
        let services = services.map(|(_, services)| services).unwrap_or_default();
        UnitRow { path, services }
    }
}

fn fetched(came: Result<(), TransferFault>) -> Done {
    Done::Software(SoftwareReport::Fetched(came))
}
