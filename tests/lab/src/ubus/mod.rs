//! OpenWrt's bus: an ubusd as small as tests need it, with the bad days of its objects, and a client.
//!
//! It speaks as the real one does on the wire, and was held against it: the real `ubus` talks to this
//! ubusd, and this client to the real one. It has no events, no subscriptions and no access lists.

mod blob;
mod bus;
mod client;
pub mod hostile;
mod mood;
pub mod objects;
mod wire;

use std::collections::HashMap;
use std::fs;
use std::net::Shutdown;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

pub use blob::{BusValue, array, table};
use bus::Bus;
pub use client::{BusError, UbusClient};
pub use mood::BusMood;
pub use wire::{BusMessage, MAX_MESSAGE, UbusAge, attr, status};

/// How long a client may not read before it loses what is sent to it.
const WRITE_PATIENCE: Duration = Duration::from_secs(5);

/// A running ubusd.
pub struct FakeUbusd {
    bus: Arc<Mutex<Bus>>,
    socket: PathBuf,
    running: Option<(Arc<AtomicBool>, JoinHandle<()>)>,
}

impl FakeUbusd {
    /// Starts one of today without objects, on this socket.
    pub fn start(socket: &Path) -> Self {
        Self::start_of(UbusAge::Today, socket)
    }

    /// Starts one of this age.
    pub fn start_of(age: UbusAge, socket: &Path) -> Self {
        let mut ubusd = Self {
            bus: Arc::default(),
            socket: socket.to_owned(),
            running: None,
        };
        ubusd.bus().age = age;
        ubusd.up();
        ubusd
    }

    /// Gives an object that answers a method with this; another answer in place of an earlier one.
    pub fn offer(&self, object: &str, method: &str, answer: BusValue) {
        self.bus().offer(object, method, answer);
    }

    /// Takes an object away.
    pub fn remove(&self, object: &str) {
        self.bus().remove(object);
    }

    /// From now on a method is answered in this mood; `method` is `system.board`.
    pub fn mood(&self, method: &str, mood: BusMood) {
        self.bus().moods.insert(method.to_owned(), mood);
    }

    /// Who connects is not greeted, and nobody gets an answer, until it is greeted again.
    pub fn mute(&self, mute: bool) {
        self.bus().is_mute = mute;
    }

    /// The methods called since the start or the last question, of objects that are offered here,
    /// as `system.board`.
    pub fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.bus().calls)
    }

    /// How often somebody connected so far.
    pub fn connections(&self) -> usize {
        self.bus().connections
    }

    /// The paths of all objects, those of clients included.
    pub fn objects(&self) -> Vec<String> {
        let bus = self.bus();
        let paths = bus.objects.values().map(|object| object.path.clone());
        let mut paths: Vec<String> = paths.collect();
        paths.sort();
        paths
    }

    /// Stops: everybody is thrown out, and the socket is gone.
    pub fn down(&mut self) {
        let Some((stop, thread)) = self.running.take() else {
            return;
        };
        stop.store(true, Ordering::SeqCst);
        let _ = UnixStream::connect(&self.socket);
        let _ = fs::remove_file(&self.socket);
        self.bus().throw_out();
        thread.join().unwrap();
        self.bus().throw_out();
    }

    /// Starts again: with the objects that are offered here, without those of clients.
    pub fn up(&mut self) {
        if self.running.is_some() {
            return;
        }
        let _ = fs::remove_file(&self.socket);
        let listener = UnixListener::bind(&self.socket).expect("the socket of ubusd");
        let open_to_all = fs::Permissions::from_mode(0o666);
        fs::set_permissions(&self.socket, open_to_all).expect("the socket of ubusd");
        let stop = Arc::new(AtomicBool::new(false));
        let (bus, stopped) = (Arc::clone(&self.bus), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    break;
                }
                if let Ok(stream) = stream {
                    welcome(&bus, stream);
                }
            }
        });
        self.running = Some((stop, thread));
    }

    /// Down and up again.
    pub fn restart(&mut self) {
        self.down();
        self.up();
    }

    fn bus(&self) -> MutexGuard<'_, Bus> {
        lock(&self.bus)
    }
}

impl Drop for FakeUbusd {
    fn drop(&mut self) {
        self.down();
    }
}

fn lock(bus: &Mutex<Bus>) -> MutexGuard<'_, Bus> {
    bus.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Greets a client and serves it on a thread of its own.
fn welcome(bus: &Arc<Mutex<Bus>>, stream: UnixStream) {
    let _ = stream.set_write_timeout(Some(WRITE_PATIENCE));
    let Ok(mut reading) = stream.try_clone() else {
        return;
    };
    let age = lock(bus).age;
    let id = lock(bus).enter(stream);
    let bus = Arc::clone(bus);
    std::thread::spawn(move || {
        while let Ok(message) = BusMessage::read(&mut reading, age) {
            bus::work(&bus, id, message);
        }
        let _ = reading.shutdown(Shutdown::Both);
        lock(&bus).leave(id);
    });
}

/// Methods of an object with what they are called with: names and types of the arguments.
type Signature = HashMap<String, BusValue>;

#[cfg(test)]
mod tests;

#[cfg(test)]
mod oracle;
