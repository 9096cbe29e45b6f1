//! The socket for requests over UDP, which is that of STUN as well.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::Duration;

use nix::sys::socket::{setsockopt, sockopt};

use super::denial::UdpDenial;
use super::judge::judge;
use super::request::MAX_REQUEST;
use super::served::ServedRequests;
use super::tally::UdpTally;
use crate::base::bucket::{Bucket, Rate};
use crate::connreq::access::Access;
use crate::connreq::port::Port;
use crate::connreq::quota::Quota;

/// Datagrams taken from the kernel by one [`UdpPort::work`]: a flood must not hold the loop. More than
/// [`RECEIVE_BUFFER`] has of small ones, so that nobody waits in it for the next time.
const MAX_READS: usize = 512;

/// Datagrams that are looked at as they come. A request comes in four copies at most, and STUN needs a
/// few a minute.
const MODEST: Rate = Rate {
    burst: 64,
    interval: Duration::from_millis(10),
};

/// Beyond that the port is looked at only so often: a wake-up does for many, and costs more than they
/// do.
const REST: Duration = Duration::from_millis(1);

/// Bytes that the kernel keeps of what comes, which it doubles for its own needs: what comes in two
/// rests of a flood of 100,000 datagrams a second, so that a request among them is not dropped.
const RECEIVE_BUFFER: usize = 128 * 1024;

/// Bytes that it keeps of what is sent: STUN has two or three requests under way.
const SEND_BUFFER: usize = 8192;

/// Takes requests over UDP, within the agent's loop, and what is for STUN apart.
pub struct UdpPort {
    port: Port<UdpSocket>,
    /// What came lately.
    came: Bucket,
    /// Nothing is looked at before, since there is a flood.
    rests_until: Option<Duration>,
    served: ServedRequests,
    /// `served` changed since [`UdpPort::line_to_keep`].
    is_unkept: bool,
    tally: UdpTally,
    /// Something came that is not for STUN, since [`UdpPort::took_others`].
    took_others: bool,
}

impl Default for UdpPort {
    fn default() -> Self {
        Self {
            port: port(0),
            came: Bucket::default(),
            rests_until: None,
            served: ServedRequests::default(),
            is_unkept: false,
            tally: UdpTally::default(),
            took_others: false,
        }
    }
}

fn port(wanted: u16) -> Port<UdpSocket> {
    Port::new("connection requests over UDP", wanted, bind)
}

impl UdpPort {
    /// A port that is closed until [`UdpPort::open`].
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the port `wanted` (0: one that the system chooses), on IPv6 and IPv4, in place of another
    /// one that is open. Where that fails it says so in the log, and [`UdpPort::work`] tries again
    /// when [`UdpPort::deadline`] is due.
    pub fn open(&mut self, wanted: u16, now: Duration) {
        if self.port.wanted() != wanted {
            self.port = port(wanted);
        }
        self.port.open(now);
    }

    /// Gives the port back.
    pub fn close(&mut self) {
        self.port.close();
        self.rests_until = None;
    }

    /// The port that is open.
    pub fn port(&self) -> Option<u16> {
        self.port.number()
    }

