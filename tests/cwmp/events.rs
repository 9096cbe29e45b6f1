//! Events: when they are raised, when they are delivered, how long they are kept (TR-069 §3.7.1.5).

use std::time::Duration;

use cwmpd::cwmp::{Action, EventCode, InformError, Input, Intent, Output};
use cwmpd::datamodel::model::Requester;
use cwmpd::soap::Message;

use crate::world::{World, notify, set_values};

const HOUR: Duration = Duration::from_secs(3600);

fn schedule(delay_seconds: u32, key: &str) -> Message {
    Message::ScheduleInform {
        delay_seconds,
        command_key: key.to_owned(),
    }
}

fn reboot(key: &str) -> Message {
    Message::Reboot {
        command_key: key.to_owned(),
    }
}

#[test]
fn first_boot_is_bootstrap_and_boot_and_the_next_is_boot_alone() {
    let mut world = World::fresh();
    assert_eq!(world.events(), ["0 BOOTSTRAP", "1 BOOT"]);
    world.power_cut(HOUR);
    assert_eq!(world.events(), ["1 BOOT"]);
    world.program_restart();
    assert_eq!(
        world.wait(24 * HOUR),
        None,
        "a restart of the program is no event"
    );
}

#[test]
fn the_agent_learns_that_the_boot_is_delivered_with_the_inform_response() {
    let mut world = World::fresh();
    let mut talk = world.open();
    assert_eq!(talk.actions, []);
    talk.accept();
    assert!(talk.actions.contains(&Action::BootDelivered));
}

#[test]
fn bootstrap_stays_until_it_is_delivered() {
    let mut world = World::fresh();
    world.unreachable();
    world.power_cut(HOUR);
    assert_eq!(world.unreachable(), ["0 BOOTSTRAP", "1 BOOT"]);
    world.wait(HOUR).unwrap();
    assert_eq!(world.events(), ["0 BOOTSTRAP", "1 BOOT"]);
    world.power_cut(HOUR);
    assert_eq!(world.events(), ["1 BOOT"]);
}

#[test]
fn bootstrap_is_delivered_by_the_inform_response_even_if_the_session_then_fails() {
    let mut world = World::fresh();
    let mut talk = world.open();
    talk.accept();
    talk.breaks();
    world.wait(HOUR).unwrap();
    assert_eq!(world.events(), [""; 0], "the retry lets the ACS go on");
    world.power_cut(HOUR);
    assert_eq!(world.events(), ["1 BOOT"]);
}

#[test]
fn a_new_url_is_bootstrapped_after_the_session_and_all_else_is_purged() {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    let b = set_values(&[("ManagementServer.URL", "http://b.example/")], "");
    let mut talk = world.open();
    talk.accept();
    talk.call(schedule(60, "for a"));
    talk.call(b);
    let now = talk.world.now;
    talk.world.engine.connection_request(now);
    assert_eq!(talk.end(), [Action::SettingsApplied]);
    assert_eq!(world.engine.status(world.now).url, "http://b.example/");
    assert_eq!(world.events(), ["0 BOOTSTRAP"]);
    assert_eq!(
        world.wait(HOUR),
        None,
        "the ScheduleInform was the other ACS's"
    );
}

#[test]
fn a_new_url_is_bootstrapped_even_if_the_session_that_set_it_fails() {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    let mut talk = world.open();
    talk.accept();
    talk.call(set_values(
        &[("ManagementServer.URL", "http://b.example/")],
        "",
    ));
    talk.breaks();
    assert_eq!(world.unreachable(), ["0 BOOTSTRAP"]);
    world.power_cut(HOUR);
    assert_eq!(world.events(), ["0 BOOTSTRAP", "1 BOOT"]);
}

#[test]
fn a_url_that_comes_back_before_the_other_acs_was_met_is_no_bootstrap() {
    let mut world = World::known();
    world.set("ManagementServer.URL", "http://b.example/");
    world.set("ManagementServer.URL", crate::world::URL);
    assert_eq!(world.wait(HOUR), None);
}

#[test]
fn a_url_that_changed_unseen_is_bootstrapped_when_the_session_opens() {
    let mut world = World::known();
    let other = crate::world::value_of("ManagementServer.URL", "http://b.example/");
    crate::world::set_here(&mut world.model, Requester::Local, &[other]).unwrap();
    world.engine.connection_request(world.now);
    assert_eq!(world.events(), ["0 BOOTSTRAP"]);
    assert_eq!(world.wait(HOUR), None);
}

