//! The connection below HTTP: a TCP socket, perhaps with TLS in it, in the shape ureq wants.
//!
//! Head and body leave together in few writes, and the socket's time-outs are set only where they
//! have to be.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use nix::sys::socket::{MsgFlags, recv};
use openssl::ssl::{SslContext, SslStream};
use ureq::Error;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

use super::buffers::WireBuffers;
use super::error::HttpError;
use super::folds::unfold;
use super::names::bare_host;
use super::socket::{Deadline, Socket};
use super::stream::{Stream, TlsStream};
use super::tls::{self, KeptTls, UncheckedDates};
use super::watch::Watched;
use crate::base::config::TlsConfig;

/// What an answer may take beside its body, in bytes: its head, interim heads before it (RFC 9110
/// §15.2), chunk sizes and trailers (RFC 9112 §7.1), and what was read ahead.
const MAX_FRAMING_BYTES: usize = 128 * 1024;

/// What each byte of a body may take of it on top, in bytes: chunks of one byte take five.
const MAX_FRAMING_OF_A_BYTE: usize = 8;

/// What is to be sent is gathered up to here, then leaves in one write.
const GATHER_BYTES: usize = 32 * 1024;

/// What a client wants to know about its connections.
#[derive(Debug, Default)]
pub(super) struct Connections {
    opened: AtomicUsize,
    /// Where the first of them led.
    met_at: OnceLock<IpAddr>,
    /// Behind the request line of the next request.
    lines: Mutex<Vec<u8>>,
    /// Bytes of the answer that came, and those of them that its reader got as its body.
    received: AtomicUsize,
    delivered: AtomicUsize,
    unchecked: Mutex<Option<UncheckedDates>>,
}

impl Connections {
    /// How many were opened so far.
    pub fn opened(&self) -> usize {
        self.opened.load(Ordering::Relaxed)
    }

    /// Where the first one led.
    pub fn met_at(&self) -> Option<IpAddr> {
        self.met_at.get().copied()
    }

    /// The next answer is another one.
    pub fn expect_answer(&self) {
        self.received.store(0, Ordering::Relaxed);
        self.delivered.store(0, Ordering::Relaxed);
    }

    /// Whether a byte of it came.
    pub fn has_answered(&self) -> bool {
        self.received.load(Ordering::Relaxed) > 0
    }

    /// Its body had so many bytes up to now.
    pub fn deliver(&self, bytes: usize) {
        self.delivered.store(bytes, Ordering::Relaxed);
    }

    /// So many bytes of it came. What is neither body nor has an end is refused.
    fn receive(&self, bytes: usize) -> Result<(), Error> {
        let received = self.received.load(Ordering::Relaxed).saturating_add(bytes);
        self.received.store(received, Ordering::Relaxed);
        let body = self.delivered.load(Ordering::Relaxed);
        let framing = body.saturating_mul(1 + MAX_FRAMING_OF_A_BYTE);
        match received > framing.saturating_add(MAX_FRAMING_BYTES) {
            true => Err(Error::Other(Box::new(EndlessFraming))),
            false => Ok(()),
        }
    }

    /// The head of the request that goes out next gets these lines besides, each with its end.
    pub fn add_to_next_head(&self, lines: Vec<u8>) {
        *self.lines.lock().unwrap_or_else(PoisonError::into_inner) = lines;
    }

    fn take_lines(&self) -> Vec<u8> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut lines)
    }

    /// The dates of the certificates that were taken without looking at them.
    pub fn unchecked_dates(&self) -> Option<UncheckedDates> {
        let dates = self.unchecked.lock();
        dates.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn add_unchecked(&self, dates: UncheckedDates) {
        let mut all = self
            .unchecked
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *all = Some(match all.take() {
            None => dates,
            Some(others) => others.and(dates),
        });
    }
}

/// An answer that never comes to its body, or to its end after it.
#[derive(Debug)]
struct EndlessFraming;

