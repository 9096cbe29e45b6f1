//! One row of a model or state file: 15 columns separated by `;`.
//!
//! Missing columns read as empty, more than 15 are ignored; columns 9, 10, 13, 14 and 15 are
//! percent-coded ([`percent`]). An empty column and an absent one are the same.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::str::FromStr;

use crate::base::percent;
use super::types::ParamType;

#[cfg(test)]
mod tests;

/// The longest name, in characters (TR-069 A.2.2: 256 with the root).
pub const MAX_NAME: usize = 256 - "InternetGatewayDevice.".len();

/// A row, columns 1 to 15. Columns that are absent or empty have their default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// 1: path without the root. Ends in `.` for an object; an empty part (`A.B..X`) or `{i}`
    /// stands for an instance number: both spellings read as `{i}`. Empty: the root object.
    pub name: String,
    /// 2: type and constraint.
    pub kind: RowKind,
    /// 3: who keeps the value.
    pub storage: Storage,
    /// 4: parameter: SetParameterValues allowed; object: AddObject and DeleteObject allowed.
    pub writable: bool,
    /// 5: writable: 1 = in force at once (Status 0), 0 = later (Status 1). Read-only: 1 statistic,
    /// 2 cumulative statistic, 3 trigger.
    pub immediate: u8,
    /// 6: notification, 0 off, 1 passive, 2 active (3 to 6: lightweight, TR-069 A.3.2.4).
    pub notification: u8,
    /// 7: always in Inform.
    pub forced: bool,
    /// 8: active notification may not be set.
    pub denied: bool,
    /// 9: entities besides the ACS that may write; `None` where the column is empty.
    pub access_list: Option<Vec<String>>,
    /// 9, first item `_`: no RPC sees the row.
    pub hidden: bool,
    /// 10: default (csv) or value (state file); percent-coded in the file.
    pub value: Option<String>,
    /// 11: loading mode, kept for compatibility.
    pub loading: u8,
    /// 12: state bits: 1 changed and not yet reported, 2 change requested, 4 being evaluated, 8
    /// loaded, 16 pushed.
    pub state: u16,
    /// 13: in a state file, the value last reported to the ACS; percent-coded.
    pub backup: Option<String>,
    /// 14: key of the extension that owns the row; percent-coded.
    pub config_key: Option<String>,
    /// 15: source or expression; percent-coded.
    pub definition: Option<String>,
}

/// Column 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowKind {
    /// An object (`ANY` with a name that ends in `.`); `last_instance` is the highest instance
    /// number ever used (`ANY:n`), so that none is used twice.
    Object {
        /// 0 where none was used.
        last_instance: u32,
    },
    /// A parameter.
    Parameter(ParamType),
}

/// Column 3: storage mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Storage {
    /// 0: the agent's own, kept in the store.
    #[default]
    Stored,
    /// 1: read from the source at each use.
    System,
    /// 2: read from the source, then cached until restart.
    Mixed,
    /// 3: the expression in column 15.
    Computed,
}

/// What is wrong with a row: `column` is 1 to 15, or 0 for the line as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowError {
    /// 1 to 15; 0: the whole line.
    pub column: u8,
    /// The reason, and what would be right.
    pub why: String,
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.column {
            0 => f.write_str(&self.why),
            column => write!(f, "column {column}: {}", self.why),
        }
    }
}

impl std::error::Error for RowError {}

impl Row {
    /// A read-only, stored row with every other column at its default.
    pub fn new(name: impl Into<String>, kind: RowKind) -> Self {
        Self {
            name: name.into(),
            kind,
            storage: Storage::Stored,
            writable: false,
            immediate: 0,
            notification: 0,
            forced: false,
            denied: false,
            access_list: None,
            hidden: false,
            value: None,
            loading: 0,
            state: 0,
            backup: None,
            config_key: None,
            definition: None,
        }
    }

    /// Reads one line, without its line end.
    pub fn parse(line: &str) -> Result<Self, RowError> {
        let mut columns = line.split(';');
        let mut next = || columns.next().unwrap_or("");
        let raw_name = next().trim_ascii();
        let kind = next().trim_ascii();
        let storage = number(3, next().trim_ascii(), 3)?;
        let writable = flag(4, next().trim_ascii())?;
        let immediate = match next().trim_ascii() {
            "Y" | "y" => 1,
            "N" | "n" => 0,
            digit => number(5, digit, 3)?,
        };
        let notification = number(6, next().trim_ascii(), 6)?;
        let forced = flag(7, next().trim_ascii())?;
        let denied = flag(8, next().trim_ascii())?;
        let (hidden, access_list) = access_list(next());
        let name = name(raw_name, hidden)?;
        Ok(Self {
            kind: row_kind(&name, kind)?,
            name,
            storage: match storage {
                0 => Storage::Stored,
                1 => Storage::System,
                2 => Storage::Mixed,
                _ => Storage::Computed,
            },
            writable,
            immediate,
            notification,
            forced,
            denied,
            access_list,
            hidden,
            value: text(next()),
            loading: number(11, next().trim_ascii(), u8::MAX)?,
            state: number(12, next().trim_ascii(), u16::MAX)?,
            backup: text(next()),
            config_key: text(next()),
            definition: text(next()),
        })
    }

