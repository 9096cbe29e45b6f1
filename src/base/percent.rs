//! Percent-coding (RFC 3986 §2.1): characters that would mean something where a text is to stand
//! are written `%XX`, byte for byte. What they are depends on the place:
//!
//! * [`in_column`]: in a column of a row, where no value may end the column or the line;
//! * [`in_url`]: in a part of a URL, where only the unreserved characters stand for themselves.

use std::borrow::Cow;

use percent_encoding::{percent_decode, percent_decode_str, percent_encode_byte};

/// What is coded in a column of a row; all else, UTF-8 included, stands as it is.
pub fn in_column(c: char) -> bool {
    matches!(c, '\0'..='\x1f' | '%' | '\\' | ';' | '"' | '<')
}

/// What is coded in a part of a URL: all but the unreserved characters (RFC 3986 §2.3).
pub fn in_url(c: char) -> bool {
    !(c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~'))
}

/// Codes a text; `coded` says which characters. [`decode`] brings it back if `%` is one of them.
pub fn encode(text: &str, coded: impl Fn(char) -> bool) -> Cow<'_, str> {
    // Most texts stand as they are, and are ASCII: a byte is a character.
    let is_plain = |byte: u8| byte.is_ascii() && !coded(char::from(byte));
    if text.bytes().all(is_plain) || !text.contains(&coded) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut as_it_is = 0;
    for (at, c) in text.char_indices().filter(|(_, c)| coded(*c)) {
        out.push_str(text.get(as_it_is..at).unwrap_or_default());
        let mut bytes = [0; 4];
        let bytes = c.encode_utf8(&mut bytes).bytes();
        out.extend(bytes.map(percent_encode_byte));
        as_it_is = at + c.len_utf8();
    }
    out.push_str(text.get(as_it_is..).unwrap_or_default());
    Cow::Owned(out)
}

/// Reads a coded text. A `%` without two hex digits behind it stands for itself; a text whose
/// codes are not UTF-8 together is taken as written.
pub fn decode(text: &str) -> Cow<'_, str> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.unwrap_or(Cow::Borrowed(text))
}

/// The bytes of a value in a query as forms have it (`application/x-www-form-urlencoded`): a `+` is a
/// space, all else as in [`decode`]. No memory is taken for it.
pub fn decode_form(value: &[u8]) -> impl Iterator<Item = u8> {
    let words = value.split(|byte| *byte == b'+').enumerate();
    words.flat_map(|(number, word)| {
        let space = (number > 0).then_some(b' ');
        space.into_iter().chain(percent_decode(word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn in_a_column_only_what_could_break_a_row_is_coded() {
        let text = "a;b\"c<d%e\\f\n";
        assert_eq!(encode(text, in_column), "a%3Bb%22c%3Cd%25e%5Cf%0A");
        let url = "http://acs:7547/?a=1&b=>'|,:";
        assert_eq!(encode(url, in_column), url);
    }

    #[test]
    fn w02_bytes_from_0x80_stay_as_they_are_in_a_column() {
        let value = "Küche, salón, 台所 🏠";
        assert_eq!(encode(value, in_column), value);
        assert_eq!(decode(value), value);
        assert_eq!(decode("K%C3%BCche"), "Küche");
    }

    #[test]
    fn in_a_url_only_unreserved_characters_stand_as_they_are() {
        assert_eq!(encode("aZ09-._~", in_url), "aZ09-._~");
        let coded = encode("urn:x &é=%/?+🏠", in_url);
        assert_eq!(coded, "urn%3Ax%20%26%C3%A9%3D%25%2F%3F%2B%F0%9F%8F%A0");
    }

    #[test]
    fn in_a_form_a_plus_is_a_space_and_a_coded_one_a_plus() {
        for (coded, meant) in [
            ("box+17", "box 17"),
            ("box%2B17%20b", "box+17 b"),
            ("+%2b+", " + "),
            ("%2+b", "%2 b"),
            ("", ""),
        ] {
            let bytes: Vec<_> = decode_form(coded.as_bytes()).collect();
            assert_eq!(bytes, meant.as_bytes(), "{coded}");
        }
        assert!(decode_form(b"%FCx%").eq(*b"\xfcx%"));
    }

    #[test]
    fn what_is_not_a_code_stands_for_itself() {
        for text in ["100%", "100%2", "5%zz%", "%é1", "%FF", "%+1"] {
            assert_eq!(decode(text), text);
        }
        assert_eq!(decode("%3b%3B%"), ";;%");
    }

    proptest! {
        #[test]
        fn every_text_comes_back(text in ".*") {
            let column = encode(&text, in_column);
            prop_assert!(!column.contains([';', '\n', '\r', '"']));
            prop_assert_eq!(decode(&column), text.as_str());
            let url = encode(&text, in_url);
            prop_assert!(url.is_ascii() && !url.contains([' ', '&', '=', '?', '#', '/']));
            prop_assert_eq!(decode(&url), text.as_str());
        }

        #[test]
        fn decoding_takes_anything(text in "[%0-9a-fA-F]{0,40}|.*") {
            let _ = decode(&text);
        }
    }
}
