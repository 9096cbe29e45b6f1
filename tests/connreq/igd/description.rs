//! Descriptions, and answers to actions, of old gateways and of hostile ones.

use std::time::{Duration, Instant};

use cwmpd::connreq::igd::{Errand, GatewayService, IgdError, open};
use cwmpd_lab::gateway::{FakeGateway, GatewayDevice, GatewayManner};
use cwmpd_lab::http::{Reply, Request, Server};

use crate::igd::{EXTERNAL, count, honest, map, wish};

/// A gateway that answers requests like this, if at all.
fn replying(
    asked: impl FnMut(&Request, &mut GatewayDevice) -> Option<Reply> + Send + 'static,
) -> FakeGateway {
    FakeGateway::start(GatewayManner {
        asked: Box::new(asked),
        ..GatewayManner::default()
    })
}

/// One whose description is this.
fn described(description: impl Fn(&GatewayDevice) -> Reply + Send + 'static) -> FakeGateway {
    replying(move |request, device| (request.method == "GET").then(|| description(device)))
}

#[test]
fn r27_old_gateways_are_understood() {
    for old in [
        |text: String| Reply::xml(text).until_close(),
        |text: String| Reply::xml(text).http10(),
        |text: String| Reply::xml(text).http10().until_close(),
        |text: String| Reply::xml(format!("\u{feff}{text}")).chunked(&[1, 2, 700]),
        |text: String| Reply::xml(format!("\r\n {text}\0\0")),
        |text: String| {
            Reply::new(200)
                .header("Content-Type", "text/html")
                .body(text)
        },
        |text: String| Reply::xml(text.replace("</major>", "</major><u>?a=1&b=2&c</u>")),
        |text: String| {
            Reply::xml(
                text.replace("xmlns=", "xmlns:x='urn:x' y=")
                    .replace("<root", "<z:root")
                    .replace("</root", "</z:root"),
            )
        },
        |text: String| {
            Reply::xml(
                text.replace("controlURL", "CONTROLURL")
                    .replace("serviceType", "ServiceType"),
            )
        },
        |text: String| {
            let mut bytes = text.replace("X:1", "Caf#:1").into_bytes();
            bytes.iter_mut().for_each(|byte| {
                if *byte == b'#' {
                    *byte = 0xe9
                }
            });
            Reply::xml(bytes)
        },
    ] {
        let gateway = replying(move |request, device| {
            let text = match request.method.as_str() {
                "GET" => device.description(),
                _ => return None,
            };
            Some(old(text))
        });
        assert_eq!(*map(&gateway).unwrap().external.ip(), EXTERNAL);
    }
}

#[test]
fn r27_what_old_gateways_look_for_is_spelled_as_they_know_it() {
    let gateway = honest(GatewayDevice::default());
    map(&gateway).unwrap();
    let requests = gateway.requests();
    let posts = requests.iter().filter(|request| request.method == "POST");
    for request in posts {
        let mut names = request.headers.iter().map(|(name, _)| name);
        assert!(names.any(|name| name == "SOAPAction"), "{request:?}");
        let named = request.header("SOAPAction").unwrap();
        assert!(
            named.starts_with("\"urn:schemas-upnp-org:service:WANIPConnection:1#"),
            "{named}"
        );
        assert_eq!(request.headers_named("SOAPAction").len(), 1);
    }
}

#[test]
fn r27_control_urls_are_found_from_the_base_and_from_the_description() {
    for (base, path, target) in [
        (None, "IPConn", "/desc/IPConn"),
        (None, "/ctl/IPConn", "/ctl/IPConn"),
        (Some("http://HOST/"), "ctl/IPConn", "/ctl/IPConn"),
        (Some("http://10.6.6.6/"), "IPConn", "/desc/IPConn"),
        (Some(""), "IPConn", "/desc/IPConn"),
        (None, "http://HOST/ctl/IPConn", "/ctl/IPConn"),
    ] {
        let gateway = honest(GatewayDevice::default());
        let host = gateway.host();
        {
            let mut device = gateway.device();
            device.base = base.map(|base| base.replace("HOST", &host));
            let path = path.replace("HOST", &host);
            device.services = vec![("WANIPConnection:1", path)];
            device.controlled = Some(target.to_owned());
        }
        let mapping = map(&gateway).unwrap();
        assert_eq!(mapping.service.url.target, target);
    }
}

