//! A command from its beginning to its end. Blocking, for a job.

use std::thread;
use std::time::{Duration, Instant};

use super::key::{Argument, CommandFor, CommandKey, NODE, Until, with_values};
use super::said::CommandAnswer;
use super::watch::{CommandVerdict, CommandWatch, SILENCE};
use crate::datamodel::model::COMPLETE;
use crate::luup::client::LuupClient;
use crate::luup::home::first_network;
use crate::luup::{FetchScope, LuupAccess, LuupError, LuupOrder, Snapshot, fetch, perform};

/// Between two questions whether it is done.
const PAUSE: Duration = Duration::from_secs(2);

/// How soon a command that is called off is noticed.
const NAP: Duration = Duration::from_millis(200);

/// Beyond the time of the command itself, what finding the engine before and after it may take, and
/// a slow answer each time.
const AROUND: Duration = Duration::from_secs(3 * 120);

/// What is to be done, free to cross threads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandTask {
    of: CommandFor,
    /// Luup's number of the node, unless it is for the network.
    node: u32,
    service: Box<str>,
    action: Box<str>,
    arguments: Vec<Argument>,
    stop: Vec<Argument>,
    until: Until,
    within: Duration,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandOutcome {
    /// The word of the state: [`COMPLETE`], or one that begins with `Error_`.
    pub word: &'static str,
    /// What there is to say of it; maybe nothing.
    pub message: String,
    /// Luup's numbers of the devices that came or went.
    pub devices: Vec<u32>,
}

impl CommandOutcome {
    /// It did not come about.
    pub fn error(word: &'static str, why: impl Into<String>) -> Self {
        Self {
            word,
            message: why.into(),
            devices: Vec::new(),
        }
    }
}

impl From<LuupError> for CommandOutcome {
    fn from(error: LuupError) -> Self {
        let word = match &error {
            LuupError::Refused(_) => "Error_Refused",
            LuupError::Lost(_) => "Error_Internal",
            _ => "Error_NoAnswer",
        };
        Self::error(word, error.to_string())
    }
}

impl CommandTask {
    /// What a key asks for; `beside` tells the values of the parameters beside the state, of [`NODE`]
    /// the number that Luup has for it: 0 where it is the path of no node, empty where it is empty.
    ///
    /// # Errors
    /// It names no node, but has to, or names one that is none: then it is not for all of them.
    pub fn new(
        key: &CommandKey,
        beside: &mut dyn FnMut(&str) -> String,
    ) -> Result<Self, CommandOutcome> {
        let named = beside(NODE);
        let node = named.parse().unwrap_or_default();
        if node == 0 && (key.of != CommandFor::Network || !named.is_empty()) {
            let why = format!("{NODE} is not the path of a node");
            return Err(CommandOutcome::error("Error_InvalidInterface", why));
        }
        Ok(Self {
            of: key.of,
            node,
            service: key.service.clone(),
            action: key.action.clone(),
            arguments: with_values(&key.arguments, beside),
            stop: key.stop.clone(),
            until: key.until,
            within: key.within(beside),
        })
    }

    /// The longest that [`Self::run`] takes, but for one answer.
    pub fn patience(&self) -> Duration {
        self.within.saturating_add(AROUND)
    }

    /// Has the engine do it, once, and follows that to its end. One that is called off is ended
    /// early where the engine can do that.
    pub fn run(&self, access: &LuupAccess, is_called_off: &dyn Fn() -> bool) -> CommandOutcome {
        self.begin(access, is_called_off)
            .unwrap_or_else(|failed| failed)
    }

    fn begin(
        &self,
        access: &LuupAccess,
        is_called_off: &dyn Fn() -> bool,
    ) -> Result<CommandOutcome, CommandOutcome> {
        let before = home(access, is_called_off)?;
        let device = self.device(&before)?;
        let service = before.service_of(device, &self.service);
        let service = service.unwrap_or(&self.service);
        let order = |arguments: &[Argument]| LuupOrder::Action {
            device,
            service: service.into(),
            action: self.action.clone(),
            arguments: arguments.to_vec(),
        };
        let state = format!("status&DeviceNum={device}&output_format=json");
        let load_time = ask(access, &state).unwrap_or_default().load_time;
        if is_called_off() {
            return Err(CommandOutcome::error(
                "Error_Interrupted",
                "it was called off",
            ));
        }
        let begun = Instant::now();
        let job = perform(access, &order(&self.arguments));
        let (verdict, notes) = match &job {
            Ok(job) => self.follow(
                access,
                &before,
                &state,
                *job,
                &load_time,
                begun,
                is_called_off,
            ),
            Err(_) => (None, String::new()),
        };
        let is_early =
            verdict != Some(CommandVerdict::Failed) && !matches!(job, Err(LuupError::Refused(_)));
        if is_early && !self.stop.is_empty() {
            if let Err(error) = perform(access, &order(&self.stop)) {
                log::debug!("{}: the end is not taken: {error}", self.action);
            }
        }
        job?;
        if is_called_off() {
            return Err(CommandOutcome::error(
                "Error_Interrupted",
                "it was called off",
            ));
        }
        let verdict = verdict.unwrap_or(CommandVerdict::TimeOver);
        match self.until {
            Until::Done => Ok(ended(verdict, notes)),
            Until::Added | Until::Removed => {
                let devices = self.moved(&before, &home(access, is_called_off)?);
                let mut outcome = match (devices.is_empty(), verdict) {
                    (false, _) => ended(CommandVerdict::Done, notes),
                    (true, CommandVerdict::Done | CommandVerdict::Restarted) => {
                        CommandOutcome::error("Error_NoDevice", "no device came or went")
                    }
                    (true, verdict) => ended(verdict, notes),
                };
                outcome.devices = devices;
                Ok(outcome)
            }
        }
    }

