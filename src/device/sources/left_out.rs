//! In place of a kind of source that the build is without.

use crate::base::parts;
use crate::datamodel::source::{Declaration, Instance, Listed, Reading, Slot, Source};

/// A source that never has a value.
#[derive(Debug)]
pub struct LeftOutSource {
    /// What the build is without; also the kind of the source.
    pub part: &'static str,
    /// Its rows have another source behind ` || `, which is shown then. Else they are refused, with
    /// the reason, as is a row that can be written.
    pub has_others: bool,
}

impl Source for LeftOutSource {
    fn declare(&mut self, row: &Declaration<'_>, _key: &str) -> Result<Slot, String> {
        match self.has_others && !row.writable {
            true => Ok(Slot::new(0)),
            false => Err(parts::left_out(self.part).unwrap_or_default()),
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
