//! A port that is to be open: taken, given back, or tried again until it can be taken.

use std::io;
use std::time::Duration;

/// After a port could not be taken, until the next attempt.
const RETRY: Duration = Duration::from_secs(5);

/// A port for sockets of kind `S`.
pub(super) struct Port<S> {
    /// What comes by it, for the log.
    purpose: &'static str,
    /// Makes the socket, and says which port it has.
    bind: fn(u16) -> io::Result<(S, u16)>,
    wanted: u16,
    state: PortState<S>,
}

enum PortState<S> {
    Closed,
    Open { socket: S, number: u16 },
    Failed { retry_at: Duration },
}

impl<S> Port<S> {
    /// One that is closed until [`Port::open`]; `wanted` 0 is one that the system chooses.
    pub(super) fn new(
        purpose: &'static str,
        wanted: u16,
        bind: fn(u16) -> io::Result<(S, u16)>,
    ) -> Self {
        Self {
            purpose,
            bind,
            wanted,
            state: PortState::Closed,
        }
    }

    /// The port that it is for, open or not.
    pub(super) fn wanted(&self) -> u16 {
        self.wanted
    }

    /// The port that is open.
    pub(super) fn number(&self) -> Option<u16> {
        match self.state {
            PortState::Open { number, .. } => Some(number),
            _ => None,
        }
    }

    /// The socket, while the port is open.
    pub(super) fn socket(&self) -> Option<&S> {
        match &self.state {
            PortState::Open { socket, .. } => Some(socket),
            _ => None,
        }
    }

    /// When [`Port::retry`] has something to do.
    pub(super) fn deadline(&self) -> Option<Duration> {
        match self.state {
            PortState::Failed { retry_at } => Some(retry_at),
            _ => None,
        }
    }

    /// Takes the port, unless it has it. Where that fails the log has it, once until it succeeds.
    pub(super) fn open(&mut self, now: Duration) {
        if self.socket().is_some() {
            return;
        }
        let (purpose, wanted) = (self.purpose, self.wanted);
        match (self.bind)(wanted) {
            Ok((socket, number)) => {
                log::info!("listening for {purpose} on port {number}");
                self.state = PortState::Open { socket, number };
            }
            Err(e) => {
                if self.deadline().is_none() {
                    let pause = RETRY.as_secs();
                    log::error!("port {wanted} for {purpose}: {e}; trying again every {pause} s");
                }
                self.try_again(now);
            }
        }
    }

    /// Tries again where that is due.
    pub(super) fn retry(&mut self, now: Duration) {
        if self.deadline().is_some_and(|at| at <= now) {
            self.open(now);
        }
    }

    /// Gives the port back.
    pub(super) fn close(&mut self) {
        self.state = PortState::Closed;
    }

    /// Gives it back for a while, after an error that is not of a single peer: the socket would stay
    /// ready, and the loop busy.
    pub(super) fn fail(&mut self, error: &io::Error, now: Duration) {
        let (purpose, pause) = (self.purpose, RETRY.as_secs());
        log::error!("port for {purpose}: {error}; closed for {pause} s");
        self.try_again(now);
    }

    fn try_again(&mut self, now: Duration) {
        let retry_at = now.saturating_add(RETRY);
        self.state = PortState::Failed { retry_at };
    }
}
