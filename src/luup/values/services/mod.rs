//! `luup/services.csv`: a row for each variable, ten columns with `;` between them.
//!
//! | column | |
//! |---|---|
//! | 1 | its number, 1 to [`MAX_NUMBER`], by which the numbers of instances are made; empty: it is not shown, the row says only how it is set |
//! | 2, 3 | service (full, or the last part of its name) and variable |
//! | 4 | what it is in words; empty: the name of the variable |
//! | 5 | type: of a row of the data model, or `DECIMAL:from:to` |
//! | 6 | unit; `{NAME}` in it is what the engine says at its top: `°{TemperatureFormat}` |
//! | 7 | the variable of the same service that holds when it last changed, in seconds since 1970 |
//! | 8 | the action that sets it, `SERVICE/ACTION` where it is of another service |
//! | 9 | its arguments, with commas: `NAME` is the new value, `NAME=VARIABLE` what another variable of the same service says |
//! | 10 | `setting`, `actuator` or `lock`: what has to be allowed for it; a setting is held by its variable |
//!
//! A bad row is told of and left out; the others stand.

use std::fmt;
use std::io;
use std::path::Path;

use super::action::{Allowed, Danger, ValueAction, ValueArgument};
use super::form::ValueForm;
use crate::base::file;
use crate::datamodel::csv;
use crate::datamodel::row::RowError;
use crate::luup::LuupOrder;
use crate::luup::key::short;
use crate::luup::limits::MAX_NAME_BYTES;

/// Where the file is, below the folder of the model.
pub(in crate::luup) const FILE: &str = "luup/services.csv";

/// The most that is read of it.
const MAX_FILE_BYTES: usize = 64 * 1024;

/// Rows in the file.
const MAX_ROWS: usize = 256;

/// The greatest number of a row.
pub(super) const MAX_NUMBER: u32 = 99;

/// Bytes of a name in words, and of a unit.
const MAX_WORDS_BYTES: usize = 64;

/// Arguments of one action.
pub(super) const MAX_ARGUMENTS: usize = 8;

/// Columns of a row.
const COLUMNS: usize = 10;

/// A variable that devices may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::luup) struct ServiceRow {
    /// Of the row; `None`: the variable is not shown.
    pub(super) number: Option<u32>,
    /// In full, or its last part.
    pub(in crate::luup) service: Box<str>,
    pub(in crate::luup) variable: Box<str>,
    /// In words.
    pub(in crate::luup) name: Box<str>,
    pub(super) form: ValueForm,
    unit: Box<str>,
    /// The variable that holds when it changed.
    pub(super) changed: Option<Box<str>>,
    action: Option<ValueAction>,
}

/// The rows of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::luup) struct ServiceTable {
    rows: Vec<ServiceRow>,
}

/// A file that was read, and what is wrong with it: the line, 0 for the whole, and the reason.
pub(in crate::luup) type TableRead = (ServiceTable, Vec<(u32, RowError)>);

/// Why a value cannot be set, or not so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::luup) enum NotSettable {
    /// No action sets it.
    NoAction,
    /// This option would allow it.
    Forbidden(&'static str),
    /// It is not of its type, beyond its range, none of its words.
    BadValue(String),
}

impl fmt::Display for NotSettable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAction => f.write_str("no action sets it"),
            Self::Forbidden(option) => write!(f, "not allowed while {option} is 0"),
            Self::BadValue(why) => f.write_str(why),
        }
    }
}

