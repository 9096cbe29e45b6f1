//! How far away an address means something.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Who can reach an address, as far as its number tells; the farther the greater. An IPv4 address in one
/// of IPv6 (`::ffff:192.0.2.1`) is to be taken out of it first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AddressScope {
    /// The host itself, or nobody: loopback, and addresses of no network.
    Host,
    /// Hosts on the same link, or nobody yet: link-local addresses, groups, what is reserved (RFC 6890).
    Link,
    /// Hosts of a network that is not the world's, beyond which is a NAT: a private one (RFC 1918, RFC
    /// 4193), a provider's (RFC 6598), one of the way through a provider (RFC 7335, RFC 8215), or of a
    /// test of devices (RFC 2544).
    Private,
    /// Everybody.
    Global,
}

impl AddressScope {
    /// That of an address.
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => Self::of_v6(address),
        }
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        match address.octets() {
            [0 | 127, ..] => Self::Host,
            [169, 254, ..] | [224..=255, ..] => Self::Link,
            [10, ..]
            | [100, 64..=127, ..]
            | [172, 16..=31, ..]
            | [192, 168, ..]
            | [192, 0, 0, _]
            | [198, 18 | 19, ..] => Self::Private,
            _ => Self::Global,
        }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        match address.segments() {
            [0, 0, 0, 0, 0, 0, 0, 0 | 1] => Self::Host,
            [0xfc00..=0xfdff, ..] | [0x64, 0xff9b, 1, ..] => Self::Private,
            // What the IANA gives out (RFC 4291 §2.4), and IPv4 behind a NAT64 (RFC 6052).
            [0x2000..=0x3fff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => Self::Global,
            _ => Self::Link,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::AddressScope::{self, Global, Host, Link, Private};

    #[test]
    fn r33_an_address_is_judged_up_to_the_last_of_its_range() {
        for (address, scope) in [
            ("0.0.0.0", Host),
            ("0.1.2.3", Host),
            ("1.0.0.1", Global),
            ("9.255.255.255", Global),
            ("10.0.0.1", Private),
            ("10.255.255.255", Private),
            ("11.0.0.1", Global),
            ("100.63.255.255", Global),
            ("100.64.0.1", Private),
            ("100.127.255.255", Private),
            ("100.128.0.1", Global),
            ("127.0.0.1", Host),
            ("169.253.1.1", Global),
            ("169.254.1.1", Link),
            ("172.15.0.1", Global),
            ("172.16.0.1", Private),
            ("172.31.255.255", Private),
            ("172.32.0.1", Global),
            ("192.0.0.2", Private),
            ("192.0.1.2", Global),
            ("192.167.0.1", Global),
            ("192.168.0.1", Private),
            ("192.169.0.1", Global),
            ("198.17.0.1", Global),
            ("198.19.255.255", Private),
            ("198.20.0.1", Global),
            ("203.0.113.7", Global),
            ("223.255.255.1", Global),
            ("224.0.0.1", Link),
            ("240.0.0.1", Link),
            ("255.255.255.255", Link),
            ("::", Host),
            ("::1", Host),
            ("::2", Link),
            ("::ffff:192.0.2.1", Link),
            ("64:ff9b::c000:201", Global),
            ("64:ff9b:1::1", Private),
            ("1fff::1", Link),
            ("2000::1", Global),
            ("3fff:ffff::1", Global),
            ("4000::1", Link),
            ("fbff::1", Link),
            ("fc00::1", Private),
            ("fdff:ffff::1", Private),
            ("fe80::1", Link),
            ("ff02::1", Link),
        ] {
            assert_eq!(
                AddressScope::of(address.parse().unwrap()),
                scope,
                "{address}"
            );
        }
    }
}
