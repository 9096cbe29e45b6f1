//! The start while a file is there and cannot be read: too many files open, no memory, a medium that
//! fails now and then. It is no first start, no boot and no loss of events, and so it is waited for.
//!
//! Meanwhile no session is opened and no file touched; SIGTERM ends the agent, `cwmpd status` says
//! what it waits for. After [`LONGEST_WAIT`] it starts without what it cannot read, which is kept: a
//! box whose flash is broken for good must be reachable for its ACS, which is then told the truth by
//! `0 BOOTSTRAP`, if it is the state.

use std::io;
use std::path::Path;
use std::time::Duration;

use super::clocks::uptime;
use super::control::{Request, Server};
use super::error::AgentError;
use super::parts::{self, Part};
use super::signals::{Signals, Wish};
use super::timers::{LoopTimer, Timers};
use crate::base::backoff::Backoff;
use crate::base::file;
use crate::datamodel::csv::{self, Trailer};
use crate::datamodel::row::Row;
use crate::datamodel::store::MAX_FILE_BYTES;

/// How long a file that cannot be read is waited for.
const LONGEST_WAIT: Duration = Duration::from_secs(600);

/// From one attempt to the next.
const PAUSES: Backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(8));

/// Whether there is time left to wait for a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// Who cannot read a file fails.
    Left,
    /// It does without.
    Over,
}

impl Patience {
    /// Reads a file of the run folder, or another that is small; `None` where there is none. What is
    /// longer than `limit` is none of ours.
    ///
    /// # Errors
    /// `Unreadable`, while patience is left.
    pub(super) fn read(self, path: &Path, limit: usize) -> Result<Option<Vec<u8>>, AgentError> {
        match file::read(path, limit) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => {
                let why = format!("cannot read {}: {error}", path.display());
                match self {
                    Self::Left if error.kind() != io::ErrorKind::FileTooLarge => {
                        Err(AgentError::Unreadable(why))
                    }
                    _ => {
                        log::warn!("{why}; going on without");
                        Ok(None)
                    }
                }
            }
        }
    }

    /// The same as text.
    ///
    /// # Errors
    /// As [`Patience::read`].
    pub(super) fn read_text(self, path: &Path, limit: usize) -> Result<Option<String>, AgentError> {
        let bytes = self.read(path, limit)?;
        Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// The rows of a file in the format of the state files. One that was not written whole has none.
    ///
    /// # Errors
    /// As [`Patience::read`].
    pub(super) fn read_state(self, path: &Path) -> Result<Option<Vec<Row>>, AgentError> {
        let bytes = self.read(path, MAX_FILE_BYTES)?;
        Ok(bytes.map(|bytes| {
            let parsed = csv::parse_kept(&bytes);
            let rows = parsed.rows.into_iter().map(|(_, row)| row);
            rows.filter(|_| parsed.trailer == Trailer::Good).collect()
        }))
    }
}

/// The parts that work during the wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WaitingPart {
    Signals,
    Control,
    Timers,
}

/// Tries until all can be read, or that is to be done without; `None` where SIGTERM came first.
///
/// # Errors
/// That of `attempt`, unless it is `Unreadable` and patience was left.
pub(super) fn wait_for<T>(
    signals: &Signals,
    control: &mut Server,
    mut attempt: impl FnMut(Patience) -> Result<T, AgentError>,
) -> Result<Option<T>, AgentError> {
    let begin = uptime();
    let mut backoff = PAUSES;
    let mut patience = Patience::Left;
    loop {
        let why = match attempt(patience) {
            Err(AgentError::Unreadable(why)) if patience == Patience::Left => why,
            done => return done.map(Some),
        };
        let waited = uptime().saturating_sub(begin);
        if waited >= LONGEST_WAIT {
            let waited = waited.as_secs();
            log::error!("{why}, for {waited} s now; starting without what cannot be read");
            patience = Patience::Over;
            continue;
        }
        let longest = LONGEST_WAIT.as_secs();
        let told = format!(
            "{why}; no session is opened, and this is tried again, for {longest} s at most"
        );
        log::error!("{told}");
        if !rest(backoff.pause(), &told, signals, control)? {
            return Ok(None);
        }
    }
}

/// Serves signals and the user of the box until the pause is over; `false` where the agent is to
/// end.
fn rest(
    pause: Duration,
    why: &str,
    signals: &Signals,
    control: &mut Server,
) -> Result<bool, AgentError> {
    let mut timers = Timers::default();
    timers.due_by(LoopTimer::Mend, uptime().saturating_add(pause));
    loop {
        let parts: [(WaitingPart, &dyn Part); 3] = [
            (WaitingPart::Signals, signals),
            (WaitingPart::Control, &*control),
            (WaitingPart::Timers, &timers),
        ];
        for part in parts::wait(&parts, uptime)? {
            match part {
                WaitingPart::Signals if signals.work().contains(&Wish::Stop) => return Ok(false),
                WaitingPart::Signals => {}
                WaitingPart::Control => {
                    for (client, request) in control.work(uptime()) {
                        let answer = match request {
                            Request::Status => Ok(format!("waiting:       {why}\n")),
                            _ => Err(format!("the agent is not up yet: {why}")),
                        };
                        control.answer(client, answer, uptime());
                    }
                }
                WaitingPart::Timers if !timers.work(uptime()).is_empty() => return Ok(true),
                WaitingPart::Timers => {}
            }
        }
    }
}
