//! What the client is told, and what it tells.

use std::net::SocketAddr;
use std::time::Duration;

use crate::base::secret::Secret;

/// An address of the STUN server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StunServer {
    /// Where it listens.
    pub address: SocketAddr,
    /// The box's own address on the way there, with the port of the primary socket.
    pub local: SocketAddr,
}

/// `ManagementServer.STUN…`, with the server's name looked up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StunSettings {
    /// The addresses of `STUNServerAddress` and `STUNServerPort`, in the order in which they are tried.
    pub servers: Vec<StunServer>,
    /// `STUNUsername`; where it is empty nothing is ever authenticated.
    pub username: String,
    /// `STUNPassword`.
    pub password: Secret,
    /// `STUNMinimumKeepAlivePeriod`; zero sets no bound.
    pub min_keep_alive: Duration,
    /// `STUNMaximumKeepAlivePeriod`; `None` for -1. Zero sets no bound either. It wins over a minimum
    /// that is longer.
    pub max_keep_alive: Option<Duration>,
}

/// Through which of the box's sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StunSocket {
    /// On which connection requests come in: its binding is the one that matters.
    Primary,
    /// Another one, which asks about the first without keeping it open.
    Secondary,
}

/// A datagram to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// From where.
    pub via: StunSocket,
    /// Whereto.
    pub to: SocketAddr,
    /// The datagram.
    pub bytes: Vec<u8>,
}

/// What is known of the way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StunBinding {
    /// The box's address as the server sees it: where connection requests go.
    pub mapped: SocketAddr,
    /// Who saw it.
    pub server: SocketAddr,
    /// It is another one than the box's own (`NATDetected`).
    pub is_nat: bool,
    /// Since when it is this one, as uptime.
    pub since: Duration,
}
