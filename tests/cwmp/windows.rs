//! When a transfer runs: DelaySeconds and the windows of ScheduleDownload.

use std::time::Duration;

use cwmpd::base::clock::Now;
use cwmpd::cwmp::{Action, Installed};
use cwmpd::soap::{Message, TimeWindow};

use crate::files::{download, schedule, upload};
use crate::world::World;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

/// Whether these are the one order to move this transfer.
#[track_caller]
fn assert_moves(actions: &[Action], number: u32) {
    let moved = matches!(actions, [Action::Move(order)] if order.number == number);
    assert!(moved, "{actions:?}");
}

/// Time passes until something is to be done for a transfer.
fn idle(world: &mut World, at_most: Duration) -> (Duration, Vec<Action>) {
    let from = world.now.uptime;
    loop {
        assert!(!world.poll(), "a session is due");
        let waited = world.now.uptime - from;
        if !world.todo.is_empty() || waited >= at_most {
            return (waited, std::mem::take(&mut world.todo));
        }
        let end = from + at_most;
        let next = world.engine.next_wakeup().filter(|at| *at <= end);
        let next = next.unwrap_or(end);
        assert!(next > world.now.uptime, "a timer that is due moves on");
        world.pass(next - world.now.uptime);
    }
}

fn scheduled(windows: &[(u32, u32, &str, i32)]) -> (World, Vec<Action>) {
    World::with_transfers(&[Message::ScheduleDownload(schedule("key", windows))])
}

/// The code and reason of the one completion that the next session tells.
#[track_caller]
fn completion(world: &mut World) -> (u32, String) {
    let mut talk = world.open();
    assert!(talk.events().contains(&"M ScheduleDownload key".to_owned()));
    talk.accept();
    let complete = talk.hears(Message::TransferCompleteResponse);
    assert!(talk.post.body.is_empty(), "one completion");
    talk.end();
    (complete.fault.code, complete.fault.string)
}

#[test]
fn t10_a_delay_is_over_when_it_is_over_and_not_within_the_same_session() {
    let mut later = upload("key");
    later.delay_seconds = 10;
    let mut world = World::known();
    world.engine.connection_request(world.now);
    let mut talk = world.open();
    talk.accept();
    talk.call(Message::Upload(later));
    talk.world.pass(20 * SECOND);
    assert_eq!(talk.world.proceed(), [], "not within this session");
    talk.end();
    assert_moves(&world.proceed(), 1);

    let mut later = upload("key");
    later.delay_seconds = 10;
    let (mut world, begun) = World::with_transfers(&[Message::Upload(later)]);
    assert_eq!(begun, []);
    let (waited, begun) = idle(&mut world, HOUR);
    assert_eq!(waited, 10 * SECOND);
    assert_moves(&begun, 1);
}

#[test]
fn t10_a_delay_goes_on_over_a_reboot_and_is_not_early_without_a_clock() {
    let mut later = upload("key");
    later.delay_seconds = 100;
    let (mut world, _) = World::with_transfers(&[Message::Upload(later)]);
    world.power_cut(40 * SECOND);
    world.events();
    let (waited, begun) = idle(&mut world, HOUR);
    assert_eq!(waited, 60 * SECOND);
    assert_moves(&begun, 1);

    let mut later = upload("key");
    later.delay_seconds = 100;
    let (mut world, _) = World::with_transfers(&[Message::Upload(later)]);
    let known = world.now.unix;
    world.now.unix = 0;
    world.power_cut(40 * SECOND);
    world.events();
    let (waited, begun) = idle(&mut world, 50 * SECOND);
    assert_eq!((waited, begun), (50 * SECOND, vec![]), "no clock: later");
    world.now.unix = known + 1000;
    assert_moves(&world.proceed(), 1);
}

#[test]
fn t10_a_step_of_the_clock_and_a_restart_of_the_program_change_nothing() {
    let mut later = upload("key");
    later.delay_seconds = 100;
    let (mut world, _) = World::with_transfers(&[Message::Upload(later)]);
    world.pass(10 * SECOND);
    world.now = Now {
        unix: world.now.unix + 1_000_000,
        ..world.now
    };
    assert_eq!(world.proceed(), []);
    world.program_restart();
    let (waited, begun) = idle(&mut world, HOUR);
    assert_eq!(waited, 89 * SECOND);
    assert_moves(&begun, 1);
}

