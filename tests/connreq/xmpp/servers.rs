//! Where the servers of a domain are.

use std::net::{SocketAddr, UdpSocket};
use std::thread;

use cwmpd::connreq::xmpp::{XmppEnd, XmppServers, name_servers};
use cwmpd_lab::xmpp::{FakeXmpp, XmppManners};

use super::{Connection, server_at, settings};

/// A name server that says the same to each question: its answers are this number, and these bytes.
fn name_server(code: u8, answers: Vec<Vec<u8>>) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut question = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut question) {
            let mut answer = question[..length].to_vec();
            (answer[2], answer[3]) = (0x81, 0x80 | code);
            answer[7] = u8::try_from(answers.len()).unwrap();
            answer.extend(answers.concat());
            let _ = socket.send_to(&answer, from);
        }
    });
    address
}

/// An SRV record of the name that was asked for.
fn srv(priority: u16, weight: u16, port: u16, labels: &[&str]) -> Vec<u8> {
    let mut target = Vec::new();
    for label in labels {
        target.push(u8::try_from(label.len()).unwrap());
        target.extend(label.as_bytes());
    }
    target.push(0);
    let mut record = vec![0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 60];
    record.extend((u16::try_from(target.len()).unwrap() + 6).to_be_bytes());
    for number in [priority, weight, port] {
        record.extend(number.to_be_bytes());
    }
    [record, target].concat()
}

fn honest() -> FakeXmpp {
    FakeXmpp::start(|peer| {
        peer.log_in(&XmppManners::honest())?;
        peer.wait_for_end()
    })
}

/// A port at which nobody listens.
fn nobody() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[test]
fn r46_a_table_is_tried_in_its_order_until_one_lets_the_box_in() {
    let (good, later) = (honest(), honest());
    let bad = FakeXmpp::start(|peer| peer.say("HTTP/1.1 400 Bad Request\r\n\r\n"));
    let mut table = vec![
        server_at("127.0.0.1", later.address().port()),
        server_at("127.0.0.1", good.address().port()),
        server_at("127.0.0.1", bad.address().port()),
        server_at("127.0.0.1", nobody()),
        server_at("no-such-host.invalid", 5222),
    ];
    for (server, priority) in table.iter_mut().zip([9, 7, 5, 3, 1]) {
        server.priority = priority;
    }
    let mut settings = settings(good.address());
    settings.servers = XmppServers::Table(table);
    let connection = Connection::begin(settings);
    connection.bound();
    connection.line.close();
    assert_eq!(connection.end(), XmppEnd::Closed);
    assert_eq!(
        (bad.connections(), good.connections(), later.connections()),
        (1, 1, 0)
    );
}

#[test]
fn r46_a_refused_password_is_not_tried_on_the_next_server() {
    let other = || {
        FakeXmpp::start(|peer| {
            peer.log_in(&XmppManners {
                password: "other",
                ..XmppManners::honest()
            })
        })
    };
    let (one, two) = (other(), other());
    let mut settings = settings(one.address());
    let table = [&one, &two].map(|server| server_at("127.0.0.1", server.address().port()));
    settings.servers = XmppServers::Table(table.to_vec());
    let end = Connection::begin(settings).end();
    assert_eq!(end.status(), "Error_AuthenticationFailure");
    assert_eq!(one.connections() + two.connections(), 1);
}

#[test]
fn r65_a_server_that_cannot_tell_now_refuses_no_password_and_the_next_one_is_tried() {
    let failing = FakeXmpp::start(|peer| {
        let sasl = "urn:ietf:params:xml:ns:xmpp-sasl";
        peer.open(
            "localhost",
            &format!("<mechanisms xmlns='{sasl}'><mechanism>SCRAM-SHA-1</mechanism></mechanisms>"),
        )?;
        peer.hear("</auth>")?;
        peer.say(format!(
            "<failure xmlns='{sasl}'><temporary-auth-failure/></failure>"
        ))
    });
    let good = honest();
    let table = |servers: &[&FakeXmpp]| {
        let mut settings = settings(failing.address());
        let numbered = servers.iter().zip(1..).map(|(server, priority)| {
            let mut server = server_at("127.0.0.1", server.address().port());
            server.priority = priority;
            server
        });
        settings.servers = XmppServers::Table(numbered.collect());
        settings
    };
    let end = Connection::begin(table(&[&failing])).end();
    assert_eq!(end.status(), "Error");
    assert!(!end.to_string().contains("Password"), "{end}");
    let connection = Connection::begin(table(&[&failing, &good]));
    connection.bound();
    connection.line.close();
}

#[test]
fn r46_the_servers_that_srv_records_name() {
    let good = honest();
    let records = vec![
        srv(20, 0, nobody(), &["localhost"]),
        srv(10, 5, good.address().port(), &["localhost"]),
    ];
    // One name server that fails before the one that knows.
    let failing = name_server(2, Vec::new());
    let mut settings = settings(good.address());
    settings.servers = XmppServers::DnsSrv(vec![failing, name_server(0, records)]);
    let connection = Connection::begin(settings);
    connection.bound();
    connection.line.close();
}

#[test]
fn r46_a_domain_that_names_none_is_taken_itself_and_one_that_says_so_has_none() {
    let end_with = |servers| {
        let mut settings = settings("127.0.0.1:1".parse().unwrap());
        settings.servers = servers;
        let end = Connection::begin(settings).end();
        assert_eq!(end.status(), "ServerNotPresent", "{end}");
        end
    };
    let none = name_server(0, vec![srv(0, 0, 0, &[])]);
    let end = end_with(XmppServers::DnsSrv(vec![none]));
    assert_eq!(end, XmppEnd::NoServer("localhost".into()));
    let unknown = name_server(3, Vec::new());
    let itself = end_with(XmppServers::DnsSrv(vec![unknown]));
    assert_eq!(end_with(XmppServers::Dns), itself);
    assert!(itself.to_string().contains("localhost"), "{itself}");
    assert_eq!(end_with(XmppServers::DnsSrv(Vec::new())), itself);
    assert_eq!(
        end_with(XmppServers::Table(Vec::new())),
        XmppEnd::NoServer("localhost".into())
    );
}

#[test]
fn r46_name_servers_are_those_of_resolv_conf() {
    let conf = "# nameserver 192.0.2.9\nsearch lan\nnameserver 127.0.0.1\nnameserver\t::1 # here\n\
                nameserver lan\noptions ndots:1\nnameserver 192.0.2.1\nnameserver 192.0.2.2\n";
    let addresses: Vec<_> = name_servers(conf).iter().map(ToString::to_string).collect();
    assert_eq!(addresses, ["127.0.0.1:53", "[::1]:53", "192.0.2.1:53"]);
}