#[test]
fn r27_of_several_connections_the_one_that_is_connected_is_taken() {
    let services = [
        ("WANIPConnection:1", "/ip"),
        ("WANPPPConnection:1", "/ppp"),
        ("WANIPConnection:1", "/second"),
    ];
    for (connected, service) in [
        ("/ip", GatewayService::WanIp1),
        ("/ppp", GatewayService::WanPpp1),
        ("/second", GatewayService::WanIp1),
    ] {
        let gateway = FakeGateway::start(GatewayManner {
            asked: Box::new(move |request, device| {
                let is_it = request.target == connected;
                device.status = if is_it { "Connected" } else { "Disconnected" }.to_owned();
                device.external = if is_it { "11.0.0.10" } else { "0.0.0.0" }.to_owned();
                None
            }),
            device: GatewayDevice::with(&services),
            ..GatewayManner::default()
        });
        let mapping = map(&gateway).unwrap();
        assert_eq!(mapping.service.url.target, connected);
        assert_eq!(mapping.service.service, service);
    }
}

#[test]
fn r27_who_does_not_tell_whether_it_is_connected_may_be() {
    let gateway = honest(GatewayDevice {
        refuses: vec![("GetStatusInfo", 401)],
        ..GatewayDevice::default()
    });
    assert!(map(&gateway).is_ok());
    gateway.device().refuses.clear();
    gateway.device().status = "Disconnected".to_owned();
    let error = map(&gateway).unwrap_err();
    assert_eq!(error, IgdError::NotConnected("Disconnected".to_owned()));
}

#[test]
fn r27_an_external_address_that_is_none_is_not_taken() {
    for address in [
        "",
        "0.0.0.0",
        "127.0.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "1.2.3",
        "x",
        "::1",
        "11.0.0.10:80",
    ] {
        let gateway = honest(GatewayDevice {
            external: address.to_owned(),
            ..GatewayDevice::default()
        });
        let error = map(&gateway).unwrap_err();
        assert_eq!(error, IgdError::NoAddress(address.to_owned()));
        assert_eq!(count(&gateway, "AddPortMapping"), 0);
    }
    for address in ["10.0.0.1", "192.168.0.10", "100.64.3.4", "172.16.0.1"] {
        let gateway = honest(GatewayDevice {
            external: address.to_owned(),
            ..GatewayDevice::default()
        });
        let error = map(&gateway).unwrap_err();
        assert_eq!(error, IgdError::DoubleNat(address.parse().unwrap()));
        assert!(
            error.to_string().contains("another NAT behind it"),
            "{error}"
        );
        assert_eq!(count(&gateway, "AddPortMapping"), 0);
    }
}

#[test]
fn r27_no_description_leads_to_another_host() {
    let victim = Server::start(|_, _| Reply::new(200));
    for place in [
        victim.url("/ctl"),
        format!("//127.0.0.1:{}/ctl", victim.port()),
        "https://a/".to_owned(),
    ] {
        let gateway = honest(GatewayDevice::with(&[("WANIPConnection:1", &place)]));
        let error = map(&gateway).unwrap_err();
        assert!(matches!(error, IgdError::Elsewhere { .. }), "{error}");
    }
    let url = victim.url("/");
    let gateway = replying(move |_, _| Some(Reply::new(302).header("Location", &url)));
    let error = map(&gateway).unwrap_err();
    assert!(
        matches!(error, IgdError::Status { status: 302, .. }),
        "{error}"
    );
    let url = victim.url("/");
    let gateway = replying(move |request, _| {
        (request.method == "POST").then(|| Reply::new(307).header("Location", &url))
    });
    assert!(map(&gateway).is_err());
    assert_eq!(victim.connections(), 0);
}

