//! How the box is reached: what the ACS sets of it, what it is told, and how it calls.

mod floods;
mod rows;
mod storms;
mod stun;

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use cwmpd::base::xsd::XsdType;
use cwmpd_lab::StunServer;
use cwmpd_lab::acs::{AcsOptions, CALLER, Caller, ScriptedAcs, Session};
use cwmpd_lab::home::{Home, wait_for};

const UDP_ADDRESS: &str = "Device.ManagementServer.UDPConnectionRequestAddress";
const NAT_DETECTED: &str = "Device.ManagementServer.NATDetected";

/// Long enough for what must not happen.
const MOMENT: Duration = Duration::from_secs(2);

/// An ACS with its STUN server, a box, and a NAT in between: what comes to `outside` it sends on to the
/// box, since that is where the server says that it sees it.
struct World {
    acs: ScriptedAcs,
    stun: StunServer,
    outside: UdpSocket,
    home: Home,
}

impl World {
    fn new() -> Self {
        let acs = ScriptedAcs::start(AcsOptions::default());
        let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
        home.set_acs(&acs.url());
        home.set_caller();
        let world = Self {
            acs,
            stun: StunServer::start((Ipv4Addr::LOCALHOST, 0)),
            outside: port(),
            home,
        };
        world.stun.set_mapped(Some(world.mapped()));
        world
    }

    /// The same, whose box has STUN on from the first.
    fn enabled() -> Self {
        let world = Self::new();
        let server = world.stun.address();
        world.home.set_uci("stun", "enabled", "1");
        let (ip, port) = (server.ip().to_string(), server.port().to_string());
        world.home.set_uci("stun", "server_address", &ip);
        world.home.set_uci("stun", "server_port", &port);
        world
    }

    fn mapped(&self) -> SocketAddr {
        self.outside.local_addr().unwrap()
    }

    /// The box's own port, as the server really sees it.
    fn inside(&self) -> SocketAddr {
        wait_for("a Binding Request", || {
            self.stun.asked().last().map(|asked| asked.from)
        })
    }

    /// The ACS calls at the mapped address, and the NAT lets it in.
    fn call(&self) {
        let inside = self.inside();
        let caller = Caller::new(CALLER.0, CALLER.1);
        let to = self.mapped();
        caller.call_over_udp(self.stun.socket(), to).unwrap();
        let mut bytes = [0; 1500];
        for _ in 0..3 {
            let length = self.outside.recv(&mut bytes).unwrap();
            self.outside.send_to(&bytes[..length], inside).unwrap();
        }
    }
}

fn port() -> UdpSocket {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let patience = Some(Duration::from_secs(10));
    socket.set_read_timeout(patience).unwrap();
    socket
}

/// The ACS has the box ask this server, in the session that is open.
fn enable(session: &mut Session<'_>, server: SocketAddr) {
    let (ip, port) = (server.ip().to_string(), server.port().to_string());
    let name = |name: &str| format!("Device.ManagementServer.{name}");
    session.set(
        &[
            (&name("STUNEnable"), XsdType::Boolean, "1"),
            (&name("STUNServerAddress"), XsdType::String, &ip),
            (&name("STUNServerPort"), XsdType::UnsignedInt, &port),
        ],
        "",
    );
}

/// The next session is for a changed value alone: that of `path`.
#[track_caller]
fn told(session: &mut Session<'_>, path: &str) -> String {
    let inform = session.inform();
    let codes: Vec<_> = inform.event.iter().map(|e| e.event_code.as_str()).collect();
    assert_eq!(codes, ["4 VALUE CHANGE"]);
    let mut values = inform.parameter_list.into_iter();
    let value = values.find(|value| value.name == path);
    value.unwrap_or_else(|| panic!("no {path}")).value
}
