use super::*;
use crate::luup::Snapshot;

fn source() -> LuupSource {
    let text = r#"{"devices":[{"id":7,"status":4,"name":"Lampe","states":[
        {"service":"urn:micasaverde-com:serviceId:HaDevice1","variable":"BatteryLevel","value":"70"}]}]}"#;
    let mut home = Home::default();
    home.update(Snapshot::read(text, None));
    LuupSource(Rc::new(RefCell::new(home)))
}

#[test]
fn values_come_from_the_innermost_instance() {
    let mut source = source();
    assert_eq!(source.get("HaDevice1/BatteryLevel", &[7]).unwrap(), "70");
    assert_eq!(source.get("HaDevice1/BatteryLevel", &[3, 7]).unwrap(), "70");
    assert_eq!(source.get("HaDevice1/BatteryLevel", &[7, 3]), None);
    let urn = "urn:micasaverde-com:serviceId:HaDevice1/BatteryLevel";
    assert_eq!(source.get(urn, &[7]).unwrap(), "70");
    assert_eq!(source.get("device.status", &[7]).unwrap(), "4");
    assert_eq!(source.get("nonsense", &[7]), None);
}

#[test]
fn user_data_is_needed_as_soon_as_a_row_shows_what_only_it_has() {
    let mut source = source();
    assert!(!source.0.borrow().is_wanted());
    for key in [
        "HaDevice1/BatteryLevel",
        "device.id",
        "device.status",
        "nodes",
    ] {
        source.declare(key, true).unwrap();
    }
    assert!(source.0.borrow().is_wanted());
    assert!(!source.0.borrow().needs_user_data());
    source.declare("device.altid", true).unwrap();
    assert!(source.0.borrow().needs_user_data());
    assert!(source.declare("devices", false).is_err());
}

#[test]
fn a_write_is_checked_and_left_to_a_job() {
    let mut source = source();
    assert!(source.deferred() && source.volatile("HaDevice1/BatteryLevel"));
    assert_eq!(
        source.stage("ZWaveDevice1/WakeupInterval", &[7], "60"),
        Ok(())
    );
    assert_eq!(source.stage("device.name", &[7], "Lampe é"), Ok(()));
    let read_only = Err(SourceError::ReadOnly);
    assert_eq!(source.stage("device.altid", &[7], "3"), read_only);
    assert_eq!(source.stage("nodes", &[], "3"), read_only);
    let long = "x".repeat(MAX_VALUE_BYTES + 1);
    assert!(matches!(
        source.stage("ZWaveDevice1/VariablesSet", &[7], &long),
        Err(SourceError::BadValue(_))
    ));
}
