//! The address of a server: looked up once a client, so that a session stays with one machine.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::mpsc;
use std::sync::{Mutex, PoisonError};
use std::{io, thread};

use nix::poll::PollFlags;
use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::http::uri::Scheme;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use super::error::HttpError;
use super::socket::{Deadline, is_ready};
use super::watch::Watched;

/// How many addresses of a host are tried: as many as ureq has room for.
const MAX_ADDRESSES: usize = 16;

/// Finds addresses, and remembers the last host's.
#[derive(Debug, Default)]
pub(super) struct Names {
    watched: Watched,
    last: Mutex<Option<(Uri, ResolvedSocketAddrs)>>,
}

impl Resolver for Names {
    fn resolve(
        &self,
        uri: &Uri,
        _: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let same =
            |known: &Uri| known.authority() == uri.authority() && known.scheme() == uri.scheme();
        if let Some((_, addresses)) = last.as_ref().filter(|(known, _)| same(known)) {
            return Ok(addresses.clone());
        }
        let found = self.find(uri, timeout)?;
        *last = Some((uri.clone(), found.clone()));
        Ok(found)
    }
}

impl Names {
    /// Looks names up as long as the watch lets it.
    pub fn new(watched: Watched) -> Self {
        Self {
            watched,
            last: Mutex::default(),
        }
    }

    fn find(&self, uri: &Uri, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let is_secure = uri.scheme() == Some(&Scheme::HTTPS);
        let default = if is_secure { 443 } else { 80 };
        let port = uri.port_u16().unwrap_or(default);
        let deadline = Deadline::new(timeout);
        let mut found = self.empty();
        let addresses = look_up(bare_host(uri), port, deadline, &self.watched)?;
        addresses
            .into_iter()
            .for_each(|address| found.push(address));
        Ok(found)
    }
}

/// The addresses of a host, one at least and [`MAX_ADDRESSES`] at most. An address needs no look-up,
/// and so no thread to bound its time.
pub(super) fn look_up(
    host: &str,
    port: u16,
    deadline: Deadline,
    watched: &Watched,
) -> Result<Vec<SocketAddr>, Error> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let unknown = |why: io::Error| {
        let (host, why) = (host.to_owned(), why.to_string());
        Error::Other(Box::new(HttpError::Resolve { host, why }))
    };
    let asked = (host.to_owned(), port);
    let (tell, told) = mpsc::channel();
    // Ends when the thread does: a wait for it has a limit.
    let (done, goes_on) = UnixStream::pair().map_err(unknown)?;
    let look_up = move || {
        let _ = tell.send(asked.to_socket_addrs());
        drop(goes_on);
    };
    thread::Builder::new().spawn(look_up).map_err(unknown)?;
    loop {
        let left = deadline.left();
        let left = left.map_err(|_| Error::Timeout(deadline.reason))?;
        let piece = watched.piece_of(left);
        let piece = piece.map_err(|error| Error::Other(Box::new(error)))?;
        if is_ready(done.as_fd(), PollFlags::POLLIN, piece).map_err(unknown)? {
            break;
        }
    }
    let addresses = told.try_recv().map_err(|_| Error::HostNotFound)?;
    let addresses: Vec<_> = addresses.map_err(unknown)?.take(MAX_ADDRESSES).collect();
    match addresses.is_empty() {
        true => Err(Error::HostNotFound),
        false => Ok(addresses),
    }
}

/// The host, an IPv6 address without its brackets.
pub(super) fn bare_host(uri: &Uri) -> &str {
    let host = uri.host().unwrap_or_default();
    host.trim_start_matches('[').trim_end_matches(']')
}
