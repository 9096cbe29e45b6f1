//! The ACS wakes the box wherever it is: the real program in a world of its own, with a real NAT of
//! each kind between it and the ACS.

mod diagnostics;
#[cfg(feature = "igd")]
mod gateways;
mod nats;
#[cfg(feature = "xmpp")]
mod xmpp;

use std::net::{SocketAddr, UdpSocket};

use cwmpd::base::xsd::XsdType;
use cwmpd::soap::Inform;
use cwmpd_lab::acs::{AcsOptions, Auth, CALLER, Caller, ScriptedAcs, Session};
use cwmpd_lab::home::{Daemon, Home};
use cwmpd_lab::network::addresses::ACS;
use cwmpd_lab::network::{World, WorldOptions};

const ADDRESS: &str = "Device.ManagementServer.UDPConnectionRequestAddress";
const NAT_DETECTED: &str = "Device.ManagementServer.NATDetected";

/// The box's own, over TCP and UDP.
const PORT: u16 = 7547;

/// An ACS outside, and a box at home, which has not met it yet.
struct Site {
    acs: ScriptedAcs,
    home: Home,
    world: World,
}

impl Site {
    /// `None` where there can be no such world, which is said.
    fn new(options: WorldOptions) -> Option<Self> {
        Self::with_acs(options, &format!("{ACS}:0"))
    }

    fn with_acs(options: WorldOptions, address: &str) -> Option<Self> {
        let world = World::new(options)?;
        let acs = world.outside.run(|| {
            ScriptedAcs::start(AcsOptions {
                address: address.to_owned(),
                auth: Auth::Open,
                ..AcsOptions::default()
            })
        });
        let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
        home.set_uci("acs", "url", &acs.url());
        home.set_uci("cpe", "interface", "");
        home.set_uci("cpe", "port", &PORT.to_string());
        home.set_caller();
        Some(Self { acs, home, world })
    }

    fn start(&self) -> Daemon<'_> {
        let home = &self.home;
        self.world.inside.run(|| home.start())
    }

    /// The first session, in which the ACS switches STUN on, and wants to be told of the address.
    fn enable_stun(&self, server: SocketAddr, further: &[(&str, XsdType, &str)]) {
        let (host, port) = (server.ip().to_string(), server.port().to_string());
        self.acs.session(|s| {
            s.inform();
            s.notify(ADDRESS, 2);
            let stun = [
                ("STUNServerAddress", XsdType::String, host.as_str()),
                ("STUNServerPort", XsdType::UnsignedInt, &port),
                ("STUNEnable", XsdType::Boolean, "1"),
            ];
            set(s, &[further, &stun].concat());
            s.end();
        });
    }

    /// The session that tells the ACS of an address, which is not the one that the box has at home.
    fn told(&self) -> SocketAddr {
        self.acs.session(|s| {
            let inform = s.inform();
            assert_eq!(events(&inform), ["4 VALUE CHANGE"]);
            let address = value(&inform, ADDRESS);
            assert_eq!(s.value(NAT_DETECTED), "1");
            s.end();
            address.parse().expect("an address with its port")
        })
    }

    /// Sends a request by a socket outside, and plays the session that follows.
    fn wake_by(&self, socket: &UdpSocket, to: SocketAddr) {
        caller().call_over_udp(socket, to).expect("a datagram");
        self.woken();
    }

    /// Plays the session that a connection request opens.
    fn woken(&self) {
        assert_eq!(self.acs.quiet_session(), ["6 CONNECTION REQUEST"]);
    }
}

fn caller() -> Caller {
    Caller::new(CALLER.0, CALLER.1)
}

/// SetParameterValues below `ManagementServer.`
fn set(s: &mut Session<'_>, values: &[(&str, XsdType, &str)]) {
    let path = |name| format!("Device.ManagementServer.{name}");
    let paths: Vec<_> = values.iter().map(|(name, ..)| path(name)).collect();
    let values = values.iter().zip(&paths);
    let values: Vec<_> = values
        .map(|((_, xsi, value), path)| (path.as_str(), *xsi, *value))
        .collect();
    s.set(&values, "reach");
}

fn events(inform: &Inform) -> Vec<&str> {
    inform.event.iter().map(|e| e.event_code.as_str()).collect()
}

fn value<'a>(inform: &'a Inform, path: &str) -> &'a str {
    let parameter = inform.parameter_list.iter().find(|p| p.name == path);
    let parameter = parameter.unwrap_or_else(|| panic!("{path} in {inform:?}"));
    &parameter.value
}
