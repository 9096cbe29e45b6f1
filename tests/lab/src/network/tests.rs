//! Whether the worlds are what they say: everything else is tested in them.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use super::addresses::{
    ACS, ACS_SECOND, ACS_V6, BOX, BOX_V6, FORWARDED_PORT, MAPPED_PORTS, PUBLIC,
};
use super::{Nat, Place, World, WorldOptions};

const PORT: u16 = 7547;

/// Long enough for a datagram that is not to come.
const MOMENT: Duration = Duration::from_millis(200);

fn socket(place: &Place, address: impl Into<std::net::IpAddr>, port: u16) -> UdpSocket {
    let address = SocketAddr::new(address.into(), port);
    let socket = place.run(|| UdpSocket::bind(address).unwrap());
    socket.set_read_timeout(Some(MOMENT)).unwrap();
    socket
}

/// Who a datagram comes from, if one comes.
fn heard(socket: &UdpSocket) -> Option<SocketAddr> {
    socket.recv_from(&mut [0; 16]).ok().map(|(_, from)| from)
}

/// Where the box seems to be to an address outside that it speaks to from its port.
fn mapped(inner: &UdpSocket, outer: &UdpSocket) -> SocketAddr {
    inner
        .send_to(b"hello", outer.local_addr().unwrap())
        .unwrap();
    heard(outer).expect("a datagram from inside")
}

fn reaches(outer: &UdpSocket, to: SocketAddr, inner: &UdpSocket) -> bool {
    outer.send_to(b"hello", to).unwrap();
    heard(inner).is_some()
}

#[test]
fn a_full_cone_has_one_port_for_all_and_lets_all_in() {
    let Some(world) = World::new(WorldOptions::new(Nat::FullCone { port: PORT })) else {
        return;
    };
    let inner = socket(&world.inside, BOX, PORT);
    let spoken_to = socket(&world.outside, ACS, 3478);
    let stranger = socket(&world.outside, ACS_SECOND, 9);
    let outer = SocketAddr::from((PUBLIC, FORWARDED_PORT));
    assert_eq!(mapped(&inner, &spoken_to), outer);
    assert!(reaches(&stranger, outer, &inner));
    assert_eq!(mapped(&inner, &stranger), outer);
}

#[test]
fn a_port_restricted_one_has_one_port_for_all_and_lets_in_who_was_spoken_to() {
    let Some(world) = World::new(WorldOptions::new(Nat::PortRestricted)) else {
        return;
    };
    let inner = socket(&world.inside, BOX, PORT);
    let spoken_to = socket(&world.outside, ACS, 3478);
    let other_port = socket(&world.outside, ACS, 3479);
    let stranger = socket(&world.outside, ACS_SECOND, 9);
    let outer = mapped(&inner, &spoken_to);
    assert_eq!(outer.ip(), PUBLIC);
    assert!((MAPPED_PORTS.0..=MAPPED_PORTS.1).contains(&outer.port()));
    assert!(reaches(&spoken_to, outer, &inner));
    assert!(!reaches(&other_port, outer, &inner));
    assert!(!reaches(&stranger, outer, &inner));
    assert_eq!(mapped(&inner, &stranger), outer);
    assert!(reaches(&stranger, outer, &inner));
}

#[test]
fn a_symmetric_one_has_a_port_for_each() {
    let Some(world) = World::new(WorldOptions::new(Nat::Symmetric)) else {
        return;
    };
    let inner = socket(&world.inside, BOX, PORT);
    let one = socket(&world.outside, ACS, 3478);
    let other = socket(&world.outside, ACS_SECOND, 3478);
    let outer = mapped(&inner, &one);
    assert_ne!(mapped(&inner, &other), outer);
    assert!(reaches(&one, outer, &inner));
    assert!(!reaches(&other, outer, &inner));
}

#[test]
fn a_binding_dies_in_its_time() {
    let Some(world) = World::new(WorldOptions {
        binding_life: Some(Duration::from_secs(1)),
        ..WorldOptions::new(Nat::PortRestricted)
    }) else {
        return;
    };
    let inner = socket(&world.inside, BOX, PORT);
    let outer = socket(&world.outside, ACS, 3478);
    let address = mapped(&inner, &outer);
    assert!(reaches(&outer, address, &inner));
    std::thread::sleep(Duration::from_millis(2_500));
    assert!(!reaches(&outer, address, &inner));
}

#[test]
fn behind_a_carrier_the_gateway_has_a_private_address_itself() {
    let Some(world) = World::new(WorldOptions {
        has_carrier: true,
        ..WorldOptions::new(Nat::PortRestricted)
    }) else {
        return;
    };
    let inner = socket(&world.inside, BOX, PORT);
    let outer = socket(&world.outside, ACS, 3478);
    let address = mapped(&inner, &outer);
    assert_eq!(address.ip(), PUBLIC);
    assert_ne!(world.outer(), PUBLIC);
    assert!(reaches(&outer, address, &inner));
}

#[test]
fn ipv6_goes_out_and_nothing_comes_in_unasked() {
    let Some(world) = World::new(WorldOptions {
        has_ipv6: true,
        ..WorldOptions::new(Nat::PortRestricted)
    }) else {
        return;
    };
    let inner = socket(&world.inside, BOX_V6, PORT);
    let outer = socket(&world.outside, ACS_V6, 3478);
    let stranger = socket(&world.outside, ACS_V6, 3479);
    let address = SocketAddr::from((BOX_V6, PORT));
    assert!(!reaches(&outer, address, &inner));
    assert_eq!(mapped(&inner, &outer), address);
    assert!(reaches(&outer, address, &inner));
    assert!(!reaches(&stranger, address, &inner));
}

#[test]
fn tcp_goes_out_and_nothing_comes_in_unasked() {
    let Some(world) = World::new(WorldOptions::new(Nat::PortRestricted)) else {
        return;
    };
    let listener = world.outside.run(|| TcpListener::bind((ACS, 80)).unwrap());
    let _call = world.inside.run(|| TcpStream::connect((ACS, 80)).unwrap());
    assert_eq!(listener.accept().unwrap().1.ip(), PUBLIC);
    let _inner = world
        .inside
        .run(|| TcpListener::bind((Ipv4Addr::UNSPECIFIED, PORT)).unwrap());
    let address = SocketAddr::from((PUBLIC, PORT));
    let call = world
        .outside
        .run(|| TcpStream::connect_timeout(&address, MOMENT));
    assert!(call.is_err());
}
