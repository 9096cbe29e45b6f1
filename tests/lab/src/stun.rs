//! A STUN server that shares its port with the requests of the ACS, as that of an ACS does which
//! brings its own (TR-069 §G.2.2.1), and that remembers what it was asked.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The constant that begins a transaction of RFC 5389 (§6).
const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];

const BINDING_REQUEST: u16 = 0x0001;
const BINDING_RESPONSE: u16 = 0x0101;
const MAPPED_ADDRESS: u16 = 0x0001;
const RESPONSE_ADDRESS: u16 = 0x0002;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
const CONNECTION_REQUEST_BINDING: u16 = 0xc001;
const BINDING_CHANGE: u16 = 0xc002;

/// How often the server looks whether it is to end.
const TICK: Duration = Duration::from_millis(50);

/// A Binding Request that came.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The address that the box seems to have.
    pub from: SocketAddr,
    /// When it came.
    pub at: Instant,
    /// CONNECTION-REQUEST-BINDING: it keeps the binding for requests.
    pub is_for_requests: bool,
    /// BINDING-CHANGE
    pub is_change: bool,
    /// RESPONSE-ADDRESS: where the answer was to go.
    pub answer_to: Option<SocketAddr>,
}

/// A running server; ends when dropped.
pub struct StunServer {
    socket: UdpSocket,
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    asked: Mutex<Vec<Asked>>,
    mapped: Mutex<Option<SocketAddr>>,
    is_silent: AtomicBool,
    delay_millis: AtomicU32,
    is_over: AtomicBool,
}

impl StunServer {
    /// Starts at this address, in the network of this thread; port 0: a free one.
    pub fn start(address: impl Into<SocketAddr>) -> Self {
        let socket = UdpSocket::bind(address.into()).expect("a free port");
        socket.set_read_timeout(Some(TICK)).expect("a time");
        let address = socket.local_addr().expect("the address just bound");
        let shared = Arc::new(Shared::default());
        let own = socket.try_clone().expect("a socket");
        let thread = thread::spawn({
            let shared = Arc::clone(&shared);
            move || serve(&own, &shared)
        });
        Self {
            socket,
            address,
            shared,
            thread: Some(thread),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its socket, for the requests of the ACS.
    pub fn socket(&self) -> &UdpSocket {
        &self.socket
    }

    /// Whether it answers nobody from now on, or everybody again.
    pub fn set_silent(&self, is_silent: bool) {
        self.shared.is_silent.store(is_silent, Ordering::Relaxed);
    }

    /// Answers only after so long from now on, as one that is far away: whole milliseconds.
    pub fn set_delay(&self, delay: Duration) {
        let millis = u32::try_from(delay.as_millis()).expect("a delay");
        self.shared.delay_millis.store(millis, Ordering::Relaxed);
    }

    /// The address that it says it sees, as if there were a NAT; `None`: the one that it does see.
    pub fn set_mapped(&self, mapped: Option<SocketAddr>) {
        *self.shared.mapped() = mapped;
    }

    /// All that it was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.shared.asked().clone()
    }
}

impl Shared {
    fn asked(&self) -> MutexGuard<'_, Vec<Asked>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn mapped(&self) -> MutexGuard<'_, Option<SocketAddr>> {
        self.mapped.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for StunServer {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(socket: &UdpSocket, shared: &Shared) {
    let mut bytes = [0; 1500];
    while !shared.is_over.load(Ordering::Relaxed) {
        let Ok((length, from)) = socket.recv_from(&mut bytes) else {
            continue;
        };
        let Some(asked) = read(&bytes[..length], from) else {
            continue;
        };
        let to = asked.answer_to.unwrap_or(from);
        shared.asked().push(asked);
        if !shared.is_silent.load(Ordering::Relaxed) {
            let delay = shared.delay_millis.load(Ordering::Relaxed);
            thread::sleep(Duration::from_millis(delay.into()));
            let seen = shared.mapped().unwrap_or(from);
            let _ = socket.send_to(&answer(&bytes[..length], seen), to);
        }
    }
}

fn read(request: &[u8], from: SocketAddr) -> Option<Asked> {
    let mut asked = Asked {
        from,
        at: Instant::now(),
        is_for_requests: false,
        is_change: false,
        answer_to: None,
    };
    if number(request, 0)? != BINDING_REQUEST {
        return None;
    }
    let mut rest = request.get(20..)?;
    while !rest.is_empty() {
        let length = usize::from(number(rest, 2)?);
        let value = rest.get(4..4 + length)?;
        match number(rest, 0)? {
            CONNECTION_REQUEST_BINDING => asked.is_for_requests = true,
            BINDING_CHANGE => asked.is_change = true,
            RESPONSE_ADDRESS => {
                let ip = Ipv4Addr::from(<[u8; 4]>::try_from(value.get(4..8)?).ok()?);
                asked.answer_to = Some(SocketAddrV4::new(ip, number(value, 2)?).into());
            }
            _ => {}
        }
        rest = rest
            .get(4 + length.next_multiple_of(4)..)
            .unwrap_or_default();
    }
    Some(asked)
}

/// The address as an attribute of the time of the request: RFC 5389 hides it from gateways that would
/// rewrite it.
fn answer(request: &[u8], from: SocketAddr) -> Vec<u8> {
    let SocketAddr::V4(from) = from else {
        panic!("the lab's STUN server speaks IPv4");
    };
    let is_new = request[4..8] == COOKIE;
    let mut address = [
        from.port().to_be_bytes().to_vec(),
        from.ip().octets().to_vec(),
    ]
    .concat();
    if is_new {
        let mask = [&COOKIE[..2], &COOKIE].concat();
        address
            .iter_mut()
            .zip(mask)
            .for_each(|(byte, mask)| *byte ^= mask);
    }
    let attribute = match is_new {
        true => XOR_MAPPED_ADDRESS,
        false => MAPPED_ADDRESS,
    };
    [
        &BINDING_RESPONSE.to_be_bytes()[..],
        &12_u16.to_be_bytes(),
        &request[4..20],
        &attribute.to_be_bytes(),
        &8_u16.to_be_bytes(),
        &[0, 1],
        &address,
    ]
    .concat()
}

fn number(bytes: &[u8], at: usize) -> Option<u16> {
    let two = bytes.get(at..at + 2)?;
    Some(u16::from_be_bytes([two[0], two[1]]))
}
