//! STUN and requests over UDP (TR-069 Annex G), through each kind of NAT.
//!
//! What the ACS sends gets in only where the NAT lets it, and most let in only who was spoken to: the
//! STUN server, at its address and port. There are three ways in which real ACSs come to speak from
//! there, and each is in a test below: the ACS is the STUN server itself; it takes the port of the one
//! beside it for a moment (GenieACS does, and coturn permits it); or, where the server permits
//! nothing, its own firewall gives its datagrams the port.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use cwmpd::base::xsd::XsdType;
use cwmpd_lab::acs::{Caller, PATIENCE, beside};
use cwmpd_lab::network::addresses::{ACS, ACS_SECOND, FORWARDED_PORT, MAPPED_PORTS, PUBLIC};
use cwmpd_lab::network::{Nat, WorldOptions};
use cwmpd_lab::peers::{Coturn, Stund};
use cwmpd_lab::{Asked, Folder, StunServer};

use super::{CALLER, PORT, Site, caller};

/// Where a STUN server listens.
const STUN: (Ipv4Addr, u16) = (ACS, 3478);

/// What the gateway is called after its line came up anew.
const RENUMBERED: Ipv4Addr = Ipv4Addr::new(11, 0, 0, 11);

/// Long enough for a session that is not to come.
const MOMENT: Duration = Duration::from_millis(700);

/// A socket outside.
fn socket(site: &Site, address: impl Into<SocketAddr>) -> UdpSocket {
    let address = address.into();
    site.world.outside.run(|| UdpSocket::bind(address).unwrap())
}

fn is_mapped(address: SocketAddr) -> bool {
    address.ip() == PUBLIC && (MAPPED_PORTS.0..=MAPPED_PORTS.1).contains(&address.port())
}

#[test]
fn r54_a_port_that_is_forwarded_lets_the_acs_in_from_wherever_it_sends() {
    let Some(site) = Site::new(WorldOptions::new(Nat::FullCone { port: PORT })) else {
        return;
    };
    let folder = Folder::new("stund");
    let start = || Stund::start(&folder, STUN.into(), ACS_SECOND.into());
    let Some(stund) = site.world.outside.run(start) else {
        return;
    };
    let _agent = site.start();
    site.enable_stun(stund.address(), &[]);
    let address = site.told();
    assert_eq!(address, SocketAddr::from((PUBLIC, FORWARDED_PORT)));
    // Its own port, and another machine of it.
    site.wake_by(&socket(&site, (ACS, 0)), address);
    site.wake_by(&socket(&site, (ACS_SECOND, 0)), address);
}

#[test]
fn r55_a_nat_lets_in_who_was_spoken_to_with_coturn_beside_the_acs() {
    let Some(site) = Site::new(WorldOptions::new(Nat::PortRestricted)) else {
        return;
    };
    let folder = Folder::new("coturn");
    let start = || Coturn::start(&folder, STUN.into(), None);
    let Some(coturn) = site.world.outside.run(start) else {
        return;
    };
    let _agent = site.start();
    site.enable_stun(coturn.address(), &[]);
    let address = site.told();
    assert!(is_mapped(address), "{address}");
    // From elsewhere nothing gets in, however right it is; and from there nothing that is not.
    let elsewhere = socket(&site, (ACS, 0));
    caller().call_over_udp(&elsewhere, address).unwrap();
    let server = coturn.address();
    let take_port = || site.world.outside.run(|| beside(server).unwrap());
    let stranger = Caller::new(CALLER.0, "a guess");
    stranger.call_over_udp(&take_port(), address).unwrap();
    assert!(site.acs.is_left_alone_for(MOMENT));
    site.wake_by(&take_port(), address);
}

#[test]
fn r56_a_nat_has_another_port_for_everybody_and_the_acs_is_the_stun_server() {
    let Some(site) = Site::new(WorldOptions::new(Nat::Symmetric)) else {
        return;
    };
    let stun = site.world.outside.run(|| StunServer::start(STUN));
    let _agent = site.start();
    site.enable_stun(stun.address(), &[]);
    let address = site.told();
    assert!(is_mapped(address), "{address}");
    site.wake_by(stun.socket(), address);
    // Requests and answers come by one port, and both arrive.
    let asked = stun.asked();
    assert!(
        asked
            .iter()
            .any(|asked| asked.from == address && asked.is_for_requests)
    );
}

#[test]
fn r56_the_firewall_of_the_acs_gives_its_datagrams_the_port_of_stund() {
    let Some(site) = Site::new(WorldOptions::new(Nat::Symmetric)) else {
        return;
    };
    let folder = Folder::new("stund");
    let start = || Stund::start(&folder, STUN.into(), ACS_SECOND.into());
    let Some(stund) = site.world.outside.run(start) else {
        return;
    };
    let own = socket(&site, (ACS, 7550));
    site.world.outside.nft(
        "table ip acs {
             chain output {
                 type filter hook output priority 0
                 udp sport 7550 udp sport set 3478
             }
         }
        ",
    );
    let _agent = site.start();
    site.enable_stun(stund.address(), &[]);
    site.wake_by(&own, site.told());
}

