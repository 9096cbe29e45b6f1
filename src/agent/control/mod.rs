//! The control socket, through which `cwmpd get`, `set`, `status` and the like speak with the
//! running agent. Only its owner may open it (mode 0600).
//!
//! [`protocol`] is what is said, `server` the agent's end, which never waits for a peer, [`ask`]
//! the other end.

mod client;
pub mod protocol;
mod server;

pub use client::{AskError, ask};
pub use protocol::{Request, escape};
pub(super) use server::Server;

/// The socket's name in the run folder.
const NAME: &str = "control.sock";
