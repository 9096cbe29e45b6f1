//! A TCP socket whose operations end when their time is over.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockType, SockaddrStorage, connect, getsockopt, recv,
    socket, sockopt,
};
use ureq::Timeout;
use ureq::unversioned::transport::NextTimeout;

use super::error::HttpError;
use super::watch::Watched;

/// How long the refusal of what crossed the end of a connection may be on its way: there and back, on
/// a slow line.
const REFUSAL_WAIT: Duration = Duration::from_secs(2);

/// How long an operation may take, and what ureq calls it.
#[derive(Clone, Copy)]
pub(super) struct Deadline {
    until: Option<Instant>,
    pub reason: Timeout,
}

impl Deadline {
    pub fn new(timeout: NextTimeout) -> Self {
        let after = (!timeout.after.is_not_happening()).then_some(*timeout.after);
        Self {
            until: after.and_then(|after| Instant::now().checked_add(after)),
            reason: timeout.reason,
        }
    }

    /// So long from now, to connect.
    pub fn to_connect(limit: Duration) -> Self {
        Self {
            until: Instant::now().checked_add(limit),
            reason: Timeout::Connect,
        }
    }

    /// The time left; `None` for without end.
    pub fn left(&self) -> io::Result<Option<Duration>> {
        let Some(until) = self.until else {
            return Ok(None);
        };
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(Some(left))
    }
}

/// A TCP socket whose operations end when their time is over.
pub(super) struct Socket {
    tcp: TcpStream,
    /// For what follows.
    pub deadline: Deadline,
    /// Whether a read waits for something to come, or says `WouldBlock`.
    pub waits: bool,
    watched: Watched,
    read_timeout: Option<Duration>,
    write_timeout: Option<Duration>,
}

