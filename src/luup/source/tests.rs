use super::*;
use crate::datamodel::types::ParamType;
use crate::luup::home::MAX_VALUE_BYTES;
use crate::luup::{FetchScope, Snapshot};

fn source() -> LuupSource {
    let text = r#"{"devices":[{"id":7,"status":4,"name":"Lampe","states":[
        {"service":"urn:micasaverde-com:serviceId:HaDevice1","variable":"BatteryLevel","value":"70"}]}]}"#;
    let mut home = Home::default();
    let fetch = home.begin_fetch();
    let view = Snapshot::read([Ok(text)]).map(|snapshot| fetch.view(snapshot));
    home.update(fetch, view);
    LuupSource(Rc::new(RefCell::new(home)))
}

fn declare(source: &mut LuupSource, key: &str, kind: Option<&str>) -> Result<Slot, String> {
    let kind = kind.map(|kind| ParamType::parse(kind).unwrap());
    let row = Declaration {
        kind: kind.as_ref(),
        filtered: false,
        tables: 1,
        writable: false,
    };
    source.declare(&row, key)
}

const DEVICE: Instance<'_> = Instance {
    number: 1,
    identity: Some("7"),
};
const OTHER: Instance<'_> = Instance {
    number: 7,
    identity: Some("3"),
};

#[test]
fn values_come_from_the_innermost_instance() {
    let mut source = source();
    let mut get = |key: &str, at: &[Instance<'_>]| {
        let slot = declare(&mut source, key, Some("STRING")).unwrap();
        source.get(slot, at).into_owned()
    };
    let battery = Reading::Value("70".into());
    assert_eq!(get("HaDevice1/BatteryLevel", &[DEVICE]), battery);
    assert_eq!(get("HaDevice1/BatteryLevel", &[OTHER, DEVICE]), battery);
    assert_eq!(
        get("HaDevice1/BatteryLevel", &[DEVICE, OTHER]),
        Reading::Unknown
    );
    let urn = "urn:micasaverde-com:serviceId:HaDevice1/BatteryLevel";
    assert_eq!(get(urn, &[DEVICE]), battery);
    assert_eq!(get("device.status", &[DEVICE]).value(), Some("4"));
}

fn needs_user_data(source: &LuupSource) -> bool {
    let fetch = source.0.borrow_mut().begin_fetch();
    matches!(fetch.wanted(), FetchScope::All(_))
}

#[test]
fn user_data_is_needed_as_soon_as_a_row_shows_what_only_it_has() {
    let mut source = source();
    assert!(!source.0.borrow().is_wanted());
    for key in ["HaDevice1/BatteryLevel", "device.id", "device.status"] {
        declare(&mut source, key, Some("STRING")).unwrap();
    }
    declare(&mut source, "nodes", None).unwrap();
    assert!(source.0.borrow().is_wanted());
    assert!(!needs_user_data(&source));
    declare(&mut source, "device.altid", Some("STRING")).unwrap();
    assert!(needs_user_data(&source));
}

#[test]
fn a_write_is_checked_and_left_to_a_job() {
    let mut source = source();
    assert_eq!(source.taking(), Taking::Elsewhere);
    let mut row = |key: &str| declare(&mut source, key, Some("STRING")).unwrap();
    let (level, name) = (row("HaDevice1/BatteryLevel"), row("device.name"));
    let (fixed, strange) = (row("device.altid"), row("Unknown1/X"));
    assert!(!source.keeps_reports(level) && source.keeps_reports(name));
    assert_eq!(source.stage(level, &[DEVICE], "60"), Ok(()));
    assert_eq!(source.stage(name, &[DEVICE], "Lampe é"), Ok(()));
    for refused in [fixed, strange] {
        let refused = source.stage(refused, &[DEVICE], "3").unwrap_err();
        assert!(
            refused.to_string().contains("cannot be written"),
            "{refused}"
        );
    }
    let gone = source.stage(level, &[OTHER], "60");
    assert!(
        matches!(gone, Err(SourceError::Failed(_))),
        "no such device"
    );
    let long = "x".repeat(MAX_VALUE_BYTES + 1);
    let long = source.stage(level, &[DEVICE], &long);
    assert!(matches!(long, Err(SourceError::BadValue(_))));
    assert_eq!(source.get(level, &[DEVICE]).value(), Some("70"));
    source.took(level, &[DEVICE], "60");
    assert_eq!(source.get(level, &[DEVICE]).value(), Some("60"));
}

