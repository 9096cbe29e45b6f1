//! Answers that no engine gives: as long as wanted, and each of them as much work as it can be.

use std::fmt::Write as _;

/// One answer.
pub struct Hostile {
    /// What is bad about it.
    pub what: &'static str,
    /// The answer to any `id=`.
    pub text: String,
}

/// Answers of about this many bytes each, none of which is a home.
pub fn hostile(bytes: usize) -> Vec<Hostile> {
    let fill = |what, begin: &str, each: &dyn Fn(usize) -> String, end: &str| {
        let mut text = begin.to_owned();
        let mut nth = 0;
        while text.len() + end.len() < bytes {
            let more = each(nth);
            if text.len() + more.len() + end.len() > bytes {
                break;
            }
            text += &more;
            nth += 1;
        }
        let text = text.trim_end_matches(',').to_owned() + end;
        Hostile { what, text }
    };
    let devices = |what, each: &dyn Fn(usize) -> String| fill(what, "{\"devices\":[", each, "]}");
    let states = |what, each: &dyn Fn(usize) -> String| {
        fill(what, "{\"devices\":[{\"id\":7,\"states\":[", each, "]}]}")
    };
    let wide = |nth: usize| {
        let mut device = format!("{{\"id\":{nth}");
        for field in 0..1000 {
            let _ = write!(device, ",\"f{nth}-{field}\":0");
        }
        device + "},"
    };
    let long = "x".repeat(bytes / 2 - 100);
    let whole = "{\"devices\":[{\"id\":7,\"status\":1}]}";
    vec![
        devices("devices", &|nth| {
            format!("{{\"id\":{},\"status\":1}},", nth + 1)
        }),
        devices("one device", &|_| {
            "{\"id\":7,\"altid\":\"1\",\"id_parent\":1},".into()
        }),
        devices("negative numbers", &|nth| {
            format!("{{\"id\":-{nth},\"status\":{nth}}},")
        }),
        devices("empty devices", &|_| "{},".into()),
        devices("names", &wide),
        devices("lists of lists", &|_| "[[[],[[]]],[]],".into()),
        states("variables", &|nth| state("urn:a:X1", &nth.to_string(), "1")),
        states("services", &|nth| {
            let service = format!("u{nth}:ZWaveDevice1");
            state(&service, "Capabilities", "1")
        }),
        states("values", &|nth| {
            state("urn:a:X1", "V", &format!("1e999{nth}"))
        }),
        states("long values", &|nth| {
            state("urn:a:X1", &nth.to_string(), &format!("{nth:09000}"))
        }),
        states("states without a value", &|_| {
            "{\"service\":\"a\",\"variable\":\"b\"},".into()
        }),
        fill(
            "escapes",
            "{\"devices\":[{\"id\":7,\"name\":\"",
            &|_| "\\u00e9\\ud83d\\ude00".into(),
            "\"}]}",
        ),
        fill(
            "repetitions",
            "{\"devices\":[{\"id\":7",
            &|_| ",\"id\":7".into(),
            "}]}",
        ),
        fill("brackets", "", &|_| "[".into(), ""),
        Hostile {
            what: "a long name",
            text: format!(
                "{{\"devices\":[{{\"id\":7,\"{long}\":1,\"states\":[{}]}}]}}",
                state("a:ZWaveDevice1", &long, "1").trim_end_matches(',')
            ),
        },
        Hostile {
            what: "a long name before many values",
            text: format!("{{\"{long}\":[{}0]}}", "0,".repeat(bytes / 4)),
        },
        fill("two documents", whole, &|_| whole.into(), ""),
        fill(
            "an end that is missing",
            "{\"devices\":[{\"id\":7,\"status\":1}],\"x\":[",
            &|_| "0,".into(),
            "",
        ),
    ]
}

/// A home that is just within the bounds, and as much work as one can be: each device is a node with
/// values that do not fit their rows, and its services are all called the same in short. Half of the
/// names are those of `ZWaveDevice1/Neighbors`, which only the last eight devices have.
pub fn greatest_home(devices: usize, values: usize, names: usize) -> String {
    let mut text = "{\"devices\":[".to_owned();
    for device in 0..devices {
        let comma = if device == 0 { "" } else { "," };
        let _ = write!(text, "{comma}{{\"id\":{},\"states\":[", device + 2);
        for nth in 0..(values - names / 2) / devices - 4 {
            let service = (device * 131 + nth) % (names / 2 - 4);
            text += &state(&format!("u{service}:ZWaveDevice1"), "Capabilities", "1");
        }
        let eighth = names / 16;
        let nth = (device + 8).saturating_sub(devices);
        let rare = if device + 8 < devices { 0 } else { eighth };
        for service in nth * eighth..nth * eighth + rare {
            text += &state(&format!("u{service}:ZWaveDevice1"), "Neighbors", "1");
        }
        for variable in ["WakeupInterval", "PollSettings", "PollOk"] {
            text += &state("u:ZWaveDevice1", variable, "x");
        }
        text = text.trim_end_matches(',').to_owned() + "]}";
    }
    text + "]}"
}

fn state(service: &str, variable: &str, value: &str) -> String {
    format!("{{\"service\":\"{service}\",\"variable\":\"{variable}\",\"value\":\"{value}\"}},")
}
