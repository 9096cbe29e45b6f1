//! Model and state files.

use cwmpd::datamodel::csv;

/// No file panics, and the rows that could be read are written so that they are read as the same.
pub fn rows(file: &[u8]) {
    let parsed = csv::parse(file);
    let rows: Vec<_> = parsed.rows.into_iter().map(|(_, row)| row).collect();
    let written = csv::format_file(&rows);
    let again = csv::parse(written.as_bytes());
    assert!(again.errors.is_empty(), "{:?}", again.errors);
    assert_eq!(again.trailer, csv::Trailer::Good);
    let again: Vec<_> = again.rows.into_iter().map(|(_, row)| row).collect();
    assert_eq!(csv::format_file(&again), written);
}