#[test]
fn without_url_no_session_opens_and_with_one_the_first_contact_is_due() {
    let mut world = World::fresh_with(1, "ManagementServer.URL;STRING:256;0;1;1;0;0;0");
    let none = Err(InformError::NoAcs);
    assert_eq!(world.engine.inform(None, world.now), none);
    assert_eq!(world.wait(24 * HOUR), None);
    world.set("ManagementServer.URL", crate::world::URL);
    assert_eq!(world.events(), ["0 BOOTSTRAP", "1 BOOT"]);
}

#[test]
fn with_cwmp_disabled_no_session_opens_and_what_is_due_waits() {
    let mut world = World::fresh();
    world.set("ManagementServer.EnableCWMP", "false");
    world.engine.connection_request(world.now);
    let none = Err(InformError::NoAcs);
    assert_eq!(world.engine.inform(None, world.now), none);
    assert_eq!(world.wait(24 * HOUR), None);
    world.set("ManagementServer.EnableCWMP", "true");
    assert_eq!(world.events(), ["0 BOOTSTRAP", "1 BOOT"]);
}

#[test]
fn a_connection_request_is_not_retried() {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    world.engine.connection_request(world.now);
    assert_eq!(world.unreachable(), ["6 CONNECTION REQUEST"]);
    assert_eq!(world.wait(24 * HOUR), None);
}

#[test]
fn a_connection_request_during_a_session_causes_exactly_one_more() {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    let mut talk = world.open();
    let now = talk.world.now;
    talk.world.engine.connection_request(now);
    talk.accept();
    talk.world.engine.connection_request(now);
    talk.end();
    assert_eq!(world.events(), ["6 CONNECTION REQUEST"]);
    assert_eq!(world.wait(HOUR), None);
}

#[test]
fn reboot_brings_one_m_reboot_for_each_call() {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    let actions = world
        .open()
        .serve(&[reboot("one"), reboot(""), reboot("one")]);
    assert_eq!(actions, [Action::CarryOut(Intent::Reboot)]);
    world.engine.connection_request(world.now);
    assert!(!world.poll(), "the box is going down");
    world.power_cut(HOUR);
    let expected = ["1 BOOT", "M Reboot one", "M Reboot", "M Reboot one"];
    assert_eq!(world.unreachable(), expected);
    world.power_cut(HOUR);
    assert_eq!(world.events(), expected, "never discarded");
    world.power_cut(HOUR);
    assert_eq!(world.events(), ["1 BOOT"]);
}

#[test]
fn reboot_is_carried_out_even_if_the_session_then_fails() {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    let mut talk = world.open();
    talk.accept();
    talk.call(reboot("key"));
    assert_eq!(talk.breaks(), [Action::CarryOut(Intent::Reboot)]);
}

#[test]
fn a_box_that_does_not_reboot_does_not_stay_mute() {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    world.open().serve(&[reboot("key")]);
    world.ended(&Intent::Reboot, Ok(()));
    world.engine.connection_request(world.now);
    let mute = world.wait(HOUR).unwrap();
    assert_eq!(mute, Duration::from_secs(300));
}

#[test]
fn factory_reset_is_for_the_agent_and_then_all_is_new() {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    let actions =
        world
            .open()
            .serve(&[schedule(60, "gone"), reboot("gone"), Message::FactoryReset]);
    assert_eq!(actions, [Action::CarryOut(Intent::FactoryReset)]);
    let next = world.ended(&Intent::FactoryReset, Ok(()));
    assert_eq!(next, [Action::CarryOut(Intent::Reboot)]);
    world.ended(&Intent::Reboot, Ok(()));
    world.power_cut(HOUR);
    assert_eq!(world.events(), ["0 BOOTSTRAP", "1 BOOT"]);
    assert_eq!(world.wait(24 * HOUR), None);
}

