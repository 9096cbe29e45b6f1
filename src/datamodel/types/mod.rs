//! Parameter types (TR-106 §3.2) with their ranges: column 2 of a row, and the check of a value.
//!
//! ```text
//! column 2    = type [ "[]" ] [ ":" constraint ]        "[]": comma-separated list (TR-106 §3.2.3)
//! type        = INT | UINT | LONG | BOOLEAN | DATE | STRING | ANY | STATISTICS | 0 … 7 in that order
//!             | ULONG | BASE64 | HEXBINARY              (any case)
//!             | int | unsignedInt | long | unsignedLong | boolean | dateTime | string | base64 | hexBinary
//! constraint of a number               = [ min ] [ ":" max ]
//! constraint of a string or binary     = [ [ least "-" ] greatest ] [ ":" value { "|" value } ]
//! ```
//!
//! A length is counted in characters of a string and in bytes of base64 and hexBinary. The values
//! of an enumeration are percent-coded. A parameter of type ANY is a string, one of type
//! STATISTICS an unsignedInt; what follows their `:` means nothing here and is dropped.

use std::borrow::Cow;
use std::fmt;

use crate::base::{datetime, percent};
use crate::base::clock::UNKNOWN_TIME;
use crate::base::xsd::XsdType;

#[cfg(test)]
mod tests;

/// The longest value of any type, in bytes. An envelope may carry far more than
/// a box can keep.
pub const MAX_VALUE_BYTES: usize = 64 * 1024;

/// The type of a parameter: base type, constraint, list or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParamType {
    /// The base type (of the items, for a list; a list is a string on the wire).
    pub base: XsdType,
    /// A comma-separated list of `base` (TR-106 §3.2.3).
    pub list: bool,
    /// Least number allowed, or least length of a string.
    pub min: Option<i128>,
    /// Greatest number allowed, or greatest length: characters of a string, bytes of base64/hexBinary.
    pub max: Option<i128>,
    /// The values allowed, where the type is an enumeration; else empty.
    pub enumeration: Vec<String>,
}

/// Why a text is not a value of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TypeError {
    /// Not of the type at all (fault 9006).
    Type(String),
    /// Of the type, but outside of its range, length or enumeration (fault 9007).
    Value(String),
}

