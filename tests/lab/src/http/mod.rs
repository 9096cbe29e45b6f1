//! An HTTP/1.1 server over raw sockets, plain or TLS, that misbehaves on the wire as told.
//!
//! One thread a connection; every connection and request is counted and kept for the test to look
//! at. The handler decides the answer byte by byte if need be ([`Reply`]). Dropping the server
//! ends every thread, also those that wait on purpose.

mod guard;
mod message;
mod tls;

pub use guard::{Auth, Guard};
pub use message::{Reply, Request};
pub use tls::{Authority, Days, EXPIRED, Identity, KeyKind, Leaf, NOT_YET, ServerTls, TlsStream};

use std::io::{self, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::sys::socket;

/// Which exchange a request belongs to. Counts begin at 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnInfo {
    /// The number of the connection, in order of acceptance.
    pub connection: usize,
    /// The number of the request on this connection.
    pub request: usize,
    /// Whether it came over TLS.
    pub tls: bool,
    /// The common name of the client's certificate.
    pub client_name: Option<String>,
}

type Handler = Box<dyn FnMut(&Request, &ConnInfo) -> Reply + Send>;

type Gate = Box<dyn FnMut(&Request) -> Option<Reply> + Send>;

/// The server; stops when dropped.
pub struct Server {
    address: SocketAddr,
    tls: bool,
    shared: Arc<Shared>,
    listener: TcpListener,
    acceptor: Option<JoinHandle<()>>,
}

struct Shared {
    handler: Mutex<Handler>,
    gate: Option<Mutex<Gate>>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    stopping: bool,
    connections: usize,
    closed: usize,
    seen: Vec<(ConnInfo, Request)>,
    open: Vec<(usize, TcpStream)>,
    workers: Vec<JoinHandle<()>>,
}

impl Server {
    /// A plain HTTP server on a free port of 127.0.0.1.
    pub fn start(handler: impl FnMut(&Request, &ConnInfo) -> Reply + Send + 'static) -> Self {
        Self::start_on("127.0.0.1:0", None, Box::new(handler))
    }

    /// A plain HTTP server that knows `Expect: 100-continue` (the others wait for the body): `gate`
    /// sees such a request before its body, and refuses it with an answer or lets it go on.
    pub fn start_gated(
        gate: impl FnMut(&Request) -> Option<Reply> + Send + 'static,
        handler: impl FnMut(&Request, &ConnInfo) -> Reply + Send + 'static,
    ) -> Self {
        let gate = Mutex::new(Box::new(gate) as Gate);
        Self::listen("127.0.0.1:0", None, Some(gate), Box::new(handler))
    }

    /// The same over TLS.
    pub fn start_tls(
        tls: ServerTls,
        handler: impl FnMut(&Request, &ConnInfo) -> Reply + Send + 'static,
    ) -> Self {
        Self::start_on("127.0.0.1:0", Some(tls), Box::new(handler))
    }

    /// On an address of choice, e.g. `[::1]:0`.
    pub fn start_on(address: &str, tls: Option<ServerTls>, handler: Handler) -> Self {
        Self::listen(address, tls, None, handler)
    }

