//! The agent: the one place that waits.
//!
//! [`run`] starts it and returns when SIGTERM or SIGINT ends it. Inside, `poll_loop` owns all
//! state: engine, data model, sockets, timers. Whatever blocks is one of the `jobs`, each on a
//! thread of its own, which reports whatever happens to it; the job of a session (`session`) lives
//! as long as the session. So nothing needs a lock, a connection request is answered while an ACS
//! hangs, and an idle agent has one thread and wakes for due timers only.
//!
//! * `start` puts the agent together, from the configuration, `patience` waits meanwhile for files that
//!   cannot be read.
//! * `parts` is what the loop waits for: `signals`, `watch`, `jobs`, [`control`], the listeners for
//!   connection requests over HTTP and UDP, the lines to gateways and to the server of XMPP, `ubus`,
//!   `timers`.
//! * `answers` serves the user of the box, `by_hand` has the ACS asked for him, `local_transfers` moves
//!   files for him; `orders` does to the box what the ACS asks, `luup` fetches from and writes to Luup.
//! * `transfers` moves files in and out, and has them put in force; `software` does the same with
//!   packages and services.
//! * `ubus` is the agent on OpenWrt's bus: its object `tr069`.
//! * `diagnostics` finds out for the ACS what the box can reach.
//! * `fetch` waits for what rows show of Luup and of the bus.
//! * `source` tells the data model of the agent itself, `clocks` of the time; `identity` notices a box
//!   that is not the one that the ACS knows.
//! * `discovery` finds the ACS by DHCP; `ways` is how the ACS reaches the box.
//! * `offline` is what is done by hand with the files: `cwmpd check`, `cwmpd luup`.
//! * `own_config` is the agent's own package, `/etc/config/cwmpd`, also while that is damaged; `newer`
//!   tells of files of a newer package that wait beside edited ones.
//! * `watch` notices edits, new addresses and a clock that is set; `changes` acts on them, and keeps
//!   storms of them short; `settings` follows the configuration, `look` finds values that differ.
//! * `trouble` is what does not work at present, `error` why the agent cannot start or go on.
//! * `run_dir` keeps a second agent away, knows whether the box or only the program restarted, and
//!   keeps what the next run has to know.
//! * `logger` writes the log.
//!
//! What is said with the ACS is not decided here but in [`crate::cwmp`] (TR-069 §3).

mod answers;
mod by_hand;
mod changes;
mod clocks;
pub mod control;
mod diagnostics;
mod discovery;
mod error;
mod fetch;
mod identity;
mod jobs;
mod local_transfers;
mod logger;
mod look;
mod luup;
mod newer;
mod offline;
mod orders;
mod own_config;
mod parts;
mod patience;
mod poll_loop;
mod run_dir;
mod session;
mod settings;
mod signals;
mod software;
mod source;
mod start;
mod timers;
mod transfers;
mod trouble;
mod ubus;
mod watch;
mod ways;

pub use error::AgentError;
pub use jobs::Conditions;
#[cfg(feature = "luup")]
pub use luup::HomeFrom;
#[cfg(feature = "luup")]
pub use offline::map_home;
pub use offline::{check, log_to_console, read_config};
pub use source::VERSION;
pub use start::Folders;

/// Runs the agent until SIGTERM or SIGINT. SIGHUP makes it read its configuration again.
///
/// # Errors
/// It cannot start or go on, with the reason for the user.
pub fn run(folders: Folders) -> Result<(), AgentError> {
    logger::log_panics();
    run_under(folders, Conditions::default()).inspect_err(logger::tell_end)
}

/// The same with jobs that a test disturbs.
pub fn run_under(folders: Folders, conditions: Conditions) -> Result<(), AgentError> {
    match start::start(folders, conditions)? {
        Some(mut agent) => agent.run(),
        None => Ok(()),
    }
}
