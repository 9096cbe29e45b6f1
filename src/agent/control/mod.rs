//! The control socket, through which `cwmpd get`, `set`, `status` and the like speak with the
//! running agent. Only its owner may open it (mode 0600).
//!
//! [`Request`] is what can be asked, `protocol` how it goes over the socket, `server` the agent's
//! end, which never waits for a peer, [`ask`] the other end.

mod client;
mod protocol;
mod request;
mod server;

pub use client::{AskError, ask};
pub use protocol::{escape, escape_name};
pub use request::{Command, LocalTransfer, Request, read_command};
pub(super) use server::Server;

/// The socket's name in the run folder.
pub(super) const SOCKET: &str = "control.sock";
