use super::*;
use crate::luup::Snapshot;

fn supported(mechanism: Mechanism) -> Vec<Supported> {
    let of = |severity: &str| Supported {
        event_type: "Event".to_owned(),
        cause: "Cause".to_owned(),
        severity: severity.to_owned(),
        mechanism,
    };
    vec![of("Major"), of("Minor"), of("Warning"), of("Critical")]
}

fn failed(device: u32) -> Condition {
    let problem = format!("Device {device} does not answer");
    Condition::new(AlarmKind::Communication, device, &problem)
}

fn shown(alarms: &Alarms, key: &str, row: &str) -> String {
    let instance = Instance {
        number: 1,
        identity: Some(row),
    };
    let key = AlarmKey::parse(key).unwrap();
    alarms.value(key, &[instance]).unwrap_or_default()
}

fn rows(alarms: &Alarms, table: AlarmTable) -> Vec<String> {
    let listed = alarms.list(table).into_iter();
    listed.map(|row| row.identity.into()).collect()
}

/// What was told, in the places of a table.
fn told(alarms: &Alarms, table: &str, of: AlarmTable) -> Vec<String> {
    let words = |row: &String| {
        let field = |field: &str| shown(alarms, &format!("{table}.{field}"), row);
        [field("notification"), field("device"), field("severity")].join(" ")
    };
    rows(alarms, of).iter().map(words).collect()
}

#[test]
fn z39_an_alarm_is_raised_changed_and_cleared_each_once() {
    let mut alarms = Alarms::default();
    let kinds = supported(Mechanism::Expedited);
    assert!(alarms.follow(vec![failed(7), failed(9)], &kinds, 1000));
    assert!(!alarms.follow(vec![failed(7), failed(9)], &kinds, 1010));
    let [first, second] = <[String; 2]>::try_from(rows(&alarms, AlarmTable::Current)).unwrap();
    assert_ne!(first, second);
    assert_eq!(shown(&alarms, "current.device", &first), "7");
    assert_eq!(shown(&alarms, "current.raised", &first), "1000");
    let mut worse = failed(7);
    worse.info = "2".to_owned();
    assert!(alarms.follow(vec![worse.clone(), failed(9)], &kinds, 1020));
    assert_eq!(shown(&alarms, "current.raised", &first), "1000");
    assert_eq!(shown(&alarms, "current.changed", &first), "1020");
    assert!(alarms.follow(vec![failed(9)], &kinds, 1030));
    assert_eq!(rows(&alarms, AlarmTable::Current), [second]);
    let events = [
        "NewAlarm 7 Major",
        "NewAlarm 9 Major",
        "ChangedAlarm 7 Major",
        "ClearedAlarm 7 Cleared",
    ];
    assert_eq!(told(&alarms, "history", AlarmTable::History), events);
    let expedited = told(&alarms, "expedited", AlarmTable::Expedited);
    assert_eq!(expedited.len(), RING, "all places are there from the start");
    assert_eq!(expedited[..4], events);
    assert_eq!(expedited[4], "  ");
    assert_eq!(shown(&alarms, "history.time", "4"), "1030");
    assert!(alarms.follow(vec![failed(7)], &kinds, 1040));
    let again = rows(&alarms, AlarmTable::Current).remove(0);
    assert_ne!(again, first, "another alarm has another name");
}

#[test]
fn z62_other_words_for_the_same_are_no_event() {
    let mut alarms = Alarms::default();
    let kinds = supported(Mechanism::Expedited);
    let away = |why: &str| {
        let problem = "The Luup engine does not answer";
        vec![Condition::new(AlarmKind::Engine, 0, problem).because(&why)]
    };
    assert!(alarms.follow(away("no complete answer"), &kinds, 1000));
    for at in 0..100_u32 {
        let why = format!("the text ends too early at byte {at}");
        let unix = i64::from(1001 + at);
        assert!(!alarms.follow(away(&why), &kinds, unix), "{why}");
    }
    let [row] = <[String; 1]>::try_from(rows(&alarms, AlarmTable::Current)).unwrap();
    let text = shown(&alarms, "current.text", &row);
    assert_eq!(text, "the text ends too early at byte 99", "the newest");
    assert_eq!(shown(&alarms, "current.changed", &row), "1000");
    assert!(alarms.follow(Vec::new(), &kinds, 2000));
    let events = ["NewAlarm 0 Critical", "ClearedAlarm 0 Cleared"];
    assert_eq!(told(&alarms, "history", AlarmTable::History), events);
}

