//! What the engine makes of a wall clock that is years behind, ahead, or jumps.

use std::time::Duration;

use cwmpd::base::clock::UNKNOWN_TIME;
use cwmpd::soap::Message;

use crate::world::{START, World};

const HOUR: Duration = Duration::from_secs(3600);

/// Seconds since 1970: never set, before that, of the last file, right, far ahead, beyond reason.
const CLOCKS: [i64; 7] = [
    0,
    -5_000_000_000,
    1_500_000_000,
    START.unix,
    4_000_000_000,
    i64::MAX,
    i64::MIN,
];

fn schedule(delay_seconds: u32) -> Message {
    Message::ScheduleInform {
        delay_seconds,
        command_key: delay_seconds.to_string(),
    }
}

#[test]
fn f13_no_clock_keeps_the_box_from_its_acs_or_changes_a_delay() {
    for before in CLOCKS {
        for after in CLOCKS {
            let mut world = World::fresh();
            world.now.unix = before;
            assert_eq!(world.events(), ["0 BOOTSTRAP", "1 BOOT"]);
            world.engine.connection_request(world.now);
            world.open().serve(&[schedule(100), schedule(5000)]);
            let start = world.now.uptime;
            world.pass(Duration::from_secs(50));
            world.now.unix = after;
            world.poll();
            world.wait(HOUR).unwrap();
            let told = ["3 SCHEDULED", "M ScheduleInform 100"];
            assert_eq!(world.events(), told, "{before} {after}");
            assert_eq!(world.now.uptime - start, Duration::from_secs(100));
            // A restart of the program does not make it otherwise, a reboot no longer.
            world.program_restart();
            world.now.unix = before;
            let left = world.wait(2 * HOUR).unwrap();
            let expected = Duration::from_secs(4898)..=Duration::from_secs(4900);
            assert!(expected.contains(&left), "{before} {after}: {left:?}");
            world.events();
        }
    }
}

#[test]
fn f13_a_reboot_stretches_no_delay_whatever_the_clock_says_then() {
    for before in CLOCKS {
        for after in CLOCKS {
            let mut world = World::known();
            world.now.unix = before;
            world.engine.connection_request(world.now);
            world.open().serve(&[schedule(5000)]);
            world.now.unix = after;
            world.power_cut(Duration::ZERO);
            if world.events() == ["1 BOOT"] {
                let wait = world.wait(24 * HOUR).unwrap();
                assert!(wait <= Duration::from_secs(5000), "{before} {after}");
                world.events();
            }
            assert_eq!(world.wait(24 * HOUR), None, "once");
        }
    }
}

#[test]
fn f13_periodic_informs_come_at_least_once_an_interval_whatever_the_clock_does() {
    for before in CLOCKS {
        for after in CLOCKS {
            let mut world = World::known();
            world.now.unix = before;
            world.set("ManagementServer.PeriodicInformEnable", "true");
            world.pass(Duration::from_secs(1000));
            world.now.unix = after;
            let wait = world.wait(24 * HOUR).unwrap();
            assert!(wait <= HOUR, "{before} {after}: {wait:?}");
            assert_eq!(world.events(), ["2 PERIODIC"]);
        }
    }
}

#[test]
fn f13_the_dates_of_a_certificate_count_only_by_a_clock_that_is_confirmed() {
    for unix in CLOCKS {
        for confirmed in [false, true] {
            let mut world = World::fresh();
            (world.now.unix, world.now.confirmed) = (unix, confirmed);
            let talk = world.open();
            let is_set = unix >= 1_420_070_400;
            assert_eq!(talk.contact.check_dates, confirmed && is_set, "{unix}");
            let is_unknown = talk.inform.current_time == UNKNOWN_TIME;
            assert!(is_set || is_unknown, "{}", talk.inform.current_time);
        }
    }
}
