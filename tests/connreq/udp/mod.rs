//! Requests over UDP, by real sockets.

mod floods;
mod requests;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use cwmpd::base::prefix::AddressPrefix;
use cwmpd::base::secret::Secret;
use cwmpd::connreq::{Access, Quota, UdpPort};
use cwmpd_lab::acs::{CALLER, Caller};

use crate::served::access;

const NOW: Duration = Duration::from_secs(100);

/// A port with who comes to it. Datagrams on the loopback interface are there once they are sent.
struct Open {
    port: UdpPort,
    quota: Quota,
    password: Secret,
    /// How many went to STUN.
    stun: Vec<(SocketAddr, Vec<u8>)>,
}

/// An open port, with any number of requests in an hour.
fn open() -> Open {
    let mut port = UdpPort::new();
    port.open(0, NOW);
    Open {
        port,
        quota: Quota::default(),
        password: Secret::new(CALLER.1),
        stun: Vec::new(),
    }
}

impl Open {
    fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port.port().unwrap()).into()
    }

    /// Takes what is there, of requests only those that come from an allowed network.
    fn work_for(&mut self, allowed: Option<&[AddressPrefix]>) -> usize {
        let access = Access {
            allowed,
            ..access(CALLER.0, &self.password)
        };
        let stun = &mut |from, bytes: &[u8]| self.stun.push((from, bytes.to_vec()));
        self.port.work(NOW, &access, &mut self.quota, stun)
    }

    fn work(&mut self) -> usize {
        self.work_for(None)
    }

    /// Sends one datagram, and says how many requests it made.
    fn take(&mut self, datagram: &[u8]) -> usize {
        peer().send_to(datagram, self.address()).unwrap();
        self.work()
    }
}

fn peer() -> UdpSocket {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()
}

fn caller() -> Caller {
    Caller::new(CALLER.0, CALLER.1)
}

/// Another request each time.
fn request() -> Vec<u8> {
    caller().datagram((Ipv4Addr::LOCALHOST, 7547).into())
}

fn loopbacks() -> [IpAddr; 2] {
    [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
}