#[test]
fn schedule_inform_several_at_once_and_equal_keys_count_twice() {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    world
        .open()
        .serve(&[schedule(100, "late"), schedule(10, "x"), schedule(10, "x")]);
    assert_eq!(world.wait(HOUR), Some(Duration::from_secs(10)));
    assert_eq!(
        world.events(),
        ["3 SCHEDULED", "M ScheduleInform x", "M ScheduleInform x"]
    );
    assert_eq!(world.wait(HOUR), Some(Duration::from_secs(90)));
    assert_eq!(world.events(), ["3 SCHEDULED", "M ScheduleInform late"]);
}

#[test]
fn schedule_inform_survives_a_power_cut_and_fires_at_once_when_overdue() {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    world
        .open()
        .serve(&[schedule(100, "100 %; é"), schedule(7200, "later")]);
    world.power_cut(HOUR);
    assert_eq!(
        world.unreachable(),
        ["1 BOOT", "3 SCHEDULED", "M ScheduleInform 100 %; é"]
    );
    world.power_cut(Duration::from_secs(1));
    assert_eq!(
        world.events(),
        ["1 BOOT", "3 SCHEDULED", "M ScheduleInform 100 %; é"]
    );
    world.power_cut(Duration::from_secs(1));
    assert_eq!(world.events(), ["1 BOOT"], "delivered once");
    assert!(world.wait(2 * HOUR).is_some());
    assert_eq!(world.events(), ["3 SCHEDULED", "M ScheduleInform later"]);
}

#[test]
fn a_timer_that_fired_is_not_lost_by_a_power_cut_before_its_session() {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    world.open().serve(&[schedule(10, "x")]);
    world.wait(HOUR).unwrap();
    world.set("Home.Name", "cellar");
    world.power_cut(HOUR);
    let expected = ["1 BOOT", "3 SCHEDULED", "M ScheduleInform x"];
    assert_eq!(world.events(), expected);
}

#[test]
fn periodic_survives_a_power_cut_only_if_a_session_failed_with_it() {
    let mut world = World::known();
    world.set("ManagementServer.PeriodicInformEnable", "true");
    world.wait(HOUR).unwrap();
    assert_eq!(world.unreachable(), ["2 PERIODIC"]);
    world.set("ManagementServer.PeriodicInformEnable", "false");
    world.power_cut(HOUR);
    assert_eq!(world.events(), ["1 BOOT", "2 PERIODIC"]);
}

#[test]
fn a_session_that_changes_nothing_writes_nothing() {
    let mut world = World::known();
    world.set("ManagementServer.PeriodicInformEnable", "true");
    world.wait(HOUR).unwrap();
    world.events();
    let before = world.disk();
    assert!(!before.is_empty());
    for _ in 0..3 {
        world.wait(HOUR).unwrap();
        world.events();
        world.engine.connection_request(world.now);
        world.events();
    }
    assert_eq!(world.disk(), before);
}

#[test]
fn repeated_failures_write_once() {
    let mut world = World::known();
    world.set("ManagementServer.PeriodicInformEnable", "true");
    world.wait(HOUR).unwrap();
    world.unreachable();
    let before = world.disk();
    for _ in 0..5 {
        world.wait(2 * HOUR).unwrap();
        world.unreachable();
    }
    assert_eq!(world.disk(), before);
}

#[test]
fn an_active_change_opens_a_session_and_is_reported_once() {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    world.open().serve(&[notify("Home.Sensor", 2)]);
    world.live.set("sensor", "open");
    world.look();
    assert_eq!(world.wait(HOUR), Some(Duration::from_secs(1)), "coalesced");
    world.live.set("sensor", "ajar");
    let talk = world.open();
    assert_eq!(talk.events(), ["4 VALUE CHANGE"]);
    assert_eq!(
        talk.reported("Home.Sensor"),
        Some("ajar"),
        "the newest value"
    );
    talk.serve(&[]);
    world.look();
    assert_eq!(world.wait(HOUR), None);
}

#[test]
fn f23_a_change_that_went_away_before_it_was_told_opens_no_session() {
    let row = "Home.Guest;STRING;source;r,optional;;active;;;;;;;;;live:guest";
    let mut world = World::known_with(1, row);
    world.live.set("guest", "a");
    world.look();
    world.live.set("guest", "b");
    world.look();
    world.live.set("guest", "");
    assert_eq!(world.wait(HOUR), Some(Duration::from_secs(1)));
    let step = world.step(Input::Start);
    assert!(matches!(step.output, Output::End(_)), "{:?}", step.output);
    assert_eq!(world.wait(HOUR), None);
    world.live.set("guest", "a");
    world.look();
    world.wait(HOUR).unwrap();
    let talk = world.open();
    assert_eq!(talk.events(), ["4 VALUE CHANGE"]);
    assert_eq!(talk.reported("Home.Guest"), Some("a"));
}

