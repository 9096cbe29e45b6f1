//! Which version a session is in, and what depends on it (TR-069 §3.7.4).

use std::time::Duration;

use cwmpd::cwmp::{Input, Output};
use cwmpd::soap::{CwmpVersion, Fault, Header, Message, SetParameterAttributes};

use crate::world::{Talk, World, ended, envelope, notify};

const LONGEST_RETRY: Duration = Duration::from_secs(5120);
const WEEK: Duration = Duration::from_secs(7 * 86_400);
const BUSY: &str = "CPE already in session";

/// How an ACS refuses an Inform.
type Refusal = fn(&mut Talk<'_>) -> Output;

fn drops(talk: &mut Talk<'_>) -> Output {
    talk.input(Input::Dropped("closed".to_owned()))
}

fn says_400(talk: &mut Talk<'_>) -> Output {
    talk.says(400, "Unrecognized CWMP version".to_owned())
}

fn says_415(talk: &mut Talk<'_>) -> Output {
    talk.says(415, String::new())
}

fn says_8006(talk: &mut Talk<'_>) -> Output {
    fault(talk, 8006)
}

fn says_8003(talk: &mut Talk<'_>) -> Output {
    fault(talk, 8003)
}

fn fault(talk: &mut Talk<'_>, code: u32) -> Output {
    let fault = Message::Fault(Fault::new(code));
    let body = envelope(talk.version, talk.header.clone(), fault);
    talk.says(200, body)
}

/// The session that comes by itself, be it by a retry, or else one that the ACS asks for.
#[track_caller]
fn session(world: &mut World) -> Talk<'_> {
    if world.wait(LONGEST_RETRY).is_none() {
        world.engine.connection_request(world.now);
    }
    world.open()
}

/// A session that the ACS refuses; the version that it was offered.
#[track_caller]
fn refused(world: &mut World, refusal: Refusal) -> &'static str {
    let mut talk = session(world);
    let offered = talk.version.as_str();
    ended(refusal(&mut talk));
    offered
}

/// A session that the ACS serves; the version that it was offered.
#[track_caller]
fn served(world: &mut World) -> &'static str {
    let talk = session(world);
    let offered = talk.version.as_str();
    talk.serve(&[]);
    offered
}

/// A box at an ACS that took 1.1 and not 1.4.
fn at_old_acs() -> World {
    let mut world = World::fresh();
    assert_eq!(refused(&mut world, says_8006), "1.2");
    assert_eq!(served(&mut world), "1.1");
    world
}

#[test]
fn s11_an_acs_that_never_took_one_is_offered_a_lower_namespace_after_two_refusals() {
    let refusals: [Refusal; 4] = [drops, says_400, says_415, says_8003];
    for refusal in refusals {
        let mut world = World::fresh();
        let offered: Vec<_> = (0..7).map(|_| refused(&mut world, refusal)).collect();
        assert_eq!(offered, ["1.2", "1.2", "1.1", "1.1", "1.0", "1.0", "1.2"]);
    }
}

#[test]
fn s11_fault_8006_leads_down_at_once() {
    let mut world = World::fresh();
    let offered: Vec<_> = (0..4).map(|_| refused(&mut world, says_8006)).collect();
    assert_eq!(offered, ["1.2", "1.1", "1.0", "1.2"]);
}

#[test]
fn s11_an_acs_that_took_one_may_refuse_twice_also_after_a_power_cut() {
    for cut in [false, true] {
        let mut world = World::known();
        if cut {
            world.power_cut(Duration::from_secs(10));
        }
        let offered: Vec<_> = (0..4).map(|_| refused(&mut world, says_400)).collect();
        assert_eq!(offered, ["1.2", "1.2", "1.2", "1.1"]);
    }
}

#[test]
fn s11_no_answer_a_broken_one_and_a_busy_acs_lead_nowhere() {
    let troubles: [Refusal; 5] = [
        |talk| talk.input(Input::TransportError("broke".to_owned())),
        |talk| talk.says(400, BUSY.to_owned()),
        |talk| talk.says(503, String::new()),
        |talk| talk.says(200, "<half".to_owned()),
        |talk| fault(talk, 8001),
    ];
    for trouble in troubles {
        let mut world = World::fresh();
        for _ in 0..8 {
            assert_eq!(refused(&mut world, trouble), "1.2");
        }
        for _ in 0..8 {
            assert_eq!(refused(&mut world, says_400), "1.2", "not twice in a row");
            assert_eq!(refused(&mut world, trouble), "1.2");
        }
    }
}

