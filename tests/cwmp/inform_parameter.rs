//! What the ACS has put into Inform by `ManagementServer.InformParameter.{i}.` (TR-181).

use cwmpd::cwmp::EventCode;
use cwmpd::datamodel::model::{ModelError, Requester, SetError};
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
fn wildcards_select_all_they_name() {
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
}

#[test]
fn a_name_that_is_not_there_adds_nothing() {
    let mut world = World::known_with(1, ROWS);
    let forced = names(&mut world, EventCode::Periodic);
    for name in [
        "Device.Nothing.*.At.*.All",
        "Device.Home.Room.7.Name",
        "Device.Home.Room.*.Colour",
        "Device.Home.Room.Name",
        "",
    ] {
        let mut world = asked_for(name, "");
        assert_eq!(names(&mut world, EventCode::Periodic), forced, "{name}");
    }
}

/// What becomes of these values of rows of the table, in one request.
fn set(world: &mut World, values: &[(u32, &str, &str)]) -> Result<(), Vec<String>> {
    let value = |(row, leaf, value): &(u32, &str, &str)| ParameterValue {
        name: format!("{TABLE}{row}.{leaf}"),
        value: (*value).to_owned(),
        xsi_type: None,
    };
    let list: Vec<_> = values.iter().map(value).collect();
    set_here(&mut world.model, Requester::Acs, &list).map_err(|errors| {
        let invalid = |error: SetError| match error.error {
            ModelError::InvalidValue(why) => format!("{}: {why}", error.name),
            other => panic!("{other:?}"),
        };
        errors.into_iter().map(invalid).collect()
    })
}

#[track_caller]
fn assert_refused(world: &mut World, leaf: &str, value: &str, why: &str) {
    let refused = set(world, &[(1, leaf, value)]).unwrap_err();
    assert!(refused[0].contains(why), "{value}: {refused:?}");
}

#[test]
fn s17_a_forced_parameter_is_refused_since_it_is_there_anyway() {
    let mut world = asked_for("Device.Home.Name", "");
    let name = "Device.ManagementServer.ParameterKey";
    assert_refused(&mut world, "ParameterName", name, "in every Inform anyway");
    let rows = "Home.Room.{i}.Forced;STRING;0;1;1;0;1;0\n".to_owned() + ROWS;
    let mut world = World::known_with(1, &rows);
    let add = |world: &mut World| world.model.add_object(Requester::Acs, TABLE, None);
    add(&mut world).unwrap();
    for name in ["Device.Home.Room.*.Forced", "Device.Home.Room.3.Forced"] {
        assert_refused(&mut world, "ParameterName", name, "in every Inform anyway");
    }
}

#[test]
fn s17_what_is_no_pattern_of_single_parameters_is_refused() {
    let mut world = asked_for("Device.Home.Name", "");
    for (name, why) in [
        ("Device.", "does not end with the name"),
        ("Device.Home.", "does not end with the name"),
        ("Device.Home.Room.*.", "does not end with the name"),
        ("Device.Home.*", "does not end with the name"),
        ("Device.*.Name", "does not stand for an instance number"),
        (
            "Device.Home.*.Name",
            "does not stand for an instance number",
        ),
        ("*.*.*", "does not begin with Device."),
        ("Nonsense", "does not begin with Device."),
        (
            "InternetGatewayDevice.DeviceInfo.UpTime",
            "does not begin with Device.",
        ),
        ("Device.Home.Room.0.Name", "neither a name, a number nor *"),
        (
            "Device.Home.Room.[attic].Name",
            "neither a name, a number nor *",
        ),
        ("Device.Home..Name", "neither a name, a number nor *"),
        ("Device.Home.Room.1*.Name", "neither a name, a number nor *"),
        ("Device.Home.Na me", "does not end with the name"),
    ] {
        assert_refused(&mut world, "ParameterName", name, why);
    }
    assert_eq!(has(&mut world, EventCode::Periodic, "Device.Home.Name"), 1);
}

#[test]
fn s17_a_parameter_has_one_row() {
    let mut world = asked_for("Device.Home.Name", "1 BOOT");
    world.model.add_object(Requester::Acs, TABLE, None).unwrap();
    let name = |row: u32, value: &'static str| (row, "ParameterName", value);
    let twice = set(
        &mut world,
        &[name(2, "Device.Home.Name"), (2, "EventList", "2 PERIODIC")],
    );
    assert!(twice.unwrap_err()[0].contains("another row"));
    let both = [name(1, "Device.Home.Level"), name(2, "Device.Home.Level")];
    assert_eq!(set(&mut world, &both).unwrap_err().len(), 2);
    // What counts is what the whole request leaves.
    set(
        &mut world,
        &[name(1, "Device.Home.Level"), name(2, "Device.Home.Name")],
    )
    .unwrap();
    set(
        &mut world,
        &[name(1, "Device.Home.Name"), name(2, "Device.Home.Level")],
    )
    .unwrap();
    set(&mut world, &[name(1, "Device.Home.Name")]).unwrap();
    set(&mut world, &[name(1, ""), name(2, "")]).unwrap();
}

/// Looking at all rows for each row, and at the whole request for each of these, would take an hour.
#[test]
fn s17_a_request_for_a_full_table_is_checked_in_one_go() {
    const ROWS_SET: u32 = 4096;
    let mut world = asked_for("Device.Home.Name", "");
    for _ in 1..ROWS_SET {
        world.model.add_object(Requester::Acs, TABLE, None).unwrap();
    }
    let names: Vec<String> = (1..=ROWS_SET)
        .map(|row| format!("Device.Home.Room.{row}.Name"))
        .collect();
    let named = (1..).zip(&names);
    let mut values: Vec<_> = named
        .map(|(row, name)| (row, "ParameterName", &**name))
        .collect();
    set(&mut world, &values).unwrap();
    values[7].2 = &names[8];
    assert_eq!(set(&mut world, &values).unwrap_err().len(), 2);
}

#[test]
fn s17_events_that_make_no_sense_are_refused() {
    let mut world = asked_for("Device.Home.Name", "");
    for (events, why) in [
        ("4 VALUE CHANGE", "reports what has changed"),
        ("1 BOOT, 4 VALUE CHANGE", "reports what has changed"),
        ("1 BOOT,2 PERIODIC,1 BOOT", "there twice"),
        ("BOOT", "no event"),
        ("1", "no event"),
        ("1 boot", "no event"),
        ("15 NEWS", "no event"),
        ("M Dance", "no event"),
        ("X ", "no event"),
    ] {
        assert_refused(&mut world, "EventList", events, why);
    }
    for events in [
        "",
        "0 BOOTSTRAP,14 HEARTBEAT, M Download",
        "X 00D09E Rain,M X_EXAMPLE_Dance",
    ] {
        set(&mut world, &[(1, "EventList", events)]).unwrap();
    }
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
