//! The changes of software that ChangeDUState orders (TR-069 A.4.1.10).
//!
//! A [`Change`] is one request, with its [`Operation`]s in their order; it is a record of the store
//! from before its response until the ACS has answered its completion. Operations are carried out one
//! at a time, by the agent, and each may be cut off: the box is then asked what became of it.
//!
//! | file | duty |
//! |---|---|
//! | `task` | what passes between the engine and the agent |
//! | `operation`, `change`, `queue`, `written` | how far each is, and their records |
//! | `result` | what the ACS is told of an operation |
//! | `announcement` | what it is told of software that it did not order (A.4.2.4) |
//!
//! What is done with them when is in `engine`, how a request is read in `rpc`.

mod announcement;
mod change;
mod operation;
mod queue;
mod result;
mod task;
mod written;

pub use announcement::{Announcements, is_wanted};
pub use change::Change;
pub use operation::Operation;
pub use queue::{ChangeQueue, MAX_CHANGES, MAX_OPERATIONS};
pub use result::{MAX_VERSION, complete_one, failed, fault, time};
pub use task::{DuKind, DuOutcome, DuTask};

use crate::soap::CwmpVersion;

/// The first version of CWMP with these messages (TR-069 Amendment 3).
pub const SOFTWARE_SINCE: CwmpVersion = CwmpVersion::V1_2;

#[cfg(test)]
mod tests;
