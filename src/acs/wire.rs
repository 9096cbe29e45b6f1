//! The connection below HTTP: a TCP socket, perhaps with TLS in it, in the shape ureq wants.
//!
//! ureq's own would do but for four things. It sends head and body in separate packets; here they
//! leave together. It cannot demand TLS 1.2. It looks the host up, on a new thread, for every
//! request; here once a session. And it sets the socket's time-outs anew for every read.

use super::error::LinkError;
use super::names::bare_host;
use super::socket::{Limit, Socket};
use super::tls;
use crate::base::config::LinkConfig;
use nix::sys::socket::{MsgFlags, recv};
use openssl::ssl::{SslContext, SslStream};
use std::fmt;
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use ureq::Error;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport,
};

/// Room for one read, and for the head of an answer.
pub(super) const BUFFER_BYTES: usize = 16 * 1024;

/// What is to be sent is gathered up to here, then leaves in one write.
const GATHER_BYTES: usize = 32 * 1024;

/// What the link wants to know about its connections.
#[derive(Debug, Default)]
pub(super) struct Counters {
    /// Connections opened so far.
    pub opened: AtomicUsize,
    /// Whether a byte came since this was last cleared.
    pub received: AtomicBool,
}

/// Opens connections to the ACS.
pub(super) struct Opener {
    config: LinkConfig,
    clock_is_set: bool,
    tls: OnceLock<SslContext>,
    counters: Arc<Counters>,
}

impl Opener {
    pub fn new(config: LinkConfig, clock_is_set: bool, counters: Arc<Counters>) -> Self {
        Self {
            config,
            clock_is_set,
            tls: OnceLock::new(),
            counters,
        }
    }

    /// Reading the trusted roots costs time: done once a session, and only for https.
    fn tls(&self) -> Result<&SslContext, LinkError> {
        if let Some(tls) = self.tls.get() {
            return Ok(tls);
        }
        let tls = tls::context(&self.config, self.clock_is_set)?;
        Ok(self.tls.get_or_init(|| tls))
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
        let limit = Limit::new(details.timeout);
        let socket = Socket::dial(&details.addrs, limit).map_err(|error| match error.kind() {
            io::ErrorKind::TimedOut => Error::Timeout(limit.reason),
            _ => other(LinkError::Connect {
                host: authority.clone(),
                why: error.to_string(),
            }),
        })?;
        let stream = match tls {
            None => Stream::Plain(socket),
            Some(tls) => {
                let host = bare_host(details.uri);
                Stream::Tls(shake_hands(tls, host, &authority, socket)?)
            }
        };
        self.counters.opened.fetch_add(1, Ordering::Relaxed);
        Ok(Some(Wire {
            stream,
            buffers: LazyBuffers::new(BUFFER_BYTES, BUFFER_BYTES),
            gathered: Vec::new(),
            counters: Arc::clone(&self.counters),
        }))
    }
}

fn shake_hands(
    tls: &SslContext,
    host: &str,
    authority: &str,
    socket: Socket,
) -> Result<SslStream<Socket>, Error> {
    let limit = socket.limit;
    let mut stream = tls::stream(tls, host, socket).map_err(other)?;
    match stream.connect() {
        Ok(()) => Ok(stream),
        Err(_) if limit.left().is_err() => Err(Error::Timeout(limit.reason)),
        Err(error) => {
            let host = authority.to_owned();
            Err(other(tls::handshake_error(host, &error, stream.ssl())))
        }
    }
}

fn other(error: LinkError) -> Error {
    Error::Other(Box::new(error))
}

enum Stream {
    Plain(Socket),
    Tls(SslStream<Socket>),
}

impl Stream {
    fn socket(&mut self) -> &mut Socket {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(stream) => stream.get_mut(),
        }
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.write_all(bytes),
            Self::Tls(stream) => stream.write_all(bytes),
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

/// One connection.
pub(super) struct Wire {
    stream: Stream,
    buffers: LazyBuffers,
    gathered: Vec<u8>,
    counters: Arc<Counters>,
}

impl Wire {
    fn send_gathered(&mut self) -> io::Result<()> {
        let result = self.stream.write_all(&self.gathered);
        self.gathered.clear();
        result
    }

    /// Sets the limit for what follows, and translates a failure of it.
    fn within<T>(
        &mut self,
        timeout: NextTimeout,
        run: impl FnOnce(&mut Self) -> io::Result<T>,
    ) -> Result<T, Error> {
        let limit = Limit::new(timeout);
        self.stream.socket().limit = limit;
        run(self).map_err(|error| match error.kind() {
            // TLS wraps the socket's errors, so the clock is asked as well.
            _ if limit.left().is_err() => Error::Timeout(limit.reason),
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
        self.gathered.extend_from_slice(output);
        if self.gathered.len() < GATHER_BYTES {
            return Ok(());
        }
        self.within(timeout, Self::send_gathered)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let read = self.within(timeout, |wire| {
            if !wire.gathered.is_empty() {
                wire.send_gathered()?;
            }
            wire.stream.read(wire.buffers.input_append_buf())
        })?;
        if read > 0 {
            self.counters.received.store(true, Ordering::Relaxed);
        }
        self.buffers.input_appended(read);
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

impl Drop for Wire {
    /// Says goodbye, so that the ACS does not log a cut connection.
    fn drop(&mut self) {
        if let Stream::Tls(stream) = &mut self.stream {
            let _ = stream.shutdown();
        }
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}
