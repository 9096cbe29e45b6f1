//! MESSAGE-INTEGRITY: an HMAC-SHA1 of the message before it, whose header already counts it.

use super::message::{HEADER, short};
use crate::base::hmac::{HMAC_SHA1_LEN, hmac_sha1};
use crate::connreq::access::same;

/// Bytes of the attribute, with its own header.
const ATTRIBUTE: usize = 4 + HMAC_SHA1_LEN;

/// To what RFC 3489 fills up the text of the HMAC.
const BLOCK: usize = 64;

/// What the two RFCs do not agree on: whether zeros fill up what is counted or hashed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Padding {
    /// They do (RFC 3489 §11.2.8): the text of the HMAC to a multiple of 64 bytes, USERNAME to one
    /// of 4.
    #[default]
    Rfc3489,
    /// They do not (RFC 5389 §15.4).
    Rfc5389,
}

impl Padding {
    pub(super) const BOTH: [Self; 2] = [Self::Rfc3489, Self::Rfc5389];
}

/// The HMAC for a message that is so far `before`.
pub(super) fn proof(key: &[u8], before: &[u8], padding: Padding) -> [u8; HMAC_SHA1_LEN] {
    let (kind, rest) = before.split_at_checked(2).unwrap_or_default();
    let (_, rest) = rest.split_at_checked(2).unwrap_or_default();
    let length = short((before.len() + ATTRIBUTE).saturating_sub(HEADER));
    let zeros = [0; BLOCK];
    let missing = match padding {
        Padding::Rfc3489 => before.len().next_multiple_of(BLOCK) - before.len(),
        Padding::Rfc5389 => 0,
    };
    let zeros = zeros.get(..missing).unwrap_or_default();
    hmac_sha1(key, &[kind, &length, rest, zeros])
}

/// Whether `given` is that HMAC, in a time that tells nothing of where it differs.
pub(super) fn is_proof(given: &[u8], key: &[u8], before: &[u8], padding: Padding) -> bool {
    same(given, proof(key, before, padding))
}
