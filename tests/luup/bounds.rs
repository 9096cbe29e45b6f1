//! Answers that are more than a home.

use std::fmt::Write as _;
use std::time::Duration;

use cwmpd::luup::limits::{
    MAX_BYTES, MAX_DEVICE_VALUES, MAX_DEVICES, MAX_FLAT_BYTES, MAX_NAME_BYTES, MAX_NAMES,
    MAX_TEXT_BYTES, MAX_VALUE_BYTES, MAX_VALUES,
};
use cwmpd::luup::{FetchScope, LuupError, Snapshot, fetch, flatten, poll};
use cwmpd_lab::luup::hostile::{greatest_home, hostile};
use cwmpd_lab::luup::{FakeLuup, Mood};
use nix::time::{ClockId, clock_gettime};

use crate::fetch::access;
use crate::rows::Rows;

const SIZE: usize = MAX_BYTES as usize;

fn read(answer: &str) -> Result<Snapshot, LuupError> {
    Snapshot::read([Ok(answer)])
}

/// `count` devices with what `each` says of them.
fn devices(count: usize, each: impl Fn(usize) -> String) -> String {
    let devices: Vec<String> = (1..=count)
        .map(|nth| format!("{{\"id\":{nth}{}}}", each(nth)))
        .collect();
    format!("{{\"devices\":[{}]}}", devices.join(","))
}

/// `,"p1":v,"p2":v`: so many fields, their names beginning with `prefix`.
fn fields(count: usize, prefix: &str, value: &str) -> String {
    let mut text = String::new();
    for nth in 1..=count {
        let _ = write!(text, ",\"{prefix}{nth}\":{value}");
    }
    text
}

#[test]
fn s24_an_answer_beyond_a_bound_is_refused_as_a_whole_and_one_within_is_taken() {
    let most_fields = MAX_VALUES / 1000 - 1;
    let many_names = |more: usize| {
        // Beside `id`.
        let groups = MAX_NAMES / 512;
        devices(groups, |nth| {
            let count = if nth == 1 { 511 + more } else { 512 };
            fields(count, &format!("g{nth}-"), "1")
        })
    };
    for (what, good, bad) in [
        (
            "devices",
            devices(MAX_DEVICES, |_| String::new()),
            devices(MAX_DEVICES + 1, |_| String::new()),
        ),
        (
            "values",
            devices(1000, |_| fields(most_fields, "v", "1")),
            devices(1000, |_| fields(most_fields + 2, "v", "1")),
        ),
        ("names", many_names(0), many_names(1)),
    ] {
        assert!(read(&good).is_ok(), "{what}");
        let error = read(&bad).unwrap_err();
        assert!(
            matches!(error, LuupError::TooMuch { what: told, .. } if told == what),
            "{what}: {error}"
        );
        assert!(error.to_string().contains("and is not taken"), "{error}");
    }
}

