use proptest::prelude::*;

use super::*;
use crate::base::decimal::Decimal;
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
fn f17_missing_columns_are_empty_and_more_than_15_are_refused() {
    assert_eq!(parse("A.B;STRING"), Row::new("A.B", string()));
    let long = parse("A.B;STRING;0;0;0;0;0;0;;v;0;0;b;k;d;; ;");
    assert_eq!(long.definition.as_deref(), Some("d"));
    let error = Row::parse("A.B;STRING;1;0;;;;;;;;;;;file:/a|item(2,\";\")").unwrap_err();
    assert!(error.to_string().contains("%3B"), "{error}");
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
fn words_say_what_digits_say() {
    for (words, digits) in [
        ("A.B;STRING;stored;r;;off", "A.B;5;0;0;0;0;0;0"),
        (
            "A.B;STRING;source;rw;later;passive;inform;denied",
            "A.B;5;1;1;0;1;1;1",
        ),
        (
            "A.B;STRING;System;RW;Immediate;Active;INFORM;fixed",
            "A.B;5;1;1;1;2;1;1",
        ),
        ("A.B;STRING;mixed;w;y;light-passive", "A.B;5;2;1;1;3"),
        (
            "A.B;STRING;computed;r;statistic;passive+light-passive",
            "A.B;5;3;0;1;4",
        ),
        ("A.B;STRING;;r;cumulative;light-active", "A.B;5;;;2;5"),
        (
            "A.B;STRING;;;trigger;passive+light-active;n;n",
            "A.B;5;0;0;3;6;0;0",
        ),
    ] {
        assert_eq!(parse(words), parse(digits), "{words}");
        assert_eq!(parse(words).to_line(), parse(digits).to_line());
    }
}

#[test]
fn a_word_that_cannot_be_meant_is_refused() {
    for (line, column) in [
        ("A.B;STRING;flash", 3),
        ("A.B;STRING;0;rx", 4),
        ("A.B;STRING;0;r,w", 4),
        ("A.B;STRING;0;rw,", 4),
        ("A.B;STRING;0;r;immediate", 5),
        ("A.B;STRING;0;rw;trigger", 5),
        ("A.B;STRING;0;rw;now", 5),
        ("A.B;STRING;0;0;0;loud", 6),
        ("A.B;STRING;0;0;0;0;always", 7),
        ("A.B;STRING;0;0;0;passive;0;fixed", 8),
        ("A.B;STRING;0;0;0;active;0;denied", 8),
    ] {
        assert_eq!(refused_column(line), column, "{line}");
    }
    let error = Row::parse("A.B;STRING;flash").unwrap_err().to_string();
    assert!(error.contains("stored (0), source (1)"), "{error}");
}

#[test]
fn f15_a_row_says_that_it_is_secret() {
    for access in ["rw,secret", " Secret , RW ", "1,secret"] {
        let row = parse(&format!("A.B;STRING;0;{access}"));
        assert!(row.secret && row.writable && row.is_secret(), "{access}");
        assert_eq!(parse(&row.to_line()), row);
    }
    for access in ["secret", "r,secret", ",secret"] {
        let row = parse(&format!("A.B;STRING;0;{access}"));
        assert!(row.secret && !row.writable, "{access}");
    }
}

#[test]
fn f15_a_file_without_the_word_keeps_the_secrets_of_the_standard() {
    let old = parse("ManagementServer.Password;STRING;0;1;1;0;0;0;0;x;0;0");
    assert!(!old.secret && old.is_secret());
    for name in [
        "Password",
        "X_ORANGE-COM_RemotePassword",
        "WLANConfiguration.{i}.PreSharedKey.{i}.PreSharedKey",
        "WiFi.AccessPoint.1.WPS.PIN",
        "Routing.Babel.MACKeySet.{i}.MACKey.{i}.KeyValue",
        "USPAgent.ControllerTrust.Challenge.7.Value",
    ] {
        assert!(parse(&format!("{name};STRING")).is_secret(), "{name}");
    }
    for name in [
        "ManagementServer.Username",
        "Value",
        "A.{i}.Value",
        "A.PasswordLength",
    ] {
        assert!(!parse(&format!("{name};STRING")).is_secret(), "{name}");
    }
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
fn z43_behind_the_notification_stands_what_limits_it() {
    let limit = |column: &str| {
        let row = parse(&format!("A.B;UINT;0;0;0;{column}"));
        (row.notification, row.limit.map(|limit| limit.to_string()))
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(limit("active:60:0.50"), (2, some("60:0.5")));
    assert_eq!(limit("off:60"), (0, some("60")));
    assert_eq!(limit("1: 5 : 2 "), (1, some("5:2")));
    assert_eq!(limit("active::2"), (2, some("0:2")));
    assert_eq!(limit(":7"), (0, some("7")));
    for none in ["active", "active:0", "active:"] {
        assert_eq!(limit(none), (2, None), "{none}");
    }
    for bad in [
        "often:60",
        "active:x",
        "active:-1",
        "active:60:",
        "active:60:0",
        "active:60:-1",
        "active:1:2:3",
    ] {
        assert_eq!(refused_column(&format!("A.B;UINT;0;0;0;{bad}")), 6, "{bad}");
    }
}

#[test]
fn z43_a_step_is_how_far_a_number_moves_before_it_has_changed() {
    let row = parse("A.B;STRING;0;0;0;active:0:0.5");
    let limit = row.limit.unwrap();
    assert!(limit.is_as_before("20.1", "20.5") && limit.is_as_before("20.1", "19.7"));
    assert!(!limit.is_as_before("20.1", "20.6") && !limit.is_as_before("20.1", "19.6"));
    assert!(!limit.is_as_before("", "20.1") && !limit.is_as_before("20.1", "off"));
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
        (digits, flags) in ((0_u8..4, 0_u8..7, any::<u8>(), any::<u16>()), any::<[bool; 5]>()),
        limit in prop::option::of((1_u32.., prop::option::of(1_i128..1000))),
        storage in prop::sample::select(vec![Storage::Stored, Storage::System, Storage::Mixed, Storage::Computed]),
        access_list in prop::option::of(prop::collection::vec(".+", 1..4)),
        (value, backup, config_key, definition) in (texts(), texts(), texts(), texts()),
    ) -> Row {
        let (name, kind) = match last_instance {
            Some(last_instance) => (name + ".", RowKind::Object { last_instance }),
            None => (name, string()),
        };
        let (immediate, notification, loading, state) = digits;
        let [writable, secret, optional, forced, denied] = flags;
        let limit = limit.map(|(pause, step)| {
            let step = step.map(|digits| Decimal { digits, places: 0 });
            Box::new(ChangeLimit { pause, step })
        });
        Row {
            name, kind, storage, writable, secret, optional, immediate, notification, limit, forced, denied,
            access_list, hidden, value, loading, state, backup, config_key, definition,
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
