//! How large a state is, and whether two are the same.

use crate::datamodel::csv::Crc32;
use crate::datamodel::row::Row;

/// What the rows of a state add up to, in any order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Footprint {
    /// Bytes of their lines, line ends included.
    pub bytes: usize,
    /// The sum, modulo 2^32, of the checksums of their lines.
    pub sum: u32,
}

impl Footprint {
    /// That of these rows.
    pub fn of(rows: &[Row]) -> Self {
        let mut footprint = Self::default();
        for row in rows {
            footprint.add(&row.to_line());
        }
        footprint
    }

    /// Takes the line of one more row in.
    pub fn add(&mut self, line: &str) {
        self.bytes += line.len() + 1;
        self.sum = self.sum.wrapping_add(Crc32::of(line));
    }
}
