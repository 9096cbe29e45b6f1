//! STUN messages (RFC 3489 §11, RFC 5389 §6 and §15). Both RFCs have the same frame: a header of 20
//! bytes, and attributes of type, length and value, each on a boundary of 4 bytes.

use super::integrity::{self, Padding};

/// Bytes of the header.
pub const HEADER: usize = 20;

/// Bytes before the value of an attribute.
const ATTRIBUTE_HEADER: usize = 4;

/// Names a transaction. Its first four bytes are [`MAGIC_COOKIE`] in all that we send: a server of
/// RFC 5389 knows by them whom it talks to, one of RFC 3489 gives them back like the others.
pub type TransactionId = [u8; 16];

/// RFC 5389 §6.
pub const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];

/// What kind of message (RFC 3489 §11.1); all others are none of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StunKind {
    /// Binding Request.
    Request,
    /// Binding Response, in RFC 5389 a success response.
    Response,
    /// Binding Error Response.
    Error,
}

impl StunKind {
    const ALL: [Self; 3] = [Self::Request, Self::Response, Self::Error];

    fn number(self) -> [u8; 2] {
        match self {
            Self::Request => [0x00, 0x01],
            Self::Response => [0x01, 0x01],
            Self::Error => [0x01, 0x11],
        }
    }
}

/// Types of attributes.
pub mod attribute {
    /// Where the request came from.
    pub const MAPPED_ADDRESS: u16 = 0x0001;
    /// Where the answer is to go to (RFC 3489 alone).
    pub const RESPONSE_ADDRESS: u16 = 0x0002;
    /// Who asks.
    pub const USERNAME: u16 = 0x0006;
    /// An HMAC of what is before it.
    pub const MESSAGE_INTEGRITY: u16 = 0x0008;
    /// Why there is no answer.
    pub const ERROR_CODE: u16 = 0x0009;
    /// Of the long-term mechanism (RFC 5389 §10.2).
    pub const REALM: u16 = 0x0014;
    /// See [`REALM`].
    pub const NONCE: u16 = 0x0015;
    /// [`MAPPED_ADDRESS`], so that a gateway that rewrites addresses does not know it (RFC 5389).
    pub const XOR_MAPPED_ADDRESS: u16 = 0x0020;
    /// The same, as servers between the two RFCs number it.
    pub const XOR_MAPPED_ADDRESS_OLD: u16 = 0x8020;
    /// The binding on which the box waits for connection requests (TR-069 Annex G).
    pub const CONNECTION_REQUEST_BINDING: u16 = 0xc001;
    /// This binding is another one than before (TR-069 Annex G).
    pub const BINDING_CHANGE: u16 = 0xc002;
}

/// What [`attribute::CONNECTION_REQUEST_BINDING`] holds, with its blank.
pub const CONNECTION_REQUEST_BINDING_VALUE: &[u8] = b"dslforum.org/TR-111 ";

/// A message, as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StunMessage<'a> {
    /// What kind.
    pub kind: StunKind,
    /// The answer has that of its request.
    pub id: TransactionId,
    bytes: &'a [u8],
}

