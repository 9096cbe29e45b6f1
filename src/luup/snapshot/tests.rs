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
