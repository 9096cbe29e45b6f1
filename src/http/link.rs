//! A connection for another protocol than HTTP, over the same sockets, with the same proof of who the
//! server is.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::Duration;

use nix::sys::socket::{setsockopt, sockopt};

use super::client::TimeLimits;
use super::connection::not_connected;
use super::error::{ExchangePhase, Explanation, HttpError};
use super::names;
use super::socket::{Deadline, Socket};
use super::stream::{Stream, TlsStream};
use super::tls::{self, KeptTls, UncheckedDates};
use super::watch::{ExchangeWatch, Watched};
use crate::base::config::TlsConfig;

/// What a link has of TLS.
#[derive(Clone, Debug)]
pub struct LinkTls {
    /// What is trusted, and who we are.
    pub config: TlsConfig,
    /// What a client before has left of it.
    pub kept: KeptTls,
    /// Whether the dates of certificates count, see [`HttpSettings`](super::HttpSettings).
    pub check_dates: bool,
}

/// A connection to one server. A read never waits: poll its descriptor, once a read has said
/// [`io::ErrorKind::WouldBlock`]. Dropping it closes it.
pub struct ServerLink {
    stream: Stream,
    host: String,
}

impl ServerLink {
    /// The addresses of a host, one at least and 16 at most.
    ///
    /// # Errors
    /// [`HttpError::Resolve`], [`HttpError::Timeout`], or [`HttpError::Interrupted`] by the watch,
    /// which is asked every quarter of a second.
    pub fn look_up(
        host: &str,
        port: u16,
        limit: Duration,
        watch: Arc<dyn ExchangeWatch>,
    ) -> Result<Vec<SocketAddr>, Box<HttpError>> {
        let deadline = Deadline::to_connect(limit);
        names::look_up(host, port, deadline, &Watched(Some(watch)))
            .map_err(|error| explanation(host, limit).of(error))
    }

    /// Connects to one of the addresses of `host`. The watch has its say now, and whenever the link
    /// waits for the other side.
    ///
    /// # Errors
    /// [`HttpError::Connect`], and as [`ServerLink::look_up`].
    pub fn dial(
        host: &str,
        addresses: &[SocketAddr],
        limit: Duration,
        watch: Arc<dyn ExchangeWatch>,
    ) -> Result<Self, Box<HttpError>> {
        let deadline = Deadline::to_connect(limit);
        let mut socket = Socket::dial(addresses, deadline, Watched(Some(watch)))
            .map_err(|error| explanation(host, limit).of(not_connected(error, deadline, host)))?;
        // The system's own look after a line on which nothing is said, every two hours.
        let _ = setsockopt(&socket, sockopt::KeepAlive, &true);
        socket.waits = false;
        Ok(Self {
            stream: Stream::Plain(socket),
            host: host.to_owned(),
        })
    }

    /// Goes on with TLS, once the server has proven to be `domain`; the dates that were not looked
    /// at.
    ///
    /// # Errors
    /// What [`HttpError`] has for TLS, time limit and watch. The link is closed then.
    pub fn secure(
        self,
        domain: &str,
        settings: &LinkTls,
        limit: Duration,
    ) -> Result<(Self, Option<UncheckedDates>), Box<HttpError>> {
        let Self { stream, host } = self;
        let context = settings.kept.get(&settings.config)?;
        let Stream::Plain(mut socket) = stream else {
            return Err(HttpError::Setup("it has TLS already".into()).into());
        };
        let deadline = Deadline::to_connect(limit);
        (socket.deadline, socket.waits) = (deadline, true);
        let check_dates = settings.check_dates;
        let shaken = tls::shake_hands(&context, domain, domain, check_dates, socket);
        let (mut stream, dates) = shaken.map_err(|error| match deadline.left() {
            Err(_) => explanation(&host, limit).of(ureq::Error::Timeout(deadline.reason)),
            Ok(_) => error,
        })?;
        stream.get_mut().waits = false;
        let stream = Stream::Tls(TlsStream(stream));
        Ok((Self { stream, host }, dates))
    }

    /// The box's own address on it.
    pub fn own_address(&self) -> Option<IpAddr> {
        let ends = match &self.stream {
            Stream::Plain(socket) => socket.ends(),
            Stream::Tls(stream) => stream.0.get_ref().ends(),
        };
        ends.map(|(ours, _)| ours.ip())
    }

    /// Takes what is there; nothing at the end.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`]: there is nothing now. All else ends the link.
    pub fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.read(buffer)
    }

    /// Sends all, within the time limit.
    ///
    /// # Errors
    /// The link is broken, the other side takes nothing, or the watch ended it.
    pub fn write_all(&mut self, bytes: &[u8], limit: Duration) -> io::Result<()> {
        self.stream.socket().deadline = Deadline::to_connect(limit);
        self.stream.write_all(bytes)
    }
}

fn explanation(host: &str, limit: Duration) -> Explanation {
    Explanation {
        host: host.to_owned(),
        limits: TimeLimits {
            connect: limit,
            response: limit,
            exchange: limit,
            deadline: None,
        },
        whole: (ExchangePhase::Exchange, limit),
    }
}

impl AsFd for ServerLink {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.stream {
            Stream::Plain(socket) => socket.as_fd(),
            Stream::Tls(stream) => stream.0.get_ref().as_fd(),
        }
    }
}

impl fmt::Debug for ServerLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerLink({})", self.host)
    }
}
