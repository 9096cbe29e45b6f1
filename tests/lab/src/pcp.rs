//! A router that is asked by PCP (RFC 6887), and answers as a test says.

use std::net::{SocketAddr, SocketAddrV6, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The length of a request for a mapping.
const REQUEST: usize = 60;

/// What a response may say.
#[derive(Clone, Copy, Debug)]
pub struct PcpAnswer {
    /// The result code; 0: the mapping is there.
    pub result: u8,
    /// Seconds.
    pub lifetime: u32,
    /// Seconds since the router started.
    pub epoch: u32,
    /// Where others reach the box; `None`: where it asked for.
    pub external: Option<SocketAddrV6>,
}

impl PcpAnswer {
    /// A mapping for an hour, as it was asked for.
    pub const GOOD: Self = Self {
        result: 0,
        lifetime: 3600,
        epoch: 1000,
        external: None,
    };

    /// The response to a request.
    pub fn to(&self, request: &[u8]) -> Vec<u8> {
        let mut response = request.to_vec();
        response.resize(REQUEST, 0);
        response[..4].copy_from_slice(&[2, request[1] | 0x80, 0, self.result]);
        response[4..8].copy_from_slice(&self.lifetime.to_be_bytes());
        response[8..12].copy_from_slice(&self.epoch.to_be_bytes());
        response[12..24].fill(0);
        if let Some(external) = self.external {
            response[42..44].copy_from_slice(&external.port().to_be_bytes());
            response[44..60].copy_from_slice(&external.ip().octets());
        }
        response
    }
}

/// The router, until it is dropped.
pub struct FakePcp {
    address: SocketAddrV6,
    requests: Arc<Mutex<Vec<Vec<u8>>>>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl FakePcp {
    /// Hears at an address (port 0: any). What is asked, and by whom, is answered with these messages.
    pub fn start(
        at: SocketAddrV6,
        mut answering: impl FnMut(&[u8], SocketAddr) -> Vec<Vec<u8>> + Send + 'static,
    ) -> Self {
        let socket = UdpSocket::bind(at).expect("a port for the router");
        let short = Some(Duration::from_millis(20));
        socket.set_read_timeout(short).unwrap();
        let SocketAddr::V6(address) = socket.local_addr().unwrap() else {
            unreachable!("bound to IPv6");
        };
        let requests = Arc::<Mutex<Vec<_>>>::default();
        let is_over = Arc::<AtomicBool>::default();
        let (kept, over) = (Arc::clone(&requests), Arc::clone(&is_over));
        let thread = thread::spawn(move || {
            let mut message = [0; 1200];
            while !over.load(Ordering::Relaxed) {
                let Ok((length, from)) = socket.recv_from(&mut message) else {
                    continue;
                };
                let request = message[..length].to_vec();
                let answers = answering(&request, from);
                kept.lock().unwrap().push(request);
                for answer in answers {
                    let _ = socket.send_to(&answer, from);
                }
            }
        });
        Self {
            address,
            requests,
            is_over,
            thread: Some(thread),
        }
    }

    /// Where it hears.
    pub fn address(&self) -> SocketAddrV6 {
        self.address
    }

    /// All that it was asked, in order.
    pub fn requests(&self) -> Vec<Vec<u8>> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for FakePcp {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
