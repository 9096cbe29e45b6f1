//! A gateway that is asked for a port or a pinhole: one that does as it is told, old ones, and
//! liars.

mod description;
mod memory;
mod pinhole;
mod refusals;
mod renewal;
mod search;

use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use cwmpd::connreq::igd::{Errand, IgdError, Mapping, MappingWish, open};
use cwmpd_lab::gateway::{FakeGateway, GatewayDevice, GatewayManner};

const LOCAL: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 7547);

/// Where all gateways here are, seen from outside.
const EXTERNAL: Ipv4Addr = Ipv4Addr::new(11, 0, 0, 10);

fn errand() -> Errand {
    Errand::of(Errand::LONG, None)
}

fn wish(gateway: &FakeGateway) -> MappingWish {
    MappingWish {
        local: LOCAL,
        gateway: gateway.address_v4(),
        external_port: 7547,
        former_port: None,
        lease: Duration::from_secs(3600),
        avoid: Vec::new(),
    }
}

/// A gateway that behaves, with this in it.
fn honest(device: GatewayDevice) -> FakeGateway {
    FakeGateway::start(GatewayManner {
        device,
        ..GatewayManner::default()
    })
}

fn map(gateway: &FakeGateway) -> Result<Mapping, IgdError> {
    open(&wish(gateway), None, &errand())
}

/// How often it was asked for an action.
fn count(gateway: &FakeGateway, action: &str) -> usize {
    let asked = gateway.asked();
    asked.iter().filter(|name| *name == action).count()
}
