//! Many boxes do not call in the same second: after a power cut, and where they share a periodic
//! time.

use std::time::Duration;

use cwmpd::cwmp::{Boot, Engine};
use cwmpd::soap::Message;

use crate::world::{START, World};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const DELAY: Duration = Duration::from_secs(30);

/// Asserts that the times, all below the bound, fall evenly into its tenths.
fn assert_even(times: &[Duration], bound: Duration) {
    assert!(times.iter().all(|time| *time <= bound));
    let tenth = bound / 10;
    for n in 0..10 {
        let from = tenth * n;
        let here = |time: &&Duration| **time >= from && **time < from + tenth;
        let share = times.iter().filter(here).count() * 10;
        let even = times.len() * 9 / 10..times.len() * 11 / 10;
        assert!(even.contains(&share), "{share} from {from:?}");
    }
}

/// A box whose ACS knows it, with a boot delay from its next boot on.
fn known() -> World {
    let mut world = World::known();
    world.options.boot_delay = DELAY;
    world
}

/// The same, in the delay after a power cut; how long that is.
fn in_delay() -> (World, Duration) {
    let mut world = known();
    loop {
        world.power_cut(HOUR);
        let held = world.engine.status(world.now).held;
        match held {
            Some(held) if held > 4 * SECOND => return (world, held),
            _ => assert!(world.seed < 100, "never a delay of some seconds"),
        }
    }
}

#[test]
fn s20_ten_thousand_boxes_of_one_power_cut_call_evenly_over_the_delay() {
    let mut world = known();
    let mut delays = Vec::new();
    for seed in 0..10_000 {
        let boot = Boot {
            id: "after the power cut".to_owned(),
            ..Boot::default()
        };
        let options = world.options.clone();
        let engine = Engine::new(&mut world.model, options, boot, seed, START);
        delays.push(engine.next_wakeup().unwrap() - START.uptime);
    }
    assert_even(&delays, DELAY);
}

#[test]
fn s20_no_delay_for_an_acs_never_met_nor_after_its_own_reboot_nor_by_choice() {
    let mut world = World::fresh();
    world.options.boot_delay = DELAY;
    for _ in 0..20 {
        // It is there, but nobody answered yet.
        world.power_cut(HOUR);
        assert_eq!(world.engine.status(world.now).held, None);
        assert_eq!(world.unreachable(), ["0 BOOTSTRAP", "1 BOOT"]);
    }
    let mut world = known();
    world.engine.connection_request(world.now);
    let talk = world.open();
    talk.serve(&[Message::Reboot {
        command_key: "key".to_owned(),
    }]);
    world.power_cut(SECOND);
    assert_eq!(world.events(), ["1 BOOT", "M Reboot key"]);
    world.options.boot_delay = Duration::ZERO;
    world.power_cut(HOUR);
    assert_eq!(world.events(), ["1 BOOT"]);
    // A restart of the program is no boot.
    world.options.boot_delay = DELAY;
    world.program_restart();
    world.engine.connection_request(world.now);
    assert_eq!(world.events(), ["6 CONNECTION REQUEST"]);
}

#[test]
fn s20_who_asks_for_a_session_gets_it_and_the_boot_goes_along() {
    let (mut world, _) = in_delay();
    assert!(!world.poll());
    world.engine.connection_request(world.now);
    assert_eq!(world.events(), ["1 BOOT", "6 CONNECTION REQUEST"]);
    assert_eq!(world.engine.status(world.now).held, None);

    let (mut world, _) = in_delay();
    world.engine.inform(None, world.now).unwrap();
    assert_eq!(world.events(), ["1 BOOT", "6 CONNECTION REQUEST"]);
    assert_eq!(world.wait(HOUR), None);

    let (mut world, _) = in_delay();
    world.set("ManagementServer.URL", "http://b.example/");
    assert_eq!(world.events(), ["0 BOOTSTRAP", "1 BOOT"]);
}

#[test]
fn s20_what_becomes_due_in_the_delay_goes_along_at_its_end() {
    let (mut world, held) = in_delay();
    world.set(
        "ManagementServer.PeriodicInformTime",
        "0001-01-01T00:00:00Z",
    );
    world.set("ManagementServer.PeriodicInformInterval", "1");
    world.set("ManagementServer.PeriodicInformEnable", "true");
    world.live.set("version", "2.0");
    world.look();
    assert_eq!(world.wait(HOUR), Some(held));
    assert_eq!(world.events(), ["1 BOOT", "2 PERIODIC", "4 VALUE CHANGE"]);
}

#[test]
fn s20_a_schedule_inform_keeps_its_time_and_a_missed_one_goes_along() {
    let schedule = |delay_seconds| Message::ScheduleInform {
        delay_seconds,
        command_key: "key".to_owned(),
    };
    let mut world = known();
    world.engine.connection_request(world.now);
    world.open().serve(&[schedule(3600)]);
    while world.engine.status(world.now).held < Some(4 * SECOND) {
        assert!(world.seed < 100, "never a delay of some seconds");
        world.now.unix = START.unix;
        world.power_cut(HOUR - 2 * SECOND);
    }
    assert_eq!(world.wait(HOUR), Some(2 * SECOND));
    let events = ["1 BOOT", "3 SCHEDULED", "M ScheduleInform key"];
    assert_eq!(world.events(), events);

    let mut world = known();
    world.engine.connection_request(world.now);
    world.open().serve(&[schedule(60)]);
    world.power_cut(HOUR);
    let held = world.engine.status(world.now).held.unwrap();
    assert_eq!(world.wait(HOUR), Some(held));
    assert_eq!(world.events(), events);
}