/// So many nodes, in an answer that says where the engine stands.
fn nodes(count: usize) -> String {
    let home = devices(count, |_| {
        r#","states":[{"service":"urn:x:ZWaveDevice1","variable":"Capabilities","value":"1"}]"#
            .to_owned()
    });
    home.replacen('{', r#"{"LoadTime":1,"DataVersion":2,"#, 1)
}

#[test]
fn z13_ten_thousand_devices_are_refused_as_a_whole_and_1024_are_a_home() {
    const REFUSAL: &str =
        "luup: the answer has more than 1024 devices, which no home has, and is not taken";
    let luup = FakeLuup::start();
    let access = access(&luup);
    let mut rows = Rows::of(fetch(&access, FetchScope::All(None)));
    let known = rows.list("nodes", &[]);
    assert_eq!(known.len(), 12);
    let battery = rows.get("HaDevice1/BatteryLevel", &[20]);
    assert!(battery.is_some());
    for count in [10_000, 1025] {
        luup.mood(Mood::Says(nodes(count)));
        let refused = rows.fetch(&access).unwrap_err();
        assert_eq!(refused.to_string(), REFUSAL, "{count}");
        assert_eq!(rows.list("nodes", &[]), known, "{count}");
        assert_eq!(rows.get("HaDevice1/BatteryLevel", &[20]), battery);
    }
    luup.mood(Mood::Says(nodes(1024)));
    rows.fetch(&access).unwrap();
    // The first is the network, as before.
    let taken: Vec<u32> = (2..=1024).collect();
    assert_eq!(rows.list("nodes", &[]), taken);
    assert_eq!(
        rows.get("ZWaveDevice1/Capabilities", &[1024]).as_deref(),
        Some("1")
    );
    // The same of the devices that changed since.
    let before = fetch(&access, FetchScope::Status).unwrap();
    luup.mood(Mood::Says(nodes(10_000)));
    let refused = poll(&access, &before, Duration::ZERO).unwrap_err();
    assert_eq!(refused.to_string(), REFUSAL);
    assert_eq!(before.devices().count(), 1024);
}

#[test]
fn z04_a_value_or_a_name_beyond_a_bound_costs_no_other() {
    let others = fields(2, "f", "\"2\"");
    let after = |more: &str| read(&devices(1, |_| format!("{more}{others}"))).unwrap();
    let first = |home: &Snapshot| home.rejected().first.as_deref().unwrap_or("").to_owned();
    let name = |bytes: usize| after(&format!(",\"{}\":1", "n".repeat(bytes)));
    let value = |bytes: usize| after(&format!(",\"v\":\"{}\"", "v".repeat(bytes)));
    assert_eq!(name(MAX_NAME_BYTES).rejected().count, 0);
    assert_eq!(value(MAX_VALUE_BYTES).rejected().count, 0);
    let long = name(MAX_NAME_BYTES + 1);
    assert_eq!(first(&long), "device 1, a name: it is too long");
    let long_value = value(MAX_VALUE_BYTES + 1);
    assert_eq!(first(&long_value), "device 1, v: it is too long");
    let huge = value(1 << 20);
    for home in [long, long_value, huge] {
        assert_eq!(home.rejected().count, 1);
        let mut rows = Rows::of(Ok(home));
        assert_eq!(rows.get("device.f2", &[1]).unwrap(), "2");
    }
    let each = MAX_VALUE_BYTES - 8;
    let all = devices(MAX_TEXT_BYTES / each + 3, |nth| {
        format!(",\"v\":\"{nth:08}{}\"", "v".repeat(each - 8))
    });
    let home = read(&all).unwrap();
    assert!(home.bytes() < MAX_TEXT_BYTES + (1 << 16));
    assert!(home.rejected().count > 1);
    assert!(first(&home).ends_with("v: there is no room for it"));
    let wide = after(&fields(2 * MAX_DEVICE_VALUES, "w", "1"));
    assert_eq!(first(&wide), "device 1, a value: the device has too many");
    assert_eq!(wide.rejected().count, MAX_DEVICE_VALUES + 3);
}

/// Holds that the CPU time of what is done, which no other load changes, is far from what it is where
/// work grows with the square of an answer: minutes.
fn in_proportion<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let cpu = || Duration::from(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap());
    let before = cpu();
    let done = work();
    let took = cpu() - before;
    assert!(took < Duration::from_secs(15), "{what}: {took:?}");
    done
}

#[test]
fn s24_hostile_answers_are_refused_or_small() {
    // Less than what is taken at most, for the patience of who runs the tests.
    let size = SIZE / 8;
    for answer in hostile(size) {
        let what = answer.what;
        let length = answer.text.len();
        assert!(length <= size && length > size / 2, "{what}");
        if let Ok(home) = in_proportion(what, || read(&answer.text)) {
            assert!(home.bytes() < 3 << 20, "{what}: {}", home.bytes());
        }
        let mut bytes = 0;
        let mut count = |name: &str, value: &str| bytes += name.len() + value.len();
        let flat = in_proportion(what, || flatten(&answer.text, "ZWave", &mut count));
        assert!(bytes <= MAX_FLAT_BYTES, "{what}: {bytes}");
        if what == "a long name before many values" {
            assert!(matches!(flat, Err(LuupError::TooMuch { .. })), "{flat:?}");
        }
    }
}

#[test]
fn s24_the_greatest_home_is_looked_up_without_going_through_its_names() {
    let home = greatest_home(1000, 80_000, MAX_NAMES);
    assert!(home.len() <= SIZE);
    let mut rows = in_proportion("reading", || Rows::of(read(&home)));
    let devices: Vec<u32> = (2..1002).collect();
    assert_eq!(rows.list("nodes", &[]), devices);
    in_proportion("look-ups", || {
        for _ in 0..50 {
            for device in &devices {
                let found = rows.get("ZWaveDevice1/Capabilities", &[*device]);
                assert_eq!(found.as_deref(), Some("1"));
                let found = rows.get("ZWaveDevice1/Neighbors", &[*device]);
                assert_eq!(found.is_some(), *device > 993);
                let found = rows.get("ZWaveDevice1/PollOk", &[*device]);
                assert_eq!(found.as_deref(), Some("x"));
                let change = rows.change("ZWaveDevice1/Unset", &[*device], "1").unwrap();
                assert_eq!(change.order.device(), *device);
            }
        }
    });
}
