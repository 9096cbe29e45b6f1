//! Every refusal of a gateway, and what is made of it.

use std::net::Ipv4Addr;
use std::time::Duration;

use cwmpd::connreq::igd::{IgdError, MappingWish, close, open};
use cwmpd_lab::gateway::{FakeGateway, GatewayDevice, GatewayManner, PortMapping};

use crate::igd::{count, errand, honest, map, wish};

/// A gateway that refuses to add a mapping if this is so of the request's text.
fn refusing(code: u16, refuses: impl Fn(&str) -> bool + Send + 'static) -> FakeGateway {
    FakeGateway::start(GatewayManner {
        asked: Box::new(move |request, _| {
            let text = request.text();
            let is_it = text.contains("<u:AddPortMapping ") && refuses(&text);
            is_it.then(|| GatewayDevice::refused(code))
        }),
        ..GatewayManner::default()
    })
}

fn others(port: u16) -> PortMapping {
    PortMapping {
        port,
        client: "192.168.1.77".to_owned(),
        internal: port,
        lease: 0,
    }
}

#[test]
fn r28_a_lease_that_is_not_liked_is_left_out() {
    for code in [402, 501, 600, 601, 725] {
        let gateway = refusing(code, |text| {
            !text.contains("<NewLeaseDuration>0</NewLeaseDuration>")
        });
        let mapping = map(&gateway).unwrap();
        assert_eq!(mapping.lease, None, "{code}");
        assert_eq!(mapping.external.port(), 7547);
        assert_eq!(count(&gateway, "AddPortMapping"), 2);
        assert!(mapping.renew_in() <= Duration::from_secs(1200));
    }
}

#[test]
fn r28_another_port_is_tried_where_one_is_taken() {
    for code in [501, 606, 718, 729] {
        let gateway = refusing(code, |text| text.contains("<NewExternalPort>7547<"));
        let mapping = map(&gateway).unwrap();
        assert_ne!(mapping.external.port(), 7547, "{code}");
        assert!(gateway.device().mapping(mapping.external.port()).is_some());
    }
}

#[test]
fn r28_a_gateway_that_maps_only_to_the_same_port_is_asked_for_that() {
    let gateway = refusing(724, |text| !text.contains("<NewExternalPort>7547<"));
    let wish = MappingWish {
        external_port: 80,
        ..wish(&gateway)
    };
    let mapping = open(&wish, None, &errand()).unwrap();
    assert_eq!(mapping.external.port(), 7547);
    // And is given up if that is refused as well.
    let gateway = refusing(724, |_| true);
    let error = map(&gateway).unwrap_err();
    assert!(error.to_string().contains("same port only"), "{error}");
    assert_eq!(count(&gateway, "AddPortMapping"), 1);
}

#[test]
fn r28_what_cannot_be_helped_is_told_at_once() {
    for (code, words) in [
        (401, "no such action"),
        (602, "no such action"),
        (715, "named senders only"),
        (716, "all ports at once"),
        (726, "for everybody only"),
        (727, "all ports at once"),
        (728, "no room for another mapping"),
        (732, "to this one"),
        (999, "does not say more"),
    ] {
        let gateway = refusing(code, |_| true);
        let error = map(&gateway).unwrap_err();
        let IgdError::Refused { refusal, .. } = &error else {
            panic!("{error}");
        };
        assert_eq!(refusal.code, code);
        let text = error.to_string();
        assert!(
            text.contains(words) && text.contains(&code.to_string()),
            "{text}"
        );
        assert_eq!(count(&gateway, "AddPortMapping"), 1, "{code}");
    }
}

#[test]
fn r28_a_gateway_that_refuses_each_port_is_left_alone_after_a_few() {
    for code in [402, 501, 606, 718, 729] {
        let gateway = refusing(code, |_| true);
        let error = map(&gateway).unwrap_err();
        assert!(error.to_string().contains(&code.to_string()), "{error}");
        let tries = count(&gateway, "AddPortMapping");
        assert!((8..=16).contains(&tries), "{code}: {tries}");
    }
}

#[test]
fn r28_nobody_loses_a_port_by_us() {
    // It would give it away to whoever comes.
    let gateway = FakeGateway::start(GatewayManner {
        asked: Box::new(|request, device| {
            if request.text().contains("<u:AddPortMapping ") {
                device.mappings.retain(|mapping| mapping.port != 7547);
            }
            None
        }),
        ..GatewayManner::default()
    });
    gateway.device().mappings.push(others(7547));
    let mapping = map(&gateway).unwrap();
    assert_ne!(mapping.external.port(), 7547);
    // Nor another program of this box.
    let gateway = honest(GatewayDevice::default());
    gateway.device().mappings.push(PortMapping {
        client: "127.0.0.1".to_owned(),
        internal: 80,
        ..others(7547)
    });
    let mapping = map(&gateway).unwrap();
    assert_ne!(mapping.external.port(), 7547);
    assert_eq!(gateway.device().mapping(7547).unwrap().internal, 80);
}

#[test]
fn r28_ports_that_are_of_no_use_are_not_tried() {
    for service in ["WANIPConnection:1", "WANIPConnection:2"] {
        let gateway = honest(GatewayDevice::with(&[(service, "/ctl")]));
        let wish = MappingWish {
            avoid: vec![7547, 7548],
            ..wish(&gateway)
        };
        let mapping = open(&wish, None, &errand()).unwrap();
        assert!(!wish.avoid.contains(&mapping.external.port()));
        assert_eq!(gateway.device().mappings.len(), 1);
    }
}

