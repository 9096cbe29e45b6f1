//! Somebody who wants to keep the ACS from the connection-request port.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{JoinHandle, sleep};
use std::time::Duration;

use nix::libc::linger;
use nix::sys::socket::{setsockopt, sockopt};

use crate::acs::connect_from;

/// Connections that one who holds them open has at a time.
const HELD: usize = 200;

/// Bytes of a head that takes all memory it can get.
const LONG: usize = 3500;

/// What the attacker does with each connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttackKind {
    /// Connects, and closes soon.
    Connects,
    /// Connects, and says nothing for as long as it is left alone.
    Idlers,
    /// Sends most of a long head, and then byte by byte without an end.
    SlowHeads,
    /// Says that nothing more comes, and waits.
    HalfClose,
    /// Asks for a path that is not there.
    WrongPath,
    /// Asks for the right path, which it knows, without credentials, and keeps the connection.
    RightPath,
    /// Asks for the right path, and answers the challenge with a guess.
    WrongDigests,
    /// Sends many requests at once and reads no answer.
    Pipelined,
}

impl AttackKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Connects,
        Self::Idlers,
        Self::SlowHeads,
        Self::HalfClose,
        Self::WrongPath,
        Self::RightPath,
        Self::WrongDigests,
        Self::Pipelined,
    ];

    fn holds(self) -> bool {
        matches!(self, Self::Idlers | Self::SlowHeads | Self::RightPath)
    }
}

/// An attack under way; it ends with this value.
pub struct Attack {
    stop: Arc<AtomicBool>,
    requests: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl Attack {
    /// Begins one at `target` on the connection-request URL's `path`, from each of `sources` by turns,
    /// with a `pause` between two connections.
    pub fn start(
        kind: AttackKind,
        target: SocketAddr,
        path: &str,
        sources: Vec<IpAddr>,
        pause: Duration,
    ) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let requests = Arc::new(AtomicUsize::new(0));
        let (end, count, path) = (Arc::clone(&stop), Arc::clone(&requests), path.to_owned());
        let thread = std::thread::spawn(move || {
            let mut held = Vec::new();
            for source in sources.iter().cycle() {
                if end.load(Ordering::Relaxed) {
                    break;
                }
                // A listener whose queue is full refuses or leaves one waiting: all the same to it.
                let Ok(stream) = connect_from(*source, target) else {
                    continue;
                };
                count.fetch_add(1, Ordering::Relaxed);
                if let Some(stream) = strike(kind, stream, &path).filter(|_| kind.holds()) {
                    held.push(stream);
                }
                if held.len() > HELD {
                    held.remove(0);
                }
                if kind == AttackKind::SlowHeads {
                    held.retain_mut(|stream| stream.write(b"x").is_ok());
                }
                if !pause.is_zero() {
                    sleep(pause);
                }
            }
        });
        Self {
            stop,
            requests,
            thread: Some(thread),
        }
    }

    /// Connections made so far.
    pub fn connections(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }
}

impl Drop for Attack {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// One connection, as far as the kind goes with it.
fn strike(kind: AttackKind, mut stream: TcpStream, path: &str) -> Option<TcpStream> {
    // Closed at once, so that the attacker does not run out of ports.
    let abort = linger {
        l_onoff: 1,
        l_linger: 0,
    };
    setsockopt(&stream, sockopt::Linger, &abort).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_millis(50)))
        .ok()?;
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: box\r\n\r\n");
    let mut answer = [0; 1024];
    match kind {
        AttackKind::Connects | AttackKind::Idlers => {}
        AttackKind::SlowHeads => {
            let head = format!("GET /{}", "x".repeat(LONG));
            stream.write_all(head.as_bytes()).ok()?;
        }
        AttackKind::HalfClose => {
            stream.write_all(b"GET / HTTP/1.1\r\n").ok()?;
            stream.shutdown(std::net::Shutdown::Write).ok()?;
        }
        AttackKind::WrongPath => {
            stream.write_all(get("/wrong").as_bytes()).ok()?;
            let _ = stream.read(&mut answer);
        }
        AttackKind::RightPath => stream.write_all(get(path).as_bytes()).ok()?,
        AttackKind::WrongDigests => {
            stream.write_all(get(path).as_bytes()).ok()?;
            let got = stream.read(&mut answer).ok()?;
            let head = String::from_utf8_lossy(&answer[..got]).into_owned();
            let nonce = head.split("nonce=\"").nth(1)?.split('"').next()?;
            let guess = format!(
                "GET {path} HTTP/1.1\r\nAuthorization: Digest username=\"acs\", realm=\"cwmpd\", \
                 nonce=\"{nonce}\", uri=\"{path}\", qop=auth, nc=00000001, cnonce=\"0\", \
                 response=\"00000000000000000000000000000000\"\r\n\r\n"
            );
            stream.write_all(guess.as_bytes()).ok()?;
            let _ = stream.read(&mut answer);
        }
        AttackKind::Pipelined => {
            let _ = stream.write_all(get(path).repeat(100).as_bytes());
        }
    }
    Some(stream)
}
