//! A real nginx, as operators run them.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::Folder;
use crate::shared::skip;

/// A running nginx; ends when dropped. What it needs lies in its folder.
pub struct Nginx {
    process: Child,
    port: u16,
}

impl Nginx {
    /// Starts it with one server, on a free port of 127.0.0.1. `server` is what its block has
    /// besides `listen`; it begins with the further words of that line, e.g. `ssl; root files;`.
    /// Paths are in `folder`. `None` where nginx is not installed, which is said.
    pub fn start(folder: &Folder, server: &str) -> Option<Self> {
        // nginx cannot be told to take any free port.
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener
            .local_addr()
            .expect("the address just bound")
            .port();
        drop(listener);
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
        let Ok(process) = command.stderr(Stdio::null()).spawn() else {
            skip("nginx is absent");
            return None;
        };
        let mut nginx = Self { process, port };
        let deadline = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = nginx.process.try_wait().ok().flatten();
            assert_eq!(ended, None, "nginx refuses its configuration");
            assert!(Instant::now() < deadline, "nginx does not listen");
            thread::sleep(Duration::from_millis(5));
        }
        Some(nginx)
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
