//! Messages: what is written is read again.

use std::net::{IpAddr, SocketAddr};

use cwmpd::connreq::stun::message::{
    CONNECTION_REQUEST_BINDING_VALUE, MAGIC_COOKIE, StunKind, StunMessage, StunWriter,
    TransactionId, attribute,
};
use cwmpd::connreq::stun::{Padding, address};
use proptest::prelude::*;

const PASSWORD: &[u8] = "pässword".as_bytes();

fn id() -> TransactionId {
    let mut id = [0; 16];
    id[..4].copy_from_slice(&MAGIC_COOKIE);
    for (byte, n) in id[4..].iter_mut().zip(1..) {
        *byte = n;
    }
    id
}

/// A request of Annex G with all that it can have.
fn request(padding: Padding) -> Vec<u8> {
    StunWriter::new(StunKind::Request, &id())
        .attribute(
            attribute::CONNECTION_REQUEST_BINDING,
            CONNECTION_REQUEST_BINDING_VALUE,
            padding,
        )
        .attribute(attribute::USERNAME, b"box-17", padding)
        .integrity(PASSWORD, padding)
        .finish()
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits = (0..hex.len()).step_by(2).map(|at| &hex[at..at + 2]);
    digits
        .map(|byte| u8::from_str_radix(byte, 16).unwrap())
        .collect()
}

/// The expected bytes were computed with Python's `hmac`.
#[test]
fn r01_a_request_is_what_each_rfc_says_byte_by_byte() {
    let rfc3489 = "0001003c2112a4420102030405060708090a0b0cc001001464736c666f72756d2e6f7267\
                   2f54522d3131312000060008626f782d31370000000800143472ef338639fa6942219a50\
                   016d8cf531180fa0";
    let rfc5389 = "0001003c2112a4420102030405060708090a0b0cc001001464736c666f72756d2e6f7267\
                   2f54522d3131312000060006626f782d3137000000080014957957be538c02399e158ac3\
                   14a2e0b4e9602b46";
    for (padding, expected) in [(Padding::Rfc3489, rfc3489), (Padding::Rfc5389, rfc5389)] {
        let written = request(padding);
        assert_eq!(written, bytes(expected), "{padding:?}");
        let read = StunMessage::read(&written).unwrap();
        assert_eq!((read.kind, read.id), (StunKind::Request, id()));
        assert_eq!(read.is_made_with(&[PASSWORD]), Some(true));
        assert_eq!(read.is_made_with(&[b"password", b""]), Some(false));
    }
}

#[test]
fn r01_the_proof_is_of_every_byte_before_it() {
    for padding in [Padding::Rfc3489, Padding::Rfc5389] {
        let written = request(padding);
        for at in 0..written.len() {
            let mut other = written.clone();
            other[at] ^= 1;
            let verdict = StunMessage::read(&other).and_then(|m| m.is_made_with(&[PASSWORD]));
            assert_ne!(verdict, Some(true), "byte {at} of {padding:?}");
        }
    }
}

#[test]
fn r01_what_stands_behind_the_proof_nobody_wrote() {
    let forged = "198.51.100.66:666".parse().unwrap();
    let honest = "203.0.113.5:61234".parse().unwrap();
    let mapped = |writer: StunWriter, at: SocketAddr| {
        writer.attribute(
            attribute::MAPPED_ADDRESS,
            &address::write(at),
            Padding::Rfc5389,
        )
    };
    for has_own in [true, false] {
        let mut writer = StunWriter::new(StunKind::Response, &id());
        if has_own {
            writer = mapped(writer, honest);
        }
        let signed = writer.integrity(PASSWORD, Padding::Rfc5389);
        let veiled = address::veil(&address::write(forged), &id());
        let forged = mapped(signed, forged)
            .attribute(attribute::XOR_MAPPED_ADDRESS, &veiled, Padding::Rfc5389)
            .finish();
        let read = StunMessage::read(&forged).unwrap();
        assert_eq!(address::mapped(read), has_own.then_some(honest));
        assert_eq!(read.find(attribute::XOR_MAPPED_ADDRESS), None);
        assert_eq!(read.is_made_with(&[PASSWORD]), Some(true));
    }
}

#[test]
fn r01_the_address_that_a_gateway_cannot_rewrite_goes_first() {
    let seen: SocketAddr = "203.0.113.5:61234".parse().unwrap();
    let rewritten = address::write("192.168.1.17:7547".parse().unwrap());
    for veiled in [
        attribute::XOR_MAPPED_ADDRESS,
        attribute::XOR_MAPPED_ADDRESS_OLD,
    ] {
        let message = StunWriter::new(StunKind::Response, &id())
            .attribute(attribute::MAPPED_ADDRESS, &rewritten, Padding::Rfc3489)
            .attribute(
                veiled,
                &address::veil(&address::write(seen), &id()),
                Padding::Rfc5389,
            )
            .finish();
        assert_eq!(
            address::mapped(StunMessage::read(&message).unwrap()),
            Some(seen)
        );
    }
}