impl ServiceTable {
    /// Reads the file in the folder of a model. Where there is none, no value is shown.
    pub(in crate::luup) fn read(folder: &Path) -> TableRead {
        let path = folder.join(FILE);
        let whole = |why: String| (Self::default(), vec![(0, RowError { column: 0, why })]);
        match file::read(&path, MAX_FILE_BYTES) {
            Ok(bytes) => Self::parse(&bytes),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                whole("is not there: no sensor and no actuator is shown".to_owned())
            }
            Err(e) => whole(format!(
                "cannot be read, at most {MAX_FILE_BYTES} bytes are: {e}"
            )),
        }
    }

    /// Reads a whole file.
    pub(in crate::luup) fn parse(bytes: &[u8]) -> TableRead {
        let mut table = Self::default();
        let mut errors = Vec::new();
        let lines = csv::unmarked(bytes).split(|b| *b == b'\n');
        for (number, line) in (1..).zip(lines) {
            let line = line.trim_ascii();
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            if let Err((column, why)) = table.add(line) {
                errors.push((number, RowError { column, why }));
            }
        }
        (table, errors)
    }

    /// Its rows, in the order of the file.
    pub(in crate::luup) fn rows(&self) -> &[ServiceRow] {
        &self.rows
    }

    /// The row of a variable, and its place; the service in full or short.
    pub(in crate::luup) fn row_of(
        &self,
        service: &str,
        variable: &str,
    ) -> Option<(usize, &ServiceRow)> {
        let is_it = |(_, row): &(usize, &ServiceRow)| {
            let is_service = match service.contains(':') && row.service.contains(':') {
                true => service == &*row.service,
                false => short(service) == short(&row.service),
            };
            is_service && variable == &*row.variable
        };
        self.rows.iter().enumerate().find(is_it)
    }

    fn add(&mut self, line: &[u8]) -> Result<(), (u8, String)> {
        let text = std::str::from_utf8(line);
        let text = text.map_err(|_| (0, "the line is not UTF-8".to_owned()))?;
        if self.rows.len() >= MAX_ROWS {
            return Err((0, format!("more than {MAX_ROWS} rows")));
        }
        let row = ServiceRow::parse(text)?;
        if let Some(number) = row.number {
            if self.rows.iter().any(|other| other.number == row.number) {
                return Err((1, format!("another row has number {number}")));
            }
        }
        if self.row_of(short(&row.service), &row.variable).is_some() {
            return Err((
                3,
                format!("another row is of {}/{}", row.service, row.variable),
            ));
        }
        self.rows.push(row);
        Ok(())
    }
}

impl ServiceRow {
    fn parse(line: &str) -> Result<Self, (u8, String)> {
        let mut columns = line.split(';').map(str::trim);
        let mut next = || columns.next().unwrap_or_default();
        let (number, service, variable, name) = (next(), next(), next(), next());
        let (form, unit, changed) = (next(), next(), next());
        let (action, arguments, danger) = (next(), next(), next());
        if columns.next().is_some() {
            return Err((0, format!("there are more than {COLUMNS} columns")));
        }
        let number = match (number, number.parse()) {
            ("", _) => None,
            (_, Ok(number @ 1..=MAX_NUMBER)) => Some(number),
            (other, _) => {
                return Err((1, format!("`{other}` is no number from 1 to {MAX_NUMBER}")));
            }
        };
        let (service, variable) = (known(2, service)?, known(3, variable)?);
        let name = words(4, name)?;
        let form = ValueForm::parse(form).map_err(|why| (5, why))?;
        let unit = words(6, unit)?;
        let changed = match changed {
            "" => None,
            changed => Some(known(7, changed)?),
        };
        let action = match action {
            "" if arguments.is_empty() && danger.is_empty() => None,
            "" => {
                return Err((
                    8,
                    "there are arguments, or what allows it, but no action".into(),
                ));
            }
            action => Some(ValueAction::parse(action, arguments, danger)?),
        };
        if number.is_none() && action.is_none() {
            return Err((1, "neither is it shown, nor is there an action".to_owned()));
        }
        Ok(Self {
            number,
            name: if name.is_empty() {
                variable.clone()
            } else {
                name
            },
            service,
            variable,
            form,
            unit,
            changed,
            action,
        })
    }

    /// The service as instances are known by: its last part, however the file has it.
    pub(in crate::luup) fn short_service(&self) -> &str {
        short(&self.service)
    }

