//! A real nginx, as operators run them.

use std::net::{Ipv4Addr, TcpStream};
use std::process::Command;

use super::Process;
use super::process::free_tcp;
use crate::Folder;

/// A running nginx; ends when dropped. What it needs lies in its folder.
pub struct Nginx {
    _process: Process,
    port: u16,
}

impl Nginx {
    /// Starts it with one server, on a free port of 127.0.0.1. `server` is what its block has
    /// besides `listen`; it begins with the further words of that line, e.g. `ssl; root files;`.
    /// Paths are in `folder`. `None` where nginx is not installed, which is said.
    pub fn start(folder: &Folder, server: &str) -> Option<Self> {
        let port = free_tcp(Ipv4Addr::LOCALHOST.into()).port();
        let conf = format!(
            "daemon off; master_process off; pid nginx.pid; error_log error.log;
             events {{ }}
             http {{
                 access_log off;
                 client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f;
                 uwsgi_temp_path u; scgi_temp_path s;
                 server {{ listen 127.0.0.1:{port} {server} }}
             }}",
        );
        folder.file("nginx.conf", conf);
        let mut command = Command::new("nginx");
        command
            .arg("-p")
            .arg(folder.path())
            .args(["-c", "nginx.conf"]);
        let mut process = Process::start(&mut command, folder, "nginx.log")?;
        process.wait_until(|| TcpStream::connect(("127.0.0.1", port)).is_ok());
        Some(Self {
            _process: process,
            port,
        })
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }
}