    /// The device that is told.
    fn device(&self, home: &Snapshot) -> Result<u32, CommandOutcome> {
        if self.of == CommandFor::Network {
            return first_network(home).ok_or_else(|| {
                CommandOutcome::error("Error_Internal", "the home has no Z-Wave network")
            });
        }
        if !home.has(self.node) {
            let why = format!("the home has no device {}", self.node);
            return Err(CommandOutcome::error("Error_InvalidInterface", why));
        }
        if self.of == CommandFor::FailedNode && home.failure(self.node).is_none() {
            let why = "the engine has no difficulty in reaching the node";
            return Err(CommandOutcome::error("Error_NotFailed", why));
        }
        Ok(self.node)
    }

    /// Asks until it is done, and what was said of it last; nothing where it is called off.
    #[allow(clippy::too_many_arguments, reason = "all that begin() found")]
    fn follow(
        &self,
        access: &LuupAccess,
        before: &Snapshot,
        state: &str,
        job: Option<u32>,
        load_time: &str,
        begun: Instant,
        is_called_off: &dyn Fn() -> bool,
    ) -> (Option<CommandVerdict>, String) {
        let mut watch = CommandWatch::new(self.within, job.is_some(), load_time);
        let mut notes = String::new();
        let job = job.map(|job| format!("jobstatus&job={job}&plugin=zwave&output_format=json"));
        loop {
            if !rest(PAUSE, is_called_off) {
                return (None, notes);
            }
            let mut verdict = None;
            if let Some(job) = &job {
                let said = ask(access, job);
                if let Some(said) = said.as_ref().filter(|said| !said.notes.is_empty()) {
                    notes.clone_from(&said.notes);
                }
                verdict = watch.heard(said.as_ref(), true, begun.elapsed());
            }
            let now = verdict.is_none().then(|| match self.until {
                Until::Done => watch.heard(ask(access, state).as_ref(), false, begun.elapsed()),
                Until::Added | Until::Removed => match fetch(access, FetchScope::Status) {
                    Ok(home) if !self.wants_more() => {
                        let moved = self.moved(before, &home).len();
                        watch.moved(moved, begun.elapsed())
                    }
                    // It may be starting anew, which is a part of it.
                    _ => watch.is_over(begun.elapsed()),
                },
            });
            if let Some(verdict) = verdict.or(now.flatten()) {
                return (Some(verdict), notes);
            }
        }
    }

    /// Whether it goes on after the first device.
    fn wants_more(&self) -> bool {
        let mut given = self.arguments.iter();
        given.any(|(name, value)| &**name == "Multiple" && &**value == "1")
    }

    /// The devices that came, or went.
    fn moved(&self, before: &Snapshot, after: &Snapshot) -> Vec<u32> {
        let (one, other) = match self.until {
            Until::Removed => (before, after),
            Until::Added | Until::Done => (after, before),
        };
        one.devices().filter(|device| !other.has(*device)).collect()
    }
}

/// The home, from an engine that may be about to start.
fn home(access: &LuupAccess, is_called_off: &dyn Fn() -> bool) -> Result<Snapshot, CommandOutcome> {
    let begun = Instant::now();
    loop {
        let found = fetch(access, FetchScope::Status);
        let found = found.and_then(|home| match home.has_variables() {
            true => Ok(home),
            // Nobody can tell yet which device is what.
            false => Err(LuupError::NoVariables),
        });
        match found {
            Ok(home) => return Ok(home),
            Err(error) if begun.elapsed() >= SILENCE => return Err(error.into()),
            Err(error) => log::debug!("{error}; asking again"),
        }
        if !rest(PAUSE, is_called_off) {
            return Err(CommandOutcome::error(
                "Error_Interrupted",
                "it was called off",
            ));
        }
    }
}

/// What the engine says; `None` where it says nothing.
fn ask(access: &LuupAccess, request: &str) -> Option<CommandAnswer> {
    let answer = LuupClient::new(access).and_then(|mut client| client.get(request));
    answer.ok().map(|answer| CommandAnswer::read(&answer))
}

/// Whether nobody called it off meanwhile.
fn rest(pause: Duration, is_called_off: &dyn Fn() -> bool) -> bool {
    let end = Instant::now() + pause;
    while Instant::now() < end {
        if is_called_off() {
            return false;
        }
        thread::sleep(NAP);
    }
    !is_called_off()
}

fn ended(verdict: CommandVerdict, notes: String) -> CommandOutcome {
    let (word, why) = match verdict {
        CommandVerdict::Done => (COMPLETE, ""),
        CommandVerdict::Failed => ("Error_Failed", "the engine could not do it"),
        CommandVerdict::TimeOver => ("Error_Timeout", "it was not done in time"),
        CommandVerdict::Restarted => ("Error_Interrupted", "the engine was started anew meanwhile"),
        CommandVerdict::Silent => ("Error_NoAnswer", "the engine does not answer any more"),
    };
    let message = match notes.is_empty() {
        true => why.to_owned(),
        false => notes,
    };
    CommandOutcome::error(word, message)
}
