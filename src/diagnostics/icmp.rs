//! Echo requests and what answers them (RFC 792, RFC 4443).

/// `Type` of a request, of its reply, of a packet that met its last hop, and of one that leads nowhere.
struct Types {
    request: u8,
    reply: u8,
    exceeded: u8,
    unreachable: u8,
}

const V4: Types = Types {
    request: 8,
    reply: 0,
    exceeded: 11,
    unreachable: 3,
};

const V6: Types = Types {
    request: 128,
    reply: 129,
    exceeded: 3,
    unreachable: 1,
};

/// Type, code, checksum, and the four bytes whose meaning depends on the type.
pub const HEADER: usize = 8;

/// Of IPv6; that of IPv4 says how long it is.
const V6_HEADER: usize = 40;
const LEAST_V4_HEADER: usize = 20;

/// What came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// From the host that was asked.
    Reply,
    /// From a router on the way: the packet had no hops left.
    Exceeded,
    /// From whoever knew no way on, with the code that says why.
    Unreachable(u8),
}

/// A request with `size` bytes of data.
pub fn request(is_v6: bool, id: u16, sequence: u16, size: usize) -> Vec<u8> {
    let types = if is_v6 { V6 } else { V4 };
    let mut bytes = Vec::with_capacity(HEADER + size);
    bytes.extend([types.request, 0, 0, 0]);
    bytes.extend(id.to_be_bytes());
    bytes.extend(sequence.to_be_bytes());
    bytes.resize(HEADER + size, 0x55);
    // That of IPv6 covers addresses too, and is the kernel's to make (RFC 3542 §3.1).
    if !is_v6 {
        let sum = checksum(&bytes).to_be_bytes();
        if let Some(field) = bytes.get_mut(2..4) {
            field.copy_from_slice(&sum);
        }
    }
    bytes
}

/// The ones' complement of the sum of all words (RFC 1071).
fn checksum(bytes: &[u8]) -> u16 {
    let words = bytes.chunks(2).map(|word| match *word {
        [high, low] => u32::from(u16::from_be_bytes([high, low])),
        [high] => u32::from(high) << 8,
        _ => 0,
    });
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or_default()
}

/// What a packet answers to requests with this id: the sequence number, and how. `None` where it is about
/// something else. Of IPv4 the packet has its header before it (raw(7)).
pub fn parse(is_v6: bool, packet: &[u8], id: u16) -> Option<(u16, Answer)> {
    let (types, packet) = match is_v6 {
        true => (V6, packet),
        false => (V4, packet.get(v4_header(packet)?..)?),
    };
    let (kind, code) = (*packet.first()?, *packet.get(1)?);
    if kind == types.reply {
        return Some((sequence_of(packet, id)?, Answer::Reply));
    }
    let answer = match kind {
        _ if kind == types.exceeded => Answer::Exceeded,
        _ if kind == types.unreachable => Answer::Unreachable(code),
        _ => return None,
    };
    // Behind it stands the beginning of the packet that it is about.
    let about = packet.get(HEADER..)?;
    let about = match is_v6 {
        true => about.get(V6_HEADER..)?,
        false => about.get(v4_header(about)?..)?,
    };
    (*about.first()? == types.request).then_some(())?;
    Some((sequence_of(about, id)?, answer))
}

fn v4_header(packet: &[u8]) -> Option<usize> {
    let first = *packet.first()?;
    let length = usize::from(first & 0x0f) * 4;
    (first >> 4 == 4 && length >= LEAST_V4_HEADER).then_some(length)
}

fn sequence_of(packet: &[u8], id: u16) -> Option<u16> {
    let (of, sequence) = packet.get(4..HEADER)?.split_first_chunk::<2>()?;
    let sequence = u16::from_be_bytes(*sequence.first_chunk()?);
    (u16::from_be_bytes(*of) == id).then_some(sequence)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A packet of IPv4 with options in its header.
    fn v4(rest: &[u8]) -> Vec<u8> {
        let mut packet = vec![0x46];
        packet.resize(24, 0);
        [&packet, rest].concat()
    }

    fn about(kind: u8, code: u8, packet: &[u8]) -> Vec<u8> {
        [&[kind, code, 0, 0, 0, 0, 0, 0], packet].concat()
    }

    #[test]
    fn d10_a_request_has_a_right_checksum_and_its_numbers() {
        for size in [0, 1, 2, 57] {
            let bytes = request(false, 0x1234, 7, size);
            assert_eq!((bytes.len(), bytes[0]), (HEADER + size, 8));
            assert_eq!(checksum(&bytes), 0, "with its own it adds up to nothing");
            assert_eq!(sequence_of(&bytes, 0x1234), Some(7));
            assert_eq!(request(true, 1, 2, size)[..4], [128, 0, 0, 0]);
        }
    }

    #[test]
    fn d10_what_answers_a_request_is_known_and_nothing_else() {
        let mut reply = request(false, 5, 9, 3);
        reply[0] = 0;
        assert_eq!(parse(false, &v4(&reply), 5), Some((9, Answer::Reply)));
        assert_eq!(parse(false, &v4(&reply), 6), None, "of another program");
        let own = v4(&request(false, 5, 9, 0));
        assert_eq!(parse(false, &own, 5), None, "the request itself");
        let exceeded = v4(&about(11, 0, &own));
        assert_eq!(parse(false, &exceeded, 5), Some((9, Answer::Exceeded)));
        let unreachable = v4(&about(3, 13, &own));
        let no_way = Some((9, Answer::Unreachable(13)));
        assert_eq!(parse(false, &unreachable, 5), no_way);
        let foreign = v4(&about(3, 1, &v4(&reply)));
        assert_eq!(parse(false, &foreign, 5), None);

        let mut reply = request(true, 5, 9, 3);
        reply[0] = 129;
        assert_eq!(parse(true, &reply, 5), Some((9, Answer::Reply)));
        let own = [vec![0x60; V6_HEADER], request(true, 5, 9, 0)].concat();
        let exceeded = about(3, 0, &own);
        assert_eq!(parse(true, &exceeded, 5), Some((9, Answer::Exceeded)));
        let no_way = Some((9, Answer::Unreachable(0)));
        assert_eq!(parse(true, &about(1, 0, &own), 5), no_way);
        for packet in [&v4(&reply), &unreachable, &exceeded] {
            for length in 0..packet.len().min(60) {
                let _ = parse(false, &packet[..length], 5);
                let _ = parse(true, &packet[..length], 5);
            }
        }
    }
}