#[test]
fn z67_without_a_clock_nobody_knows_when_an_alarm_was_raised() {
    let mut alarms = Alarms::default();
    let kinds = supported(Mechanism::Logged);
    let mut known = failed(9);
    known.since = 1_445_000_000;
    assert!(alarms.follow(vec![failed(7), known], &kinds, 0));
    let [first, second] = <[String; 2]>::try_from(rows(&alarms, AlarmTable::Current)).unwrap();
    assert_eq!(shown(&alarms, "current.raised", &first), "0");
    assert_eq!(shown(&alarms, "current.raised", &second), "1445000000");
    assert_eq!(shown(&alarms, "history.time", "1"), "0");
}

#[test]
fn z39_where_an_alarm_is_told_is_in_its_row() {
    for (word, tables) in [
        ("0 Expedited", [1, 1, 0]),
        ("1 Queued", [1, 0, 1]),
        ("2 Logged", [1, 0, 0]),
        ("3 Disabled", [0, 0, 0]),
        ("", [0, 0, 0]),
    ] {
        let mut alarms = Alarms::default();
        let kinds = supported(Mechanism::of(word));
        alarms.follow(vec![failed(7)], &kinds, 1000);
        let filled = alarms.events.each_ref().map(|ring| ring.places.len());
        assert_eq!(filled, tables, "{word}");
    }
    let mut alarms = Alarms::default();
    assert!(
        !alarms.follow(vec![failed(7)], &[], 1000),
        "no row, no alarm"
    );
}

#[test]
fn z38_what_the_engine_tells_twice_is_one_alarm_and_told_once() {
    let alert = |text: &str| Condition {
        text: text.to_owned(),
        ..Condition::new(AlarmKind::Alert, 7, "something happened")
    };
    let mut alarms = Alarms::default();
    let kinds = supported(Mechanism::Expedited);
    let both = vec![alert("one"), alert("another")];
    assert!(both[0].is_same(&both[1]));
    assert!(alarms.follow(both.clone(), &kinds, 1000));
    assert!(!alarms.follow(both, &kinds, 1010));
    assert_eq!(rows(&alarms, AlarmTable::Current).len(), 1);
}

#[test]
fn z39_how_an_alarm_is_told_may_change_while_it_lasts() {
    let mut alarms = Alarms::default();
    alarms.follow(vec![failed(7)], &supported(Mechanism::Queued), 1000);
    alarms.follow(Vec::new(), &supported(Mechanism::Expedited), 1010);
    let filled = |alarms: &Alarms| alarms.events.each_ref().map(|ring| ring.places.len());
    assert_eq!(filled(&alarms), [2, 1, 1]);
    alarms.follow(vec![failed(7)], &supported(Mechanism::Queued), 1020);
    alarms.follow(Vec::new(), &supported(Mechanism::Disabled), 1030);
    assert_eq!(filled(&alarms), [3, 1, 2]);
}

#[test]
fn z39_the_oldest_event_gives_its_place_to_the_newest() {
    let mut alarms = Alarms::default();
    let kinds = supported(Mechanism::Expedited);
    for round in 0..100_u32 {
        alarms.follow(vec![failed(round)], &kinds, i64::from(round));
    }
    // 100 raised, 99 cleared: 199 events.
    assert_eq!(rows(&alarms, AlarmTable::History).len(), MAX_HISTORY);
    assert_eq!(shown(&alarms, "history.time", "99"), "99");
    assert_eq!(shown(&alarms, "history.time", "100"), "50");
    assert_eq!(shown(&alarms, "expedited.time", "7"), "99");
    assert_eq!(shown(&alarms, "expedited.time", "8"), "92");
}

#[test]
fn z39_a_thousand_failures_are_as_many_alarms_as_there_is_room_for() {
    let mut alarms = Alarms::default();
    let kinds = supported(Mechanism::Logged);
    let all: Vec<Condition> = (1..=1000).map(failed).collect();
    assert!(alarms.follow(all.clone(), &kinds, 1000));
    assert_eq!(alarms.held.len(), MAX_HELD);
    assert_eq!(rows(&alarms, AlarmTable::Current).len(), MAX_CURRENT);
    assert!(!alarms.follow(all, &kinds, 1010), "and no more come of it");
    assert!(alarms.follow(Vec::new(), &kinds, 1020));
    assert_eq!(rows(&alarms, AlarmTable::Current).len(), 0);
}

