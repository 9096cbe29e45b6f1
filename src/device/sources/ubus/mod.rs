//! `ubus:OBJECT.METHOD:PATH`: what objects on OpenWrt's bus tell.
//!
//! | key | value |
//! |---|---|
//! | `system.board:release.version` | `version` in `release` in the answer of the method `board` of the object `system` |
//! | `network.interface.lan.status:ipv4-address.0.address` | the first item of an array |
//! | `network.interface.dump:interface.@interface={i}.up` | the item whose member `interface` says `{i}` |
//! | `network.interface.dump:interface.@interface` | a table: the items of an array, each called by its member `interface` |
//! | `network.device.status:@` | a table: the members of a table, each called by its name |
//!
//! * The source waits for nobody: the agent fetches what [`UbusSource::methods`] names, each once
//!   however many rows it serves, and hands it in.
//! * Nothing is known before the first answer. While a method does not answer, or answers
//!   nonsense, all stays as it was told last; likewise what does not fit the type of its row.
//! * On a box without ubus there is no value, so that what stands behind ` || ` in the row is shown
//!   and counts.
//! * Nothing can be written.

mod key;
mod told;

use std::path::Path;
use std::time::Duration;

use self::key::UbusKey;
use crate::datamodel::source::{Declaration, Instance, Listed, Reading, Slot, Source};
use crate::datamodel::types::ParamType;
use crate::device::ubus::{UbusError, UbusTable, UbusValue};

/// So many different methods may the rows of a model name: all are called for each look at them, at
/// once.
pub const MAX_METHODS: usize = 24;

/// The bus of a box that has one: its program.
const UBUSD: &str = "/sbin/ubusd";

/// So long may a bus be about to come on a box that does not seem to have one.
const GRACE: Duration = Duration::from_secs(60);

/// The one method whose values are those of the firmware and last as long: what was last reported
/// of them means something after a reboot (`4 VALUE CHANGE` for a new `SoftwareVersion`).
const FIRMWARE: (&str, &str) = ("system", "board");

/// What the rows of the model know of objects on the bus.
#[derive(Default)]
pub struct UbusSource {
    rows: Vec<UbusRow>,
    methods: Vec<UbusMethod>,
    /// Since when there is no bus, as uptime.
    missed: Option<Duration>,
}

/// A row that is fed by ubus.
struct UbusRow {
    key: UbusKey,
    method: usize,
    /// The type that the value must fit.
    kind: Option<ParamType>,
    /// What was told last, where it is the same for all instances.
    told: Reading<'static>,
}

/// A method that the rows name, and what came of calling it.
pub struct UbusMethod {
    /// The path of the object.
    pub object: Box<str>,
    /// The name of the method.
    pub method: Box<str>,
    /// The last answer, where rows look at it anew for each instance.
    answer: Option<UbusValue>,
    /// Why there is none now, as it was logged.
    failure: Option<String>,
    /// It was asked, and there is no bus.
    is_absent: bool,
}

impl UbusSource {
    /// The methods to call; none where no row of the model wants any.
    pub fn methods(&self) -> &[UbusMethod] {
        &self.methods
    }

    /// What does not answer now, a sentence each.
    pub fn failures(&self) -> impl Iterator<Item = String> {
        self.methods.iter().filter_map(|method| {
            let failure = method.failure.as_ref()?;
            Some(format!("{}.{}: {failure}", method.object, method.method))
        })
    }

    /// The box has no ubus: what it never told is not there.
    pub fn has_no_bus(&mut self) {
        for method in &mut self.methods {
            method.is_absent = true;
        }
    }

    /// Takes what the method of this number in [`UbusSource::methods`] answered, at this uptime, or why
    /// it did not: then all stays as it was told last. A line is logged where that is news, but for a
    /// bus that is not there, of which the connection tells.
    pub fn take(
        &mut self,
        number: usize,
        answered: Result<UbusTable, UbusError>,
        uptime: Duration,
    ) {
        if let Err(UbusError::Unreachable(_) | UbusError::Lost) = answered {
            let since = *self.missed.get_or_insert(uptime);
            if uptime.saturating_sub(since) >= GRACE && !Path::new(UBUSD).exists() {
                self.has_no_bus();
            }
            return;
        }
        self.missed = None;
        let Some(method) = self.methods.get_mut(number) else {
            return;
        };
        let name = format!("{}.{}", method.object, method.method);
        let failure = match answered {
            Ok(answer) if !answer.0.is_empty() => {
                return self.told(number, UbusValue::Table(answer));
            }
            Ok(_) => "it answered without data".to_owned(),
            Err(error) => error.to_string(),
        };
        if method.failure.as_ref() != Some(&failure) {
            log::warn!("ubus: {name}: {failure}; what it told last stays");
            method.failure = Some(failure);
        }
    }

