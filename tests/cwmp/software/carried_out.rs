//! Operations one by one, and their completion.

use std::time::Duration;

use cwmpd::base::clock::{UNKNOWN_TIME, utc};
use cwmpd::cwmp::{Action, DuOutcome, DuTask, Intent};
use cwmpd::soap::{DuResult, Fault, Message};

use super::*;

const COMPLETE: [&str; 2] = ["11 DU STATE CHANGE COMPLETE", "M ChangeDUState key"];

#[test]
fn t41_operations_are_done_one_by_one_in_their_order_and_told_at_once() {
    let operations = [
        install("http://h/a.ipk"),
        update(Some(UUID), None),
        uninstall(UUID),
    ];
    let mut world = ordered(&[change(&operations, "key")]);
    let began = utc(world.now.unix);
    let (number, first, task, is_judged) = told(&mut world);
    assert!(matches!(task, DuTask::Install { ref url, .. } if url == "http://h/a.ipk"));
    assert_eq!((first, is_judged), (0, false));
    assert_eq!(world.proceed(), [], "one at a time");
    world.pass(Duration::from_secs(60));
    report(
        &mut world,
        number,
        first,
        DuOutcome::Ended(vec![result("1")]),
    );
    assert!(!world.poll(), "not before all are over");
    let todo = std::mem::take(&mut world.todo);
    let [
        Action::ChangeUnit {
            operation: 1, task, ..
        },
    ] = todo.as_slice()
    else {
        panic!("{todo:?}");
    };
    assert!(matches!(task, DuTask::Update { uuid: Some(_), url, .. } if url.is_empty()));
    report(&mut world, number, 1, DuOutcome::Ended(vec![failure(9030)]));
    let task = does(&mut world, vec![result("1")]);
    assert!(matches!(task, DuTask::Uninstall { .. }));
    let (results, key) = completion(&mut world, &COMPLETE);
    assert_eq!(key, "key");
    assert_eq!(codes(&results), [0, 9030, 0]);
    assert_eq!(states(&results), ["Installed", "Failed", "Uninstalled"]);
    assert_eq!(results[0].start_time, began);
    assert_eq!(results[0].complete_time, utc(world.now.unix));
    assert_eq!(results[1].uuid, UUID, "as the ACS named it");
    assert_eq!(world.wait(100 * HOUR), None, "told once");
}

#[test]
fn t41_nothing_is_begun_while_the_acs_is_being_talked_to_or_the_box_goes_down() {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    let mut talk = world.open();
    talk.accept();
    talk.call(change(&[install("http://h/a.ipk")], "key"));
    assert_eq!(talk.world.proceed(), []);
    let reboot = Message::Reboot {
        command_key: String::new(),
    };
    talk.call(reboot);
    talk.end();
    assert_eq!(world.proceed(), []);
    world.ended(&Intent::Reboot, Err("no way"));
    told(&mut world);
}

#[test]
fn t41_two_changes_with_one_key_are_two_and_each_answer_delivers_its_own() {
    let one = change(&[install("http://h/a.ipk")], "key");
    let other = change(&[install("http://h/b.ipk")], "key");
    let mut world = ordered(&[one, other]);
    does(&mut world, vec![result("1")]);
    does(&mut world, vec![result("2")]);
    let mut talk = world.open();
    let both = [
        "11 DU STATE CHANGE COMPLETE",
        "M ChangeDUState key",
        "M ChangeDUState key",
    ];
    assert_eq!(talk.events(), both);
    talk.accept();
    answers(&mut talk, Message::DUStateChangeCompleteResponse);
    assert!(talk.post.body.contains("DeploymentUnit.2"));
    talk.breaks();
    world.wait(HOUR).unwrap();
    let (results, _) = completion(&mut world, &COMPLETE);
    assert_eq!(
        results[0].deployment_unit_ref,
        "Device.SoftwareModules.DeploymentUnit.2"
    );
}

#[test]
fn t41_a_completion_is_told_again_until_it_is_answered_and_with_8005_in_the_same_session() {
    let mut world = ordered(&[change(&[install("http://h/a.ipk")], "")]);
    does(&mut world, vec![result("1")]);
    assert_eq!(
        world.unreachable(),
        ["11 DU STATE CHANGE COMPLETE", "M ChangeDUState"]
    );
    world.power_cut(HOUR);
    let mut talk = world.open();
    let events = ["1 BOOT", "11 DU STATE CHANGE COMPLETE", "M ChangeDUState"];
    assert_eq!(talk.events(), events);
    talk.accept();
    let first = talk.post.body.clone();
    answers(&mut talk, Message::Fault(Fault::new(8005)));
    assert_eq!(talk.post.body, first);
    answers(&mut talk, Message::DUStateChangeCompleteResponse);
    talk.end();
    assert_eq!(world.wait(HOUR), None);
}

