//! The address at which others reach the box.
//!
//! An interface may have many, and not each serves: one that is not sure to be its own yet, one that
//! is about to go, one that changes every day so that nobody follows it, one that means nothing
//! beyond the next router.

use std::cmp::Reverse;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use super::addresses::{self, InterfaceAddress};
use crate::base::scope::AddressScope;

/// `IFA_F_...` of `linux/if_addr.h`, which IPv6 has.
const TEMPORARY: u8 = 0x01;
const OPTIMISTIC: u8 = 0x04;
const DAD_FAILED: u8 = 0x08;
const DEPRECATED: u8 = 0x20;
const TENTATIVE: u8 = 0x40;

/// Stands for an ACS of which no address is known: the way there is that to anywhere (RFC 5737,
/// RFC 3849). Nothing is ever sent.
const ANYWHERE: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
];

/// Stands for an ACS of which no address is known, in the family of an address of ours.
pub fn anywhere(own: IpAddr) -> IpAddr {
    let [v4, v6] = ANYWHERE;
    if own.is_ipv4() { v4 } else { v6 }
}

impl InterfaceAddress {
    /// Whether it is the box's own and means something to others.
    fn serves(&self) -> bool {
        match self.address {
            IpAddr::V4(address) => !address.is_unspecified() && !address.is_multicast(),
            IpAddr::V6(address) => {
                let is_sure = self.flags & DAD_FAILED == 0
                    && (self.flags & TENTATIVE == 0 || self.flags & OPTIMISTIC != 0);
                is_sure
                    && !address.is_unicast_link_local()
                    && !address.is_unspecified()
                    && !address.is_multicast()
            }
        }
    }

    /// Whether it is there to stay.
    fn stays(&self) -> bool {
        self.flags & (TEMPORARY | DEPRECATED) == 0
    }
}

/// The address at which an ACS at `acs` reaches the box: that of `interface` or, where there is none,
/// of the interface that leads to the ACS. The address by which the box itself goes there is the
/// best; else, in the same family, the one that stays and means something farthest away; the first
/// of several, which is the kernel's primary one.
pub fn address(interface: Option<&str>, acs: Option<IpAddr>) -> Option<IpAddr> {
    let way = match acs {
        Some(acs) => own_end(acs),
        None => ANYWHERE.into_iter().find_map(own_end),
    };
    let all = addresses::all().unwrap_or_else(|e| {
        log::warn!("cannot read the addresses of this machine: {e}");
        Vec::new()
    });
    choose(&all, interface, way)
}

fn choose(
    all: &[InterfaceAddress],
    interface: Option<&str>,
    way: Option<IpAddr>,
) -> Option<IpAddr> {
    let leads = |candidate: &&InterfaceAddress| Some(candidate.address) == way;
    let interface = match interface {
        Some(interface) => interface,
        None => &all.iter().find(leads)?.interface,
    };
    let is_v4 = way.is_none_or(|way| way.is_ipv4());
    let of_interface = all
        .iter()
        .filter(|candidate| candidate.interface == interface);
    // `max_by_key` gives the last of equals.
    let best = of_interface.rev().filter(|candidate| candidate.serves());
    let best = best.max_by_key(|candidate| {
        (
            candidate.stays() && leads(candidate),
            candidate.address.is_ipv4() == is_v4,
            Reverse(candidate.flags & DEPRECATED),
            Reverse(candidate.flags & TEMPORARY),
            AddressScope::of(candidate.address),
        )
    });
    best.map(|candidate| candidate.address)
}

