//! What passes between the engine and the agent.

use std::fmt;
use std::time::Duration;

use super::event::EventCode;
use super::post::Post;
use super::status::Outcome;

/// How the program came up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Boot {
    /// With the box, or before the ACS has heard of the box's boot.
    Reboot,
    /// Only the program restarted: no `1 BOOT`.
    Restart,
}

/// What is configured outside the data model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The `SessionTimeout` header of Inform; at least 30 s are said.
    pub session_timeout: Duration,
    /// Ask the ACS for its methods in the session that delivers `0 BOOTSTRAP`; they are logged.
    pub ask_acs_methods: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            session_timeout: Duration::from_secs(60),
            ask_acs_methods: false,
        }
    }
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
    /// No answer: no connection, TLS refused, authentication failed, timed out.
    TransportError(String),
    /// No answer, since the ACS closed the connection on a whole request: what some do with a CWMP
    /// version they do not know (TR-069 §3.7.4).
    Dropped(String),
}

/// What the agent is to do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send this, and bring the reply.
    Post(Post),
    /// The session is over: close the connection.
    End(Outcome),
}

/// What the agent is to do besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Reboot the box: the session is over.
    Reboot,
    /// Reset to factory state and reboot: the session is over.
    FactoryReset,
    /// The ACS changed parameters or objects: read the agent's own settings again.
    Reconfigure,
    /// The ACS knows of this boot: from now on a restart of the program is [`Boot::Restart`].
    BootDelivered,
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
}

impl fmt::Display for InformError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAcs => f.write_str(
                "there is no ACS: set ManagementServer.URL, and ManagementServer.EnableCWMP to true",
            ),
            Self::NotByHand(event) => write!(
                f,
                "{event} cannot be raised by hand; {} and {} can",
                EventCode::Periodic,
                EventCode::ConnectionRequest
            ),
        }
    }
}

impl std::error::Error for InformError {}