#[test]
fn r27_hostile_descriptions_are_refused_with_a_reason() {
    let deep = "<device><deviceList>".repeat(500);
    let bomb = "<!DOCTYPE r [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">\
                <!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]><root>&c;</root>";
    let loops = "<!DOCTYPE r [<!ENTITY a \"&b;\"><!ENTITY b \"&a;\">]><root>&a;</root>";
    let file = "<!DOCTYPE r [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><root>&a;</root>";
    for (text, why) in [
        (format!("<root>{deep}"), "nested deeper"),
        (
            format!("<root>{}</root>", "<service/>".repeat(6000)),
            "too many elements",
        ),
        (
            format!(
                "<root {}/>",
                (0..1000).map(|n| format!("a{n}='' ")).collect::<String>()
            ),
            "attributes",
        ),
        (bomb.to_owned(), "document type"),
        (loops.to_owned(), "document type"),
        (file.to_owned(), "document type"),
        (String::new(), "not well-formed"),
        ("<root><device></root>".to_owned(), "not well-formed"),
        (
            "<html><body>Log in</body></html>".to_owned(),
            "no description",
        ),
        ("\u{0}\u{1}\u{2}".to_owned(), "not well-formed"),
        ("<root/>".to_owned(), "does not offer it"),
        (format!("<root>{}</root>", "x".repeat(70_000)), "65536"),
    ] {
        let text_of_it = text.clone();
        let gateway = described(move |_| Reply::xml(text_of_it.clone()));
        let error = map(&gateway).unwrap_err().to_string();
        assert!(error.contains(why), "{why}: {error}");
        assert!(error.len() < 400, "{error}");
    }
}

#[test]
fn r27_a_description_without_end_has_one() {
    let endless = || {
        Reply::xml("<device>".repeat(512))
            .repeated(u64::MAX, Duration::ZERO)
            .chunked(&[])
    };
    let slow = || {
        Reply::xml("<")
            .repeated(u64::MAX, Duration::from_millis(20))
            .chunked(&[])
    };
    let hangs = || Reply::hang();
    let trailers = || Reply::raw("X: y\r\n").repeated(u64::MAX, Duration::ZERO);
    let lies = || Reply::xml("<root>").lying(1 << 40);
    for (reply, limit) in [
        (endless as fn() -> Reply, 20),
        (trailers, 20),
        (lies, 20),
        (slow, 2),
        (hangs, 2),
    ] {
        let gateway = described(move |_| reply());
        let begin = Instant::now();
        let errand = Errand::of(Duration::from_secs(limit), None);
        let error = open(&wish(&gateway), None, &errand).unwrap_err();
        assert!(
            matches!(error, IgdError::Http(_) | IgdError::OutOfTime),
            "{error}"
        );
        assert!(begin.elapsed() < Duration::from_secs(15), "{error}");
    }
}

#[test]
fn r27_hostile_answers_to_actions_are_refused_likewise() {
    let answers: [fn() -> Reply; 6] = [
        || Reply::xml("<a>".repeat(20_000)),
        || Reply::xml("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"),
        || {
            Reply::xml("<a/>".repeat(10))
                .repeated(u64::MAX, Duration::ZERO)
                .chunked(&[])
        },
        || GatewayDevice::done("SomethingElse", &[("NewExternalIPAddress", "11.0.0.10")]),
        || {
            GatewayDevice::done(
                "GetExternalIPAddress",
                &[("NewExternalIPAddress", &"1".repeat(60_000))],
            )
        },
        || Reply::new(503).body("<html>busy</html>"),
    ];
    for answer in answers {
        let gateway = replying(move |request, _| {
            let is_it = request.text().contains("GetExternalIPAddress");
            is_it.then(answer)
        });
        let error = map(&gateway).unwrap_err();
        assert!(error.to_string().len() < 400, "{error}");
        assert_eq!(count(&gateway, "AddPortMapping"), 0);
    }
}
