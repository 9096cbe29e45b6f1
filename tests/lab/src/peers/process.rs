//! A program in the background.

use std::fs::File;
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::Folder;
use crate::shared::skip;

/// How long a program may take to be ready.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running program; ends when dropped.
pub(super) struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts it, with what it says in the file `log` of the folder. `None` where it is not
    /// installed, which is said.
    pub(super) fn start(command: &mut Command, folder: &Folder, log: &str) -> Option<Self> {
        Self::start_with_log(command, folder.join(log))
    }

    /// The same, with the path of that file.
    pub(super) fn start_with_log(command: &mut Command, log: PathBuf) -> Option<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let out = File::create(&log).expect("a log file");
        let also = out.try_clone().expect("a log file");
        command.stdin(Stdio::null()).stdout(out).stderr(also);
        let Ok(child) = command.spawn() else {
            skip(&format!("{name} is absent"));
            return None;
        };
        Some(Self { child, log })
    }

    /// Waits until it does what it is for.
    ///
    /// # Panics
    /// With what it said, where it ends instead, or takes for ever.
    pub(super) fn wait_until(&mut self, is_ready: impl Fn() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_ready() {
            let ended = self.child.try_wait().ok().flatten();
            assert_eq!(ended, None, "it ended: {}", self.log());
            assert!(Instant::now() < deadline, "it is not ready: {}", self.log());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until it ends by itself.
    ///
    /// # Panics
    /// Where it takes for ever.
    pub(super) fn wait_for_end(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        while self.child.try_wait().expect("a child").is_none() {
            assert!(Instant::now() < deadline, "it goes on: {}", self.log());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// What it said so far.
    pub(super) fn log(&self) -> String {
        std::fs::read(&self.log).map_or_else(
            |e| e.to_string(),
            |text| String::from_utf8_lossy(&text).into_owned(),
        )
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An address for UDP with a port that nobody has just now, in place of port 0: some programs cannot
/// be told to take any.
pub(super) fn free_udp(address: SocketAddr) -> SocketAddr {
    let socket = UdpSocket::bind(address).expect("a free port");
    socket.local_addr().expect("the address just bound")
}

/// The same for TCP, at any port.
pub(super) fn free_tcp(address: IpAddr) -> SocketAddr {
    let listener = TcpListener::bind((address, 0)).expect("a free port");
    listener.local_addr().expect("the address just bound")
}