#[test]
fn t03_a_download_runs_in_its_window_and_is_told_as_scheduled() {
    for mode in ["1 At Any Time", "2 Immediately"] {
        let (mut world, begun) = scheduled(&[(100, 200, mode, 0)]);
        assert_eq!(begun, []);
        let (waited, begun) = idle(&mut world, HOUR);
        assert_eq!(waited, 100 * SECOND);
        assert_moves(&begun, 1);
        let begun = world.moved(1, Ok(()));
        assert!(matches!(&begun[..], [Action::Install(_)]), "{begun:?}");
        world.installed(1, Ok(Installed::Done));
        assert_eq!(completion(&mut world), (0, String::new()));
        assert_eq!(world.wait(HOUR), None);
    }
}

#[test]
fn t03_behind_the_last_window_it_is_9020_and_the_job_ends() {
    let (mut world, _) = scheduled(&[(10, 20, "1 At Any Time", 0), (30, 40, "1 At Any Time", 0)]);
    assert_eq!(idle(&mut world, HOUR).0, 10 * SECOND);
    let (waited, ended) = idle(&mut world, HOUR);
    assert_eq!((waited, ended), (10 * SECOND, vec![Action::Abandon(1)]));
    let (waited, begun) = idle(&mut world, HOUR);
    assert_eq!(waited, 10 * SECOND);
    assert_moves(&begun, 1);
    world.pass(10 * SECOND);
    let ended = world.proceed();
    assert_eq!(ended, [Action::Abandon(1), Action::Settle(1)]);
    let (code, string) = completion(&mut world);
    assert_eq!(code, 9020);
    assert!(
        string.ends_with("it took until its window was over"),
        "{string}"
    );
}

#[test]
fn t03_windows_that_passed_while_the_box_was_off_are_9020() {
    let (mut world, _) = scheduled(&[(10, 20, "1 At Any Time", 3)]);
    world.power_cut(HOUR);
    assert_eq!(world.proceed(), [Action::Settle(1)]);
    assert_eq!(completion(&mut world).0, 9020);
}

#[test]
fn t03_a_failed_attempt_is_repeated_as_often_as_its_window_allows() {
    let (mut world, _) = scheduled(&[
        (0, 1000, "2 Immediately", 1),
        (2000, 3000, "2 Immediately", 0),
    ]);
    assert_eq!(world.moved(1, Err(9015)), []);
    let (waited, begun) = idle(&mut world, HOUR);
    assert_eq!(waited, 30 * SECOND);
    assert_moves(&begun, 1);
    world.moved(1, Ok(()));
    assert_eq!(
        world.installed(1, Err(9018)),
        [Action::Settle(1)],
        "a corrupted file is not gone on with"
    );
    let (waited, begun) = idle(&mut world, HOUR);
    assert_eq!(waited, 1970 * SECOND, "in the second window");
    assert_moves(&begun, 1);
    world.moved(1, Err(9016));
    assert_eq!(completion(&mut world), (9016, "reason 9016".to_owned()));
}

#[test]
fn t03_the_box_decides_where_the_acs_leaves_the_retries_to_it() {
    let (mut world, _) = scheduled(&[(0, 10_000, "2 Immediately", -1)]);
    let mut attempts = 1;
    while world.moved(1, Err(9015)).is_empty() {
        assert_moves(&idle(&mut world, HOUR).1, 1);
        attempts += 1;
    }
    assert_eq!(attempts, 4);
    assert_eq!(completion(&mut world).0, 9015);
}

#[test]
fn t03_when_idle_waits_for_the_box_before_the_download_and_before_the_installation() {
    let mut world = World::known();
    world.host.busy = true;
    world.engine.connection_request(world.now);
    let call = schedule("key", &[(0, 1000, "3 When Idle", 0)]);
    world.open().serve(&[Message::ScheduleDownload(call)]);
    assert_eq!(idle(&mut world, 200 * SECOND).1, []);
    world.host.busy = false;
    let (waited, begun) = idle(&mut world, HOUR);
    assert!(waited <= 60 * SECOND, "{waited:?}");
    assert_moves(&begun, 1);
    world.host.busy = true;
    assert_eq!(world.moved(1, Ok(())), []);
    world.host.busy = false;
    let (_, begun) = idle(&mut world, 60 * SECOND);
    assert!(matches!(&begun[..], [Action::Install(_)]), "{begun:?}");
}

