//! A box behind a NAT, and a server outside, all in simulated time: hours pass in a moment.

use std::net::SocketAddr;
use std::time::Duration;

use cwmpd::connreq::stun::message::{StunKind, StunMessage, attribute};
use cwmpd::connreq::stun::{StunClient, StunServer, StunSettings, StunSocket, address};

use super::server::{FakeServer, Sent};

/// The box's own address, and that of the NAT outside.
pub const LOCAL: &str = "192.168.1.17:7547";
const PUBLIC: &str = "203.0.113.5";

/// How long a datagram is on its way.
const FLIGHT: Duration = Duration::from_millis(20);

pub fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// One that lets in only whom was spoken to, which is what most are.
pub struct Nat {
    /// So long it keeps what nobody uses.
    pub life: Duration,
    /// A new binding gets the port that the box has.
    pub preserves_ports: bool,
    /// What comes in keeps a binding alive too.
    pub is_refreshed_from_outside: bool,
    /// Each datagram gets a binding of its own.
    pub is_mad: bool,
    bindings: Vec<Binding>,
    next_port: u16,
}

struct Binding {
    inside: StunSocket,
    outside: SocketAddr,
    port: u16,
    used_at: Duration,
}

impl Nat {
    fn out(&mut self, inside: StunSocket, to: SocketAddr, now: Duration) -> SocketAddr {
        let (life, is_mad) = (self.life, self.is_mad);
        self.bindings
            .retain(|b| now - b.used_at <= life && !(is_mad && b.inside == inside));
        let known = |b: &&mut Binding| b.inside == inside && b.outside == to;
        let port = match self.bindings.iter_mut().find(known) {
            Some(binding) => {
                binding.used_at = now;
                binding.port
            }
            None => {
                self.next_port += 1;
                let port = match (self.preserves_ports, inside) {
                    (true, StunSocket::Primary) => at(LOCAL).port(),
                    _ => self.next_port,
                };
                self.bindings.push(Binding {
                    inside,
                    outside: to,
                    port,
                    used_at: now,
                });
                port
            }
        };
        SocketAddr::new(PUBLIC.parse().unwrap(), port)
    }

    fn comes_in(&mut self, from: SocketAddr, to: SocketAddr, now: Duration) -> Option<StunSocket> {
        let life = self.life;
        let binding = self
            .bindings
            .iter_mut()
            .find(|b| b.port == to.port() && b.outside == from && now - b.used_at <= life)?;
        if self.is_refreshed_from_outside {
            binding.used_at = now;
        }
        Some(binding.inside)
    }

    /// The NAT restarts.
    pub fn forget(&mut self) {
        self.bindings.clear();
    }
}

/// Everything.
pub struct World {
    pub now: Duration,
    pub client: StunClient,
    pub nat: Nat,
    pub servers: Vec<FakeServer>,
    /// What the box sent.
    pub sent: Vec<Sent>,
    /// So often the binding was another one.
    pub changes: usize,
    /// What is on its way in: when it is there, from and to where.
    flying: Vec<(Duration, SocketAddr, SocketAddr, Vec<u8>)>,
    /// Every so many-th datagram of the box is lost; none where it is zero.
    pub loses: usize,
}

impl World {
    /// With one server, which is a classic one.
    pub fn new() -> Self {
        Self {
            now: secs(1000),
            client: StunClient::new(),
            nat: Nat {
                life: secs(3600),
                preserves_ports: false,
                is_refreshed_from_outside: false,
                is_mad: false,
                bindings: Vec::new(),
                next_port: 61233,
            },
            servers: vec![FakeServer::new("198.51.100.1:3478")],
            sent: Vec::new(),
            changes: 0,
            flying: Vec::new(),
            loses: 0,
        }
    }

    /// Settings for all servers of this world.
    pub fn settings(&self, min: u64, max: Option<u64>) -> StunSettings {
        let server = |server: &FakeServer| StunServer {
            address: server.address,
            local: at(LOCAL),
        };
        StunSettings {
            servers: self.servers.iter().map(server).collect(),
            min_keep_alive: secs(min),
            max_keep_alive: max.map(secs),
            ..StunSettings::default()
        }
    }

