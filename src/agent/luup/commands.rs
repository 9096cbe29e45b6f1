//! Maintenance of the Z-Wave network, as an ACS asks for it by states: one command at a time, after the
//! session, by a job.
//!
//! Which command the engine was told is in the store before that: one that is found there at the next
//! start was interrupted, and is not told again.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use super::home::LuupReport;
use crate::agent::jobs::{Job, JobId, JobKind};
use crate::agent::poll_loop::{Agent, Done};
use crate::agent::session::SessionStage;
use crate::base::clock::Now;
use crate::base::excerpt::excerpt;
use crate::datamodel::model::{Model, PendingWrite, REQUESTED};
use crate::datamodel::source::Source;
use crate::luup::commands::{CommandOutcome, CommandSource, CommandTask, NODE, NetworkCommands};

/// The kind of the source of states.
pub(super) const KIND: &str = "command";

/// The record of the command that the engine was told: the path of its state.
const RECORD: &str = "command.begun";

/// Beside a state: what there is to say of how it ended, and the devices that came or went.
const MESSAGE: &str = "Message";
const DEVICES: &str = "Devices";

/// Characters of a message, and of a list of devices.
const MAX_TEXT: usize = 256;

/// Beyond the time of a command, before its job counts as lost.
const SLACK: Duration = Duration::from_secs(20);

/// The agent's end of the source `command`.
pub(super) struct CommandEnd {
    commands: Rc<RefCell<NetworkCommands>>,
    running: Option<RunningCommand>,
}

struct RunningCommand {
    /// The full path of its state.
    path: String,
    job: JobId,
}

impl CommandEnd {
    /// The end, and the source.
    pub(super) fn new() -> (Self, Box<dyn Source>) {
        let commands = Rc::new(RefCell::new(NetworkCommands::default()));
        let end = Self {
            commands: Rc::clone(&commands),
            running: None,
        };
        (end, Box::new(CommandSource(commands)))
    }
}

impl Agent {
    /// Whether commands are begun is as the configuration says.
    pub(in crate::agent) fn allow_commands(&mut self) {
        let config = &self.config.luup;
        let refusal = match (config.enable, config.maintenance) {
            (false, _) => Some("there is no engine: luup.enable is 0"),
            (true, false) => Some("maintenance is not allowed: luup.maintenance is 0"),
            (true, true) => None,
        };
        self.luup.commands.commands.borrow_mut().allow(refusal);
    }

    /// A command that an earlier run of the program had begun is over.
    pub(in crate::agent) fn recall_commands(&mut self, now: Now) {
        if let Some(path) = self.model.record(RECORD).map(str::to_owned) {
            let why = "the agent was started anew meanwhile";
            let outcome = CommandOutcome::error("Error_Interrupted", why);
            self.end_command(&path, outcome, now);
        }
    }

    /// Begins what was asked for, one after the other.
    pub(in crate::agent) fn follow_commands(&mut self, now: Now) {
        while self.luup.commands.running.is_none() && !self.stopping {
            let is_talking = matches!(self.session, Some(SessionStage::Talking { .. }));
            let mut requested = self.model.requested().into_iter();
            let next = requested.find(|state| state.kind == KIND && !is_talking);
            let Some(state) = next else {
                return;
            };
            if let Err(outcome) = self.begin_command(&state, now) {
                self.end_command(&state.path, outcome, now);
            }
        }
    }

    /// What runs and was set since is to end.
    pub(in crate::agent) fn call_off_commands(&mut self, set: &[String], now: Now) {
        let commands = &mut self.luup.commands;
        let is_set = |running: &mut RunningCommand| set.contains(&running.path);
        if let Some(running) = commands.running.take_if(is_set) {
            log::info!("{}: called off", running.path);
            self.jobs.cancel(running.job, now.uptime);
            self.model.set_record(RECORD, None);
            self.commit();
        }
    }

