//! `blob`: attributes, one behind another. Each has a word of four bytes, the highest bit of which
//! says that a name follows (it is "extended"), the next seven are its number or type, the others
//! its length with the word itself; all big-endian. Behind its bytes are zeros up to a multiple of
//! four, which its length does not count.

use std::fmt;

/// The size of the word before each attribute.
pub(super) const WORD: usize = 4;

/// The length of an attribute, of its word.
const LENGTH: u32 = 0x00ff_ffff;

/// That the attribute has a name.
const EXTENDED: u32 = 0x8000_0000;

/// What is wrong with bytes that came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadBlob(pub &'static str);

impl fmt::Display for BadBlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for BadBlob {}

/// One attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Blob<'a> {
    /// What it is: the number of an attribute, or the type of a value. 0 to 127.
    pub id: u8,
    /// Its bytes.
    pub payload: &'a [u8],
    is_extended: bool,
}

impl<'a> Blob<'a> {
    /// The name of an extended attribute, up to its first NUL, and its bytes behind the name.
    ///
    /// # Errors
    /// The name is longer than the attribute, or does not end.
    pub(super) fn named(self) -> Result<(Option<&'a [u8]>, &'a [u8]), BadBlob> {
        if !self.is_extended {
            return Ok((None, self.payload));
        }
        let cut = || BadBlob("a name is cut");
        let (length, rest) = self.payload.split_first_chunk().ok_or_else(cut)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (name, rest) = rest.split_at_checked(length).ok_or_else(cut)?;
        if rest.first() != Some(&0) {
            return Err(BadBlob("a name has no end"));
        }
        // The length of the name, the name, its NUL.
        let data = self.payload.get(padded(2 + length + 1)..).ok_or_else(cut)?;
        Ok((Some(until_nul(name)), data))
    }

    /// A number of four bytes, where it is one.
    pub(super) fn number(self) -> Option<u32> {
        Some(u32::from_be_bytes(self.payload.try_into().ok()?))
    }

    /// The bytes of a text of C, where it is one.
    pub(super) fn text(self) -> Option<&'a [u8]> {
        text(self.payload)
    }
}

/// A text of C: it ends with a NUL, and nothing counts behind its first.
pub(super) fn text(payload: &[u8]) -> Option<&[u8]> {
    (payload.last() == Some(&0)).then(|| until_nul(payload))
}

fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// A length with the zeros that follow.
pub(super) const fn padded(length: usize) -> usize {
    length.next_multiple_of(WORD)
}

/// The length of an attribute, with its word and without the zeros, as the word says.
pub(super) fn length(word: [u8; WORD]) -> usize {
    usize::try_from(u32::from_be_bytes(word) & LENGTH).unwrap_or(usize::MAX)
}

/// All attributes in some bytes. After an error there is nothing more.
pub(super) struct Blobs<'a>(pub &'a [u8]);

impl<'a> Blobs<'a> {
    fn first(&mut self) -> Result<Blob<'a>, BadBlob> {
        let all = std::mem::take(&mut self.0);
        let word = *all.first_chunk().ok_or(BadBlob("an attribute is cut"))?;
        let length = length(word);
        if length < WORD {
            return Err(BadBlob("an attribute is shorter than its own word"));
        }
        let payload = all.get(WORD..length);
        let rest = all.get(padded(length)..);
        let (Some(payload), Some(rest)) = (payload, rest) else {
            return Err(BadBlob("an attribute is longer than what holds it"));
        };
        self.0 = rest;
        let [first, ..] = word;
        Ok(Blob {
            id: first & 0x7f,
            payload,
            is_extended: u32::from_be_bytes(word) & EXTENDED != 0,
        })
    }
}

impl<'a> Iterator for Blobs<'a> {
    type Item = Result<Blob<'a>, BadBlob>;

    fn next(&mut self) -> Option<Self::Item> {
        (!self.0.is_empty()).then(|| self.first())
    }
}

