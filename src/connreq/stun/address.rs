//! Addresses in attributes (RFC 3489 §11.2.1, RFC 5389 §15.1 and §15.2).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::message::{StunMessage, TransactionId, attribute};

const IPV4: u8 = 1;
const IPV6: u8 = 2;

/// Reads MAPPED-ADDRESS or RESPONSE-ADDRESS. The unused first byte may be anything.
pub fn read(value: &[u8]) -> Option<SocketAddr> {
    let (head, ip) = value.split_first_chunk::<4>()?;
    let [_, family, high, low] = *head;
    let ip = match family {
        IPV4 => IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(ip).ok()?)),
        IPV6 => IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(ip).ok()?)),
        _ => return None,
    };
    let port = u16::from_be_bytes([high, low]);
    Some(SocketAddr::new(ip.to_canonical(), port))
}

/// Writes such an address.
pub fn write(address: SocketAddr) -> Vec<u8> {
    let [high, low] = address.port().to_be_bytes();
    let mut value = match address.ip() {
        IpAddr::V4(_) => vec![0, IPV4, high, low],
        IpAddr::V6(_) => vec![0, IPV6, high, low],
    };
    match address.ip() {
        IpAddr::V4(ip) => value.extend(ip.octets()),
        IpAddr::V6(ip) => value.extend(ip.octets()),
    }
    value
}

/// Veils the value of an address, or unveils it: port and address are mixed with the transaction.
pub fn veil(value: &[u8], id: &TransactionId) -> Vec<u8> {
    let mut veiled = value.to_owned();
    for at in [2, 4] {
        let bytes = veiled.get_mut(at..).unwrap_or_default();
        let mask = id.iter().take(if at == 2 { 2 } else { id.len() });
        bytes.iter_mut().zip(mask).for_each(|(byte, m)| *byte ^= m);
    }
    veiled
}

/// The address from which the server saw the request come. What a gateway on the way could not
/// rewrite goes first.
pub fn mapped(message: StunMessage<'_>) -> Option<SocketAddr> {
    let veiled = [
        attribute::XOR_MAPPED_ADDRESS,
        attribute::XOR_MAPPED_ADDRESS_OLD,
    ];
    let mut veiled = veiled.into_iter().filter_map(|kind| message.find(kind));
    let unveiled = veiled.find_map(|value| read(&veil(value, &message.id)));
    unveiled.or_else(|| read(message.find(attribute::MAPPED_ADDRESS)?))
}
