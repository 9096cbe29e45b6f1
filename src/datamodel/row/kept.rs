//! Rows that were kept, perhaps by another version of the program than reads them.
//!
//! What a newer one may do, and this one understands or at least gives back: further types in column
//! 2, further words in columns that the description has as well, columns behind the 15th, and whole
//! lines of its own.

use super::{Row, RowError, RowKind};
use crate::base::xsd::XsdType;
use crate::datamodel::csv::Crc32;
use crate::datamodel::types::ParamType;

/// Hidden rows of this stem carry lines that this version cannot read.
const UNREAD_STEM: &str = "X_CWMPD_Unread.";

/// How many columns a row has.
const COLUMNS: usize = 15;

/// The longest line that is carried along: coded once more it still fits a line.
const MAX_CARRIED: usize = crate::datamodel::csv::MAX_LINE_BYTES / 4;

impl Row {
    /// Reads a line of a state file. Columns that the description says anyway need not be
    /// understood; of the others depends what was chosen.
    ///
    /// # Errors
    /// As [`Row::parse`].
    pub fn parse_kept(line: &str) -> Result<Self, RowError> {
        let row = Self::parse(line).or_else(|error| Self::parse_in_part(line).ok_or(error))?;
        match &row.value {
            // Another version could not read it.
            Some(line) if row.name.starts_with(UNREAD_STEM) => {
                let read = Self::parse(line).ok();
                Ok(read.or_else(|| Self::parse_in_part(line)).unwrap_or(row))
            }
            _ => Ok(row),
        }
    }

    fn parse_in_part(line: &str) -> Option<Self> {
        let mut columns: Vec<&str> = line.split(';').take(COLUMNS).collect();
        let is_object = columns.first()?.trim_ascii().ends_with('.');
        loop {
            let error = match Self::parse(&columns.join(";")) {
                Ok(row) => return Some(row),
                Err(error) => error,
            };
            let (usual, is_said_elsewhere) = match error.column {
                // Of an object it says which numbers were used.
                2 => ("ANY", !is_object),
                3..=5 | 7 | 8 | 11 => ("", true),
                _ => ("", false),
            };
            let column = usize::from(error.column).checked_sub(1)?;
            let column = columns.get_mut(column).filter(|_| is_said_elsewhere)?;
            if *column == usual {
                return None;
            }
            *column = usual;
        }
    }

    /// A line that is no row, as one: it is carried along for a version that can read it. `None`
    /// where it is too long.
    pub fn unread(line: &str) -> Option<Self> {
        let kind = RowKind::Parameter(ParamType::of(XsdType::String));
        let name = format!("{UNREAD_STEM}{:X}", Crc32::of(line));
        (line.len() <= MAX_CARRIED).then(|| Self {
            hidden: true,
            value: Some(line.to_owned()),
            ..Self::new(name, kind)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b12_columns_of_a_newer_version_that_the_description_has_as_well_are_passed_over() {
        for line in [
            "A.B;UUID:4;stored;rw;now;1;;;;mine;;1216;old",
            "A.B;STRING;flash;rw,owner;1;1;always;never;;mine;x;1216;old",
            "A.B;STRING;0;1;1;1;0;0;;mine;0;1216;old;;;more;and;more",
        ] {
            assert!(Row::parse(line).is_err(), "{line}");
            let row = Row::parse_kept(line).unwrap();
            let (value, state) = (row.value.as_deref(), row.state);
            assert_eq!((value, state, row.notification), (Some("mine"), 1216, 1));
            assert_eq!(row.backup.as_deref(), Some("old"), "{line}");
        }
        for line in ["A.B;STRING;0;1;1;9;;;;mine", "A.;ANY:many", "a b;STRING"] {
            assert_eq!(Row::parse_kept(line), Row::parse(line), "{line}");
        }
    }

    #[test]
    fn b12_a_line_that_cannot_be_read_comes_back_to_who_can() {
        let odd = "%rename A.B;to=A.C;%3B é";
        assert!(Row::parse_kept(odd).is_err());
        let carried = Row::unread(odd).unwrap();
        let again = Row::parse_kept(&carried.to_line()).unwrap();
        assert_eq!(again, carried);
        assert_eq!(again.value.as_deref(), Some(odd));
        // As if this version could not read what it can.
        let row = "A.B;STRING;0;1;1;1;0;0;;mine;0;1216";
        let carried = Row::unread(row).unwrap().to_line();
        assert_eq!(Row::parse_kept(&carried), Row::parse(row));
        assert_eq!(Row::unread(&"x".repeat(MAX_CARRIED + 1)), None);
    }
}