    /// Writes the row as one line of 15 columns, without a line end. What comes back from
    /// [`Row::parse`] is the same row, but for empty texts and lists, which read as absent.
    pub fn to_line(&self) -> String {
        let mut line = String::with_capacity(self.name.len() + 48);
        line.push_str(&self.name);
        line.push(';');
        match &self.kind {
            RowKind::Object { last_instance: 0 } => line.push_str("ANY"),
            RowKind::Object { last_instance } => {
                put(&mut line, format_args!("ANY:{last_instance}"))
            }
            RowKind::Parameter(kind) => line.push_str(&kind.format()),
        }
        put(
            &mut line,
            format_args!(
                ";{};{};{};{};{};{};",
                self.storage as u8,
                u8::from(self.writable),
                self.immediate,
                self.notification,
                u8::from(self.forced),
                u8::from(self.denied),
            ),
        );
        self.put_access_list(&mut line);
        put(&mut line, format_args!(";{}", coded(&self.value)));
        put(&mut line, format_args!(";{};{}", self.loading, self.state));
        for column in [&self.backup, &self.config_key, &self.definition] {
            put(&mut line, format_args!(";{}", coded(column)));
        }
        line
    }

    /// How many bytes the row takes in a file, with its line end.
    pub fn line_bytes(&self) -> usize {
        self.to_line().len() + 1
    }

    /// The hidden mark and the entities; an entity that looks like the mark is coded.
    fn put_access_list(&self, line: &mut String) {
        let entities = self.access_list.iter().flatten().filter(|e| !e.is_empty());
        let coded = entities.map(|e| match e.as_str() {
            "_" => "%5F".into(),
            e => percent::encode(e, |c| percent::in_column(c) || ", ".contains(c)),
        });
        let mark = self.hidden.then_some("_".into());
        for (position, item) in mark.into_iter().chain(coded).enumerate() {
            if position > 0 {
                line.push(',');
            }
            line.push_str(&item);
        }
    }
}

/// Writing to a `String` cannot fail.
fn put(line: &mut String, what: fmt::Arguments<'_>) {
    let _ = line.write_fmt(what);
}

fn coded(column: &Option<String>) -> Cow<'_, str> {
    percent::encode(column.as_deref().unwrap_or(""), percent::in_column)
}

fn text(column: &str) -> Option<String> {
    (!column.is_empty()).then(|| percent::decode(column).into_owned())
}

fn bad<T>(column: u8, why: impl Into<String>) -> Result<T, RowError> {
    Err(RowError {
        column,
        why: why.into(),
    })
}

fn number<T: FromStr + PartialOrd + fmt::Display + Default>(
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

/// `Y`, `W` or a digit other than 0 say yes; `N`, `R`, 0 or nothing say no.
fn flag(column: u8, text: &str) -> Result<bool, RowError> {
    match text {
        "" | "0" | "N" | "n" | "R" | "r" => Ok(false),
        "Y" | "y" | "W" | "w" => Ok(true),
        digit if digit.len() == 1 && digit.bytes().all(|b| b.is_ascii_digit()) => Ok(true),
        other => bad(column, format!("{other:?} is neither 0 nor 1")),
    }
}

fn access_list(column: &str) -> (bool, Option<Vec<String>>) {
    let mut items = column.split(',').map(str::trim_ascii).peekable();
    let hidden = items.next_if_eq(&"_").is_some();
    let entities: Vec<String> = items
        .filter(|item| !item.is_empty())
        .map(|item| percent::decode(item).into_owned())
        .collect();
    (hidden, (!entities.is_empty()).then_some(entities))
}

fn row_kind(name: &str, column: &str) -> Result<RowKind, RowError> {
    if !name.is_empty() && !name.ends_with('.') {
        return match ParamType::parse(column) {
            Ok(kind) => Ok(RowKind::Parameter(kind)),
            Err(why) => bad(2, why),
        };
    }
    let (kind, last) = column.split_once(':').unwrap_or((column, ""));
    let object = ["", "6", "7", "ANY", "STATISTICS"];
    if !object.iter().any(|word| word.eq_ignore_ascii_case(kind)) {
        return bad(2, format!("an object is of type ANY, not {kind:?}"));
    }
    Ok(RowKind::Object {
        last_instance: number(2, last, u32::MAX)?,
    })
}

/// Checks a name and writes its instance placeholders as `{i}`. The parts of a hidden row, which
/// no RPC sees, need not be names of the standard.
fn name(raw: &str, hidden: bool) -> Result<String, RowError> {
    if raw.is_empty() {
        return Ok(String::new());
    }
    let (parts, end) = match raw.strip_suffix('.') {
        Some(parts) => (parts, "."),
        None => (raw, ""),
    };
    let mut name = String::with_capacity(raw.len() + 4);
    for (position, part) in parts.split('.').enumerate() {
        if position > 0 {
            name.push('.');
        }
        match part {
            "" | "{i}" if position > 0 => name.push_str("{i}"),
            part if is_name(part) || (position > 0 && is_instance(part)) => name.push_str(part),
            part if hidden && !part.is_empty() && part.chars().all(is_hidden_name_char) => {
                name.push_str(part);
            }
            part => {
                return bad(
                    1,
                    format!("{part:?} in {raw:?} is neither a name nor an instance number"),
                );
            }
        }
    }
    name.push_str(end);
    // `..` counts as the `{i}` that it reads as.
    if name.len() > MAX_NAME {
        return bad(1, format!("the name is longer than {MAX_NAME} characters"));
    }
    Ok(name)
}

/// TR-106 §3.1: a letter or `_`, then letters, digits, `_` and `-`.
fn is_name(part: &str) -> bool {
    part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && part
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

/// TR-069 A.2.2.1: a positive integer, written one way.
fn is_instance(part: &str) -> bool {
    !part.starts_with('0')
        && part.bytes().all(|b| b.is_ascii_digit())
        && part.parse::<u32>().is_ok()
}

/// `!` joins a parameter and its statistic in files of the original agent.
fn is_hidden_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '!')
}
