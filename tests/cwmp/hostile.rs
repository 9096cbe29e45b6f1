//! What an ACS asks that means no good: too long, too much, or the end of all sessions.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where the world is not as it says"
)]

use std::time::Duration;

use cwmpd::cwmp::Outcome;
use cwmpd::soap::{Envelope, Header, Message, SetParameterAttributes};

use crate::world::{Talk, World, ended, set_values};

/// A session of a box that its ACS knows, after the InformResponse.
fn session(world: &mut World) -> Talk<'_> {
    world.engine.connection_request(world.now);
    let mut talk = world.open();
    talk.accept();
    talk
}

/// How many values the answer has.
fn values(talk: &mut Talk<'_>, paths: &[&str]) -> usize {
    let parameter_names = paths.iter().map(|p| (*p).to_owned()).collect();
    match talk.call(Message::GetParameterValues { parameter_names }) {
        Message::GetParameterValuesResponse { parameter_list } => parameter_list.len(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_accepted_is_there_after_a_power_cut_however_long() {
    let mut world = World::known_with(1, "X_Long.Text;STRING;0;1;1;1;0;0");
    let long = "%".repeat(64 * 1024);
    let mut talk = session(&mut world);
    let name = "X_Long.Text";
    let done = talk.call(set_values(&[(name, &long)], "long"));
    assert!(!matches!(done, Message::Fault(_)), "{done:?}");
    let fault = talk.fault(set_values(&[(name, &format!("{long}%"))], "longer"));
    assert_eq!(fault.code, 9003);
    assert_eq!(fault.parameters[0].code, 9007);
    talk.end();
    world.power_cut(Duration::from_secs(60));
    assert!(world.value("X_Long.Text") == long);
    assert_eq!(world.value("ManagementServer.ParameterKey"), "long");
}

#[test]
fn a_request_that_covers_too_much_is_refused_before_it_takes_memory() {
    let rows: Vec<String> = (0..200)
        .map(|n| format!("X_Many.P{n};STRING;0;1;1;0;0;0"))
        .collect();
    let mut world = World::known_with(1, &rows.join("\n"));
    let mut talk = session(&mut world);
    let entry = SetParameterAttributes {
        name: "Device.X_Many.".to_owned(),
        notification: Some(1),
        access_list: None,
    };
    let fault = talk.fault(Message::SetParameterAttributes {
        parameter_list: vec![entry; 4096],
    });
    assert_eq!(fault.code, 9004);
}

#[test]
fn an_access_list_and_the_names_in_it_are_bounded() {
    let mut world = World::known();
    let mut talk = session(&mut world);
    let entry = |count, length| SetParameterAttributes {
        name: "Device.ManagementServer.URL".to_owned(),
        notification: None,
        access_list: Some(vec!["é".repeat(length); count]),
    };
    let call = |count, length| Message::SetParameterAttributes {
        parameter_list: vec![entry(count, length)],
    };
    assert_eq!(talk.fault(call(1, 65)).code, 9003);
    assert_eq!(talk.fault(call(33, 1)).code, 9004);
    talk.call(call(32, 64));
}

#[test]
fn w12_the_acs_may_not_cut_the_box_off_by_a_url_that_leads_nowhere() {
    let mut world = World::known();
    let mut talk = session(&mut world);
    for bad in [
        "",
        "acs.example",
        "ftp://acs.example/",
        "http://",
        "http://:7547/",
        "http://acs.example:99999/",
        "http://acs.example:0/",
        "http://[2001:db8::1/",
        "http://acs example/",
        "http://acs.example/\u{e4}",
        "https://me:secret@acs.example/",
    ] {
        let fault = talk.fault(set_values(&[("ManagementServer.URL", bad)], ""));
        assert_eq!(fault.parameters[0].code, 9007, "{bad}");
    }
}

#[test]
fn the_whole_tree_asked_for_again_and_again_is_walked_once() {
    let rows: Vec<String> = (0..3000)
        .map(|n| format!("X_Many.P{n};STRING;0;1;1;0;0;0"))
        .collect();
    let mut world = World::known_with(1, &rows.join("\n"));
    let mut talk = session(&mut world);
    let all = values(&mut talk, &["Device."]);
    assert_eq!(values(&mut talk, &["Device."; 4096]), all);
    talk.call(Message::GetParameterAttributes {
        parameter_names: vec!["Device.".to_owned(); 4096],
    });
}

#[test]
fn s26_a_session_that_the_acs_does_not_end_is_ended_and_repeated() {
    let mut world = World::known();
    let mut talk = session(&mut world);
    talk.call(Message::GetRPCMethods);
    talk.world.now.uptime += Duration::from_secs(4 * 3600 + 60);
    let call = Envelope {
        version: talk.version,
        header: Header {
            id: Some("late".to_owned()),
            ..Header::default()
        },
        body: Message::GetRPCMethods,
    };
    let outcome = ended(talk.says(200, call.emit()));
    let why = "the ACS did not end it within 4 hours".to_owned();
    assert_eq!(outcome, Outcome::Failure(why));
    // By the retry policy, and with a new budget.
    let wait = world.wait(Duration::from_secs(60)).unwrap();
    assert!(wait >= Duration::from_secs(5), "{wait:?}");
    let mut talk = world.open();
    assert_eq!(talk.inform.retry_count, 1);
    talk.accept();
    talk.call(Message::GetRPCMethods);
    talk.end();
    // One that ends just then has ended well.
    let talk = session(&mut world);
    talk.world.now.uptime += Duration::from_secs(5 * 3600);
    talk.end();
}
