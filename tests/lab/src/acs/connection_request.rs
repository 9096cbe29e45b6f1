//! The ACS rings the box (TR-069 §3.2.2).

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::os::fd::AsRawFd;
use std::thread::sleep;
use std::time::Duration;

use cwmpd::base::digest::{self, Algorithm, Challenge, Proof, Qop};
use nix::sys::socket::{self, AddressFamily, SockFlag, SockType, SockaddrStorage};

use super::PATIENCE;

/// The most of an answer that is read.
const MAX_ANSWER: usize = 8192;

/// How an ACS sends its connection requests.
#[derive(Clone, Debug)]
pub struct Caller {
    /// `ConnectionRequestUsername`
    pub user: String,
    /// `ConnectionRequestPassword`
    pub password: String,
    /// Between the challenge and the request that answers it: the way there and back.
    pub delay: Duration,
    /// The second request comes on the connection of the first, unless the box closes that.
    pub keeps_connection: bool,
    /// Its own address; that of the box where there is none.
    pub from: Option<IpAddr>,
}

/// What the box said last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallAnswer {
    /// Of HTTP.
    pub status: u16,
    /// All of its head.
    pub head: String,
}

impl Caller {
    /// One that is near and uses a connection for each request.
    pub fn new(user: &str, password: &str) -> Self {
        Self {
            user: user.to_owned(),
            password: password.to_owned(),
            delay: Duration::ZERO,
            keeps_connection: false,
            from: None,
        }
    }

    /// Sends a connection request to `url` as an ACS does: first without credentials.
    pub fn call(&self, url: &str) -> io::Result<CallAnswer> {
        let rest = url.strip_prefix("http://").ok_or(io::ErrorKind::Other)?;
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let path = if path.is_empty() { "/" } else { path };
        let mut stream = self.connect(host)?;
        let answer = get(&mut stream, host, path, "", self.keeps_connection)?;
        if answer.status != 401 {
            return Ok(answer);
        }
        sleep(self.delay);
        if !self.keeps_connection || answer.head.contains("Connection: close\r\n") {
            stream = self.connect(host)?;
        }
        let authorization = self.authorization(&answer.head, path)?;
        get(&mut stream, host, path, &authorization, false)
    }

    fn connect(&self, host: &str) -> io::Result<TcpStream> {
        let stream = match self.from {
            Some(from) => connect_from(from, host)?,
            None => TcpStream::connect(host)?,
        };
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(stream)
    }

    /// The line that answers the challenge in `head`.
    fn authorization(&self, head: &str, path: &str) -> io::Result<String> {
        let challenge = challenge_in(head)?;
        let realm = challenge.param("realm").unwrap_or_default();
        let nonce = challenge.param("nonce").unwrap_or_default();
        let (cnonce, nc) = ("0a4f113b", "00000001");
        let response = Proof {
            algorithm: Algorithm::named(challenge.param("algorithm"))
                .ok_or_else(|| io::Error::other("an algorithm nobody knows"))?,
            username: self.user.as_bytes(),
            realm: realm.as_bytes(),
            password: self.password.as_bytes(),
            nonce: nonce.as_bytes(),
            cnonce,
            nc,
            method: "GET",
            uri: path,
            qop: Qop::Auth,
        }
        .response();
        let quote = |text: &str| String::from_utf8_lossy(&digest::quote(text)).into_owned();
        let opaque = challenge.param("opaque").map_or(String::new(), |opaque| {
            format!(", opaque={}", quote(opaque))
        });
        Ok(format!(
            "Authorization: Digest username={}, realm={}, nonce={}, uri=\"{path}\", qop=auth, nc={nc}, \
             cnonce=\"{cnonce}\", response=\"{response}\"{opaque}\r\n",
            quote(&self.user),
            quote(realm),
            quote(nonce),
        ))
    }
}

/// Sends a connection request to `url` as an ACS does, first without credentials, and gives the
/// status of the last answer.
pub fn request_connection(url: &str, user: &str, password: &str) -> io::Result<u16> {
    Ok(Caller::new(user, password).call(url)?.status)
}

/// Connects from an address of one's own.
pub fn connect_from(from: IpAddr, to: impl ToSocketAddrs) -> io::Result<TcpStream> {
    let to = to
        .to_socket_addrs()?
        .next()
        .ok_or(io::ErrorKind::NotFound)?;
    let family = match from {
        IpAddr::V4(_) => AddressFamily::Inet,
        IpAddr::V6(_) => AddressFamily::Inet6,
    };
    let socket = socket::socket(family, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    let from = SockaddrStorage::from(SocketAddr::new(from, 0));
    socket::bind(socket.as_raw_fd(), &from)?;
    socket::connect(socket.as_raw_fd(), &SockaddrStorage::from(to))?;
    Ok(TcpStream::from(socket))
}

/// The loopback address number `n`: all of 127.0.0.0/8 is this machine.
pub fn loopback(n: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(127, 0, 0, n))
}

fn challenge_in(head: &str) -> io::Result<Challenge> {
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("WWW-Authenticate"))
        .and_then(|(_, value)| digest::parse(value).into_iter().next())
        .ok_or_else(|| io::Error::other("401 without a challenge"))
}

/// One request, and the head of its answer; none has a body.
fn get(
    stream: &mut TcpStream,
    host: &str,
    path: &str,
    authorization: &str,
    keep: bool,
) -> io::Result<CallAnswer> {
    let connection = if keep { "keep-alive" } else { "close" };
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\n{authorization}Connection: {connection}\r\n\r\n"
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    let mut chunk = [0; 1024];
    while !answer.ends_with(b"\r\n\r\n") && answer.len() < MAX_ANSWER {
        match stream.read(&mut chunk)? {
            0 => break,
            got => answer.extend_from_slice(&chunk[..got]),
        }
    }
    let head = String::from_utf8_lossy(&answer).into_owned();
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .ok_or_else(|| io::Error::other(format!("no HTTP answer: {head:?}")))?;
    Ok(CallAnswer { status, head })
}
