use proptest::prelude::*;

use super::*;
use crate::base::xsd::XsdType;

fn parse(line: &str) -> Row {
    Row::parse(line).unwrap_or_else(|error| panic!("{line}: {error}"))
}

fn refused_column(line: &str) -> u8 {
    Row::parse(line).expect_err(line).column
}

fn string() -> RowKind {
    RowKind::Parameter(ParamType::of(XsdType::String))
}

#[test]
fn rows_of_the_report_load_as_they_are_printed() {
    let enable = parse("ManagementServer.STUNEnable;BOOLEAN;0;1;0;0;1;0;0;1;0;0");
    let boolean = RowKind::Parameter(ParamType::of(XsdType::Boolean));
    assert_eq!(enable.kind, boolean);
    assert!(enable.writable && enable.forced && !enable.denied && !enable.hidden);
    assert_eq!(enable.value.as_deref(), Some("1"));
    let address = parse("ManagementServer.UDPConnectionRequestAddress;STRING;0;0;1;2;1;0;0;0;0");
    assert_eq!(address.kind, string());
    assert_eq!((address.immediate, address.notification), (1, 2));
    assert!(!address.writable && address.forced);
    assert_eq!(address.access_list, Some(vec!["0".to_owned()]));
}

#[test]
fn missing_columns_are_empty_and_more_than_15_are_ignored() {
    assert_eq!(parse("A.B;STRING"), Row::new("A.B", string()));
    let long = parse("A.B;STRING;0;0;0;0;0;0;;v;0;0;b;k;d;more;and more");
    assert_eq!(long.definition.as_deref(), Some("d"));
}

#[test]
fn the_spellings_of_the_original_are_read() {
    let row = parse("A.B; string ;1;W;Y;1;Y;y;_,Subscriber, Any");
    assert!(row.writable && row.forced && row.denied && row.hidden);
    assert_eq!((row.immediate, row.storage), (1, Storage::System));
    let entities = vec!["Subscriber".to_owned(), "Any".to_owned()];
    assert_eq!(row.access_list, Some(entities));
    assert!(parse("A.B;5;0;9").writable);
    assert!(!parse("A.B;5;0;R").writable);
    assert_eq!(parse("A.B;5;0;0;0;0;0;0;_").access_list, None);
}

#[test]
fn both_spellings_of_a_prototype_are_one() {
    for (written, read) in [
        ("A.B..X", "A.B.{i}.X"),
        ("A.B.{i}.X", "A.B.{i}.X"),
        ("A.B..C..Y", "A.B.{i}.C.{i}.Y"),
        ("A.B.7.X", "A.B.7.X"),
        ("X_ORANGE-COM_Max", "X_ORANGE-COM_Max"),
    ] {
        assert_eq!(parse(&format!("{written};STRING")).name, read);
    }
    for (written, read) in [
        ("", ""),
        ("A.B.", "A.B."),
        ("A.B..", "A.B.{i}."),
        ("A.B.{i}.", "A.B.{i}."),
    ] {
        let object = parse(&format!("{written};ANY:4"));
        assert_eq!(object.name, read);
        assert_eq!(object.kind, RowKind::Object { last_instance: 4 });
    }
}

#[test]
fn what_is_no_name_is_refused() {
    for name in [
        ".", "..", ".A", "{i}.A", "1.A", "A b", "A.0.B", "A.01.B", "A.é", "A.B!Sum", "A.{j}.B",
    ] {
        assert_eq!(refused_column(&format!("{name};STRING")), 1, "{name}");
    }
    assert_eq!(
        refused_column(&format!("{};STRING", "A".repeat(MAX_NAME + 1))),
        1
    );
    // Found by fuzzing: short with `..`, too long as it is written back, with `{i}`.
    assert_eq!(refused_column(&format!("A{}X;STRING", ".".repeat(200))), 1);
    assert_eq!(refused_column("A.99999999999.B;STRING"), 1);
}

