//! The user's end of the control socket.

use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::SOCKET;
use super::protocol::{read_answer, write_request};
use super::request::Request;
use super::server::ANSWER_PATIENCE;

/// How long the agent may take beyond what its answer may take.
const SLACK: Duration = Duration::from_secs(30);

/// Why there is no answer.
#[derive(Debug)]
pub enum AskError {
    /// No agent listens there.
    NotRunning {
        /// The socket.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The conversation broke off.
    Broken(String),
    /// The agent refuses, with this sentence.
    Refused(String),
}

impl fmt::Display for AskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRunning { path, error } => write!(
                f,
                "no agent answers at {} ({error}): does it run, with this run folder (-r), \
                 and are you its user?",
                path.display()
            ),
            Self::Broken(why) => write!(f, "the agent's answer broke off: {why}"),
            Self::Refused(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for AskError {}

/// Asks the agent whose run folder is `run_dir`; the answer's text.
pub fn ask(run_dir: &Path, request: &Request) -> Result<String, AskError> {
    let path = run_dir.join(SOCKET);
    let mut stream =
        UnixStream::connect(&path).map_err(|error| AskError::NotRunning { path, error })?;
    let answer = talk(&mut stream, request).map_err(|e| AskError::Broken(e.to_string()))?;
    match read_answer(&answer) {
        Some(answer) => answer.map_err(AskError::Refused),
        None => Err(AskError::Broken("it is not complete".to_owned())),
    }
}

fn talk(stream: &mut UnixStream, request: &Request) -> io::Result<String> {
    stream.set_read_timeout(Some(ANSWER_PATIENCE.saturating_add(SLACK)))?;
    stream.set_write_timeout(Some(SLACK))?;
    stream.write_all(write_request(request).as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
