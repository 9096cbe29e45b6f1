//! Values that change without end make no storm of sessions.

use std::time::Duration;

use super::world::{World, set_values};

/// The rows of an address behind a NAT, and of one by a mapping.
const ROWS: &str = "\
    ManagementServer.UDPConnectionRequestAddress;STRING;source;r;;active;;;;;;;;;live:udp\n\
    ManagementServer.ConnectionRequestURL;STRING;source;r;;active;inform;;;;;;;;live:url\n\
    ManagementServer.UDPConnectionRequestAddressNotificationLimit;UINT;stored;rw;immediate;;;;;300";

const UDP: &str = "ManagementServer.UDPConnectionRequestAddress";
const URL: &str = "ManagementServer.ConnectionRequestURL";
const LIMIT: &str = "ManagementServer.UDPConnectionRequestAddressNotificationLimit";

const HOUR: Duration = Duration::from_secs(3600);
const SECOND: Duration = Duration::from_secs(1);

fn known() -> World {
    let mut world = World::fresh_with(1, ROWS);
    world.live.set("udp", "198.51.100.1:1000");
    world.live.set("url", "http://198.51.100.1:7547/");
    world.events();
    world
}

/// For so long the mapping is another one each second; the sessions that come of it: when, and the value
/// that each tells.
fn flap(world: &mut World, key: &str, path: &str, seconds: u32) -> Vec<(u64, String)> {
    let from = world.now.uptime;
    let mut told = Vec::new();
    for number in 0..seconds {
        world.live.set(key, &format!("198.51.100.1:{number}"));
        world.look();
        if world.wait(SECOND).is_some() {
            let talk = world.open();
            let value = talk.reported(path).unwrap_or_default().to_owned();
            assert_eq!(talk.events(), ["4 VALUE CHANGE"]);
            talk.serve(&[]);
            told.push(((world.now.uptime - from).as_secs(), value));
        }
    }
    told
}

#[test]
fn r19_a_mapping_that_flaps_is_told_at_once_and_then_in_its_time_with_the_newest_value() {
    let mut world = known();
    let told = flap(&mut world, "udp", UDP, 1000);
    let expected = [(1, 0), (301, 300), (601, 600), (901, 900)];
    let expected = expected.map(|(at, number)| (at, format!("198.51.100.1:{number}")));
    assert_eq!(told, expected);
    // What came after the last one is told too, though nothing changes any more.
    assert_eq!(world.wait(HOUR), Some(201 * SECOND));
    let talk = world.open();
    assert_eq!(talk.reported(UDP), Some("198.51.100.1:999"));
    talk.serve(&[]);
    assert_eq!(world.wait(HOUR), None);
}

#[test]
fn r19_the_url_has_a_limit_of_its_own() {
    let mut world = known();
    let told = flap(&mut world, "url", URL, 60);
    assert_eq!(told.len(), 6, "{told:?}");
    assert!(told.windows(2).all(|two| two[1].0 - two[0].0 >= 10));
    // The other value need not wait for it.
    world.live.set("udp", "198.51.100.9:9");
    world.look();
    assert_eq!(world.wait(HOUR), Some(SECOND));
}

#[test]
fn r19_a_session_for_another_reason_tells_the_newest_value_and_begins_the_time_anew() {
    let mut world = known();
    flap(&mut world, "udp", UDP, 10);
    world.engine.connection_request(world.now);
    let talk = world.open();
    assert_eq!(talk.events(), ["4 VALUE CHANGE", "6 CONNECTION REQUEST"]);
    assert_eq!(talk.reported(UDP), Some("198.51.100.1:9"));
    talk.serve(&[]);
    assert_eq!(world.wait(100 * SECOND), None);
    world.live.set("udp", "198.51.100.9:9");
    world.look();
    assert_eq!(world.wait(HOUR), Some(200 * SECOND));
}

#[test]
fn r19_another_limit_holds_at_once_and_none_is_none() {
    let mut world = known();
    flap(&mut world, "udp", UDP, 10);
    world.set(LIMIT, "60");
    assert_eq!(world.wait(HOUR), Some(51 * SECOND));
    world.open().serve(&[set_values(&[(LIMIT, "0")], "")]);
    assert_eq!(flap(&mut world, "udp", UDP, 100).len(), 100);
}

#[test]
fn r19_a_failed_session_is_retried_in_its_time_however_much_the_mapping_flaps() {
    let mut world = known();
    world.live.set("udp", "198.51.100.9:9");
    world.look();
    world.wait(HOUR).unwrap();
    world.unreachable();
    let mut attempts = 0;
    for number in 0..290 {
        world.live.set("udp", &format!("198.51.100.1:{number}"));
        world.look();
        if world.wait(SECOND).is_some() {
            world.unreachable();
            attempts += 1;
        }
    }
    // 5 to 10, 10 to 20, 20 to 40, 40 to 80, 80 to 160 s (§3.2.1.1).
    assert!((3..=6).contains(&attempts), "{attempts}");
}

#[test]
fn r19_a_program_that_begins_anew_knows_when_it_told() {
    let mut world = known();
    flap(&mut world, "udp", UDP, 10);
    for number in 0..20 {
        world.program_restart();
        world.look();
        world.live.set("udp", &format!("198.51.100.7:{number}"));
        world.look();
        assert!(!world.poll());
    }
    let left = world.wait(HOUR).unwrap();
    assert!((265 * SECOND..285 * SECOND).contains(&left), "{left:?}");
    let talk = world.open();
    assert_eq!(talk.reported(UDP), Some("198.51.100.7:19"));
}