#[test]
fn a_hidden_row_may_have_a_name_of_its_own() {
    assert_eq!(parse("A.B!Sum;UINT;0;0;0;0;0;0;_").name, "A.B!Sum");
    assert_eq!(parse("Record.0.x;STRING;0;0;0;0;0;0;_").name, "Record.0.x");
}

#[test]
fn a_bad_column_is_named() {
    assert_eq!(refused_column("A.B"), 2);
    assert_eq!(refused_column("A.B;STRNG"), 2);
    assert_eq!(refused_column("A.;STRING"), 2);
    assert_eq!(refused_column("A.;ANY:x"), 2);
    assert_eq!(refused_column("A.B;STRING;4"), 3);
    assert_eq!(refused_column("A.B;STRING;0;X"), 4);
    assert_eq!(refused_column("A.B;STRING;0;0;4"), 5);
    assert_eq!(refused_column("A.B;STRING;0;0;0;7"), 6);
    assert_eq!(refused_column("A.B;STRING;0;0;0;0;2x"), 7);
    assert_eq!(refused_column("A.B;STRING;0;0;0;0;0;maybe"), 8);
    assert_eq!(refused_column("A.B;STRING;0;0;0;0;0;0;;;256"), 11);
    assert_eq!(refused_column("A.B;STRING;0;0;0;0;0;0;;;0;-1"), 12);
}

#[test]
fn w01_values_of_any_length_come_back() {
    for length in [800, 1000, 5000, 60_000] {
        let mut row = Row::new("A.B", string());
        row.value = Some("x;".repeat(length / 2));
        assert_eq!(parse(&row.to_line()), row);
    }
}

#[test]
fn w02_a_value_beyond_ascii_comes_back_and_stays_readable() {
    let mut row = Row::new("A.B", string());
    row.value = Some("Küche 台所".to_owned());
    assert!(row.to_line().contains("Küche 台所"));
    assert_eq!(parse(&row.to_line()), row);
}

#[test]
fn w11_a_state_of_two_digits_is_read_back() {
    for state in [1, 2, 16, 17, 24, 31] {
        let mut row = Row::new("A.B", string());
        row.state = state;
        assert_eq!(parse(&row.to_line()).state, state);
    }
}

fn texts() -> impl Strategy<Value = Option<String>> {
    prop::option::of(".+")
}

prop_compose! {
    fn rows()(
        (name, hidden) in prop_oneof![
            ("[A-Z][a-z_-]{0,9}(\\.([1-9][0-9]{0,8}|\\{i\\}))?\\.[A-Z]{1,9}", Just(false)),
            ("[A-Z](\\.[0-9a-z!]{1,5}){1,3}", Just(true)),
        ],
        last_instance in prop::option::of(any::<u32>()),
        (digits, flags) in ((0_u8..4, 0_u8..7, any::<u8>(), any::<u16>()), any::<[bool; 3]>()),
        storage in prop::sample::select(vec![Storage::Stored, Storage::System, Storage::Mixed, Storage::Computed]),
        access_list in prop::option::of(prop::collection::vec(".+", 1..4)),
        (value, backup, config_key, definition) in (texts(), texts(), texts(), texts()),
    ) -> Row {
        let (name, kind) = match last_instance {
            Some(last_instance) => (name + ".", RowKind::Object { last_instance }),
            None => (name, string()),
        };
        let ((immediate, notification, loading, state), [writable, forced, denied]) = (digits, flags);
        Row {
            name, kind, storage, writable, immediate, notification, forced, denied, access_list,
            hidden, value, loading, state, backup, config_key, definition,
        }
    }
}

proptest! {
    #[test]
    fn every_row_comes_back(row in rows()) {
        let line = row.to_line();
        prop_assert!(!line.contains(['\n', '\r']));
        prop_assert_eq!(Row::parse(&line), Ok(row));
    }

    #[test]
    fn what_is_read_is_written_and_read_the_same(line in "[A-C.1{i};_:0-9STRINGANY%-]{0,40}|.*") {
        if let Ok(row) = Row::parse(&line) {
            prop_assert_eq!(Row::parse(&row.to_line()), Ok(row));
        }
    }
}
