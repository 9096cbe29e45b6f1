//! The box tells every ACS one identity, whenever its interface comes up.

use std::time::Duration;

use crate::world::{URL, World, set_values};
use cwmpd::cwmp::{Input, Output};

/// The serial number is that of the interface, as in `etc/cwmpd`.
const ROWS: &str = "\
DeviceInfo.ManufacturerOUI;STRING:6;1;0;0;0;0;0;;;;;;;live:mac|oui
DeviceInfo.SerialNumber;STRING:64;1;0;0;0;0;0;;;;;;;live:mac|nocolon|upper
";
const MAC: &str = "00:d0:9e:01:02:03";

/// OUI and serial number that the session tells which is due.
#[track_caller]
fn told(world: &mut World) -> (String, String) {
    let talk = world.open();
    let id = talk.inform.device_id.clone();
    talk.serve(&[]);
    (id.oui, id.serial_number)
}

fn pair(oui: &str, serial: &str) -> (String, String) {
    (oui.to_owned(), serial.to_owned())
}

#[test]
fn no_acs_is_met_before_the_box_knows_who_it_is() {
    let mut world = World::fresh_with(1, ROWS);
    assert!(world.poll());
    let step = world.step(Input::Start);
    assert!(matches!(step.output, Output::End(_)), "no Inform");
    assert_eq!(world.engine.status(world.now).retry_count, 0);
    assert!(
        world
            .engine
            .status(world.now)
            .to_string()
            .contains("DeviceInfo.ManufacturerOUI is empty")
    );

    world.live.set("mac", MAC);
    let waited = world.wait(Duration::from_secs(60)).unwrap();
    assert!(waited <= Duration::from_secs(10), "{waited:?}");
    let talk = world.open();
    assert_eq!(talk.events(), ["0 BOOTSTRAP", "1 BOOT"]);
    assert_eq!(talk.inform.retry_count, 0);
    assert_eq!(talk.inform.device_id.oui, "00D09E");
    talk.serve(&[]);
}

#[test]
fn an_interface_that_is_late_does_not_change_the_identity() {
    let mut world = World::fresh_with(1, ROWS);
    world.live.set("mac", MAC);
    let first = told(&mut world);
    assert_eq!(first, pair("00D09E", "00D09E010203"));
    world.live.set("mac", "");
    world.power_cut(Duration::from_secs(60));
    assert_eq!(told(&mut world), first);
}

#[test]
fn another_acs_gets_the_same_identity() {
    let mut world = World::fresh_with(1, ROWS);
    world.live.set("mac", MAC);
    let first = told(&mut world);
    world.engine.connection_request(world.now);
    let other = URL.replace("a.example", "b.example");
    world
        .open()
        .serve(&[set_values(&[("ManagementServer.URL", &other)], "")]);
    world.live.set("mac", "");
    world.power_cut(Duration::from_secs(60));
    assert_eq!(told(&mut world), first);
}

#[test]
fn a_value_that_was_never_told_is_not_kept() {
    let mut world = World::fresh_with(1, ROWS);
    world.live.set("mac", MAC);
    world.unreachable();
    world.live.set("mac", "00:d0:9e:ff:ff:ff");
    world.wait(Duration::from_secs(60)).unwrap();
    assert_eq!(told(&mut world), pair("00D09E", "00D09EFFFFFF"));
}

#[test]
fn an_identity_that_the_operator_changes_is_taken_and_kept() {
    let mut world = World::fresh_with(1, ROWS);
    world.live.set("mac", MAC);
    told(&mut world);
    let edited = pair("0A0B0C", "0A0B0C000001");
    world.live.set("mac", "0a:0b:0c:00:00:01");
    world.power_cut(Duration::from_secs(60));
    assert_eq!(told(&mut world), edited);
    world.live.set("mac", "");
    world.power_cut(Duration::from_secs(60));
    assert_eq!(told(&mut world), edited);
}