impl fmt::Display for TypeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Type(why) | Self::Value(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for TypeError {}

/// The spellings of every type; the first is the one that is written.
const NAMES: [(&str, XsdType); 23] = [
    ("INT", XsdType::Int),
    ("UINT", XsdType::UnsignedInt),
    ("LONG", XsdType::Long),
    ("ULONG", XsdType::UnsignedLong),
    ("BOOLEAN", XsdType::Boolean),
    ("DATE", XsdType::DateTime),
    ("STRING", XsdType::String),
    ("BASE64", XsdType::Base64),
    ("HEXBINARY", XsdType::HexBinary),
    ("ANY", XsdType::String),
    ("STATISTICS", XsdType::UnsignedInt),
    ("unsignedInt", XsdType::UnsignedInt),
    ("unsignedLong", XsdType::UnsignedLong),
    ("dateTime", XsdType::DateTime),
    ("base64Binary", XsdType::Base64),
    ("0", XsdType::Int),
    ("1", XsdType::UnsignedInt),
    ("2", XsdType::Long),
    ("3", XsdType::Boolean),
    ("4", XsdType::DateTime),
    ("5", XsdType::String),
    ("6", XsdType::String),
    ("7", XsdType::UnsignedInt),
];

impl ParamType {
    /// The type without a constraint.
    pub const fn of(base: XsdType) -> Self {
        Self {
            base,
            list: false,
            min: None,
            max: None,
            enumeration: Vec::new(),
        }
    }

    /// Reads column 2 of a parameter; the error says what is wrong with it.
    pub fn parse(column: &str) -> Result<Self, String> {
        let (name, constraint) = match column.split_once(':') {
            Some((name, constraint)) => (name.trim_ascii(), constraint),
            None => (column.trim_ascii(), ""),
        };
        let (name, list) = match name.strip_suffix("[]") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let found = NAMES.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        let Some(&(_, base)) = found else {
            return Err(match name {
                "" => "the type is missing".to_owned(),
                name => format!("{name:?} is not a type"),
            });
        };
        let mut kind = Self {
            list,
            ..Self::of(base)
        };
        let uncounted = ["ANY", "6", "STATISTICS", "7"];
        if uncounted.iter().any(|n| n.eq_ignore_ascii_case(name)) {
            return Ok(kind);
        }
        kind.constrain(constraint)?;
        match (kind.min, kind.max) {
            (Some(min), Some(max)) if min > max => {
                Err(format!("the least, {min}, is above the greatest, {max}"))
            }
            _ => Ok(kind),
        }
    }

    fn constrain(&mut self, constraint: &str) -> Result<(), String> {
        let (first, second) = constraint.split_once(':').unwrap_or((constraint, ""));
        match self.base {
            XsdType::Boolean | XsdType::DateTime if constraint.is_empty() => {}
            XsdType::Boolean | XsdType::DateTime => {
                return Err(format!(
                    "this type takes no constraint such as {constraint:?}"
                ));
            }
            XsdType::String | XsdType::Base64 | XsdType::HexBinary => {
                let (min, max) = first.split_once('-').unwrap_or(("0", first));
                self.min = bound(min)?.filter(|least| *least > 0);
                self.max = bound(max)?;
                if min.is_empty() || max.starts_with('-') {
                    return Err(format!("{first:?} is not a length"));
                }
                if !second.is_empty() {
                    let values = second.split('|').map(|v| percent::decode(v).into_owned());
                    self.enumeration = values.collect();
                }
            }
            _ => {
                self.min = bound(first)?;
                self.max = bound(second)?;
            }
        }
        Ok(())
    }

    /// Writes column 2: what [`ParamType::parse`] reads back as the same type.
    pub fn format(&self) -> String {
        let named = NAMES.iter().find(|(_, base)| *base == self.base);
        let mut out = named.map_or("STRING", |(name, _)| name).to_owned();
        if self.list {
            out.push_str("[]");
        }
        let number = |bound: Option<i128>| bound.map_or(String::new(), |n| n.to_string());
        let (min, max) = (number(self.min), number(self.max));
        let (first, second) = if self.counts_length() {
            let least = if min.is_empty() { min } else { min + "-" };
            let coded = self
                .enumeration
                .iter()
                .map(|v| percent::encode(v, |c| percent::in_column(c) || "| ".contains(c)));
            (least + &max, coded.collect::<Vec<_>>().join("|"))
        } else {
            (min, max)
        };
        for (part, present) in [
            (&first, !first.is_empty() || !second.is_empty()),
            (&second, !second.is_empty()),
        ] {
            if present {
                out.push(':');
                out.push_str(part);
            }
        }
        out
    }

    /// The type as `xsi:type` names it; a list is a string.
    pub fn xsd(&self) -> XsdType {
        if self.list {
            XsdType::String
        } else {
            self.base
        }
    }

    /// Whether the value is one number.
    pub fn numeric(&self) -> bool {
        !self.list && self.number_range().is_some()
    }

    /// What an absent value reads as: valid for the type, if not for its constraint.
    pub fn empty(&self) -> &'static str {
        match self.xsd() {
            XsdType::String | XsdType::Base64 | XsdType::HexBinary => "",
            XsdType::DateTime => UNKNOWN_TIME,
            _ => "0",
        }
    }

    /// Checks a value and gives its canonical form: numbers in plain decimal, booleans as `0` or
    /// `1`, list items with nothing but a comma between them, everything else as written.
    pub fn check<'a>(&self, text: &'a str) -> Result<Cow<'a, str>, TypeError> {
        if text.len() > MAX_VALUE_BYTES {
            let why = format!(
                "{} bytes long, at most {MAX_VALUE_BYTES} are kept",
                text.len()
            );
            return Err(TypeError::Value(why));
        }
        if !self.list {
            return self.check_item(text);
        }
        if text.trim_ascii().is_empty() {
            return Ok(Cow::Borrowed(""));
        }
        let mut out = String::with_capacity(text.len());
        for item in text.split(',').map(str::trim_ascii) {
            if item.is_empty() {
                return Err(TypeError::Type("an item of the list is empty".to_owned()));
            }
            if !out.is_empty() {
                out.push(',');
            }
            out.push_str(&self.check_item(item)?);
        }
        Ok(if out == text {
            Cow::Borrowed(text)
        } else {
            Cow::Owned(out)
        })
    }

    fn check_item<'a>(&self, text: &'a str) -> Result<Cow<'a, str>, TypeError> {
        if let Some(range) = self.number_range() {
            return self.check_number(text, range);
        }
        match self.base {
            XsdType::Boolean => match text.trim_ascii() {
                "1" | "true" => Ok(Cow::Borrowed("1")),
                "0" | "false" => Ok(Cow::Borrowed("0")),
                _ => not_a(text, "boolean (0, 1, true or false)"),
            },
            XsdType::DateTime => match text.trim_ascii() {
                trimmed if datetime::is_valid(trimmed) => Ok(Cow::Borrowed(trimmed)),
                _ => not_a(text, "dateTime such as 2026-01-31T23:59:59Z"),
            },
            XsdType::HexBinary => {
                self.check_binary(text, hex_bytes(text.trim_ascii()), "hexBinary")
            }
            XsdType::Base64 => self.check_binary(text, base64_bytes(text), "base64"),
            _ => self.check_string(text),
        }
    }

    fn check_number<'a>(
        &self,
        text: &'a str,
        (least, greatest): (i128, i128),
    ) -> Result<Cow<'a, str>, TypeError> {
        let Some(value) = integer(text.trim_ascii()) else {
            return not_a(text, "number");
        };
        let min = self.min.unwrap_or(least).max(least);
        let max = self.max.unwrap_or(greatest).min(greatest);
        if !(min..=max).contains(&value) {
            return Err(TypeError::Value(format!(
                "{value} is not between {min} and {max}"
            )));
        }
        let canonical = value.to_string();
        Ok(if canonical == text {
            Cow::Borrowed(text)
        } else {
            Cow::Owned(canonical)
        })
    }

    fn check_binary<'a>(
        &self,
        text: &'a str,
        bytes: Option<usize>,
        what: &str,
    ) -> Result<Cow<'a, str>, TypeError> {
        match bytes {
            None => not_a(text, what),
            Some(bytes) => {
                self.check_length(bytes, "bytes")?;
                self.check_enumeration(text.trim_ascii())
            }
        }
    }

    fn check_string<'a>(&self, text: &'a str) -> Result<Cow<'a, str>, TypeError> {
        if let Some(c) = text.chars().find(|c| !xml_char(*c)) {
            return Err(TypeError::Type(format!(
                "the control character {:#04x} cannot be in a string",
                u32::from(c)
            )));
        }
        self.check_length(text.chars().count(), "characters")?;
        self.check_enumeration(text)
    }

    fn check_enumeration<'a>(&self, text: &'a str) -> Result<Cow<'a, str>, TypeError> {
        if self.enumeration.is_empty() || self.enumeration.iter().any(|v| v == text) {
            return Ok(Cow::Borrowed(text));
        }
        Err(TypeError::Value(format!(
            "{text:?} is not one of {}",
            self.enumeration.join(", ")
        )))
    }

    fn check_length(&self, length: usize, unit: &str) -> Result<(), TypeError> {
        let counted = i128::try_from(length).unwrap_or(i128::MAX);
        let why = match (self.min, self.max) {
            (Some(min), _) if counted < min => format!("at least {min}"),
            (_, Some(max)) if counted > max => format!("at most {max}"),
            _ => return Ok(()),
        };
        Err(TypeError::Value(format!(
            "{length} {unit} long, but {why} are allowed"
        )))
    }

    fn counts_length(&self) -> bool {
        matches!(
            self.base,
            XsdType::String | XsdType::Base64 | XsdType::HexBinary
        )
    }

    /// Least and greatest number of the base type; `None` where it is not a number.
    fn number_range(&self) -> Option<(i128, i128)> {
        match self.base {
            XsdType::Int => Some((i32::MIN.into(), i32::MAX.into())),
            XsdType::UnsignedInt => Some((0, u32::MAX.into())),
            XsdType::Long => Some((i64::MIN.into(), i64::MAX.into())),
            XsdType::UnsignedLong => Some((0, u64::MAX.into())),
            _ => None,
        }
    }
}