    fn told(&mut self, number: usize, answer: UbusValue) {
        let Some(method) = self.methods.get_mut(number) else {
            return;
        };
        if method.failure.take().is_some() {
            log::info!("ubus: {}.{} answers again", method.object, method.method);
        }
        method.is_absent = false;
        let (mut is_kept, mut fits) = (false, true);
        for row in self.rows.iter_mut().filter(|row| row.method == number) {
            match row.key.is_single() {
                true => row.take(&answer),
                false => {
                    is_kept = true;
                    fits &= told::fits(&answer, &row.key);
                }
            }
        }
        if is_kept && (fits || method.answer.is_none()) {
            method.answer = Some(answer);
        }
    }

    /// What a row says while its method was never heard.
    fn unheard(&self, row: &UbusRow) -> Reading<'static> {
        let method = self.methods.get(row.method);
        match method.is_some_and(|method| method.is_absent) {
            true => Reading::Absent,
            false => Reading::Unknown,
        }
    }
}

impl UbusRow {
    fn take(&mut self, answer: &UbusValue) {
        let told = told::reading(answer, &self.key.steps, &[]);
        let fits = match (&told, &self.kind) {
            (Reading::Value(text), Some(kind)) => kind.check(text).is_ok(),
            (Reading::Unknown, _) => false,
            _ => true,
        };
        if fits || !matches!(self.told, Reading::Value(_)) {
            self.told = told;
        }
    }
}

impl Source for UbusSource {
    fn declare(&mut self, row: &Declaration<'_>, key: &str) -> Result<Slot, String> {
        if row.writable {
            return Err("ubus tells values here and takes none, want access r".to_owned());
        }
        let key = UbusKey::parse(key, row.tables)?;
        match (row.kind, &key.listed) {
            (None, None) => {
                let why = "of a table the path ends in @MEMBER, or in @ for the names of a table";
                return Err(why.to_owned());
            }
            (Some(_), Some(_)) => return Err("it lists instances and is no value".to_owned()),
            _ => {}
        }
        let mut methods = self.methods.iter();
        let known = methods.position(|m| m.object == key.object && m.method == key.method);
        let method = match known {
            Some(known) => known,
            None if self.methods.len() == MAX_METHODS => {
                return Err(format!("the rows name {MAX_METHODS} other methods already"));
            }
            None => {
                self.methods.push(UbusMethod {
                    object: key.object.clone(),
                    method: key.method.clone(),
                    answer: None,
                    failure: None,
                    is_absent: false,
                });
                self.methods.len() - 1
            }
        };
        self.rows.push(UbusRow {
            kind: row.kind.filter(|_| !row.filtered).cloned(),
            key,
            method,
            told: Reading::Unknown,
        });
        Ok(Slot::new(self.rows.len() - 1))
    }

    fn get(&mut self, slot: Slot, at: &[Instance<'_>]) -> Reading<'_> {
        let Some(row) = self.rows.get(slot.index()) else {
            return Reading::Absent;
        };
        if row.key.is_single() {
            return match &row.told {
                Reading::Unknown => self.unheard(row),
                told => told.clone(),
            };
        }
        let method = self.methods.get(row.method);
        match method.and_then(|method| method.answer.as_ref()) {
            Some(answer) => told::reading(answer, &row.key.steps, at),
            None => self.unheard(row),
        }
    }

    fn list(&mut self, slot: Slot, at: &[Instance<'_>], _known: &[&str]) -> Option<Vec<Listed>> {
        let row = self.rows.get(slot.index())?;
        let method = self.methods.get(row.method)?;
        match &method.answer {
            Some(answer) => told::list(answer, &row.key.steps, row.key.listed.as_ref()?, at),
            None => method.is_absent.then(Vec::new),
        }
    }

    fn keeps_reports(&self, slot: Slot) -> bool {
        let key = self.rows.get(slot.index()).map(|row| &row.key);
        key.is_some_and(|key| (&*key.object, &*key.method) == FIRMWARE)
    }
}

#[cfg(test)]
mod tests;
