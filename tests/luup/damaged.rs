//! Answers of which a part is damaged, cut off, or written otherwise than by Luup itself.

use cwmpd::luup::{LuupError, Snapshot};

use crate::rows::Rows;

const BATTERY: &str = "HaDevice1/BatteryLevel";

/// A home of which the second device's battery, a name of another variable, and a field of a plugin
/// are told by the test.
fn answer(battery: &str, plugin: &str) -> String {
    format!(
        r#"{{"LoadTime":100,"DataVersion":5,"UserData_DataVersion":7,"devices":[
        {{"id":4,"status":-1,"states":[{{"id":1,"service":"urn:a:HaDevice1","variable":"BatteryLevel","value":"71"}}]}},
        {{"id":16,"x":{plugin},"status":4,"states":[
        {{"id":7,"service":"urn:a:HaDevice1","variable":"BatteryLevel","value":{battery}}},
        {{"id":8,"service":"urn:a:HaDevice1","variable":"Configured","value":"1"}}],"tooltip":{{"display":0}}}},
        {{"id":20,"status":-1,"states":[{{"id":9,"service":"urn:a:HaDevice1","variable":"BatteryLevel","value":"73"}}]}}],
        "scenes":[],"Mode":1}}"#
    )
}

fn read(answer: &[u8]) -> Result<Snapshot, LuupError> {
    // As what comes over the wire does.
    let text = String::from_utf8_lossy(answer);
    Snapshot::read([Ok(&*text)])
}

/// Whether all is there but what was damaged; gives that, which was 70 before.
fn all_but_the_battery(home: Snapshot, what: &str) -> Option<String> {
    assert_eq!(home.devices().collect::<Vec<_>>(), [4, 16, 20], "{what}");
    assert_eq!(home.top("Mode"), Some("1"), "{what}");
    let mut rows = Rows::of(read(answer("\"70\"", "1").as_bytes()));
    rows.declare_text(BATTERY);
    rows.update(Ok(home));
    let mut get = |key: &str, device: u32| rows.get(key, &[device]);
    assert_eq!(get(BATTERY, 4).as_deref(), Some("71"), "{what}");
    assert_eq!(get(BATTERY, 20).as_deref(), Some("73"), "{what}");
    let configured = get("HaDevice1/Configured", 16);
    assert_eq!(configured.as_deref(), Some("1"), "{what}");
    assert_eq!(get("device.status", 16).as_deref(), Some("4"), "{what}");
    get(BATTERY, 16)
}

