//! Why the agent cannot start or go on.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::jobs::MAX_GIVEN_UP;

/// An error that ends the program.
#[derive(Debug)]
pub enum AgentError {
    /// Another agent holds the run folder.
    Running {
        /// The folder.
        dir: PathBuf,
        /// What that agent wrote of itself.
        pid: String,
    },
    /// A file or folder cannot be used.
    File {
        /// Which.
        path: PathBuf,
        /// What was tried, as a verb: `create`, `lock`, `listen on`.
        verb: &'static str,
        /// Why not.
        error: io::Error,
    },
    /// A folder of the agent's own is not safe: other users could stop the agent, or read what it
    /// keeps.
    Unsafe {
        /// Which.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        why: &'static str,
    },
    /// A file is there and cannot be read now: a sentence.
    Unreadable(String),
    /// The data model cannot be loaded.
    Model(String),
    /// The system refuses something that every Linux has.
    System {
        /// What was asked for.
        what: &'static str,
        /// Why not.
        error: io::Error,
    },
    /// More threads hang than the agent can go on with.
    Stuck,
}

impl fmt::Display for AgentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Running { dir, pid } => write!(
                f,
                "another cwmpd (process {pid}) runs with the folder {}; stop it first, or give \
                 another folder by -r",
                dir.display()
            ),
            Self::File { path, verb, error } => {
                write!(f, "cannot {verb} {}: {error}", path.display())
            }
            Self::Unsafe { path, why } => write!(f, "{}: {why}", path.display()),
            Self::Model(why) | Self::Unreadable(why) => f.write_str(why),
            Self::System { what, error } => write!(f, "the system gives no {what}: {error}"),
            Self::Stuck => write!(
                f,
                "more than {MAX_GIVEN_UP} threads hang (the log says at what); start the agent anew"
            ),
        }
    }
}

impl std::error::Error for AgentError {}
