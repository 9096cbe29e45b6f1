//! Retry and the periodic inform over simulated time (TR-069 §3.2.1, §3.2.1.1).

use std::time::Duration;

use cwmpd::cwmp::{EventCode, Input, Outcome, Output};
use cwmpd::soap::{CwmpVersion, Message};

use crate::world::{World, ended, notify, set_values};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const YEAR: Duration = Duration::from_secs(365 * 86_400);

/// The waits before the first so many retries.
fn waits(world: &mut World, retries: u32) -> Vec<Duration> {
    (0..retries)
        .map(|retry| {
            let talk = world.open();
            assert_eq!(talk.inform.retry_count, retry);
            talk.breaks();
            world.wait(YEAR).unwrap()
        })
        .collect()
}

#[track_caller]
fn assert_within(wait: Duration, low: u64, high: u64) {
    let range = Duration::from_secs(low)..=Duration::from_secs(high);
    assert!(
        range.contains(&wait),
        "{wait:?} is not in {low} to {high} s"
    );
}

#[test]
fn w17_the_ten_ranges_hold_with_periodic_informs_off() {
    for seed in 0..50 {
        let mut world = World::fresh_with(seed, "");
        for (retry, wait) in waits(&mut world, 14).into_iter().enumerate() {
            let low = 5 << retry.min(9);
            assert_within(wait, low, 2 * low);
        }
    }
}

#[test]
fn w17_two_boxes_do_not_retry_in_step() {
    let waits: Vec<_> = (0..20)
        .map(|seed| waits(&mut World::fresh_with(seed, ""), 1))
        .collect();
    let mut different = waits.clone();
    different.sort();
    different.dedup();
    assert_eq!(different.len(), waits.len());
}

#[test]
fn the_acs_shapes_the_ranges() {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    world.open().serve(&[set_values(
        &[
            ("ManagementServer.CWMPRetryMinimumWaitInterval", "60"),
            ("ManagementServer.CWMPRetryIntervalMultiplier", "1500"),
        ],
        "",
    )]);
    world.power_cut(HOUR);
    let waits = waits(&mut world, 2);
    assert_within(waits[0], 60, 90);
    assert_within(waits[1], 90, 135);
}

#[test]
fn success_resets_the_count() {
    let mut world = World::fresh();
    waits(&mut world, 5);
    assert_eq!(world.engine.status(world.now).retry_count, 5);
    let talk = world.open();
    assert_eq!(talk.inform.retry_count, 5);
    talk.serve(&[]);
    assert_eq!(world.engine.status(world.now).retry_count, 0);
    world.power_cut(HOUR);
    assert_within(waits(&mut world, 1)[0], 5, 10);
}

#[test]
fn a_reboot_restarts_the_sequence() {
    let mut world = World::fresh();
    waits(&mut world, 8);
    world.power_cut(HOUR);
    assert_within(waits(&mut world, 1)[0], 5, 10);
}

#[test]
fn a_new_event_retries_early_and_a_failure_then_takes_the_next_range() {
    let mut world = World::fresh();
    waits(&mut world, 3);
    world.unreachable(); // retry 4 comes in 40 to 80 s
    assert_eq!(world.wait(SECOND), None);
    world.engine.connection_request(world.now);
    let talk = world.open();
    assert_eq!(
        talk.events(),
        ["0 BOOTSTRAP", "1 BOOT", "6 CONNECTION REQUEST"]
    );
    assert_eq!(talk.inform.retry_count, 4);
    talk.breaks();
    assert_within(world.wait(YEAR).unwrap(), 80, 160);
    assert_eq!(world.events(), ["0 BOOTSTRAP", "1 BOOT"]);
}

/// A box whose retry waits for more than half an hour.
fn in_long_wait() -> World {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    world.open().serve(&[
        notify("Home.Sensor", 2),
        notify("Home.Level", 2),
        notify("Home.Name", 1),
    ]);
    world.live.set("sensor", "open");
    world.look();
    world.wait(HOUR).unwrap();
    waits(&mut world, 10);
    world.unreachable();
    assert_eq!(world.wait(2000 * SECOND), None);
    world
}

#[test]
fn f11_an_active_change_opens_a_session_while_a_retry_waits_that_has_another_to_tell() {
    let changes: [fn(&mut World); 3] = [
        // Of the same parameter, of another one, and back to what it was.
        |world| world.live.set("sensor", "ajar"),
        |world| world.set("Home.Level", "8"),
        |world| world.live.set("sensor", "closed"),
    ];
    for change in changes {
        let mut world = in_long_wait();
        change(&mut world);
        world.look();
        assert_eq!(world.wait(HOUR), Some(SECOND), "coalesced");
        let talk = world.open();
        assert_eq!(talk.events(), ["4 VALUE CHANGE"]);
        // The early session is a retry: its failure leads to the next range.
        assert_eq!(talk.inform.retry_count, 11);
        talk.breaks();
        assert_within(world.wait(YEAR).unwrap(), 2560, 5120);
    }
}

