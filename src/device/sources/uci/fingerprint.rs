//! What a section without a name is known by.

use std::fmt;

use crate::base::sort::sort;
use crate::device::uci::{Section, Value};

/// How many lines of a section count: bounds the length of an identity. More than a rule of the
/// firewall or a wireless network has.
pub(super) const MAX_LINES: usize = 12;

/// A short hash of each line of a section, ascending; those of the least hashes where there are
/// more than [`MAX_LINES`], so that one edit changes one or two of them. Neither the order of the
/// lines nor how they are written counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fingerprint(Vec<u16>);

impl Fingerprint {
    /// Of a section as it is.
    pub(super) fn of(section: &Section) -> Self {
        let mut lines = Vec::new();
        for (option, value) in &section.options {
            let keyword = match value {
                Value::One(_) => "option",
                Value::List(_) => "list",
            };
            let items = value.items().iter();
            lines.extend(items.map(|item| hash([keyword, option, item])));
        }
        sort(&mut lines);
        lines.dedup();
        lines.truncate(MAX_LINES);
        Self(lines)
    }

    /// Reads what [`fmt::Display`] writes.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self(Vec::new()));
        }
        let line = |line: &str| u16::from_str_radix(line, 16).ok();
        text.split('.').map(line).collect::<Option<_>>().map(Self)
    }

    /// Per cent of the lines that are in both.
    pub(super) fn likeness(&self, other: &Self) -> u32 {
        let most = self.0.len().max(other.0.len());
        if most == 0 {
            return 100;
        }
        let common = self.0.iter().filter(|line| other.0.contains(line)).count();
        u32::try_from(common * 100 / most).unwrap_or_default()
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, line) in self.0.iter().enumerate() {
            let dot = if at == 0 { "" } else { "." };
            write!(f, "{dot}{line:04x}")?;
        }
        Ok(())
    }
}

/// FNV-1a, folded to 16 bits; a NUL, which no UCI text has, ends each part. It stands in the state
/// of the model, so it never changes.
fn hash(parts: [&str; 3]) -> u16 {
    let mut hash = 0x811c_9dc5_u32;
    for part in parts {
        for byte in part.bytes().chain([0]) {
            hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        }
    }
    let [a, b, c, d] = hash.to_be_bytes();
    u16::from_be_bytes([a ^ c, b ^ d])
}
