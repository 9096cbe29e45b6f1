use super::*;
use crate::luup::key::FIELDS;

fn state(service: &str, variable: &str, value: &str) -> String {
    format!(r#"{{"id":1,"service":"{service}","variable":"{variable}","value":{value}}}"#)
}

fn read(answer: &str) -> Result<Snapshot, LuupError> {
    Snapshot::read([Ok(answer)])
}

fn value<'a>(
    snapshot: &'a Snapshot,
    device: u32,
    service: &str,
    variable: &str,
) -> Option<&'a str> {
    snapshot.value(device, &snapshot.names(service, variable))
}

#[test]
fn values_are_found_by_device_service_and_variable_whatever_the_order() {
    let text = format!(
        r#"{{"x":[[{{}}]],"devices":[7,{{"states":[{},{},3],"id":"16","status":-1}},{{"id":4,"states":[{}]}}]}}"#,
        state("urn:a:ZWaveDevice1", "WakeupInterval", "\"1800\""),
        state("urn:a:ZWaveDevice1", "ChildCount", "1"),
        state("urn:a:HaDevice1", "Configured", "true"),
    );
    let snapshot = read(&text).unwrap();
    assert_eq!(snapshot.devices().collect::<Vec<_>>(), [4, 16]);
    assert_eq!(
        value(&snapshot, 16, "ZWaveDevice1", "WakeupInterval"),
        Some("1800")
    );
    assert_eq!(
        value(&snapshot, 16, "urn:a:ZWaveDevice1", "ChildCount"),
        Some("1")
    );
    assert_eq!(value(&snapshot, 4, "HaDevice1", "Configured"), Some("1"));
    assert_eq!(value(&snapshot, 16, FIELDS, "status"), Some("-1"));
    assert_eq!(value(&snapshot, 4, "ZWaveDevice1", "WakeupInterval"), None);
    assert_eq!(value(&snapshot, 5, "HaDevice1", "Configured"), None);
    assert_eq!(value(&snapshot, 4, "urn:b:HaDevice1", "Configured"), None);
    assert_eq!(snapshot.service("HaDevice1"), Some("urn:a:HaDevice1"));
    assert_eq!(snapshot.service("urn:a:HaDevice1"), Some("urn:a:HaDevice1"));
    assert_eq!(snapshot.service("urn:b:HaDevice1"), None);
    assert_eq!(snapshot.service("Other1"), None);
}

#[test]
fn z05_the_first_filled_value_wins_and_what_status_clears_does_not_come_back() {
    let twice = format!(
        r#"{{"devices":[{{"id":3,"tooltip":"","states":[{},{},{},{},{{"variable":"V"}},{{"service":"urn:a:S","variable":"N","wrong":"5"}}]}}]}}"#,
        state("urn:a:S", "V", "\"\""),
        state("urn:a:S", "V", "\"1\""),
        state("urn:a:S", "V", "\"2\""),
        state("urn:a:S", "Empty", "\"\""),
    );
    let more = format!(
        r#"{{"devices":[{{"id":3,"name":"Lamp","tooltip":"x","states":[{},{},{}]}},{{"id":4,"name":"Gone"}}]}}"#,
        state("urn:a:S", "V", "\"3\""),
        state("urn:a:S", "W", "\"4\""),
        state("urn:a:S", "Empty", "\"5\""),
    );
    let snapshot = Snapshot::read([Ok(twice), Ok(more)]).unwrap();
    assert_eq!(snapshot.devices().collect::<Vec<_>>(), [3]);
    assert_eq!(value(&snapshot, 3, "S", "Empty"), None);
    assert_eq!(value(&snapshot, 3, FIELDS, "tooltip"), None);
    assert_eq!(value(&snapshot, 3, "S", "V"), Some("1"));
    assert_eq!(value(&snapshot, 3, "S", "W"), Some("4"));
    assert_eq!(value(&snapshot, 3, "S", "N"), None);
    assert_eq!(value(&snapshot, 3, FIELDS, "name"), Some("Lamp"));
}