#[test]
fn z04_what_is_flawed_costs_itself() {
    let deep = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    let wide: String = (0..5000).map(|nth| format!("\"n{nth}\":{nth},")).collect();
    let wide = format!("{{{wide}\"n\":1}}");
    for (value, rejected) in [
        ("NaN", 1),
        ("-Infinity", 1),
        ("007", 1),
        (r#""\ud83d""#, 1),
        (r#""7\x31""#, 1),
        (r#""7"1""#, 1),
        ("", 1),
        (&*deep(1000), 1),
        (&*wide, 1),
        ("null", 0),
        (r#""""#, 0),
        (r#""71","value":"#, 0),
    ] {
        let home = read(answer(value, "1").as_bytes()).unwrap_or_else(|e| panic!("{value}: {e}"));
        assert_eq!(home.rejected().count >= 1, rejected == 1, "{value}");
        let found = all_but_the_battery(home, value);
        let kept = match rejected {
            0 => None,
            _ => Some("70"),
        };
        assert!(
            found.as_deref() == kept || value.contains("71"),
            "{value}: {found:?}"
        );
    }
    for plugin in [
        &*deep(10_000),
        &*wide,
        "NaN",
        "[1,2,]",
        r#"{"a":{"b":"c","b":"d"},}"#,
    ] {
        let home = read(answer("\"72\"", plugin).as_bytes()).unwrap();
        assert_eq!(all_but_the_battery(home, plugin).as_deref(), Some("72"));
    }
    let told = read(answer("NaN", "1").as_bytes()).unwrap();
    assert_eq!(
        told.rejected().first.as_deref(),
        Some("device 16, urn:a:HaDevice1/BatteryLevel: a value was expected")
    );
}

#[test]
fn z04_what_xml_cannot_show_is_shown_as_unknown() {
    for (value, shown) in [
        ("\"7\u{1}2\"", "7\u{fffd}2"),
        (r#""7\u00012\ufffe""#, "7\u{fffd}2\u{fffd}"),
        ("\"7\t2\"", "7\t2"),
        (r#""7\n2""#, "7\n2"),
    ] {
        let home = read(answer(value, "1").as_bytes()).unwrap();
        assert_eq!(all_but_the_battery(home, value).as_deref(), Some(shown));
    }
}

#[test]
fn z04_one_bad_byte_in_a_value_or_a_name_costs_no_other() {
    let text = answer("\"abcdefgh\"", "1");
    let value = text.find("abcdefgh").unwrap();
    let variable = text[..value].rfind("BatteryLevel").unwrap();
    let places = (value..value + 8).chain(variable..variable + 12);
    for place in places {
        for byte in [
            b'\x01', b'\0', b'\x1f', b'\x7f', b'\xff', b'\xc3', b'"', b'\\', b'{', b']', b',',
        ] {
            // With the quote behind it, that would be another character.
            if byte == b'\\' && text.as_bytes()[place + 1] == b'"' {
                continue;
            }
            let mut damaged = text.clone().into_bytes();
            damaged[place] = byte;
            let what = String::from_utf8_lossy(&damaged).into_owned();
            let home = read(&damaged).unwrap_or_else(|e| panic!("{e}: {what}"));
            all_but_the_battery(home, &what);
        }
    }
}

#[test]
fn z04_no_byte_anywhere_makes_a_value_of_another_device() {
    let text = answer("\"72\"", "1");
    let mut survived = 0;
    for place in 0..text.len() {
        for byte in [b'\x01', b'\xff', b'"', b'}', b','] {
            let mut damaged = text.clone().into_bytes();
            damaged[place] = byte;
            let Ok(home) = read(&damaged) else { continue };
            survived += 1;
            let mut rows = Rows::of(read(text.as_bytes()));
            rows.declare_text(BATTERY);
            rows.update(Ok(home.clone()));
            for device in home.devices() {
                let found = rows.get(BATTERY, &[device]);
                // The number of a device may have become another one; in a text is the byte itself.
                let is_own = match (device, found.as_deref()) {
                    (4, Some("71")) | (16, Some("72")) | (20, Some("73")) => true,
                    (4 | 16 | 20, Some(other)) => {
                        other.len() < 6 && !other.bytes().all(|b| b.is_ascii_digit())
                    }
                    _ => true,
                };
                assert!(
                    is_own,
                    "{device}: {found:?}: {}",
                    String::from_utf8_lossy(&damaged)
                );
            }
        }
    }
    println!("{survived} of {}", 5 * text.len());
    assert!(survived > 2 * text.len());
}

#[test]
fn z11_an_answer_that_is_cut_off_anywhere_is_no_home() {
    let text = answer("\"72\"", "[1,{\"a\":\"b\"}]");
    assert!(read(text.as_bytes()).is_ok());
    for length in 0..text.len() {
        let error = read(&text.as_bytes()[..length]).unwrap_err();
        let is_told = matches!(error, LuupError::Empty | LuupError::Json(_));
        assert!(is_told, "{length}: {error}");
    }
}

#[test]
fn z12_numbers_may_be_texts_and_texts_numbers() {
    let one = r#"{"devices":[{"id":4,"name":"Lampe","status":"-1","disabled":false,
        "states":[{"service":"urn:a:X1","variable":"V","value":5},{"service":"urn:a:X1",
        "variable":7,"value":true},{"service":"urn:a:X1","variable":"None"},
        {"variable":"V","value":"1"},7,"x",[]]}]}"#;
    let other = r#"{"devices":[{"states":[{"value":"5","variable":"V","service":"urn:a:X1"},
        {"variable":"7","value":"1","service":"urn:a:X1"}],"status":-1,"disabled":"0",
        "name":"Lampe","id":"4"}]}"#;
    for (id, text) in [("4", one), ("4", other), ("4.0", other), ("\" 4\\n\"", one)] {
        let text = text
            .replace("\"id\":4", &format!("\"id\":{id}"))
            .replace("\"id\":\"4\"", &format!("\"id\":{id}"));
        let mut rows = Rows::of(read(text.as_bytes()));
        assert_eq!(rows.get("X1/V", &[4]).unwrap(), "5");
        assert_eq!(rows.get("X1/7", &[4]).unwrap(), "1");
        assert_eq!(rows.get("X1/None", &[4]), None);
        assert_eq!(rows.get("device.status", &[4]).unwrap(), "-1");
        assert_eq!(rows.get("device.disabled", &[4]).unwrap(), "0");
        assert_eq!(rows.get("device.name", &[4]).unwrap(), "Lampe");
    }
}

