//! The way in over UDP: its port, and what STUN finds out about it.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::Path;
use std::time::Duration;

use nix::poll::PollFlags;

use super::facts::StunFact;
use super::served::ServedFile;
use super::server_name::{Found, ServerName};
use crate::agent::parts::Part;
use crate::connreq::stun::{Outgoing, StunClient, StunServer, StunSettings, StunSocket};
use crate::connreq::{Access, Quota, UdpPort};
use crate::cwmp::StunWish;
use crate::device::reach;

/// Datagrams that are taken from the secondary socket by one [`UdpWay::work`]; it waits for one.
const MAX_READS: usize = 16;

/// An answer to a Binding request is far shorter.
const MAX_DATAGRAM: usize = 1024;

/// The port, the client, and the socket by which it looks how long a binding lives.
pub(in crate::agent) struct UdpWay {
    pub port: UdpPort,
    client: StunClient,
    secondary: Option<UdpSocket>,
    pub served: ServedFile,
    /// When the durable record of them was last written.
    pub(super) recorded: Option<Duration>,
    pub server: ServerName,
    /// STUN is wanted and there is a port for it.
    is_asking: bool,
    /// The addresses of the server that there is a way to.
    servers: Vec<StunServer>,
    /// They are to be found anew.
    is_stale: bool,
}

/// What one [`UdpWay::work`] brought.
pub(in crate::agent) struct UdpNews {
    /// The ACS asks for a session.
    pub is_asked: bool,
    /// The box is seen at another address, or the port could be taken or was lost.
    pub is_moved: bool,
}

impl UdpWay {
    /// With what an earlier life of the program served: `recorded` also before a reboot.
    pub(in crate::agent) fn new(run_dir: &Path, recorded: Option<&str>) -> Self {
        let served = ServedFile::new(run_dir);
        let mut port = UdpPort::new();
        for line in [recorded, served.read().as_deref()].into_iter().flatten() {
            port.remember(line);
        }
        Self {
            port,
            served,
            recorded: None,
            client: StunClient::new(),
            secondary: None,
            server: ServerName::default(),
            is_asking: false,
            servers: Vec::new(),
            is_stale: true,
        }
    }

    /// Opens the port, or closes it.
    pub(in crate::agent) fn listen(&mut self, port: Option<u16>, now: Duration) {
        match port {
            Some(port) => self.port.open(port, now),
            None => self.port.close(),
        }
    }

    /// Asks the server as is wished; `acs` is its host where the wish names none. What is the same goes
    /// on.
    pub(in crate::agent) fn follow(&mut self, wish: &StunWish, acs: &str, now: Duration) {
        let Some(port) = self.port.port().filter(|_| wish.enabled) else {
            return self.stop();
        };
        let host = match wish.server.as_str() {
            "" => acs,
            host => host,
        };
        let has_moved = self
            .servers
            .iter()
            .any(|server| server.local.port() != port);
        self.is_stale |= self.server.seek(host, wish.port, now) || !self.is_asking || has_moved;
        self.is_asking = true;
        if std::mem::take(&mut self.is_stale) {
            self.servers = self.ways(port);
        }
        let settings = StunSettings {
            servers: self.servers.clone(),
            username: wish.username.clone(),
            password: wish.password.clone(),
            min_keep_alive: wish.minimum,
            max_keep_alive: wish.maximum,
        };
        self.client.start(settings, now);
        self.send(now);
    }

    /// The box may have other addresses, and other ways to the server.
    pub(in crate::agent) fn relocate(&mut self, now: Duration) {
        self.is_stale = true;
        self.server.hope(now);
    }

    /// A name was looked up; whether the server is elsewhere.
    pub(in crate::agent) fn found(&mut self, found: Found, now: Duration) -> bool {
        let is_new = self.server.found(found, now);
        self.is_stale |= is_new;
        is_new
    }

    fn stop(&mut self) {
        self.client.stop();
        self.server.forget();
        (self.secondary, self.is_asking) = (None, false);
    }

    /// The addresses of the server that there is a way to, and the box's own on each.
    fn ways(&self, port: u16) -> Vec<StunServer> {
        let addresses = self.server.addresses().iter().copied();
        let ways = addresses.filter_map(|address| {
            let local = SocketAddr::new(reach::own_end(address.ip())?, port);
            Some(StunServer { address, local })
        });
        ways.collect()
    }

