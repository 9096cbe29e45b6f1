//! What somebody on the box has the ACS asked: RequestDownload (A.4.2.2) and Kicked (A.4.2.1).

use std::time::Duration;

use cwmpd::cwmp::{AcsCall, AcsCallError, Action, CallOutcome, EventCode, FileType, Input, Output};
use cwmpd::soap::{Envelope, Fault, Header, Message};

use crate::world::{Talk, World, ended, envelope};

fn request_download(file_type: FileType) -> AcsCall {
    AcsCall::RequestDownload {
        file_type,
        arguments: vec![("Version".to_owned(), "7".to_owned())],
    }
}

fn kicked() -> AcsCall {
    AcsCall::Kicked {
        command: "upgrade".to_owned(),
        referer: "portal".to_owned(),
        arg: String::new(),
        next: "http://portal.example/".to_owned(),
    }
}

/// What the box asks now.
fn asked(talk: &Talk<'_>) -> (Header, Message) {
    let asked = Envelope::parse(talk.post.body.as_bytes()).unwrap();
    (asked.header, asked.body)
}

/// The ACS answers that.
fn answer(talk: &mut Talk<'_>, message: Message) -> Output {
    let (header, _) = asked(talk);
    let body = envelope(talk.version, header, message);
    talk.says(200, body)
}

/// What became of the calls, for who waits.
fn outcomes(actions: Vec<Action>) -> Vec<(u32, CallOutcome)> {
    let ended = |action| match action {
        Action::CallEnded(number, outcome) => Some((number, outcome)),
        _ => None,
    };
    actions.into_iter().filter_map(ended).collect()
}

#[test]
fn t55_request_download_is_asked_in_a_session_of_its_own_and_answered_to_who_asked() {
    let mut world = World::known();
    let number = world
        .engine
        .call_acs(request_download(FileType::Firmware), world.now)
        .unwrap();
    let mut talk = world.open();
    assert_eq!(talk.events(), ["9 REQUEST DOWNLOAD"]);
    talk.accept();
    let (_, message) = asked(&talk);
    let wanted = Message::RequestDownload {
        file_type: "1 Firmware Upgrade Image".to_owned(),
        file_type_arg: vec![("Version".to_owned(), "7".to_owned())],
    };
    assert_eq!(message, wanted);
    answer(&mut talk, Message::RequestDownloadResponse);
    assert_eq!(outcomes(talk.end()), [(number, Ok(String::new()))]);
    assert!(!world.poll(), "it is over");
}

#[test]
fn t55_a_fault_of_the_acs_is_for_who_asked_and_the_session_goes_on() {
    let mut world = World::known();
    let number = world
        .engine
        .call_acs(request_download(FileType::WebContent), world.now)
        .unwrap();
    let mut talk = world.open();
    talk.accept();
    let fault = Fault {
        code: 8001,
        string: "not today".to_owned(),
        ..Fault::default()
    };
    answer(&mut talk, Message::Fault(fault));
    let why = "the ACS refused: 8001 not today".to_owned();
    assert_eq!(outcomes(talk.end()), [(number, Err(why))]);
    assert_eq!(world.wait(Duration::from_secs(3600)), None, "no retry");
}

#[test]
fn t56_kicked_brings_the_page_that_the_acs_names() {
    let mut world = World::known();
    let number = world.engine.call_acs(kicked(), world.now).unwrap();
    let mut talk = world.open();
    assert_eq!(talk.events(), ["5 KICKED"]);
    talk.accept();
    let (_, message) = asked(&talk);
    assert!(matches!(message, Message::Kicked { command, .. } if command == "upgrade"));
    let next_url = "http://portal.example/done".to_owned();
    let response = Message::KickedResponse {
        next_url: next_url.clone(),
    };
    answer(&mut talk, response);
    assert_eq!(outcomes(talk.end()), [(number, Ok(next_url))]);
}

#[test]
fn t56_each_answer_delivers_its_own_event_and_goes_to_who_asked_for_it() {
    let mut world = World::known();
    let kicked = world.engine.call_acs(kicked(), world.now).unwrap();
    let download = world
        .engine
        .call_acs(request_download(FileType::WebContent), world.now)
        .unwrap();
    let mut talk = world.open();
    assert_eq!(talk.events(), ["5 KICKED", "9 REQUEST DOWNLOAD"]);
    talk.accept();
    let response = Message::KickedResponse {
        next_url: "http://next.example/".to_owned(),
    };
    answer(&mut talk, response);
    let (_, message) = asked(&talk);
    assert_eq!(message.name(), "RequestDownload");
    let output = talk.input(Input::TransportError("it is gone".to_owned()));
    ended(output);
    let told = outcomes(std::mem::take(&mut talk.actions));
    assert_eq!(told[0], (kicked, Ok("http://next.example/".to_owned())));
    assert_eq!(told[1].0, download);
    let why = told[1].1.clone().unwrap_err();
    assert!(why.contains("the session failed: it is gone"), "{why}");
    // The session is repeated, since the ACS had its Inform; what people waited for is not.
    world.wait(Duration::from_secs(60)).unwrap();
    assert_eq!(world.events(), Vec::<String>::new());
}

