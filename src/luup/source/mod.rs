//! The source `luup` of the data model.
//!
//! | key | value |
//! |---|---|
//! | `SERVICE/VARIABLE` | a variable of the device that is the innermost instance number of the path; of the first device that has it where the row stands in no table. SERVICE in full or only its last part: `ZWaveDevice1/WakeupInterval` |
//! | `device.FIELD` | a field of that device: `id` and `status` always, `altid`, `name`, `room`, `id_parent`... from `id=user_data` |
//! | `nodes` | a table: the Z-Wave nodes; instance numbers are Luup's device numbers, which it never uses twice |
//! | `children` | a table: the devices below the enclosing one |
//!
//! Variables, `device.name` and `device.room` can be written; a job does it later, so until then
//! the model keeps the wanted value.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

use super::Home;
use super::key::Key;
use crate::datamodel::source::{Source, SourceError};

/// Longest value written: it travels in the URL, of which Luup reads one line.
pub const MAX_VALUE_BYTES: usize = 4096;

/// The values of a [`Home`], which the agent shares to bring it up to date.
#[derive(Debug)]
pub struct LuupSource(pub Rc<RefCell<Home>>);

impl Source for LuupSource {
    fn declare(&mut self, key: &str, numeric: bool) -> Result<(), String> {
        let key = Key::parse(key)?;
        self.0.borrow_mut().declare(key, numeric);
        Ok(())
    }

    fn get(&mut self, key: &str, at: &[u32]) -> Option<Cow<'_, str>> {
        let key = Key::parse(key).ok()?;
        let home = self.0.borrow();
        home.value(key, at)
            .map(|value| Cow::Owned(value.to_owned()))
    }

    fn rows(&mut self, key: &str, at: &[u32]) -> Option<Vec<u32>> {
        self.0.borrow().rows(Key::parse(key).ok()?, at)
    }

    fn stage(&mut self, key: &str, _at: &[u32], value: &str) -> Result<(), SourceError> {
        match Key::parse(key) {
            Ok(key) if !key.writable() => Err(SourceError::ReadOnly),
            Ok(_) if value.len() > MAX_VALUE_BYTES => Err(SourceError::BadValue(format!(
                "Luup takes at most {MAX_VALUE_BYTES} bytes"
            ))),
            Ok(_) => Ok(()),
            Err(_) => Err(SourceError::ReadOnly),
        }
    }

    fn deferred(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests;