#[test]
fn r01_an_error_has_its_number_whatever_words_follow() {
    let cases: [(&[u8], Option<u16>); 8] = [
        (&[0, 0, 4, 1], Some(401)),
        (b"\0\0\x04\x01Unauthorized", Some(401)),
        (b"\0\0\x04\x1eodd", Some(430)),
        (&[0, 0, 4, 38, 0xff, 0xfe], Some(438)),
        (&[0xff, 0xff, 0xfe, 0], Some(600)),
        (&[0, 0, 4, 100], None),
        (&[0, 0, 4], None),
        (&[], None),
    ];
    for (value, expected) in cases {
        let message = StunWriter::new(StunKind::Error, &id())
            .attribute(attribute::ERROR_CODE, value, Padding::Rfc5389)
            .finish();
        let read = StunMessage::read(&message).unwrap();
        assert_eq!(read.error_code(), expected, "{value:?}");
        // A server that counts the words and does not fill them up.
        let mut unpadded = message.clone();
        unpadded.truncate(24 + value.len());
        unpadded[3] = u8::try_from(4 + value.len()).unwrap();
        let read = StunMessage::read(&unpadded).unwrap();
        assert_eq!(read.error_code(), expected, "{value:?}");
    }
}

#[test]
fn r01_what_is_no_message_is_none() {
    let good = request(Padding::Rfc3489);
    for cut in 0..good.len() {
        assert_eq!(StunMessage::read(&good[..cut]), None, "{cut}");
    }
    let longer = [&*good, b"\0"].concat();
    let of = |at: usize, value: u8| {
        let mut other = good.clone();
        other[at] = value;
        other
    };
    // Its length, its kind (Shared Secret Request, TURN's Allocate, a connection request), the
    // length of its first attribute.
    let others = [longer, of(3, 0), of(1, 2), of(1, 3), of(0, b'G'), of(22, 1)];
    for other in others {
        assert_eq!(StunMessage::read(&other), None, "{other:?}");
    }
}

prop_compose! {
    fn any_address()(ip in any::<IpAddr>(), port: u16) -> SocketAddr {
        SocketAddr::new(ip.to_canonical(), port)
    }
}

proptest! {
    #[test]
    fn r01_what_is_written_is_read_again(
        kind in prop::sample::select(
            vec![StunKind::Request, StunKind::Response, StunKind::Error]
        ),
        id: TransactionId,
        attributes in prop::collection::vec(
            (any::<u16>(), prop::collection::vec(any::<u8>(), 0..40)), 0..8
        ),
        key in prop::collection::vec(any::<u8>(), 0..100),
        is_rfc3489: bool,
    ) {
        let padding = if is_rfc3489 { Padding::Rfc3489 } else { Padding::Rfc5389 };
        let mut writer = StunWriter::new(kind, &id);
        let mut expected = Vec::new();
        for (kind, value) in attributes {
            if kind != attribute::MESSAGE_INTEGRITY {
                writer = writer.attribute(kind, &value, padding);
                let mut value = value;
                if is_rfc3489 {
                    value.resize(value.len().next_multiple_of(4), 0);
                }
                expected.push((kind, value));
            }
        }
        let bytes = writer.integrity(&key, padding).finish();
        let read = StunMessage::read(&bytes).unwrap();
        prop_assert_eq!((read.kind, read.id), (kind, id));
        prop_assert_eq!(read.is_made_with(&[&key]), Some(true));
        let attributes = read.attributes().map(|(kind, value)| (kind, value.to_vec()));
        let mut attributes: Vec<_> = attributes.collect();
        prop_assert_eq!(attributes.pop().unwrap().0, attribute::MESSAGE_INTEGRITY);
        prop_assert_eq!(attributes, expected);
    }

    #[test]
    fn r01_an_address_is_read_again_veiled_or_not(at in any_address(), id: TransactionId) {
        let value = address::write(at);
        prop_assert_eq!(address::read(&value), Some(at));
        let veiled = address::veil(&value, &id);
        prop_assert_eq!(address::veil(&veiled, &id), value.clone());
        for wrong in [&value[..value.len() - 1], &[&*value, b"\0"].concat()] {
            prop_assert_eq!(address::read(wrong), None);
        }
    }

    #[test]
    fn r01_no_bytes_are_trouble(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Some(message) = StunMessage::read(&bytes) {
            let _ = (message.error_code(), address::mapped(message));
        }
        let _ = address::read(&bytes);
    }
}
