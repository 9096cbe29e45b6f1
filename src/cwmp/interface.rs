//! What passes between the engine and the agent.

use std::fmt;
use std::time::Duration;

use super::acs_call::CallOutcome;
use super::event::EventCode;
use super::intent::Intent;
use super::post::Post;
use super::software::DuTask;
use super::status::Outcome;
use super::transfer::TransferOrder;
use crate::base::config::{IdentityOptions, LinkConfig};
use crate::base::secret::Secret;
use crate::datamodel::model::{Model, PendingWrite, SetError};
use crate::soap::{DeviceId, TransferFault};

/// The boot of the box that the program runs in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Boot {
    /// A text that no other boot of the box has.
    pub id: String,
    /// The ACS has heard of it: only the program restarted, and there is no `1 BOOT`.
    pub told: bool,
    /// What an earlier run of the program in this boot gave last by
    /// [`Engine::line_to_keep`](crate::cwmp::Engine::line_to_keep).
    pub kept: Option<String>,
}

/// What is configured outside the data model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineOptions {
    /// The `SessionTimeout` header of Inform; at least 30 s are said.
    pub session_timeout: Duration,
    /// The first session after a boot comes after a random time, this at most.
    pub boot_delay: Duration,
    /// A periodic inform with a phase comes up to this after its instant.
    pub periodic_spread: Duration,
    /// Ask the ACS for its methods in the session that delivers `0 BOOTSTRAP`; they are logged.
    pub ask_acs_methods: bool,
    /// How the ACS is reached.
    pub link: LinkConfig,
    /// What of the identity the operator set.
    pub identity: IdentityOptions,
}

/// What the engine asks of the box while it answers the ACS.
pub trait Host {
    /// Whether the box has the programs that carry this out.
    ///
    /// # Errors
    /// It has not: a sentence that says what is missing.
    fn can(&self, intent: &Intent) -> Result<(), String>;

    /// Whether the box can install, update and remove software.
    ///
    /// # Errors
    /// It cannot: a sentence that says why. ChangeDUState is then none of its methods.
    fn can_change_units(&self) -> Result<(), String>;

    /// The UCI packages that were changed since the last call and whose services are to be told.
    fn touched(&mut self) -> Vec<String>;

    /// Whether the box can do this, as far as that is known before a byte was moved: there is a way,
    /// a place, and room. `model` tells what the number of a file stands for.
    ///
    /// # Errors
    /// It cannot: the fault of the RPC that asks for it, with a sentence of the reason.
    fn accepts(&self, order: &TransferOrder, model: &mut Model) -> Result<(), TransferFault>;

    /// Whether nobody uses the box at present, so that an interruption of its service is borne
    /// (`3 When Idle`, A.4.1.8).
    fn is_idle(&self) -> bool;
}

/// Where a session goes, by the settings of its beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// `ManagementServer.URL`.
    pub url: String,
    /// `ManagementServer.Username`.
    pub username: String,
    /// `ManagementServer.Password`.
    pub password: Secret,
    /// TLS and time-outs.
    pub link: LinkConfig,
    /// Whether the dates of the ACS's certificate count.
    pub check_dates: bool,
}

/// What the agent brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Open a session: after [`Engine::poll`](crate::cwmp::Engine::poll) said so.
    Start,
    /// The answer to the last POST, after authentication and redirects.
    Reply {
        /// HTTP status.
        status: u16,
        /// The body as text; empty if there is none.
        body: String,
    },
    /// What came of [`Output::Write`]: all values are taken, or none and why, with the path of the
    /// value as it was given.
    Written(Result<(), SetError>),
    /// What [`Output::TakeBack`] asked for is done, as far as it can be.
    TakenBack,
    /// No answer: no connection, TLS refused, authentication failed, timed out.
    TransportError(String),
    /// No answer, since the ACS closed the connection on a whole request: what some do with a CWMP
    /// version they do not know (TR-069 §3.7.4).
    Dropped(String),
}