#[test]
fn s11_a_version_that_was_taken_once_is_not_given_up_for_what_comes_later_in_a_session() {
    let mut world = World::known();
    for _ in 0..5 {
        world.engine.connection_request(world.now);
        let mut talk = world.open();
        assert_eq!(talk.version, CwmpVersion::V1_2);
        talk.accept();
        ended(drops(&mut talk));
    }
}

#[test]
fn s11_what_works_is_remembered_without_a_write_per_session() {
    let mut world = at_old_acs();
    let disk = world.disk();
    for _ in 0..3 {
        assert_eq!(served(&mut world), "1.1");
    }
    assert_eq!(world.disk(), disk, "nothing new, nothing written");
    world.power_cut(Duration::from_secs(10));
    assert_eq!(served(&mut world), "1.1");
    world.program_restart();
    assert_eq!(served(&mut world), "1.1");
}

#[test]
fn s11_the_newest_comes_again_with_a_bootstrap_and_after_a_week() {
    let mut world = at_old_acs();
    world.set("ManagementServer.URL", "http://b.example/");
    assert_eq!(served(&mut world), "1.2", "another ACS");

    let mut world = at_old_acs();
    world.pass(WEEK - 4 * LONGEST_RETRY);
    assert_eq!(served(&mut world), "1.1");
    world.pass(4 * LONGEST_RETRY);
    assert_eq!(served(&mut world), "1.2");
    world.power_cut(WEEK);
    assert_eq!(served(&mut world), "1.2", "it was taken, and stays");

    let mut world = at_old_acs();
    world.power_cut(WEEK);
    assert_eq!(refused(&mut world, says_8006), "1.2");
    world.power_cut(Duration::from_secs(10));
    assert_eq!(served(&mut world), "1.1", "this week it was tried");
}

#[test]
fn s11_a_week_of_another_old_acs_costs_three_refusals_and_not_six() {
    let mut world = World::fresh();
    for _ in 0..2 {
        refused(&mut world, says_8006);
    }
    assert_eq!(served(&mut world), "1.0");
    world.pass(WEEK);
    let offered: Vec<_> = (0..3).map(|_| refused(&mut world, says_400)).collect();
    assert_eq!(offered, ["1.2", "1.2", "1.2"]);
    assert_eq!(served(&mut world), "1.0");
}

fn says_500(talk: &mut Talk<'_>) -> Output {
    talk.says(500, "<html>out of order</html>".to_owned())
}

#[test]
fn s33_after_an_outage_an_acs_is_offered_what_it_took_before() {
    let mut world = World::known();
    // Longer than it takes to doubt the two newest versions.
    let offered: Vec<_> = (0..7).map(|_| refused(&mut world, says_500)).collect();
    assert_eq!(offered, ["1.2", "1.2", "1.2", "1.1", "1.1", "1.1", "1.0"]);
    assert_eq!(served(&mut world), "1.0", "it is back");
    assert_eq!(served(&mut world), "1.2");
    world.power_cut(Duration::from_secs(10));
    assert_eq!(served(&mut world), "1.2");
    // An old ACS that was at 1.1 comes back to that.
    let mut world = at_old_acs();
    for _ in 0..3 {
        assert_eq!(refused(&mut world, says_500), "1.1");
    }
    assert_eq!(served(&mut world), "1.0");
    assert_eq!(served(&mut world), "1.1");
}

#[test]
fn s33_an_acs_that_became_an_older_one_is_found_out_once() {
    let mut world = World::known();
    for _ in 0..3 {
        assert_eq!(refused(&mut world, says_400), "1.2");
    }
    assert_eq!(served(&mut world), "1.1");
    for _ in 0..3 {
        assert_eq!(refused(&mut world, says_400), "1.2");
    }
    for _ in 0..3 {
        assert_eq!(served(&mut world), "1.1");
    }
    world.power_cut(Duration::from_secs(10));
    assert_eq!(served(&mut world), "1.1", "it is known");
}

#[test]
fn s40_the_acs_that_asked_for_a_session_gets_one_though_a_newer_version_is_tried_in_it() {
    let mut world = at_old_acs();
    world.pass(WEEK);
    world.engine.connection_request(world.now);
    for _ in 0..3 {
        assert_eq!(refused(&mut world, says_400), "1.2");
        world
            .wait(LONGEST_RETRY)
            .expect("it was the box's own idea");
    }
    assert_eq!(served(&mut world), "1.1");
    assert_eq!(world.wait(LONGEST_RETRY), None);
}