fn home(nodes: &[(u32, &str, &str)]) -> Snapshot {
    let device = |(id, failure, level): &(u32, &str, &str)| {
        let state = |variable: &str, value: &str| {
            format!(
                r#"{{"service":"urn:micasaverde-com:serviceId:HaDevice1","variable":"{variable}","value":"{value}"}}"#
            )
        };
        let states = [
            state("CommFailure", failure),
            state("BatteryLevel", level),
            state("CommFailureTime", "900"),
        ];
        format!(r#"{{"id":{id},"states":[{}]}}"#, states.join(","))
    };
    let devices: Vec<String> = nodes.iter().map(device).collect();
    let text = format!(r#"{{"devices":[{}]}}"#, devices.join(","));
    Snapshot::read([Ok(text)]).unwrap()
}

fn problems(home: &Snapshot, limit: u32, is_low: &dyn Fn(u32) -> bool) -> Vec<(AlarmKind, u32)> {
    let nodes: Vec<u32> = home.devices().collect();
    let found = conditions(home, &nodes, limit, is_low).into_iter();
    found.map(|one| (one.kind, one.device)).collect()
}

#[test]
fn z39_each_failure_but_0_is_one_and_what_is_absent_is_none() {
    let home = home(&[(3, "1", ""), (4, "0", "100"), (5, "2", "x"), (6, "", "")]);
    let failed = [(AlarmKind::Communication, 3), (AlarmKind::Communication, 5)];
    assert_eq!(problems(&home, 20, &|_| false), failed);
    let nodes: Vec<u32> = home.devices().collect();
    let found = conditions(&home, &nodes, 20, &|_| false);
    assert_eq!(found[0].since, 900);
}

#[test]
fn z39_a_battery_is_low_below_its_limit_and_well_some_way_above_it() {
    for (level, was_low, is_low) in [
        ("0", false, true),
        ("19", false, true),
        ("20", false, false),
        ("20", true, true),
        ("24", true, true),
        ("25", true, false),
        ("255", false, false),
    ] {
        let home = home(&[(3, "0", level)]);
        let found = problems(&home, 20, &|_| was_low);
        assert_eq!(!found.is_empty(), is_low, "{level} {was_low}");
        assert_eq!(problems(&home, 0, &|_| was_low), [], "no limit, no alarm");
    }
}

#[test]
fn keys_are_read_and_nonsense_is_named() {
    let value = |table, field| AlarmKey {
        table: Some(table),
        field,
    };
    let current = value(AlarmTable::Current, None);
    assert_eq!(AlarmKey::parse("current"), Ok(current));
    let time = value(AlarmTable::Queued, Some(AlarmField::Time));
    assert_eq!(AlarmKey::parse("queued.time"), Ok(time));
    for bad in ["", "now", "current.", "current.color", "most.id", ".id"] {
        let refused = AlarmKey::parse(bad).unwrap_err();
        assert!(refused.contains("(current|history"), "{refused}");
    }
}

#[test]
fn z38_what_the_engine_warns_of_is_an_alarm_as_long_as_it_does() {
    let home = |alerts: &str| {
        let text = format!(r#"{{"devices":[{{"id":7,"states":[]}}],"alerts":[{alerts}]}}"#);
        Snapshot::read([Ok(text)]).unwrap()
    };
    let alert = |number: &str, value: &str| {
        format!(
            r#"{{"PK_Alert":{number},"PK_Device":7,"Code":"DL_ARMEDTRIPPED","Severity":3,"NewValue":"{value}","Description":"The door\u000aopens"}}"#
        )
    };
    let mut alarms = Alarms::default();
    let mut follow = |alerts: &str, unix: i64| {
        let found = conditions(&home(alerts), &[], 20, &|_| false);
        alarms.follow(found, &supported(Mechanism::Queued), unix)
    };
    assert!(!follow("", 1000));
    assert!(follow(
        &[alert("\"12\"", "1"), alert("13", "1")].join(","),
        1010
    ));
    assert!(!follow(
        &[alert("12", "1"), alert("\"13\"", "1")].join(","),
        1020
    ));
    assert!(follow(
        &[alert("12", "2"), alert("13", "1")].join(","),
        1030
    ));
    assert!(follow(&alert("13", "1"), 1040));
    assert!(
        follow("{}", 1050),
        "one that says nothing is one all the same"
    );
    let events = [
        "NewAlarm 7 Warning",
        "NewAlarm 7 Warning",
        "ChangedAlarm 7 Warning",
        "ClearedAlarm 7 Cleared",
        "ClearedAlarm 7 Cleared",
        "NewAlarm 0 Warning",
    ];
    assert_eq!(told(&alarms, "queued", AlarmTable::Queued)[..6], events);
    let problem = "DL_ARMEDTRIPPED of device 7, alert 12";
    assert_eq!(shown(&alarms, "queued.problem", "1"), problem);
    assert_eq!(shown(&alarms, "queued.text", "1"), "The door opens");
}