    /// The descriptors to wait for, all for input.
    pub fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let socket = self.port.socket().map(UdpSocket::as_fd);
        socket.filter(|_| self.rests_until.is_none()).into_iter()
    }

    /// When [`UdpPort::work`] is due though no descriptor is ready.
    pub fn deadline(&self) -> Option<Duration> {
        let all = [
            self.port.deadline(),
            self.rests_until,
            self.tally.deadline(),
        ];
        all.into_iter().flatten().min()
    }

    /// Takes what is there, without waiting, and says how many requests authenticated and were
    /// accepted. Nobody gets an answer. What begins like STUN goes to `stun`, wherever it comes
    /// from; of an address, IPv4 stands as such.
    pub fn work(
        &mut self,
        now: Duration,
        access: &Access<'_>,
        quota: &mut Quota,
        stun: &mut dyn FnMut(SocketAddr, &[u8]),
    ) -> usize {
        self.port.retry(now);
        self.rests_until = None;
        let mut accepted = 0;
        // One byte more than may come, so that it is seen of one that is longer.
        let mut bytes = [0; MAX_REQUEST + 1];
        for _ in 0..MAX_READS {
            let Some((length, from)) = self.receive(&mut bytes, now) else {
                break;
            };
            let datagram = bytes.get(..length).unwrap_or_default();
            if !self.came.take(MODEST, now) {
                self.rests_until = Some(now.saturating_add(REST));
            }
            // TR-069 §G.2.1: both have one port, and the first byte tells them apart.
            if matches!(datagram.first(), Some(0 | 1)) {
                stun(from, datagram);
                continue;
            }
            self.took_others = true;
            match self.take(datagram, from, access, quota, now) {
                Ok(()) => {
                    self.tally.accepted(from);
                    accepted += 1;
                }
                Err(why) => self.tally.refused(from, why, now),
            }
        }
        self.tally.sum_up(now);
        accepted
    }

    /// The time, in seconds since 1970; `None`: nobody knows it. A request of an ACS whose clock is far
    /// ahead does not keep later ones out then.
    pub fn set_time(&mut self, time: Option<u64>) {
        self.served.set_time(time);
    }

    /// Whether anything else than STUN came since this was asked last: it came over the binding of a
    /// NAT, and so may have refreshed it.
    pub fn took_others(&mut self) -> bool {
        std::mem::take(&mut self.took_others)
    }

    /// Sends a datagram from this port.
    ///
    /// # Errors
    /// Those of `sendto`: also that there is no room for it at present, or that the port is closed.
    /// As well as if it had been lost on its way.
    pub fn send(&self, to: SocketAddr, bytes: &[u8]) -> io::Result<()> {
        let socket = self.port.socket().ok_or(ErrorKind::NotConnected)?;
        let to = match (socket.local_addr()?, to) {
            (SocketAddr::V6(_), SocketAddr::V4(to)) => {
                SocketAddrV6::new(to.ip().to_ipv6_mapped(), to.port(), 0, 0).into()
            }
            _ => to,
        };
        socket.send_to(bytes, to)?;
        Ok(())
    }

    /// What was accepted and refused since the start, in words.
    pub fn tally(&self) -> impl fmt::Display {
        &self.tally
    }

    /// What has to be remembered of the requests that were served, if it is another than when this was
    /// asked last: a line for [`UdpPort::remember`] of the program's next life.
    pub fn line_to_keep(&mut self) -> Option<String> {
        let is_unkept = std::mem::take(&mut self.is_unkept);
        is_unkept.then(|| self.served.line())
    }

    /// The shortest line for [`UdpPort::remember`] by which none of these requests is served again;
    /// `None` before the first.
    pub fn shortest_line(&self) -> Option<String> {
        self.served.shortest_line()
    }

    /// Takes what a former life of the program wanted remembered; a line that is none is no matter.
    pub fn remember(&mut self, line: &str) {
        if let Some(served) = ServedRequests::of_line(line) {
            self.served = served;
        }
    }

    fn take(
        &mut self,
        datagram: &[u8],
        from: SocketAddr,
        access: &Access<'_>,
        quota: &mut Quota,
        now: Duration,
    ) -> Result<(), UdpDenial> {
        let request = judge(datagram, from, access, &self.served)?;
        // Also where it is one too many: its copies must not open a session later.
        self.served.record(&request, access);
        self.is_unkept = true;
        match quota.take(access, now) {
            true => Ok(()),
            false => Err(UdpDenial::TooManyRequests),
        }
    }

    /// The next datagram, if there is one.
    fn receive(&mut self, bytes: &mut [u8], now: Duration) -> Option<(usize, SocketAddr)> {
        loop {
            match self.port.socket()?.recv_from(bytes) {
                Ok((length, from)) => return Some((length, canonical(from))),
                Err(e) if e.kind() == ErrorKind::WouldBlock => return None,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => {
                    self.port.fail(&e, now);
                    return None;
                }
            }
        }
    }
}

/// An IPv4 sender comes as an IPv6 one by the socket for both.
fn canonical(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V6(v6) => match v6.ip().to_ipv4_mapped() {
            Some(ip) => SocketAddr::new(ip.into(), v6.port()),
            None => address,
        },
        SocketAddr::V4(_) => address,
    }
}

/// Both families by one socket; IPv4 alone where the system has no IPv6.
fn bind(port: u16) -> io::Result<(UdpSocket, u16)> {
    let socket = match UdpSocket::bind((Ipv6Addr::UNSPECIFIED, port)) {
        Err(e) if e.kind() != ErrorKind::AddrInUse => {
            UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port))?
        }
        bound => bound?,
    };
    socket.set_nonblocking(true)?;
    setsockopt(&socket, sockopt::RcvBuf, &RECEIVE_BUFFER)?;
    setsockopt(&socket, sockopt::SndBuf, &SEND_BUFFER)?;
    let port = socket.local_addr()?.port();
    Ok((socket, port))
}
