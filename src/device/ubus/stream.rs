//! The socket of ubusd: bytes in and out, without waiting.

use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::PollFlags;
use nix::sys::socket::sockopt::PeerCredentials;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, getsockopt, socket};
use nix::unistd::{Uid, User, geteuid};

use super::limits::{
    MAX_MESSAGE_PATIENCE, MAX_MESSAGES, MAX_SENT_BYTES, MAX_UNSENT_BYTES, MAX_UNSENT_PATIENCE,
};
use super::message::frame_length;

/// What is read at a time.
const CHUNK: usize = 4096;

/// The most that is read before others have their turn, in chunks.
const MAX_READS: usize = 16;

/// The largest buffer that is kept for the next messages.
const KEPT_BYTES: usize = 16 * 1024;

/// Whom OpenWrt runs ubusd as, beside root.
const UBUS_USER: &str = "ubus";

/// A connection, of which nobody knows yet whether ubusd is at its other end.
///
/// Descriptors that a peer passes along are of no use here and are dropped by the kernel, since they are
/// read by `read`, without room for them (unix(7)).
pub(super) struct UbusStream {
    stream: UnixStream,
    received: Vec<u8>,
    unsent: Vec<u8>,
    /// When bytes came last.
    heard: Duration,
    /// When bytes went last, or there were none to send.
    sent: Duration,
}

impl UbusStream {
    /// Connects at once or not at all: to a socket at which nobody takes connections the system would
    /// wait for ever.
    pub(super) fn open(path: &Path, now: Duration) -> io::Result<Self> {
        let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
        let socket = socket(AddressFamily::Unix, SockType::Stream, flags, None)?;
        connect(socket.as_raw_fd(), &UnixAddr::new(path)?)?;
        check_listener(getsockopt(&socket, PeerCredentials)?.uid())?;
        Ok(Self {
            stream: UnixStream::from(socket),
            received: Vec::new(),
            unsent: Vec::new(),
            heard: now,
            sent: now,
        })
    }

    /// What to wait for.
    pub(super) fn descriptor(&self) -> (BorrowedFd<'_>, PollFlags) {
        let mut flags = PollFlags::empty();
        flags.set(PollFlags::POLLIN, !self.is_choked() && !self.has_message());
        flags.set(PollFlags::POLLOUT, !self.unsent.is_empty());
        (self.stream.as_fd(), flags)
    }

    /// When there is work though the descriptor is not ready: at once for a message that is there,
    /// else where the rest of one, or room for what is to be sent, has not come in time.
    pub(super) fn deadline(&self) -> Option<Duration> {
        match self.is_choked() {
            true => Some(self.sent.saturating_add(MAX_UNSENT_PATIENCE)),
            false if self.has_message() => Some(Duration::ZERO),
            false => self.rest_is_due(),
        }
    }

    fn rest_is_due(&self) -> Option<Duration> {
        let has_begun = !self.received.is_empty() && !self.has_message();
        has_begun.then(|| self.heard.saturating_add(MAX_MESSAGE_PATIENCE))
    }

    /// Nothing is taken while so much waits to be sent: a burst of calls is answered as fast as ubusd
    /// takes the answers, and the rest waits with it.
    fn is_choked(&self) -> bool {
        self.unsent.len() > MAX_SENT_BYTES
    }

    /// Whether the first message that came is there whole, or is none.
    fn has_message(&self) -> bool {
        match frame_length(&self.received) {
            Ok(Some(length)) => self.received.len() >= length,
            Ok(None) => false,
            Err(_) => true,
        }
    }

    /// Sends, now or when there is room. An error is the end of the connection: a sentence.
    pub(super) fn send(&mut self, bytes: &[u8], now: Duration) -> Result<(), String> {
        self.unsent.extend(bytes);
        self.flush(now)?;
        match self.unsent.len() {
            ..=MAX_UNSENT_BYTES => Ok(()),
            _ => Err("ubusd does not read".to_owned()),
        }
    }

