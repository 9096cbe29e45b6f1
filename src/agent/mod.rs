//! The agent: the one place that waits.
//!
//! [`run`] starts it and returns when SIGTERM or SIGINT ends it. Inside, `poll_loop` owns all
//! state: engine, data model, sockets, timers. Whatever blocks is a `job` on a thread of its own,
//! whose result comes back through a channel and an eventfd; a session's thread (`session`) lives
//! as long as the session. So nothing needs a lock, a connection request is answered while an ACS
//! hangs, and an idle agent has one thread and wakes for due timers only.
//!
//! * `start` puts the parts together, from the configuration.
//! * `answers` and [`control`] serve the user of the box.
//! * `farewell` does to the box what the ACS asks, `household` fetches from and writes to Luup.
//! * `source` tells the data model of the agent itself, `clocks` of the time.
//! * `watch` notices edits, new addresses and a clock that is set; `changes` acts on them.
//! * `live` remembers what the ACS heard of values that never touch flash.
//! * `run_dir` keeps a second agent away and knows whether the box or only the program restarted.
//! * `logger` writes the log.
//!
//! What is said with the ACS is not decided here but in [`crate::cwmp`] (TR-069 §3).

mod answers;
mod changes;
mod clocks;
pub mod control;
mod error;
mod farewell;
mod household;
mod job;
mod live;
mod logger;
mod poll_loop;
mod run_dir;
mod session;
mod source;
mod start;
mod watch;

pub use error::AgentError;
pub use source::VERSION;
pub use start::{Options, bad_rows, log_to_console, read_config};

/// Runs the agent until SIGTERM or SIGINT. SIGHUP makes it read its configuration again.
///
/// # Errors
/// It cannot start, with the reason for the user.
pub fn run(options: Options) -> Result<(), AgentError> {
    start::start(options)?.run()
}
