//! The engine's door: a port of 127.0.0.1, and its sockets, which it keeps open whatever the client
//! says.

mod answer;

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::engine::Engine;
use crate::home::wait_for;
use answer::answer;

/// Longer than a line of a request is.
const MAX_LINE: usize = 64 * 1024;

/// An open port.
pub(super) struct Door {
    /// Its number.
    pub(super) port: u16,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// What the connections of a door share.
pub(super) struct Shared {
    pub(super) engine: Arc<Mutex<Engine>>,
    is_closed: AtomicBool,
    sockets: Mutex<HashMap<u64, TcpStream>>,
}

impl Door {
    /// Listens on a port, or on any for 0.
    pub(super) fn open(engine: Arc<Mutex<Engine>>, port: u16) -> Self {
        // While nobody listened, the port may have been drawn for a connection of another test.
        let listener = wait_for("the port", || TcpListener::bind(("127.0.0.1", port)).ok());
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            engine,
            is_closed: AtomicBool::new(false),
            sockets: Mutex::default(),
        });
        let accepting = Arc::clone(&shared);
        let thread = std::thread::spawn(move || accept(&listener, &accepting));
        Self {
            port,
            shared,
            thread: Some(thread),
        }
    }
}

impl Drop for Door {
    /// Refuses connections from now on, and cuts those that there are.
    fn drop(&mut self) {
        self.shared.is_closed.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
        for socket in lock(&self.shared.sockets).values() {
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}

impl Shared {
    /// Waits until `reached`, at the most so long; `None` where the engine goes away before.
    pub(super) fn wait<T>(
        &self,
        time: Duration,
        reached: impl Fn(&mut Engine) -> Option<T>,
    ) -> Option<Option<T>> {
        let start = Instant::now();
        loop {
            if self.is_closed.load(Ordering::SeqCst) {
                return None;
            }
            let found = reached(&mut lock(&self.engine));
            if found.is_some() || start.elapsed() >= time {
                return Some(found);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for (nth, socket) in (0..).zip(listener.incoming()) {
        if shared.is_closed.load(Ordering::SeqCst) {
            return;
        }
        let Ok(socket) = socket else { continue };
        if let Ok(other) = socket.try_clone() {
            lock(&shared.sockets).insert(nth, other);
        }
        let shared = Arc::clone(shared);
        std::thread::spawn(move || {
            let _ = socket.set_nodelay(true);
            converse(&socket, &shared);
            let ended = lock(&shared.sockets).remove(&nth);
            if let Some(socket) = ended {
                let _ = socket.shutdown(Shutdown::Both);
            }
        });
    }
}

/// The client may have gone: what it does not read is its own affair, so errors end the
/// conversation and nothing else.
fn converse(socket: &TcpStream, shared: &Shared) {
    let mut reading = BufReader::new(socket);
    while let Some(query) = request(&mut reading) {
        if !answer(shared, socket, &query).unwrap_or(false) {
            return;
        }
    }
}

/// The query of the next request; `None` at the end, and for what is no request.
fn request(reading: &mut impl BufRead) -> Option<String> {
    let first = line(reading)?;
    let mut words = first.split(' ');
    let (_, target, version) = (words.next()?, words.next()?, words.next()?);
    if !version.starts_with("HTTP/1.") {
        return None;
    }
    while !line(reading)?.is_empty() {}
    let query = target.split_once('?').map_or("", |(_, query)| query);
    Some(query.to_owned())
}

fn line(reading: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    let read = reading.read_line(&mut line).ok()?;
    let is_whole = (1..MAX_LINE).contains(&read) && line.ends_with('\n');
    is_whole.then(|| line.trim_end().to_owned())
}