impl fmt::Display for EndlessFraming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("its heads, chunk sizes or trailers do not end")
    }
}

impl std::error::Error for EndlessFraming {}

/// Opens connections.
pub(super) struct Opener {
    config: TlsConfig,
    check_dates: bool,
    kept: KeptTls,
    tls: OnceLock<SslContext>,
    connections: Arc<Connections>,
    watched: Watched,
}

impl Opener {
    pub fn new(
        config: TlsConfig,
        check_dates: bool,
        kept: KeptTls,
        connections: Arc<Connections>,
        watched: Watched,
    ) -> Self {
        Self {
            config,
            check_dates,
            kept,
            tls: OnceLock::new(),
            connections,
            watched,
        }
    }

    /// Whether a file changed is looked at once a client, and only for https.
    fn tls(&self) -> Result<&SslContext, Box<HttpError>> {
        if let Some(tls) = self.tls.get() {
            return Ok(tls);
        }
        let tls = self.kept.get(&self.config)?;
        Ok(self.tls.get_or_init(|| tls))
    }

    fn shake_hands(
        &self,
        tls: &SslContext,
        host: &str,
        authority: &str,
        socket: Socket,
    ) -> Result<SslStream<Socket>, Error> {
        let deadline = socket.deadline;
        let (stream, unchecked) = tls::shake_hands(tls, host, authority, self.check_dates, socket)
            .map_err(|error| match deadline.left() {
                Err(_) => Error::Timeout(deadline.reason),
                Ok(_) => other(error),
            })?;
        if let Some(dates) = unchecked {
            self.connections.add_unchecked(dates);
        }
        Ok(stream)
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opener")
    }
}

impl Connector<()> for Opener {
    type Out = Wire;

    fn connect(&self, details: &ConnectionDetails, _: Option<()>) -> Result<Option<Wire>, Error> {
        let authority = details
            .uri
            .authority()
            .map(ToString::to_string)
            .unwrap_or_default();
        let tls = if details.needs_tls() {
            Some(self.tls().map_err(other)?)
        } else {
            None
        };
        let deadline = Deadline::new(details.timeout);
        let socket = Socket::dial(&details.addrs, deadline, self.watched.clone())
            .map_err(|error| not_connected(error, deadline, &authority))?;
        let ends = socket.ends();
        if !self.watched.may_meet(ends) {
            return Err(other(refused(authority, ends)));
        }
        if let Some((_, theirs)) = ends {
            self.connections.met_at.get_or_init(|| theirs.ip());
        }
        self.watched.connected(socket.as_fd());
        let stream = match tls {
            None => Stream::Plain(socket),
            Some(tls) => {
                let host = bare_host(details.uri);
                Stream::Tls(TlsStream(self.shake_hands(tls, host, &authority, socket)?))
            }
        };
        self.connections.opened.fetch_add(1, Ordering::Relaxed);
        Ok(Some(Wire {
            stream,
            buffers: WireBuffers::default(),
            gathered: Vec::new(),
            fresh: false,
            in_head: true,
            has_served: false,
            connections: Arc::clone(&self.connections),
        }))
    }
}

/// Why there is no connection to `host`, for ureq and for [`Explanation`](super::error::Explanation).
pub(super) fn not_connected(error: io::Error, deadline: Deadline, host: &str) -> Error {
    match error.kind() {
        io::ErrorKind::TimedOut => Error::Timeout(deadline.reason),
        io::ErrorKind::Other => Error::Io(error),
        _ => Error::Other(Box::new(HttpError::Connect {
            host: host.to_owned(),
            why: error.to_string(),
        })),
    }
}

fn refused(host: String, ends: Option<(SocketAddr, SocketAddr)>) -> Box<HttpError> {
    Box::new(match ends {
        Some((_, theirs)) => HttpError::AddressRefused {
            host,
            address: theirs.ip(),
        },
        None => HttpError::Disconnected(host),
    })
}

fn other(error: Box<HttpError>) -> Error {
    Error::Other(error)
}

