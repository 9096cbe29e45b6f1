//! What is accepted, and what is refused as a whole or in one operation.

use cwmpd::cwmp::Action;
use cwmpd::soap::{CwmpVersion, DuOperation, Header, Message};

use super::*;

const COMPLETE: [&str; 2] = ["11 DU STATE CHANGE COMPLETE", "M ChangeDUState key"];

#[test]
fn t43_what_is_accepted_is_in_the_store_before_the_response_leaves() {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    let mut talk = world.open();
    talk.accept();
    let answer = talk.call(change(&[install("http://h/a.ipk")], "key"));
    assert_eq!(answer, Message::ChangeDUStateResponse);
    world.power_cut(HOUR);
    world.open().serve(&[]);
    assert!(!told(&mut world).3);
}

#[test]
fn t43_what_cannot_be_written_down_is_refused_and_not_done() {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    let mut talk = world.open();
    talk.accept();
    let order = change(&[install("http://h/a.ipk")], "key");
    assert_eq!(talk.fault_without_disk(order).code, 9002);
    talk.end();
    assert_eq!(world.proceed(), []);
    assert_eq!(world.wait(48 * HOUR), None);
}

#[test]
fn t42_what_is_wrong_with_the_request_refuses_all_of_it() {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    let mut talk = world.open();
    talk.accept();
    let good = install("http://h/a.ipk");
    let long = |length| Some("x".repeat(length));
    let user = DuOperation::Install {
        url: "http://h/a.ipk".to_owned(),
        uuid: None,
        username: long(257),
        password: None,
        execution_env_ref: None,
    };
    let version = DuOperation::Uninstall {
        uuid: UUID.to_owned(),
        version: long(33),
        execution_env_ref: None,
    };
    let environment = DuOperation::Uninstall {
        uuid: UUID.to_owned(),
        version: None,
        execution_env_ref: long(257),
    };
    let url = install(&format!("http://h/{}", "x".repeat(1024)));
    let key = change(std::slice::from_ref(&good), &"k".repeat(33));
    let empty = change(&[], "key");
    let with = |bad: DuOperation| change(&[good.clone(), bad], "key");
    let all = [user, version, environment, url].map(with);
    for request in all.into_iter().chain([key, empty]) {
        let fault = talk.fault(request.clone());
        assert_eq!(fault.code, 9003, "{request:?}");
    }
    talk.end();
    assert_eq!(world.proceed(), []);
    assert_eq!(world.wait(48 * HOUR), None);
}

#[test]
fn t42_what_is_wrong_with_one_operation_is_its_result_and_the_others_are_done() {
    let named = |uuid: &str| DuOperation::Install {
        url: "http://h/a.ipk".to_owned(),
        uuid: Some(uuid.to_owned()),
        username: None,
        password: None,
        execution_env_ref: None,
    };
    let operations = [
        install("ftp://h/a.ipk"),
        install("http://user:sesame@h/a.ipk"),
        install(""),
        named("a8b9"),
        named(""),
        update(Some("{}"), None),
        update(Some(UUID), Some("file:///etc/passwd")),
        uninstall(""),
    ];
    let mut world = ordered(&[change(&operations, "key")]);
    let (change, operation, ..) = told(&mut world);
    assert_eq!(operation, 4, "an empty UUID is none");
    report(
        &mut world,
        change,
        operation,
        DuOutcome::Ended(vec![result("1")]),
    );
    let (results, _) = completion(&mut world, &COMPLETE);
    assert_eq!(
        codes(&results),
        [9013, 9003, 9003, 9022, 0, 9022, 9013, 9022]
    );
    assert_eq!(results[6].uuid, UUID);
    assert!(
        results
            .iter()
            .all(|result| !result.fault.string.contains("sesame"))
    );
}

#[test]
fn t42_a_request_of_which_nothing_can_come_is_complete_at_once() {
    let mut world = ordered(&[change(&[uninstall("x")], "key")]);
    assert_eq!(world.proceed(), []);
    assert_eq!(codes(&completion(&mut world, &COMPLETE).0), [9022]);
}

#[test]
fn t41_16_changes_find_room_and_more_is_9004_until_one_is_told() {
    let mut world = World::known();
    let one = change(&[uninstall(UUID)], "key");
    order(&mut world, &vec![one.clone(); 16]);
    world.engine.connection_request(world.now);
    let mut talk = world.open();
    talk.accept();
    assert_eq!(talk.fault(one.clone()).code, 9004);
    talk.end();
    for _ in 0..16 {
        does(&mut world, vec![result("1")]);
    }
    let mut talk = world.open();
    assert_eq!(talk.events().len(), 17);
    talk.accept();
    answers(&mut talk, Message::DUStateChangeCompleteResponse);
    talk.breaks();
    world.wait(HOUR).unwrap();
    let mut talk = world.open();
    talk.accept();
    for _ in 0..15 {
        answers(&mut talk, Message::DUStateChangeCompleteResponse);
    }
    assert_eq!(talk.call(one), Message::ChangeDUStateResponse);
}

