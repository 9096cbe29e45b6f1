//! The listener for HTTP connection requests (TR-069 §3.2.2.1).

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use log::{error, info, warn};

use super::access::{self, Door, Verdict};
use super::connection::{Connection, Event};
use super::nonce::Nonces;

/// Peers at a time. One more drops the eldest, so that idle connections cannot lock the ACS out.
const MAX_CONNECTIONS: usize = 8;

/// After a port could not be taken, until the next attempt.
const RETRY: Duration = Duration::from_secs(5);

/// Listens for connection requests, within the agent's loop.
pub struct Listener {
    port: u16,
    state: State,
    connections: Vec<Connection>,
    nonces: Nonces,
}

enum State {
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
            state: State::Closed,
            connections: Vec::new(),
            nonces: Nonces::new()?,
        })
    }

    /// Takes the port, on IPv6 and IPv4. Where that fails it says so in the log, and
    /// [`Listener::work`] tries again when [`Listener::deadline`] is due.
    pub fn open(&mut self, now: Duration) {
        if let State::Open { .. } = self.state {
            return;
        }
        let first_failure = !matches!(self.state, State::Failed { .. });
        match bind(self.port) {
            Ok((socket, port)) => {
                info!("listening for connection requests on port {port}");
                self.state = State::Open { socket, port };
            }
            Err(e) => {
                if first_failure {
                    error!(
                        "connection-request port {}: {e}; trying again every {} s",
                        self.port,
                        RETRY.as_secs()
                    );
                }
                let retry_at = now + RETRY;
                self.state = State::Failed { retry_at };
            }
        }
    }

    /// Gives the port back and drops all peers.
    pub fn close(&mut self) {
        self.state = State::Closed;
        self.connections.clear();
    }

    /// The port that it is for, open or not.
    pub fn wanted_port(&self) -> u16 {
        self.port
    }

    /// The port that is open.
    pub fn port(&self) -> Option<u16> {
        match self.state {
            State::Open { port, .. } => Some(port),
            _ => None,
        }
    }

    /// The descriptors to wait for, all for input.
    pub fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let socket = match &self.state {
            State::Open { socket, .. } => Some(socket.as_fd()),
            _ => None,
        };
        let peers = self.connections.iter().map(|c| c.stream().as_fd());
        socket.into_iter().chain(peers)
    }

    /// When [`Listener::work`] is due though no descriptor is ready.
    pub fn deadline(&self) -> Option<Duration> {
        let retry = match self.state {
            State::Failed { retry_at } => Some(retry_at),
            _ => None,
        };
        let peers = self.connections.iter().map(|c| c.deadline);
        peers.chain(retry).min()
    }

    /// Does what is ready or due, without waiting, and says how many requests authenticated; each
    /// has its 200 already. `door` is asked once a request is complete.
    pub fn work(&mut self, now: Duration, door: &mut dyn FnMut() -> Door) -> usize {
        if matches!(self.state, State::Failed { retry_at } if retry_at <= now) {
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
            serve(connection, nonces, now, door, &mut welcome)
        });
        welcome
    }

    fn accept(&mut self, now: Duration) {
        let State::Open { socket, .. } = &self.state else {
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
                        warn!(
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
                    error!(
                        "connection-request port: {e}; closed for {} s",
                        RETRY.as_secs()
                    );
                    let retry_at = now + RETRY;
                    self.state = State::Failed { retry_at };
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
    door: &mut dyn FnMut() -> Door,
    welcome: &mut usize,
) -> bool {
    loop {
        let (status, header, keep_alive) = match connection.next() {
            Event::Wait => return true,
            Event::Closed => return false,
            Event::Bad(status) => {
                warn!(
                    "connection request from {} refused: not an HTTP request, or too long",
                    connection.peer
                );
                (status, None, false)
            }
            Event::Request(head) => {
                let peer = connection.peer;
                let (status, header) = match access::judge(&head, &door(), nonces, now) {
                    Verdict::Welcome => {
                        info!("connection request from {peer} accepted");
                        *welcome += 1;
                        (200, None)
                    }
                    Verdict::Challenge(challenge, why) => {
                        warn_or_info(why, peer);
                        (401, Some(("WWW-Authenticate", challenge)))
                    }
                    Verdict::Refused(status, why) => {
                        warn!("connection request from {peer} refused: {why}");
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
fn warn_or_info(why: access::Refusal, peer: SocketAddr) {
    match why {
        access::Refusal::NoAuthorization => info!("connection request from {peer}: {why}"),
        _ => warn!("connection request from {peer} refused: {why}"),
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
