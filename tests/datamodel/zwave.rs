//! `etc/cwmpd/zwave.csv` against the model of a Z-Wave home it was taken from.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use crate::rows::{Row, rows};
use cwmpd::datamodel::source::Source;
use cwmpd::luup::{Home, LuupSource, Snapshot};
use cwmpd_lab::shared;

fn zwave() -> Vec<Row> {
    let rows = rows().into_iter();
    rows.filter(|row| row.file == "zwave.csv").collect()
}

/// The key of a row's source, without filters.
fn key(row: &Row) -> Option<&str> {
    row.column(15).strip_prefix("luup:")?.split('|').next()
}

/// Name, type, access, source.
type Direct = (String, String, bool, String);

#[test]
fn the_38_direct_rows_are_there_with_their_type_access_and_source() {
    let Some(model) = shared::text("luup/zwave_model.csv") else {
        return;
    };
    let wanted: BTreeSet<Direct> = model
        .lines()
        .map(|line| line.split(';').collect::<Vec<_>>())
        .filter(|columns| columns[3] == "direct")
        .map(|columns| {
            let base = match columns[1] {
                "unsignedInt" => "UINT",
                "int" => "INT",
                "boolean" => "BOOLEAN",
                "string" => "STRING",
                other => panic!("{other}"),
            };
            let service = columns[4].rsplit(':').next().unwrap();
            let source = match service {
                "device" => format!("device.{}", columns[5]),
                service => format!("{service}/{}", columns[5]),
            };
            let name = columns[0].strip_prefix("Device.").unwrap();
            (name.to_owned(), base.to_owned(), columns[2] == "RW", source)
        })
        .collect();
    assert_eq!(wanted.len(), 38);
    let ours: BTreeSet<Direct> = zwave()
        .iter()
        .filter(|row| row.kind().0 != "ANY")
        .filter_map(|row| {
            let source = key(row)?.to_owned();
            Some((
                row.name.clone(),
                row.kind().0.to_owned(),
                row.writable(),
                source,
            ))
        })
        .collect();
    assert_eq!(ours, wanted);
}

#[test]
fn every_source_of_the_rows_makes_sense_and_every_writable_one_takes_a_value() {
    let home = Rc::new(RefCell::new(Home::default()));
    let mut source = LuupSource(Rc::clone(&home));
    for row in zwave() {
        let Some(key) = key(&row) else { continue };
        let numeric = matches!(row.kind().0, "UINT" | "INT");
        source.declare(key, numeric).unwrap();
        let staged = source.stage(key, &[5], "1");
        assert_eq!(staged.is_ok(), key.contains('/') || row.writable(), "{key}");
    }
    assert!(home.borrow().needs_user_data());
}

#[test]
fn the_rows_have_values_from_stored_answers() {
    let (Some(status), Some(user_data)) = (
        shared::text("luup/samples/openluup_status_small.json"),
        shared::text("luup/samples/openluup_user_data_small.json"),
    ) else {
        return;
    };
    let mut home = Home::default();
    home.update(Snapshot::read(&status, Some(&user_data)));
    let mut source = LuupSource(Rc::new(RefCell::new(home)));
    let nodes = source.rows("nodes", &[]).unwrap();
    let mut filled = BTreeSet::new();
    for row in zwave().iter().filter(|row| row.kind().0 != "ANY") {
        let Some(key) = key(row) else { continue };
        let places: Vec<Vec<u32>> = match row.name.matches("{i}").count() {
            0 => vec![vec![]],
            1 => nodes.iter().map(|node| vec![*node]).collect(),
            _ => vec![vec![20, 22]],
        };
        if places.iter().any(|at| source.get(key, at).is_some()) {
            filled.insert(row.name.clone());
        }
    }
    // No node of this home has a manual route, an association or a failed poll to tell of.
    assert_eq!(filled.len(), 34);
}