/// One connection.
pub(super) struct Wire {
    stream: Stream,
    buffers: WireBuffers,
    gathered: Vec<u8>,
    /// Whether input came that was looked at once at most.
    fresh: bool,
    /// Whether the head of the answer is still to come, or to end.
    in_head: bool,
    /// Whether an answer came by it.
    has_served: bool,
    connections: Arc<Connections>,
}

impl Wire {
    fn send_gathered(&mut self) -> io::Result<()> {
        let result = self.stream.write_all(&self.gathered);
        self.gathered.clear();
        result
    }

    /// Takes what comes of the answer. Where the server ended a kept connection in place of one, that
    /// is told as a reset if it did so before it had the request, so that nobody has read it.
    fn read(&mut self) -> io::Result<usize> {
        let read = self.stream.read(self.buffers.input_append_buf());
        let is_end = match &read {
            Ok(read) => *read == 0,
            Err(error) => error.kind() == io::ErrorKind::UnexpectedEof,
        };
        if !is_end || !self.has_served || self.connections.has_answered() {
            return read;
        }
        match self.stream.socket().is_refused() {
            true => Err(io::ErrorKind::ConnectionReset.into()),
            false => Ok(0),
        }
    }

    /// Sets the deadline for what follows, and translates a failure of it.
    fn within<T>(
        &mut self,
        timeout: NextTimeout,
        run: impl FnOnce(&mut Self) -> io::Result<T>,
    ) -> Result<T, Error> {
        let deadline = Deadline::new(timeout);
        self.stream.socket().deadline = deadline;
        run(self).map_err(|error| match error.kind() {
            // TLS wraps the socket's errors, so the clock is asked as well.
            _ if deadline.left().is_err() => Error::Timeout(deadline.reason),
            // ureq takes a reset for the end of a body that ends with the connection: it would be
            // cut short unnoticed.
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::UnexpectedEof => Error::Io(io::ErrorKind::BrokenPipe.into()),
            _ => Error::Io(error),
        })
    }
}

impl Transport for Wire {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let output = self.buffers.output().get(..amount).unwrap_or_default();
        // What goes out first begins with the request line, whole.
        let lines = self.connections.take_lines();
        let first = output.iter().position(|byte| *byte == b'\n');
        let at = first.filter(|_| !lines.is_empty()).map_or(0, |at| at + 1);
        let (before, behind) = output.split_at_checked(at).unwrap_or((output, &[]));
        for part in [before, &lines, behind] {
            self.gathered.extend_from_slice(part);
        }
        if self.gathered.len() < GATHER_BYTES {
            return Ok(());
        }
        self.within(timeout, Self::send_gathered)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        // A refusal that comes in place of "100 Continue" is looked at by who waits for that, and
        // left to who reads answers; ureq 3.5 forgets that it is there. So what came is shown
        // twice before more is waited for.
        if std::mem::take(&mut self.fresh) && !self.buffers.input().is_empty() {
            return Ok(true);
        }
        let read = self.within(timeout, |wire| {
            if !wire.gathered.is_empty() {
                wire.send_gathered()?;
            }
            wire.read()
        })?;
        self.in_head |= !self.connections.has_answered();
        self.connections.receive(read)?;
        self.buffers.input_appended(read);
        if self.in_head {
            self.in_head = !unfold(self.buffers.unread());
            self.has_served |= !self.in_head;
        }
        self.fresh = read > 0;
        Ok(read > 0)
    }

    /// Between exchanges nothing may come: neither bytes, nor an end, nor an error.
    fn is_open(&mut self) -> bool {
        let socket = self.stream.socket().as_raw_fd();
        let peeked = recv(
            socket,
            &mut [0],
            MsgFlags::MSG_PEEK | MsgFlags::MSG_DONTWAIT,
        );
        peeked == Err(nix::errno::Errno::EAGAIN)
    }

    fn is_tls(&self) -> bool {
        matches!(self.stream, Stream::Tls(_))
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}
