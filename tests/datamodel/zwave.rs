//! `etc/cwmpd/zwave.csv` against the model of a Z-Wave home it was taken from.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use cwmpd::base::xsd::XsdType;
use cwmpd::datamodel::model::Model;
use cwmpd::datamodel::row::{Row, RowKind};
use cwmpd::datamodel::schema::Schema;
use cwmpd::datamodel::source::Sources;
use cwmpd::datamodel::types::ParamType;
use cwmpd::luup::{FetchScope, Home, LuupSource, Snapshot};
use cwmpd_lab::{Folder, shared};

use crate::rows::{Shipped, rows};

fn zwave() -> Vec<Shipped> {
    let rows = rows().into_iter();
    rows.filter(|row| row.file == "zwave.csv").collect()
}

/// The key of a row's source, without filters.
fn key(row: &Row) -> Option<&str> {
    row.definition
        .as_deref()?
        .strip_prefix("luup:")?
        .split('|')
        .next()
}

fn luup(home: &Rc<RefCell<Home>>) -> Sources {
    vec![("luup", Box::new(LuupSource(Rc::clone(home))))]
}

/// Name, type, access, source.
type Direct = (String, &'static str, bool, String);

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
            let base = XsdType::from_local_name(columns[1]).unwrap();
            let service = columns[4].rsplit(':').next().unwrap();
            let source = match service {
                "device" => format!("device.{}", columns[5]),
                service => format!("{service}/{}", columns[5]),
            };
            let name = columns[0].strip_prefix("Device.").unwrap();
            (name.to_owned(), base.as_str(), columns[2] == "RW", source)
        })
        .collect();
    assert_eq!(wanted.len(), 38);
    let rows = zwave();
    let parameters = rows
        .iter()
        .filter_map(|row| Some((row, row.param_type()?.xsd().as_str())));
    let direct = parameters.filter_map(|(row, base)| {
        let source = key(row)?.to_owned();
        Some((row.path.clone(), base, row.writable, source))
    });
    assert_eq!(direct.collect::<BTreeSet<Direct>>(), wanted);
}

#[test]
fn every_source_of_the_rows_makes_sense_to_luup() {
    let home = Rc::default();
    let rows = zwave().iter().map(|row| Row::clone(row)).collect();
    let (_, found) = Schema::build("Device.", rows, &mut luup(&home));
    assert_eq!(found, []);
    let fetch = home.borrow_mut().begin_fetch();
    assert!(matches!(fetch.wanted(), FetchScope::All(_)));
}

#[test]
fn the_rows_have_values_from_stored_answers() {
    let (Some(status), Some(user_data)) = (
        shared::text("luup/samples/openluup_status_small.json"),
        shared::text("luup/samples/openluup_user_data_small.json"),
    ) else {
        return;
    };
    // As texts, so that no value can be told from 0.
    let texts = zwave().into_iter().map(|row| {
        let mut row = Row::clone(&row);
        if key(&row).is_some() && !row.name.ends_with('.') {
            row.kind = RowKind::Parameter(ParamType::of(XsdType::String));
        }
        row.to_line() + "\n"
    });
    let folder = Folder::new("zwave");
    folder.file("zwave.csv", texts.collect::<String>());
    let home: Rc<RefCell<Home>> = Rc::default();
    let mut model = Model::open(folder.path(), "Device.", luup(&home)).unwrap();
    let fetch = home.borrow_mut().begin_fetch();
    let snapshot = Snapshot::read([Ok(&status), Ok(&user_data)]).unwrap();
    let view = fetch.view(snapshot);
    home.borrow_mut().update(fetch, Ok(view));
    model.refresh();
    let direct: BTreeSet<String> = zwave()
        .iter()
        .filter(|row| key(row).is_some())
        .map(|row| row.path.clone())
        .collect();
    let mut filled = BTreeSet::new();
    let mut see = |path: &str, _, value: &str| {
        let parts = path
            .split('.')
            .skip(1)
            .map(|part| match part.parse::<u32>() {
                Ok(_) => "{i}",
                Err(_) => part,
            });
        let path = parts.collect::<Vec<_>>().join(".");
        if !value.is_empty() && direct.contains(&path) {
            filled.insert(path);
        }
    };
    model.values("Device.", &mut see).unwrap();
    // No node of this home has a manual route, an association or a failed poll to tell of.
    assert_eq!(filled.len(), 34, "{filled:#?}");
}
