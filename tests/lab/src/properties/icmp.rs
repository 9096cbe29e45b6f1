//! What answers echo requests.

use cwmpd::diagnostics::{Answer, parse};

/// The number of our requests.
const ID: u16 = 5;

/// Only what names our number answers, and cut off it is nothing.
pub fn icmp(packet: &[u8]) {
    for is_v6 in [false, true] {
        let Some((sequence, answer)) = parse(is_v6, packet, ID) else {
            continue;
        };
        let ours = [ID.to_be_bytes(), sequence.to_be_bytes()].concat();
        assert!(packet.windows(4).any(|window| window == ours));
        assert_eq!(parse(is_v6, packet, ID + 1), None);
        if answer != Answer::Reply {
            // Two headers of ICMP, and one of IPv6 or two of IPv4.
            assert!(packet.len() >= 8 + 40 + 8);
        }
    }
}
