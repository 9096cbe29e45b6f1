//! Who looks at an exchange while it goes on, and may end it.

use std::fmt;
use std::net::SocketAddr;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::time::Duration;

use super::error::HttpError;

/// How long a wait for the other side may last until it is looked at again.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Looks at the exchanges of a client, from the look-up of the name to the end of the body.
pub trait ExchangeWatch: fmt::Debug + Send + Sync {
    /// Whether the exchange may go on: asked with each piece that moves, and every quarter of a
    /// second while nothing does. `false` ends it with [`HttpError::Interrupted`].
    fn goes_on(&self) -> bool;

    /// Whether these may be the ends of a connection, ours first: asked before anything is sent.
    /// `false` closes it, with [`HttpError::AddressRefused`].
    fn may_meet(&self, ours: SocketAddr, theirs: SocketAddr) -> bool;

    /// A connection stands, by this socket.
    fn connected(&self, socket: BorrowedFd<'_>) {
        let _ = socket;
    }

    /// How often it is asked while nothing moves. `None`: never, so that nothing wakes for it; who
    /// wants the end closes the socket.
    fn looks_every(&self) -> Option<Duration> {
        Some(LOOK_EVERY)
    }
}

/// The watch of a client, if it has one.
#[derive(Clone, Debug, Default)]
pub(super) struct Watched(pub Option<Arc<dyn ExchangeWatch>>);

impl Watched {
    /// How long to wait at once of the time that is left; `None`: without end.
    pub fn piece_of(&self, left: Option<Duration>) -> Result<Option<Duration>, HttpError> {
        match &self.0 {
            None => Ok(left),
            Some(watch) if watch.goes_on() => {
                let every = watch.looks_every();
                Ok(left.map_or(every, |left| {
                    Some(every.map_or(left, |every| left.min(every)))
                }))
            }
            Some(_) => Err(HttpError::Interrupted),
        }
    }

    /// A connection stands.
    pub fn connected(&self, socket: BorrowedFd<'_>) {
        if let Some(watch) = &self.0 {
            watch.connected(socket);
        }
    }

    /// Whether a connection may have these ends.
    pub fn may_meet(&self, ends: Option<(SocketAddr, SocketAddr)>) -> bool {
        match (&self.0, ends) {
            (None, _) => true,
            (Some(watch), Some((ours, theirs))) => watch.may_meet(ours, theirs),
            (Some(_), None) => false,
        }
    }
}
