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
