//! The listener for HTTP connection requests (TR-069 §3.2.2.1).

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use super::access::{self, Access, Denial, Verdict};
use super::connection::{Connection, PeerInput};
use super::nonce::Nonces;

/// Peers at a time. One more drops the eldest, so that idle connections cannot lock the ACS out.
const MAX_CONNECTIONS: usize = 8;

/// After a port could not be taken, until the next attempt.
const RETRY: Duration = Duration::from_secs(5);

/// Listens for connection requests, within the agent's loop.
pub struct Listener {
    port: u16,
    state: PortState,
    connections: Vec<Connection>,
    nonces: Nonces,
}

enum PortState {
    Closed,
    Open { socket: TcpListener, port: u16 },
    Failed { retry_at: Duration },
}

impl Listener {
    /// For `port` (0: one that the system chooses); closed until [`Listener::open`]. Fails where
    /// the system has no random bytes.
    pub fn new(port: u16) -> Result<Self, getrandom::Error> {
        Ok(Self {
            port,
            state: PortState::Closed,
            connections: Vec::new(),
            nonces: Nonces::new()?,
        })
    }

    /// Takes the port, on IPv6 and IPv4. Where that fails it says so in the log, and
    /// [`Listener::work`] tries again when [`Listener::deadline`] is due.
    pub fn open(&mut self, now: Duration) {
        if let PortState::Open { .. } = self.state {
            return;
        }
        let first_failure = !matches!(self.state, PortState::Failed { .. });
        match bind(self.port) {
            Ok((socket, port)) => {
                log::info!("listening for connection requests on port {port}");
                self.state = PortState::Open { socket, port };
            }
            Err(e) => {
                if first_failure {
                    log::error!(
                        "connection-request port {}: {e}; trying again every {} s",
                        self.port,
                        RETRY.as_secs()
                    );
                }
                let retry_at = now + RETRY;
                self.state = PortState::Failed { retry_at };
            }
        }
    }

    /// Gives the port back and drops all peers.
    pub fn close(&mut self) {
        self.state = PortState::Closed;
        self.connections.clear();
    }

    /// The port that it is for, open or not.
    pub fn wanted_port(&self) -> u16 {
        self.port
    }

    /// The port that is open.
    pub fn port(&self) -> Option<u16> {
        match self.state {
            PortState::Open { port, .. } => Some(port),
            _ => None,
        }
    }

    /// The descriptors to wait for, all for input.
    pub fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let socket = match &self.state {
            PortState::Open { socket, .. } => Some(socket.as_fd()),
            _ => None,
        };
        let peers = self.connections.iter().map(|c| c.stream().as_fd());
        socket.into_iter().chain(peers)
    }

    /// When [`Listener::work`] is due though no descriptor is ready.
    pub fn deadline(&self) -> Option<Duration> {
        let retry = match self.state {
            PortState::Failed { retry_at } => Some(retry_at),
            _ => None,
        };
        let peers = self.connections.iter().map(|c| c.deadline);
        peers.chain(retry).min()
    }

    /// Does what is ready or due, without waiting, and says how many requests authenticated; each
    /// has its 200 already. `access` is asked once a request is complete.
    pub fn work(&mut self, now: Duration, access: &mut dyn FnMut() -> Access) -> usize {
        if matches!(self.state, PortState::Failed { retry_at } if retry_at <= now) {
            self.open(now);
        }
        self.accept(now);
        let mut welcome = 0;
        let Self {
            connections,
            nonces,
            ..
        } = self;
        connections.retain_mut(|connection| {
            if connection.deadline <= now {
                return false;
            }
            serve(connection, nonces, now, access, &mut welcome)
        });
        welcome
    }

    fn accept(&mut self, now: Duration) {
        let PortState::Open { socket, .. } = &self.state else {
            return;
        };
        // As many as may stay: a flood of connects must not hold the loop.
        for _ in 0..MAX_CONNECTIONS {
            match socket.accept() {
                Ok((stream, peer)) => {
                    // An IPv4 peer comes as an IPv6 one by the socket for both.
                    let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
                    if self.connections.len() >= MAX_CONNECTIONS {
                        let eldest = self.connections.remove(0);
                        log::warn!(
                            "too many connections to the connection-request port, dropped {}",
                            eldest.peer
                        );
                    }
                    if let Ok(connection) = Connection::new(stream, peer, now) {
                        self.connections.push(connection);
                    }
                }
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return,
                Err(e) if is_of_the_peer(&e) => {}
                Err(e) => {
                    // Out of descriptors or memory: the port would stay ready, and the loop busy.
                    log::error!(
                        "connection-request port: {e}; closed for {} s",
                        RETRY.as_secs()
                    );
                    let retry_at = now + RETRY;
                    self.state = PortState::Failed { retry_at };
                    return;
                }
            }
        }
    }
}

/// Serves one peer as far as its input goes; says whether it stays.
fn serve(
    connection: &mut Connection,
    nonces: &mut Nonces,
    now: Duration,
    access: &mut dyn FnMut() -> Access,
    welcome: &mut usize,
) -> bool {
    loop {
        let (status, header, keep_alive) = match connection.next() {
            PeerInput::Wait => return true,
            PeerInput::Closed => return false,
            PeerInput::Bad(status) => {
                log::warn!(
                    "connection request from {} refused: not an HTTP request, or too long",
                    connection.peer
                );
                (status, None, false)
            }
            PeerInput::Request(head) => {
                let peer = connection.peer;
                let (status, header) = match access::judge(&head, &access(), nonces, now) {
                    Verdict::Welcome => {
                        log::info!("connection request from {peer} accepted");
                        *welcome += 1;
                        (200, None)
                    }
                    Verdict::Challenge(challenge, why) => {
                        warn_or_info(why, peer);
                        (401, Some(("WWW-Authenticate", challenge)))
                    }
                    Verdict::Refused(status, why) => {
                        log::warn!("connection request from {peer} refused: {why}");
                        let allow = (status == 405).then(|| ("Allow", "GET".to_owned()));
                        (status, allow)
                    }
                };
                (status, header, head.keep_alive)
            }
        };
        if connection.answer(status, header, keep_alive).is_err() {
            return false;
        }
    }
}

/// The first, unauthenticated request of every exchange is no reason to warn.
fn warn_or_info(why: Denial, peer: SocketAddr) {
    match why {
        Denial::NoAuthorization => log::info!("connection request from {peer}: {why}"),
        _ => log::warn!("connection request from {peer} refused: {why}"),
    }
}

/// `accept` reports what happened to the peer before it was accepted (accept(2)).
fn is_of_the_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, Interrupted, PermissionDenied, TimedOut};
    matches!(
        error.kind(),
        ConnectionAborted | Interrupted | PermissionDenied | TimedOut
    ) || error.raw_os_error() == Some(nix::libc::EPROTO)
}

/// Both families by one socket; IPv4 alone where the system has no IPv6. The standard library
/// sets `SO_REUSEADDR`, so that a restart need not wait for old connections to time out.
fn bind(port: u16) -> io::Result<(TcpListener, u16)> {
    let socket = match TcpListener::bind((Ipv6Addr::UNSPECIFIED, port)) {
        Err(e) if e.kind() != io::ErrorKind::AddrInUse => {
            TcpListener::bind((Ipv4Addr::UNSPECIFIED, port))?
        }
        bound => bound?,
    };
    socket.set_nonblocking(true)?;
    let port = socket.local_addr()?.port();
    Ok((socket, port))
}
