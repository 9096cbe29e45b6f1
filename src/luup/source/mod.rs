//! The source `luup` of the data model.
//!
//! | key | value |
//! |---|---|
//! | `SERVICE/VARIABLE` | a variable of the device that is the innermost instance; of the first device that has it where the row stands in no table. SERVICE in full or only its last part: `ZWaveDevice1/WakeupInterval` |
//! | `device.FIELD` | a field of that device: `id` and `status` always, `altid`, `name`, `room`, `id_parent`... from `id=user_data` |
//! | `nodes` | a table: the Z-Wave nodes; instance numbers are Luup's device numbers, which it never uses twice |
//! | `children` | a table: the devices below the enclosing one |
//!
//! * Nothing is known before the engine has answered once, nor of a device that it does not tell of
//!   at the moment.
//! * A value that does not fit the type of its row is not taken: the last good one stays. Not so
//!   behind a filter, where the type is not that of Luup's text.
//! * Variables, `device.name` and `device.room` can be written; a job does it later, so until then
//!   the model keeps the wanted value.

use std::cell::RefCell;
use std::rc::Rc;

use super::Home;
use crate::datamodel::source::{Declaration, Instance, Listed, Reading, Slot, Source, SourceError};

/// Longest value written: it travels in the URL, of which Luup reads one line.
pub const MAX_VALUE_BYTES: usize = 4096;

/// The values of a [`Home`], which the agent shares to bring it up to date.
#[derive(Debug)]
pub struct LuupSource(pub Rc<RefCell<Home>>);

impl Source for LuupSource {
    fn declare(&mut self, row: &Declaration<'_>, key: &str) -> Result<Slot, String> {
        self.0.borrow_mut().declare(row, key)
    }

    fn get(&mut self, slot: Slot, at: &[Instance<'_>]) -> Reading<'_> {
        self.0.borrow().value(slot, at).into_owned()
    }

    fn list(&mut self, slot: Slot, at: &[Instance<'_>], _known: &[&str]) -> Option<Vec<Listed>> {
        self.0.borrow().list(slot, at)
    }

    fn stage(&mut self, slot: Slot, at: &[Instance<'_>], value: &str) -> Result<(), SourceError> {
        if value.len() > MAX_VALUE_BYTES {
            let why = format!("Luup takes at most {MAX_VALUE_BYTES} bytes");
            return Err(SourceError::BadValue(why));
        }
        let home = self.0.borrow();
        let names: Vec<Box<str>> = at.iter().map(|instance| instance.name().into()).collect();
        match home.target(slot, &names) {
            Err(error) if home.is_known() => Err(SourceError::Failed(error.to_string())),
            // While the engine has not answered yet, nobody can tell.
            _ => Ok(()),
        }
    }

    fn deferred(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests;