fn not_a<T>(text: &str, what: &str) -> Result<T, TypeError> {
    /// As much of a refused value as the answer repeats.
    const SHOWN: usize = 64;
    let shown: String = text.chars().take(SHOWN).collect();
    Err(TypeError::Type(format!("{shown:?} is not a {what}")))
}

fn bound(text: &str) -> Result<Option<i128>, String> {
    match text.trim_ascii() {
        "" => Ok(None),
        text => integer(text)
            .map(Some)
            .ok_or_else(|| format!("{text:?} is not a number")),
    }
}

/// XSD integers: an optional sign and decimal digits, any number of leading zeros.
fn integer(text: &str) -> Option<i128> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // A number beyond 128 bits is still a number: out of every range, on its side.
    let beyond = if text.starts_with('-') {
        i128::MIN
    } else {
        i128::MAX
    };
    Some(text.parse().unwrap_or(beyond))
}

fn hex_bytes(text: &str) -> Option<usize> {
    let valid = text.len() % 2 == 0 && text.bytes().all(|b| b.is_ascii_hexdigit());
    valid.then_some(text.len() / 2)
}

/// XSD base64Binary: white space anywhere, padding required.
fn base64_bytes(text: &str) -> Option<usize> {
    let digits: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let data = digits.trim_end_matches('=');
    let padding = digits.len() - data.len();
    let valid = digits.len() % 4 == 0
        && padding <= 2
        && data
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/');
    valid.then(|| digits.len() / 4 * 3 - padding)
}

/// XML 1.0 §2.2, the characters a document may hold.
fn xml_char(c: char) -> bool {
    !matches!(c, '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\u{fffe}' | '\u{ffff}')
}