    fn flush(&mut self, now: Duration) -> Result<(), String> {
        let mut sent = 0;
        while let Some(rest) = self.unsent.get(sent..).filter(|rest| !rest.is_empty()) {
            match self.stream.write(rest) {
                Ok(written) => sent += written,
                Err(e) if is_later(&e) => break,
                Err(e) => return Err(closed(&e)),
            }
        }
        self.unsent.drain(..sent);
        if sent > 0 || self.unsent.is_empty() {
            self.sent = now;
        }
        Ok(())
    }

    /// Reads and writes what can be; gives the next messages that are there whole to `take`. An error
    /// is the end of the connection: a sentence.
    pub(super) fn work(
        &mut self,
        now: Duration,
        take: &mut dyn FnMut(&[u8]),
    ) -> Result<(), String> {
        self.flush(now)?;
        if self.is_choked() {
            return match self.sent.saturating_add(MAX_UNSENT_PATIENCE) <= now {
                true => Err("ubusd does not read".to_owned()),
                false => Ok(()),
            };
        }
        let end = match self.has_message() {
            true => Ok(()),
            false => self.read(now),
        };
        let mut taken = 0;
        for _ in 0..MAX_MESSAGES {
            let rest = self.received.get(taken..).unwrap_or_default();
            let length = frame_length(rest);
            let Some(length) = length.map_err(|e| format!("what comes is not ubus: {e}"))? else {
                break;
            };
            let Some(message) = rest.get(..length) else {
                break;
            };
            take(message);
            taken += length;
        }
        self.received.drain(..taken);
        if self.received.is_empty() && self.received.capacity() > KEPT_BYTES {
            self.received = Vec::new();
        }
        if self.rest_is_due().is_some_and(|due| due <= now) {
            return Err("a message does not end".to_owned());
        }
        end
    }

    fn read(&mut self, now: Duration) -> Result<(), String> {
        let mut chunk = [0; CHUNK];
        for _ in 0..MAX_READS {
            match self.stream.read(&mut chunk) {
                Ok(0) => return Err("ubusd closed the connection".to_owned()),
                Ok(got) => {
                    self.received.extend(chunk.iter().take(got));
                    self.heard = now;
                }
                Err(e) if is_later(&e) => break,
                Err(e) => return Err(closed(&e)),
            }
        }
        Ok(())
    }
}

fn is_later(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, WouldBlock};
    matches!(error.kind(), WouldBlock | Interrupted)
}

/// A peer that goes leaves a reset where it had not read everything.
fn closed(error: &io::Error) -> String {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::ECONNRESET | Errno::EPIPE) => "ubusd closed the connection".to_owned(),
        _ => format!("the connection broke: {error}"),
    }
}
/// Whoever may write to the folder of the socket could listen there in ubusd's place, be told what
/// the agent asks, and answer for every object.
fn check_listener(uid: u32) -> io::Result<()> {
    let is_ubusd = || {
        let user = User::from_name(UBUS_USER).ok().flatten();
        user.is_some_and(|user| user.uid.as_raw() == uid)
    };
    match uid == 0 || uid == geteuid().as_raw() || is_ubusd() {
        true => Ok(()),
        false => {
            let name = User::from_uid(Uid::from_raw(uid)).ok().flatten();
            let who = name.map_or_else(|| format!("user {uid}"), |user| user.name);
            let why = format!("who listens there is {who}, not root or {UBUS_USER}");
            Err(io::Error::new(io::ErrorKind::PermissionDenied, why))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever may write to the folder of a socket that the configuration names.
    #[test]
    fn b20_who_poses_as_ubusd_is_not_talked_to() {
        for trusted in [0, geteuid().as_raw()] {
            assert!(check_listener(trusted).is_ok(), "{trusted}");
        }
        let refusal = check_listener(4_000_000).unwrap_err();
        assert_eq!(refusal.kind(), io::ErrorKind::PermissionDenied);
        let why = refusal.to_string();
        assert!(why.contains("user 4000000, not root or ubus"), "{why}");
    }
}
