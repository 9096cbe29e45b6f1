//! A mapping that is known is asked for again.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use cwmpd::connreq::igd::{IgdError, Mapping, MappingWish, is_kept, open};
use cwmpd_lab::gateway::{FakeGateway, GatewayDevice, GatewayManner};

use crate::igd::{count, errand, honest, map, wish};

#[test]
fn r30_a_mapping_is_renewed_where_it_was_made_and_before_its_time_is_over() {
    let gateway = honest(GatewayDevice::default());
    let mapping = map(&gateway).unwrap();
    let lease = mapping.lease.unwrap();
    assert!(mapping.renew_in() <= lease / 2);
    let short = Duration::from_secs(100);
    let brief = Mapping {
        lease: Some(short),
        ..mapping.clone()
    };
    assert!(brief.renew_in() <= short / 2);
    gateway.device().mappings[0].lease = 1700;
    let searches = gateway.searches();
    let again = open(&wish(&gateway), Some(&mapping), &errand()).unwrap();
    assert_eq!(again, mapping);
    assert_eq!(gateway.searches(), searches);
    assert_eq!(count(&gateway, "GET /desc/root.xml"), 1);
    assert_eq!(gateway.device().mappings[0].lease, 3600);
    assert_eq!(gateway.device().mappings.len(), 1);
}

#[test]
fn r30_the_port_that_was_given_is_asked_for_again() {
    for service in ["WANIPConnection:1", "WANIPConnection:2"] {
        let gateway = honest(GatewayDevice::with(&[(service, "/ctl")]));
        let wanted = MappingWish {
            avoid: vec![7547],
            ..wish(&gateway)
        };
        let mapping = open(&wanted, None, &errand()).unwrap();
        // What it was made instead of is free by now.
        let again = open(&wish(&gateway), Some(&mapping), &errand()).unwrap();
        assert_eq!(again.external, mapping.external);
        // Unless it turned out to be of no use.
        let elsewhere = MappingWish {
            avoid: vec![mapping.external.port()],
            ..wish(&gateway)
        };
        let moved = open(&elsewhere, Some(&mapping), &errand()).unwrap();
        assert_eq!(moved.external.port(), 7547);
    }
}

#[test]
fn r70_the_port_that_others_know_is_asked_for_where_the_wanted_one_is_taken() {
    let gateway = honest(GatewayDevice::default());
    let wish = MappingWish {
        former_port: Some(23456),
        ..wish(&gateway)
    };
    let mapping = open(&wish, None, &errand()).unwrap();
    assert_eq!(mapping.external.port(), 7547);
    gateway.device().mappings[0].client = "192.168.1.77".to_owned();
    let mapping = open(&wish, None, &errand()).unwrap();
    assert_eq!(mapping.external.port(), 23456);
}

#[test]
fn r66_a_mapping_that_somebody_had_lead_elsewhere_on_the_box_is_not_kept() {
    let gateway = honest(GatewayDevice::default());
    let mapping = map(&gateway).unwrap();
    assert_eq!(is_kept(&mapping, &errand()), Ok(true));
    gateway.device().mappings[0].internal += 1;
    assert_eq!(is_kept(&mapping, &errand()), Ok(false));
}

#[test]
fn r30_a_gateway_that_does_not_renew_is_made_to() {
    // It keeps the lease that there is, which runs out.
    let gateway = honest(GatewayDevice {
        keeps_lease: true,
        ..GatewayDevice::default()
    });
    let mapping = map(&gateway).unwrap();
    gateway.device().mappings[0].lease = 900;
    let again = open(&wish(&gateway), Some(&mapping), &errand()).unwrap();
    assert_eq!(again.lease, Some(Duration::from_secs(3600)));
    assert_eq!(gateway.device().mappings[0].lease, 3600);
    // It refuses what is there.
    let gateway = FakeGateway::start(GatewayManner {
        asked: Box::new(|request, device| {
            let is_it = request.text().contains("<u:AddPortMapping ");
            let is_there = !device.mappings.is_empty();
            (is_it && is_there).then(|| GatewayDevice::refused(718))
        }),
        ..GatewayManner::default()
    });
    let mapping = map(&gateway).unwrap();
    let again = open(&wish(&gateway), Some(&mapping), &errand()).unwrap();
    assert_eq!(again, mapping);
    assert_eq!(gateway.device().mappings.len(), 1);
}

#[test]
fn r30_a_box_with_another_address_takes_its_own_mapping_along() {
    let gateway = honest(GatewayDevice::default());
    let mapping = map(&gateway).unwrap();
    let moved = MappingWish {
        local: SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, 9), 7547),
        ..wish(&gateway)
    };
    let again = open(&moved, Some(&mapping), &errand()).unwrap();
    assert_eq!(again.external, mapping.external);
    assert_eq!(gateway.device().mappings[0].client, "127.0.0.9");
}

#[test]
fn r34_a_gateway_that_restarted_is_found_again_with_its_port() {
    let gateway = honest(GatewayDevice::default());
    let mapping = map(&gateway).unwrap();
    {
        let mut device = gateway.device();
        device.services = vec![("WANPPPConnection:1", "/moved".to_owned())];
        device.mappings.clear();
        device.boot_id = 8;
    }
    let again = open(&wish(&gateway), Some(&mapping), &errand()).unwrap();
    assert_eq!(again.external, mapping.external);
    assert_eq!(
        (again.boot_id, again.service.url.target.as_str()),
        (Some(8), "/moved")
    );
    assert!(gateway.device().mapping(7547).is_some());
}

#[test]
fn r34_another_gateway_is_not_asked_for_the_old_ones_mapping() {
    let old = honest(GatewayDevice::default());
    let mapping = map(&old).unwrap();
    let before = old.requests().len();
    let new = honest(GatewayDevice {
        external: "11.0.0.20".to_owned(),
        ..GatewayDevice::default()
    });
    let moved = open(&wish(&new), Some(&mapping), &errand()).unwrap();
    assert_eq!(*moved.external.ip(), Ipv4Addr::new(11, 0, 0, 20));
    assert_eq!(old.requests().len(), before);
}

#[test]
fn r30_a_connection_that_went_is_told_at_the_renewal() {
    let gateway = honest(GatewayDevice::default());
    let mapping = map(&gateway).unwrap();
    gateway.device().external = "100.64.0.9".to_owned();
    let error = open(&wish(&gateway), Some(&mapping), &errand()).unwrap_err();
    assert!(matches!(error, IgdError::DoubleNat(_)), "{error}");
    gateway.device().external = "11.0.0.11".to_owned();
    let again = open(&wish(&gateway), Some(&mapping), &errand()).unwrap();
    assert_eq!(*again.external.ip(), Ipv4Addr::new(11, 0, 0, 11));
}
