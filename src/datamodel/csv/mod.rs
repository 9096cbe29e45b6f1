//! Whole files of rows: model files (`*.csv`) and the state file, which end the same way.
//!
//! One row a line; `#` begins a comment, blank lines are skipped, bytes below 0x20 at the end of a
//! line are not part of it (CR LF). A line that begins with `*` ends the file: `*HEX` is the
//! CRC-32 (IEEE 802.3) of the text of all lines before it, comments and blank lines included and
//! line ends not, in upper-case hex without leading zeros; `**` says not to check, for a file
//! edited by hand.

use std::fmt::Write as _;

use super::row::{Row, RowError};

#[cfg(test)]
mod tests;

/// The longest line, in bytes: a value of `types::MAX_VALUE_BYTES` and another one last reported,
/// each byte of both coded as three, and the rest of the row. Whatever is written can be read
/// again. (The original agent split lines at 800 bytes.)
pub const MAX_LINE_BYTES: usize = 512 * 1024;

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// Good rows with their line numbers, from 1, in the order of the file.
    pub rows: Vec<(u32, Row)>,
    /// Lines that are no row, with their numbers.
    pub errors: Vec<(u32, RowError)>,
    /// What the last line says of the rest.
    pub trailer: Trailer,
}

/// The verdict of the last line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trailer {
    /// The checksum is right.
    Good,
    /// `**`: not to be checked.
    Unchecked,
    /// There is none: a model file, or a state file cut short.
    Missing,
    /// The checksum is wrong: cut short, damaged, or edited by hand.
    Bad {
        /// What the lines add up to.
        expected: u32,
        /// What the file says; `None` where that is no number.
        found: Option<u32>,
    },
}

/// Reads a whole file. A bad line is an error of its own and does not keep the others from being
/// read.
pub fn parse(bytes: &[u8]) -> Parsed {
    let mut parsed = Parsed {
        rows: Vec::new(),
        errors: Vec::new(),
        trailer: Trailer::Missing,
    };
    let mut crc = Crc32::default();
    let mut number = 0;
    for line in bytes.split(|b| *b == b'\n').map(trim_end) {
        number += 1;
        if let [b'*', _, ..] = line {
            parsed.trailer = verdict(line, crc.value());
            break;
        }
        crc.add(line);
        match parse_line(line) {
            None => {}
            Some(Ok(row)) => parsed.rows.push((number, row)),
            Some(Err(error)) => parsed.errors.push((number, error)),
        }
    }
    parsed
}

/// Writes a whole file, checksum included.
pub fn format_file<'a>(rows: impl IntoIterator<Item = &'a Row>) -> String {
    let mut out = String::new();
    let mut crc = Crc32::default();
    for row in rows {
        let line = row.to_line();
        crc.add(line.as_bytes());
        out.push_str(&line);
        out.push('\n');
    }
    let _ = writeln!(out, "*{:X}", crc.value());
    out
}

/// `None` where there is nothing to read: a comment, or at most one character.
fn parse_line(line: &[u8]) -> Option<Result<Row, RowError>> {
    if line.len() <= 1 || line.starts_with(b"#") {
        return None;
    }
    let whole = |why: String| RowError { column: 0, why };
    if line.len() > MAX_LINE_BYTES {
        return Some(Err(whole(format!(
            "the line is {} bytes long, at most {MAX_LINE_BYTES} are read",
            line.len()
        ))));
    }
    Some(match std::str::from_utf8(line) {
        Ok(text) if text.trim_ascii().is_empty() => return None,
        Ok(text) => Row::parse(text),
        Err(error) => Err(whole(format!(
            "byte {} of the line is not UTF-8; save the file in that encoding",
            error.valid_up_to() + 1
        ))),
    })
}

fn trim_end(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|b| *b >= 0x20).map_or(0, |at| at + 1);
    line.get(..end).unwrap_or(line)
}

fn verdict(line: &[u8], expected: u32) -> Trailer {
    if line.starts_with(b"**") {
        return Trailer::Unchecked;
    }
    let text = std::str::from_utf8(line).unwrap_or("");
    let digits = text.trim_start_matches('*').trim_ascii();
    match u32::from_str_radix(digits, 16).ok() {
        Some(found) if found == expected => Trailer::Good,
        found => Trailer::Bad { expected, found },
    }
}

/// CRC-32 of IEEE 802.3: reflected, begun and ended with all ones.
struct Crc32(u32);

/// The remainders of the 16 half bytes: a table that costs 64 bytes.
const NIBBLES: [u32; 16] = nibbles();

const fn nibbles() -> [u32; 16] {
    let mut table = [0; 16];
    let mut rest: &mut [u32] = &mut table;
    let mut index = 0;
    while let Some((slot, tail)) = rest.split_first_mut() {
        let mut crc = index;
        let mut bit = 0;
        while bit < 4 {
            crc = if crc & 1 == 1 {
                crc >> 1 ^ 0xEDB8_8320
            } else {
                crc >> 1
            };
            bit += 1;
        }
        *slot = crc;
        index += 1;
        rest = tail;
    }
    table
}

impl Default for Crc32 {
    fn default() -> Self {
        Self(u32::MAX)
    }
}

impl Crc32 {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            for half in [byte & 0xf, byte >> 4] {
                let index = (self.0 ^ u32::from(half)) & 0xf;
                let remainder = NIBBLES.get(index as usize).copied().unwrap_or(0);
                self.0 = self.0 >> 4 ^ remainder;
            }
        }
    }

    fn value(&self) -> u32 {
        !self.0
    }
}
