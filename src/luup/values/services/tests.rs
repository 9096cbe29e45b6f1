use proptest::prelude::*;

use super::*;

const SWITCH: &str = "1;SwitchPower1;Status;Switch;BOOLEAN;;;SetTarget;newTargetValue;actuator";

fn errors(text: &str) -> Vec<(u32, u8, String)> {
    let (_, errors) = ServiceTable::parse(text.as_bytes());
    let errors = errors.into_iter();
    errors
        .map(|(line, error)| (line, error.column, error.why))
        .collect()
}

fn row(line: &str) -> ServiceRow {
    ServiceRow::parse(line).unwrap()
}

#[test]
fn z33_a_bad_row_is_named_and_the_others_stand() {
    for (column, bad, why) in [
        (1, "0;A1;B;;BOOLEAN", "1 to 99"),
        (1, "100;A1;B;;BOOLEAN", "1 to 99"),
        (1, "x;A1;B;;BOOLEAN", "1 to 99"),
        (1, "1;A1;B;;BOOLEAN", "another row has number 1"),
        (1, ";A1;B;;BOOLEAN", "neither"),
        (2, "2;;B;;BOOLEAN", "missing"),
        (2, "2;A 1;B;;BOOLEAN", "no name"),
        (3, "2;A1", "missing"),
        (3, "2;A1;B/C;;BOOLEAN", "no name"),
        (
            3,
            "2;urn:x:SwitchPower1;Status;;BOOLEAN",
            "another row is of",
        ),
        (4, "2;A1;B;a\tb;BOOLEAN", "control"),
        (5, "2;A1;B;;NUMBER", "DECIMAL"),
        (6, "2;A1;B;;BOOLEAN;\u{7}", "control"),
        (7, "2;A1;B;;BOOLEAN;;Last Trip", "no name"),
        (8, "2;A1;B;;BOOLEAN;;;;x", "no action"),
        (8, "2;A1;B;;BOOLEAN;;;;;lock", "no action"),
        (8, "2;A1;B;;BOOLEAN;;;/Set;x;lock", "missing"),
        (9, "2;A1;B;;BOOLEAN;;;Set;;lock", "missing"),
        (9, "2;A1;B;;BOOLEAN;;;Set;a,b;lock", "one argument"),
        (9, "2;A1;B;;BOOLEAN;;;Set;a=b;lock", "one argument"),
        (9, "2;A1;B;;BOOLEAN;;;Set;a,a=b;lock", "twice"),
        (9, "2;A1;B;;BOOLEAN;;;Set;a&b=1;lock", "no name"),
        (10, "2;A1;B;;BOOLEAN;;;Set;a", "setting, actuator, lock"),
        (
            10,
            "2;A1;B;;BOOLEAN;;;Set;a;Actuator",
            "setting, actuator, lock",
        ),
        (0, "2;A1;B;;BOOLEAN;;;;;;", "more than 10 columns"),
    ] {
        let text = format!("# rows\r\n{SWITCH}\r\n\r\n{bad}\r\n5;A2;B;;DECIMAL\r\n");
        let (table, _) = ServiceTable::parse(text.as_bytes());
        assert_eq!(table.rows().len(), 2, "{bad}");
        let found = errors(&text);
        assert_eq!(
            (found.len(), found[0].0, found[0].1),
            (1, 4, column),
            "{bad} {found:?}"
        );
        assert!(found[0].2.contains(why), "{bad} {found:?}");
    }
    let (table, errors) = ServiceTable::parse(b"2;\xff;B;;BOOLEAN\n3;A;B;;BOOLEAN");
    assert_eq!((table.rows().len(), errors[0].0), (1, 1));
}

#[test]
fn f24_the_mark_of_an_editor_before_the_first_line_costs_no_row() {
    for first in ["# comment\n", ""] {
        let text = format!("\u{feff}{first}2;A;B;;BOOLEAN\r\n");
        let (table, errors) = ServiceTable::parse(text.as_bytes());
        assert_eq!((table.rows().len(), errors), (1, Vec::new()));
    }
}

#[test]
fn z33_there_are_bounds() {
    let rows = (0..MAX_ROWS + 3).map(|n| format!(";A{n};B;;BOOLEAN;;;Set;a;setting\n"));
    let (table, errors) = ServiceTable::parse(rows.collect::<String>().as_bytes());
    assert_eq!((table.rows().len(), errors.len()), (MAX_ROWS, 3));
    let long = "x".repeat(MAX_NAME_BYTES + 1);
    let words = "x".repeat(MAX_WORDS_BYTES + 1);
    let many = (0..=MAX_ARGUMENTS).map(|n| format!(",a{n}=b"));
    let many = many.collect::<String>();
    for bad in [
        format!("1;{long};B;;BOOLEAN"),
        format!("1;A1;B;{words};BOOLEAN"),
        format!("1;A1;B;;BOOLEAN;{words}"),
        format!("1;A1;B;;BOOLEAN;;;Set;a{many};lock"),
    ] {
        assert!(ServiceRow::parse(&bad).is_err());
    }
    let folder = cwmpd_lab::Folder::new("services");
    let (table, errors) = ServiceTable::read(folder.path());
    assert!(
        table.rows().is_empty() && errors[0].1.why.contains("not there"),
        "{errors:?}"
    );
    std::fs::create_dir(folder.path().join("luup")).unwrap();
    let file = folder.path().join(FILE);
    std::fs::write(&file, "#".repeat(MAX_FILE_BYTES + 1)).unwrap();
    let (_, errors) = ServiceTable::read(folder.path());
    assert!(errors[0].1.why.contains("cannot be read"), "{errors:?}");
    std::fs::write(&file, SWITCH).unwrap();
    let (table, errors) = ServiceTable::read(folder.path());
    assert_eq!((table.rows().len(), errors), (1, vec![]));
}