    fn begin_command(&mut self, state: &PendingWrite, now: Now) -> Result<(), CommandOutcome> {
        let internal = |why: &str| CommandOutcome::error("Error_Internal", why);
        let commands = self.luup.commands.commands.borrow();
        let (refusal, key) = (commands.refusal(), commands.key(state.slot).cloned());
        // What is asked of the model below may look at the states themselves.
        drop(commands);
        if let Some(why) = refusal {
            return Err(CommandOutcome::error("Error_NotAllowed", why));
        }
        let key = key.ok_or_else(|| internal("its row is not known"))?;
        let object = object(&self.model, &state.path);
        let model = &mut self.model;
        let task = CommandTask::new(&key, &mut |name| {
            let value = model.value(&format!("{object}{name}")).unwrap_or_default();
            match name {
                NODE => device_of(model, &value),
                _ => value,
            }
        })?;
        self.model.set_record(RECORD, Some(&state.path));
        if self.model.commit().is_err() {
            // Nobody could tell after a power cut whether it was begun.
            self.model.set_record(RECORD, None);
            return Err(internal("the box could not note that it begins"));
        }
        log::info!("{}: begins", state.path);
        let access = self.luup_access(now);
        let patience = access.config.timeout.saturating_add(SLACK);
        let path = state.path.clone();
        let lost = path.clone();
        let job = Job::once(
            JobKind::LuupCommand,
            task.patience().saturating_add(patience),
            move |why| {
                let outcome = CommandOutcome::error("Error_Internal", why.to_string());
                Done::Luup(LuupReport::Commanded(lost.clone(), outcome))
            },
            move |reporter| {
                let outcome = task.run(&access, &|| reporter.is_cancelled());
                Done::Luup(LuupReport::Commanded(path, outcome))
            },
        );
        let job = self.jobs.start(job, now.uptime);
        let path = state.path.clone();
        self.luup.commands.running = Some(RunningCommand { path, job });
        Ok(())
    }

    /// A job reports how its command ended.
    pub(super) fn commanded(&mut self, path: &str, outcome: CommandOutcome, now: Now) {
        self.call_off(now);
        let is_it = |running: &mut RunningCommand| running.path == path;
        if self.luup.commands.running.take_if(is_it).is_some() {
            self.end_command(path, outcome, now);
            self.look_afresh(now);
        }
        self.follow_states(now);
    }

    /// Tells how a command ended. Its event is kept before its state changes: one that is told twice
    /// is better than one that is never told.
    fn end_command(&mut self, path: &str, outcome: CommandOutcome, now: Now) {
        self.model.set_record(RECORD, None);
        let object = object(&self.model, path);
        let state = path.strip_prefix(self.model.root()).unwrap_or(path);
        let is_requested = self.model.value(state).as_deref() == Some(REQUESTED);
        if is_requested {
            log::info!("{path}: {}: {}", outcome.word, outcome.message);
            self.engine.diagnostics_completed(now);
            self.keep();
            let mut devices = String::new();
            for device in &outcome.devices {
                let device = device.to_string();
                if devices.len() + device.len() < MAX_TEXT {
                    let comma = if devices.is_empty() { "" } else { "," };
                    devices.extend([comma, &device]);
                }
            }
            let message = excerpt(&outcome.message, MAX_TEXT);
            self.model.tell(&format!("{object}{MESSAGE}"), &message);
            self.model.tell(&format!("{object}{DEVICES}"), &devices);
            self.model.end_state(path, outcome.word);
        }
        self.commit();
        self.engine.look(&mut self.model, now);
    }
}

/// The object that a state stands in, without the root, with its dot.
fn object(model: &Model, path: &str) -> String {
    let path = path.strip_prefix(model.root()).unwrap_or(path);
    let end = path.rfind('.').map_or(0, |dot| dot + 1);
    path.get(..end).unwrap_or_default().to_owned()
}

/// Luup's number of the node at a path, 0 where there is none; empty where the path is.
fn device_of(model: &mut Model, path: &str) -> String {
    if path.is_empty() {
        return String::new();
    }
    let path = path.strip_prefix(model.root()).unwrap_or_default();
    let path = path.strip_suffix('.').unwrap_or(path);
    let device = model.value(&format!("{path}.DeviceID"));
    device.unwrap_or_else(|| "0".to_owned())
}
