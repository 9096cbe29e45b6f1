//! Events over kills and power cuts within their session (TR-069 §3.7.1.5), and what that costs.

use std::time::Duration;

use cwmpd::cwmp::EventCode;
use cwmpd::soap::Message;

use crate::world::World;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

/// A known box with periodic informs, of which one is due; the disk has settled.
fn periodic() -> World {
    let mut world = World::known();
    world.set("ManagementServer.PeriodicInformEnable", "true");
    world.wait(HOUR).unwrap();
    world.events();
    world.wait(HOUR).unwrap();
    world
}

fn schedule(delay_seconds: u32, key: &str) -> Message {
    Message::ScheduleInform {
        delay_seconds,
        command_key: key.to_owned(),
    }
}

#[test]
fn f05_periodic_survives_a_kill_at_every_point_of_its_session_without_a_write() {
    let mut world = periodic();
    let before = world.disk();
    // Before its Inform, and with the Inform under way.
    world.program_restart();
    let talk = world.open();
    assert_eq!(talk.events(), ["2 PERIODIC"]);
    talk.world.program_restart();
    assert_eq!(world.disk(), before);
    // Once the Inform is answered it is delivered.
    let mut talk = world.open();
    assert_eq!(talk.events(), ["2 PERIODIC"]);
    talk.accept();
    talk.world.program_restart();
    assert_eq!(world.events(), [""; 0], "the session is repeated");
    assert_eq!(world.disk(), before);
}

#[test]
fn f05_what_arises_in_a_session_survives_a_kill_in_it() {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    let talk = world.open();
    let now = talk.world.now;
    let by_hand = talk.world.engine.inform(Some(EventCode::Periodic), now);
    by_hand.unwrap();
    talk.world.poll();
    talk.world.program_restart();
    assert_eq!(world.events(), ["2 PERIODIC"]);
}

#[test]
fn r62_a_request_that_was_accepted_outlives_a_restart_and_is_tried_once() {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    world.poll();
    world.program_restart();
    let talk = world.open();
    assert_eq!(talk.events(), ["6 CONNECTION REQUEST"]);
    // One more comes while that session runs.
    talk.world.engine.connection_request(talk.world.now);
    talk.world.poll();
    talk.world.program_restart();
    let talk = world.open();
    assert_eq!(talk.events(), ["6 CONNECTION REQUEST"]);
    talk.world.poll();
    talk.world.program_restart();
    assert!(!world.poll());
}

#[test]
fn f05_each_schedule_inform_is_told_once_whenever_the_program_is_killed() {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    world
        .open()
        .serve(&[schedule(10, "x"), schedule(10, "y"), schedule(100, "z")]);
    world.wait(HOUR).unwrap();
    let both = ["3 SCHEDULED", "M ScheduleInform x", "M ScheduleInform y"];
    for _ in 0..2 {
        let talk = world.open();
        assert_eq!(talk.events(), both);
        talk.world.program_restart();
    }
    world.events();
    world.program_restart();
    let left = world.wait(HOUR).unwrap();
    assert!((85 * SECOND..=90 * SECOND).contains(&left), "{left:?}");
    assert_eq!(world.events(), ["3 SCHEDULED", "M ScheduleInform z"]);
    assert_eq!(world.wait(HOUR), None);
}

#[test]
fn f05_a_schedule_inform_survives_a_kill_then_a_foreign_commit_then_a_power_cut() {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    world.open().serve(&[schedule(10, "x"), schedule(100, "z")]);
    world.wait(HOUR).unwrap();
    let talk = world.open();
    assert_eq!(talk.events(), ["3 SCHEDULED", "M ScheduleInform x"]);
    talk.world.program_restart();
    world.poll();
    // Whatever is written next takes the timer's end with it: the event must go along.
    world.set("ManagementServer.PeriodicInformInterval", "4000");
    world.power_cut(SECOND);
    assert_eq!(
        world.events(),
        ["1 BOOT", "3 SCHEDULED", "M ScheduleInform x"]
    );
}

#[test]
fn f05_a_power_cut_in_a_session_loses_nothing_that_a_promise_brought() {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    let reboot = Message::Reboot {
        command_key: "r".to_owned(),
    };
    world.open().serve(&[schedule(10, "x"), reboot]);
    world.power_cut(HOUR);
    let all = ["1 BOOT", "3 SCHEDULED", "M Reboot r", "M ScheduleInform x"];
    for _ in 0..2 {
        let talk = world.open();
        assert_eq!(talk.events(), all);
        talk.world.power_cut(HOUR);
    }
    assert_eq!(world.events(), all);
    world.power_cut(HOUR);
    assert_eq!(world.events(), ["1 BOOT"]);
}

#[test]
fn f05_an_event_that_waits_for_its_response_too_long_survives_a_power_cut_too() {
    let mut world = periodic();
    let before = world.disk();
    let talk = world.open();
    let world = talk.world;
    // The agent wakes for it, though the session is all that goes on.
    let wake = world.engine.next_wakeup().unwrap();
    world.pass(wake - world.now.uptime - SECOND / 10);
    assert!(!world.poll());
    assert_eq!(world.disk(), before, "a session may take a moment");
    world.pass(SECOND);
    assert!(!world.poll());
    assert_ne!(world.disk(), before);
    assert_eq!(world.engine.next_wakeup(), None);
    world.power_cut(SECOND);
    assert_eq!(world.events(), ["1 BOOT", "2 PERIODIC"]);
    world.power_cut(SECOND);
    assert_eq!(world.events(), ["1 BOOT"]);
}

#[test]
fn f05_events_of_another_acs_do_not_come_back() {
    let mut world = periodic();
    world.set("ManagementServer.URL", "http://b.example/");
    world.poll();
    world.program_restart();
    assert_eq!(world.events(), ["0 BOOTSTRAP"]);
}

#[test]
fn f31_a_session_that_a_kill_cuts_off_is_repeated() {
    // The ACS was not done, though it has heard of every event.
    let mut world = World::known();
    world.engine.connection_request(world.now);
    let mut talk = world.open();
    talk.accept();
    talk.world.program_restart();
    let talk = world.open();
    assert_eq!(talk.inform.retry_count, 1);
    assert_eq!(talk.events(), [""; 0]);
    // Before the ACS took its Inform it was the connection request's alone, which is not retried;
    // but the session that it is to repeat is owed still.
    talk.world.program_restart();
    world.open().serve(&[]);
    world.program_restart();
    assert_eq!(world.wait(HOUR), None);
    world.engine.connection_request(world.now);
    world.open().world.program_restart();
    assert_eq!(world.wait(HOUR), None);
}

#[test]
fn f31_a_retry_that_waits_outlives_a_kill_and_not_a_power_cut() {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    let mut talk = world.open();
    talk.accept();
    talk.breaks();
    world.program_restart();
    assert_eq!(world.unreachable(), [""; 0]);
    assert_eq!(world.engine.status(world.now).retry_count, 2);
    world.power_cut(SECOND);
    let talk = world.open();
    assert_eq!(talk.inform.retry_count, 0, "the sequence begins anew");
    assert_eq!(talk.events(), ["1 BOOT"]);
}
