//! The source `ubus` on answers as the lab writes them.

use std::time::Duration;

use cwmpd::base::xsd::XsdType;
use cwmpd::datamodel::row::Row;
use cwmpd::datamodel::source::{Declaration, Instance, Reading, Source as _};
use cwmpd::datamodel::types::ParamType;
use cwmpd::device::sources::ubus::UbusSource;
use cwmpd::device::ubus::{UbusError, UbusTable};
use cwmpd_lab::ubus::{BusValue, hostile, objects, table};
use proptest::prelude::*;

use crate::uci_source::called;

const STRING: ParamType = ParamType::of(XsdType::String);

/// A source that was told this for its only method.
fn told(key: &str, answer: &BusValue, at: &[Instance<'_>]) -> Reading<'static> {
    let mut source = UbusSource::default();
    let row = Declaration {
        kind: Some(&STRING),
        filtered: false,
        tables: at.len(),
        writable: false,
    };
    let slot = source.declare(&row, key).unwrap();
    let answer = UbusTable::read(&answer.encoded()).unwrap();
    source.take(0, Ok(answer), Duration::ZERO);
    source.get(slot, at).into_owned()
}

/// The paths of all plain values in an answer.
fn paths(value: &BusValue, path: &str, found: &mut Vec<String>) {
    let below = |name: &str| match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    };
    match value {
        BusValue::Table(members) => {
            for (name, member) in members {
                paths(member, &below(name), found);
            }
        }
        BusValue::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                paths(item, &below(&number.to_string()), found);
            }
        }
        _ => found.push(path.to_owned()),
    }
}

#[test]
fn b21_every_plain_value_is_found_by_its_path_and_shown_as_ubus_call_shows_it() {
    for answer in [
        objects::board_today(),
        objects::board_14_07(),
        objects::info_today(),
        objects::info_14_07(),
        objects::lan(),
        objects::dump(),
    ] {
        let mut found = Vec::new();
        paths(&answer, "", &mut found);
        assert!(found.len() > 8);
        for path in found {
            let shown = answer.at(&path).unwrap();
            let reading = told(&format!("o.m:{path}"), &answer, &[]);
            assert_eq!(reading.value(), Some(&*shown), "{path}");
        }
    }
}

#[test]
fn b21_the_same_is_found_by_the_name_of_an_instance() {
    let dump = objects::dump();
    let mut source = UbusSource::default();
    let table = Declaration {
        kind: None,
        filtered: false,
        tables: 0,
        writable: false,
    };
    let key = "network.interface.dump:interface.@interface";
    let slot = source.declare(&table, key).unwrap();
    let answer = UbusTable::read(&dump.encoded()).unwrap();
    source.take(0, Ok(answer), Duration::ZERO);
    let listed = source.list(slot, &[], &[]).unwrap();
    for (number, listed) in listed.iter().enumerate() {
        let at = [called(&listed.identity)];
        for member in ["up", "proto", "uptime", "ipv4-address.0.address"] {
            let key = format!("{key}={{i}}.{member}");
            let shown = dump.at(&format!("interface.{number}.{member}"));
            assert_eq!(told(&key, &dump, &at), Reading::of(shown), "{member}");
        }
    }
    assert_eq!(listed.len(), 3);
}

/// The keys of `ubus:` in the rows that are shipped.
fn shipped() -> Vec<String> {
    let mut keys = Vec::new();
    for folder in ["etc/cwmpd", "etc/cwmpd-igd"] {
        let path = format!("{}/{folder}/deviceinfo.csv", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        let rows = text.lines().filter(|line| !line.starts_with('#'));
        for row in rows.map(|line| Row::parse(line).unwrap()) {
            let definition = row.definition.unwrap_or_default();
            let alternatives = definition.split(" || ");
            keys.extend(alternatives.filter_map(|key| key.strip_prefix("ubus:").map(String::from)));
        }
    }
    keys
}

#[test]
fn b21_what_the_shipped_rows_name_is_there_of_14_07_all_but_the_board_name() {
    let keys = shipped();
    assert_eq!(keys.len(), 2 * 6, "{keys:?}");
    for key in &keys {
        let path = key.strip_prefix("system.board:").unwrap();
        for board in [objects::board_today(), objects::board_14_07()] {
            let shown = board.at(path);
            assert!(shown.is_some() || path == "board_name", "{path}");
            assert_eq!(told(key, &board, &[]), Reading::of(shown), "{path}");
        }
    }
}

#[test]
fn b22_great_answers_are_taken_and_take_nothing_away() {
    let mut source = UbusSource::default();
    let row = Declaration {
        kind: Some(&STRING),
        filtered: false,
        tables: 0,
        writable: false,
    };
    let slot = source
        .declare(&row, "system.board:release.version")
        .unwrap();
    let mut take = |answer: Result<UbusTable, UbusError>| {
        source.take(0, answer, Duration::ZERO);
        source.get(slot, &[]).into_owned()
    };
    let board = UbusTable::read(&objects::board_today().encoded()).unwrap();
    assert_eq!(take(Ok(board)).value(), Some("24.10.1"));
    for release in [
        hostile::huge(100_000),
        hostile::deep(20),
        hostile::wide(9_000),
    ] {
        let odd = table([("release", table([("version", release)]))]);
        let odd = UbusTable::read(&odd.encoded()).unwrap();
        assert_eq!(take(Ok(odd)).value(), Some("24.10.1"));
    }
}

fn anything() -> impl Strategy<Value = BusValue> {
    let leaf = prop_oneof![
        Just(BusValue::Nothing),
        any::<bool>().prop_map(BusValue::Bool),
        any::<i64>().prop_map(BusValue::Int64),
        any::<f64>().prop_map(BusValue::Double),
        "[a-c,%.]{0,3}".prop_map(BusValue::Text),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(BusValue::Array),
            prop::collection::vec(("[a-c]?", inner), 0..4).prop_map(BusValue::Table),
        ]
    })
}

proptest! {
    #[test]
    fn b22_no_key_and_no_answer_makes_it_panic(
        answer in anything(),
        path in "[a-c0-2.@={}i\\\\]{0,12}",
        name in "[a-c.]{0,3}",
    ) {
        let mut source = UbusSource::default();
        let answer = UbusTable::read(&table([("a", answer)]).encoded()).unwrap();
        for kind in [Some(&STRING), None] {
            let row = Declaration { kind, filtered: false, tables: 1, writable: false };
            if let Ok(slot) = source.declare(&row, &format!("o.m:{path}")) {
                source.take(0, Ok(answer.clone()), Duration::ZERO);
                source.get(slot, &[called(&name)]);
                source.list(slot, &[called(&name)], &[]);
            }
        }
    }
}