#[test]
fn z30_nothing_is_sent_that_is_not_allowed_or_of_another_type() {
    let lock = row("2;DoorLock1;Status;;BOOLEAN;;;SetTarget;newTargetValue;lock");
    let poll = row(";ZWaveDevice1;PollSettings;;UINT;s;;HaDevice1/SetPollFrequency;P;setting");
    let reads = row("3;TemperatureSensor1;CurrentTemperature;;DECIMAL");
    let by = |actuators, locks| {
        let mut config = crate::base::config::Config::default().luup;
        (config.actuators, config.locks) = (actuators, locks);
        Allowed::by(&config)
    };
    assert_eq!(by(false, false), Allowed::default());
    let forbidden = |option| Err(NotSettable::Forbidden(option));
    for (row, allowed, found) in [
        (&row(SWITCH), by(false, true), forbidden("luup.actuators")),
        (&row(SWITCH), by(true, false), Ok("1".into())),
        (&lock, by(true, false), forbidden("luup.locks")),
        (&lock, by(false, true), Ok("1".into())),
        (&poll, by(false, false), Ok("1".into())),
        (&reads, by(true, true), Err(NotSettable::NoAction)),
    ] {
        assert_eq!(row.check("1", allowed), found, "{}", row.variable);
    }
    let bad = row(SWITCH).check("2", by(true, true));
    assert!(matches!(bad, Err(NotSettable::BadValue(_))));
    assert_eq!(row(SWITCH).check("true", by(true, true)), Ok("1".into()));
    assert!(lock.is_settable(by(false, true)) && !lock.is_settable(by(true, false)));
    assert!(!reads.is_settable(by(true, true)));
}

#[test]
fn z29_an_action_gets_the_new_value_and_what_stands_beside_it() {
    let polling = row(";ZWaveNetwork1;PollFrequency;;UINT;s;;SetPolling;\
         PollingEnabled=PollingEnabled,PollFrequency,PollMinDelay=PollMinDelay;setting");
    let beside = |variable: &str| match variable {
        "PollingEnabled" => Some("1".into()),
        _ => None,
    };
    let order = polling
        .order(1, "urn:a:ZWaveNetwork1".into(), "60", &beside)
        .unwrap();
    let wanted = LuupOrder::Action {
        device: 1,
        service: "urn:a:ZWaveNetwork1".into(),
        action: "SetPolling".into(),
        arguments: vec![
            ("PollingEnabled".into(), "1".into()),
            ("PollFrequency".into(), "60".into()),
        ],
    };
    assert_eq!(order, wanted);
    assert_eq!(polling.action_service(), None);
    let other = row("1;A1;B;;UINT;;;urn:b:HaDevice1/Set;C;setting");
    assert_eq!(other.action_service(), Some("urn:b:HaDevice1"));
}

#[test]
fn z28_the_unit_may_be_the_engines() {
    let unit = |unit: &str, top: Option<&str>| {
        let row = row(&format!("1;A1;B;;DECIMAL;{unit}"));
        row.unit(&|name| top.filter(|_| name == "TemperatureFormat"))
    };
    assert_eq!(unit("%", None), "%");
    assert_eq!(unit("\u{b0}{TemperatureFormat}", Some("F")), "\u{b0}F");
    assert_eq!(unit("\u{b0}{TemperatureFormat}", None), "");
    assert_eq!(unit("{Other} x", Some("F")), "");
}

#[test]
fn rows_are_found_by_full_and_short_names() {
    let (table, _) = ServiceTable::parse(b"1;urn:a:A1;B;;BOOLEAN\n2;C1;D;;BOOLEAN");
    let number = |service, variable| table.row_of(service, variable)?.1.number;
    assert_eq!(number("A1", "B"), Some(1));
    assert_eq!(number("urn:a:A1", "B"), Some(1));
    assert_eq!(number("urn:b:A1", "B"), None);
    assert_eq!(number("urn:z:C1", "D"), Some(2));
    assert_eq!(number("C1", "B"), None);
}

proptest! {
    #[test]
    fn no_file_makes_it_panic(text in "([0-9A-Za-z1/=,:;{} ]{0,40}\n?){0,6}|\\PC{0,60}") {
        let (table, errors) = ServiceTable::parse(text.as_bytes());
        prop_assert!(table.rows().len() + errors.len() <= text.lines().count());
    }
}