#[test]
fn t41_an_acs_that_does_not_want_to_hear_of_it_is_not_asked_for_ever_nor_at_once() {
    let mut world = ordered(&[change(&[install("http://h/a.ipk")], "key")]);
    does(&mut world, vec![result("1")]);
    for round in 0..10 {
        assert!(world.wait(HOUR).is_some(), "round {round}");
        let mut talk = world.open();
        assert_eq!(talk.events(), COMPLETE);
        talk.accept();
        answers(&mut talk, Message::Fault(Fault::new(8000)));
        talk.end();
        assert!(!world.poll(), "not at once");
    }
    assert_eq!(world.wait(48 * HOUR), None);
}

#[test]
fn t41_what_ends_during_a_session_is_told_in_the_next() {
    let mut world = ordered(&[change(&[install("http://h/a.ipk")], "key")]);
    let (number, operation, ..) = told(&mut world);
    world.engine.connection_request(world.now);
    let mut talk = world.open();
    assert_eq!(talk.events(), ["6 CONNECTION REQUEST"]);
    report(
        talk.world,
        number,
        operation,
        DuOutcome::Ended(vec![result("1")]),
    );
    talk.accept();
    assert!(talk.post.body.is_empty(), "{}", talk.post.body);
    talk.end();
    completion(&mut world, &COMPLETE);
}

#[test]
fn t41_an_update_of_all_has_a_result_for_each_and_at_least_one() {
    let all = update(None, None);
    let mut world = ordered(&[change(&[all.clone(), all], "key")]);
    let task = does(
        &mut world,
        (1..=400).map(|n| result(&n.to_string())).collect(),
    );
    assert!(matches!(task, DuTask::Update { uuid: None, ref url, .. } if url.is_empty()));
    does(&mut world, Vec::new());
    let (results, _) = completion(&mut world, &COMPLETE);
    assert_eq!(results.len(), 256);
    assert_eq!(codes(&results)[254..], [0, 9028]);
}

#[test]
fn t42_what_the_box_says_is_told_as_the_schema_has_it() {
    let operations = [
        uninstall(UUID),
        update(Some(UUID), None),
        install("http://h/a.ipk"),
    ];
    let mut world = ordered(&[change(&operations, "key")]);
    for _ in 0..3 {
        let odd = DuResult {
            uuid: "none".to_owned(),
            version: "é".repeat(40),
            fault: TransferFault {
                code: 9002,
                string: "ü".repeat(300),
            },
            ..result("1")
        };
        does(&mut world, vec![odd]);
    }
    let (results, _) = completion(&mut world, &COMPLETE);
    assert_eq!(states(&results), ["Installed", "Installed", "Failed"]);
    assert_eq!(codes(&results), [9001; 3]);
    let uuids: Vec<_> = results.iter().map(|result| result.uuid.as_str()).collect();
    assert_eq!(uuids, [UUID, UUID, NIL]);
    for result in &results {
        assert_eq!(result.version.chars().count(), 32);
        assert_eq!(result.fault.string.chars().count(), 256);
    }
}

#[test]
fn t42_every_code_of_the_standard_gets_through_and_no_other() {
    let told = [
        9001, 9003, 9012, 9013, 9015, 9016, 9017, 9018, 9022, 9023, 9024, 9025, 9026, 9027, 9028,
        9029, 9030, 9031, 9032,
    ];
    let others = [
        9000, 9002, 9004, 9005, 9010, 9011, 9014, 9019, 9020, 9021, 7,
    ];
    let all = update(None, None);
    let mut world = ordered(&[change(&[all.clone(), all], "key")]);
    does(&mut world, told.map(failure).to_vec());
    does(&mut world, others.map(failure).to_vec());
    let (results, _) = completion(&mut world, &COMPLETE);
    let (first, second) = results.split_at(told.len());
    assert_eq!(codes(first), told);
    let nearest = [
        9001, 9001, 9027, 9001, 9017, 9001, 9015, 9018, 9017, 9001, 9001,
    ];
    assert_eq!(codes(second), nearest);
}

#[test]
fn t44_what_is_not_over_after_24_hours_has_failed_and_what_comes_later_changes_nothing() {
    let operations = [
        install("http://h/a.ipk"),
        install("http://h/b.ipk"),
        uninstall(UUID),
    ];
    let mut world = ordered(&[change(&operations, "key")]);
    does(&mut world, vec![result("1")]);
    let (number, operation, ..) = told(&mut world);
    assert_eq!(world.wait(23 * HOUR), None);
    let waited = world.wait(2 * HOUR).unwrap();
    assert_eq!(waited, HOUR);
    let (results, _) = completion(&mut world, &COMPLETE);
    assert_eq!(codes(&results), [0, 9001, 9001]);
    assert!(
        results[1]
            .fault
            .string
            .contains("did not end within 24 hours")
    );
    assert!(
        results[2]
            .fault
            .string
            .contains("was not begun within 24 hours")
    );
    order(&mut world, &[change(&[uninstall(UUID)], "key")]);
    assert_eq!(world.proceed(), [], "the box is still at it");
    report(
        &mut world,
        number,
        operation,
        DuOutcome::Ended(vec![result("2")]),
    );
    does(&mut world, vec![result("1")]);
    assert_eq!(codes(&completion(&mut world, &COMPLETE).0), [0]);
}

