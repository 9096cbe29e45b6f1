//! Where the box can be reached, as `ManagementServer` shows it.

use std::net::{IpAddr, SocketAddr};

use crate::datamodel::source::Reading;

/// What is known of the ways in; the loop keeps it up to date.
#[derive(Debug, Default)]
pub(in crate::agent) struct Reach {
    /// The address of the box itself on its way to the ACS.
    pub address: Option<IpAddr>,
    /// The port that is open for connection requests over HTTP.
    pub port: Option<u16>,
    /// The path of the connection-request URL, with its `/`.
    pub path: String,
    /// What a gateway forwards to that port: an address and a port that others can reach.
    pub external: Option<SocketAddr>,
    /// The port that is open for requests over UDP.
    pub udp_port: Option<u16>,
    /// What STUN says of that port.
    pub stun: StunFact,
    /// The ways that this program has, and that are not configured away.
    pub methods: Vec<&'static str>,
}

/// How far the discovery of the binding is (TR-069 Annex G).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::agent) enum StunFact {
    /// Nobody asks: others see the box's own address, or no way to it.
    #[default]
    Off,
    /// No server has answered yet. What the ACS was told before is as good as any guess.
    Asking {
        /// It was told of an address.
        was_told: bool,
    },
    /// A server sees this address.
    Bound {
        /// It, and the port.
        mapped: SocketAddr,
        /// It is another one than the box's own.
        is_nat: bool,
    },
}

