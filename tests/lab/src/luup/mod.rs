//! A Luup engine with a sample home, and with the bad days of a real one.
//!
//! It speaks as the real one does on the wire: `Transfer-Encoding: Chunked` with a capital C and no
//! length, sockets kept open whatever the client says, errors as bare texts with status 200.

mod answers;
pub mod hostile;
mod sample;

use std::io::Write;
use std::net::TcpStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tiny_http::{Request, Server};

pub use sample::{Device, State, large_home, sample_home};

/// Bytes of one chunk, as the real engine cuts them.
const CHUNK: usize = 16_000;

/// How the engine answers `id=status`, `user_data`, `sdata` and writes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    /// As it should.
    #[default]
    Well,
    /// 200 and an empty body, as when a reload cuts the answer.
    Empty,
    /// 200 and this text: `Exiting`, `NO_CHANGES`, `Bad Device`, hostile JSON, a stored answer.
    Says(String),
    /// The first half of the right answer, in well-formed chunks.
    Truncated,
    /// The first half of the right answer, then nothing, the socket left open.
    Stuck,
    /// As it should, but the answer to `id=user_data` is empty.
    WithoutUserData,
    /// Chunks without an end.
    Endless,
    /// This HTTP status with a page of HTML.
    Status(u16),
    /// The right answer after a while.
    Slow(Duration),
    /// Nothing as long as it is in this mood; then what it answers in its next.
    Silent,
}

/// A running engine on a port of its own of 127.0.0.1.
pub struct FakeLuup {
    engine: Arc<Mutex<Engine>>,
    port: u16,
    running: Option<(Arc<Server>, JoinHandle<()>)>,
}

struct Engine {
    home: Vec<Device>,
    mood: Mood,
    log: Vec<String>,
    data_version: u64,
    /// Of what `id=user_data` has; none where it is not told.
    user_data_version: Option<u64>,
    /// When it was started, in its own answers.
    load_time: u64,
    hidden: Vec<(u32, String)>,
}

impl FakeLuup {
    /// Starts an engine with the sample home.
    pub fn start() -> Self {
        Self::with(sample_home())
    }

    /// Starts an engine with this home.
    pub fn with(home: Vec<Device>) -> Self {
        let mut luup = Self {
            engine: Arc::new(Mutex::new(Engine {
                home,
                mood: Mood::Well,
                log: Vec::new(),
                data_version: 374_830_741,
                user_data_version: Some(374_829_874),
                load_time: 1_445_000_000,
                hidden: Vec::new(),
            })),
            port: 0,
            running: None,
        };
        luup.up();
        luup
    }

    /// The address for `luup.url`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// From now on the engine answers in this mood.
    pub fn mood(&self, mood: Mood) {
        self.engine().mood = mood;
    }

    /// Stops listening; on return connections are refused.
    pub fn down(&mut self) {
        if let Some((server, thread)) = self.running.take() {
            server.unblock();
            thread.join().unwrap();
            drop(server);
            let deadline = Instant::now() + Duration::from_secs(5);
            while TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                assert!(Instant::now() < deadline, "the port is still open");
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    }

    /// Listens again, on the same port.
    pub fn up(&mut self) {
        if self.running.is_some() {
            return;
        }
        let server = Arc::new(Server::http(("127.0.0.1", self.port)).unwrap());
        self.port = server.server_addr().to_ip().unwrap().port();
        let (engine, listener) = (Arc::clone(&self.engine), Arc::clone(&server));
        let thread = std::thread::spawn(move || {
            for request in listener.incoming_requests() {
                let engine = Arc::clone(&engine);
                std::thread::spawn(move || answer(&engine, request));
            }
        });
        self.running = Some((server, thread));
    }

    /// Changes a variable as a sensor does; `service` in full or its last part. A variable the
    /// device does not have is added, its service then in full.
    pub fn set(&self, device: u32, service: &str, variable: &str, value: &str) {
        let mut engine = self.engine();
        engine.data_version += 1;
        let device = engine.device(device).expect("no such device");
        device.set(service, variable, value);
    }

    /// Changes what `id=user_data` alone has of a device: a name, a room, a parent.
    pub fn configure(&self, device: u32, change: impl FnOnce(&mut Device)) {
        let mut engine = self.engine();
        engine.configured();
        change(engine.device(device).expect("no such device"));
    }

    /// Removes a device: no more than the version of the configuration tells of it.
    pub fn remove(&self, device: u32) {
        let mut engine = self.engine();
        engine.configured();
        engine.home.retain(|other| other.id != device);
    }

    /// What it says of its configuration from now on, whatever that is: nothing, or this version.
    pub fn count_configuration(&self, version: Option<u64>) {
        self.engine().user_data_version = version;
    }

    /// A variable of a device stands in the answer to `id=user_data` alone from now on.
    pub fn hide_from_status(&self, device: u32, variable: &str) {
        self.engine().hidden.push((device, variable.to_owned()));
    }

    /// As after a restart: another `LoadTime`.
    pub fn reload(&self) {
        self.engine().load_time += 60;
    }

    /// The value of a variable.
    pub fn get(&self, device: u32, service: &str, variable: &str) -> Option<String> {
        let mut engine = self.engine();
        let state = engine.device(device)?.state(service, variable)?;
        Some(state.value.clone())
    }

    /// A device as it is now.
    pub fn device(&self, id: u32) -> Option<Device> {
        self.engine().device(id).cloned()
    }

    /// The requests since the start or the last call, as `id=status&output_format=json`.
    pub fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.engine().log)
    }

    fn engine(&self) -> MutexGuard<'_, Engine> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for FakeLuup {
    fn drop(&mut self) {
        self.down();
    }
}

