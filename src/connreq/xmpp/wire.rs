//! A stream over a link: stanzas as they come, within bounds of time and of work.

use std::io;
use std::net::IpAddr;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::end::XmppEnd;
use super::line::XmppLine;
use super::splitter::{Splitter, StreamPiece};
use super::stanza::StreamHeader;
use crate::base::bucket::{Bucket, Rate};
use crate::http::{LinkTls, ServerLink, UncheckedDates};

/// Bytes that are read at once.
const READ_BYTES: usize = 4096;

/// Reads: 64 at once, 50 a second. What a server sends beyond that waits on its side.
const READS: Rate = Rate {
    burst: 64,
    interval: Duration::from_millis(20),
};

/// How long a stanza may take to come.
const STANZA_LIMIT: Duration = Duration::from_secs(60);

/// How long the server may take nothing of what is sent.
const WRITE_LIMIT: Duration = Duration::from_secs(30);

/// The same for the last words: whoever closed the connection waits for them.
const PARTING_LIMIT: Duration = Duration::from_secs(1);

/// What came first.
pub(super) enum Came {
    /// A stanza within its stream, for [`parse`](super::stanza::parse).
    Stanza(String),
    /// Orders on the line.
    Called,
    /// The time.
    Due,
}

/// A stream over a link.
pub(super) struct StanzaWire<'a> {
    link: ServerLink,
    line: &'a XmppLine,
    splitter: Splitter,
    header: Option<StreamHeader>,
    input: Vec<u8>,
    /// What of `input` was taken.
    taken: usize,
    /// When the server was heard last.
    pub heard: Instant,
    began: Instant,
    reads: Bucket,
    /// Since when the piece comes that has not ended.
    inside_since: Option<Instant>,
}

impl<'a> StanzaWire<'a> {
    pub fn new(link: ServerLink, line: &'a XmppLine) -> Self {
        let now = Instant::now();
        Self {
            link,
            line,
            splitter: Splitter::default(),
            header: None,
            input: Vec::with_capacity(READ_BYTES),
            taken: 0,
            heard: now,
            began: now,
            reads: Bucket::default(),
            inside_since: None,
        }
    }

    /// A new stream begins over the same link: from now on the server has to begin as well.
    ///
    /// # Errors
    /// It has said more already, which belongs to no stream. Before TLS somebody else may have put
    /// it there.
    pub fn restart(&mut self) -> Result<(), XmppEnd> {
        if self.taken < self.input.len() {
            return Err(XmppEnd::NoXmpp("it goes on before the stream begins anew"));
        }
        (self.splitter, self.header) = (Splitter::default(), None);
        Ok(())
    }

    /// The same over TLS, once the server has proven to be `domain`.
    pub fn secure(
        mut self,
        domain: &str,
        tls: &LinkTls,
        limit: Duration,
    ) -> Result<(Self, Option<UncheckedDates>), XmppEnd> {
        self.restart()?;
        match self.link.secure(domain, tls, limit) {
            Ok((link, dates)) => Ok((Self::new(link, self.line), dates)),
            Err(_) if self.line.is_closed() => Err(XmppEnd::Closed),
            Err(error) => Err(XmppEnd::NoLink(error)),
        }
    }

    /// The box's own address on it.
    pub fn own_address(&self) -> Option<IpAddr> {
        self.link.own_address()
    }

    /// Sends words.
    pub fn send(&mut self, words: &str) -> Result<(), XmppEnd> {
        let sent = self.link.write_all(words.as_bytes(), WRITE_LIMIT);
        sent.map_err(|error| self.broken(&error))
    }

    /// Tells the server that this is the end (RFC 6120 §4.4), and does not wait for its answer.
    pub fn part(&mut self) {
        self.line.part();
        let _ = self.link.write_all(b"</stream:stream>", PARTING_LIMIT);
    }

    /// Waits for a stanza, an order, or this instant. Messages and presences are passed over.
    pub fn next(&mut self, until: Instant) -> Result<Came, XmppEnd> {
        loop {
            if self.line.was_called() {
                return Ok(Came::Called);
            }
            if let Some(stanza) = self.stanza()? {
                return Ok(Came::Stanza(stanza));
            }
            let now = Instant::now();
            if now >= until {
                return Ok(Came::Due);
            }
            let until = match self.splitter.is_inside() {
                false => until,
                true => {
                    let since = *self.inside_since.get_or_insert(now);
                    let end = since + STANZA_LIMIT;
                    if now >= end {
                        return Err(XmppEnd::NoXmpp("a stanza has no end"));
                    }
                    until.min(end)
                }
            };
            let pause = self.reads.wait(READS, now - self.began);
            if !pause.is_zero() {
                self.wait(until.min(now + pause), false)?;
            } else if !self.read(now)? {
                self.wait(until, true)?;
            }
        }
    }

    /// The next stanza of what was read.
    fn stanza(&mut self) -> Result<Option<String>, XmppEnd> {
        loop {
            let mut rest = self.input.get(self.taken..).unwrap_or_default();
            let piece = self.splitter.next(&mut rest);
            self.taken = self.input.len() - rest.len();
            let Some(piece) = piece? else {
                return Ok(None);
            };
            self.inside_since = None;
            match (piece, &self.header) {
                (StreamPiece::Opened(tag), _) => {
                    self.header = Some(StreamHeader::read(tag).map_err(XmppEnd::NoXmpp)?);
                }
                (StreamPiece::Stanza(stanza), Some(header)) if !is_passed_over(&stanza) => {
                    let stanza = header.around(&stanza);
                    if stanza.is_some() {
                        return Ok(stanza);
                    }
                }
                (StreamPiece::Stanza(_), _) => {}
                (StreamPiece::Ended, _) => return Err(XmppEnd::Ended),
            }
        }
    }

    /// Reads what is there; whether there was something.
    fn read(&mut self, now: Instant) -> Result<bool, XmppEnd> {
        self.input.resize(READ_BYTES, 0);
        let read = self.link.read(&mut self.input);
        self.input.truncate(*read.as_ref().unwrap_or(&0));
        self.taken = 0;
        match read {
            Ok(0) => Err(XmppEnd::Ended),
            Ok(_) => {
                self.reads.take(READS, now - self.began);
                self.heard = now;
                Ok(true)
            }
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock => Ok(false),
                io::ErrorKind::Interrupted => Ok(true),
                _ => Err(self.broken(&error)),
            },
        }
    }

    /// Waits for an order, for the link too if `for_link`, or for this instant.
    fn wait(&self, until: Instant, for_link: bool) -> Result<(), XmppEnd> {
        // Rounded up: what is left of a millisecond is none for poll.
        let left = until.saturating_duration_since(Instant::now()) + Duration::from_millis(1);
        let left = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        let mut both = [
            PollFd::new(self.line.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.link.as_fd(), PollFlags::POLLIN),
        ];
        let looked_at = both.split_at_mut(if for_link { 2 } else { 1 }).0;
        match poll(looked_at, left) {
            Ok(_) if both.first().and_then(PollFd::any).unwrap_or(false) => {
                self.line.wake();
                Ok(())
            }
            Ok(_) | Err(Errno::EINTR) => Ok(()),
            Err(error) => Err(self.broken(&error.into())),
        }
    }

    fn broken(&self, error: &io::Error) -> XmppEnd {
        match self.line.is_closed() {
            true => XmppEnd::Closed,
            false => XmppEnd::Broken(error.to_string()),
        }
    }
}

/// Nobody reads what people write to a box; that is not even looked at.
fn is_passed_over(stanza: &[u8]) -> bool {
    stanza.starts_with(b"<message") || stanza.starts_with(b"<presence")
}