#[test]
fn r56_two_nats_one_behind_the_other() {
    let Some(site) = Site::new(WorldOptions {
        has_carrier: true,
        ..WorldOptions::new(Nat::Symmetric)
    }) else {
        return;
    };
    let stun = site.world.outside.run(|| StunServer::start(STUN));
    let _agent = site.start();
    site.enable_stun(stun.address(), &[]);
    let address = site.told();
    assert!(is_mapped(address), "{address}");
    site.wake_by(stun.socket(), address);
}

/// A NAT that forgets a binding after so long without traffic, both ways. Real ones take 30 s.
fn forgetful(seconds: u64) -> WorldOptions {
    WorldOptions {
        binding_life: Some(Duration::from_secs(seconds)),
        ..WorldOptions::new(Nat::PortRestricted)
    }
}

/// What the ACS says of how often the binding is refreshed, in seconds.
fn keep_alive<'a>(least: &'a str, most: &'a str) -> [(&'a str, XsdType, &'a str); 2] {
    [
        ("STUNMinimumKeepAlivePeriod", XsdType::UnsignedInt, least),
        ("STUNMaximumKeepAlivePeriod", XsdType::Int, most),
    ]
}

#[test]
fn r57_a_binding_that_dies_is_kept_alive_as_often_as_the_acs_says() {
    let Some(site) = Site::new(forgetful(5)) else {
        return;
    };
    let folder = Folder::new("coturn");
    let start = || Coturn::start(&folder, STUN.into(), None);
    let Some(coturn) = site.world.outside.run(start) else {
        return;
    };
    let _agent = site.start();
    site.enable_stun(coturn.address(), &keep_alive("2", "2"));
    let address = site.told();
    assert!(site.acs.is_left_alone_for(Duration::from_secs(11)));
    let take_port = || beside(coturn.address()).unwrap();
    site.wake_by(&site.world.outside.run(take_port), address);
}

#[test]
fn r57_how_long_a_binding_lives_is_found_out_and_it_is_kept_alive_no_more_often_than_that_takes() {
    let Some(site) = Site::new(forgetful(9)) else {
        return;
    };
    let stun = site.world.outside.run(|| StunServer::start(STUN));
    let _agent = site.start();
    site.enable_stun(stun.address(), &keep_alive("2", "16"));
    let address = site.told();
    // Another port has answers sent to the first one after ever longer pauses; when it asks no more,
    // the pause is found. Longer ones than 6 s it cannot try, so as to be back within 16 s if the
    // answer does not come.
    let deadline = Instant::now() + PATIENCE;
    let kept = loop {
        assert!(site.acs.is_left_alone_for(MOMENT));
        let asked = stun.asked();
        let is_probed = asked.iter().any(|one| one.answer_to == Some(address));
        let is_kept = |one: &Asked| one.is_for_requests && !one.is_change;
        match asked.last_chunk::<3>() {
            Some(last) if is_probed && last.iter().all(is_kept) => break last.clone(),
            _ => assert!(Instant::now() < deadline, "not found out: {asked:#?}"),
        }
    };
    for (one, next) in kept.iter().zip(&kept[1..]) {
        assert_eq!(next.from, address, "the binding died in between");
        let pause = next.at - one.at;
        assert!(pause > Duration::from_secs(5), "too often: {kept:#?}");
    }
    site.wake_by(stun.socket(), address);
}

#[test]
fn r57_a_gateway_with_another_address_is_noticed_and_told() {
    let Some(site) = Site::new(WorldOptions::new(Nat::Symmetric)) else {
        return;
    };
    let stun = site.world.outside.run(|| StunServer::start(STUN));
    let _agent = site.start();
    site.enable_stun(stun.address(), &keep_alive("2", "2"));
    assert_eq!(site.told().ip(), PUBLIC);
    let lines = format!("addr del {PUBLIC}/24 dev wan0\naddr add {RENUMBERED}/24 dev wan0\n");
    let route = format!("route replace default via {ACS}\n");
    site.world.gateway.ip(&(lines + &route));
    let address = site.told();
    assert_eq!(address.ip(), RENUMBERED);
    site.wake_by(stun.socket(), address);
    let asked = stun.asked();
    assert!(asked.iter().any(|one| one.from == address && one.is_change));
}

#[test]
fn r09_coturn_that_asks_for_credentials_gets_them() {
    let Some(site) = Site::new(WorldOptions::new(Nat::PortRestricted)) else {
        return;
    };
    let folder = Folder::new("coturn");
    let start = || Coturn::start(&folder, STUN.into(), Some(("box-17", "its secret")));
    let Some(coturn) = site.world.outside.run(start) else {
        return;
    };
    let _agent = site.start();
    let credentials = [
        ("STUNUsername", XsdType::String, "box-17"),
        ("STUNPassword", XsdType::String, "its secret"),
    ];
    site.enable_stun(coturn.address(), &credentials);
    let address = site.told();
    let take_port = || beside(coturn.address()).unwrap();
    site.wake_by(&site.world.outside.run(take_port), address);
}