/// The box's own address on the way to another one, if there is a way. Nothing is sent.
pub fn own_end(to: IpAddr) -> Option<IpAddr> {
    let any: IpAddr = match to {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind(SocketAddr::new(any, 0)).ok()?;
    // Any port: 9 is that of "discard".
    socket.connect(SocketAddr::new(to, 9)).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `INTERFACE ADDRESS [FLAGS]`
    fn read(texts: &[&str]) -> Vec<InterfaceAddress> {
        let read = |text: &&str| {
            let words: Vec<_> = text.split(' ').collect();
            InterfaceAddress {
                interface: words[0].to_owned(),
                address: words[1].parse().unwrap(),
                prefix: 24,
                flags: words
                    .get(2)
                    .map_or(0, |f| u8::from_str_radix(f, 16).unwrap()),
            }
        };
        texts.iter().map(read).collect()
    }

    fn chosen(all: &[&str], interface: Option<&str>, way: Option<&str>) -> String {
        let way = way.map(|way| way.parse().unwrap());
        let chosen = choose(&read(all), interface, way);
        chosen.map_or("none".to_owned(), |address| address.to_string())
    }

    #[test]
    fn s23_the_best_of_several_addresses_is_told() {
        for (why, all, best) in [
            (
                "the primary one",
                &["w 10.0.0.1", "w 10.0.0.2"][..],
                "10.0.0.1",
            ),
            ("public", &["w 192.168.1.1", "w 203.0.113.7"], "203.0.113.7"),
            (
                "not of the link",
                &["w 169.254.1.1", "w 10.0.0.1"],
                "10.0.0.1",
            ),
            ("at least of the link", &["w 169.254.1.1"], "169.254.1.1"),
            (
                "shared is private",
                &["w 100.64.0.1", "w 8.8.4.4"],
                "8.8.4.4",
            ),
            ("IPv4", &["w 2001:db8::1", "w 10.0.0.1"], "10.0.0.1"),
            ("global", &["w fd00::1", "w 2001:db8::1"], "2001:db8::1"),
            (
                "of the interface",
                &["v 203.0.113.7", "w 10.0.0.1"],
                "10.0.0.1",
            ),
            (
                "not temporary",
                &["w 2001:db8::1 01", "w 2001:db8::2 00"],
                "2001:db8::2",
            ),
            (
                "not deprecated",
                &["w 2001:db8::1 20", "w 2001:db8::2 01"],
                "2001:db8::2",
            ),
            ("rather than none", &["w 2001:db8::1 21"], "2001:db8::1"),
            ("not tentative", &["w 2001:db8::1 40"], "none"),
            ("optimistic", &["w 2001:db8::1 44"], "2001:db8::1"),
            ("not a failed one", &["w 2001:db8::1 08"], "none"),
            ("not of IPv6's link", &["w fe80::1"], "none"),
            ("nothing", &[], "none"),
        ] {
            assert_eq!(chosen(all, Some("w"), None), best, "{why}");
        }
    }

    #[test]
    fn s23_the_way_to_the_acs_decides_where_it_leads_over_the_interface() {
        let all = [
            "lo 127.0.0.1",
            "lan 192.168.1.1",
            "wan 203.0.113.7",
            "wan 10.0.0.7",
            "wan 2001:db8::7",
            "wan 2001:db8::8 01",
        ];
        let cases = [
            (Some("wan"), Some("10.0.0.7"), "10.0.0.7"),
            (Some("wan"), Some("2001:db8::7"), "2001:db8::7"),
            (Some("lan"), Some("203.0.113.7"), "192.168.1.1"),
            (Some("none"), Some("203.0.113.7"), "none"),
            // The kernel goes out by a temporary address where it has one.
            (Some("wan"), Some("2001:db8::8"), "2001:db8::7"),
            (None, Some("10.0.0.7"), "10.0.0.7"),
            (None, Some("2001:db8::8"), "2001:db8::7"),
            (None, Some("192.168.1.1"), "192.168.1.1"),
            (None, Some("198.51.100.1"), "none"),
            (None, None, "none"),
        ];
        for (interface, way, best) in cases {
            assert_eq!(chosen(&all, interface, way), best, "{interface:?} {way:?}");
        }
    }

    #[test]
    fn this_machine_reaches_itself() {
        let here = Some(IpAddr::V4(Ipv4Addr::LOCALHOST));
        assert_eq!(address(Some("lo"), here), here);
        assert_eq!(address(None, here), here);
        assert_eq!(address(Some("none0"), here), None);
    }
}