impl<'a> StunMessage<'a> {
    /// Reads one that fills these bytes from the first to the last. Nothing where it does not, or is
    /// of another kind. Padding that the last attribute lacks is no mistake: servers of RFC 3489
    /// forget it behind the words of ERROR-CODE.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let (kind, rest) = bytes.split_first_chunk::<2>()?;
        let (length, rest) = rest.split_first_chunk::<2>()?;
        let (id, body) = rest.split_first_chunk::<16>()?;
        let kind = StunKind::ALL.into_iter().find(|k| k.number() == *kind)?;
        if usize::from(u16::from_be_bytes(*length)) != body.len() {
            return None;
        }
        let mut rest = body;
        while !rest.is_empty() {
            (_, _, rest) = split_attribute(rest)?;
        }
        let id = *id;
        Some(Self { kind, id, bytes })
    }

    /// The attributes in their order, each with what is before it in the message. What stands behind
    /// MESSAGE-INTEGRITY nobody vouches for: it is left out (RFC 5389 §15.4).
    fn walk(self) -> impl Iterator<Item = (&'a [u8], u16, &'a [u8])> {
        let (mut at, mut ended) = (HEADER, false);
        std::iter::from_fn(move || {
            let (before, rest) = self.bytes.split_at_checked(at).filter(|_| !ended)?;
            let (kind, value, after) = split_attribute(rest)?;
            at = self.bytes.len() - after.len();
            ended = kind == attribute::MESSAGE_INTEGRITY;
            Some((before, kind, value))
        })
    }

    /// Types and values of the attributes, in their order.
    pub fn attributes(self) -> impl Iterator<Item = (u16, &'a [u8])> {
        self.walk().map(|(_, kind, value)| (kind, value))
    }

    /// The value of the first attribute of a type.
    pub fn find(self, kind: u16) -> Option<&'a [u8]> {
        self.attributes()
            .find_map(|(own, value)| (own == kind).then_some(value))
    }

    /// Whether MESSAGE-INTEGRITY was made with one of these keys, in the way of RFC 3489 or of
    /// RFC 5389; `None` where there is none.
    pub fn is_made_with(self, keys: &[&[u8]]) -> Option<bool> {
        let is_proof = |kind| kind == attribute::MESSAGE_INTEGRITY;
        let (before, _, proof) = self.walk().find(|(_, kind, _)| is_proof(*kind))?;
        let fits = |key: &&[u8]| {
            Padding::BOTH
                .into_iter()
                .any(|padding| integrity::is_proof(proof, key, before, padding))
        };
        Some(keys.iter().any(fits))
    }

    /// Class and number of ERROR-CODE, such as 401 (RFC 3489 §11.2.9).
    pub fn error_code(self) -> Option<u16> {
        match self.find(attribute::ERROR_CODE)? {
            [_, _, class, number, ..] if *number < 100 => {
                Some(u16::from(class & 7) * 100 + u16::from(*number))
            }
            _ => None,
        }
    }
}

/// Type and value of the attribute with which these bytes begin, and what follows its padding.
fn split_attribute(bytes: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let (kind, rest) = bytes.split_first_chunk::<2>()?;
    let (length, rest) = rest.split_first_chunk::<2>()?;
    let length = usize::from(u16::from_be_bytes(*length));
    let (value, rest) = rest.split_at_checked(length)?;
    let padding = rest.len().min(length.next_multiple_of(4) - length);
    let (_, rest) = rest.split_at_checked(padding)?;
    Some((u16::from_be_bytes(*kind), value, rest))
}

/// A message in the making.
pub struct StunWriter {
    bytes: Vec<u8>,
}

impl StunWriter {
    /// Begins one.
    pub fn new(kind: StunKind, id: &TransactionId) -> Self {
        let mut bytes = Vec::with_capacity(160);
        bytes.extend(kind.number());
        bytes.extend([0, 0]);
        bytes.extend(id);
        Self { bytes }
    }

    /// Adds an attribute. Its value is padded to a multiple of 4 bytes and counted with the padding,
    /// as RFC 3489 wants it of USERNAME, or without, as RFC 5389 does.
    pub fn attribute(mut self, kind: u16, value: &[u8], padding: Padding) -> Self {
        let padded = value.len().next_multiple_of(4);
        let counted = match padding {
            Padding::Rfc3489 => padded,
            Padding::Rfc5389 => value.len(),
        };
        self.bytes.extend(kind.to_be_bytes());
        self.bytes.extend(short(counted));
        self.bytes.extend(value);
        let missing = padded - value.len();
        self.bytes.resize(self.bytes.len() + missing, 0);
        self
    }

    /// Adds MESSAGE-INTEGRITY. Nothing else may follow.
    pub fn integrity(mut self, key: &[u8], padding: Padding) -> Self {
        let proof = integrity::proof(key, &self.bytes, padding);
        self.bytes.reserve_exact(ATTRIBUTE_HEADER + proof.len());
        self.attribute(attribute::MESSAGE_INTEGRITY, &proof, padding)
    }

    /// The bytes of the message.
    pub fn finish(mut self) -> Vec<u8> {
        let length = short(self.bytes.len() - HEADER);
        if let Some(field) = self.bytes.get_mut(2..4) {
            field.copy_from_slice(&length);
        }
        self.bytes
    }
}

/// A length as it is written: all of ours are far below the most that fits.
pub(super) fn short(length: usize) -> [u8; 2] {
    u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes()
}
