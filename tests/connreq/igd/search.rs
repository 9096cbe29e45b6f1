//! Finding the gateway, and nobody else.

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use cwmpd::connreq::igd::{Errand, IgdError, open};
use cwmpd::http::ExchangeWatch;
use cwmpd_lab::gateway::{FakeGateway, GatewayDevice, GatewayManner, Search};
use cwmpd_lab::http::{Reply, Server};

use crate::igd::{EXTERNAL, LOCAL, honest, map, wish};

/// A gateway that answers searches like this.
fn answering(searched: impl FnMut(&Search<'_>) -> Vec<Vec<u8>> + Send + 'static) -> FakeGateway {
    FakeGateway::start(GatewayManner {
        searched: Box::new(searched),
        ..GatewayManner::default()
    })
}

#[test]
fn r26_a_gateway_is_found_and_maps_a_port() {
    let gateway = honest(GatewayDevice::default());
    let mapping = map(&gateway).unwrap();
    assert_eq!(*mapping.external.ip(), EXTERNAL);
    assert_eq!(mapping.external.port(), 7547);
    assert_eq!(mapping.local, LOCAL);
    assert_eq!(mapping.lease, Some(Duration::from_secs(3600)));
    assert_eq!(mapping.boot_id, Some(7));
    let device = gateway.device();
    let made = device.mapping(7547).unwrap();
    assert_eq!((made.client.as_str(), made.internal), ("127.0.0.1", 7547));
}

#[test]
fn r26_a_search_that_got_lost_is_repeated_and_old_targets_are_tried() {
    let gateway = answering(|search| match search.target() {
        "urn:schemas-upnp-org:service:WANIPConnection:1" => {
            vec![search.leading_to(search.location)]
        }
        _ => Vec::new(),
    });
    assert!(map(&gateway).is_ok());
    assert!(gateway.searches() > 2);
}

#[test]
fn r26_nobody_else_is_believed_though_faster() {
    let liar = honest(GatewayDevice {
        external: "11.6.6.6".to_owned(),
        ..GatewayDevice::default()
    });
    let other = liar.address_v4();
    let elsewhere = format!("http://{other}:{}/desc/root.xml", 1);
    // From the liar's address, to the box, before the gateway itself says a word.
    let gateway = answering(move |search| {
        let socket = UdpSocket::bind((other, 0)).unwrap();
        for _ in 0..50 {
            let lie = search.leading_to(&elsewhere);
            socket.send_to(&lie, search.from).unwrap();
        }
        search.honest()
    });
    assert_eq!(*map(&gateway).unwrap().external.ip(), EXTERNAL);
    assert_eq!(liar.connections(), 0);
}

#[test]
fn r26_others_are_told_of_where_the_gateway_is_silent() {
    let gateway = answering(move |search| {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let lie = search.leading_to(search.location);
        socket.send_to(&lie, search.from).unwrap();
        Vec::new()
    });
    let begin = Instant::now();
    let error = map(&gateway).unwrap_err();
    assert!(
        matches!(error, IgdError::Silent { others: 1.., .. }),
        "{error}"
    );
    assert!(
        error.to_string().contains("switch UPnP on there"),
        "{error}"
    );
    assert_eq!(gateway.connections(), 0);
    assert!(begin.elapsed() < Duration::from_secs(30));
}

#[test]
fn r26_a_gateway_that_leads_elsewhere_is_not_followed() {
    let victim = Server::start(|_, _| Reply::new(200));
    let (port, own) = (victim.port(), victim.url("/x"));
    let gateway = answering(move |search| {
        let places = [
            own.clone(),
            format!("http://localhost:{port}/x"),
            format!("http://2130706433:{port}/x"),
            search.location.replace("http://", "https://"),
            "http://[::1]/x".to_owned(),
        ];
        places
            .iter()
            .map(|place| search.leading_to(place))
            .collect()
    });
    let error = map(&gateway).unwrap_err();
    assert!(matches!(error, IgdError::Elsewhere { .. }), "{error}");
    assert!(error.to_string().contains("not on itself"), "{error}");
    assert_eq!(victim.connections(), 0);
    assert_eq!(gateway.connections(), 0);
}

#[test]
fn r26_a_flood_of_answers_has_an_end_and_few_are_looked_at() {
    let gateway = answering(move |search| {
        let place = |n: usize| search.location.replace("root.xml", &format!("{n}.xml"));
        let answer = |n| search.leading_to(&place(n));
        let noise = (0..2000).map(|n: u32| n.to_le_bytes().repeat(500));
        (0..2000).map(answer).chain(noise).collect()
    });
    let begin = Instant::now();
    let error = map(&gateway).unwrap_err();
    assert!(
        matches!(error, IgdError::Status { status: 404, .. }),
        "{error}"
    );
    assert!(
        gateway.requests().len() <= 4,
        "{}",
        gateway.requests().len()
    );
    assert!(begin.elapsed() < Duration::from_secs(30));
}

#[test]
fn r26_a_true_description_behind_false_ones_is_found() {
    let gateway = answering(|search| {
        let wrong = search.location.replace("root.xml", "wrong.xml");
        vec![
            b"HTTP/1.1 200 OK\r\nLOCATION: nonsense\r\n\r\n".to_vec(),
            search.leading_to(&wrong),
            search.leading_to(search.location),
        ]
    });
    assert!(map(&gateway).is_ok());
}

/// Lets an errand go on for so many looks.
#[derive(Debug)]
struct Stopped;

impl ExchangeWatch for Stopped {
    fn goes_on(&self) -> bool {
        false
    }

    fn may_meet(&self, _: std::net::SocketAddr, _: std::net::SocketAddr) -> bool {
        true
    }
}

#[test]
fn r26_an_errand_ends_with_its_time_or_when_nobody_waits_any_more() {
    let gateway = answering(|_| Vec::new());
    let begin = Instant::now();
    let short = Errand::of(Duration::from_millis(300), None);
    let error = open(&wish(&gateway), None, &short).unwrap_err();
    assert_eq!(error, IgdError::OutOfTime);
    let stopped = Errand::of(Errand::LONG, Some(std::sync::Arc::new(Stopped)));
    let error = open(&wish(&gateway), None, &stopped).unwrap_err();
    assert_eq!(error, IgdError::Interrupted);
    assert!(begin.elapsed() < Duration::from_secs(4));
}
