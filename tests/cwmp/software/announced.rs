//! Software that somebody else changed (A.4.2.4), and the policy of the ACS.

use cwmpd::cwmp::DuKind;
use cwmpd::soap::{AutonomousDuResult, Fault};

use super::*;
use crate::world::ended;

const EVENT: &str = "12 AUTONOMOUS DU STATE CHANGE COMPLETE";

fn world(enable: &str, operations: &str, results: &str, faults: &str) -> World {
    let rows = format!(
        "ManagementServer.DUStateChangeComplPolicy.;ANY;0;0\n\
         ManagementServer.DUStateChangeComplPolicy.Enable;BOOLEAN;0;1;1;0;0;0;;{enable}\n\
         ManagementServer.DUStateChangeComplPolicy.OperationTypeFilter;STRING;0;1;1;0;0;0;;{operations}\n\
         ManagementServer.DUStateChangeComplPolicy.ResultTypeFilter;STRING;0;1;1;0;0;0;;{results}\n\
         ManagementServer.DUStateChangeComplPolicy.FaultCodeFilter;STRING;0;1;1;0;0;0;;{faults}\n"
    );
    World::known_with(1, &rows)
}

fn changed(world: &mut World, kind: DuKind, result: DuResult) {
    world
        .engine
        .software_changed(kind, result, &mut world.model, world.now);
}

/// The session that is due tells of this; the ACS answers so.
#[track_caller]
fn announced(world: &mut World, answer: Message) -> Vec<AutonomousDuResult> {
    let mut talk = world.open();
    assert_eq!(talk.events().last().unwrap(), EVENT);
    talk.accept();
    let Message::AutonomousDUStateChangeComplete { results } = asks(&talk).body else {
        panic!("{}", talk.post.body);
    };
    answers(&mut talk, answer);
    talk.end();
    results
}

#[test]
fn t54_what_the_policy_wants_is_told_once_also_over_a_power_cut() {
    let mut world = world("true", "Install, Uninstall", "Success", "");
    changed(&mut world, DuKind::Install, result("1"));
    changed(&mut world, DuKind::Uninstall, result("2"));
    world.power_cut(HOUR);
    let results = announced(&mut world, Message::AutonomousDUStateChangeCompleteResponse);
    let told: Vec<_> = results
        .iter()
        .map(|one| (&*one.operation_performed, &*one.result.current_state))
        .collect();
    assert_eq!(
        told,
        [("Install", "Installed"), ("Uninstall", "Uninstalled")]
    );
    assert_eq!(world.wait(48 * HOUR), None);
}

#[test]
fn t54_what_it_does_not_want_is_not() {
    let success = || result("1");
    let wanted = [
        ("true", "Install", "Both", "", success(), true),
        ("false", "Install", "Both", "", success(), false),
        ("true", "", "Both", "", success(), false),
        ("true", "Update,Uninstall", "Both", "", success(), false),
        ("true", "Install", "Failure", "9027", success(), false),
        (
            "true",
            "Install",
            "Failure",
            "9018,9027",
            failure(9027),
            true,
        ),
        ("true", "Install", "Both", "9027", failure(9027), true),
        ("true", "Install", "Both", "9018", failure(9027), false),
        ("true", "Install", "Both", "", failure(9027), false),
        ("true", "Install", "Success", "9027", failure(9027), false),
    ];
    for (enable, operations, results, faults, result, is_wanted) in wanted {
        let mut world = world(enable, operations, results, faults);
        changed(&mut world, DuKind::Install, result);
        let is_told = world.wait(HOUR).is_some();
        assert_eq!(
            is_told, is_wanted,
            "{enable} {operations} {results} {faults}"
        );
    }
}

#[test]
fn t54_a_box_without_the_policy_tells_nothing() {
    let mut world = World::known();
    changed(&mut world, DuKind::Install, result("1"));
    assert_eq!(world.wait(HOUR), None);
}

#[test]
fn t54_what_comes_meanwhile_is_not_taken_for_told() {
    let mut world = world("true", "Install", "Both", "");
    changed(&mut world, DuKind::Install, result("1"));
    let mut talk = world.open();
    talk.accept();
    changed(talk.world, DuKind::Install, result("2"));
    answers(&mut talk, Message::AutonomousDUStateChangeCompleteResponse);
    talk.end();
    let results = announced(&mut world, Message::AutonomousDUStateChangeCompleteResponse);
    assert_eq!(results.len(), 1);
    assert!(results[0].result.deployment_unit_ref.ends_with(".2"));
}

#[test]
fn t54_an_acs_that_knows_no_such_message_is_not_bothered_for_ever() {
    let mut world = world("true", "Install", "Both", "");
    changed(&mut world, DuKind::Install, result("1"));
    for round in 0..10 {
        assert!(world.wait(HOUR).is_some(), "round {round}");
        announced(&mut world, Message::Fault(Fault::new(8000)));
        assert!(!world.poll(), "not at once");
    }
    assert_eq!(world.wait(48 * HOUR), None);
}

#[test]
fn s32_an_acs_that_lets_each_session_fail_at_it_has_its_turn_in_the_end() {
    let mut world = world("true", "Install", "Both", "");
    changed(&mut world, DuKind::Install, result("1"));
    for _ in 0..10 {
        world.wait(2 * HOUR).expect("it is told again");
        let mut talk = world.open();
        assert_eq!(talk.events(), [EVENT]);
        talk.accept();
        ended(talk.says(500, String::new()));
    }
    world.wait(2 * HOUR).expect("retried");
    assert_eq!(world.events(), [""; 0]);
}

#[test]
fn t54_another_acs_hears_nothing_of_it() {
    let mut world = world("true", "Install", "Both", "");
    changed(&mut world, DuKind::Install, result("1"));
    world.set("ManagementServer.URL", "http://b.example/");
    assert_eq!(world.events(), ["0 BOOTSTRAP"]);
    assert_eq!(world.wait(HOUR), None);
}
