//! Echo requests to one host, one at a time.

use std::ffi::OsString;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::sockopt::{BindToDevice, Ipv4Tos, Ipv4Ttl, Ipv6TClass, Ipv6Ttl};
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrIn, SockaddrIn6,
    SockaddrStorage, recvfrom, sendto, setsockopt, socket,
};

use super::icmp::{self, Answer};

/// How often somebody who waits looks whether that is still wanted.
const PIECE: Duration = Duration::from_millis(200);

/// Packets that are looked at before the time is: others may send without end.
const MAX_HEARD: usize = 64;

/// A packet has no more.
const MAX_PACKET: usize = 65_536;

/// The two bits below DSCP in the byte of IP (RFC 2474 §3).
const BELOW_DSCP: u32 = 2;

/// Sends to one host, and hears what answers.
pub struct Prober {
    socket: OwnedFd,
    target: SocketAddr,
    id: u16,
    sequence: u16,
    packet: Vec<u8>,
}

/// How a request was answered.
pub struct Answered {
    /// By whom.
    pub from: IpAddr,
    pub answer: Answer,
    /// From its way out to its way in.
    pub time: Duration,
}

impl Prober {
    /// By this device alone, where one is named.
    ///
    /// # Errors
    /// The system's own: no right to, no such device.
    pub fn open(target: SocketAddr, device: Option<&str>, dscp: u32) -> io::Result<Self> {
        let (family, protocol) = match target {
            SocketAddr::V4(_) => (AddressFamily::Inet, SockProtocol::Icmp),
            SocketAddr::V6(_) => (AddressFamily::Inet6, SockProtocol::IcmpV6),
        };
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let socket = socket(family, SockType::Raw, flags, protocol)?;
        if let Some(device) = device {
            setsockopt(&socket, BindToDevice, &OsString::from(device))?;
        }
        let class = i32::try_from(dscp << BELOW_DSCP).unwrap_or_default();
        match target {
            SocketAddr::V4(_) => setsockopt(&socket, Ipv4Tos, &class)?,
            SocketAddr::V6(_) => setsockopt(&socket, Ipv6TClass, &class)?,
        }
        let mut id = [0; 2];
        getrandom::fill(&mut id).map_err(|error| io::Error::other(error.to_string()))?;
        Ok(Self {
            socket,
            target,
            id: u16::from_ne_bytes(id),
            sequence: 0,
            packet: vec![0; MAX_PACKET],
        })
    }

    /// Whom it asks.
    pub fn target(&self) -> IpAddr {
        self.target.ip()
    }

    /// From now on a request passes no more routers than lets it come so far.
    ///
    /// # Errors
    /// The system's own.
    pub fn set_hops(&self, hops: u32) -> io::Result<()> {
        let hops = i32::try_from(hops).unwrap_or(i32::MAX);
        match self.target {
            SocketAddr::V4(_) => setsockopt(&self.socket, Ipv4Ttl, &hops)?,
            SocketAddr::V6(_) => setsockopt(&self.socket, Ipv6Ttl, &hops)?,
        }
        Ok(())
    }

    /// Sends a request with `size` bytes, and waits for what answers it; `None` where nothing does in
    /// time, or nobody wants to know any more.
    ///
    /// # Errors
    /// The system does not send it: it knows no way there, or it is too long.
    pub fn probe(
        &mut self,
        size: usize,
        timeout: Duration,
        is_cancelled: &dyn Fn() -> bool,
    ) -> io::Result<Option<Answered>> {
        self.sequence = self.sequence.wrapping_add(1);
        let request = icmp::request(self.target.is_ipv6(), self.id, self.sequence, size);
        let start = Instant::now();
        self.send(&request)?;
        loop {
            let time = start.elapsed();
            if let Some((from, answer)) = self.hear()? {
                return Ok(Some(Answered { from, answer, time }));
            }
            let left = timeout.saturating_sub(time);
            if left.is_zero() || is_cancelled() {
                return Ok(None);
            }
            // Rounded up, so as not to ask in vain.
            let wait = left.min(PIECE).as_millis().saturating_add(1);
            let wait = PollTimeout::try_from(wait).unwrap_or(PollTimeout::MAX);
            let mut fds = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
            match poll(&mut fds, wait) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    fn send(&self, request: &[u8]) -> io::Result<()> {
        let (socket, flags) = (self.socket.as_raw_fd(), MsgFlags::empty());
        match self.target {
            SocketAddr::V4(to) => sendto(socket, request, &SockaddrIn::from(to), flags)?,
            SocketAddr::V6(to) => sendto(socket, request, &SockaddrIn6::from(to), flags)?,
        };
        Ok(())
    }

    /// The answer to the last request, if it is among what has come. Only the host itself replies.
    fn hear(&mut self) -> io::Result<Option<(IpAddr, Answer)>> {
        for _ in 0..MAX_HEARD {
            let heard = recvfrom::<SockaddrStorage>(self.socket.as_raw_fd(), &mut self.packet);
            let (length, from) = match heard {
                Ok((length, from)) => (length, from.as_ref().and_then(address)),
                Err(Errno::EAGAIN) => return Ok(None),
                Err(Errno::EINTR) => continue,
                Err(errno) => return Err(errno.into()),
            };
            let packet = self.packet.get(..length).unwrap_or_default();
            let answered = icmp::parse(self.target.is_ipv6(), packet, self.id);
            match (answered, from) {
                (Some((sequence, answer)), Some(from))
                    if sequence == self.sequence
                        && (answer != Answer::Reply || from == self.target.ip()) =>
                {
                    return Ok(Some((from, answer)));
                }
                _ => {}
            }
        }
        Ok(None)
    }
}

fn address(of: &SockaddrStorage) -> Option<IpAddr> {
    let v4 = of.as_sockaddr_in().map(|of| of.ip().into());
    v4.or_else(|| of.as_sockaddr_in6().map(|of| of.ip().into()))
}
