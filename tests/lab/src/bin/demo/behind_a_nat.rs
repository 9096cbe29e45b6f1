//! A box behind a NAT, which no connection from outside gets through: the ACS wakes it by a datagram.

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use cwmpd::base::xsd::XsdType;
use cwmpd_lab::StunServer;
use cwmpd_lab::acs::{AcsOptions, Auth, CALLER, Caller, ScriptedAcs};
use cwmpd_lab::home::Home;
use cwmpd_lab::network::addresses::{ACS, BOX, GATEWAY, PUBLIC};
use cwmpd_lab::network::{Nat, World as Network, WorldOptions};

use crate::narrator::{aside, of};
use crate::scenes::{expect_events, found};
use crate::world::World;

const ADDRESS: &str = "Device.ManagementServer.UDPConnectionRequestAddress";

/// Long enough for a session that is not to come.
const MOMENT: Duration = Duration::from_millis(500);

/// Plays it in networks of its own, where that is permitted.
pub fn woken_by_a_datagram(world: &World) {
    let Some(network) = Network::new(WorldOptions::new(Nat::PortRestricted)) else {
        aside("left out here: it takes network namespaces, which root may have");
        return;
    };
    let acs = network.outside.run(|| {
        ScriptedAcs::start(AcsOptions {
            address: format!("{ACS}:0"),
            auth: Auth::Open,
            observer: Some(of("ACS")),
            ..AcsOptions::default()
        })
    });
    let stun = network.outside.run(|| StunServer::start((ACS, 3478)));
    aside(&format!(
        "another box at {BOX}, behind a gateway at {GATEWAY} and {PUBLIC}; the ACS at {ACS}"
    ));
    let home = Home::new(world.program());
    home.set_uci("acs", "url", &acs.url());
    home.set_uci("cpe", "interface", "");
    home.set_caller();
    let agent = network.inside.run(|| home.start());
    acs.session(|s| {
        expect_events(&s.inform(), &["0 BOOTSTRAP"]);
        s.notify(ADDRESS, 2);
        let (server, port) = (ACS.to_string(), stun.address().port().to_string());
        let path = |name| format!("Device.ManagementServer.{name}");
        let (host_at, port_at, enable_at) = (
            path("STUNServerAddress"),
            path("STUNServerPort"),
            path("STUNEnable"),
        );
        let values = [
            (host_at.as_str(), XsdType::String, server.as_str()),
            (&port_at, XsdType::UnsignedInt, &port),
            (&enable_at, XsdType::Boolean, "1"),
        ];
        s.set(&values, "stun-1");
        s.end();
    });
    let address: SocketAddr = acs.session(|s| {
        let inform = s.inform();
        expect_events(&inform, &["4 VALUE CHANGE"]);
        let address = found(&inform.parameter_list, ADDRESS).parse();
        s.end();
        address.expect("an address with its port")
    });
    assert_eq!(address.ip(), PUBLIC, "expected the address of the gateway");
    let caller = Caller::new(CALLER.0, CALLER.1);
    let elsewhere = network.outside.run(|| UdpSocket::bind((ACS, 0)));
    let elsewhere = elsewhere.expect("a socket");
    let sent = caller.call_over_udp(&elsewhere, address);
    sent.expect("a datagram");
    assert!(
        acs.is_left_alone_for(MOMENT),
        "expected the NAT to stop what comes from a port that the box never spoke to"
    );
    aside("the NAT lets nothing in that comes from another port than that of the STUN server");
    let start = Instant::now();
    let sent = caller.call_over_udp(stun.socket(), address);
    sent.expect("a datagram");
    acs.session(|s| {
        let inform = s.inform();
        aside(&format!(
            "{:.1} ms after the ACS sent its request to {address} from there",
            start.elapsed().as_secs_f64() * 1e3
        ));
        expect_events(&inform, &["6 CONNECTION REQUEST"]);
        s.end();
    });
    drop(agent);
}