#[test]
fn t56_who_asks_while_a_session_runs_gets_the_next_one() {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    let mut talk = world.open();
    let now = talk.world.now;
    let number = talk.world.engine.call_acs(kicked(), now).unwrap();
    talk.accept();
    assert!(talk.post.body.is_empty(), "its event was not in the Inform");
    assert_eq!(outcomes(talk.end()), []);
    let mut talk = world.open();
    assert_eq!(talk.events(), ["5 KICKED"]);
    talk.accept();
    ended(talk.says(503, String::new()));
    assert_eq!(outcomes(talk.actions)[0].0, number);
}

#[test]
fn t56_another_acs_hears_of_it_with_its_event() {
    let mut world = World::known();
    let number = world.engine.call_acs(kicked(), world.now).unwrap();
    world.set("ManagementServer.URL", "http://other.example/");
    let mut talk = world.open();
    assert_eq!(talk.events(), ["0 BOOTSTRAP", "5 KICKED"]);
    talk.accept();
    ended(talk.input(Input::TransportError("gone".to_owned())));
    assert_eq!(outcomes(talk.actions)[0].0, number);
}

#[test]
fn t56_what_cannot_be_asked_is_refused_at_once() {
    let mut world = World::known();
    let too_long = AcsCall::RequestDownload {
        file_type: FileType::Vendor("é".repeat(65)),
        arguments: Vec::new(),
    };
    let refused = world.engine.call_acs(too_long, world.now);
    assert!(matches!(refused, Err(AcsCallError::TooLong { .. })));
    let too_many = AcsCall::RequestDownload {
        file_type: FileType::Vendor("é".repeat(64)),
        arguments: vec![(String::new(), String::new()); 17],
    };
    let refused = world.engine.call_acs(too_many, world.now);
    assert_eq!(refused, Err(AcsCallError::TooManyArguments));
    world.engine.call_acs(kicked(), world.now).unwrap();
    world.engine.call_acs(kicked(), world.now).unwrap();
    let refused = world.engine.call_acs(kicked(), world.now);
    assert_eq!(refused, Err(AcsCallError::Busy));
    world.unreachable();
    // Nobody waits any more, and nothing is left of it.
    assert_eq!(world.wait(Duration::from_secs(3600)), None);
    world.set("ManagementServer.EnableCWMP", "false");
    let refused = world.engine.call_acs(kicked(), world.now);
    assert!(matches!(refused, Err(AcsCallError::NoSession(_))));
}

#[test]
fn b42_who_asks_without_end_gets_a_session_every_few_seconds() {
    const MOMENT: Duration = Duration::from_millis(100);
    let mut world = World::known();
    let mut sessions = 0;
    for _ in 0..600 {
        for event in [EventCode::Periodic, EventCode::ConnectionRequest] {
            world.engine.wish(Some(event), world.now).unwrap();
        }
        if world.poll() {
            let both = ["2 PERIODIC", "6 CONNECTION REQUEST"];
            assert_eq!(world.events(), both, "none is lost");
            sessions += 1;
        }
        world.pass(MOMENT);
    }
    assert!((12..=22).contains(&sessions), "{sessions}");
    // What was asked for last comes, too, and then there is peace.
    world.engine.inform(None, world.now).unwrap();
    assert!(world.wait(Duration::from_secs(5)).is_some());
    world.events();
    assert_eq!(world.wait(Duration::from_secs(60)), None);
}

#[test]
fn b42_what_was_asked_too_often_goes_along_with_whatever_session_is_next() {
    let mut world = World::known();
    for _ in 0..20 {
        world.engine.wish(None, world.now).unwrap();
    }
    world.events();
    let periodic = Some(EventCode::Periodic);
    world.engine.wish(periodic, world.now).unwrap();
    assert!(!world.poll(), "not now");
    let number = world.engine.call_acs(kicked(), world.now).unwrap();
    assert!(!world.poll(), "nor for that");
    world.engine.connection_request(world.now);
    let mut talk = world.open();
    let all = ["2 PERIODIC", "6 CONNECTION REQUEST", "X KICKED"];
    assert_eq!(talk.events().len(), all.len(), "{:?}", talk.events());
    talk.accept();
    let next_url = "http://portal.example/".to_owned();
    answer(&mut talk, Message::KickedResponse { next_url });
    assert_eq!(outcomes(talk.end()).first().map(|(n, _)| *n), Some(number));
    assert_eq!(world.wait(Duration::from_secs(60)), None);
}
