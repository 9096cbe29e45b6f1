//! A real classic STUN server (RFC 3489).

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::process::Command;
use std::time::Duration;

use super::Process;
use super::process::free_udp;
use crate::Folder;

/// A running `stund`.
pub struct Stund {
    _process: Process,
    address: SocketAddr,
}

impl Stund {
    /// Starts it at this address; port 0: a free one. It takes another address beside it, and another
    /// port of both. `None` where it is not installed, which is said.
    pub fn start(folder: &Folder, address: SocketAddr, beside: IpAddr) -> Option<Self> {
        // A port that the system gives out may be taken by another until `stund` has it.
        let other = match address.port() {
            0 => free_udp(address).port(),
            port => port + 1,
        };
        let address = free_udp(address);
        let mut command = Command::new("stund");
        command.arg("-h").arg(address.ip().to_string());
        command.arg("-a").arg(beside.to_string());
        command.arg("-p").arg(address.port().to_string());
        command.arg("-o").arg(other.to_string());
        let mut process = Process::start(&mut command, folder, "stund.log")?;
        process.wait_until(|| answers_binding(address));
        Some(Self {
            _process: process,
            address,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Whether anything comes back for a Binding Request.
pub(super) fn answers_binding(server: SocketAddr) -> bool {
    let socket = UdpSocket::bind(SocketAddr::new(server.ip(), 0)).expect("a socket");
    let wait = Some(Duration::from_millis(50));
    socket.set_read_timeout(wait).expect("a time");
    let mut request = [7; 20];
    request[..8].copy_from_slice(&[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42]);
    socket.send_to(&request, server).is_ok() && socket.recv(&mut [0; 512]).is_ok()
}
