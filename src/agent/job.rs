//! Jobs: whatever blocks, on a thread of its own.
//!
//! A job owns nothing but its input. Its result comes back to the loop through a channel, and an
//! eventfd wakes the loop for it. There is no pool: when nothing blocks there is no thread.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use nix::sys::eventfd::{EfdFlags, EventFd};

use super::error::AgentError;

/// The stack of a job. A TLS handshake, the deepest of them, needs less than half of it.
const STACK: usize = 256 * 1024;

/// Where jobs report to.
pub(super) struct Jobs<T> {
    bell: Arc<EventFd>,
    sender: Sender<T>,
    receiver: Receiver<T>,
}

/// A job's way back to the loop.
pub(super) struct Report<T> {
    bell: Arc<EventFd>,
    sender: Sender<T>,
}

impl<T> Report<T> {
    /// Hands a result to the loop. A loop that is gone does not mind.
    pub(super) fn send(&self, result: T) {
        if self.sender.send(result).is_ok() {
            // Fails only when the counter is full: the loop is awake then.
            let _ = self.bell.write(1);
        }
    }
}

impl<T: Send + 'static> Jobs<T> {
    pub(super) fn new() -> Result<Self, AgentError> {
        let flags = EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC;
        let bell = EventFd::from_flags(flags).map_err(|e| AgentError::System {
            what: "eventfd",
            error: e.into(),
        })?;
        let (sender, receiver) = channel();
        Ok(Self {
            bell: Arc::new(bell),
            sender,
            receiver,
        })
    }

    /// Starts a job. `name` is what `ps -T` shows.
    pub(super) fn start(
        &self,
        name: &'static str,
        job: impl FnOnce(Report<T>) + Send + 'static,
    ) -> io::Result<()> {
        let report = Report {
            bell: Arc::clone(&self.bell),
            sender: self.sender.clone(),
        };
        thread::Builder::new()
            .name(name.to_owned())
            .stack_size(STACK)
            .spawn(move || job(report))
            .map(drop)
    }

    /// Ready for input when there may be results.
    pub(super) fn descriptor(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }

    /// Stops the bell.
    pub(super) fn heard(&self) {
        let _ = self.bell.read();
    }

    /// The next result, if one is there.
    pub(super) fn next(&self) -> Option<T> {
        self.receiver.try_recv().ok()
    }
}
