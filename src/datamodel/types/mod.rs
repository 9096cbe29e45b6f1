//! Parameter types (TR-106 §3.2) with their ranges: column 2 of a row, and the check of a value.
//!
//! ```text
//! column 2    = type [ ":" constraint ] [ list ]
//! type        = form | INT | UINT | LONG | BOOLEAN | DATE | STRING | ANY | STATISTICS | 0 … 7 in that order
//!             | ULONG | BASE64 | HEXBINARY              (any case)
//!             | int | unsignedInt | long | unsignedLong | boolean | dateTime | string | base64 | hexBinary
//! form        = LINE | URL | OUI | TimeZone | IPAddress | IPv4Address | IPv6Address | MACAddress
//! constraint of a number               = [ min ] [ ":" max ]
//! constraint of a string or binary     = [ size ] [ ":" value { "|" value } ]
//! list        = "[" [ size ] "]" [ ":" size ]           comma-separated (TR-106 §3.2.3)
//! size        = greatest | least "-" [ greatest ]
//! ```
//!
//! What stands before the brackets is about one item; in them stands the number of items, behind
//! them the length of the whole list, which is what `maxLength` of a list means in TR-106. A length
//! is counted in characters of a string and in bytes of base64 and hexBinary. The values of an
//! enumeration are percent-coded, `|`, `[` and `]` too. A parameter of type ANY is a string, one of
//! type STATISTICS an unsignedInt; `STATISTICS:1` says to poll it, as is done with all that nobody
//! tells of.

mod check;
mod column;
mod covers;
mod form;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::base::clock::UNKNOWN_TIME;
use crate::base::xsd::XsdType;
pub use form::TextForm;

/// The longest value of any type, in bytes. An envelope may carry far more than
/// a box can keep.
pub const MAX_VALUE_BYTES: usize = 64 * 1024;

/// The type of a parameter: base type, form, bounds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ParamType {
    /// The base type (of the items, for a list; a list is a string on the wire).
    pub base: XsdType,
    /// What a string must look like; of an item, for a list.
    pub form: Option<TextForm>,
    /// `None` where there is none of them, as of most types.
    bounds: Option<Box<TypeBounds>>,
}

/// What bounds the values of a type.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct TypeBounds {
    /// Least number allowed, or least length of a string; of an item, for a list.
    pub min: Option<i128>,
    /// Greatest number allowed, or greatest length: characters of a string, bytes of base64 and
    /// hexBinary; of an item, for a list.
    pub max: Option<i128>,
    /// The values allowed, where the type is an enumeration; else empty.
    pub enumeration: Vec<String>,
    /// Of a comma-separated list of the base type (TR-106 §3.2.3), what bounds it as a whole.
    pub list: Option<ListBounds>,
}

/// Those of a type that has none.
const UNBOUNDED: &TypeBounds = &TypeBounds {
    min: None,
    max: None,
    enumeration: Vec::new(),
    list: None,
};

/// What bounds a list as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListBounds {
    /// The number of items.
    pub items: Size,
    /// Characters of the list as it is written, commas included.
    pub length: Size,
}

/// A count with its bounds, both included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size {
    /// The least.
    pub min: u32,
    /// The greatest; `None` where there is none.
    pub max: Option<u32>,
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

impl ParamType {
    /// The type without a constraint.
    pub const fn of(base: XsdType) -> Self {
        Self {
            base,
            form: None,
            bounds: None,
        }
    }

    /// The type with these bounds.
    pub fn bounded(self, bounds: TypeBounds) -> Self {
        let bounds = (bounds != *UNBOUNDED).then(|| Box::new(bounds));
        Self { bounds, ..self }
    }

    /// What bounds its values; of most types nothing does.
    pub fn bounds(&self) -> &TypeBounds {
        self.bounds.as_deref().unwrap_or(UNBOUNDED)
    }

    /// Whether the type is a list.
    pub fn is_list(&self) -> bool {
        self.bounds().list.is_some()
    }

    /// The type as `xsi:type` names it; a list is a string.
    pub fn xsd(&self) -> XsdType {
        match self.is_list() {
            true => XsdType::String,
            false => self.base,
        }
    }

    /// Whether the value is one number.
    pub fn numeric(&self) -> bool {
        !self.is_list() && self.number_range().is_some()
    }

    /// What an absent value reads as: valid for the type, if not for its constraint.
    pub fn empty(&self) -> &'static str {
        match self.xsd() {
            XsdType::String | XsdType::Base64 | XsdType::HexBinary => "",
            XsdType::DateTime => UNKNOWN_TIME,
            _ => "0",
        }
    }

    /// What a value is, in words, as for somebody who may not see the one that is refused.
    pub fn describe(&self) -> String {
        let (form, base) = (self.form.map(TextForm::noun), self.base.as_str());
        let noun = format!(
            "{}{}",
            form.unwrap_or(base),
            if self.is_list() { "s" } else { "" }
        );
        match (self.bounds().max, self.is_list()) {
            (Some(max), false) if self.counts_length() => format!("{noun}, at most {max} long"),
            _ => noun,
        }
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

    /// Least and greatest number allowed.
    fn allowed_range(&self) -> Option<(i128, i128)> {
        let (least, greatest) = self.number_range()?;
        let TypeBounds { min, max, .. } = self.bounds();
        Some((min.unwrap_or(least), max.unwrap_or(greatest)))
    }
}

/// As much of a refused value as the answer repeats.
fn shown(text: &str) -> String {
    const SHOWN: usize = 64;
    let begin: String = text.chars().take(SHOWN).collect();
    format!("{begin:?}")
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