#[test]
fn s20_a_restart_of_the_program_or_a_power_cut_in_the_delay_loses_nothing() {
    let (mut world, held) = in_delay();
    world.poll();
    world.early_restart();
    let left = world.engine.status(world.now).held;
    assert_eq!(left, Some(held - SECOND));

    // The same while an event waits.
    world.engine.inform(None, world.now).unwrap();
    let talk = world.open();
    talk.serve(&[Message::ScheduleInform {
        delay_seconds: 60,
        command_key: "key".to_owned(),
    }]);
    loop {
        world.power_cut(HOUR);
        if world.engine.status(world.now).held > Some(4 * SECOND) {
            break;
        }
    }
    world.poll();
    let held = world.engine.status(world.now).held;
    // The program goes on with the same delay.
    world.early_restart();
    let left = world.engine.status(world.now).held;
    assert_eq!(left, held.map(|held| held - SECOND));
    // The box draws another.
    world.power_cut(HOUR);
    let held = world.engine.status(world.now).held.unwrap();
    assert_eq!(world.wait(HOUR), Some(held));
    let events = ["1 BOOT", "3 SCHEDULED", "M ScheduleInform key"];
    assert_eq!(world.events(), events);
}

#[test]
fn s20_the_status_says_how_long_the_delay_still_is() {
    let (world, held) = in_delay();
    let status = world.engine.status(world.now).to_string();
    let line = format!("boot delay:    {} s more", held.as_secs());
    assert!(status.contains(&line), "{status}");
}

/// A box whose serial number is live, with a daily inform at three o'clock.
fn at_three(spread: Duration) -> World {
    let serial = "DeviceInfo.SerialNumber;STRING:64;1;0;0;0;0;0;;;;;;;live:serial\n";
    let mut world = World::known_with(1, serial);
    world.options.identity.serial_number = true;
    world.options.periodic_spread = spread;
    for (name, value) in [
        ("Time", "2020-01-01T03:00:00Z"),
        ("Interval", "86400"),
        ("Enable", "true"),
    ] {
        world.set(&format!("ManagementServer.PeriodicInform{name}"), value);
    }
    world
}

#[test]
fn s20_ten_thousand_boxes_that_share_a_periodic_time_come_evenly_after_it() {
    let spread = Duration::from_secs(60);
    let mut world = at_three(spread);
    let instant = Duration::from_secs(START.unix.unsigned_abs()).as_secs() % 86_400;
    let instant = START.uptime + Duration::from_secs(27 * 3600 - instant);
    let mut lags = Vec::new();
    for serial in 0..10_000 {
        world.live.set("serial", &serial.to_string());
        world.model.refresh();
        let first = next_of(&mut world, 1);
        // It is the box's own, whatever its program draws.
        assert_eq!(first, next_of(&mut world, 2));
        lags.push(first - instant);
    }
    assert_even(&lags, spread);
}

/// When a program of the box that starts now informs next.
fn next_of(world: &mut World, seed: u64) -> Duration {
    let boot = Boot {
        told: true,
        ..Boot::default()
    };
    let options = world.options.clone();
    let engine = Engine::new(&mut world.model, options, boot, seed, START);
    engine.next_wakeup().unwrap()
}

#[test]
fn s20_a_year_of_periodic_informs_keeps_the_phase_within_the_spread() {
    let mut world = at_three(Duration::from_secs(60));
    let mut seconds = Vec::new();
    for _ in 0..365 {
        world.wait(25 * HOUR).unwrap();
        assert_eq!(world.events(), ["2 PERIODIC"]);
        seconds.push(world.now.unix.rem_euclid(86_400) - 3 * 3600);
    }
    let (least, most) = (
        *seconds.iter().min().unwrap(),
        *seconds.iter().max().unwrap(),
    );
    assert!(
        (0..=60).contains(&least) && most - least <= 1,
        "{least} to {most}"
    );
}

#[test]
fn s20_the_spread_of_short_intervals_is_a_tenth_and_none_by_choice() {
    let mut world = at_three(Duration::from_secs(60));
    world.set("ManagementServer.PeriodicInformInterval", "40");
    for serial in 0..100 {
        world.live.set("serial", &serial.to_string());
        world.program_restart();
        world.wait(HOUR).unwrap();
        let after = (world.now.unix - 3 * 3600).rem_euclid(40);
        assert!((0..=5).contains(&after), "{after} s");
        world.events();
    }
    // Without a restart, as any other option.
    world.options.periodic_spread = Duration::ZERO;
    world.engine.configure(world.options.clone());
    world.look();
    world.wait(HOUR).unwrap();
    assert_eq!((world.now.unix - 3 * 3600).rem_euclid(40), 0);
}
