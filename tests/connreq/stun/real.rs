//! Real servers, over real sockets.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use cwmpd::base::secret::Secret;
use cwmpd::connreq::stun::{StunClient, StunServer, StunSettings, StunSocket};
use cwmpd_lab::Folder;
use cwmpd_lab::peers::{Coturn, Stund};

use super::world::secs;

const LOOPBACK: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Longer than anything takes, on a machine under load too.
const LONG: Duration = Duration::from_secs(60);

/// A client with its two sockets.
struct RealBox {
    client: StunClient,
    primary: UdpSocket,
    secondary: UdpSocket,
    begun: Instant,
    /// The transactions of the requests on the secondary socket whose answers came in on the primary.
    came_back: usize,
    probes: Vec<Vec<u8>>,
}

impl RealBox {
    fn new(server: SocketAddr) -> (Self, StunSettings) {
        let open = || {
            let socket = UdpSocket::bind(SocketAddr::new(server.ip(), 0)).unwrap();
            socket.set_nonblocking(true).unwrap();
            socket
        };
        let (primary, secondary) = (open(), open());
        let settings = StunSettings {
            servers: vec![StunServer {
                address: server,
                local: primary.local_addr().unwrap(),
            }],
            min_keep_alive: secs(1),
            max_keep_alive: Some(secs(13)),
            ..StunSettings::default()
        };
        let real = Self {
            client: StunClient::new(),
            primary,
            secondary,
            begun: Instant::now(),
            came_back: 0,
            probes: Vec::new(),
        };
        (real, settings)
    }

    fn now(&self) -> Duration {
        secs(1000) + self.begun.elapsed()
    }

    fn start(&mut self, settings: StunSettings) {
        self.client.start(settings, self.now());
    }

    fn state(&self) -> String {
        self.client.state(self.now()).to_string()
    }

    /// Goes on until the client says this.
    fn run_until(&mut self, words: &str) {
        let begun = Instant::now();
        while !self.state().contains(words) {
            assert!(begun.elapsed() < LONG, "not {words}: {}", self.state());
            self.client.due(self.now());
            while let Some(outgoing) = self.client.next_outgoing() {
                let socket = match outgoing.via {
                    StunSocket::Primary => &self.primary,
                    StunSocket::Secondary => {
                        self.probes.push(outgoing.bytes[4..20].to_vec());
                        &self.secondary
                    }
                };
                socket.send_to(&outgoing.bytes, outgoing.to).unwrap();
            }
            self.receive();
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn receive(&mut self) {
        let mut buffer = [0; 1500];
        for (on, socket) in [
            (StunSocket::Primary, &self.primary),
            (StunSocket::Secondary, &self.secondary),
        ] {
            while let Ok((length, from)) = socket.recv_from(&mut buffer) {
                let bytes = &buffer[..length];
                if on == StunSocket::Primary && self.probes.iter().any(|id| *id == bytes[4..20]) {
                    self.came_back += 1;
                }
                let now = secs(1000) + self.begun.elapsed();
                self.client.datagram(on, from, bytes, now);
            }
        }
    }

    fn has_own_address(&self) -> bool {
        let binding = self.client.binding().expect("a binding");
        binding.mapped == self.primary.local_addr().unwrap() && !binding.is_nat
    }
}

#[test]
fn r09_coturn_tells_the_address_and_does_not_help_to_find_out_more() {
    let folder = Folder::new("stun-coturn");
    let six = SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), 0);
    for at in [LOOPBACK, six] {
        if at == six && UdpSocket::bind(six).is_err() {
            cwmpd_lab::shared::skip("no IPv6 on this machine: coturn over IPv4 alone");
            return;
        }
        let Some(coturn) = Coturn::start(&folder, at, None) else {
            return;
        };
        let (mut real, settings) = RealBox::new(coturn.address());
        real.start(settings);
        real.run_until("does not help");
        assert!(real.has_own_address(), "{}", real.state());
        assert_eq!(real.came_back, 0);
        assert!(!real.state().contains("not believed"), "{}", real.state());
    }
}

#[test]
fn r09_coturn_that_wants_credentials_gets_them() {
    let folder = Folder::new("stun-coturn-closed");
    let Some(coturn) = Coturn::start(&folder, LOOPBACK, Some(("box-17", "secret"))) else {
        return;
    };
    let (mut real, settings) = RealBox::new(coturn.address());
    let with = |password: &str| StunSettings {
        username: "box-17".to_owned(),
        password: Secret::new(password),
        ..settings.clone()
    };
    real.start(settings.clone());
    real.run_until("refuses STUNUsername");
    real.start(with("guess"));
    real.run_until("refuses STUNUsername");
    assert_eq!(real.client.binding(), None);
    real.start(with("secret"));
    real.run_until("does not help");
    assert!(real.has_own_address(), "{}", real.state());
    assert!(!real.state().contains("not believed"), "{}", real.state());
}

#[test]
fn r10_a_classic_server_tells_the_address_and_helps_to_find_out_the_life() {
    let folder = Folder::new("stun-stund");
    let beside = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
    let Some(stund) = Stund::start(&folder, LOOPBACK, beside) else {
        return;
    };
    let (mut real, settings) = RealBox::new(stund.address());
    real.start(settings);
    real.run_until("refreshed every");
    assert!(real.has_own_address(), "{}", real.state());
    assert!(real.came_back >= 2, "{}", real.came_back);
    assert!(!real.state().contains("not believed"), "{}", real.state());
}
