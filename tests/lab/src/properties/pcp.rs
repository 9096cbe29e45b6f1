//! What comes from a router that is asked by PCP.

use cwmpd::connreq::pcp::PcpResponse;

/// No bytes panic. What was read of a response stands in the message where RFC 6887 §7.2 and §11.1
/// draw it.
pub fn pcp(bytes: &[u8]) {
    let Some(response) = PcpResponse::read(bytes) else {
        return;
    };
    assert!(bytes.len() <= 1100 && bytes.len() % 4 == 0 && bytes[1] & 0x80 != 0);
    let PcpResponse::Map(map) = response else {
        assert!(bytes[0] != 2 && bytes[3] == 1);
        return;
    };
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    let port = |at: usize| u16::from_be_bytes([bytes[at], bytes[at + 1]]);
    assert_eq!((bytes[0], bytes[1], bytes[36]), (2, 0x81, 6));
    assert_eq!(
        (map.result.0, map.lifetime, map.epoch),
        (bytes[3], number(4), number(8))
    );
    assert_eq!(map.nonce, bytes[24..36]);
    assert_eq!((map.internal_port, map.external_port), (port(40), port(42)));
    assert_eq!(map.external_address.octets(), bytes[44..60]);
}
