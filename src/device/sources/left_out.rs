//! In place of a kind of source that the build is without: its rows have no value, so that what stands
//! behind ` || ` is shown.

use crate::datamodel::source::{Declaration, Instance, Listed, Reading, Slot, Source};

/// A source that takes any key and never has a value.
pub struct LeftOutSource;

impl Source for LeftOutSource {
    fn declare(&mut self, row: &Declaration<'_>, _key: &str) -> Result<Slot, String> {
        match row.writable {
            true => Err("this build is without that source".to_owned()),
            false => Ok(Slot::new(0)),
        }
    }

    fn get(&mut self, _slot: Slot, _at: &[Instance<'_>]) -> Reading<'_> {
        Reading::Absent
    }

    fn list(&mut self, _slot: Slot, _at: &[Instance<'_>], _known: &[&str]) -> Option<Vec<Listed>> {
        Some(Vec::new())
    }

    fn keeps_reports(&self, _slot: Slot) -> bool {
        true
    }
}