    /// Does what is ready or due, without waiting.
    pub(in crate::agent) fn work(
        &mut self,
        now: Duration,
        access: &Access<'_>,
        quota: &mut Quota,
    ) -> UdpNews {
        let before = self.port.port();
        let mut is_moved = false;
        let Self { port, client, .. } = self;
        let accepted = port.work(now, access, quota, &mut |from, datagram| {
            is_moved |= client.datagram(StunSocket::Primary, from, datagram, now);
        });
        if let Some(line) = port.line_to_keep() {
            self.served.keep(line);
        }
        if port.took_others() {
            client.disturbed();
        }
        is_moved |= self.hear_secondary(now);
        self.send(now);
        UdpNews {
            is_asked: accepted > 0,
            is_moved: is_moved || self.port.port() != before,
        }
    }

    fn hear_secondary(&mut self, now: Duration) -> bool {
        let mut bytes = [0; MAX_DATAGRAM];
        let mut is_moved = false;
        for _ in 0..MAX_READS {
            let Some(socket) = &self.secondary else {
                break;
            };
            match socket.recv_from(&mut bytes) {
                Ok((length, from)) => {
                    let datagram = bytes.get(..length).unwrap_or_default();
                    let client = &mut self.client;
                    is_moved |= client.datagram(StunSocket::Secondary, from, datagram, now);
                }
                // A peer that nobody listens at says so here; the next datagram may be better.
                Err(e) if is_of_the_peer(e.kind()) => {}
                Err(e) if e.kind() == ErrorKind::WouldBlock => break,
                Err(_) => self.secondary = None,
            }
        }
        is_moved
    }

    /// Sends what is due. What cannot be sent counts as lost on its way.
    fn send(&mut self, now: Duration) {
        self.client.due(now);
        while let Some(Outgoing { via, to, bytes }) = self.client.next_outgoing() {
            let sent = match via {
                StunSocket::Primary => self.port.send(to, &bytes),
                StunSocket::Secondary => self.send_secondary(to, &bytes),
            };
            if let Err(e) = sent {
                log::debug!("STUN request to {to}: {e}");
            }
        }
        if self.client.needs_lookup() {
            self.server.doubt(now);
        }
        if !self.client.wants_secondary() {
            self.secondary = None;
        }
    }

    fn send_secondary(&mut self, to: SocketAddr, bytes: &[u8]) -> std::io::Result<()> {
        let socket = match self.secondary.take() {
            Some(socket) => socket,
            None => {
                let any: IpAddr = match to {
                    SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
                    SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
                };
                let socket = UdpSocket::bind((any, 0))?;
                socket.set_nonblocking(true)?;
                socket
            }
        };
        let sent = socket.send_to(bytes, to);
        self.secondary = Some(socket);
        sent.map(drop)
    }

    /// What is known of the binding.
    pub(in crate::agent) fn fact(&self, was_told: bool) -> StunFact {
        match (self.is_asking, self.client.binding()) {
            (false, _) => StunFact::Off,
            (true, None) => StunFact::Asking { was_told },
            (true, Some(binding)) => StunFact::Bound {
                mapped: binding.mapped,
                is_nat: binding.is_nat,
            },
        }
    }

    /// The same in words.
    pub(in crate::agent) fn state(&self, now: Duration) -> String {
        match self.server.failure().filter(|_| self.servers.is_empty()) {
            Some(why) => why,
            None => self.client.state(now).to_string(),
        }
    }
}

/// What an ICMP message of a former datagram says (udp(7)).
fn is_of_the_peer(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::ConnectionRefused
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::Interrupted
    )
}

impl Part for UdpWay {
    fn descriptors(&self) -> Vec<(BorrowedFd<'_>, PollFlags)> {
        let secondary = self.secondary.as_ref().map(|socket| socket.as_fd());
        let all = self.port.descriptors().chain(secondary);
        all.map(|fd| (fd, PollFlags::POLLIN)).collect()
    }

    fn deadline(&self) -> Option<Duration> {
        let all = [
            self.port.deadline(),
            self.client.deadline(),
            self.server.deadline(),
        ];
        all.into_iter().flatten().min()
    }
}
