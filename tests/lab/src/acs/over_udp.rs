//! The ACS asks for a session by UDP (TR-069 §G.2.1.4), as GenieACS does.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use nix::sys::socket::{
    self, AddressFamily, SockFlag, SockType, SockaddrStorage, setsockopt, sockopt,
};
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;

use super::Caller;

/// How often the same request is sent: datagrams get lost.
const COPIES: usize = 3;

impl Caller {
    /// One request to the box at that address, later than all before.
    pub fn datagram(&self, to: SocketAddr) -> Vec<u8> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        self.datagram_of(to, now.expect("a clock").as_secs())
    }

    /// The same with a clock that shows these seconds since 1970.
    pub fn datagram_of(&self, to: SocketAddr, seconds: u64) -> Vec<u8> {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let ts = seconds.to_string();
        let id = COUNT.fetch_add(1, Ordering::Relaxed).to_string();
        let (un, cn) = (&self.user, "XTGRWIPC6D3IPXS3");
        let key = PKey::hmac(self.password.as_bytes()).expect("a key");
        let mut signer = Signer::new(MessageDigest::sha1(), &key).expect("HMAC-SHA1");
        for field in [&ts, &id, un, cn] {
            signer.update(field.as_bytes()).expect("HMAC-SHA1");
        }
        let proof = signer.sign_to_vec().expect("HMAC-SHA1");
        let sig: String = proof.iter().map(|byte| format!("{byte:02X}")).collect();
        format!("GET http://{to}?ts={ts}&id={id}&un={un}&cn={cn}&sig={sig} HTTP/1.1\r\n\r\n").into()
    }

    /// Sends one request, in a few copies.
    pub fn call_over_udp(&self, by: &UdpSocket, to: SocketAddr) -> io::Result<()> {
        let request = self.datagram(to);
        for _ in 0..COPIES {
            by.send_to(&request, to)?;
        }
        Ok(())
    }
}

/// A socket at an address and port where a server listens already, if that server permits it
/// (`SO_REUSEADDR`): so GenieACS sends from the port of the STUN server beside it
/// (`UDP_CONNECTION_REQUEST_PORT`). It is to be closed at once: what comes in comes to it.
pub fn beside(server: SocketAddr) -> io::Result<UdpSocket> {
    let family = match server {
        SocketAddr::V4(_) => AddressFamily::Inet,
        SocketAddr::V6(_) => AddressFamily::Inet6,
    };
    let socket = socket::socket(family, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None)?;
    setsockopt(&socket, sockopt::ReuseAddr, &true)?;
    socket::bind(socket.as_raw_fd(), &SockaddrStorage::from(server))?;
    Ok(UdpSocket::from(socket))
}