impl Reach {
    /// `ConnectionRequestURL`: absent while nobody listens, unknown while the box has no address.
    pub(in crate::agent) fn connection_request_url(&self) -> Reading<'static> {
        let Some(port) = self.port else {
            return Reading::Absent;
        };
        let own = self.address.map(|address| SocketAddr::new(address, port));
        match self.told_external().or(own) {
            Some(authority) => Reading::Value(format!("http://{authority}{}", self.path).into()),
            None => Reading::Unknown,
        }
    }

    /// Where others reach the box by a gateway; not what STUN knows better: where a server outside sees
    /// another address, there is another NAT behind the gateway.
    pub(in crate::agent) fn told_external(&self) -> Option<SocketAddr> {
        let external = self.external?;
        match self.stun {
            StunFact::Bound { mapped, .. }
                if mapped.is_ipv4() == external.is_ipv4() && mapped.ip() != external.ip() =>
            {
                None
            }
            _ => Some(external),
        }
    }

    /// `UDPConnectionRequestAddress`: absent while nobody listens, unknown while the binding is.
    pub(in crate::agent) fn udp_connection_request_address(&self) -> Reading<'static> {
        let authority = match (self.udp_port, self.stun, self.address) {
            (None, ..) | (_, StunFact::Asking { was_told: false }, _) => return Reading::Absent,
            (_, StunFact::Bound { mapped, .. }, _) => mapped,
            (Some(port), StunFact::Off, Some(address)) => SocketAddr::new(address, port),
            _ => return Reading::Unknown,
        };
        Reading::Value(authority.to_string().into())
    }

    /// `NATDetected`: false where nobody looks for a NAT.
    pub(in crate::agent) fn nat_detected(&self) -> Reading<'static> {
        match self.stun {
            StunFact::Off => Reading::Value("0".into()),
            StunFact::Asking { .. } => Reading::Unknown,
            StunFact::Bound { is_nat, .. } => Reading::Value(if is_nat { "1" } else { "0" }.into()),
        }
    }

    /// `SupportedConnReqMethods`.
    pub(in crate::agent) fn methods(&self) -> Reading<'static> {
        Reading::Value(self.methods.join(",").into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(reading: Reading<'_>) -> Option<String> {
        reading.value().map(str::to_owned)
    }

    #[test]
    fn the_url_is_there_when_address_and_port_are() {
        let mut reach = Reach {
            path: "/t0ken".to_owned(),
            ..Reach::default()
        };
        let url = |reach: &Reach| text(reach.connection_request_url());
        assert_eq!(reach.connection_request_url(), Reading::Absent);
        reach.port = Some(7547);
        assert_eq!(reach.connection_request_url(), Reading::Unknown);
        reach.address = Some("192.168.1.1".parse().unwrap());
        let own = "http://192.168.1.1:7547/t0ken";
        assert_eq!(url(&reach).as_deref(), Some(own));
        reach.address = Some("2001:db8::1".parse().unwrap());
        let own = "http://[2001:db8::1]:7547/t0ken";
        assert_eq!(url(&reach).as_deref(), Some(own));
        reach.external = Some("198.51.100.7:1024".parse().unwrap());
        let external = "http://198.51.100.7:1024/t0ken";
        assert_eq!(url(&reach).as_deref(), Some(external));
        reach.port = None;
        assert_eq!(reach.connection_request_url(), Reading::Absent);
    }

    #[test]
    fn r39_an_external_address_that_stun_sees_differently_is_not_told() {
        let mut reach = Reach {
            port: Some(7547),
            path: "/t0ken".to_owned(),
            address: Some("192.168.1.2".parse().unwrap()),
            external: Some("198.51.100.7:1024".parse().unwrap()),
            ..Reach::default()
        };
        let [external, own] = ["198.51.100.7:1024", "192.168.1.2:7547"];
        for (seen, told) in [
            ("198.51.100.7:61234", external),
            ("203.0.113.9:1024", own),
            // No NAT at all, or of the other family.
            ("192.168.1.2:7547", own),
            ("[2001:db8::1]:7547", external),
        ] {
            reach.stun = StunFact::Bound {
                mapped: seen.parse().unwrap(),
                is_nat: true,
            };
            let url = text(reach.connection_request_url());
            assert_eq!(url, Some(format!("http://{told}/t0ken")), "{seen}");
        }
        for stun in [StunFact::Off, StunFact::Asking { was_told: true }] {
            reach.stun = stun;
            assert!(
                text(reach.connection_request_url())
                    .unwrap()
                    .contains(external)
            );
        }
    }

    #[test]
    fn r23_without_stun_the_address_for_udp_is_the_boxs_own() {
        let mut reach = Reach::default();
        let read = |reach: &Reach| {
            (
                text(reach.udp_connection_request_address()),
                text(reach.nat_detected()),
            )
        };
        let (none, no) = (None, Some("0".to_owned()));
        assert_eq!(
            reach.udp_connection_request_address(),
            Reading::Absent,
            "closed"
        );
        reach.udp_port = Some(7547);
        assert_eq!(reach.udp_connection_request_address(), Reading::Unknown);
        assert_eq!(read(&reach), (none.clone(), no.clone()));
        reach.address = Some("192.168.1.1".parse().unwrap());
        let own = Some("192.168.1.1:7547".to_owned());
        assert_eq!(read(&reach), (own.clone(), no.clone()));
        reach.address = Some("2001:db8::1".parse().unwrap());
        let six = Some("[2001:db8::1]:7547".to_owned());
        assert_eq!(read(&reach), (six, no.clone()));
        // What was told stays until somebody knows better.
        reach.stun = StunFact::Asking { was_told: true };
        assert_eq!(reach.udp_connection_request_address(), Reading::Unknown);
        assert_eq!(reach.nat_detected(), Reading::Unknown);
        // That there is none yet is something to know, so that the first one is news.
        reach.stun = StunFact::Asking { was_told: false };
        assert_eq!(reach.udp_connection_request_address(), Reading::Absent);
        reach.stun = StunFact::Bound {
            mapped: "198.51.100.7:61234".parse().unwrap(),
            is_nat: true,
        };
        let mapped = Some("198.51.100.7:61234".to_owned());
        assert_eq!(read(&reach), (mapped, Some("1".to_owned())));
        reach.udp_port = None;
        assert_eq!(reach.udp_connection_request_address(), Reading::Absent);
    }
}