    fn listen(
        address: &str,
        tls: Option<ServerTls>,
        gate: Option<Mutex<Gate>>,
        handler: Handler,
    ) -> Self {
        let listener = TcpListener::bind(address).expect("a free loopback port");
        let address = listener.local_addr().expect("the address just bound");
        let shared = Arc::new(Shared {
            handler: Mutex::new(handler),
            gate,
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let is_tls = tls.is_some();
        let own = listener.try_clone().expect("a socket");
        let acceptor = thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&own, tls.map(Arc::new), &shared)
        });
        Self {
            address,
            tls: is_tls,
            shared,
            listener,
            acceptor: Some(acceptor),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// `http://127.0.0.1:PORT` or `https://127.0.0.1:PORT`, followed by `path`.
    pub fn url(&self, path: &str) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.address)
    }

    /// How many connections were accepted so far, TLS failures included.
    pub fn connections(&self) -> usize {
        self.shared.lock().connections
    }

    /// How many of them have ended.
    pub fn closed_connections(&self) -> usize {
        self.shared.lock().closed
    }

    /// All requests so far, in order of arrival.
    pub fn seen(&self) -> Vec<(ConnInfo, Request)> {
        self.shared.lock().seen.clone()
    }

    /// Forgets the requests so far, for runs that would fill the memory.
    pub fn forget(&self) {
        self.shared.lock().seen.clear();
    }

    /// All requests so far, without where they came on.
    pub fn requests(&self) -> Vec<Request> {
        self.seen()
            .into_iter()
            .map(|(_, request)| request)
            .collect()
    }

    /// Waits until at least `count` connections have ended; false if `limit` passes first.
    pub fn wait_for_closed(&self, count: usize, limit: Duration) -> bool {
        self.wait(limit, |state| state.closed >= count)
    }

    fn wait(&self, limit: Duration, done: impl Fn(&State) -> bool) -> bool {
        let state = self.shared.lock();
        let (state, _) = self
            .shared
            .changed
            .wait_timeout_while(state, limit, |state| !done(state))
            .unwrap_or_else(PoisonError::into_inner);
        done(&state)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        {
            let mut state = self.shared.lock();
            state.stopping = true;
            for (_, stream) in &state.open {
                let _ = stream.shutdown(Shutdown::Both);
            }
            self.shared.changed.notify_all();
        }
        // Wakes the thread in accept(), also from another network.
        let _ = socket::shutdown(self.listener.as_raw_fd(), socket::Shutdown::Both);
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
        let workers = std::mem::take(&mut self.shared.lock().workers);
        for worker in workers {
            let _ = worker.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn update(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    /// Waits on purpose; cut short when the server is dropped. False when it is being dropped.
    fn pause(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        let mut state = self.lock();
        while !state.stopping {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            state = self
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        false
    }
}

fn accept(listener: &TcpListener, tls: Option<Arc<ServerTls>>, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        let mut state = shared.lock();
        if state.stopping {
            return;
        }
        let Ok(stream) = stream else { continue };
        state.connections += 1;
        let number = state.connections;
        let _ = stream.set_nodelay(true);
        if let Ok(copy) = stream.try_clone() {
            state.open.push((number, copy));
        }
        let worker = thread::spawn({
            let shared = Arc::clone(shared);
            let tls = tls.clone();
            move || {
                let _ = converse(stream, number, tls.as_deref(), &shared);
                shared.update(|state| {
                    state.open.retain(|(other, _)| *other != number);
                    state.closed += 1;
                });
            }
        });
        state.workers.retain(|worker| !worker.is_finished());
        state.workers.push(worker);
        drop(state);
        shared.changed.notify_all();
    }
}

fn converse(
    stream: TcpStream,
    number: usize,
    tls: Option<&ServerTls>,
    shared: &Shared,
) -> io::Result<()> {
    let mut info = ConnInfo {
        connection: number,
        request: 0,
        tls: tls.is_some(),
        client_name: None,
    };
    match tls {
        None => serve(stream, &mut info, shared),
        Some(tls) => {
            let mut stream = tls.accept(stream)?;
            info.client_name = tls::client_name(&stream);
            let result = serve(&mut stream, &mut info, shared);
            let _ = stream.shutdown();
            result
        }
    }
}

fn serve(stream: impl Read + Write, info: &mut ConnInfo, shared: &Shared) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(mut request) = message::read_head(&mut stream)? {
        info.request += 1;
        let mut refusal = None;
        if let (Some(gate), Some(_)) = (&shared.gate, request.header("Expect")) {
            let mut gate = gate.lock().unwrap_or_else(PoisonError::into_inner);
            refusal = gate(&request);
            if refusal.is_none() {
                stream
                    .get_mut()
                    .write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
            }
        }
        if refusal.is_none() {
            request.body = message::read_body(&request, &mut stream)?;
        }
        shared.update(|state| state.seen.push((info.clone(), request.clone())));
        let reply = refusal.unwrap_or_else(|| {
            let handler = shared.handler.lock();
            handler.unwrap_or_else(PoisonError::into_inner)(&request, info)
        });
        if !reply.send(stream.get_mut(), |time| shared.pause(time))? {
            break;
        }
    }
    Ok(())
}
