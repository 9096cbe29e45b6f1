//! Whole files of rows: model files (`*.csv`) and the state file, which end the same way.
//!
//! One row a line; `#` begins a comment, blank lines are skipped, bytes below 0x20 at the end of a
//! line are not part of it (CR LF). A line that begins with `*` ends the file: `*HEX` is the
//! CRC-32 (IEEE 802.3) of the text of all lines before it, comments and blank lines included and
//! line ends not, in upper-case hex without leading zeros; `**` says not to check, for a file
//! edited by hand.

use std::fmt::Write as _;

use super::row::{Row, RowError};

pub use crc::Crc32;

mod crc;
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
    /// What the lines before the last add up to.
    pub crc: u32,
    /// The first line behind the last one that is no comment: nothing there is read.
    pub unread: Option<u32>,
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

/// Reads a whole model file. A bad line is an error of its own and does not keep the others from
/// being read.
pub fn parse(bytes: &[u8]) -> Parsed {
    parse_by(bytes, |line| {
        let read = match is_nameless(line) {
            true => Err(RowError {
                column: 1,
                why: "the name is missing".to_owned(),
            }),
            false => parse_line(line, Row::parse)?,
        };
        match read {
            Ok(row) => Some((Some(row), None)),
            Err(error) => Some((None, Some(error))),
        }
    })
}

/// Whether a line has columns, and in the first two neither a name nor the type by which 2008 wrote the
/// row of the root.
fn is_nameless(line: &[u8]) -> bool {
    let mut columns = line.split(|byte| *byte == b';');
    let is_blank = |column: Option<&[u8]>| column.is_none_or(|c| c.trim_ascii().is_empty());
    line.contains(&b';') && is_blank(columns.next()) && is_blank(columns.next())
}

/// Reads a whole file of kept rows, as [`Row::parse_kept`] does. A bad line is an error too, and
/// carried along as a row.
pub fn parse_kept(bytes: &[u8]) -> Parsed {
    parse_by(bytes, parse_kept_line)
}

/// What there is in a line: a row, and what is wrong.
type LineRead = Option<(Option<Row>, Option<RowError>)>;

/// The text of a file, without the mark that some editors put before a text in UTF-8 (U+FEFF).
pub fn unmarked(bytes: &[u8]) -> &[u8] {
    let mark = "\u{feff}".as_bytes();
    bytes.strip_prefix(mark).unwrap_or(bytes)
}

fn parse_by(bytes: &[u8], read: impl Fn(&[u8]) -> LineRead) -> Parsed {
    let mut parsed = Parsed {
        rows: Vec::new(),
        errors: Vec::new(),
        trailer: Trailer::Missing,
        crc: 0,
        unread: None,
    };
    let mut crc = Crc32::default();
    let mut number = 0;
    for line in unmarked(bytes).split(|b| *b == b'\n').map(trim_end) {
        number += 1;
        if parsed.trailer != Trailer::Missing {
            if read(line).is_some() {
                parsed.unread = Some(number);
                break;
            }
            continue;
        }
        if let [b'*', _, ..] = line {
            parsed.trailer = verdict(line, crc.value());
            continue;
        }
        crc.add(line);
        if let Some((row, error)) = read(line) {
            parsed.rows.extend(row.map(|row| (number, row)));
            parsed.errors.extend(error.map(|error| (number, error)));
        }
    }
    parsed.crc = crc.value();
    parsed
}

/// Writes a whole file, checksum included.
pub fn format_file<'a>(rows: impl IntoIterator<Item = &'a Row>) -> String {
    let mut out = String::new();
    let mut writer = FileWriter::default();
    for row in rows {
        writer.line(&row.to_line(), &mut out);
    }
    writer.end(&mut out);
    out
}

/// Writes a file line by line, for who does not want all of its text in memory.
#[derive(Default)]
pub struct FileWriter(Crc32);

impl FileWriter {
    /// Puts one line, a row or a comment, behind what `out` holds.
    pub fn line(&mut self, line: &str, out: &mut String) {
        self.0.add(line.as_bytes());
        out.push_str(line);
        out.push('\n');
    }

    /// Puts the last line; the checksum in it.
    pub fn end(self, out: &mut String) -> u32 {
        let crc = self.0.value();
        let _ = writeln!(out, "*{crc:X}");
        crc
    }
}

/// Reads a line of kept rows.
pub(super) fn parse_kept_line(line: &[u8]) -> LineRead {
    Some(match parse_line(line, Row::parse_kept)? {
        Ok(row) => (Some(row), None),
        Err(error) => {
            let text = std::str::from_utf8(line).ok();
            (text.and_then(Row::unread), Some(error))
        }
    })
}

/// `None` where there is nothing to read: a comment, or at most one character.
fn parse_line(
    line: &[u8],
    read: fn(&str) -> Result<Row, RowError>,
) -> Option<Result<Row, RowError>> {
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
        Ok(text) => read(text),
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
