//! The transfers that are under way: each step of one is a job, whose end the engine hears.
//!
//! A file moves beside sessions, one at a time ([`JobKind::Transfer`]). Whatever touches the flash,
//! or reads what such a step changes, has its turn among the programs of the box
//! ([`JobKind::Command`]): an installation never meets a reboot, a backup never half of a restored
//! configuration. Once a program that flashes was started, no other has its turn before the box is
//! down, or should have been for long.
//!
//! The engine has each step in its store before it orders it, and orders it anew in the next run
//! where this one ends before the step does: nothing is kept here.
//!
//! [`JobKind::Transfer`]: super::jobs::JobKind::Transfer
//! [`JobKind::Command`]: super::jobs::JobKind::Command

mod files;
mod idle;
mod step;

pub(super) use files::{TransferFiles, number_of};
pub(super) use idle::is_idle;
pub(super) use step::{Came, Deed, Step};

use std::fmt;
use std::path::PathBuf;

use super::jobs::{Job, JobId};
use super::orders::{Order, OwnBox};
use super::poll_loop::{Agent, Done};
use super::start::Folders;
use super::watch::BoxChange;
use crate::base::clock::Now;
use crate::base::config::Config;
use crate::cwmp::{FileType, Installed, TransferOrder, TransferStage, TransferStatus};
use crate::datamodel::model::Model;
use crate::device::commands::System;
use crate::device::install::Installer;
use crate::transfer::{Progress, TransferPatience, Transport};
use step::Means;

/// The steps that are under way, and the files of all transfers.
pub(super) struct Transfers {
    under_way: Vec<UnderWay>,
    files: TransferFiles,
}

/// A step that has a job.
struct UnderWay {
    step: Step,
    job: JobId,
    progress: Progress,
}

impl Transfers {
    pub(super) fn new(files: TransferFiles) -> Self {
        Self {
            under_way: Vec::new(),
            files,
        }
    }

    /// How far the file of a transfer is; `None` while it does not move.
    pub(super) fn progress(&self, number: u32) -> Option<&Progress> {
        let mut moving = self.moving();
        let (_, progress) = moving.find(|(order, _)| order.number == number)?;
        Some(progress)
    }

    /// The files that move, or wait for their turn.
    pub(super) fn moving(&self) -> impl Iterator<Item = (&TransferOrder, &Progress)> {
        let steps = self.under_way.iter();
        let moving = steps.filter(|one| one.step.deed == Deed::Move);
        moving.map(|one| (&one.step.order, &one.progress))
    }

    /// Whether a step that changes the box is under way, or the box goes down for one: no other program
    /// is to be run beside it.
    pub(super) fn is_installing(&self) -> bool {
        let changes = |one: &UnderWay| matches!(one.step.deed, Deed::Install | Deed::RollBack);
        self.under_way.iter().any(changes)
    }

    /// A step is done, or given up: what of it may still move lets go of its server and its file.
    fn end(&mut self, number: u32) {
        self.under_way.retain(|one| {
            let ends = one.step.order.number == number;
            if ends {
                one.progress.cancel();
            }
            !ends
        });
    }
}

/// How far a file is, for people.
pub(super) struct HowFar<'a>(pub &'a Progress);

impl fmt::Display for HowFar<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (bytes, total) = (self.0.bytes(), self.0.total());
        match u64::from(bytes)
            .saturating_mul(100)
            .checked_div(total.into())
        {
            Some(percent) => write!(f, "{bytes} of {total} bytes, {percent} %"),
            None => write!(f, "{bytes} bytes"),
        }
    }
}

/// What of the box an installation works with.
pub(super) fn installer(config: &Config, folders: &Folders) -> Installer {
    Installer {
        system: System::new(config.command_dir.as_deref()),
        transfer: config.transfer.clone(),
        tls: config.link.tls.clone(),
        other_tls: config.tls().into_iter().skip(1).cloned().collect(),
        config_dir: folders.config_dir.clone(),
        model_dir: folders.model_dir.clone(),
        run_dir: folders.run_dir.clone(),
        root: PathBuf::from("/"),
    }
}

