//! Whether a text is a value of a type.

use std::borrow::Cow;

use super::{MAX_VALUE_BYTES, ParamType, Size, TypeError, integer, shown};
use crate::base::xsd::XsdType;
use crate::base::{datetime, truth};

impl ParamType {
    /// Checks a value and gives its canonical form: numbers in plain decimal, booleans as `0` or
    /// `1`, list items with nothing but a comma between them, everything else as written.
    ///
    /// # Errors
    /// It is not of the type, or beyond its bounds.
    pub fn check<'a>(&self, text: &'a str) -> Result<Cow<'a, str>, TypeError> {
        if text.len() > MAX_VALUE_BYTES {
            let why = format!(
                "{} bytes long, at most {MAX_VALUE_BYTES} are kept",
                text.len()
            );
            return Err(TypeError::Value(why));
        }
        let Some(list) = &self.bounds().list else {
            return self.check_item(text);
        };
        let mut out = String::with_capacity(text.len());
        let mut items = 0;
        let is_empty = text.trim_ascii().is_empty();
        for item in text.split(',').map(str::trim_ascii).filter(|_| !is_empty) {
            if item.is_empty() {
                return Err(TypeError::Type("an item of the list is empty".to_owned()));
            }
            if items > 0 {
                out.push(',');
            }
            items += 1;
            out.push_str(&self.check_item(item)?);
        }
        list.items.check(items, "items")?;
        list.length.check(out.chars().count(), "characters")?;
        Ok(if out == text {
            Cow::Borrowed(text)
        } else {
            Cow::Owned(out)
        })
    }

    fn check_item<'a>(&self, text: &'a str) -> Result<Cow<'a, str>, TypeError> {
        if let Some(range) = self.allowed_range() {
            return check_number(text, range);
        }
        match self.base {
            XsdType::Boolean => match truth::of_value(text) {
                Some(truth) => Ok(Cow::Borrowed(truth::digit(truth))),
                None => not_a(text, "boolean (0, 1, true or false)"),
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
        if let Some(form) = self.form {
            form.check(text).map_err(TypeError::Value)?;
        }
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
        let words = &self.bounds().enumeration;
        if words.is_empty() || words.iter().any(|word| word == text) {
            return Ok(Cow::Borrowed(text));
        }
        Err(TypeError::Value(format!(
            "{} is not one of {}",
            shown(text),
            words.join(", ")
        )))
    }

    fn check_length(&self, length: usize, unit: &str) -> Result<(), TypeError> {
        let count = |bound: i128| u32::try_from(bound).ok();
        let size = Size {
            min: self.bounds().min.and_then(count).unwrap_or(0),
            max: self.bounds().max.and_then(count),
        };
        size.check(length, unit)
    }
}

impl Size {
    fn check(self, count: usize, unit: &str) -> Result<(), TypeError> {
        let counted = u32::try_from(count).unwrap_or(u32::MAX);
        let why = match self.max {
            _ if counted < self.min => format!("at least {}", self.min),
            Some(max) if counted > max => format!("at most {max}"),
            _ => return Ok(()),
        };
        Err(TypeError::Value(format!(
            "{count} {unit}, but {why} are allowed"
        )))
    }
}

fn check_number(text: &str, (min, max): (i128, i128)) -> Result<Cow<'_, str>, TypeError> {
    let Some(value) = integer(text.trim_ascii()) else {
        return not_a(text, "number");
    };
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

fn not_a<T>(text: &str, what: &str) -> Result<T, TypeError> {
    Err(TypeError::Type(format!("{} is not a {what}", shown(text))))
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
