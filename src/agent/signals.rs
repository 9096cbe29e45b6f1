//! The signals of procd and of whoever types `kill`, as a part of the loop.

use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::Duration;

use nix::libc;
use nix::poll::PollFlags;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use super::error::AgentError;
use super::parts::Part;

/// What is listened for. Of each kind one waits at most: the kernel keeps no more.
const SIGNALS: [Signal; 3] = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP];

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// SIGHUP: read the configuration again.
    Reload,
    /// SIGTERM, SIGINT: end.
    Stop,
}

/// The signals that the loop takes.
pub(super) struct Signals(SignalFd);

impl Signals {
    /// Blocks them in this thread and in those that it starts, so that none of them ends the
    /// program; they wait here.
    pub(super) fn take() -> Result<Self, AgentError> {
        let failed = |errno: nix::errno::Errno| AgentError::System {
            what: "signalfd",
            error: errno.into(),
        };
        let mut signals = SigSet::empty();
        for signal in SIGNALS {
            signals.add(signal);
        }
        signals.thread_block().map_err(failed)?;
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        SignalFd::with_flags(&signals, flags)
            .map(Self)
            .map_err(failed)
    }

    /// What the signals that came ask for. Those that come while they are read have their turn
    /// later: whoever sends without end does not hold the loop.
    pub(super) fn work(&self) -> Vec<Wish> {
        let came = SIGNALS.iter().map_while(|_| self.0.read_signal().ok()?);
        let wish = |signo| match i32::try_from(signo) {
            Ok(libc::SIGHUP) => Wish::Reload,
            _ => Wish::Stop,
        };
        came.map(|signal| wish(signal.ssi_signo)).collect()
    }
}

impl Part for Signals {
    fn descriptors(&self) -> Vec<(BorrowedFd<'_>, PollFlags)> {
        vec![(self.0.as_fd(), PollFlags::POLLIN)]
    }

    fn deadline(&self) -> Option<Duration> {
        None
    }
}
