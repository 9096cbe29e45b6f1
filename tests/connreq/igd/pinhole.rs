//! A pinhole in a gateway's firewall.

use std::net::{Ipv6Addr, SocketAddrV6};
use std::time::Duration;

use cwmpd::connreq::igd::{IgdError, Pinhole, PinholeWish, close_pinhole, open_pinhole};
use cwmpd_lab::gateway::{FakeGateway, GatewayDevice, GatewayManner};
use cwmpd_lab::network::alone;

use crate::igd::{count, errand};

const HERE: Ipv6Addr = Ipv6Addr::LOCALHOST;

fn wish() -> PinholeWish {
    PinholeWish {
        local: SocketAddrV6::new(Ipv6Addr::new(0x2600, 9, 0, 2, 0, 0, 0, 2), 7547, 0, 0),
        gateway: SocketAddrV6::new(HERE, 0, 0, 0),
        lease: Duration::from_secs(3600),
    }
}

fn gateway(device: GatewayDevice) -> FakeGateway {
    let manner = GatewayManner {
        device,
        ..GatewayManner::default()
    };
    FakeGateway::start_on(HERE.into(), manner)
}

fn with_firewall() -> GatewayDevice {
    GatewayDevice::with(&[
        ("WANIPConnection:2", "/ip"),
        ("WANIPv6FirewallControl:1", "/firewall"),
    ])
}

fn open(known: Option<&Pinhole>) -> Result<Pinhole, IgdError> {
    open_pinhole(&wish(), known, &errand())
}

#[test]
fn r31_a_pinhole_is_opened_renewed_and_closed() {
    alone(|| {
        let gateway = gateway(with_firewall());
        let pinhole = open(None).unwrap();
        assert_eq!((pinhole.id, pinhole.boot_id), (Some(1), Some(7)));
        assert!(pinhole.renew_in() <= pinhole.lease / 2);
        let text = gateway.requests().last().unwrap().text();
        for argument in [
            "<InternalClient>2600:9:0:2::2</InternalClient>",
            "<InternalPort>7547</InternalPort>",
            "<Protocol>6</Protocol>",
            "<RemoteHost></RemoteHost><RemotePort>0</RemotePort>",
            "<LeaseTime>3600</LeaseTime>",
        ] {
            assert!(text.contains(argument), "{text}");
        }
        gateway.device().pinholes[0].1 = 5;
        assert_eq!(open(Some(&pinhole)).unwrap(), pinhole);
        assert_eq!(gateway.device().pinholes, [(1, 3600)]);
        assert_eq!(count(&gateway, "AddPinhole"), 1);
        // It restarted, and forgot.
        gateway.device().pinholes.clear();
        assert_eq!(open(Some(&pinhole)).unwrap(), pinhole);
        assert_eq!(gateway.device().pinholes, [(1, 3600)]);
        close_pinhole(&pinhole, &errand()).unwrap();
        assert_eq!(gateway.device().pinholes, []);
        close_pinhole(&pinhole, &errand()).unwrap();
    });
}

#[test]
fn r31_a_firewall_that_is_off_needs_no_pinhole() {
    alone(|| {
        let gateway = gateway(with_firewall());
        gateway.device().firewall = (false, false);
        let pinhole = open(None).unwrap();
        assert_eq!(pinhole.id, None);
        assert_eq!(gateway.device().pinholes, []);
        close_pinhole(&pinhole, &errand()).unwrap();
        // It is on again.
        gateway.device().firewall = (true, true);
        assert_eq!(open(Some(&pinhole)).unwrap().id, Some(1));
        gateway.device().refuses.push(("AddPinhole", 702));
        assert_eq!(open(None).unwrap().id, None);
    });
}

#[test]
fn r31_what_stands_in_the_way_is_told() {
    alone(|| {
        let gateway = gateway(with_firewall());
        gateway.device().firewall = (true, false);
        let error = open(None).unwrap_err().to_string();
        assert!(error.contains("to nobody"), "{error}");
        gateway.device().firewall = (true, true);
        for (code, words) in [
            (606, "allow it there"),
            (701, "no room for another pinhole"),
            (705, "single TCP port"),
            (708, "single TCP port"),
        ] {
            gateway.device().refuses = vec![("AddPinhole", code)];
            let error = open(None).unwrap_err().to_string();
            assert!(
                error.contains(words) && error.contains(&code.to_string()),
                "{error}"
            );
        }
        gateway.device().services.pop();
        assert_eq!(open(None).unwrap_err(), IgdError::NoService);
    });
}

#[test]
fn r31_a_number_that_is_none_is_no_pinhole() {
    alone(|| {
        for id in ["", "x", "70000", "-1"] {
            let manner = GatewayManner {
                asked: Box::new(move |request, _| {
                    let is_it = request.text().contains("<u:AddPinhole ");
                    is_it.then(|| GatewayDevice::done("AddPinhole", &[("UniqueID", id)]))
                }),
                device: with_firewall(),
                ..GatewayManner::default()
            };
            let _gateway = FakeGateway::start_on(HERE.into(), manner);
            let error = open(None).unwrap_err();
            assert!(matches!(error, IgdError::Markup { .. }), "{error}");
        }
    });
}
