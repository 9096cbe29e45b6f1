//! What the box needs of the gateway, if anything.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddrV4, SocketAddrV6};

use super::task::GatewayWish;
use crate::agent::ways::Reach;
use crate::base::config::GatewayConfig;
use crate::base::scope::AddressScope;
use crate::connreq::igd::{MappingWish, PinholeWish};
use crate::device::routes::Way;

/// Why the gateway is not asked for anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum NoNeed {
    /// Nobody wants it.
    #[default]
    Off,
    /// The port for connection requests is closed.
    PortClosed,
    /// The box has no address yet.
    NoAddress,
    /// Everybody can reach this address of the box.
    Public(Ipv4Addr),
    /// Pinholes are not wanted.
    NoPinholes,
    /// Nobody beyond its link can reach this address of the box, whatever a gateway does.
    OfTheLink(IpAddr),
    /// There is no way to the ACS at present.
    NoWay,
    /// The ACS is on a network of the box: nothing is in between.
    NoRouter,
    /// The address that the ACS is told belongs to another interface than the way to the ACS.
    Aside(IpAddr),
    /// The router is of the other family of IP.
    OtherFamily(IpAddr),
    /// The agent is about to end.
    Ending,
}

impl fmt::Display for NoNeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("not asked (igd.enabled)"),
            Self::PortClosed => f.write_str("not asked, the port is closed"),
            Self::NoAddress => f.write_str("not asked, the box has no address"),
            Self::Public(address) => write!(f, "not needed, {address} is a public address"),
            Self::NoPinholes => {
                f.write_str("not asked, the box has an address of IPv6 (igd.pinhole)")
            }
            Self::OfTheLink(address) => {
                write!(f, "no help, {address} means something on its link alone")
            }
            Self::NoWay => f.write_str("not asked, there is no way to the ACS now"),
            Self::NoRouter => f.write_str("not needed, no router is on the way to the ACS"),
            Self::Aside(address) => write!(
                f,
                "not asked, {address} is not on the way to the ACS (cpe.interface)"
            ),
            Self::OtherFamily(router) => {
                write!(f, "not asked, the router {router} is of another IP")
            }
            Self::Ending => f.write_str("not asked, the agent ends"),
        }
    }
}

/// What is wanted of the gateway. `way` is the one to the ACS, `is_on_it` whether the box's own address
/// in `reach` is one of the interface that it leaves by.
pub(super) fn plan(
    config: &GatewayConfig,
    reach: &Reach,
    way: Option<Way>,
    is_on_it: bool,
) -> Result<GatewayWish, NoNeed> {
    if !config.enabled {
        return Err(NoNeed::Off);
    }
    let port = reach.port.ok_or(NoNeed::PortClosed)?;
    let own = reach.address.ok_or(NoNeed::NoAddress)?;
    check(own, config)?;
    let way = way.ok_or(NoNeed::NoWay)?;
    let router = way.router.ok_or(NoNeed::NoRouter)?;
    if !is_on_it {
        return Err(NoNeed::Aside(own));
    }
    match (own, router) {
        (IpAddr::V4(own), IpAddr::V4(gateway)) => Ok(GatewayWish::Mapping(MappingWish {
            local: SocketAddrV4::new(own, port),
            gateway,
            external_port: config.external_port.unwrap_or(port),
            former_port: None,
            lease: config.lease,
            avoid: Vec::new(),
        })),
        (IpAddr::V6(own), IpAddr::V6(gateway)) => {
            let scope = match gateway.is_unicast_link_local() {
                true => way.interface,
                false => 0,
            };
            Ok(GatewayWish::Pinhole(PinholeWish {
                local: SocketAddrV6::new(own, port, 0, 0),
                gateway: SocketAddrV6::new(gateway, 0, 0, scope),
                lease: config.lease,
            }))
        }
        (_, router) => Err(NoNeed::OtherFamily(router)),
    }
}

/// Whether an address of the box needs a gateway, and one can help it.
fn check(own: IpAddr, config: &GatewayConfig) -> Result<(), NoNeed> {
    match (own, AddressScope::of(own)) {
        (IpAddr::V6(_), _) if !config.pinhole => Err(NoNeed::NoPinholes),
        (_, AddressScope::Host | AddressScope::Link) => Err(NoNeed::OfTheLink(own)),
        (IpAddr::V4(own), AddressScope::Global) => Err(NoNeed::Public(own)),
        (_, AddressScope::Private | AddressScope::Global) => Ok(()),
    }
}
