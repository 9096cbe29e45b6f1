//! The CWMP engine, sans-IO: sessions, RPCs, events, retry and schedule (TR-069 §3, Annex A).
//!
//! [`Engine`] decides when a session opens ([`Engine::poll`], [`Engine::next_wakeup`]) and leads it
//! ([`Engine::handle`]: a reply in, a POST out). It reads no clock, opens no socket and touches no
//! file: the time is an argument, what must survive a reboot are records of the data model, what the
//! box can do it asks a [`Host`], and what is to be done to it are [`Action`]s, of which
//! [`Engine::ended`] hears how they ended. So years of its life are tested in milliseconds.
//!
//! | file | duty |
//! |---|---|
//! | `engine` | the parts put together: from a due timer to the end of a session |
//! | `session` | one session: whose turn it is, what a reply means (§3.7.1) |
//! | `post`, `budget` | what goes out; how much one session may take |
//! | `offer` | the version of the Inform (§3.7.4) |
//! | `identity`, `inform`, `inform_parameter` | who the box is, and what its Inform says (A.3.3.1) |
//! | `event`, `queue` | the events and their rules of delivery, retry and discard (§3.7.1.5) |
//! | `due`, `calm`, `retry`, `periodic`, `schedule` | when to open a session (§3.2.1) |
//! | `rpc` | the RPCs that the ACS calls |
//! | `intent` | what they promised for later |
//! | `acs_call` | what somebody on the box has the ACS asked (A.4.2.1, A.4.2.2) |
//! | `transfer`, `receipt` | the files that come and go; how long ago they were ordered |
//! | `software` | the packages that do, by ChangeDUState (A.4.1.10) |
//! | `fault`, `limits` | refusals of the data model as fault codes (A.5); how long a message may be |
//! | `interface` | what passes between the engine and the agent |
//! | `told` | what the ACS was told of where the box is reached |
//! | `settings`, `record`, `status`, `rng` | what it reads, keeps, tells and draws |
//!
//! Not here: HTTP with its authentication, cookies and redirects (`acs`), connection requests
//! (`connreq`), the bytes of files, diagnostics.

mod acs_call;
mod budget;
mod calm;
mod due;
mod engine;
mod event;
mod fault;
mod identity;
mod inform;
mod inform_parameter;
mod intent;
mod interface;
mod limits;
mod offer;
mod periodic;
mod post;
mod queue;
mod receipt;
mod record;
mod retry;
mod rng;
mod rpc;
mod schedule;
mod session;
mod settings;
mod software;
mod status;
mod told;
mod transfer;

#[cfg(feature = "inside")]
pub use acs_call::AcsCallError;
pub use acs_call::{AcsCall, CallOutcome};
pub use engine::Engine;
pub use event::EventCode;
pub use identity::told as told_identity;
pub use intent::Intent;
pub use interface::{Action, Boot, Contact, EngineOptions, Host, Input, Output};
#[cfg(feature = "inside")]
pub use interface::{InformError, Step};
pub use post::{Post, PostKind};
#[cfg(feature = "inside")]
pub use rpc::METHODS;
pub use settings::{Settings, StunWish};
pub use software::{DuKind, DuOutcome, DuTask};
#[cfg(any(feature = "inside", feature = "ubus"))]
pub use status::Outcome;
#[cfg(feature = "inside")]
pub use status::{EngineStatus, LastSession, NextSession, SessionCause, SessionCount};
#[cfg(feature = "inside")]
pub use told::ToldValue;
#[cfg(feature = "inside")]
pub use transfer::Completion;
pub use transfer::{
    Direction, FileType, Installed, Moved, TransferOrder, TransferOrigin, TransferStage,
    TransferStatus,
};
