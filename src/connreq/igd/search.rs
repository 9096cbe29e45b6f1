//! Finding the gateway's description (UPnP Device Architecture 1.1 §1.3.2): both by itself and in the
//! group, since some hear only the one and some only the other.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket};
use std::time::{Duration, Instant};

use super::errand::Errand;
use super::error::IgdError;
use super::ssdp::{GATEWAYS, SsdpAnswer, TARGETS, question};
use crate::base::sort::sort_by_key;
use crate::base::url::{self, Url};

/// Where devices hear searches.
const PORT: u16 = 1900;

/// The group that hears them, and its like on one link.
const GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 255, 250);
const LINK_GROUP: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xc);

/// Routers that a search in the group passes (§1.3.2).
const HOPS: u32 = 2;

/// When the search goes out, since its beginning: datagrams get lost.
const ROUNDS: [Duration; 3] = [
    Duration::ZERO,
    Duration::from_millis(1000),
    Duration::from_millis(2500),
];

/// How long all of it takes where nobody answers.
const LONGEST: Duration = Duration::from_millis(4500);

/// Once a gateway has answered, how long others of its answers are waited for.
const GRACE: Duration = Duration::from_millis(200);

/// How often it is looked whether the answer is still wanted.
const GLANCE: Duration = Duration::from_millis(250);

/// An answer has about 400 bytes; what follows these is left out.
const MAX_ANSWER_BYTES: usize = 2048;

/// Datagrams that are taken, whoever sends them: with this many somebody floods the port.
const MAX_DATAGRAMS: usize = 10_000;

/// Descriptions that are looked at, of one gateway.
const MAX_LOCATIONS: usize = 4;

/// Who is asked, and who is believed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Neighbour {
    from: SocketAddr,
    to: [SocketAddr; 2],
    /// Its address. Answers come from there alone.
    address: IpAddr,
    /// Our address on the same link, of which a gateway over IPv6 may have another one of its own.
    link: Option<Ipv6Addr>,
}

impl Neighbour {
    /// A gateway over IPv4, seen from the address of ours that is on its link.
    pub(super) fn v4(local: Ipv4Addr, gateway: Ipv4Addr) -> Self {
        Self {
            from: SocketAddr::from((local, 0)),
            to: [gateway, GROUP].map(|host| SocketAddr::from((host, PORT))),
            address: gateway.into(),
            link: None,
        }
    }

    /// A gateway over IPv6, with the interface that it is at.
    pub(super) fn v6(local: Ipv6Addr, gateway: SocketAddrV6) -> Self {
        let host = |ip| SocketAddr::V6(SocketAddrV6::new(ip, PORT, 0, gateway.scope_id()));
        Self {
            // The system chooses the address of ours that fits the gateway's.
            from: SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
            to: [host(*gateway.ip()), host(LINK_GROUP)],
            address: (*gateway.ip()).into(),
            link: Some(local),
        }
    }

    pub(super) fn address(&self) -> IpAddr {
        self.address
    }

    /// Whether a description is on the gateway itself. A router over IPv6 is known by its link-local
    /// address, which a URL cannot have; one of its own on the link of ours will do.
    fn has(&self, url: &Url) -> bool {
        match url.host.parse::<IpAddr>() {
            Ok(IpAddr::V6(ip)) if self.link.is_some_and(|link| shares_link(link, ip)) => true,
            Ok(ip) => ip == self.address && !is_link_local(ip),
            Err(_) => false,
        }
    }

    /// Asks, and gives what the gateway answers: the best first, each place once.
    ///
    /// # Errors
    /// There is no answer that can be believed, or no time left.
    pub(super) fn search(&self, errand: &Errand) -> Result<Vec<SsdpAnswer>, IgdError> {
        let socket = self.open().map_err(|e| IgdError::Socket(e.to_string()))?;
        let mut found = SearchAnswers::default();
        let begin = Instant::now();
        let mut rounds = ROUNDS.iter().enumerate().peekable();
        let mut until = LONGEST;
        let mut datagram = [0; MAX_ANSWER_BYTES];
        loop {
            let now = begin.elapsed();
            if rounds.peek().is_some_and(|(_, at)| **at <= now) {
                let number = rounds.next().map_or(0, |(number, _)| number);
                self.ask(&socket, number);
            }
            let next = rounds.peek().map_or(until, |(_, at)| **at).min(until);
            let left = errand.left()?.min(GLANCE);
            let wait = next.saturating_sub(now).min(left);
            if now >= until || found.taken >= MAX_DATAGRAMS {
                return found.answers(self.address);
            }
            let received = receive(&socket, &mut datagram, wait);
            let Some((bytes, from)) = received.map_err(|e| IgdError::Socket(e.to_string()))? else {
                continue;
            };
            found.taken += 1;
            let from = from.ip();
            if from.to_canonical() != self.address {
                found.others += 1;
                continue;
            }
            let answer = SsdpAnswer::read(datagram.get(..bytes).unwrap_or_default());
            if answer.is_ok_and(|answer| found.take(answer, self)) {
                until = until.min(begin.elapsed().saturating_add(GRACE));
                rounds.by_ref().for_each(drop);
            }
        }
    }

