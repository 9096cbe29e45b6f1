//! Whether the programs that are installed do what tests of cwmpd take for granted.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use super::{Coturn, Miniupnpd, MiniupnpdOptions, Prosody, Stund};
use crate::Folder;
use crate::acs::{Caller, XmppAcs, beside};
use crate::http::{Authority, Leaf};
use crate::network::addresses::GATEWAY;
use crate::network::{Nat, World, WorldOptions};

const ANY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// The kind of the answer to a Binding Request without anything: 0x0101 for a success.
fn binding(server: SocketAddr) -> u16 {
    let socket = UdpSocket::bind(ANY).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    let mut request = [7; 20];
    request[..8].copy_from_slice(&[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42]);
    socket.send_to(&request, server).unwrap();
    let mut answer = [0; 512];
    let (_, from) = socket.recv_from(&mut answer).unwrap();
    assert_eq!(from, server);
    u16::from_be_bytes([answer[0], answer[1]])
}

#[test]
fn coturn_answers_all_or_those_whom_it_knows() {
    let folder = Folder::new("coturn");
    let Some(open) = Coturn::start(&folder, ANY, None) else {
        return;
    };
    assert_eq!(binding(open.address()), 0x0101);
    drop(open);
    let closed = Coturn::start(&folder, ANY, Some(("box", "secret"))).unwrap();
    assert_eq!(binding(closed.address()), 0x0111);
}

#[test]
fn stund_answers() {
    let folder = Folder::new("stund");
    let beside = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
    if let Some(stund) = Stund::start(&folder, ANY, beside) {
        assert_eq!(binding(stund.address()), 0x0101);
    }
}

#[test]
fn miniupnpd_describes_a_gateway_of_either_version_to_the_box() {
    let Some(world) = World::new(WorldOptions::new(Nat::PortRestricted)) else {
        return;
    };
    for is_igd1 in [false, true] {
        let folder = Folder::new("miniupnpd");
        let options = MiniupnpdOptions {
            is_igd1,
            ..MiniupnpdOptions::USUAL
        };
        let Some(daemon) = world.gateway.run(|| Miniupnpd::start(&folder, &options)) else {
            return;
        };
        assert_eq!(daemon.address().ip(), GATEWAY);
        let description = world.inside.run(|| {
            let mut stream = TcpStream::connect(daemon.address()).unwrap();
            let request = "GET /rootDesc.xml HTTP/1.0\r\nHost: 192.168.1.1\r\n\r\n";
            stream.write_all(request.as_bytes()).unwrap();
            let mut text = String::new();
            stream.read_to_string(&mut text).unwrap();
            text
        });
        assert_eq!(
            description.contains("InternetGatewayDevice:1"),
            is_igd1,
            "{description}"
        );
        assert_eq!(description.contains("WANIPv6FirewallControl:1"), !is_igd1);
    }
}

#[test]
fn prosody_wants_tls() {
    let folder = Folder::new("prosody");
    let identity = Authority::new("CA").issue(&Leaf::localhost());
    let users = [("box", "call \"me\""), ("acs", "secret")];
    let Some(prosody) = Prosody::start(
        &folder,
        ANY.ip(),
        "localhost",
        &identity,
        &users,
        &["SCRAM-SHA-256"],
    ) else {
        return;
    };
    let mut stream = TcpStream::connect(prosody.address()).unwrap();
    let open = "<stream:stream to='localhost' version='1.0' xmlns='jabber:client' \
                xmlns:stream='http://etherx.jabber.org/streams'>";
    stream.write_all(open.as_bytes()).unwrap();
    let mut said = String::new();
    while !said.contains("</stream:features>") {
        let mut chunk = [0; 1024];
        let length = stream.read(&mut chunk).unwrap();
        assert_ne!(length, 0, "{said}{}", prosody.log());
        said.push_str(std::str::from_utf8(&chunk[..length]).unwrap());
    }
    assert!(said.contains("<starttls"), "{said}");
    assert!(!said.contains("mechanism"), "{said}");
}

#[test]
fn an_acs_may_send_from_the_port_of_coturn_but_not_of_stund() {
    let folder = Folder::new("beside");
    let other = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
    if let Some(coturn) = Coturn::start(&folder, ANY, None) {
        assert!(beside(coturn.address()).is_ok());
        assert_eq!(binding(coturn.address()), 0x0101);
    }
    if let Some(stund) = Stund::start(&folder, ANY, other) {
        assert!(beside(stund.address()).is_err());
    }
}

#[test]
fn the_acs_speaks_to_another_client_through_prosody() {
    let folder = Folder::new("prosody");
    let authority = Authority::new("CA");
    let identity = authority.issue(&Leaf::localhost());
    let users = [("box", "call \"me\""), ("acs", "secret")];
    let Some(prosody) = Prosody::start(
        &folder,
        ANY.ip(),
        "localhost",
        &identity,
        &users,
        &["PLAIN"],
    ) else {
        return;
    };
    let log_in =
        |user| XmppAcs::log_in(prosody.address(), "localhost", &authority.pem(), user).unwrap();
    let (other, mut acs) = (log_in(users[0]), log_in(users[1]));
    assert_eq!(acs.jid(), "acs@localhost/acs");
    let nobody = acs
        .call("box@localhost/nowhere", &Caller::new("a", "b"))
        .unwrap();
    assert!(nobody.contains("type='error'"), "{nobody}");
    drop(other);
}
