//! Luup's answers as they were stored from other engines, whole and in pieces.

use std::collections::BTreeSet;

use cwmpd::luup::{FetchScope, LuupError, Snapshot, fetch, flatten};
use cwmpd_lab::luup::{FakeLuup, Mood};
use cwmpd_lab::shared;

use crate::fetch::access;
use crate::rows::Rows;

/// A stored answer; `None`, and told, where the samples are not there.
fn sample(name: &str) -> Option<String> {
    shared::text(&format!("luup/samples/{name}"))
}

fn rows(status: &str, user_data: Option<&str>) -> Rows {
    let answers = [status].into_iter().chain(user_data);
    Rows::of(Snapshot::read(answers.map(Ok)))
}

#[test]
fn ten_nodes_are_found_from_either_answer() {
    let (Some(status), Some(user_data)) = (
        sample("openluup_status_small.json"),
        sample("openluup_user_data_small.json"),
    ) else {
        return;
    };
    let nodes = [3, 4, 20, 21, 25, 26, 30, 31, 57, 64];
    assert_eq!(rows(&status, None).list("nodes", &[]), nodes);
    let mut all = rows(&status, Some(&user_data));
    assert_eq!(all.list("nodes", &[]), nodes);
    assert_eq!(all.list("children", &[20]), [22, 23, 24]);
    let mut get = |key: &str, at: &[u32]| all.get(key, at);
    // The same variable stands at another place in each device.
    assert_eq!(get("ZWaveDevice1/WakeupInterval", &[20]).unwrap(), "720");
    assert_eq!(get("device.altid", &[25]).unwrap(), "6");
    assert_eq!(get("device.model", &[20]).unwrap(), "4-in-1");
    assert_eq!(get("ZWaveNetwork1/ComPort", &[]).unwrap(), "/dev/ttyS0");
}

#[test]
fn a_home_of_231_nodes_is_small() {
    let (Some(status), Some(user_data)) = (
        sample("status_231_nodes_synthetic.json"),
        sample("user_data_231_nodes_synthetic.json"),
    ) else {
        return;
    };
    let both = Snapshot::read([Ok(&status), Ok(&user_data)]).unwrap();
    let bytes = both.bytes();
    println!("status and user_data: {} kB", bytes / 1024);
    assert!(bytes < 300 * 1024, "{bytes}");
    assert_eq!(Rows::of(Ok(both)).list("nodes", &[]).len(), 231);
    let bytes = Snapshot::read([Ok(&status)]).unwrap().bytes();
    println!("status: {} kB", bytes / 1024);
    assert!(bytes < 128 * 1024, "{bytes}");
}

#[test]
fn every_value_of_a_big_home_is_found_under_its_name() {
    let Some(status) = sample("status_231_nodes_synthetic.json") else {
        return;
    };
    let mut rows = rows(&status, None);
    let json: tinyjson::JsonValue = status.parse().unwrap();
    let text = |json: &tinyjson::JsonValue| json.get::<String>().unwrap().clone();
    let mut seen = BTreeSet::new();
    for device in json["devices"].get::<Vec<_>>().unwrap() {
        let id = *device["id"].get::<f64>().unwrap() as u32;
        for state in device["states"].get::<Vec<_>>().unwrap() {
            let key = format!("{}/{}", text(&state["service"]), text(&state["variable"]));
            let value = text(&state["value"]);
            if seen.insert((id, key.clone())) {
                assert_eq!(rows.get(&key, &[id]).unwrap_or_default(), value);
            }
        }
    }
    assert!(seen.len() > 8000);
}

#[test]
fn a_big_home_comes_through_the_wire() {
    let Some(status) = sample("status_231_nodes_synthetic.json") else {
        return;
    };
    let luup = FakeLuup::start();
    luup.mood(Mood::Says(status));
    let snapshot = fetch(&access(&luup), FetchScope::Status).unwrap();
    assert_eq!(snapshot.devices().count(), 372);
}

#[test]
fn every_stored_answer_is_flattened() {
    let whole = [
        (
            "openluup_lu_status2_small.json",
            "ZWave.devices.1.states.1.id",
            "0",
        ),
        (
            "openluup_status_incremental.json",
            "ZWave.devices.1.states.1.value",
            "55",
        ),
        (
            "openluup_sdata_small.json",
            "ZWave.devices.2.name",
            "Office Light",
        ),
        (
            "openluup_user_data_small.json",
            "ZWave.rooms.1.name",
            "Living Room",
        ),
        (
            "user_data_231_nodes_synthetic.json",
            "ZWave.devices.372.id",
            "",
        ),
    ];
    for (name, path, value) in whole {
        let Some(text) = sample(name) else { return };
        let mut found = None;
        flatten(&text, "ZWave", &mut |n, v| {
            if n == path {
                found = Some(v.to_owned());
            }
        })
        .unwrap();
        let found = found.expect(name);
        assert!(value.is_empty() || found == value, "{name}: {found}");
    }
}

#[test]
fn pieces_of_real_answers_are_refused_and_change_nothing() {
    let pieces = [
        "fragments/homebridge114_user_data_device_TRUNCATED.txt",
        "fragments/homelive_orangefr_lu_sdata_TRUNCATED.txt",
        "fragments/pyvera135_status_device4_head_TRUNCATED.txt",
        "fragments/pyvera135_status_tail_TRUNCATED.txt",
        "fragments/pyvera96_status_TRUNCATED.json",
    ];
    for name in pieces {
        let Some(text) = sample(name) else { return };
        let error = Snapshot::read([Ok(&text)]).unwrap_err();
        let broken = matches!(
            error,
            LuupError::Json(_) | LuupError::NoDevices | LuupError::Text(_)
        );
        assert!(broken, "{name}: {error}");
        assert!(flatten(&text, "", &mut |_, _| {}).is_err(), "{name}");
    }
}

#[test]
fn a_piece_of_a_real_answer_that_is_closed_again_is_read() {
    let Some(piece) = sample("fragments/pyvera96_status_TRUNCATED.json") else {
        return;
    };
    let last_whole = piece.rfind("},").unwrap();
    let closed = format!("{}}}]}}]}}", &piece[..last_whole]);
    let mut network = rows(&closed, None);
    assert_eq!(network.get("ZWaveNetwork1/UseMR", &[]).unwrap(), "0");
    assert_eq!(
        network.get("ZWaveNetwork1/LastUpdate", &[1]).unwrap(),
        "1531346004"
    );
    let Some(piece) = sample("fragments/homebridge114_user_data_device_TRUNCATED.txt") else {
        return;
    };
    let last_whole = piece.rfind("},").unwrap();
    let closed = format!("{{\"devices\":[{}}}]}}]}}", &piece[..last_whole]);
    let mut node = rows(&closed, None);
    assert_eq!(node.list("nodes", &[]), [139]);
    assert_eq!(node.get("device.altid", &[139]).unwrap(), "11");
}

#[test]
fn every_beginning_of_an_answer_is_refused() {
    let Some(text) = sample("openluup_status_small.json") else {
        return;
    };
    let whole = text.trim_end();
    for length in (0..whole.len()).step_by(97) {
        if let Some(beginning) = whole.get(..length) {
            assert!(Snapshot::read([Ok(beginning)]).is_err(), "{length}");
        }
    }
}