#[test]
fn f11_what_needs_no_session_leaves_the_retry_alone() {
    let mut world = in_long_wait();
    world.set("Home.Name", "cellar");
    for _ in 0..5 {
        world.look();
    }
    assert!(world.wait(HOUR).unwrap() > 300 * SECOND);
}

#[test]
fn f11_changes_that_do_not_end_are_told_all_the_same() {
    let mut world = in_long_wait();
    for number in 0..10 {
        world.live.set("sensor", &number.to_string());
        world.look();
        if world.wait(SECOND / 2).is_some() {
            assert!(number <= 2, "the wait begins anew with each change");
            return;
        }
    }
    panic!("never told");
}

#[test]
fn f11_a_change_during_a_failing_session_opens_the_next_at_once() {
    let mut world = in_long_wait();
    world.engine.connection_request(world.now);
    let talk = world.open();
    talk.world.live.set("sensor", "ajar");
    talk.world.look();
    talk.breaks();
    assert_eq!(world.wait(HOUR), Some(SECOND));
}

#[test]
fn f11_other_events_open_a_session_while_a_retry_waits() {
    let mut world = in_long_wait();
    world.engine.connection_request(world.now);
    let expected = ["4 VALUE CHANGE", "6 CONNECTION REQUEST"];
    assert_eq!(world.unreachable(), expected);
    // By hand, also where the same event waits already.
    for _ in 0..2 {
        assert_eq!(world.wait(60 * SECOND), None);
        let periodic = Some(EventCode::Periodic);
        world.engine.inform(periodic, world.now).unwrap();
        assert_eq!(world.unreachable(), ["2 PERIODIC", "4 VALUE CHANGE"]);
    }
}

#[test]
fn f11_a_schedule_inform_comes_at_its_time_whatever_retry_waits() {
    const DELAY: Duration = Duration::from_secs(20_000);
    let mut world = World::known();
    world.engine.connection_request(world.now);
    world.open().serve(&[Message::ScheduleInform {
        delay_seconds: 20_000,
        command_key: "key".to_owned(),
    }]);
    let start = world.now.uptime;
    world
        .engine
        .inform(Some(EventCode::Periodic), world.now)
        .unwrap();
    loop {
        let events = world.unreachable();
        if events.contains(&"3 SCHEDULED".to_owned()) {
            assert_eq!(world.now.uptime, start + DELAY);
            return;
        }
        world.wait(YEAR).unwrap();
        assert!(world.now.uptime <= start + DELAY);
    }
}

#[test]
fn periodic_informs_do_not_undo_the_back_off() {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    world.open().serve(&[set_values(
        &[
            ("ManagementServer.PeriodicInformEnable", "true"),
            ("ManagementServer.PeriodicInformInterval", "1"),
        ],
        "",
    )]);
    world.wait(HOUR).unwrap();
    let waits = waits(&mut world, 10);
    assert_within(waits[9], 2560, 5120);
}

#[test]
fn w17_every_http_error_leads_to_a_retry() {
    for status in [301, 400, 401, 403, 404, 500, 503] {
        let mut world = World::fresh();
        let mut talk = world.open();
        let outcome = ended(talk.says(status, "<html>busy</html>".to_owned()));
        let Outcome::Failure(why) = outcome else {
            panic!("{status} is no success");
        };
        assert!(why.contains(&status.to_string()), "{why}");
        assert_within(world.wait(YEAR).unwrap(), 5, 10);
    }
}

#[test]
fn a_fault_to_inform_is_retried() {
    for code in [8001, 8002, 8003, 8006, 8800] {
        let mut world = World::fresh();
        assert!(matches!(world.open().refuse(code), Outcome::Failure(_)));
        assert_within(world.wait(YEAR).unwrap(), 5, 10);
        assert_eq!(world.events(), ["0 BOOTSTRAP", "1 BOOT"]);
    }
}

#[test]
fn an_unreachable_acs_says_nothing_about_versions() {
    let mut world = World::fresh();
    waits(&mut world, 4);
    assert_eq!(world.open().version, CwmpVersion::V1_2);
}

