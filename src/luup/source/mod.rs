//! The source `luup` of the data model.
//!
//! `cwmpd help rows` (`etc/cwmpd/ROWS.md`) lists the keys. A variable or field is of the device that is
//! the innermost instance; where the row stands in no table, of the first device that has it. Instance
//! numbers of devices are Luup's, which it never uses twice.
//!
//! * Nothing is known before the engine has answered once, nor of a device that it does not tell of
//!   at the moment.
//! * A value that does not fit the type of its row is not taken: the last good one stays. Not so
//!   behind a filter, where the type is not that of Luup's text.
//! * Variables, `value.value`, and name, room and `disabled` of a device can be written: a job has the
//!   engine take them before the rest of a change is made.

use std::cell::RefCell;
use std::rc::Rc;

use super::Home;
use crate::datamodel::source::{
    Declaration, Instance, Listed, Reading, Slot, Source, SourceError, Taking,
};

/// The values of a [`Home`], which the agent shares to bring it up to date.
#[derive(Debug)]
pub struct LuupSource(pub Rc<RefCell<Home>>);

impl Source for LuupSource {
    fn declare(&mut self, row: &Declaration<'_>, key: &str) -> Result<Slot, String> {
        self.0.borrow_mut().declare(row, key)
    }

    fn get(&mut self, slot: Slot, at: &[Instance<'_>]) -> Reading<'_> {
        let mut home = self.0.borrow_mut();
        home.catch_up();
        home.value(slot, at).into_owned()
    }

    fn has_pulsed(&self, slot: Slot, at: &[Instance<'_>]) -> bool {
        self.0.borrow().has_pulsed(slot, at)
    }

    fn pulses_seen(&mut self) {
        self.0.borrow_mut().pulses_seen();
    }

    fn list(&mut self, slot: Slot, at: &[Instance<'_>], _known: &[&str]) -> Option<Vec<Listed>> {
        let mut home = self.0.borrow_mut();
        home.catch_up();
        home.list(slot, at)
    }

    fn keeps_reports(&self, slot: Slot) -> bool {
        self.0.borrow().keeps_reports(slot)
    }

    fn stage(&mut self, slot: Slot, at: &[Instance<'_>], value: &str) -> Result<(), SourceError> {
        let names: Vec<Box<str>> = at.iter().map(|instance| instance.name().into()).collect();
        self.0.borrow().check(slot, &names, value)
    }

    fn taking(&self) -> Taking {
        Taking::Elsewhere
    }

    fn took(&mut self, slot: Slot, at: &[Instance<'_>], value: &str) {
        self.0.borrow_mut().took(slot, at, value);
    }
}

#[cfg(test)]
mod tests;