#[test]
fn an_answer_without_devices_is_no_home() {
    for text in [
        "{}",
        "[]",
        r#"{"devices":[]}"#,
        r#"{"devices":{}}"#,
        r#"{"devices":[{"name":"x"}]}"#,
    ] {
        assert_eq!(read(text).unwrap_err(), LuupError::NoDevices, "{text}");
    }
    assert!(matches!(
        read("{\"devices\":[{\"id\":1"),
        Err(LuupError::Json(_))
    ));
}

#[test]
fn a_device_without_a_number_is_left_out() {
    let text = r#"{"devices":[{"id":0,"status":1},{"id":-5,"status":1},{"id":"x"},{"id":99999999999},{"id":2,"status":1}]}"#;
    let snapshot = read(text).unwrap();
    assert_eq!(snapshot.devices().collect::<Vec<_>>(), [2]);
}

proptest::proptest! {
    /// What a broken engine or line makes of an answer: a piece of it replaced by rubbish.
    #[test]
    fn no_answer_makes_it_panic(at in 0usize..200, cut in 0usize..60, rubbish in ".{0,8}") {
        let text = format!(
            r#"{{"devices":[{{"id":7,"name":"x","states":[{},{}]}},{{"id":"8"}}],"n":[1,[{{}}]]}}"#,
            state("urn:a:S", "V", "\"1\""),
            state("urn:b:S", "V", "2"),
        );
        let beginning: String = text.chars().take(at).collect();
        let rest: String = text.chars().skip(at + cut).collect();
        if let Ok(snapshot) = read(&format!("{beginning}{rubbish}{rest}")) {
            for device in snapshot.devices().collect::<Vec<_>>() {
                proptest::prop_assert_ne!(value(&snapshot, device, "S", "V"), Some(""));
            }
        }
    }
}

/// All that a snapshot has: device, service, variable, and text, `None` where it cannot be read.
fn contents(snapshot: &Snapshot) -> Vec<(u32, &str, &str, Option<&str>)> {
    let mut all = Vec::new();
    for (device, _) in &snapshot.devices {
        for (name, text) in snapshot.values_of(*device).unwrap() {
            let (service, variable) = snapshot.name(*name);
            let names = *name..*name + 1;
            let text = (*text & !IS_CONFIGURATION != REFUSED)
                .then(|| snapshot.value(*device, &names).unwrap());
            let told = snapshot.told_of(*device, &names);
            assert_eq!(told == Some(None), text.is_none());
            all.push((*device, service, variable, text));
        }
    }
    all
}

const USER_DATA: &str = r#"{"model":"NA930","BuildVersion":"*1.7.2331*","LoadTime":"1","DataVersion":8,
    "PK_AccessPoint":"47150001\n","devices":[{"id":"1","name":"Net"},{"id":2,"name":"Porte",
    "id_parent":1,"room":"3","states":[]}],"rooms":[{"id":3,"name":"Entr\u00e9e"},
    {"id":"12","name":"Cave"},{"id":4.0,"name":""},{"name":"x"},7,{"id":3,"name":"Other"}]}"#;

const ALERT: &str =
    r#"{"PK_Alert":"31","PK_Device":2,"Code":"DL_ARMEDTRIPPED","NewValue":"1","Icon":null}"#;

fn status(version: u32, devices: &str) -> String {
    format!(
        r#"{{"LoadTime":100,"DataVersion":{version},"UserData_DataVersion":7,"ZWaveStatus":1,
        "TimeStamp":{version},"alerts":[{ALERT}],"devices":[{devices}]}}"#
    )
}

fn home() -> Snapshot {
    let devices = format!(
        r#"{{"id":1,"status":-1}},{{"id":2,"status":-1,"states":[{}]}}"#,
        state("urn:a:HaDevice1", "BatteryLevel", "\"70\"")
    );
    Snapshot::read([Ok(&*status(5, &devices)), Ok(USER_DATA)]).unwrap()
}

