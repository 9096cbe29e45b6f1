//! What an address is worth that a gateway calls its external one.

use std::net::Ipv4Addr;

/// Whether others can reach an address from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// As far as its number tells.
    Public,
    /// There is another NAT before it: it is of a private network (RFC 1918), of a provider's (RFC
    /// 6598), of the way through one (RFC 7335), or of a test of devices (RFC 2544).
    Private,
    /// No host has it: it is of no network, the host's own, of one link, of a group, or of no use yet
    /// (RFC 6890).
    Nobodys,
}

impl Standing {
    /// That of an address.
    pub fn of(address: Ipv4Addr) -> Self {
        match address.octets() {
            [0 | 127 | 224..=255, ..] | [169, 254, ..] => Self::Nobodys,
            [10, ..]
            | [100, 64..=127, ..]
            | [172, 16..=31, ..]
            | [192, 168, ..]
            | [192, 0, 0, _]
            | [198, 18 | 19, ..] => Self::Private,
            _ => Self::Public,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Standing::{self, Nobodys, Private, Public};

    #[test]
    fn r33_an_address_is_judged_up_to_the_last_of_its_range() {
        for (address, standing) in [
            ("0.0.0.0", Nobodys),
            ("0.1.2.3", Nobodys),
            ("1.0.0.1", Public),
            ("9.255.255.255", Public),
            ("10.0.0.1", Private),
            ("10.255.255.255", Private),
            ("11.0.0.1", Public),
            ("100.63.255.255", Public),
            ("100.64.0.1", Private),
            ("100.127.255.255", Private),
            ("100.128.0.1", Public),
            ("127.0.0.1", Nobodys),
            ("169.253.1.1", Public),
            ("169.254.1.1", Nobodys),
            ("172.15.0.1", Public),
            ("172.16.0.1", Private),
            ("172.31.255.255", Private),
            ("172.32.0.1", Public),
            ("192.0.0.2", Private),
            ("192.0.1.2", Public),
            ("192.167.0.1", Public),
            ("192.168.0.1", Private),
            ("192.169.0.1", Public),
            ("198.17.0.1", Public),
            ("198.19.255.255", Private),
            ("198.20.0.1", Public),
            ("203.0.113.7", Public),
            ("223.255.255.1", Public),
            ("224.0.0.1", Nobodys),
            ("240.0.0.1", Nobodys),
            ("255.255.255.255", Nobodys),
        ] {
            assert_eq!(
                Standing::of(address.parse().unwrap()),
                standing,
                "{address}"
            );
        }
    }
}