    /// The unit, where it is known; `top` is what the engine says of itself.
    pub(in crate::luup) fn unit<'a>(&self, top: &dyn Fn(&str) -> Option<&'a str>) -> String {
        let Some((before, rest)) = self.unit.split_once('{') else {
            return self.unit.clone().into();
        };
        let (name, behind) = rest.split_once('}').unwrap_or((rest, ""));
        let filled = top(name).map(|text| [before, text, behind].concat());
        filled.unwrap_or_default()
    }

    /// Whether an action sets it, and that is allowed.
    pub(in crate::luup) fn is_settable(&self, allowed: Allowed) -> bool {
        let action = self.action.as_ref();
        action.is_some_and(|action| action.forbidden_by(allowed).is_none())
    }

    /// Whether it is a setting, which the variable itself holds.
    pub(in crate::luup) fn is_setting(&self) -> bool {
        let action = self.action.as_ref();
        action.is_some_and(|action| action.danger == Danger::Setting)
    }

    /// Whether there is an action that sets it.
    pub(in crate::luup) fn has_action(&self) -> bool {
        self.action.is_some()
    }

    /// The text that is sent for a new value, if it may be.
    ///
    /// # Errors
    /// See [`NotSettable`].
    pub(in crate::luup) fn check(
        &self,
        value: &str,
        allowed: Allowed,
    ) -> Result<Box<str>, NotSettable> {
        let action = self.action.as_ref().ok_or(NotSettable::NoAction)?;
        if let Some(option) = action.forbidden_by(allowed) {
            return Err(NotSettable::Forbidden(option));
        }
        let checked = self.form.check(value);
        let checked = checked.map_err(|why| NotSettable::BadValue(why.to_string()))?;
        Ok(checked.into())
    }

    /// The service of its action, where that is another one.
    pub(in crate::luup) fn action_service(&self) -> Option<&str> {
        self.action.as_ref()?.service.as_deref()
    }

    /// The order that sets it; `service` is the full name of the action's, `beside` tells what a
    /// variable of the same service as this one says now. `None` where no action sets it.
    pub(in crate::luup) fn order(
        &self,
        device: u32,
        service: Box<str>,
        value: &str,
        beside: &dyn Fn(&str) -> Option<Box<str>>,
    ) -> Option<LuupOrder> {
        let action = self.action.as_ref()?;
        Some(action.order(device, service, value, beside))
    }
}

impl ValueAction {
    fn parse(action: &str, arguments: &str, danger: &str) -> Result<Self, (u8, String)> {
        let (service, name) = match action.rsplit_once('/') {
            None => (None, known(8, action)?),
            Some((service, name)) => (Some(known(8, service)?), known(8, name)?),
        };
        let mut read: Vec<ValueArgument> = Vec::new();
        for argument in arguments.split(',').map(str::trim) {
            let (name, from) = match argument.split_once('=') {
                None => (argument, None),
                Some((name, from)) => (name, Some(known(9, from)?)),
            };
            let name = known(9, name)?;
            if read.iter().any(|other| other.name == name) {
                return Err((9, format!("argument {name} stands twice")));
            }
            read.push(ValueArgument { name, from });
        }
        if read.len() > MAX_ARGUMENTS {
            return Err((9, format!("there are more than {MAX_ARGUMENTS} arguments")));
        }
        if read
            .iter()
            .filter(|argument| argument.from.is_none())
            .count()
            != 1
        {
            return Err((
                9,
                "one argument is the new value, the others NAME=VARIABLE".into(),
            ));
        }
        let danger = Danger::parse(danger);
        Ok(Self {
            service,
            name,
            arguments: read,
            danger: danger.ok_or_else(|| (10, format!("want one of {}", Danger::words())))?,
        })
    }
}

/// A name as UPnP has them; of a service with colons.
fn known(column: u8, name: &str) -> Result<Box<str>, (u8, String)> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '#');
    match name {
        "" => Err((column, "a name is missing".to_owned())),
        long if long.len() > MAX_NAME_BYTES => {
            Err((column, format!("longer than {MAX_NAME_BYTES} bytes")))
        }
        name if name.chars().all(is_plain) => Ok(name.into()),
        _ => Err((
            column,
            format!("{name:?} is no name: letters, digits, _ - . : #"),
        )),
    }
}

fn words(column: u8, text: &str) -> Result<Box<str>, (u8, String)> {
    match text {
        long if long.len() > MAX_WORDS_BYTES => {
            Err((column, format!("longer than {MAX_WORDS_BYTES} bytes")))
        }
        odd if odd.contains(char::is_control) => Err((column, "control characters".to_owned())),
        text => Ok(text.into()),
    }
}

#[cfg(test)]
mod tests;
