//! One row of a model or state file: 15 columns separated by `;`.
//!
//! Missing columns read as empty; columns 9, 10, 13, 14 and 15 are percent-coded ([`percent`]). An
//! empty column and an absent one are the same. Columns 3 to 8 are read as digits or as words
//! and written as digits.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use super::types::ParamType;
use crate::base::percent;
pub use limit::ChangeLimit;
pub use state::RowState;

mod form;
mod kept;
mod limit;
mod name;
mod secret;
mod state;
#[cfg(test)]
mod tests;
mod words;

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
    /// 4, `secret`: the row says that its value is never shown ([`Row::is_secret`]).
    pub secret: bool,
    /// 4, `optional`: it is there only while its source, or its expression, has a value.
    pub optional: bool,
    /// 5: writable: 1 = in force at once (Status 0), 0 = later (Status 1). Read-only: 1 statistic,
    /// 2 cumulative statistic, 3 trigger, of which the 2008 agent made something.
    pub immediate: u8,
    /// 6: notification, 0 off, 1 passive, 2 active (3 to 6: lightweight, TR-069 A.3.2.4).
    pub notification: u8,
    /// 6, behind it: how much of a change is told, and how often.
    pub limit: Option<Box<ChangeLimit>>,
    /// 7: always in Inform.
    pub forced: bool,
    /// 8: active notification may not be set; beside 2 in column 6: may not be taken away.
    pub denied: bool,
    /// 9: entities besides the ACS that may write; `None` where the column is empty.
    pub access_list: Option<Vec<String>>,
    /// 9, first item `_`: no RPC sees the row.
    pub hidden: bool,
    /// 10: default (csv) or value (state file); percent-coded in the file.
    pub value: Option<String>,
    /// 11: loading mode, kept for compatibility.
    pub loading: u8,
    /// 12: in a state file, the bits of [`RowState`].
    pub state: u16,
    /// 13: in a state file, the value last reported to the ACS; percent-coded.
    pub backup: Option<String>,
    /// 14: key of the extension that owns the row; of an instance in a state file, what its source
    /// calls it. Percent-coded.
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
    /// Everything else: it has a value of this type.
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
            secret: false,
            optional: false,
            immediate: 0,
            notification: 0,
            limit: None,
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
    ///
    /// # Errors
    /// The first column that cannot be read, or that there are more than 15.
    pub fn parse(line: &str) -> Result<Self, RowError> {
        let mut columns = line.split(';');
        let mut next = || columns.next().unwrap_or("");
        let raw_name = next().trim_ascii();
        let kind = next().trim_ascii();
        let storage = words::choice(3, next().trim_ascii(), words::STORAGE)?;
        let access = RowAccess::parse(next())?;
        let writable = access.writable;
        let immediate = change(next().trim_ascii(), writable)?;
        let (notification, limit) = notification(next().trim_ascii())?;
        let forced = words::flag(7, next().trim_ascii(), words::INFORM)?;
        let denied = denied(next().trim_ascii(), notification)?;
        let (hidden, access_list) = access_list(next());
        let name = name::name(raw_name, hidden)?;
        let row = Self {
            kind: row_kind(&name, kind)?,
            name,
            storage: match storage {
                0 => Storage::Stored,
                1 => Storage::System,
                2 => Storage::Mixed,
                _ => Storage::Computed,
            },
            writable,
            secret: access.secret,
            optional: access.optional,
            immediate,
            notification,
            limit,
            forced,
            denied,
            access_list,
            hidden,
            value: text(next()),
            loading: words::number(11, next().trim_ascii(), u8::MAX)?,
            state: words::number(12, next().trim_ascii(), u16::MAX)?,
            backup: text(next()),
            config_key: text(next()),
            definition: text(next()),
        };
        match columns.find(|more| !more.trim_ascii().is_empty()) {
            Some(more) => bad(
                0,
                format!("{more:?} stands behind column 15; write a `;` within a text as %3B"),
            ),
            None => Ok(row),
        }
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
                ";{};{}{}{};{};{}",
                self.storage as u8,
                u8::from(self.writable),
                if self.secret { ",secret" } else { "" },
                if self.optional { ",optional" } else { "" },
                self.immediate,
                self.notification,
            ),
        );
        if let Some(limit) = &self.limit {
            put(&mut line, format_args!(":{limit}"));
        }
        let (forced, denied) = (u8::from(self.forced), u8::from(self.denied));
        put(&mut line, format_args!(";{forced};{denied};"));
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

/// Column 4: whether the row can be written, is secret, and may be missing.
#[derive(Default)]
struct RowAccess {
    writable: bool,
    secret: bool,
    optional: bool,
}

impl RowAccess {
    fn parse(column: &str) -> Result<Self, RowError> {
        let (mut access, mut writable) = (Self::default(), None);
        for item in column.split(',').map(str::trim_ascii) {
            if item.eq_ignore_ascii_case(words::SECRET) {
                access.secret = true;
            } else if item.eq_ignore_ascii_case(words::OPTIONAL) {
                access.optional = true;
            } else if writable
                .replace(words::flag(4, item, words::ACCESS)?)
                .is_some()
            {
                return bad(4, format!("{column:?} says twice who may write"));
            }
        }
        access.writable = writable.unwrap_or(false);
        Ok(access)
    }
}

/// Column 5, in which a digit means the one or the other, and a word only one of them.
fn change(column: &str, writable: bool) -> Result<u8, RowError> {
    let (own, other) = match writable {
        true => (words::CHANGE, words::STATISTIC),
        false => (words::STATISTIC, words::CHANGE),
    };
    if column.bytes().all(|b| b.is_ascii_digit()) {
        return words::number(5, column, 3);
    }
    words::choice(5, column, own).map_err(|error| match words::choice(5, column, other) {
        Ok(_) if writable => misplaced(column, "cannot be written"),
        Ok(_) => misplaced(column, "can be written"),
        Err(_) => error,
    })
}

fn misplaced(word: &str, whom: &str) -> RowError {
    RowError {
        column: 5,
        why: format!("{word:?} is for a row that {whom}"),
    }
}

/// Column 6: the notification, and what limits it.
fn notification(column: &str) -> Result<(u8, Option<Box<ChangeLimit>>), RowError> {
    let (word, limit) = match column.split_once(':') {
        Some((word, limit)) => (word.trim_ascii(), ChangeLimit::parse(limit)?),
        None => (column, None),
    };
    let notification = words::choice(6, word, words::NOTIFICATION)?;
    Ok((notification, limit.map(Box::new)))
}

/// Column 8, whose words say which of its two meanings is meant.
fn denied(column: &str, notification: u8) -> Result<bool, RowError> {
    let is = |word: &str| column.eq_ignore_ascii_case(word);
    match notification {
        2 if is(words::DENY) => bad(8, "column 6 is active: write \"fixed\" to keep it so"),
        0 | 1 | 3.. if is(words::FIXED) => bad(8, "\"fixed\" wants \"active\" in column 6"),
        _ => words::flag(8, column, words::DENIED),
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
        last_instance: words::number(2, last, u32::MAX)?,
    })
}
