//! The box tells every ACS one identity, whenever its interface comes up.

use std::time::Duration;

use cwmpd::cwmp::{Input, Intent, Output};

use crate::world::{URL, World, set_values};

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
fn f06_what_was_told_stays_whatever_the_box_says_of_itself() {
    let mut world = World::fresh_with(1, ROWS);
    world.live.set("mac", MAC);
    let first = told(&mut world);
    for mac in ["0a:0b:0c:00:00:01", "", "00:d0:9e:ff:ff:ff", "garbage"] {
        world.live.set("mac", mac);
        world.engine.connection_request(world.now);
        assert_eq!(told(&mut world), first, "{mac}");
        world.power_cut(Duration::from_secs(60));
        assert_eq!(told(&mut world), first, "{mac}");
    }
}

#[test]
fn f06_an_option_of_the_operator_is_taken_each_by_itself_and_stays_when_it_goes() {
    let mut world = World::fresh_with(1, ROWS);
    world.live.set("mac", MAC);
    told(&mut world);
    // As if the option were there: the row gives it, and it is set.
    world.live.set("mac", "0a:0b:0c:00:00:01");
    let mut set = |serial_number: bool| {
        world.options.identity.serial_number = serial_number;
        world.engine.configure(world.options.clone());
        world.engine.connection_request(world.now);
        told(&mut world)
    };
    let edited = pair("00D09E", "0A0B0C000001");
    assert_eq!(set(true), edited);
    assert_eq!(set(false), edited);
    world.live.set("mac", "");
    world.power_cut(Duration::from_secs(60));
    assert_eq!(told(&mut world), edited);
}

#[test]
fn f06_a_factory_reset_makes_the_box_itself_again() {
    let mut world = World::fresh_with(1, ROWS);
    world.live.set("mac", MAC);
    told(&mut world);
    world.live.set("mac", "0a:0b:0c:00:00:01");
    world.ended(&Intent::FactoryReset, Ok(()));
    world.power_cut(Duration::from_secs(60));
    assert_eq!(told(&mut world), pair("0A0B0C", "0A0B0C000001"));
}
