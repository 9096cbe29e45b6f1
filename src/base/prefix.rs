//! Networks by their prefix: `10.0.0.0/8`, `2001:db8::/32`, or one address.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// All addresses that begin with the same bits. What is left behind the prefix does not matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AddressPrefix {
    address: IpAddr,
    length: u8,
}

impl AddressPrefix {
    /// Reads `ADDRESS/LENGTH`, or an address, which stands for itself alone; nothing from any other
    /// text. An IPv4 network may be written as the IPv6 one that it is mapped to.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let most = bits(address).1;
        let length = match length {
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().ok()?,
            Some(_) => return None,
            None => most,
        };
        if length > most {
            return None;
        }
        match (address, address.to_canonical()) {
            (IpAddr::V6(_), v4 @ IpAddr::V4(_)) => Some(Self {
                address: v4,
                length: length.checked_sub(96)?,
            }),
            (address, _) => Some(Self { address, length }),
        }
    }

    /// What one customer has at least: an IPv4 address, or an IPv6 network of 64 bits (RFC 6177).
    pub fn of_customer(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(address) => Self {
                address: IpAddr::V6(Ipv6Addr::from(u128::from(address) & !u128::from(u64::MAX))),
                length: 64,
            },
            address => Self {
                address,
                length: 32,
            },
        }
    }

    /// Whether the address begins with the prefix; an IPv4 address may come as a mapped one.
    pub fn contains(self, address: IpAddr) -> bool {
        let ((own, width), (other, other_width)) =
            (bits(self.address), bits(address.to_canonical()));
        let rest = u32::from(width.saturating_sub(self.length));
        width == other_width && (own ^ other).checked_shr(rest).unwrap_or(0) == 0
    }
}

impl fmt::Display for AddressPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match bits(self.address).1 == self.length {
            true => write!(f, "{}", self.address),
            false => write!(f, "{}/{}", self.address, self.length),
        }
    }
}

/// The bits of an address, and how many they are.
fn bits(address: IpAddr) -> (u128, u8) {
    match address {
        IpAddr::V4(address) => (u128::from(u32::from(address)), 32),
        IpAddr::V6(address) => (u128::from(address), 128),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_network_holds_its_own_addresses_only() {
        let cases = [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
            ("10.1.2.3/8", "10.9.9.9", "9.255.255.255"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
            ("0.0.0.0/0", "203.0.113.1", "2001:db8::1"),
            ("::/0", "2001:db8::1", "203.0.113.1"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1"),
            ("2001:db8::1", "2001:db8::1", "2001:db8::2"),
            ("::ffff:10.0.0.0/104", "10.1.1.1", "11.1.1.1"),
            ("10.0.0.0/8", "::ffff:10.0.0.1", "::ffff:11.0.0.1"),
            ("10.0.0.0/31", "10.0.0.1", "10.0.0.2"),
        ];
        for (network, inside, outside) in cases {
            let network = AddressPrefix::parse(network).unwrap();
            assert!(network.contains(inside.parse().unwrap()), "{network}");
            assert!(!network.contains(outside.parse().unwrap()), "{network}");
        }
    }

    #[test]
    fn what_is_no_network_is_none() {
        for text in [
            "",
            "/8",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/-1",
            "10.0.0.0/+8",
            "10.0.0/8",
            "010.0.0.0/8",
            "::/129",
            "::ffff:10.0.0.0/95",
            "acs.example",
            "10.0.0.0/8 ",
            "fe80::1%eth0",
            "10.0.0.0/8/8",
            "10.0.0.0/999",
        ] {
            assert_eq!(AddressPrefix::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_customer_is_an_address_of_ipv4_or_a_64_of_ipv6() {
        let customer = |text: &str| AddressPrefix::of_customer(text.parse().unwrap()).to_string();
        assert_eq!(customer("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(customer("2001:db8:1:2::"), "2001:db8:1:2::/64");
        assert_eq!(customer("192.0.2.7"), "192.0.2.7");
        assert_eq!(customer("::ffff:192.0.2.7"), "192.0.2.7");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_and_what_is_read_is_shown(text in "[0-9a-f.:/]{0,24}|\\PC*") {
            if let Some(network) = AddressPrefix::parse(&text) {
                prop_assert_eq!(AddressPrefix::parse(&network.to_string()), Some(network));
            }
        }

        #[test]
        fn a_network_holds_what_has_its_bits(address: u128, length in 0..=128_u8, other: u128) {
            let [address, other] = [address, other].map(Ipv6Addr::from);
            prop_assume!(!IpAddr::V6(address).to_canonical().is_ipv4());
            let network = AddressPrefix::parse(&format!("{address}/{length}")).unwrap();
            let bits = |address: Ipv6Addr| format!("{:0128b}", u128::from(address));
            let of_length = usize::from(length);
            let is_inside = bits(address)[..of_length] == bits(other)[..of_length];
            prop_assert_eq!(network.contains(other.into()), is_inside);
            prop_assert!(network.contains(address.into()));
        }
    }
}