/// Writes an attribute whose bytes `payload` writes, with a name where one is given (which may be
/// empty), and the zeros behind it.
pub(super) fn put(
    out: &mut Vec<u8>,
    id: u8,
    name: Option<&str>,
    payload: impl FnOnce(&mut Vec<u8>),
) {
    let start = out.len();
    out.extend([0; WORD]);
    if let Some(name) = name {
        let name = until_nul(name.as_bytes());
        // No longer than its length can say; nobody has such a name.
        let name = name.get(..usize::from(u16::MAX)).unwrap_or(name);
        let length = u16::try_from(name.len()).unwrap_or(u16::MAX);
        out.extend(length.to_be_bytes());
        out.extend(name);
        out.push(0);
        pad(out, start);
    }
    payload(out);
    // A length that does not fit makes a message that is refused as a whole, for it is too long.
    let length = u32::try_from(out.len() - start).unwrap_or(LENGTH);
    let extended = if name.is_some() { EXTENDED } else { 0 };
    let word = extended | (u32::from(id) << 24) | length.min(LENGTH);
    for (place, byte) in out.iter_mut().skip(start).zip(word.to_be_bytes()) {
        *place = byte;
    }
    pad(out, start);
}

/// Writes a text of C: what is behind a NUL in it cannot be said.
pub(super) fn put_text(out: &mut Vec<u8>, text: &str) {
    out.extend(until_nul(text.as_bytes()));
    out.push(0);
}

fn pad(out: &mut Vec<u8>, start: usize) {
    out.resize(start + padded(out.len() - start), 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b18_an_attribute_has_its_word_its_bytes_and_zeros_that_do_not_count() {
        let mut out = Vec::new();
        put(&mut out, 4, None, |out| put_text(out, "abcd"));
        put(&mut out, 1, None, |out| out.extend([0, 0, 0, 7]));
        let bytes = b"\x04\x00\x00\x09abcd\0\0\0\0\x01\x00\x00\x08\0\0\0\x07";
        assert_eq!(out, bytes);
        let mut blobs = Blobs(bytes);
        let first = blobs.next().unwrap().unwrap();
        assert_eq!((first.id, first.payload), (4, &b"abcd\0"[..]));
        assert_eq!(first.text(), Some(&b"abcd"[..]));
        let second = blobs.next().unwrap().unwrap();
        assert_eq!((second.id, second.number()), (1, Some(7)));
        assert_eq!(blobs.next(), None);
    }

    #[test]
    fn b18_an_attribute_that_is_cut_or_too_long_ends_them() {
        for bytes in [
            &b"\x01"[..],
            b"\x01\x00\x00\x00",
            b"\x01\x00\x00\x03",
            b"\x01\x00\x00\x09\0\0\0\0",
            b"\x01\xff\xff\xff\0\0\0\0",
            // The zeros behind it are not there.
            b"\x01\x00\x00\x05\0",
        ] {
            let mut blobs = Blobs(bytes);
            assert!(matches!(blobs.next(), Some(Err(_))), "{bytes:?}");
            assert_eq!(blobs.next(), None, "{bytes:?}");
        }
    }

    #[test]
    fn b18_a_name_ends_within_its_attribute() {
        let named = |payload: &'static [u8]| {
            let blob = Blob {
                id: 3,
                payload,
                is_extended: true,
            };
            blob.named()
        };
        let name: (Option<&[u8]>, &[u8]) = (Some(b"lan"), b"x\0");
        assert_eq!(named(b"\0\x03lan\0\0\0x\0"), Ok(name));
        assert!(named(b"").is_err());
        assert!(named(b"\0").is_err());
        assert!(named(b"\0\x03la").is_err());
        assert!(named(b"\0\x03lan").is_err());
        assert!(named(b"\0\x03lanx\0\0").is_err());
        assert!(named(b"\0\x03lan\0").is_err(), "its zeros are not there");
        assert!(named(b"\xff\xfflan\0\0\0x\0").is_err());
    }
}