    fn open(&self) -> io::Result<UdpSocket> {
        // Bound to an address, the group is reached at its interface.
        let socket = UdpSocket::bind(self.from)?;
        if self.from.is_ipv4() {
            socket.set_multicast_ttl_v4(HOPS)?;
        }
        Ok(socket)
    }

    fn ask(&self, socket: &UdpSocket, round: usize) {
        let many = if round == 0 { GATEWAYS } else { TARGETS.len() };
        let targets = TARGETS.iter().take(many);
        for (target, host) in targets.flat_map(|target| self.to.map(|host| (target, host))) {
            if let Err(error) = socket.send_to(question(target, host).as_bytes(), host) {
                log::debug!("no search for a gateway to {host}: {error}");
            }
        }
    }
}

/// What came.
#[derive(Default)]
struct SearchAnswers {
    answers: Vec<SsdpAnswer>,
    taken: usize,
    /// Datagrams of somebody else.
    others: usize,
    /// Where the gateway led that is not on itself.
    elsewhere: Option<String>,
}

impl SearchAnswers {
    /// Takes an answer of the gateway; whether it is that of one.
    fn take(&mut self, answer: SsdpAnswer, gateway: &Neighbour) -> bool {
        if answer.location.secure || !gateway.has(&answer.location) {
            self.elsewhere = Some(url::shown(&answer.location.to_string()));
            return false;
        }
        let is_gateway = answer.rank < GATEWAYS;
        let has_room = self.answers.len() < MAX_LOCATIONS;
        let mut known = self.answers.iter_mut();
        match known.find(|known| known.location == answer.location) {
            Some(known) => known.rank = known.rank.min(answer.rank),
            None if has_room => self.answers.push(answer),
            None => {}
        }
        is_gateway
    }

    fn answers(mut self, gateway: IpAddr) -> Result<Vec<SsdpAnswer>, IgdError> {
        sort_by_key(&mut self.answers, |answer| answer.rank);
        match self.elsewhere {
            _ if !self.answers.is_empty() => Ok(self.answers),
            Some(url) => Err(IgdError::Elsewhere { gateway, url }),
            None => Err(IgdError::Silent {
                gateway,
                others: self.others,
            }),
        }
    }
}

/// Waits for a datagram, so long at most.
fn receive(
    socket: &UdpSocket,
    datagram: &mut [u8],
    wait: Duration,
) -> io::Result<Option<(usize, SocketAddr)>> {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    // What is left of a millisecond may be none for the system, which is without end.
    socket.set_read_timeout(Some(wait.max(Duration::from_millis(1))))?;
    match socket.recv_from(datagram) {
        Ok(received) => Ok(Some(received)),
        Err(error) if matches!(error.kind(), Interrupted | TimedOut | WouldBlock) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether both are of one network, which has 64 bits over IPv6 (RFC 4291 §2.5.1).
fn shares_link(one: Ipv6Addr, other: Ipv6Addr) -> bool {
    let network = |ip: Ipv6Addr| u128::from(ip) >> 64;
    network(one) == network(other) && one != other && !is_link_local(other.into())
}

fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(_) => false,
        IpAddr::V6(ip) => ip
            .segments()
            .first()
            .is_some_and(|first| first & 0xffc0 == 0xfe80),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r31_a_router_is_known_by_addresses_of_its_own_on_the_link() {
        let local = "2001:db8:1:2::7".parse().unwrap();
        let router = SocketAddrV6::new("fe80::1".parse().unwrap(), 0, 0, 3);
        let router = Neighbour::v6(local, router);
        for (url, is_its_own) in [
            ("http://[2001:db8:1:2::1]:5000/d", true),
            // The box itself, another network, what a URL cannot reach, a name, another family.
            ("http://[2001:db8:1:2::7]:5000/d", false),
            ("http://[2001:db8:1:3::1]:5000/d", false),
            ("http://[fe80::1]:5000/d", false),
            ("http://router/d", false),
            ("http://192.168.1.1/d", false),
        ] {
            assert_eq!(router.has(&Url::parse(url).unwrap()), is_its_own, "{url}");
        }
        let router = SocketAddrV6::new("2001:db8:9::1".parse().unwrap(), 0, 0, 0);
        let router = Neighbour::v6(local, router);
        assert!(router.has(&Url::parse("http://[2001:db8:9::1]/d").unwrap()));
        assert!(!router.has(&Url::parse("http://[2001:db8:9::2]/d").unwrap()));
    }
}