#[test]
fn z12_a_device_that_stands_twice_is_one() {
    let text = r#"{"devices":[{"id":4,"name":"Lampe","name":"Autre","states":[{"service":"urn:a:X1",
        "variable":"V","value":"1"}]},{"id":"4","name":"Porte","altid":"9","states":[{"service":
        "urn:a:X1","variable":"V","value":"2"},{"service":"urn:a:X1","variable":"W","value":"3"}]}]}"#;
    let home = read(text.as_bytes()).unwrap();
    assert_eq!(home.devices().collect::<Vec<_>>(), [4]);
    let mut rows = Rows::of(Ok(home));
    assert_eq!(rows.get("device.name", &[4]).unwrap(), "Lampe");
    assert_eq!(rows.get("device.altid", &[4]).unwrap(), "9");
    assert_eq!(rows.get("X1/V", &[4]).unwrap(), "1");
    assert_eq!(rows.get("X1/W", &[4]).unwrap(), "3");
}

/// As they stand in the answers of a real box.
#[test]
fn z70_a_whole_number_may_have_a_fraction() {
    let states = r#"[{"service":"urn:a:HaDevice1","variable":"BatteryLevel","value":70.0},
        {"service":"urn:a:T1","variable":"X","value":21.50},
        {"service":"urn:a:T1","variable":"Y","value":"1.0"}]"#;
    let home = format!(
        r#"{{"LoadTime":100.0,"DataVersion":5.0,"rooms":[{{"id":2.0,"name":"Bath"}}],"devices":[
        {{"id":1.0,"device_type":"ZWaveNetwork","states":[]}},
        {{"id":4.0,"id_parent":1.0,"altid":3.0,"room":2.0,"category_num":7.0,"states":{states}}},
        {{"id":5.0,"id_parent":4.0,"altid":"e1","states":[]}}]}}"#
    );
    let home = Snapshot::read([Ok(&home), Ok(&home)]).unwrap();
    let position = home.position().unwrap();
    assert_eq!(
        (&*position.load_time, &*position.data_version),
        ("100", "5")
    );
    let mut rows = Rows::of(Ok(home));
    assert_eq!(rows.list("nodes", &[]), [4]);
    assert_eq!(rows.list("children", &[4]), [5]);
    assert_eq!(rows.list("devices.category=7", &[]), [4]);
    let mut get = |key: &str| rows.get(key, &[4]).unwrap();
    for (key, told) in [
        ("device.id", "4"),
        ("device.altid", "3"),
        ("device.room", "2"),
        ("room.name", "Bath"),
        (BATTERY, "70"),
        ("T1/X", "21.50"),
        // A text is what it is.
        ("T1/Y", "1.0"),
    ] {
        assert_eq!(get(key), told, "{key}");
    }
}

#[test]
fn z12_accents_that_were_coded_twice_stay_as_they_are() {
    let text = "{\"devices\":[{\"id\":4,\"name\":\"S\u{c3}\u{a9}jour\"}]}";
    let mut rows = Rows::of(read(text.as_bytes()));
    assert_eq!(rows.get("device.name", &[4]).unwrap(), "S\u{c3}\u{a9}jour");
}
