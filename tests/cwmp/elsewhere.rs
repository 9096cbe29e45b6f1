//! SetParameterValues of which values are taken elsewhere before it is answered (z23, z24).

use std::time::Duration;

use cwmpd::cwmp::{Input, Output};
use cwmpd::datamodel::model::{ModelError, SetError};
use cwmpd::soap::{Message, Status};

use crate::world::{Talk, World, ended, notify, set_values};

const ROWS: &str = "Home.Lamp;STRING;1;1;1;0;0;0;;;;;;;elsewhere:lamp\n\
     Home.Sleeper;UINT;1;1;0;0;0;0;;;;;;;elsewhere:sleeper\n";

fn world() -> World {
    let mut world = World::known_with(1, ROWS);
    world.live.set("lamp", "off");
    world.live.set("sleeper", "60");
    world.engine.inform(None, world.now).unwrap();
    world
}

/// The ACS asks for these, and waits for those that belong elsewhere.
fn parks(talk: &mut Talk<'_>, values: &[(&str, &str)]) -> Vec<(String, String)> {
    match talk.requests(set_values(values, "key")) {
        Output::Write(writes) => {
            let pairs = writes.into_iter().map(|write| (write.path, write.value));
            pairs.collect()
        }
        other => panic!("{other:?}"),
    }
}

fn refusal(error: ModelError) -> Input {
    Input::Written(Err(SetError {
        name: "Device.Home.Lamp".to_owned(),
        error,
    }))
}

#[test]
fn z23_the_answer_waits_until_the_values_are_taken() {
    let mut world = world();
    let mut talk = world.open();
    talk.accept();
    let parked = parks(&mut talk, &[("Home.Level", "8"), ("Home.Lamp", "on")]);
    assert_eq!(parked, [("Device.Home.Lamp".to_owned(), "on".to_owned())]);
    assert_eq!(talk.world.value("Home.Level"), "7");
    assert_eq!(talk.world.value("Home.Lamp"), "off");
    let output = talk.input(Input::Written(Ok(())));
    let answer = talk.answer(output);
    let status = Status::Applied;
    assert_eq!(answer, Message::SetParameterValuesResponse { status });
    assert_eq!(talk.world.value("Home.Level"), "8");
    assert_eq!(talk.world.value("Home.Lamp"), "on");
    assert_eq!(talk.world.value("ManagementServer.ParameterKey"), "key");
    // Once more in the same session; and what a node takes when it wakes is told by its row.
    parks(&mut talk, &[("Home.Sleeper", "90"), ("Home.Lamp", "off")]);
    let output = talk.input(Input::Written(Ok(())));
    let answer = talk.answer(output);
    let status = Status::Pending;
    assert_eq!(answer, Message::SetParameterValuesResponse { status });
    talk.end();
}

#[test]
fn z24_a_value_that_is_refused_elsewhere_is_a_fault_and_nothing_is_changed() {
    let mut world = world();
    let mut talk = world.open();
    talk.accept();
    let values = [("Home.Level", "8"), ("Home.Lamp", "on")];
    parks(&mut talk, &values);
    let output = talk.input(refusal(ModelError::InvalidValue("Bad Device".to_owned())));
    let Message::Fault(fault) = talk.answer(output) else {
        panic!("no fault");
    };
    assert_eq!(fault.code, 9003);
    assert_eq!(fault.parameters[0].code, 9007);
    assert_eq!(fault.parameters[0].parameter_name, "Device.Home.Lamp");
    parks(&mut talk, &values);
    let output = talk.input(refusal(ModelError::Internal("it is away".to_owned())));
    let Message::Fault(fault) = talk.answer(output) else {
        panic!("no fault");
    };
    assert_eq!((fault.code, fault.parameters.len()), (9002, 0));
    for (path, value) in [("Level", "7"), ("Lamp", "off")] {
        assert_eq!(talk.world.value(&format!("Home.{path}")), value);
    }
    assert_eq!(talk.world.value("ManagementServer.ParameterKey"), "");
    talk.end();
}

#[test]
fn z24_what_is_refused_here_goes_nowhere() {
    let mut world = world();
    let mut talk = world.open();
    talk.accept();
    for (bad, code) in [("101", 9003), ("many", 9003)] {
        let values = [("Home.Lamp", "on"), ("Home.Level", bad)];
        assert_eq!(talk.fault(set_values(&values, "")).code, code);
    }
    assert_eq!(
        talk.fault(set_values(&[("Home.Lamp", "nowhere")], "")).code,
        9002
    );
    let twice = [("Home.Lamp", "on"), ("Home.Lamp", "off")];
    assert_eq!(talk.fault(set_values(&twice, "")).code, 9003);
    talk.end();
}

#[test]
fn z24_what_was_taken_is_taken_back_where_the_rest_cannot_be_made() {
    let mut world = world();
    let mut talk = world.open();
    talk.accept();
    parks(&mut talk, &[("Home.Level", "8"), ("Home.Lamp", "on")]);
    let folder = talk.world.dir.to_path_buf();
    let away = folder.with_extension("away");
    std::fs::rename(&folder, &away).unwrap();
    assert_eq!(talk.input(Input::Written(Ok(()))), Output::TakeBack);
    std::fs::rename(&away, &folder).unwrap();
    let output = talk.input(Input::TakenBack);
    let Message::Fault(fault) = talk.answer(output) else {
        panic!("no fault");
    };
    assert_eq!(fault.code, 9002);
    assert_eq!(talk.world.value("Home.Level"), "7");
    assert_eq!(talk.world.value("Home.Lamp"), "off");
    talk.end();
}

#[test]
fn z01_the_acs_is_not_told_of_its_own_value() {
    let mut world = world();
    let mut talk = world.open();
    talk.accept();
    talk.call(notify("Home.Lamp", 2));
    parks(&mut talk, &[("Home.Lamp", "on")]);
    talk.input(Input::Written(Ok(())));
    talk.end();
    world.look();
    let hour = Duration::from_secs(3600);
    assert_eq!(world.wait(hour), None, "nothing is to be told");
    world.live.set("lamp", "broken");
    world.look();
    assert!(world.wait(hour).is_some());
    assert_eq!(world.events(), ["4 VALUE CHANGE"]);
}

#[test]
fn z24_a_session_that_breaks_meanwhile_leaves_nothing_of_the_change() {
    let mut world = world();
    let mut talk = world.open();
    talk.accept();
    parks(&mut talk, &[("Home.Level", "8"), ("Home.Lamp", "on")]);
    ended(talk.input(Input::TransportError("the agent is stopping".to_owned())));
    assert_eq!(talk.world.value("Home.Level"), "7");
    // The next session knows nothing of it.
    drop(talk);
    let mut talk = {
        assert!(world.wait(Duration::from_secs(60)).is_some());
        world.open()
    };
    talk.accept();
    ended(talk.input(Input::Written(Ok(()))));
}
