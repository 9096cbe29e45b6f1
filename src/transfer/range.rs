//! Going on where a connection broke (RFC 9110 §8.8, §13.1.5, §14): what proves that a file is still
//! the same one, and which part of it came.

use crate::http::{HttpAnswer, unix_of_date};

/// `Last-Modified` proves something only that long after, in seconds: before, the file may have
/// changed once more in the same second, or by a clock of another machine (RFC 9110 §8.8.2.2).
const MIN_AGE: i64 = 60;

/// The longest validator that is sent back, in bytes; others have a few dozen.
const MAX_VALIDATOR_BYTES: usize = 512;

/// What changes whenever the file does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Validator {
    /// A strong `ETag`, with its quotes.
    Tag(String),
    /// `Last-Modified`, as it came.
    Modified(String),
}

impl Validator {
    /// That of an answer; `None` where it has none that is strong.
    pub(super) fn of(answer: &HttpAnswer) -> Option<Self> {
        let one = |name| match answer.header_values(name).as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(one.trim_ascii().to_owned())),
            _ => Err(()),
        };
        let (tag, modified) = (one("etag").ok()?, one("last-modified").ok()?);
        Self::new(tag.as_deref(), modified.as_deref(), answer.date())
    }

    /// Of these headers and the server's clock. A tag that is weak, or that nobody can read, counts
    /// as a file that may change at any time, whatever its date.
    pub fn new(tag: Option<&str>, modified: Option<&str>, date: Option<i64>) -> Option<Self> {
        match (tag, modified) {
            (Some(tag), _) => is_strong(tag).then(|| Self::Tag(tag.to_owned())),
            (None, Some(modified)) if modified.len() <= MAX_VALIDATOR_BYTES => {
                let age = date?.checked_sub(unix_of_date(modified)?)?;
                (age >= MIN_AGE).then(|| Self::Modified(modified.to_owned()))
            }
            _ => None,
        }
    }

    /// The value of `If-Range`.
    pub fn text(&self) -> &str {
        match self {
            Self::Tag(text) | Self::Modified(text) => text,
        }
    }

    /// Whether an answer with a part is of the file that this one is of. With a part the tag has to
    /// come again; the date need not (RFC 9110 §15.3.7).
    pub(super) fn holds(&self, part: &HttpAnswer) -> bool {
        let same = |name, absent| match part.header_values(name).as_slice() {
            [] => absent,
            [one] => one.trim_ascii() == self.text(),
            _ => false,
        };
        match self {
            Self::Tag(_) => same("etag", false),
            Self::Modified(_) => same("last-modified", true),
        }
    }
}

/// RFC 9110 §8.8.3: `"..."` without another quote, and no `W/` before.
fn is_strong(tag: &str) -> bool {
    let inner = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
    let allowed = |byte: u8| byte == 0x21 || (0x23..=0x7e).contains(&byte);
    tag.len() <= MAX_VALIDATOR_BYTES && inner.is_some_and(|inner| inner.bytes().all(allowed))
}

/// Which part of a file an answer has: `bytes 5-9/10` (RFC 9110 §14.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentRange {
    /// The first byte, counted from 0.
    pub first: u64,
    /// How many; at least one.
    pub length: u64,
    /// Bytes of the whole file, if that is known.
    pub total: Option<u64>,
}

impl ContentRange {
    /// Reads a header; `None` for what is no part of a file.
    pub fn parse(text: &str) -> Option<Self> {
        let (unit, rest) = text.trim_ascii().split_once(' ')?;
        let (part, total) = rest.trim_ascii().split_once('/')?;
        let (first, last) = part.split_once('-')?;
        let (first, last) = (number(first)?, number(last)?);
        let total = match total {
            "*" => None,
            total => Some(number(total)?),
        };
        let end = last.checked_add(1)?;
        let length = end.checked_sub(first).filter(|length| *length > 0)?;
        let fits = total.is_none_or(|total| end <= total);
        (unit.eq_ignore_ascii_case("bytes") && fits).then_some(Self {
            first,
            length,
            total,
        })
    }
}

/// Digits and nothing else.
fn number(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn t14_only_what_changes_with_the_file_proves_that_it_did_not() {
        let long = format!("\"{}\"", "x".repeat(MAX_VALIDATOR_BYTES));
        for weak in [
            "W/\"1\"", "w/\"1\"", "1", "\"1", "\"", "", "\"a\"b\"", "\"a b\"", &long,
        ] {
            assert_eq!(Validator::new(Some(weak), None, None), None, "{weak}");
            // Its date is worth no more than the tag.
            let old = Some("Thu, 01 Jan 1970 00:00:10 GMT");
            assert_eq!(Validator::new(Some(weak), old, Some(1000)), None, "{weak}");
        }
        for strong in ["\"1\"", "\"\"", "\"W/1-2:3\""] {
            let tag = Validator::new(Some(strong), None, None).unwrap();
            assert_eq!(tag.text(), strong);
        }
        let at = "Thu, 01 Jan 1970 00:00:10 GMT";
        let dated = |date| Validator::new(None, Some(at), date);
        assert_eq!(dated(Some(70)), Some(Validator::Modified(at.into())));
        assert_eq!(dated(Some(69)), None, "it may have changed since");
        assert_eq!(dated(None), None, "nobody knows how long ago that was");
        assert_eq!(Validator::new(None, Some("yesterday"), Some(1 << 40)), None);
        assert_eq!(Validator::new(None, None, Some(1 << 40)), None);
    }

    #[test]
    fn t14_a_part_says_which_one_it_is() {
        let range = |first, length, total| ContentRange {
            first,
            length,
            total,
        };
        for (text, expected) in [
            ("bytes 5-9/10", range(5, 5, Some(10))),
            ("Bytes 0-0/1", range(0, 1, Some(1))),
            ("bytes 5-9/*", range(5, 5, None)),
            ("  bytes  5-9/10 ", range(5, 5, Some(10))),
        ] {
            assert_eq!(ContentRange::parse(text), Some(expected), "{text}");
        }
        for bad in [
            "",
            "bytes",
            "bytes 5-9",
            "bytes */10",
            "bytes 9-5/10",
            "bytes 5-10/10",
            "bytes +5-9/10",
            "bytes -9/10",
            "bytes 5-/10",
            "bytes 5-9/",
            "bytes 5-9/x",
            "bytes 5-9/10/11",
            "bytes=5-9/10",
            "items 5-9/10",
            "bytes 0-18446744073709551615/*",
            "bytes 1-18446744073709551615/*",
            "bytes 18446744073709551616-18446744073709551617/*",
        ] {
            assert_eq!(ContentRange::parse(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn t14_a_part_that_is_written_is_read(first: u64, length in 1u64.., after: Option<u32>) {
            prop_assume!(first.checked_add(length).is_some());
            let end = first + length;
            let total = after.and_then(|after| end.checked_add(u64::from(after)));
            let total_text = total.map_or("*".into(), |total| total.to_string());
            let text = format!("bytes {first}-{}/{total_text}", end - 1);
            prop_assert_eq!(ContentRange::parse(&text), Some(ContentRange { first, length, total }));
        }

        #[test]
        fn t14_no_text_makes_it_panic(text in "\\PC*|(bytes |[0-9]{1,20}|[-/*=])*") {
            let _ = ContentRange::parse(&text);
            let _ = Validator::new(Some(&text), Some(&text), Some(0));
        }
    }
}