#[test]
fn a_failure_after_the_inform_response_is_retried_so_that_the_acs_can_go_on() {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    let mut talk = world.open();
    talk.accept();
    talk.breaks();
    assert_within(world.wait(YEAR).unwrap(), 5, 10);
    let talk = world.open();
    assert_eq!(talk.inform.retry_count, 1);
    assert_eq!(talk.events(), [""; 0]);
    talk.serve(&[]);
    assert_eq!(world.wait(YEAR), None);
}

#[test]
fn a_retry_that_is_owed_stays_owed_while_the_acs_is_away() {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    let mut talk = world.open();
    talk.accept();
    talk.breaks();
    // Nothing is left to report, and still the ACS was not done.
    for _ in 0..3 {
        world.wait(YEAR).unwrap();
        assert_eq!(world.unreachable(), [""; 0]);
    }
    world.engine.connection_request(world.now);
    assert_eq!(world.unreachable(), ["6 CONNECTION REQUEST"]);
    world.wait(YEAR).unwrap();
    let talk = world.open();
    assert_eq!(talk.inform.retry_count, 5);
    talk.serve(&[]);
    assert_eq!(world.wait(YEAR), None);
}

#[test]
fn ten_years_of_periodic_informs_each_at_its_phase() {
    let mut world = World::known();
    world.set(
        "ManagementServer.PeriodicInformTime",
        "2050-05-05T00:17:00Z",
    );
    world.set("ManagementServer.PeriodicInformInterval", "86400");
    world.set("ManagementServer.PeriodicInformEnable", "true");
    for day in 0..3650 {
        world.wait(2 * 24 * HOUR).unwrap();
        assert_eq!(world.now.unix.rem_euclid(86_400), 17 * 60, "day {day}");
        assert_eq!(world.events(), ["2 PERIODIC"]);
    }
}

#[test]
fn a_changed_interval_arms_the_timer_anew_and_an_equal_one_does_not() {
    let mut world = World::known();
    world.set(
        "ManagementServer.PeriodicInformTime",
        "0001-01-01T00:00:00Z",
    );
    world.set("ManagementServer.PeriodicInformEnable", "true");
    let first = world.engine.next_wakeup();
    world.set("ManagementServer.PeriodicInformInterval", "3600");
    assert_eq!(world.engine.next_wakeup(), first);
    world.engine.connection_request(world.now);
    world.open().serve(&[set_values(
        &[("ManagementServer.PeriodicInformInterval", "10")],
        "",
    )]);
    let wait = world.wait(HOUR).unwrap();
    assert!(wait <= 10 * SECOND, "{wait:?}");
    world.set("ManagementServer.PeriodicInformEnable", "false");
    world.events();
    assert_eq!(world.wait(YEAR), None);
}

#[test]
fn a_clock_that_ntp_sets_later_brings_the_phase() {
    let mut world = World::known();
    world.set("ManagementServer.PeriodicInformEnable", "true");
    world.power_cut(HOUR);
    let wall = world.now.unix;
    world.now.unix = 20;
    world.program_restart();
    assert_eq!(world.wait(Duration::from_millis(1)), None);
    world.now.unix = wall;
    if world.wait(2 * HOUR).is_some() && world.now.unix % 3600 != 0 {
        world.events(); // the random phase came first
        world.wait(2 * HOUR).unwrap();
    }
    assert_eq!(world.now.unix % 3600, 0);
}

#[test]
fn a_reply_without_a_session_is_refused_without_harm() {
    let mut world = World::known();
    let step = world.step(Input::Reply {
        status: 200,
        body: String::new(),
    });
    assert!(matches!(step.output, Output::End(Outcome::Failure(_))));
    assert_eq!(world.wait(YEAR), None);
}

#[test]
fn a_start_after_cwmp_was_disabled_is_refused() {
    let mut world = World::fresh();
    assert!(world.poll());
    world.set("ManagementServer.EnableCWMP", "false");
    let step = world.step(Input::Start);
    assert!(matches!(step.output, Output::End(Outcome::Failure(_))));
    world.set("ManagementServer.EnableCWMP", "true");
    assert_eq!(world.events(), ["0 BOOTSTRAP", "1 BOOT"]);
}

#[test]
fn the_status_tells_how_it_stands() {
    let mut world = World::fresh();
    world.unreachable();
    let text = world.engine.status(world.now).to_string();
    for part in [
        "http://a.example/",
        "failure: connection refused",
        "2026-01-02T03:04:05Z",
        "retry count:   1",
        "0 BOOTSTRAP, 1 BOOT",
    ] {
        assert!(text.contains(part), "{part:?} is missing in\n{text}");
    }
}
