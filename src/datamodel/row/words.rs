//! Columns 3 to 8: a digit or a letter, as in 2008, or a word.

use std::fmt;
use std::str::FromStr;

use super::{RowError, bad};

/// What a word says, as a digit.
pub(super) type Words = [(&'static str, u8)];

/// Column 3.
pub(super) const STORAGE: &Words = &[
    ("stored", 0),
    ("source", 1),
    ("system", 1),
    ("mixed", 2),
    ("computed", 3),
];

/// Column 4, of which `secret` and `optional` may stand beside one of the others.
pub(super) const ACCESS: &Words = &[("r", 0), ("n", 0), ("rw", 1), ("w", 1), ("y", 1)];

/// Column 4: the value is never shown.
pub(super) const SECRET: &str = "secret";

/// Column 4: it is there only while its source has a value.
pub(super) const OPTIONAL: &str = "optional";

/// Column 5 of what can be written.
pub(super) const CHANGE: &Words = &[("later", 0), ("immediate", 1), ("n", 0), ("y", 1)];

/// Column 5 of what cannot.
pub(super) const STATISTIC: &Words = &[
    ("statistic", 1),
    ("cumulative", 2),
    ("trigger", 3),
    ("n", 0),
    ("y", 1),
];

/// Column 6, TR-069 A.3.2.4. `light` is a notification without a session.
pub(super) const NOTIFICATION: &Words = &[
    ("off", 0),
    ("passive", 1),
    ("active", 2),
    ("light-passive", 3),
    ("passive+light-passive", 4),
    ("light-active", 5),
    ("passive+light-active", 6),
];

/// Column 7.
pub(super) const INFORM: &Words = &[("inform", 1), ("n", 0), ("y", 1)];

/// Column 8; the second is for a row that is notified actively.
pub(super) const DENIED: &Words = &[(DENY, 1), (FIXED, 1), ("n", 0), ("y", 1)];

/// Column 8: active notification may not be set.
pub(super) const DENY: &str = "denied";

/// Column 8: active notification may not be taken away.
pub(super) const FIXED: &str = "fixed";

/// Reads a column that has a word for each digit; nothing is 0.
pub(super) fn choice(column: u8, text: &str, words: &Words) -> Result<u8, RowError> {
    let known = words
        .iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(text));
    let digit = || {
        let digit = text.parse::<u8>().ok()?;
        words
            .iter()
            .any(|(_, known)| *known == digit)
            .then_some(digit)
    };
    match known {
        _ if text.is_empty() => Ok(0),
        Some((_, digit)) => Ok(*digit),
        None => digit().map_or_else(|| bad(column, none_of(text, words)), Ok),
    }
}

/// Reads a column that says yes or no; every digit but 0 says yes.
pub(super) fn flag(column: u8, text: &str, words: &Words) -> Result<bool, RowError> {
    match text.as_bytes() {
        [digit @ b'0'..=b'9'] => Ok(*digit != b'0'),
        _ => Ok(choice(column, text, words)? != 0),
    }
}

fn none_of(text: &str, words: &Words) -> String {
    let named = words.iter().filter(|(word, _)| word.len() > 1);
    let known: Vec<String> = named
        .map(|(word, digit)| format!("{word} ({digit})"))
        .collect();
    format!("{text:?} is none of {}", known.join(", "))
}

/// Reads a column that is a number; nothing is 0.
pub(super) fn number<T: FromStr + PartialOrd + fmt::Display + Default>(
    column: u8,
    text: &str,
    greatest: T,
) -> Result<T, RowError> {
    if text.is_empty() {
        return Ok(T::default());
    }
    match text.parse() {
        Ok(value) if value <= greatest => Ok(value),
        _ => bad(
            column,
            format!("{text:?} is not a number from 0 to {greatest}"),
        ),
    }
}