#[test]
fn z02_an_engine_that_has_not_answered_yet_takes_nothing() {
    let mut early = LuupSource(Rc::default());
    let level = declare(&mut early, "HaDevice1/BatteryLevel", Some("STRING")).unwrap();
    let Err(SourceError::Failed(why)) = early.stage(level, &[DEVICE], "3") else {
        panic!("taken");
    };
    assert!(why.contains("not answered yet"), "{why}");
}

#[test]
fn z09_a_device_is_never_without_a_name_nor_in_a_room_that_is_none() {
    let mut source = source();
    let mut row = |key: &str| declare(&mut source, key, Some("STRING")).unwrap();
    let (name, room) = (row("device.name"), row("device.room"));
    for nameless in ["", " ", "\t"] {
        let refused = source.stage(name, &[DEVICE], nameless);
        assert!(
            matches!(refused, Err(SourceError::BadValue(_))),
            "{nameless:?}"
        );
    }
    for no_room in ["", "Garage", "-1", "1.5"] {
        let refused = source.stage(room, &[DEVICE], no_room);
        assert!(
            matches!(refused, Err(SourceError::BadValue(_))),
            "{no_room:?}"
        );
    }
    assert_eq!(source.stage(room, &[DEVICE], "0"), Ok(()), "none");
}

#[test]
fn z01_what_is_worked_out_of_a_value_follows_it_at_once() {
    let answer = r#"{"rooms":[{"id":1,"name":"Hall"},{"id":2,"name":"Kitchen"}],"devices":[
        {"id":1,"device_type":"urn:schemas-micasaverde-com:device:ZWaveNetwork:1","states":[]},
        {"id":7,"id_parent":1,"altid":"4","name":"Lampe","room":"1","states":[
        {"service":"urn:micasaverde-com:serviceId:ZWaveDevice1","variable":"Capabilities","value":"211,156,0,4,16,1,L,|37"},
        {"service":"urn:micasaverde-com:serviceId:ZWaveDevice1","variable":"VariablesSet","value":"3,2d,240,"}]}]}"#;
    let mut source = LuupSource(Rc::default());
    let room = declare(&mut source, "device.room", Some("STRING")).unwrap();
    let room_name = declare(&mut source, "room.name", Some("STRING")).unwrap();
    let set = declare(&mut source, "ZWaveDevice1/VariablesSet", Some("STRING")).unwrap();
    let parameters = declare(&mut source, "parameters", None).unwrap();
    let fetch = |source: &LuupSource| {
        let begun = source.0.borrow_mut().begin_fetch();
        let view = Snapshot::read([Ok(answer), Ok(answer)]).map(|snapshot| begun.view(snapshot));
        (begun, view)
    };
    let (began, view) = fetch(&source);
    source.0.borrow_mut().update(began, view);
    let count = |source: &mut LuupSource| {
        let listed = source.list(parameters, &[DEVICE], &[]);
        listed.map(|listed| listed.len())
    };
    let name = |source: &mut LuupSource| source.get(room_name, &[DEVICE]).into_owned();
    assert_eq!(name(&mut source), Reading::Value("Hall".into()));
    assert_eq!(count(&mut source), Some(1));
    let (began, view) = fetch(&source);
    source.took(room, &[DEVICE], "2");
    source.took(set, &[DEVICE], "3,2d,240,101,4d,225,");
    assert_eq!(name(&mut source), Reading::Value("Kitchen".into()));
    assert_eq!(count(&mut source), Some(2));
    // Not undone by what was asked for before.
    source.0.borrow_mut().update(began, view);
    assert_eq!(name(&mut source), Reading::Value("Kitchen".into()));
    // But by what is asked for from now on, should Luup have it otherwise.
    let (began, view) = fetch(&source);
    source.0.borrow_mut().update(began, view);
    assert_eq!(name(&mut source), Reading::Value("Hall".into()));
    assert_eq!(count(&mut source), Some(1));
}
