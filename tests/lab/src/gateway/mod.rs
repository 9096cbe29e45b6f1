//! A gateway with UPnP (InternetGatewayDevice:1 and :2) that does as it is told, unless a test has it
//! behave otherwise: in its answers to searches, in its description, in what it is asked to do.

mod device;
mod ssdp;

pub use device::{GatewayDevice, PortMapping};
pub use ssdp::Search;

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::http::{Reply, Request, Server};

/// Where devices hear searches.
const PORT: u16 = 1900;

/// Answers a search in place of the gateway.
type Searched = Box<dyn FnMut(&Search<'_>) -> Vec<Vec<u8>> + Send>;

/// Answers a request in place of the gateway, if it wants to.
type Asked = Box<dyn FnMut(&Request, &mut GatewayDevice) -> Option<Reply> + Send>;

/// How it behaves. By default, well.
pub struct GatewayManner {
    /// What it answers to a search.
    pub searched: Searched,
    /// What it answers to a request by HTTP.
    pub asked: Asked,
    /// What it is to begin with.
    pub device: GatewayDevice,
}

impl Default for GatewayManner {
    fn default() -> Self {
        Self {
            searched: Box::new(|search| search.honest()),
            asked: Box::new(|_, _| None),
            device: GatewayDevice::default(),
        }
    }
}

/// A running gateway, on an address of its own; gone when dropped.
pub struct FakeGateway {
    address: IpAddr,
    server: Server,
    device: Arc<Mutex<GatewayDevice>>,
    searches: Arc<AtomicUsize>,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl FakeGateway {
    /// On some address of the loopback that nobody else has: searches come to one port of it.
    ///
    /// # Panics
    /// None is free.
    pub fn start(manner: GatewayManner) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let own = std::process::id().to_le_bytes();
        let mut sockets = (0..200).filter_map(|_| {
            let next = u8::try_from(NEXT.fetch_add(1, Ordering::Relaxed) % 250).expect("below 250");
            let address = Ipv4Addr::new(127, own[1] | 0x40, own[0], next + 2);
            Some((address, UdpSocket::bind((address, PORT)).ok()?))
        });
        let (address, socket) = sockets.next().expect("a free address of the loopback");
        Self::on(address.into(), socket, manner)
    }

    /// On this address, where nobody else hears searches.
    ///
    /// # Panics
    /// Somebody does.
    pub fn start_on(address: IpAddr, manner: GatewayManner) -> Self {
        let socket = UdpSocket::bind((address, PORT)).expect("nobody else hears searches here");
        Self::on(address, socket, manner)
    }

    fn on(address: IpAddr, socket: UdpSocket, manner: GatewayManner) -> Self {
        let GatewayManner {
            mut searched,
            mut asked,
            device,
        } = manner;
        let device = Arc::new(Mutex::new(device));
        let shared = Arc::clone(&device);
        let free = SocketAddr::new(address, 0).to_string();
        let server = Server::start_on(
            &free,
            None,
            Box::new(move |request, _| {
                let mut device = shared.lock().unwrap_or_else(PoisonError::into_inner);
                asked(request, &mut device).unwrap_or_else(|| device.answer(request))
            }),
        );
        let searches = Arc::new(AtomicUsize::new(0));
        let ends = Arc::new(AtomicBool::new(false));
        let location = server.url("/desc/root.xml");
        let thread = thread::spawn({
            let (searches, ends) = (Arc::clone(&searches), Arc::clone(&ends));
            let device = Arc::clone(&device);
            move || {
                let short = Some(Duration::from_millis(20));
                socket.set_read_timeout(short).expect("a time limit");
                let mut datagram = [0; 2048];
                while !ends.load(Ordering::Relaxed) {
                    let Ok((length, from)) = socket.recv_from(&mut datagram) else {
                        continue;
                    };
                    let question = String::from_utf8_lossy(&datagram[..length]);
                    searches.fetch_add(1, Ordering::Relaxed);
                    let boot_id = device
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .boot_id;
                    let search = Search {
                        question: &question,
                        from,
                        location: &location,
                        boot_id,
                    };
                    for answer in searched(&search) {
                        let _ = socket.send_to(&answer, from);
                    }
                }
            }
        });
        Self {
            address,
            server,
            device,
            searches,
            ends,
            thread: Some(thread),
        }
    }

    /// Its address towards the box.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// The same, of IPv4.
    ///
    /// # Panics
    /// It is on another one.
    pub fn address_v4(&self) -> Ipv4Addr {
        match self.address {
            IpAddr::V4(address) => address,
            IpAddr::V6(address) => panic!("{address} is of IPv6"),
        }
    }

    /// What it is, to look at and to change.
    pub fn device(&self) -> MutexGuard<'_, GatewayDevice> {
        self.device.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where it hears HTTP, as URLs name it.
    pub fn host(&self) -> String {
        self.server.address().to_string()
    }

    /// How many datagrams came.
    pub fn searches(&self) -> usize {
        self.searches.load(Ordering::Relaxed)
    }

    /// What it was asked by HTTP: `GET` and the path, or the name of an action.
    pub fn asked(&self) -> Vec<String> {
        let requests = self.server.requests();
        requests.iter().map(device::name_of).collect()
    }

    /// The requests themselves.
    pub fn requests(&self) -> Vec<Request> {
        self.server.requests()
    }

    /// How many connections came.
    pub fn connections(&self) -> usize {
        self.server.connections()
    }
}

impl Drop for FakeGateway {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