    pub fn start(&mut self, settings: StunSettings) {
        self.client.start(settings, self.now);
        self.client.due(self.now);
        self.post();
    }

    /// Lets time pass.
    pub fn run(&mut self, length: Duration) {
        let end = self.now + length;
        loop {
            let arrival = self.flying.iter().map(|(at, ..)| *at).min();
            let next = [self.client.deadline(), arrival]
                .into_iter()
                .flatten()
                .min();
            let Some(next) = next.filter(|next| *next <= end) else {
                break;
            };
            self.now = self.now.max(next);
            let arrived = self.flying.iter().position(|(at, ..)| *at <= self.now);
            if let Some(arrived) = arrived {
                let (_, from, to, bytes) = self.flying.remove(arrived);
                if let Some(on) = self.nat.comes_in(from, to, self.now) {
                    self.deliver(on, from, &bytes);
                }
            }
            self.client.due(self.now);
            self.post();
            assert!(self.sent.len() < 100_000, "a storm: {:?}", self.sent.last());
        }
        self.now = end;
    }

    /// Gives the box a datagram, as if it had come in.
    pub fn deliver(&mut self, on: StunSocket, from: SocketAddr, bytes: &[u8]) -> bool {
        let is_other = self.client.datagram(on, from, bytes, self.now);
        self.changes += usize::from(is_other);
        self.post();
        is_other
    }

    /// Sends a datagram in from outside.
    pub fn fly(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        self.flying
            .push((self.now + FLIGHT, from, to, bytes.to_vec()));
    }

    fn post(&mut self) {
        while let Some(outgoing) = self.client.next_outgoing() {
            assert!(outgoing.via == StunSocket::Primary || self.client.wants_secondary());
            let source = self.nat.out(outgoing.via, outgoing.to, self.now);
            let sent = Sent {
                at: self.now,
                via: outgoing.via,
                to: outgoing.to,
                bytes: outgoing.bytes,
            };
            self.sent.push(sent.clone());
            if self.loses > 0 && self.sent.len() % self.loses == 0 {
                continue;
            }
            let server = self.servers.iter_mut().find(|s| s.address == sent.to);
            if let Some((to, answer)) = server.and_then(|s| s.answer(source, &sent.bytes)) {
                self.flying
                    .push((self.now + 2 * FLIGHT, sent.to, to, answer));
            }
        }
    }

    /// What the box told of itself last.
    pub fn mapped(&self) -> Option<SocketAddr> {
        self.client.binding().map(|binding| binding.mapped)
    }

    pub fn state(&self) -> String {
        self.client.state(self.now).to_string()
    }

    /// Requests through a socket, each once.
    pub fn requests(&self, via: StunSocket) -> Vec<&Sent> {
        let mut requests: Vec<&Sent> = self.sent.iter().filter(|s| s.via == via).collect();
        requests.dedup_by(|later, earlier| later.id() == earlier.id());
        requests
    }

    /// The last request through a socket, to be answered by hand.
    pub fn last(&self, via: StunSocket) -> Sent {
        (*self.requests(via).last().unwrap()).clone()
    }

    /// The longest pause between two datagrams of the box on the primary socket, from then on.
    pub fn longest_pause(&self, from: Duration) -> Duration {
        let sent = self.sent.iter().filter(|s| s.via == StunSocket::Primary);
        let times: Vec<_> = sent.map(|s| s.at).filter(|at| *at >= from).collect();
        let pauses = times.windows(2).map(|pair| pair[1] - pair[0]);
        pauses.max().unwrap_or_default()
    }
}

/// What a request has.
pub fn has(sent: &Sent, kind: u16) -> bool {
    let message = StunMessage::read(&sent.bytes).expect("a message");
    assert_eq!(message.kind, StunKind::Request);
    message.find(kind).is_some()
}

/// A binding response, as a server would write it.
pub fn response(to: &Sent, mapped: SocketAddr) -> Vec<u8> {
    let id = StunMessage::read(&to.bytes).unwrap().id;
    cwmpd::connreq::stun::message::StunWriter::new(StunKind::Response, &id)
        .attribute(
            attribute::MAPPED_ADDRESS,
            &address::write(mapped),
            cwmpd::connreq::stun::Padding::Rfc3489,
        )
        .finish()
}