#[test]
fn what_stands_beside_the_devices_is_known() {
    let home = home();
    assert_eq!(home.top("model"), Some("NA930"));
    assert_eq!(home.top("PK_AccessPoint"), Some("47150001"));
    assert_eq!(home.top("LoadTime"), Some("100"), "status before user_data");
    assert_eq!(home.top("ZWaveStatus"), Some("1"));
    assert_eq!(home.top("name"), None);
    assert_eq!(home.devices().collect::<Vec<_>>(), [1, 2]);
    assert!(!home.has(0));
    let rooms: Vec<_> = home.rooms().unwrap().collect();
    assert_eq!(rooms, [("12", "Cave"), ("3", "Entrée")]);
    assert_eq!(home.room("3"), Some("Entrée"));
    assert_eq!(home.room("0"), None);
    let [alert] = home.alerts() else {
        panic!("{:?}", home.alerts());
    };
    assert_eq!(alert.field("Code"), Some("DL_ARMEDTRIPPED"));
    assert_eq!(alert.field("PK_Device"), Some("2"));
    assert_eq!(alert.field("Icon"), None);
    let position = home.position().unwrap();
    assert_eq!(&*position.load_time, "100");
    assert_eq!(&*position.data_version, "5");
    assert_eq!(position.user_data_version.as_deref(), Some("7"));
    let without = read(r#"{"devices":[{"id":2}],"LoadTime":"1&x","DataVersion":5}"#).unwrap();
    assert_eq!(without.position(), None);
    assert!(without.rooms().is_none());
}

#[test]
fn z04_a_summary_stands_in_for_the_configuration() {
    let mut builder = Builder::default();
    let mut document = |kind, text: &str| builder.document(kind, &mut text.as_bytes());
    document(AnswerKind::Status, &status(5, r#"{"id":2,"status":-1}"#)).unwrap();
    let summary = r#"{"full":1,"version":"*1.7*","model":"NA930","rooms":[{"id":3,"name":"Cave"}],
        "loadtime":9,"devices":[{"name":"Porte","altid":"5","id":2,"category":4,"subcategory":1,
        "room":3,"parent":1,"status":"1","batterylevel":"9"},{"id":9,"name":"Gone"}]}"#;
    document(AnswerKind::Summary, summary).unwrap();
    let home = builder.finish();
    assert_eq!(home.devices().collect::<Vec<_>>(), [2]);
    for (field, text) in [
        ("name", Some("Porte")),
        ("id_parent", Some("1")),
        ("category_num", Some("4")),
        ("subcategory_num", Some("1")),
        ("room", Some("3")),
        ("status", Some("-1")),
        ("batterylevel", None),
    ] {
        assert_eq!(value(&home, 2, FIELDS, field), text, "{field}");
    }
    assert_eq!(home.top("BuildVersion"), Some("*1.7*"));
    assert_eq!(home.top("LoadTime"), Some("100"));
    assert_eq!(home.room("3"), Some("Cave"));
}

#[test]
fn z14_what_was_written_is_seen_at_once() {
    let home = home();
    let battery = ("urn:a:HaDevice1", "BatteryLevel");
    let new = home.patched(&[
        (2, battery.0, battery.1, "60"),
        (2, battery.0, "New", "x"),
        (2, FIELDS, "name", "Fenêtre"),
        (9, battery.0, battery.1, "1"),
        (2, battery.0, battery.1, "50"),
    ]);
    assert_eq!(value(&new, 2, "HaDevice1", "BatteryLevel"), Some("50"));
    assert_eq!(value(&new, 2, "HaDevice1", "New"), Some("x"));
    assert_eq!(value(&new, 2, FIELDS, "name"), Some("Fenêtre"));
    assert_eq!(value(&new, 1, FIELDS, "name"), Some("Net"));
    assert_eq!(new.devices().collect::<Vec<_>>(), [1, 2]);
    assert_eq!(value(&home, 2, "HaDevice1", "BatteryLevel"), Some("70"));
    let none = new.patched(&[(2, battery.0, battery.1, ""), (2, battery.0, "New", "")]);
    assert_eq!(value(&none, 2, "HaDevice1", "BatteryLevel"), None);
    let back = none.patched(&[
        (2, battery.0, battery.1, "70"),
        (2, FIELDS, "name", "Porte"),
    ]);
    assert_eq!(contents(&back), contents(&home));
}

fn advance(home: &Snapshot, answer: &str) -> Advance {
    home.advance(&mut answer.as_bytes()).unwrap()
}

#[test]
fn z14_an_incremental_answer_says_what_is_new_or_that_all_is_to_be_read() {
    let home = home();
    let outdated = |answer: &str| match advance(&home, answer) {
        Advance::Outdated(why) => why,
        other => panic!("{answer}: {other:?}"),
    };
    let same = status(5, "");
    assert!(matches!(advance(&home, &same), Advance::Same));
    assert!(matches!(advance(&home, "NO_CHANGES\n"), Advance::Same));
    let nothing = same.replace(",\"devices\":[]", "");
    assert!(matches!(advance(&home, &nothing), Advance::Same));
    let anew = same.replace("\"LoadTime\":100", "\"LoadTime\":101");
    assert_eq!(outdated(&anew), "the engine was started anew");
    let configured = same.replace("DataVersion\":7", "DataVersion\":8");
    assert_eq!(outdated(&configured), "the configuration is another");
    assert_eq!(outdated("{}"), "it does not tell where it is");
    let other = status(6, r#"{"id":3,"status":1}"#);
    assert_eq!(outdated(&other), "it tells of another device");
    for error in ["", "Exiting", "[]", &same[..same.len() - 1]] {
        assert!(home.advance(&mut error.as_bytes()).is_err(), "{error}");
    }
    // Moved, though nothing differs.
    let Advance::Changed(moved, changed) = advance(&home, &status(6, "")) else {
        panic!();
    };
    assert_eq!(changed, Changed::default());
    assert_eq!(&*moved.position().unwrap().data_version, "6");
    let twice = format!(
        r#"{{"id":"2","states":[{},{},{}]}}"#,
        state("urn:a:HaDevice1", "BatteryLevel", "\"70\""),
        state("urn:a:SecuritySensor1", "Tripped", "\"1\""),
        state("urn:a:SecuritySensor1", "Tripped", "\"0\""),
    );
    let answer = status(7, &twice).replace("\"31\"", "\"32\"");
    let Advance::Changed(new, changed) = advance(&home, &answer) else {
        panic!();
    };
    let tripped = new.names("SecuritySensor1", "Tripped").start;
    assert_eq!(changed.values, [(2, tripped), (2, tripped)]);
    assert!(changed.alerts);
    assert_eq!(new.alerts().len(), 2);
    assert!(!new.has_the_names_of(&home));
    let Advance::Changed(_, changed) = advance(&new, &status(8, &twice)) else {
        panic!();
    };
    assert!(!changed.alerts);
}

#[test]
fn z71_versions_that_went_back_tell_nothing_of_what_changed_meanwhile() {
    let home = home();
    for (version, is_outdated) in [(0, true), (4, true), (5, false), (6, false)] {
        let advance = advance(&home, &status(version, ""));
        let outdated = matches!(advance, Advance::Outdated("its versions went back"));
        assert_eq!(outdated, is_outdated, "{version}: {advance:?}");
    }
}

/// Devices by number, with variables and their values as JSON.
type Told = std::collections::BTreeMap<u32, std::collections::BTreeMap<usize, String>>;

fn told(devices: &Told) -> String {
    let devices = devices.iter().map(|(id, states)| {
        let states = states_told(states);
        format!(r#"{{"id":{id},"status":-1,"states":[{states}]}}"#)
    });
    devices.collect::<Vec<_>>().join(",")
}

fn told_with_the_number_last(devices: &Told) -> String {
    let devices = devices.iter().map(|(id, states)| {
        let states = states_told(states);
        format!(r#"{{"status":-1,"states":[{states}],"id":{id}}}"#)
    });
    devices.collect::<Vec<_>>().join(",")
}

fn states_told(states: &std::collections::BTreeMap<usize, String>) -> String {
    const NAMES: [(&str, &str); 6] = [
        ("urn:a:HaDevice1", "BatteryLevel"),
        ("urn:b:HaDevice1", "BatteryLevel"),
        ("urn:a:SecuritySensor1", "Tripped"),
        ("urn:a:SecuritySensor1", "LastTrip"),
        ("urn:a:ZWaveDevice1", "Capabilities"),
        ("urn:z:Plugin1", "Document"),
    ];
    let states = states.iter().map(|(name, value)| {
        let (service, variable) = NAMES[*name];
        state(service, variable, value)
    });
    states.collect::<Vec<_>>().join(",")
}

fn devices_told() -> impl proptest::strategy::Strategy<Value = Told> {
    use proptest::prelude::*;
    let value = prop_oneof![
        "\"[a-c]{0,2}\"",
        "[0-9]",
        Just("NaN".to_owned()),
        Just("null".to_owned())
    ];
    let states = proptest::collection::btree_map(0usize..6, value, 0..6);
    proptest::collection::btree_map(1u32..5, states, 0..4)
}

proptest::proptest! {
    /// What the second answer repeats is passed over where it is known by then which device it is of.
    #[test]
    fn z14_what_both_tell_is_of_the_first(first in devices_told(), second in devices_told()) {
        let both = |second: &str| {
            let second = format!("{{\"devices\":[{second}]}}");
            Snapshot::read([Ok(&*status(5, &told(&first))), Ok(&*second)])
        };
        let known = both(&told(&second));
        let not_yet = both(&told_with_the_number_last(&second));
        match (known, not_yet) {
            (Ok(known), Ok(not_yet)) => {
                proptest::prop_assert_eq!(contents(&known), contents(&not_yet));
            }
            (known, not_yet) => proptest::prop_assert_eq!(known.err(), not_yet.err()),
        }
    }
}

proptest::proptest! {
    #[test]
    fn z14_a_change_that_is_merged_makes_the_home_that_a_whole_answer_makes(
        first in devices_told(),
        changes in proptest::collection::vec(devices_told(), 1..5),
    ) {
        let mut all: Told = (1..5).map(|id| (id, Default::default())).collect();
        all.extend(first);
        let both = |version, all: &Told| {
            Snapshot::read([Ok(&*status(version, &told(all))), Ok(USER_DATA)]).unwrap()
        };
        let mut home = both(5, &all);
        for (version, change) in (6..).zip(changes) {
            let mut delta = Told::new();
            for (id, states) in change {
                all.get_mut(&id).unwrap().extend(states.clone());
                delta.insert(id, states);
            }
            let before = contents(&home).into_iter()
                .map(|(device, service, variable, text)| {
                    (device, service.to_owned(), variable.to_owned(), text.map(str::to_owned))
                })
                .collect::<Vec<_>>();
            let Advance::Changed(new, changed) = advance(&home, &status(version, &told(&delta))) else {
                panic!();
            };
            let whole = both(version, &all);
            proptest::prop_assert_eq!(contents(&new), contents(&whole));
            proptest::prop_assert_eq!(new.position(), whole.position());
            // What is said to differ does, and nothing else.
            for (device, service, variable, text) in contents(&new) {
                let name = new.names.exact(service, variable).unwrap();
                let old = before.iter().find(|old| (old.0, &*old.1, &*old.2) == (device, service, variable));
                let old = old.and_then(|old| old.3.as_deref());
                let is_clock = device == HOME && ["DataVersion", "TimeStamp"].contains(&variable);
                let differs = text.is_some() && text != old && !is_clock;
                proptest::prop_assert_eq!(changed.values.contains(&(device, name)), differs);
            }
            let mut again = (*new).clone();
            again.write_texts_anew();
            proptest::prop_assert_eq!(contents(&again), contents(&new));
            home = *new;
        }
    }
}

#[test]
fn z13_of_an_alert_no_more_is_kept_than_is_used() {
    let long = "x".repeat(10_000);
    let fields: String = (0..50).map(|n| format!(r#""F{n}":"{long}","#)).collect();
    let text = format!(
        r#"{{"devices":[{{"id":1,"status":1}}],"alerts":[{{{fields}"PK_Alert":"31","Description":"{long}"}}]}}"#
    );
    let home = read(&text).unwrap();
    let alert = &home.alerts()[0];
    assert_eq!(
        (alert.field("PK_Alert"), alert.field("F1")),
        (Some("31"), None)
    );
    assert!(alert.field("Description").unwrap().len() < 300);
}