/// Where a file that is uploaded by its number is, as the data model tells; empty for what the box
/// makes, `None` where there is none of this number.
pub(super) fn path_of(file_type: &FileType, model: &mut Model) -> Option<PathBuf> {
    let (table, number) = match file_type {
        FileType::VendorConfiguration(number) => ("VendorConfigFile", (*number)?),
        FileType::VendorLog(number) => ("VendorLogFile", (*number)?),
        _ => return None,
    };
    let path = model.value(&format!("DeviceInfo.{table}.{number}.X_CWMPD_Path"));
    path.map(PathBuf::from)
}

impl Agent {
    /// What earlier runs left of transfers that are over goes.
    pub(super) fn clear_transfers(&self, now: Now) {
        let goes_on = |transfer: &TransferStatus| !matches!(transfer.stage, TransferStage::Done(_));
        let known = self.engine.transfers(now).into_iter().filter(goes_on);
        let known: Vec<u32> = known.map(|transfer| transfer.order.number).collect();
        self.transfers.files.remove_others(&known);
        installer(&self.config, &self.folders).settle_others(&known);
    }

    /// Does what is to be done for the transfers now.
    pub(super) fn proceed(&mut self, now: Now) {
        let host = OwnBox {
            config: &self.config,
            folders: &self.folders,
            uci: &self.uci,
        };
        let actions = self.engine.proceed(&mut self.model, &host, now);
        self.act_at_once(actions, now);
    }

    /// How a file is moved now.
    pub(super) fn transport(&self, now: Now) -> Transport {
        Transport {
            link: self.config.link.clone(),
            kept_tls: self.kept_tls.clone(),
            check_dates: now.wall_is_confirmed(),
            patience: TransferPatience::default(),
        }
    }

    /// Begins a step, or puts it behind those that have the turn.
    pub(super) fn begin(&mut self, step: Step, now: Now) {
        if step.deed == Deed::Install {
            // What is said of the box by then is on the flash, whatever the installation does to it.
            let _ = self.model.checkpoint();
        }
        let progress = Progress::default();
        let means = Means {
            file: self.transfers.files.path(step.order.number),
            path: path_of(&step.order.file_type, &mut self.model),
            installer: installer(&self.config, &self.folders),
            transport: self.transport(now),
            progress: progress.clone(),
        };
        let (lost, done) = (step.clone(), step.clone());
        let job = Job::new(
            step.kind(),
            step.patience(),
            move |why| Done::Stepped(lost.clone(), lost.lost(&why)),
            move |reporter| done.carry_out(&means, reporter),
        )
        .with_pulse(progress.pulse());
        let job = self.jobs.start(job, now.uptime);
        self.transfers.under_way.push(UnderWay {
            step,
            job,
            progress,
        });
    }

    /// A step is done, or not.
    pub(super) fn stepped(&mut self, step: Step, came: Came, now: Now) {
        let number = step.order.number;
        if !matches!(came, Came::Installed(Ok(Installed::GoingDown))) {
            self.transfers.end(number);
        }
        let model = &mut self.model;
        match came {
            Came::Collected => {
                let deed = Deed::Move;
                self.begin(Step { deed, ..step }, now);
            }
            Came::Moved(outcome) => self.engine.moved(number, outcome, model, now),
            Came::Installed(outcome) => {
                self.engine.installed(number, outcome, model, now);
                self.follow_installation(&step, now);
            }
            Came::RolledBack(outcome) => {
                self.engine.rolled_back(number, outcome, model, now);
                self.follow_installation(&step, now);
            }
            Came::NotBegun => self.order_again(Order::Step(step), now),
        }
        self.commit();
    }

    /// A configuration that came, or came back, may be the agent's own.
    fn follow_installation(&mut self, step: &Step, now: Now) {
        if step.is_configuration() {
            self.changed(vec![BoxChange::Configuration], now);
        }
    }

    /// The transfer needs its files no more.
    pub(super) fn settle(&mut self, number: u32) {
        self.transfers.end(number);
        self.transfers.files.remove(number);
        installer(&self.config, &self.folders).settle(number);
    }

    /// The transfer is called off.
    pub(super) fn abandon(&mut self, number: u32, now: Now) {
        for one in &self.transfers.under_way {
            if one.step.order.number == number {
                self.jobs.cancel(one.job, now.uptime);
            }
        }
        self.settle(number);
    }
}
