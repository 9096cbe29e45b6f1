//! A real coturn, as operators run it beside their ACS.

use std::net::SocketAddr;
use std::process::Command;

use super::Process;
use super::process::free_udp;
use super::stund::answers_binding;
use crate::Folder;

/// The realm of its users.
const REALM: &str = "stun.example";

/// A running `turnserver` that does nothing but STUN over UDP.
pub struct Coturn {
    _process: Process,
    address: SocketAddr,
}

impl Coturn {
    /// Starts it at this address; port 0: a free one. With a name and a password it answers only who has them, as
    /// long-term credentials (RFC 5389 §10.2): the others get 401 with a realm and a nonce. (It knows no name
    /// with a space.) `None`
    /// where it is not installed, which is said.
    pub fn start(folder: &Folder, address: SocketAddr, user: Option<(&str, &str)>) -> Option<Self> {
        let address = free_udp(address);
        let mut command = Command::new("turnserver");
        // No configuration of this machine, nothing but STUN, nothing but UDP.
        command.args(["-n", "--stun-only", "--no-tls", "--no-dtls", "--no-tcp"]);
        command.args(["--no-cli", "--simple-log", "--log-binding", "-l", "stdout"]);
        command.arg("-L").arg(address.ip().to_string());
        command.arg("-p").arg(address.port().to_string());
        command.arg("--pidfile").arg(folder.join("coturn.pid"));
        command.arg("-b").arg(folder.join("coturn.db"));
        if let Some((name, password)) = user {
            command.args(["--secure-stun", "--lt-cred-mech", "-r", REALM]);
            command.arg("-u").arg(format!("{name}:{password}"));
        }
        let mut process = Process::start(&mut command, folder, "coturn.log")?;
        // An error is an answer too.
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
