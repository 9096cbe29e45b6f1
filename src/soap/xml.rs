//! Writing XML: tags that are ours, texts that are anyone's.
//!
//! Of our own because `xmlwriter` 0.1 escapes only `<` in a text (not `&`, `>`, a carriage return or
//! a character that XML forbids), panics when called out of order, and formats every text through
//! `fmt`; escaping before it would cost an allocation a value.

use std::fmt::{Display, Write as _};

use super::CwmpVersion;

/// A document in the making.
pub(super) struct Writer {
    out: String,
    version: CwmpVersion,
}

impl Writer {
    pub(super) fn new(version: CwmpVersion) -> Self {
        Self {
            out: String::with_capacity(1024),
            version,
        }
    }

    /// The version the document speaks; some values are written differently in 1.0.
    pub(super) fn version(&self) -> CwmpVersion {
        self.version
    }

    /// The length so far, a place for [`Writer::insert`].
    pub(super) fn len(&self) -> usize {
        self.out.len()
    }

    /// Markup as it stands; never for a text from outside.
    pub(super) fn raw(&mut self, markup: &str) {
        self.out.push_str(markup);
    }

    /// `<name>`
    pub(super) fn start(&mut self, name: &str) {
        self.out.push('<');
        self.out.push_str(name);
        self.out.push('>');
    }

    /// `</name>`
    pub(super) fn end(&mut self, name: &str) {
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }

    /// A whole element with a text.
    pub(super) fn element(&mut self, name: &str, text: &str) {
        self.start(name);
        self.text(text);
        self.end(name);
    }

    /// A number or another text that needs no escape.
    pub(super) fn plain(&mut self, value: impl Display) {
        // Writing into a String cannot fail.
        let _ = write!(self.out, "{value}");
    }

    /// A number at an earlier place.
    pub(super) fn insert(&mut self, at: usize, value: u32) {
        let digits = value.to_string();
        // Exactly: a document of megabytes must not be doubled for five digits.
        self.out.reserve_exact(digits.len());
        self.out.insert_str(at, &digits);
    }

    /// Character data (XML 1.0 §2.4): a carriage return survives only as a reference (§2.11), and
    /// what is not a `Char` (§2.2) has no spelling at all, so U+FFFD stands for it.
    pub(super) fn text(&mut self, text: &str) {
        let mut rest = text;
        while let Some(at) = rest.bytes().position(needs_care) {
            // Only ASCII and the first byte of a character need care: `at` is a boundary.
            let (plain, tail) = rest.split_at(at);
            self.out.push_str(plain);
            let mut chars = tail.chars();
            match chars.next() {
                Some('&') => self.out.push_str("&amp;"),
                Some('<') => self.out.push_str("&lt;"),
                Some('>') => self.out.push_str("&gt;"),
                Some('\r') => self.out.push_str("&#13;"),
                Some('\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}') => self.out.push('\u{fffd}'),
                Some(other) => self.out.push(other),
                None => {}
            }
            rest = chars.as_str();
        }
        self.out.push_str(rest);
    }

    pub(super) fn finish(self) -> String {
        self.out
    }
}

/// How many bytes a byte of a text takes in a message at most (`&amp;`).
pub const MAX_ESCAPED_BYTES: usize = 5;

/// How many bytes a text takes in a message.
pub fn escaped_len(text: &str) -> usize {
    let more = |byte: u8| match byte {
        b'&' | b'\r' => 4,
        b'<' | b'>' => 3,
        b'\t' | b'\n' => 0,
        // Becomes U+FFFD.
        0..0x20 => 2,
        _ => 0,
    };
    text.len() + text.bytes().map(more).sum::<usize>()
}

/// Whether the byte is, or may begin, a character that is not written as it is. 0xEF begins
/// U+FFFE and U+FFFF.
fn needs_care(byte: u8) -> bool {
    match byte {
        b'\t' | b'\n' => false,
        b'&' | b'<' | b'>' | 0xEF => true,
        _ => byte < 0x20,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{CwmpVersion, MAX_ESCAPED_BYTES, Writer, escaped_len};

    fn text(text: &str) -> String {
        let mut w = Writer::new(CwmpVersion::V1_4);
        w.text(text);
        w.finish()
    }

    #[test]
    fn markup_in_a_text_is_escaped() {
        assert_eq!(text("a<b>&\"'c]]>"), "a&lt;b&gt;&amp;\"'c]]&gt;");
    }

    #[test]
    fn white_space_survives_and_forbidden_characters_are_replaced() {
        assert_eq!(text("\t\r\n x"), "\t&#13;\n x");
        assert_eq!(
            text("a\0b\u{1f}\u{fffe}\u{ffff}\u{fffd}\u{ff21}\u{7f}"),
            "a\u{fffd}b\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{ff21}\u{7f}"
        );
    }

    proptest! {
        #[test]
        fn f20_a_text_takes_the_bytes_that_were_counted(any in ".*", odd in "[\0-\x1f&<>é\u{fffd}-\u{ffff}]*") {
            for given in [any, odd] {
                prop_assert_eq!(text(&given).len(), escaped_len(&given));
                prop_assert!(escaped_len(&given) <= given.len() * MAX_ESCAPED_BYTES);
            }
        }
    }
}