#[test]
fn r28_version_2_chooses_a_port_itself() {
    let gateway = honest(GatewayDevice::with(&[("WANIPConnection:2", "/ctl")]));
    // It shows nobody what others have.
    gateway.device().mappings.push(others(7547));
    gateway
        .device()
        .refuses
        .push(("GetSpecificPortMappingEntry", 606));
    assert_eq!(map(&gateway).unwrap().external.port(), 7548);
    assert_eq!(count(&gateway, "AddAnyPortMapping"), 1);
    assert_eq!(count(&gateway, "AddPortMapping"), 0);
    // One that it does not have, and one that makes no sense.
    for code in [401, 501, 602, 718] {
        let gateway = honest(GatewayDevice {
            refuses: vec![("AddAnyPortMapping", code)],
            ..GatewayDevice::with(&[("WANIPConnection:2", "/ctl")])
        });
        assert_eq!(map(&gateway).unwrap().external.port(), 7547);
    }
    for port in ["", "0", "65536", "-1", "x"] {
        let gateway = FakeGateway::start(GatewayManner {
            asked: Box::new(move |request, _| {
                let is_it = request.text().contains("<u:AddAnyPortMapping ");
                is_it
                    .then(|| GatewayDevice::done("AddAnyPortMapping", &[("NewReservedPort", port)]))
            }),
            device: GatewayDevice::with(&[("WANIPConnection:2", "/ctl")]),
            ..GatewayManner::default()
        });
        assert_eq!(map(&gateway).unwrap().external.port(), 7547, "{port}");
    }
}

#[test]
fn r28_a_shorter_lease_counts_and_none_that_is_too_short() {
    let gateway = honest(GatewayDevice {
        longest_lease: 600,
        ..GatewayDevice::default()
    });
    assert_eq!(map(&gateway).unwrap().lease, Some(Duration::from_secs(600)));
    let gateway = honest(GatewayDevice {
        longest_lease: 5,
        ..GatewayDevice::default()
    });
    let error = map(&gateway).unwrap_err();
    assert_eq!(error, IgdError::ShortLease(Duration::from_secs(5)));
    assert_eq!(gateway.device().mappings, []);
    // For ever is what some make of any lease.
    let gateway = honest(GatewayDevice {
        longest_lease: 0,
        ..GatewayDevice::default()
    });
    assert_eq!(map(&gateway).unwrap().lease, None);
}

#[test]
fn r28_a_mapping_that_the_gateway_takes_for_somebody_else_is_not_ours() {
    let gateway = FakeGateway::start(GatewayManner {
        asked: Box::new(|request, device| {
            if request.text().contains("<NewExternalPort>7547<") {
                device
                    .mappings
                    .iter_mut()
                    .for_each(|mapping| mapping.client = "10.0.0.9".into());
            }
            None
        }),
        ..GatewayManner::default()
    });
    assert_ne!(map(&gateway).unwrap().external.port(), 7547);
    // It does not use it.
    let gateway = FakeGateway::start(GatewayManner {
        asked: Box::new(|request, device| {
            let is_it = request.text().contains("<u:GetSpecificPortMappingEntry ")
                && !device.mappings.is_empty();
            is_it
                .then(|| GatewayDevice::done("GetSpecificPortMappingEntry", &[("NewEnabled", "0")]))
        }),
        ..GatewayManner::default()
    });
    assert_eq!(map(&gateway).unwrap_err(), IgdError::Disabled);
    assert_eq!(gateway.device().mappings, []);
}

#[test]
fn r28_a_gateway_that_tells_little_of_a_mapping_is_believed() {
    let replies: [&[(&str, &str)]; 3] = [
        &[],
        &[
            ("NewInternalClient", "box.lan"),
            ("NewInternalPort", "0"),
            ("NewLeaseDuration", "x"),
        ],
        &[("NewInternalClient", "0.0.0.0"), ("NewEnabled", "true")],
    ];
    for reply in replies {
        let gateway = FakeGateway::start(GatewayManner {
            asked: Box::new(move |request, _| {
                let is_it = request.text().contains("<u:GetSpecificPortMappingEntry ");
                is_it.then(|| GatewayDevice::done("GetSpecificPortMappingEntry", reply))
            }),
            ..GatewayManner::default()
        });
        let mapping = map(&gateway).unwrap();
        assert_eq!(mapping.lease, Some(Duration::from_secs(3600)), "{reply:?}");
    }
    let gateway = honest(GatewayDevice {
        refuses: vec![("GetSpecificPortMappingEntry", 401)],
        ..GatewayDevice::default()
    });
    assert_eq!(map(&gateway).unwrap().external.port(), 7547);
}

#[test]
fn r28_a_mapping_is_removed_unless_it_is_somebody_elses_by_now() {
    let gateway = honest(GatewayDevice::default());
    let mapping = map(&gateway).unwrap();
    gateway.device().mappings[0].client = Ipv4Addr::new(10, 0, 0, 9).to_string();
    close(&mapping, &errand()).unwrap();
    assert_eq!(gateway.device().mappings.len(), 1);
    gateway.device().mappings[0].client = mapping.local.ip().to_string();
    close(&mapping, &errand()).unwrap();
    assert_eq!(gateway.device().mappings, []);
    // It is gone already.
    close(&mapping, &errand()).unwrap();
    gateway.device().refuses.push(("DeletePortMapping", 606));
    let error = close(&mapping, &errand()).unwrap_err();
    assert!(error.to_string().contains("allow it there"), "{error}");
}
