//! Universally unique identifiers (RFC 4122), as deployment units have them (TR-181 Annex C).

use std::fmt;

use openssl::sha::sha1;

/// The namespace of fully qualified domain names (RFC 4122, Appendix C), in which all names of
/// deployment units are.
const DOMAIN_NAMES: [u8; 16] = [
    0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8,
];

/// Where hyphens stand in the text.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// Characters of the text.
const LENGTH: usize = 36;

/// An identifier, in the letters in which it was given: large and small ones mean the same, but a
/// peer may compare texts.
#[derive(Clone, Debug, Eq)]
pub struct Uuid(String);

impl Uuid {
    /// Reads 8-4-4-4-12 hexadecimal digits; nothing around them.
    pub fn parse(text: &str) -> Option<Self> {
        let is_right = |(at, c): (usize, u8)| match HYPHENS.contains(&at) {
            true => c == b'-',
            false => c.is_ascii_hexdigit(),
        };
        let is_uuid = text.len() == LENGTH && text.bytes().enumerate().all(is_right);
        is_uuid.then(|| Self(text.to_owned()))
    }

    /// That of a deployment unit, by its `Name` and the domain of its `Vendor`: the same on each box,
    /// and for each version (TR-181 Annex C.2).
    pub fn of_unit(name: &str, vendor: &str) -> Self {
        let mut domain = String::with_capacity(name.len() + vendor.len() + 2);
        for byte in name.bytes() {
            match byte.is_ascii_alphanumeric() || b"_-".contains(&byte) {
                true => domain.push(char::from(byte)),
                // In small letters, as the standard's example has it.
                false => domain.extend(['%', digit(byte >> 4), digit(byte)]),
            }
        }
        Self::of_domain(&format!("{domain}.{vendor}."))
    }

    /// Version 5 of a domain name (RFC 4122 §4.3).
    fn of_domain(name: &str) -> Self {
        let hash = sha1(&[&DOMAIN_NAMES, name.as_bytes()].concat());
        let mut text = String::with_capacity(LENGTH);
        for (at, byte) in hash.into_iter().take(DOMAIN_NAMES.len()).enumerate() {
            let byte = match at {
                6 => byte & 0x0f | 0x50,
                8 => byte & 0x3f | 0x80,
                _ => byte,
            };
            text.extend([digit(byte >> 4), digit(byte)]);
            if HYPHENS.contains(&text.len()) {
                text.push('-');
            }
        }
        Self(text)
    }

    /// The one that nobody has (RFC 4122 §4.1.7), where there must be one and none is known.
    pub fn nil() -> Self {
        Self("00000000-0000-0000-0000-000000000000".to_owned())
    }

    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PartialEq for Uuid {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The lower four bits.
fn digit(bits: u8) -> char {
    char::from_digit(u32::from(bits & 0x0f), 16).unwrap_or('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t46_version_5_of_a_domain_name_is_as_others_compute_it() {
        for (name, uuid) in [
            ("python.org", "886313e1-3b8a-5372-9b90-0c9aee199e5d"),
            ("www.example.com", "2ed6657d-e927-568b-95e1-2665a8aea6a2"),
        ] {
            assert_eq!(Uuid::of_domain(name).as_str(), uuid);
        }
    }

    #[test]
    fn t46_a_unit_has_the_uuid_of_its_name_and_vendor() {
        let domain = "broadband-forum.org";
        for (name, qualified) in [
            ("sample1", "sample1.broadband-forum.org."),
            ("sample.1", "sample%2e1.broadband-forum.org."),
            ("a+b c/\u{e9}", "a%2bb%20c%2f%c3%a9.broadband-forum.org."),
            ("Big_one-2", "Big_one-2.broadband-forum.org."),
        ] {
            let uuid = Uuid::of_unit(name, domain);
            assert_eq!(uuid.as_str(), Uuid::of_domain(qualified).as_str());
            assert_eq!(Uuid::parse(uuid.as_str()), Some(uuid));
        }
        let known = "fe2d23bd-dd02-51b8-af04-f5c18b2b0aa6";
        assert_eq!(Uuid::of_unit("sample1", domain).as_str(), known);
    }

    #[test]
    fn only_the_form_of_the_standard_is_read_and_its_letters_stay() {
        let text = "6BA7B810-9dad-11d1-80b4-00c04fd430c8";
        let uuid = Uuid::parse(text).unwrap();
        assert_eq!(uuid.to_string(), text);
        assert_eq!(Some(uuid), Uuid::parse(&text.to_lowercase()));
        let long = format!("{text}0");
        let braced = format!("{{{text}}}");
        let shifted = text.replace("-9d", "9-d");
        let foreign = text.replace("d1-", "\u{e9}-");
        for wrong in [
            "",
            "6ba7b810",
            &long,
            &braced,
            &shifted,
            &foreign,
            &text[1..],
        ] {
            assert_eq!(Uuid::parse(wrong), None, "{wrong}");
        }
        assert_eq!(Uuid::parse(Uuid::nil().as_str()), Some(Uuid::nil()));
    }
}