#[test]
fn s11_the_status_tells_the_version() {
    let mut world = World::fresh();
    let status = |world: &World| world.engine.status(world.now).to_string();
    assert!(status(&world).contains("CWMP version:  1.4 offered"));
    refused(&mut world, says_8006);
    assert!(status(&world).contains("CWMP version:  1.1 offered"));
    served(&mut world);
    assert!(status(&world).contains("CWMP version:  1.1, 1.1 offered"));
    let mut world = World::known();
    assert!(status(&world).contains("CWMP version:  1.2, 1.4 offered"));
    session_in(&mut world, CwmpVersion::V1_4).end();
    assert!(status(&world).contains("CWMP version:  1.4, 1.4 offered"));
}

#[test]
fn the_namespace_that_works_is_kept_until_the_box_or_its_acs_changes() {
    let mut world = World::fresh();
    world.open().refuse(8006);
    let talk = session(&mut world);
    assert_eq!(talk.version, CwmpVersion::V1_1);
    assert_eq!(talk.header.session_timeout, None);
    talk.serve(&[]);
    for _ in 0..2 {
        assert_eq!(served(&mut world), "1.1");
    }
    world.set("ManagementServer.URL", "http://b.example/");
    assert_eq!(world.open().version, CwmpVersion::V1_2);
}

/// A session that the ACS leads in this version.
fn session_in(world: &mut World, version: CwmpVersion) -> Talk<'_> {
    world.engine.connection_request(world.now);
    let mut talk = world.open();
    let header = Header {
        id: talk.header.id.clone(),
        use_cwmp_version: (version >= CwmpVersion::V1_4).then_some(version),
        ..Header::default()
    };
    let body = envelope(
        version,
        header,
        Message::InformResponse { max_envelopes: 1 },
    );
    let Output::Post(_) = talk.says(200, body) else {
        panic!("the session ended")
    };
    talk.version = version;
    talk
}

/// The notification of `Home.Name` as the ACS sees it.
fn seen(talk: &mut Talk<'_>) -> u32 {
    let parameter_names = vec!["Device.Home.Name".to_owned()];
    match talk.call(Message::GetParameterAttributes { parameter_names }) {
        Message::GetParameterAttributesResponse { parameter_list } => {
            parameter_list[0].notification
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn s16_lightweight_notification_is_for_sessions_of_1_4() {
    for version in [CwmpVersion::V1_0, CwmpVersion::V1_1, CwmpVersion::V1_2] {
        let mut world = World::known();
        let mut talk = session_in(&mut world, version);
        assert!(matches!(
            talk.call(notify("Home.Name", 2)),
            Message::SetParameterAttributesResponse
        ));
        for notification in 3..=7 {
            let fault = talk.fault(notify("Home.Name", notification));
            assert_eq!(fault.code, 9003, "{notification} in {version}");
            assert!(fault.string.contains("0 to 2"), "{}", fault.string);
        }
        // What is not to change does not matter.
        let nothing = SetParameterAttributes {
            notification: None,
            ..match notify("Home.Name", 6) {
                Message::SetParameterAttributes { parameter_list } => parameter_list[0].clone(),
                other => panic!("{other:?}"),
            }
        };
        let parameter_list = vec![nothing];
        assert!(matches!(
            talk.call(Message::SetParameterAttributes { parameter_list }),
            Message::SetParameterAttributesResponse
        ));
        assert_eq!(seen(&mut talk), 2, "untouched");
    }
    let mut world = World::known();
    let mut talk = session_in(&mut world, CwmpVersion::V1_4);
    for notification in 0..=6 {
        assert!(matches!(
            talk.call(notify("Home.Name", notification)),
            Message::SetParameterAttributesResponse
        ));
        assert_eq!(seen(&mut talk), notification);
    }
    assert_eq!(talk.fault(notify("Home.Name", 7)).code, 9003);
}

#[test]
fn s16_an_older_acs_sees_the_classic_part() {
    for (notification, classic) in [(0, 0), (1, 1), (2, 2), (3, 0), (4, 1), (5, 0), (6, 1)] {
        let mut world = World::known();
        let mut talk = session_in(&mut world, CwmpVersion::V1_4);
        talk.call(notify("Home.Name", notification));
        talk.end();
        let mut talk = session_in(&mut world, CwmpVersion::V1_2);
        assert_eq!(seen(&mut talk), classic, "{notification}");
        talk.end();
        let mut talk = session_in(&mut world, CwmpVersion::V1_4);
        assert_eq!(seen(&mut talk), notification, "it is kept");
    }
}
