//! The port for connection requests over HTTP, and all who come to it.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use nix::sys::socket::{Backlog, listen, setsockopt, sockopt};

use super::connection::{Connection, Fate, PeerStage};
use super::denial::Denial;
use super::origins::Origins;
use super::peers::Peers;
use super::reception::{Asker, Reception, Rules};
use crate::connreq::access::Access;
use crate::connreq::port::Port;
use crate::connreq::quota::Quota;

/// Peers taken from the kernel by one [`Listener::work`]: a flood of connects must hold neither the
/// loop nor all descriptors that a process may have, which are 1024.
const MAX_ACCEPTS: usize = 256;

/// While one place connects more often than any ACS, the port is looked at only so often. So a wake-up
/// does for many, and who waits for an end before beginning anew is slow.
const REST: Duration = Duration::from_millis(10);

/// Peers that wait in the kernel meanwhile. Beyond these it drops their SYN, and an ACS is a second
/// late. With musl as many as its `SOMAXCONN`, 128: `nix` takes no more than that.
const BACKLOG: i32 = 512;

/// Bytes that the kernel keeps of what a peer sends, and of what it does not read.
const SOCKET_BUFFER: usize = 8192;

/// Listens for connection requests, within the agent's loop.
pub struct Listener {
    port: Port<TcpListener>,
    peers: Peers,
    /// Peers that came so far.
    came: u64,
    /// Nothing is looked at before, since there is a flood.
    rests_until: Option<Duration>,
    reception: Reception,
}

impl Listener {
    /// For `port` (0: one that the system chooses); closed until [`Listener::open`]. Fails where
    /// the system has no random bytes.
    pub fn new(port: u16) -> Result<Self, getrandom::Error> {
        Ok(Self {
            port: Port::new("connection requests", port, bind),
            peers: Peers::default(),
            came: 0,
            rests_until: None,
            reception: Reception::new()?,
        })
    }

    /// Takes the port, on IPv6 and IPv4. Where that fails it says so in the log, and
    /// [`Listener::work`] tries again when [`Listener::deadline`] is due.
    pub fn open(&mut self, now: Duration) {
        self.port.open(now);
    }

    /// Gives the port back and drops all peers.
    pub fn close(&mut self) {
        self.port.close();
        self.peers.clear();
    }

    /// The port that it is for, open or not.
    pub fn wanted_port(&self) -> u16 {
        self.port.wanted()
    }

    /// The port that is open.
    pub fn port(&self) -> Option<u16> {
        self.port.number()
    }

    /// The descriptors to wait for, all for input.
    pub fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let socket = self.port.socket().map(TcpListener::as_fd);
        let peers = self.peers.iter().map(|peer| peer.stream().as_fd());
        let all = socket.into_iter().chain(peers);
        all.filter(|_| self.rests_until.is_none())
    }

    /// When [`Listener::work`] is due though no descriptor is ready.
    pub fn deadline(&self) -> Option<Duration> {
        let peers = self.peers.iter().map(Connection::deadline);
        let others = [
            self.port.deadline(),
            self.rests_until,
            self.reception.tally.deadline(),
        ];
        peers.chain(others.into_iter().flatten()).min()
    }

    /// Does what is ready or due, without waiting, and says how many requests authenticated and were
    /// accepted; each has its 200 already.
    pub fn work(&mut self, now: Duration, access: &Access<'_>, quota: &mut Quota) -> usize {
        let rules = &mut Rules { access, quota, now };
        self.port.retry(now);
        self.rests_until = None;
        while let Some(late) = self.peers.take_late(now) {
            self.leave_out(&late, Denial::NoRequest, now);
        }
        // Before newcomers, who may cost them their place.
        for number in self.peers.ready() {
            if let Some(peer) = self.peers.take(number) {
                self.serve(peer, rules);
            }
        }
        self.accept(rules);
        let Reception { tally, origins, .. } = &mut self.reception;
        tally.sum_up(origins, now);
        self.reception.take_welcome()
    }

    /// What was accepted and refused since the start, in words.
    pub fn tally(&self) -> impl fmt::Display {
        &self.reception.tally
    }

    /// Takes in all who wait, and only then serves them: who begins anew as soon as it is done with
    /// has to wait for the next time.
    fn accept(&mut self, rules: &mut Rules<'_>) {
        let mut came = Vec::new();
        for _ in 0..MAX_ACCEPTS {
            let Some(socket) = self.port.socket() else {
                break;
            };
            match socket.accept() {
                Ok(peer) => came.push(peer),
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => break,
                Err(e) if is_of_the_peer(&e) => {}
                // Out of descriptors or memory: the port would stay ready, and the loop busy.
                Err(e) => self.port.fail(&e, rules.now),
            }
        }
        for (stream, peer) in came {
            // An IPv4 peer comes as an IPv6 one by the socket for both.
            let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
            self.welcome(stream, peer, rules);
        }
    }

    fn welcome(&mut self, stream: TcpStream, peer: SocketAddr, rules: &mut Rules<'_>) {
        let now = rules.now;
        self.came = self.came.wrapping_add(1);
        let mut connection = Connection::new(self.came, stream, peer, now);
        let origins = &mut self.reception.origins;
        connection.is_modest = origins.connected(connection.origin, now);
        if !connection.is_modest {
            self.rests_until = Some(now.saturating_add(REST));
        }
        if !rules.access.hears(peer.ip()) {
            self.leave_out(&connection, Denial::NotAllowed, now);
            return;
        }
        // What it has to say is often there already.
        self.serve(connection, rules);
    }

    /// Serves one peer as far as its input goes.
    fn serve(&mut self, mut peer: Connection, rules: &mut Rules<'_>) {
        let now = rules.now;
        let asker = Asker::of(&peer);
        let Self {
            peers, reception, ..
        } = self;
        let fate = peer.serve(|input| {
            let keeps = |origins: &Origins| peers.keeps_challenged(asker.origin, origins, now);
            reception.answer(asker, input, rules, keeps)
        });
        match fate {
            Fate::Stays => {
                let origins = &self.reception.origins;
                if let Some(gone) = self.peers.put(peer, origins, now) {
                    self.leave_out(&gone, Denial::Crowded, now);
                }
            }
            Fate::Over => {}
            Fate::Unasked => self.leave_out(&peer, Denial::NoRequest, now),
        }
    }

    /// Drops a peer for what is no answer to a request of it.
    fn leave_out(&mut self, peer: &Connection, why: Denial, now: Duration) {
        // What has its last answer, or a challenge that it does not care for, is no matter.
        if peer.stage == PeerStage::Stranger
            || why == Denial::Crowded && peer.stage == PeerStage::Challenged
        {
            peer.reset();
            let Reception { tally, origins, .. } = &mut self.reception;
            tally.refused(peer.peer, why, origins, now);
        }
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
    listen(&socket, Backlog::new(BACKLOG).unwrap_or(Backlog::MAXCONN))?;
    // Each connection has them from the socket.
    setsockopt(&socket, sockopt::RcvBuf, &SOCKET_BUFFER)?;
    setsockopt(&socket, sockopt::SndBuf, &SOCKET_BUFFER)?;
    let port = socket.local_addr()?.port();
    Ok((socket, port))
}
