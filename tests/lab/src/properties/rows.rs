//! Model and state files.

use cwmpd::datamodel::csv;
use cwmpd::datamodel::filter::Definition;
use cwmpd::datamodel::row::Row;
use cwmpd::datamodel::schema::Schema;

/// No file panics, and the rows that could be read are written so that they are read as the same.
/// They can be linked to a description, which names what is left out of it. What their filters
/// write reads back.
pub fn rows(file: &[u8]) {
    let parsed = csv::parse(file);
    let rows: Vec<_> = parsed.rows.into_iter().map(|(_, row)| row).collect();
    let written = csv::format_file(&rows);
    let again = csv::parse(written.as_bytes());
    assert!(again.errors.is_empty(), "{:?}", again.errors);
    assert_eq!(again.trailer, csv::Trailer::Good);
    let again: Vec<_> = again.rows.into_iter().map(|(_, row)| row).collect();
    assert_eq!(csv::format_file(&again), written);
    rows.iter().for_each(filters);
    let count = rows.len();
    let (_, found) = Schema::build("Device.", rows, &mut Vec::new());
    assert!(found.iter().all(|finding| finding.row < count));
}

fn filters(row: &Row) {
    let (text, value) = (row.definition.as_deref(), row.value.as_deref());
    let (Some(Ok(definition)), Some(value)) = (text.map(Definition::parse), value) else {
        return;
    };
    for filter in definition.alternatives.iter().flat_map(|a| &a.filters) {
        let told = filter.invert(value);
        let shown = told.as_deref().and_then(|told| filter.apply(told));
        // A time comes back in UTC.
        if told.is_some() && filter.name() != "epoch" {
            assert_eq!(shown.as_deref(), Some(value), "{filter:?}");
        }
        let _ = filter.apply(value);
    }
}
