//! ChangeDUState (A.4.1.10) from the request to the answer of its completion, and what the ACS hears
//! of software that it did not order (A.4.2.4).

mod announced;
mod carried_out;
mod cuts;
mod requests;

use std::time::Duration;

use cwmpd::cwmp::{Action, DuOutcome, DuTask};
use cwmpd::soap::{CwmpVersion, DuOperation, DuResult, Envelope, Message, TransferFault};
use cwmpd_lab::acs::validate;

use crate::world::{Talk, World, envelope};

pub const HOUR: Duration = Duration::from_secs(3600);
pub const UUID: &str = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
pub const NIL: &str = "00000000-0000-0000-0000-000000000000";

pub fn install(url: &str) -> DuOperation {
    DuOperation::Install {
        url: url.to_owned(),
        uuid: None,
        username: Some("user".to_owned()),
        password: Some("sesame".into()),
        execution_env_ref: None,
    }
}

pub fn update(uuid: Option<&str>, url: Option<&str>) -> DuOperation {
    DuOperation::Update {
        uuid: uuid.map(str::to_owned),
        version: None,
        url: url.map(str::to_owned),
        username: None,
        password: None,
    }
}

pub fn uninstall(uuid: &str) -> DuOperation {
    DuOperation::Uninstall {
        uuid: uuid.to_owned(),
        version: None,
        execution_env_ref: None,
    }
}

pub fn change(operations: &[DuOperation], key: &str) -> Message {
    Message::ChangeDUState {
        operations: operations.to_vec(),
        command_key: key.to_owned(),
    }
}

/// What the box says of a unit that is there.
pub fn result(name: &str) -> DuResult {
    DuResult {
        uuid: UUID.to_owned(),
        deployment_unit_ref: format!("Device.SoftwareModules.DeploymentUnit.{name}"),
        version: "1.0-1".to_owned(),
        resolved: true,
        ..DuResult::default()
    }
}

/// What it says where that failed.
pub fn failure(code: u32) -> DuResult {
    DuResult {
        fault: TransferFault {
            code,
            string: "because".to_owned(),
        },
        ..DuResult::default()
    }
}

/// A known box that takes these requests in one session.
pub fn ordered(requests: &[Message]) -> World {
    let mut world = World::known();
    order(&mut world, requests);
    world
}

/// The box takes these requests in one session.
#[track_caller]
pub fn order(world: &mut World, requests: &[Message]) {
    world.engine.connection_request(world.now);
    world.open().serve(requests);
}

/// What the box is to do now: one thing, of this change.
#[track_caller]
pub fn told(world: &mut World) -> (u32, u32, DuTask, bool) {
    let actions = world.proceed();
    match actions.as_slice() {
        [
            Action::ChangeUnit {
                change,
                operation,
                task,
            },
        ] => (*change, *operation, task.clone(), false),
        [
            Action::JudgeUnit {
                change,
                operation,
                task,
            },
        ] => (*change, *operation, task.clone(), true),
        other => panic!("{other:?}"),
    }
}

/// The box does what it is told, and this comes of it.
#[track_caller]
pub fn does(world: &mut World, results: Vec<DuResult>) -> DuTask {
    let (change, operation, task, _) = told(world);
    report(world, change, operation, DuOutcome::Ended(results));
    task
}

pub fn report(world: &mut World, change: u32, operation: u32, outcome: DuOutcome) {
    world
        .engine
        .unit_changed(change, operation, outcome, &mut world.model, world.now);
}

/// The request of the box, which is valid by the schema.
#[track_caller]
pub fn asks(talk: &Talk<'_>) -> Envelope {
    validate(talk.version, &talk.post.body).unwrap();
    Envelope::parse(talk.post.body.as_bytes()).unwrap()
}

/// The ACS answers it.
pub fn answers(talk: &mut Talk<'_>, answer: Message) {
    let header = asks(talk).header;
    talk.says(200, envelope(talk.version, header, answer));
}

/// The session that is due, with these events, tells of one change.
#[track_caller]
pub fn completion(world: &mut World, events: &[&str]) -> (Vec<DuResult>, String) {
    let mut talk = world.open();
    assert_eq!(talk.events(), events);
    talk.accept();
    let Message::DUStateChangeComplete {
        results,
        command_key,
    } = asks(&talk).body
    else {
        panic!("{}", talk.post.body);
    };
    answers(&mut talk, Message::DUStateChangeCompleteResponse);
    assert!(talk.post.body.is_empty(), "{}", talk.post.body);
    talk.end();
    (results, command_key)
}

pub fn codes(results: &[DuResult]) -> Vec<u32> {
    results.iter().map(|result| result.fault.code).collect()
}

pub fn states(results: &[DuResult]) -> Vec<&str> {
    let states = results.iter().map(|result| result.current_state.as_str());
    states.collect()
}

/// A session in an older version.
pub fn in_version(world: &mut World, version: CwmpVersion) -> Talk<'_> {
    world.engine.connection_request(world.now);
    let mut talk = world.open();
    talk.version = version;
    talk.accept();
    talk
}