impl Socket {
    /// Tries one address after the other; each gets an equal share of the time left.
    pub fn dial(
        addresses: &[SocketAddr],
        deadline: Deadline,
        watched: Watched,
    ) -> io::Result<Self> {
        let mut last = io::ErrorKind::NotFound.into();
        for (tried, address) in addresses.iter().enumerate() {
            let shares = u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
            let share = Deadline {
                until: deadline
                    .left()?
                    .and_then(|left| Instant::now().checked_add(left / shares)),
                ..deadline
            };
            match call(*address, share, &watched) {
                Ok(tcp) => return Self::new(tcp, deadline, watched),
                Err(error) if is_ours(&error) => return Err(error),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Both ends, ours first.
    pub fn ends(&self) -> Option<(SocketAddr, SocketAddr)> {
        self.tcp.local_addr().ok().zip(self.tcp.peer_addr().ok())
    }

    /// Once the other side has ended the connection: whether its system then refuses what was sent
    /// meanwhile.
    pub fn is_refused(&self) -> bool {
        let left = self.deadline.left().unwrap_or(Some(Duration::ZERO));
        let wait = left.map_or(REFUSAL_WAIT, |left| left.min(REFUSAL_WAIT));
        is_ready(self.as_fd(), PollFlags::empty(), Some(wait)).unwrap_or(false)
    }

    /// How long the next operation may wait before it is looked at again.
    fn at_once(&self) -> io::Result<Option<Duration>> {
        let piece = self.watched.piece_of(self.deadline.left()?);
        piece.map_err(io::Error::other)
    }

    fn new(tcp: TcpStream, deadline: Deadline, watched: Watched) -> io::Result<Self> {
        // A message leaves in one write: its last packet must not wait for an acknowledgement.
        tcp.set_nodelay(true)?;
        Ok(Self {
            tcp,
            deadline,
            waits: true,
            watched,
            read_timeout: None,
            write_timeout: None,
        })
    }
}

/// Connects to one address.
fn call(address: SocketAddr, deadline: Deadline, watched: &Watched) -> io::Result<TcpStream> {
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::Inet,
        SocketAddr::V6(_) => AddressFamily::Inet6,
    };
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let socket = socket(family, SockType::Stream, flags, None)?;
    match connect(socket.as_raw_fd(), &SockaddrStorage::from(address)) {
        Err(Errno::EINPROGRESS | Errno::EINTR) => {
            loop {
                let piece = watched.piece_of(deadline.left()?);
                let piece = piece.map_err(io::Error::other)?;
                if is_ready(socket.as_fd(), PollFlags::POLLOUT, piece)? {
                    break;
                }
            }
            match getsockopt(&socket, sockopt::SocketError)? {
                0 => {}
                error => return Err(io::Error::from_raw_os_error(error)),
            }
        }
        result => result?,
    }
    let tcp = TcpStream::from(socket);
    tcp.set_nonblocking(false)?;
    Ok(tcp)
}

/// Waits until one of these holds for it, or so long; whether it does.
pub(super) fn is_ready(
    fd: BorrowedFd<'_>,
    flags: PollFlags,
    most: Option<Duration>,
) -> io::Result<bool> {
    // A millisecond at least: what is left of one is none for poll.
    let wait = most.map_or(PollTimeout::NONE, |most| {
        let wait = most.max(Duration::from_millis(1));
        PollTimeout::try_from(wait).unwrap_or(PollTimeout::MAX)
    });
    match poll(&mut [PollFd::new(fd, flags)], wait) {
        Ok(ready) => Ok(ready > 0),
        Err(Errno::EINTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Whether it has an error of ours in it: whoever tries goes no further then.
fn is_ours(error: &io::Error) -> bool {
    let inner = error.get_ref();
    inner.is_some_and(|inner| inner.is::<HttpError>())
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.tcp.as_fd()
    }
}

impl AsRawFd for Socket {
    fn as_raw_fd(&self) -> RawFd {
        self.tcp.as_raw_fd()
    }
}

/// Whether a time-out set before serves for what is left, or up to an eighth longer: that saves
/// setting it for every operation.
fn serves(set: Option<Duration>, left: Option<Duration>) -> bool {
    match (set, left) {
        (None, None) => true,
        (Some(set), Some(left)) => set <= left.saturating_add(left / 8) && set >= left / 2,
        _ => false,
    }
}

/// Whether to look at the clock and go on: a time-out shorter than what is left struck (which the
/// system calls `WouldBlock`), or a signal.
fn interrupts(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.waits {
            return Ok(recv(self.as_raw_fd(), buffer, MsgFlags::MSG_DONTWAIT)?);
        }
        loop {
            let left = self.at_once()?;
            if !serves(self.read_timeout, left) {
                self.tcp.set_read_timeout(left)?;
                self.read_timeout = left;
            }
            match self.tcp.read(buffer) {
                Err(error) if interrupts(&error) => {}
                result => return result,
            }
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            let left = self.at_once()?;
            if !serves(self.write_timeout, left) {
                self.tcp.set_write_timeout(left)?;
                self.write_timeout = left;
            }
            match self.tcp.write(bytes) {
                Err(error) if interrupts(&error) => {}
                result => return result,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use nix::sys::socket::{Backlog, listen};

    use super::*;

    /// A port that answers nobody any more: those who wait for it fill its queue.
    fn silent() -> (TcpListener, Vec<TcpStream>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listen(&listener, Backlog::new(0).unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let patience = Duration::from_millis(200);
        let waiting = std::iter::from_fn(|| TcpStream::connect_timeout(&address, patience).ok());
        let waiting = waiting.take(100).collect();
        (listener, waiting)
    }

    #[test]
    fn an_address_that_does_not_answer_leaves_time_for_the_next_one() {
        let (silent, _waiting) = silent();
        let answers = TcpListener::bind("127.0.0.1:0").unwrap();
        let addresses = [&silent, &answers].map(|port| port.local_addr().unwrap());
        let deadline = Deadline::to_connect(Duration::from_secs(2));
        let socket = Socket::dial(&addresses, deadline, Watched::default()).unwrap();
        assert_eq!(socket.ends().unwrap().1, addresses[1]);
    }
}