#[test]
fn t41_32_operations_find_room() {
    let mut world = World::known();
    let many = |count| change(&vec![uninstall(UUID); count], "key");
    order(&mut world, &[many(31)]);
    world.engine.connection_request(world.now);
    let mut talk = world.open();
    talk.accept();
    assert_eq!(talk.fault(many(2)).code, 9004);
    assert_eq!(talk.call(many(1)), Message::ChangeDUStateResponse);
}

#[test]
fn t41_a_box_without_packages_has_no_such_method() {
    let mut world = World::known();
    world.host.no_packages = Some("this box has no package manager".to_owned());
    world.engine.connection_request(world.now);
    let mut talk = world.open();
    talk.accept();
    let fault = talk.fault(change(&[uninstall(UUID)], ""));
    assert_eq!(fault.code, 9000);
    assert!(
        fault.string.contains("no package manager"),
        "{}",
        fault.string
    );
    let Message::GetRPCMethodsResponse { method_list } = talk.call(Message::GetRPCMethods) else {
        panic!("no list");
    };
    assert!(!method_list.iter().any(|name| name == "ChangeDUState"));
}

#[test]
fn t41_versions_before_1_2_have_no_such_method() {
    for (version, knows) in [
        (CwmpVersion::V1_0, false),
        (CwmpVersion::V1_1, false),
        (CwmpVersion::V1_2, true),
    ] {
        let mut world = World::known();
        let mut talk = in_version(&mut world, version);
        let answer = talk.call(change(&[uninstall(UUID)], ""));
        assert_eq!(answer == Message::ChangeDUStateResponse, knows, "{version}");
        let Message::GetRPCMethodsResponse { method_list } = talk.call(Message::GetRPCMethods)
        else {
            panic!("no list");
        };
        let lists = method_list.iter().any(|name| name == "ChangeDUState");
        assert_eq!(lists, knows, "{version}");
    }
}

#[test]
fn s12_an_unsupported_method_of_a_later_version_is_9000_whatever_stands_in_it() {
    let mut world = World::known();
    let mut talk = in_version(&mut world, CwmpVersion::V1_0);
    for arguments in ["", "<Operations>none</Operations>"] {
        let request = envelope(talk.version, Header::default(), Message::FactoryReset).replace(
            "<cwmp:FactoryReset></cwmp:FactoryReset>",
            &format!("<cwmp:ChangeDUState>{arguments}</cwmp:ChangeDUState>"),
        );
        talk.says(200, request);
        let answer = Envelope::parse(talk.post.body.as_bytes()).unwrap().body;
        assert!(matches!(answer, Message::Fault(fault) if fault.code == 9000));
    }
}

#[test]
fn t41_an_acs_that_became_older_is_told_once_it_is_new_again() {
    let mut world = ordered(&[change(&[uninstall(UUID)], "key")]);
    does(&mut world, vec![result("1")]);
    let mut talk = world.open();
    talk.version = CwmpVersion::V1_0;
    talk.accept();
    assert!(talk.post.body.is_empty(), "{}", talk.post.body);
    talk.end();
    assert_eq!(
        world.wait(48 * HOUR),
        None,
        "no session for what cannot be told"
    );
    world.engine.connection_request(world.now);
    let events = ["6 CONNECTION REQUEST", COMPLETE[0], COMPLETE[1]];
    completion(&mut world, &events);
}

#[test]
fn t12_passwords_are_shown_nowhere_and_gone_with_the_end_of_the_operation() {
    let mut world = ordered(&[change(&[install("http://h/a.ipk")], "key")]);
    let status = format!(
        "{:?} {}",
        world.engine.status(world.now),
        world.engine.status(world.now)
    );
    assert!(!status.contains("sesame"), "{status}");
    let actions = world.proceed();
    assert!(!format!("{actions:?}").contains("sesame"));
    let [
        Action::ChangeUnit {
            change, operation, ..
        },
    ] = actions.as_slice()
    else {
        panic!("{actions:?}");
    };
    assert!(
        world
            .model
            .record("cwmp.change.0")
            .unwrap()
            .contains("sesame")
    );
    let outcome = DuOutcome::Ended(vec![result("1")]);
    report(&mut world, *change, *operation, outcome);
    assert!(
        !world
            .model
            .record("cwmp.change.0")
            .unwrap()
            .contains("sesame")
    );
}

#[test]
fn b12_a_change_of_a_newer_version_is_left_to_it_and_takes_no_room() {
    let mut world = World::known();
    world
        .model
        .set_record("cwmp.change.0", Some("9:key:boot:0::,frozen:x"));
    world.model.commit().unwrap();
    world.power_cut(HOUR);
    world.open().serve(&[]);
    order(&mut world, &vec![change(&[uninstall(UUID)], "key"); 16]);
    does(&mut world, vec![result("1")]);
    assert_eq!(
        world.model.record("cwmp.change.0"),
        Some("9:key:boot:0::,frozen:x")
    );
}