/// What the agent is to do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// A session begins: send this there, and bring the reply.
    Open(Box<Contact>, Post),
    /// Send this, and bring the reply.
    Post(Post),
    /// The ACS waits: have these values taken where they belong, all or none, and bring
    /// [`Input::Written`]. If the session ends before that, nobody waits for them any more, and they
    /// are not to be.
    Write(Vec<PendingWrite>),
    /// The rest of the change could not be made: have taken back what was taken, and bring
    /// [`Input::TakenBack`].
    TakeBack,
    /// The session is over: close the connection.
    End(Outcome),
}

/// What the agent is to do besides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// The ACS knows of this boot: from now on a restart of the program is none ([`Boot::told`]).
    BootDelivered,
    /// An ACS knows the box by this from now on: it is what `DeviceInfo` is to say.
    IdentityTold(DeviceId),
    /// [`Engine::settings`](crate::cwmp::Engine::settings) may be others now.
    SettingsApplied,
    /// Carry this out, and tell by [`Engine::ended`](crate::cwmp::Engine::ended) how that ended.
    CarryOut(Intent),
    /// Carry this operation of a ChangeDUState out, and tell by
    /// [`Engine::unit_changed`](crate::cwmp::Engine::unit_changed) what came of it. One at a time.
    ChangeUnit {
        /// The number of the change: its name, never used again.
        change: u32,
        /// Which operation of it, from 0.
        operation: u32,
        /// What is to be done.
        task: DuTask,
    },
    /// The program or the box went down while this was carried out: tell by
    /// [`Engine::unit_changed`](crate::cwmp::Engine::unit_changed) what became of it, and do nothing
    /// that was not done.
    JudgeUnit {
        /// The number of the change.
        change: u32,
        /// Which operation of it, from 0.
        operation: u32,
        /// What was to be done.
        task: DuTask,
    },
    /// Move the file, from its server into the transfer's own file or from there to the server, and
    /// tell by [`Engine::moved`](crate::cwmp::Engine::moved). Once more after a restart of the
    /// program: what was moved already may be gone on with.
    Move(TransferOrder),
    /// Put in force what was moved, and tell by
    /// [`Engine::installed`](crate::cwmp::Engine::installed). Never during a session, and one at a
    /// time.
    Install(TransferOrder),
    /// The box came up after it had been told to install this: tell by
    /// [`Engine::installed`](crate::cwmp::Engine::installed) what became of it.
    Judge(TransferOrder),
    /// What is on trial failed it: bring back what it replaced, and tell by
    /// [`Engine::rolled_back`](crate::cwmp::Engine::rolled_back).
    RollBack(TransferOrder),
    /// The transfer is over, or passed its trial: its files can go.
    Settle(u32),
    /// The transfer is called off: its job is to stop, and its files can go. Nothing is told.
    Abandon(u32),
    /// What became of the call that [`Engine::call_acs`](crate::cwmp::Engine::call_acs) gave this
    /// number: the text is foreign. Kicked has the URL that the browser goes to, RequestDownload
    /// nothing.
    CallEnded(u32, CallOutcome),
}

/// The engine's answer to an [`Input`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The next message, or the end.
    pub output: Output,
    /// In the order in which they are to be done.
    pub actions: Vec<Action>,
}

/// Why [`Engine::inform`](crate::cwmp::Engine::inform) refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InformError {
    /// CWMP is disabled, or there is no ACS URL.
    NoAcs,
    /// The event has a cause of its own and is not raised by hand.
    NotByHand(EventCode),
    /// The box is to reboot, as the ACS ordered.
    GoingDown,
    /// Firmware or a configuration is being installed.
    Installing,
}

impl fmt::Display for InformError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAcs => f.write_str(
                "there is no ACS: set cwmpd.acs.url (ManagementServer.URL), and cwmpd.cpe.enable to 1",
            ),
            Self::NotByHand(event) => write!(
                f,
                "{event} cannot be raised by hand; {} and {} can",
                EventCode::Periodic,
                EventCode::ConnectionRequest
            ),
            Self::GoingDown => f.write_str(
                "the box is about to reboot, as the ACS ordered; should it not, sessions go on",
            ),
            Self::Installing => f.write_str(
                "firmware or a configuration is being installed; sessions go on afterwards",
            ),
        }
    }
}

impl std::error::Error for InformError {}
