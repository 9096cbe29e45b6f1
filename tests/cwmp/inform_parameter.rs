//! What the ACS has put into Inform by `ManagementServer.InformParameter.{i}.` (TR-181).

use cwmpd::cwmp::EventCode;
use cwmpd::datamodel::model::{ModelError, Requester};
use cwmpd::soap::ParameterValue;

use crate::world::{World, set_here};

const ROWS: &str = "\
ManagementServer.InformParameter.;ANY;0;1;1
ManagementServer.InformParameter.{i}.Enable;BOOLEAN;0;1;1;0;0;0;;0
ManagementServer.InformParameter.{i}.ParameterName;STRING:256;0;1;1
ManagementServer.InformParameter.{i}.EventList;STRING[];0;1;1
ManagementServer.ParameterKey;STRING:32;0;0;0;0;1;0
";

const TABLE: &str = "Device.ManagementServer.InformParameter.";

/// A known box whose ACS asked for `name` in the Informs of `events`.
fn asked_for(name: &str, events: &str) -> World {
    let mut world = World::known_with(1, ROWS);
    let model = &mut world.model;
    let (row, _) = model.add_object(Requester::Acs, TABLE, None).unwrap();
    let set = |leaf: &str, value: &str| ParameterValue {
        name: format!("{TABLE}{row}.{leaf}"),
        value: value.to_owned(),
        xsi_type: None,
    };
    let list = [
        set("Enable", "1"),
        set("ParameterName", name),
        set("EventList", events),
    ];
    set_here(model, Requester::Acs, &list).unwrap();
    world
}

/// The names in the Inform of a session with that event.
fn names(world: &mut World, event: EventCode) -> Vec<String> {
    world.engine.inform(Some(event), world.now).unwrap();
    let talk = world.open();
    let names = talk.inform.parameter_list.iter();
    let names = names.map(|value| value.name.clone()).collect();
    talk.serve(&[]);
    names
}

fn has(world: &mut World, event: EventCode, name: &str) -> usize {
    let names = names(world, event);
    names.iter().filter(|n| *n == name).count()
}

#[test]
fn a_selected_parameter_is_in_every_inform() {
    let mut world = asked_for("Device.Home.Name", "");
    assert_eq!(has(&mut world, EventCode::Periodic, "Device.Home.Name"), 1);
    assert_eq!(
        has(&mut world, EventCode::ConnectionRequest, "Device.Home.Name"),
        1
    );
}

#[test]
fn a_list_of_events_restricts_it_to_these() {
    let mut world = asked_for("Device.Home.Name", "1 BOOT,2 PERIODIC");
    assert_eq!(has(&mut world, EventCode::Periodic, "Device.Home.Name"), 1);
    assert_eq!(
        has(&mut world, EventCode::ConnectionRequest, "Device.Home.Name"),
        0
    );
}

#[test]
fn wildcards_and_partial_paths_select_all_they_name() {
    let mut world = asked_for("Device.Home.Room.*.Name", "");
    for _ in 0..2 {
        let room = "Device.Home.Room.";
        world.model.add_object(Requester::Acs, room, None).unwrap();
    }
    let all = names(&mut world, EventCode::Periodic);
    let rooms: Vec<_> = all.iter().filter(|name| name.contains("Room")).collect();
    assert_eq!(
        rooms,
        ["Device.Home.Room.1.Name", "Device.Home.Room.2.Name"]
    );
    let mut world = asked_for("Device.Home.", "");
    assert_eq!(has(&mut world, EventCode::Periodic, "Device.Home.Level"), 1);
}

#[test]
fn a_name_that_is_not_there_adds_nothing() {
    let mut world = World::known_with(1, ROWS);
    let forced = names(&mut world, EventCode::Periodic);
    for name in [
        "Device.Nothing.*.At.*.All",
        "*.*.*",
        "",
        "Nonsense",
        "Device.*",
    ] {
        let mut world = asked_for(name, "");
        assert_eq!(names(&mut world, EventCode::Periodic), forced, "{name}");
    }
}

#[test]
fn a_forced_parameter_is_refused_since_it_is_there_anyway() {
    let mut world = asked_for("Device.Home.Name", "");
    let forced = ParameterValue {
        name: format!("{TABLE}1.ParameterName"),
        value: "Device.ManagementServer.ParameterKey".to_owned(),
        xsi_type: None,
    };
    let refused = set_here(&mut world.model, Requester::Acs, &[forced]);
    let errors = refused.unwrap_err();
    assert!(
        matches!(errors[0].error, ModelError::InvalidValue(_)),
        "{errors:?}"
    );
}

#[test]
fn rows_without_end_do_not_hold_the_inform_up() {
    let mut rows = ROWS.to_owned();
    for row in 1..=2000 {
        let stem = format!("ManagementServer.InformParameter.{row}");
        rows += &format!("{stem}.Enable;BOOLEAN;0;1;1;0;0;0;;1\n");
        rows += &format!("{stem}.ParameterName;STRING:256;0;1;1;0;0;0;;Device.\n");
    }
    let mut world = World::known_with(1, &rows);
    let names = names(&mut world, EventCode::Periodic);
    assert!((1000..1100).contains(&names.len()), "{}", names.len());
}
