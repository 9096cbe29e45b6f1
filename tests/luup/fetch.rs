//! The Luup client against an engine on its good and its bad days.

use std::time::Duration;

use cwmpd::base::config::LuupConfig;
use cwmpd::luup::{FetchScope, LuupAccess, LuupError, fetch};
use cwmpd_lab::luup::{FakeLuup, Mood};

use crate::rows::Rows;

pub fn access(luup: &FakeLuup) -> LuupAccess {
    LuupAccess::new(LuupConfig {
        url: luup.url(),
        timeout: Duration::from_secs(20),
        ..LuupConfig::default()
    })
}

fn rows(luup: &FakeLuup) -> Rows {
    Rows::of(fetch(&access(luup), FetchScope::All(None)))
}

#[test]
fn a_home_is_fetched_with_its_nodes_and_their_children() {
    let luup = FakeLuup::start();
    let mut rows = rows(&luup);
    let nodes = [3, 4, 6, 12, 20, 21, 24, 30, 31, 33, 34, 36];
    assert_eq!(rows.list("nodes", &[]), nodes);
    assert_eq!(rows.list("children", &[12]), [13, 14]);
    assert_eq!(rows.list("children", &[3]), []);
    let mut get = |key: &str, at: &[u32]| rows.get(key, at);
    assert_eq!(get("ZWaveDevice1/WakeupInterval", &[12]).unwrap(), "720");
    assert_eq!(get("ZWaveNetwork1/NetStatusText", &[]).unwrap(), "OK");
    assert_eq!(get("device.name", &[20]).unwrap(), "Porte d'entrée");
    assert_eq!(get("device.altid", &[12, 14]).unwrap(), "e3");
    assert_eq!(get("device.model", &[24]).unwrap(), "V2 & Co <BT>");
    assert_eq!(
        get("DoorLock1/PinCodes", &[24]).unwrap(),
        "1,1\tAnne;2,1\tRené;"
    );
    assert_eq!(get("HaDevice1/BatteryLevel", &[33]), None);
    let asked = luup.requests();
    assert!(asked[0].starts_with("id=status&") && asked[1].starts_with("id=user_data&"));
    assert_eq!(asked.len(), 2);
}

#[test]
fn user_data_is_fetched_only_where_it_is_wanted() {
    let luup = FakeLuup::start();
    let mut rows = Rows::of(fetch(&access(&luup), FetchScope::Status));
    assert_eq!(luup.requests().len(), 1);
    // Without parents the controller cannot be told from a node.
    assert_eq!(rows.list("nodes", &[]).len(), 13);
}

#[test]
fn a_bad_day_of_the_engine_is_told_and_leaves_the_last_good_values() {
    let mut luup = FakeLuup::start();
    let mut rows = rows(&luup);
    let says = |text: &str| Mood::Says(text.to_owned());
    let deep = format!("{{\"devices\":{}", "[".repeat(100_000));
    let moods = [
        (Mood::Empty, "the answer is empty"),
        (says("Exiting"), "no JSON but the text \"Exiting\""),
        (says("NO_CHANGES"), "no JSON but the text \"NO_CHANGES\""),
        (says("Bad Device"), "no JSON but the text \"Bad Device\""),
        (says("{\"LoadTime\":1}"), "has no devices"),
        (says("{\"devices\":[]}"), "has no devices"),
        (says(&deep), "ends too early at byte 100011"),
        (says("{\"devices\":[{\"id\":NaN}]}"), "has no devices"),
        (Mood::Truncated, "not complete JSON"),
        (Mood::Status(503), "HTTP status 503"),
        (Mood::Status(501), "HTTP status 501"),
        (Mood::Status(302), "HTTP status 302"),
        (Mood::Endless, "has no devices"),
    ];
    for (mood, told) in moods {
        luup.mood(mood);
        let error = fetch(&access(&luup), FetchScope::All(None)).unwrap_err();
        assert!(error.to_string().contains(told), "{error}");
        rows.update(Err(error));
        let kept = rows.get("ZWaveDevice1/WakeupInterval", &[12]);
        assert_eq!(kept.unwrap(), "720");
    }
    luup.mood(Mood::Well);
    luup.down();
    let error = fetch(&access(&luup), FetchScope::All(None)).unwrap_err();
    assert!(matches!(error, LuupError::Unreachable(_)), "{error}");
    luup.up();
    luup.set(12, "ZWaveDevice1", "WakeupInterval", "900");
    rows.update(fetch(&access(&luup), FetchScope::All(None)));
    let now = rows.get("ZWaveDevice1/WakeupInterval", &[12]);
    assert_eq!(now.unwrap(), "900");
}

#[test]
fn an_engine_that_stops_in_the_middle_or_is_slow_costs_no_more_than_the_timeout() {
    let luup = FakeLuup::start();
    let mut impatient = access(&luup);
    impatient.config.timeout = Duration::from_millis(100);
    luup.mood(Mood::Stuck);
    assert_eq!(
        fetch(&impatient, FetchScope::Status).unwrap_err(),
        LuupError::Timeout
    );
    luup.mood(Mood::Slow(Duration::from_millis(500)));
    assert_eq!(
        fetch(&impatient, FetchScope::All(None)).unwrap_err(),
        LuupError::Timeout
    );
    assert!(fetch(&access(&luup), FetchScope::Status).is_ok());
}

#[test]
fn only_an_address_is_asked() {
    for url in ["", "127.0.0.1:3480", "http://", "ftp://127.0.0.1/"] {
        let mut access = access(&FakeLuup::start());
        access.config.url = url.to_owned();
        let error = fetch(&access, FetchScope::Status).unwrap_err();
        assert!(matches!(error, LuupError::BadUrl(_)), "{url}: {error:?}");
    }
}