#[test]
fn t44_the_24_hours_go_on_over_boots_and_no_clock_stretches_or_shortens_them() {
    let mut world = ordered(&[change(&[install("http://h/a.ipk")], "key")]);
    world.now.unix += 400 * 86_400;
    assert_eq!(world.wait(HOUR), None, "a step of the clock within a boot");
    told(&mut world);
    world.power_cut(10 * HOUR);
    world.open().serve(&[]);
    let (number, operation, _, is_judged) = told(&mut world);
    assert!(is_judged);
    world.now.unix -= 400 * 86_400;
    let waited = world.wait(24 * HOUR).unwrap();
    assert!(
        waited.abs_diff(13 * HOUR) < Duration::from_secs(10),
        "{waited:?}"
    );
    assert_eq!(codes(&completion(&mut world, &COMPLETE).0), [9001]);
    report(&mut world, number, operation, DuOutcome::NotDone);
    assert_eq!(world.proceed(), []);
}

#[test]
fn t44_without_a_clock_the_times_are_unknown() {
    let mut world = World::known();
    world.now.unix = 1000;
    order(&mut world, &[change(&[install("http://h/a.ipk")], "key")]);
    does(&mut world, vec![result("1")]);
    let (results, _) = completion(&mut world, &COMPLETE);
    assert_eq!(results[0].start_time, UNKNOWN_TIME);
    assert_eq!(results[0].complete_time, UNKNOWN_TIME);
}

#[test]
fn t43_nothing_is_begun_that_could_not_be_noted() {
    let mut world = ordered(&[change(&[install("http://h/a.ipk")], "key")]);
    assert_eq!(world.without_disk(|world| world.proceed()), []);
    assert_eq!(world.proceed(), [], "not at once again");
    world.pass(Duration::from_secs(60));
    assert!(!told(&mut world).3);
}

#[test]
fn t43_what_is_cut_off_again_and_again_is_given_up() {
    let mut world = ordered(&[change(&[install("http://h/a.ipk")], "key")]);
    for _ in 0..3 {
        assert!(!told(&mut world).3);
        world.power_cut(Duration::from_secs(5));
        world.open().serve(&[]);
        let (number, operation, _, is_judged) = told(&mut world);
        assert!(is_judged);
        report(&mut world, number, operation, DuOutcome::NotDone);
    }
    let (results, _) = completion(&mut world, &COMPLETE);
    assert_eq!(codes(&results), [9001]);
    assert!(results[0].fault.string.contains("cut off 3 times"));
}

#[test]
fn t62_what_nobody_knows_yet_is_asked_again_and_not_at_once() {
    let mut world = ordered(&[change(&[install("http://h/a.ipk")], "key")]);
    let (number, operation, _, mut is_judged) = told(&mut world);
    for _ in 0..4 {
        report(&mut world, number, operation, DuOutcome::NotKnown);
        assert_eq!(world.proceed(), [], "not at once again");
        world.pass(Duration::from_secs(5));
        is_judged = told(&mut world).3;
    }
    assert!(is_judged);
    report(
        &mut world,
        number,
        operation,
        DuOutcome::Ended(vec![result("1")]),
    );
    assert_eq!(codes(&completion(&mut world, &COMPLETE).0), [0]);
}

#[test]
fn t43_a_factory_reset_or_another_acs_ends_all_of_it() {
    let mut world = ordered(&[change(&[install("http://h/a.ipk")], "key")]);
    let (number, operation, ..) = told(&mut world);
    world.set("ManagementServer.URL", "http://b.example/");
    report(
        &mut world,
        number,
        operation,
        DuOutcome::Ended(vec![result("1")]),
    );
    assert_eq!(world.events(), ["0 BOOTSTRAP"]);
    assert_eq!(world.proceed(), []);
    order(
        &mut world,
        &[
            change(&[install("http://h/a.ipk")], "key"),
            Message::FactoryReset,
        ],
    );
    world.ended(&Intent::FactoryReset, Ok(()));
    world.power_cut(HOUR);
    assert_eq!(world.events(), ["0 BOOTSTRAP", "1 BOOT"]);
    assert_eq!(world.proceed(), []);
    order(&mut world, &[change(&[install("http://h/a.ipk")], "key")]);
    let (next, ..) = told(&mut world);
    assert_eq!(next, number + 2, "no number is used again");
}