#[test]
fn an_active_change_is_reported_again_until_the_inform_response() {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    world.open().serve(&[notify("Home.Sensor", 2)]);
    world.live.set("sensor", "open");
    world.look();
    world.wait(HOUR).unwrap();
    assert_eq!(world.unreachable(), ["4 VALUE CHANGE"]);
    world.live.set("sensor", "closed");
    world.look();
    world.wait(HOUR).unwrap();
    let talk = world.open();
    assert_eq!(talk.events(), ["4 VALUE CHANGE"]);
    assert_eq!(talk.reported("Home.Sensor"), Some("closed"));
}

#[test]
fn a_passive_change_rides_along() {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    world.open().serve(&[notify("Home.Sensor", 1)]);
    world.live.set("sensor", "open");
    world.look();
    assert_eq!(world.wait(24 * HOUR), None);
    world.engine.connection_request(world.now);
    let talk = world.open();
    assert_eq!(talk.events(), ["4 VALUE CHANGE", "6 CONNECTION REQUEST"]);
    assert_eq!(talk.reported("Home.Sensor"), Some("open"));
}

#[test]
fn what_the_acs_sets_itself_is_no_change() {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    world.open().serve(&[
        notify("Home.Name", 2),
        set_values(&[("Home.Name", "cellar")], "k"),
    ]);
    world.look();
    assert_eq!(world.wait(HOUR), None);
    world.set("Home.Name", "kitchen");
    world.wait(HOUR).unwrap();
    assert_eq!(world.events(), ["4 VALUE CHANGE"]);
}

#[test]
fn the_throttle_delays_only_sessions_for_active_changes_alone() {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    world.open().serve(&[
        notify("Home.Sensor", 2),
        set_values(
            &[("ManagementServer.DefaultActiveNotificationThrottle", "600")],
            "",
        ),
    ]);
    world.pass(Duration::from_secs(100));
    world.live.set("sensor", "open");
    world.look();
    assert_eq!(world.wait(HOUR), Some(Duration::from_secs(500)));
    world.events();
    world.live.set("sensor", "closed");
    world.look();
    assert_eq!(world.wait(Duration::from_secs(10)), None);
    world.engine.connection_request(world.now);
    assert_eq!(world.events(), ["4 VALUE CHANGE", "6 CONNECTION REQUEST"]);
    assert_eq!(world.wait(HOUR), None);
}

#[test]
fn a_change_during_a_session_is_reported_by_the_next() {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    let mut talk = world.open();
    talk.accept();
    talk.call(notify("Home.Sensor", 2));
    talk.world.live.set("sensor", "open");
    talk.world.look();
    talk.end();
    world.wait(HOUR).unwrap();
    let talk = world.open();
    assert_eq!(talk.events(), ["4 VALUE CHANGE"]);
    assert_eq!(talk.reported("Home.Sensor"), Some("open"));
}

#[test]
fn a_new_software_version_is_told_after_the_reboot() {
    let mut world = World::known();
    world.live.set("version", "2.0");
    world.power_cut(HOUR);
    let talk = world.open();
    assert_eq!(talk.reported("DeviceInfo.SoftwareVersion"), Some("2.0"));
    let names = talk.inform.parameter_list.iter().map(|p| &p.name);
    let mut names: Vec<_> = names.collect();
    names.sort();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all, "no parameter twice");
}

#[test]
fn somebody_on_the_box_may_ask_for_a_session() {
    let mut world = World::known();
    world.engine.inform(None, world.now).unwrap();
    assert_eq!(world.events(), ["6 CONNECTION REQUEST"]);
    let periodic = Some(EventCode::Periodic);
    world.engine.inform(periodic, world.now).unwrap();
    assert_eq!(world.events(), ["2 PERIODIC"]);
    let bootstrap = Some(EventCode::Bootstrap);
    assert_eq!(
        world.engine.inform(bootstrap, world.now),
        Err(InformError::NotByHand(EventCode::Bootstrap))
    );
}