#[test]
fn t03_a_box_that_is_never_idle_is_9020() {
    let mut world = World::known();
    world.host.busy = true;
    world.engine.connection_request(world.now);
    let call = schedule("key", &[(0, 1000, "3 When Idle", 0)]);
    world.open().serve(&[Message::ScheduleDownload(call)]);
    world.wait(HOUR).unwrap();
    assert_eq!(completion(&mut world).0, 9020);
}

#[test]
fn t58_what_needs_a_person_waits_for_the_word() {
    let (mut world, begun) = scheduled(&[(10, 1000, "4 Confirmation Needed", 0)]);
    assert_eq!(begun, []);
    let shown = world.engine.transfers(world.now);
    assert_eq!(shown[0].asks.as_deref(), Some("May I?"));
    assert_eq!(idle(&mut world, 100 * SECOND).1, []);
    let now = world.now;
    assert!(world.engine.confirm(2, &mut world.model, now).is_err());
    world.engine.confirm(1, &mut world.model, now).unwrap();
    assert!(world.engine.confirm(1, &mut world.model, now).is_err());
    world.program_restart();
    assert_moves(&world.proceed(), 1);
}

#[test]
fn t58_where_nobody_says_a_word_it_is_9020_and_says_so() {
    let (mut world, _) = scheduled(&[(10, 1000, "4 Confirmation Needed", 0)]);
    assert_eq!(world.wait(HOUR), Some(1000 * SECOND));
    let (code, string) = completion(&mut world);
    assert_eq!(code, 9020);
    assert!(string.ends_with("nobody agreed to it"), "{string}");
}

#[test]
fn t03_windows_that_make_no_sense_are_9003() {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    let mut talk = world.open();
    talk.accept();
    for windows in [
        &[][..],
        &[(10, 10, "1 At Any Time", 0)],
        &[(20, 10, "1 At Any Time", 0)],
        &[(10, 20, "5 Whenever", 0)],
        &[(10, 20, "1 At Any Time", -2)],
        &[(10, 20, "1 At Any Time", 0), (19, 30, "1 At Any Time", 0)],
    ] {
        let call = Message::ScheduleDownload(schedule("key", windows));
        assert_eq!(talk.fault(call).code, 9003, "{windows:?}");
    }
    let mut long = schedule("key", &[]);
    long.time_window_list = vec![TimeWindow {
        window_end: 10,
        window_mode: "2 Immediately".to_owned(),
        user_message: "é".repeat(257),
        ..TimeWindow::default()
    }];
    assert_eq!(talk.fault(Message::ScheduleDownload(long)).code, 9003);
    talk.end();
    assert_eq!(world.engine.transfers(world.now), []);
}

#[test]
fn t10_a_delay_of_the_longest_kind_overflows_nothing() {
    let mut later = download("key");
    later.delay_seconds = u32::MAX;
    let call = schedule(
        "far",
        &[(u32::MAX - 1, u32::MAX, "1 At Any Time", i32::MAX)],
    );
    let calls = [Message::Download(later), Message::ScheduleDownload(call)];
    let (mut world, begun) = World::with_transfers(&calls);
    assert_eq!(begun, []);
    world.power_cut(HOUR);
    world.events();
    assert_eq!(idle(&mut world, 1000 * HOUR).1, []);
}

#[test]
fn t38_a_flash_that_hangs_is_not_begun_a_second_time_beside_itself() {
    let (mut world, begun) = scheduled(&[
        (0, 3600, "2 Immediately", 5),
        (3600, 7200, "2 Immediately", 5),
    ]);
    assert_moves(&begun, 1);
    let begun = world.moved(1, Ok(()));
    assert!(matches!(&begun[..], [Action::Install(_)]), "{begun:?}");
    assert_eq!(world.installed(1, Ok(Installed::GoingDown)), []);
    world.pass(300 * SECOND);
    assert_eq!(world.proceed(), [Action::Settle(1)]);
    let (code, string) = completion(&mut world);
    assert_eq!(code, 9010);
    assert!(
        string.starts_with("the box did not go down within 300 s"),
        "{string}"
    );
    assert_eq!(idle(&mut world, 2 * HOUR).1, []);
}
