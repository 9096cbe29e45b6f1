//! Percent-coding of the text columns of a row, so that no value can end a column or a line.
//!
//! Coded are the bytes below 0x20 and `%`, `\`, `;`, `"` and `<`; everything else, UTF-8 included,
//! stands as it is.

use std::borrow::Cow;

/// Codes a text for a column.
pub fn encode(text: &str) -> Cow<'_, str> {
    encode_also(text, &[])
}

/// Codes a text for a part of a column whose parts `also` separates (ASCII characters).
pub fn encode_also<'a>(text: &'a str, also: &[char]) -> Cow<'a, str> {
    let coded =
        |c: char| matches!(c, '\0'..='\x1f' | '%' | '\\' | ';' | '"' | '<') || also.contains(&c);
    if !text.contains(coded) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if coded(c) {
            out.push('%');
            out.extend([c as u32 >> 4, c as u32 & 0xf].map(hex_digit));
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Reads a column. A `%` without two hex digits behind it stands for itself; a column whose codes
/// are not UTF-8 together is taken as written.
pub fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let (byte, next) = match (first, tail) {
            (b'%', [high, low, next @ ..]) => match (hex_value(*high), hex_value(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, next),
                _ => (first, tail),
            },
            _ => (first, tail),
        };
        out.push(byte);
        rest = next;
    }
    String::from_utf8(out).map_or(Cow::Borrowed(text), Cow::Owned)
}

fn hex_digit(value: u32) -> char {
    char::from_digit(value, 16).map_or('0', |c| c.to_ascii_uppercase())
}

fn hex_value(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|v| u8::try_from(v).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_what_could_break_a_row_is_coded() {
        assert_eq!(encode("a;b\"c<d%e\\f\n"), "a%3Bb%22c%3Cd%25e%5Cf%0A");
        assert_eq!(
            encode("http://acs:7547/?a=1&b=>'|,:"),
            "http://acs:7547/?a=1&b=>'|,:"
        );
    }

    #[test]
    fn w02_bytes_from_0x80_stay_as_they_are() {
        let value = "Küche, salón, 台所 🏠";
        assert_eq!(encode(value), value);
        assert_eq!(decode(value), value);
        assert_eq!(decode("K%C3%BCche"), "Küche");
    }

    #[test]
    fn what_is_not_a_code_stands_for_itself() {
        for text in ["100%", "100%2", "5%zz%", "%é1", "%FF"] {
            assert_eq!(decode(text), text);
        }
        assert_eq!(decode("%3b%3B%"), ";;%");
    }

    proptest! {
        #[test]
        fn every_text_comes_back(text in ".*") {
            let coded = encode(&text);
            prop_assert!(!coded.contains([';', '\n', '\r', '"']));
            prop_assert_eq!(decode(&coded), text.as_str());
        }

        #[test]
        fn decoding_takes_anything(text in "[%0-9a-fA-F]{0,40}|.*") {
            let _ = decode(&text);
        }
    }
}
