//! One peer of the listener.

use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::AsRawFd as _;
use std::time::Duration;

use nix::errno::Errno;
use nix::libc::linger;
use nix::sys::socket::{MsgFlags, recv, send, setsockopt, sockopt};

use super::head::{self, Head, HeadReading, MAX_HEAD};
use super::origins::{Origin, origin_of};

/// How long a peer may take from its connect to its end, however many requests it sends.
const PATIENCE: Duration = Duration::from_secs(5);

/// Requests on one connection: the first, its repetition with credentials, and some to spare.
const MAX_REQUESTS: u8 = 4;

/// What is read and thrown away of a peer that goes on sending after its last answer.
const MAX_DRAIN: usize = 64 * 1024;

/// A connected peer.
pub(super) struct Connection {
    /// The later it came, the higher.
    pub number: u64,
    stream: TcpStream,
    pub peer: SocketAddr,
    pub origin: Origin,
    pub since: Duration,
    pub stage: PeerStage,
    /// Its place does not ask for more than an ACS does.
    pub is_modest: bool,
    /// A head so far.
    partial: Vec<u8>,
    requests: u8,
}

/// How far a peer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PeerStage {
    /// It has not sent a whole request.
    Stranger,
    /// It knows the path, and has a challenge to answer.
    Challenged,
    /// It has its last answer, and goes on sending: so much may still come. Closing at once would
    /// reset the connection under the answer.
    Draining(usize),
}

/// What a peer sent.
pub(super) enum PeerInput<'a> {
    /// A request; another one may follow on the connection or not.
    Request(&'a Head<'a>, bool),
    /// No HTTP.
    Malformed,
    TooLong,
}

/// What a peer gets.
pub(super) enum PeerAnswer {
    /// An answer, after which another request may follow.
    Challenge(String),
    /// The last answer.
    Last(String),
    /// None: the connection is reset.
    Nothing,
}

/// What becomes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It stays: more is to come.
    Stays,
    /// Nothing more is to be said, or can be.
    Over,
    /// The peer closed it before it had sent a whole request.
    Unasked,
}

impl Connection {
    pub(super) fn new(number: u64, stream: TcpStream, peer: SocketAddr, now: Duration) -> Self {
        Self {
            number,
            stream,
            peer,
            origin: origin_of(peer.ip()),
            since: now,
            stage: PeerStage::Stranger,
            is_modest: true,
            partial: Vec::new(),
            requests: 0,
        }
    }

    pub(super) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    pub(super) fn deadline(&self) -> Duration {
        self.since.saturating_add(PATIENCE)
    }

    /// Reads what there is, without waiting, and has `answer` say what to each request.
    pub(super) fn serve(&mut self, mut answer: impl FnMut(&PeerInput<'_>) -> PeerAnswer) -> Fate {
        let mut bytes = [0; MAX_HEAD];
        if let PeerStage::Draining(left) = self.stage {
            return self.drain(left, &mut bytes);
        }
        let held = self.partial.len().min(MAX_HEAD);
        let (head, room) = bytes.split_at_mut(held);
        head.copy_from_slice(self.partial.get(..held).unwrap_or_default());
        let got = match self.receive(room) {
            Got::Bytes(got) => got,
            Got::Nothing => return Fate::Stays,
            Got::End if self.requests == 0 => return Fate::Unasked,
            Got::End => return Fate::Over,
        };
        let mut rest = bytes.get(..held.saturating_add(got)).unwrap_or_default();
        loop {
            let (reply, used, has_more) = match head::read(rest) {
                HeadReading::Partial => {
                    // The only memory that a peer gets.
                    self.partial = rest.to_vec();
                    return Fate::Stays;
                }
                HeadReading::Whole(head, used) => {
                    self.requests = self.requests.saturating_add(1);
                    let may_go_on = head.keep_alive && self.requests < MAX_REQUESTS;
                    let reply = answer(&PeerInput::Request(&head, may_go_on));
                    (reply, used, head.has_body || used < rest.len())
                }
                HeadReading::Malformed => (answer(&PeerInput::Malformed), rest.len(), true),
                HeadReading::TooLong => (answer(&PeerInput::TooLong), rest.len(), true),
            };
            match reply {
                PeerAnswer::Challenge(text) if self.send(&text) => {
                    self.stage = PeerStage::Challenged;
                    rest = rest.get(used..).unwrap_or_default();
                }
                PeerAnswer::Last(text) if self.send(&text) => return self.finish(has_more),
                PeerAnswer::Nothing => {
                    self.reset();
                    return Fate::Over;
                }
                // Its buffer is full: it does not read.
                PeerAnswer::Challenge(_) | PeerAnswer::Last(_) => return Fate::Over,
            }
        }
    }

    /// Closes without an answer and without anything left behind in the kernel.
    pub(super) fn reset(&self) {
        let at_once = linger {
            l_onoff: 1,
            l_linger: 0,
        };
        let _ = setsockopt(&self.stream, sockopt::Linger, &at_once);
    }

    /// After the last answer.
    fn finish(&mut self, has_more: bool) -> Fate {
        if !has_more || self.stream.shutdown(Shutdown::Write).is_err() {
            return Fate::Over;
        }
        self.partial = Vec::new();
        self.stage = PeerStage::Draining(MAX_DRAIN);
        Fate::Stays
    }

    fn drain(&mut self, left: usize, bytes: &mut [u8]) -> Fate {
        match self.receive(bytes) {
            Got::Bytes(got) if got < left => {
                self.stage = PeerStage::Draining(left.saturating_sub(got));
                Fate::Stays
            }
            Got::Nothing => Fate::Stays,
            Got::Bytes(_) | Got::End => Fate::Over,
        }
    }

    fn receive(&self, into: &mut [u8]) -> Got {
        let received = recv(self.stream.as_raw_fd(), into, MsgFlags::MSG_DONTWAIT);
        match received {
            Ok(0) => Got::End,
            Ok(got) => Got::Bytes(got),
            // Tried again when the descriptor is ready, which it is.
            Err(Errno::EAGAIN | Errno::EINTR) => Got::Nothing,
            Err(_) => Got::End,
        }
    }

    /// Whether all of an answer could be sent: it fits the empty buffer of any socket.
    fn send(&self, text: &str) -> bool {
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
        send(self.stream.as_raw_fd(), text.as_bytes(), flags) == Ok(text.len())
    }
}

enum Got {
    Bytes(usize),
    /// Not yet.
    Nothing,
    /// Never again.
    End,
}