impl Engine {
    fn configured(&mut self) {
        self.data_version += 1;
        self.user_data_version = self.user_data_version.map(|_| self.data_version);
    }

    fn device(&mut self, id: u32) -> Option<&mut Device> {
        self.home.iter_mut().find(|device| device.id == id)
    }
}

/// The client may have gone: what it does not read is its own affair, so write errors end the
/// answer and nothing else.
fn answer(engine: &Mutex<Engine>, request: Request) {
    let query = request.url().split_once('?').map_or("", |(_, query)| query);
    let lock = || engine.lock().unwrap_or_else(PoisonError::into_inner);
    lock().log.push(query.to_owned());
    while lock().mood == Mood::Silent {
        std::thread::sleep(Duration::from_millis(5));
    }
    let (mood, (status, body)) = {
        let mut engine = lock();
        let mood = engine.mood.clone();
        let answer = match mood {
            Mood::WithoutUserData if query.starts_with("id=user_data") => (200, String::new()),
            Mood::Well | Mood::WithoutUserData | Mood::Slow(_) | Mood::Truncated | Mood::Stuck => {
                engine.answer(query)
            }
            _ => (200, String::new()),
        };
        (mood, answer)
    };
    let mut socket = request.into_writer();
    let half = body.get(..body.len() / 2).unwrap_or_default();
    let _ = match mood {
        Mood::Well | Mood::WithoutUserData | Mood::Silent => chunked(&mut socket, status, &body),
        Mood::Empty => chunked(&mut socket, 200, ""),
        Mood::Says(text) => chunked(&mut socket, 200, &text),
        Mood::Truncated => chunked(&mut socket, 200, half),
        Mood::Status(status) => chunked(&mut socket, status, "<html><body>no</body></html>"),
        Mood::Slow(delay) => {
            std::thread::sleep(delay);
            chunked(&mut socket, status, &body)
        }
        Mood::Stuck => head(&mut socket, 200).and_then(|()| chunk(&mut socket, half)),
        Mood::Endless => head(&mut socket, 200).and_then(|()| {
            loop {
                chunk(&mut socket, &"[".repeat(CHUNK))?;
            }
        }),
    };
}

fn head(socket: &mut dyn Write, status: u16) -> std::io::Result<()> {
    write!(
        socket,
        "HTTP/1.1 {status} Told\r\nServer: fake Luup\r\nContent-Type: application/json\r\n\
         Connection: Keep-Alive\r\nTransfer-Encoding: Chunked\r\n\r\n"
    )
}

fn chunk(socket: &mut dyn Write, text: &str) -> std::io::Result<()> {
    for part in text.as_bytes().chunks(CHUNK) {
        write!(socket, "{:x}\r\n", part.len())?;
        socket.write_all(part)?;
        socket.write_all(b"\r\n")?;
    }
    socket.flush()
}

fn chunked(socket: &mut dyn Write, status: u16, body: &str) -> std::io::Result<()> {
    head(socket, status)?;
    chunk(socket, body)?;
    socket.write_all(b"0\r\n\r\n")?;
    socket.flush()
}
