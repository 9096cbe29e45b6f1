//! A real prosody, as the XMPP server of an operator.

use std::fmt::Write as _;
use std::fs;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::process::Command;

use super::Process;
use super::process::free_tcp;
use crate::Folder;
use crate::http::Identity;

/// The mechanisms it knows, for passwords that it keeps in plain text.
const MECHANISMS: [&str; 6] = [
    "PLAIN",
    "SCRAM-SHA-1",
    "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-256",
    "SCRAM-SHA-256-PLUS",
    "DIGEST-MD5",
];

/// A running prosody with one domain, which wants TLS before anything else.
pub struct Prosody {
    process: Process,
    address: SocketAddr,
}

impl Prosody {
    /// Starts it on a free port of this address, with a certificate, these users (name and password)
    /// and these SASL mechanisms, e.g. `["SCRAM-SHA-1"]`. `None` where it is not installed, which is
    /// said.
    pub fn start(
        folder: &Folder,
        address: IpAddr,
        domain: &str,
        identity: &Identity,
        users: &[(&str, &str)],
        mechanisms: &[&str],
    ) -> Option<Self> {
        let address = free_tcp(address);
        let accounts = folder.join("data").join(encoded(domain)).join("accounts");
        fs::create_dir_all(&accounts).expect("a folder");
        for (name, password) in users {
            let file = accounts.join(format!("{}.dat", encoded(name)));
            let account = format!("return {{ [\"password\"] = {password:?} }};\n");
            fs::write(file, account).expect("an account");
        }
        let off = MECHANISMS.iter().filter(|name| !mechanisms.contains(name));
        let off = off.fold(String::new(), |mut list, name| {
            let _ = write!(list, "{name:?}; ");
            list
        });
        let conf = format!(
            "run_as_root = true
             pidfile = {pid:?}
             data_path = {data:?}
             interfaces = {{ \"{ip}\" }}
             c2s_ports = {{ {port} }}
             legacy_ssl_ports = {{ }}
             modules_enabled = {{ \"saslauth\"; \"tls\"; \"ping\"; \"posix\"; }}
             modules_disabled = {{ \"s2s\"; \"offline\"; }}
             c2s_require_encryption = true
             authentication = \"internal_plain\"
             disable_sasl_mechanisms = {{ {off} }}
             log = {{ {{ levels = {{ min = \"debug\" }}; to = \"console\" }} }}
             ssl = {{ certificate = {certificate:?}; key = {key:?} }}
             VirtualHost \"{domain}\"\n",
            pid = folder.join("prosody.pid"),
            data = folder.join("data"),
            ip = address.ip(),
            port = address.port(),
            certificate = folder.file("prosody.crt", identity.chain_pem()),
            key = folder.file("prosody.key", identity.key_pem()),
        );
        let mut command = Command::new("prosody");
        command.arg("-F").arg("--config");
        command.arg(folder.file("prosody.cfg.lua", conf));
        let mut process = Process::start(&mut command, folder, "prosody.log")?;
        process.wait_until(|| TcpStream::connect(address).is_ok());
        Some(Self { process, address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it said so far: everything that it notices.
    pub fn log(&self) -> String {
        self.process.log()
    }
}

/// A name as its files have it: what is no letter or digit as a percent and two digits.
fn encoded(name: &str) -> String {
    let mut text = String::new();
    for byte in name.bytes() {
        match byte.is_ascii_alphanumeric() {
            true => text.push(char::from(byte)),
            false => write!(text, "%{byte:02x}").expect("a text"),
        }
    }
    text
}
