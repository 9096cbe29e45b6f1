//! Answers that are more than a home.

use std::fmt::Write as _;
use std::time::Duration;

use cwmpd::luup::limits::{
    MAX_BYTES, MAX_DEVICES, MAX_FLAT_BYTES, MAX_NAME_BYTES, MAX_NAMES, MAX_TEXT_BYTES, MAX_VALUES,
};
use cwmpd::luup::{LuupError, Snapshot, flatten};
use cwmpd_lab::luup::hostile::{greatest_home, hostile};
use nix::time::{ClockId, clock_gettime};

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
    let long = |bytes: usize| format!(",\"{}\":1", "n".repeat(bytes));
    let text = |bytes: usize| format!(",\"t\":\"{}\"", "t".repeat(bytes));
    let many_names = |more: usize| {
        // Beside `id`.
        let groups = MAX_NAMES / 512;
        devices(groups, |nth| {
            let count = if nth == 1 { 511 + more } else { 512 };
            fields(count, &format!("g{nth}-"), "1")
        })
    };
    // Where `id`, `1` and the name of the text are counted, too.
    let others = "id1t".len();
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
        (
            "bytes in a name",
            devices(1, |_| long(MAX_NAME_BYTES)),
            devices(1, |_| long(MAX_NAME_BYTES + 1)),
        ),
        (
            "bytes of different texts",
            devices(1, |_| text(MAX_TEXT_BYTES - others)),
            devices(1, |_| text(MAX_TEXT_BYTES - others + 1)),
        ),
    ] {
        assert!(read(&good).is_ok(), "{what}");
        let error = read(&bad).unwrap_err();
        assert!(
            matches!(error, LuupError::TooMuch { what: told, .. } if told == what),
            "{what}: {error}"
        );
        assert!(error.to_string().contains("and is not taken"), "{error}");
        // In the second answer as in the first, which is then not taken either.
        let mut rows = Rows::of(read(r#"{"devices":[{"id":5,"status":-1}]}"#));
        let both = [Ok(r#"{"devices":[{"id":5,"status":4}]}"#), Ok(&*bad)];
        rows.update(Snapshot::read(both));
        assert_eq!(rows.get("device.status", &[5]).unwrap(), "-1");
    }
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
                assert_eq!(found.is_some(), *device == 1001);
                let found = rows.get("ZWaveDevice1/PollOk", &[*device]);
                assert_eq!(found.as_deref(), Some("x"));
                let target = rows.target("ZWaveDevice1/Unset", &[*device]).unwrap();
                assert!(target.key.ends_with(":ZWaveDevice1/Unset"));
            }
        }
    });
}
