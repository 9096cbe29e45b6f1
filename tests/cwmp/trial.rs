//! A configuration on trial: it stays if the ACS can be reached with it, and else what was before
//! comes back.

use std::time::Duration;

use cwmpd::cwmp::{Action, Installed};
use cwmpd::soap::{Download, Message, TransferFault};

use crate::files::{download, upload};
use crate::world::World;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const TRIAL: Duration = Duration::from_secs(600);

fn configuration() -> Message {
    Message::Download(Download {
        file_type: "3 Vendor Configuration File".to_owned(),
        ..download("key")
    })
}

/// While the services take a new configuration, the box speaks as it did before.
const SETTLING: Duration = Duration::from_secs(30);

/// A box whose configuration is in force, and its services are still to take it.
fn settling() -> World {
    let (mut world, _) = World::with_transfers(&[configuration()]);
    let begun = world.moved(1, Ok(()));
    assert!(matches!(&begun[..], [Action::Install(_)]), "{begun:?}");
    assert_eq!(world.installed(1, Ok(Installed::OnTrial(TRIAL))), []);
    world
}

/// A box whose configuration is on trial.
fn on_trial() -> World {
    let mut world = settling();
    world.pass(SETTLING);
    assert_eq!(world.proceed(), []);
    world
}

fn is_roll_back(actions: &[Action]) -> bool {
    matches!(actions, [Action::RollBack(order)] if order.number == 1)
}

/// The code and reason of the completion that the next session tells.
#[track_caller]
fn completion(world: &mut World) -> (u32, String) {
    let mut talk = world.open();
    assert!(talk.events().contains(&"M Download key".to_owned()));
    talk.accept();
    let complete = talk.hears(Message::TransferCompleteResponse);
    talk.end();
    assert_eq!(world.engine.transfers(world.now), []);
    (complete.fault.code, complete.fault.string)
}

fn back(world: &mut World, outcome: Result<(), &str>) {
    let outcome = outcome.map_err(str::to_owned);
    world
        .engine
        .rolled_back(1, outcome, &mut world.model, world.now);
}

/// The ACS is out of reach until the agent has something to do.
fn unreachable_until_something_is_done(world: &mut World) -> (Duration, Vec<Action>) {
    let from = world.now.uptime;
    loop {
        if world.poll() {
            world.unreachable();
            continue;
        }
        let waited = world.now.uptime - from;
        if !world.todo.is_empty() {
            return (waited, std::mem::take(&mut world.todo));
        }
        assert!(waited < HOUR, "the trial never ends");
        let next = world.engine.next_wakeup().expect("the trial is timed");
        world.pass(next - world.now.uptime);
    }
}

#[test]
fn t26_a_session_follows_at_once_and_its_inform_response_is_the_proof() {
    let mut world = on_trial();
    let mut talk = world.open();
    assert_eq!(talk.events(), ["7 TRANSFER COMPLETE", "M Download key"]);
    talk.accept();
    assert_eq!(talk.world.proceed(), [Action::Settle(1)]);
    let complete = talk.hears(Message::TransferCompleteResponse);
    assert_eq!(complete.fault.code, 0);
    talk.end();
    assert_eq!(world.wait(HOUR), None);
}

#[test]
fn t26_a_session_before_the_services_took_it_proves_nothing_and_none_is_held() {
    for restarted in [false, true] {
        let mut world = settling();
        if restarted {
            // As procd does where the device of the box's address is another one.
            world.program_restart();
        }
        world.engine.connection_request(world.now);
        world.pass(SETTLING - 2 * SECOND);
        assert!(!world.poll(), "restarted: {restarted}");
        assert!(world.engine.inform(None, world.now).is_err());
        world.pass(2 * SECOND);
        assert_eq!(completion(&mut world).0, 0);
    }
}

#[test]
fn t26_what_passed_its_trial_is_told_also_when_that_session_breaks() {
    let mut world = on_trial();
    let mut talk = world.open();
    talk.accept();
    talk.breaks();
    world.power_cut(HOUR);
    assert_eq!(completion(&mut world), (0, String::new()));
}

#[test]
fn t26_an_acs_out_of_reach_brings_back_what_was_before() {
    let mut world = on_trial();
    let (waited, actions) = unreachable_until_something_is_done(&mut world);
    assert_eq!(waited + SETTLING, TRIAL);
    assert!(is_roll_back(&actions), "{actions:?}");
    world.engine.connection_request(world.now);
    assert!(!world.poll(), "no session meanwhile");
    back(&mut world, Ok(()));
    let (code, string) = completion(&mut world);
    assert_eq!(code, 9010);
    assert!(string.contains("the former one is back"), "{string}");
}

#[test]
fn t26_a_roll_back_that_fails_says_so() {
    let mut world = on_trial();
    unreachable_until_something_is_done(&mut world);
    for _ in 0..2 {
        back(&mut world, Err("the flash is full"));
        assert_eq!(world.proceed(), [], "not at once");
        let (_, actions) = unreachable_until_something_is_done(&mut world);
        assert!(is_roll_back(&actions), "{actions:?}");
    }
    back(&mut world, Err("the flash is full"));
    let (code, string) = completion(&mut world);
    assert_eq!(code, 9010);
    assert!(
        string.ends_with("could not be brought back: the flash is full"),
        "{string}"
    );
}

#[test]
fn t26_a_roll_back_that_fails_is_tried_again_while_all_is_kept_for_it() {
    let mut world = on_trial();
    unreachable_until_something_is_done(&mut world);
    back(&mut world, Err("the flash is full"));
    assert_eq!(world.proceed(), []);
    let (_, actions) = unreachable_until_something_is_done(&mut world);
    assert!(is_roll_back(&actions), "{actions:?}");
    back(&mut world, Ok(()));
    let (_, string) = completion(&mut world);
    assert!(string.contains("the former one is back"), "{string}");
}

#[test]
fn t26_what_is_half_in_its_place_is_brought_back_before_any_session() {
    let (mut world, _) = World::with_transfers(&[configuration()]);
    world.moved(1, Ok(()));
    let half = TransferFault {
        code: 9002,
        string: "the flash is full".to_owned(),
    };
    assert_eq!(world.installed(1, Ok(Installed::InPieces(half))), []);
    for answer in [Err("the flash is full"), Ok(())] {
        world.engine.connection_request(world.now);
        assert!(!world.poll(), "the box is neither the one nor the other");
        let (_, actions) = unreachable_until_something_is_done(&mut world);
        assert!(is_roll_back(&actions), "{actions:?}");
        back(&mut world, answer);
    }
    let (code, string) = completion(&mut world);
    assert_eq!(code, 9010);
    assert_eq!(string, "the flash is full: the former one is back");
}

#[test]
fn t26_a_trial_goes_on_over_a_reboot_and_no_chain_of_reboots_makes_it_longer() {
    for (cuts, left) in [(1, 300), (2, 150), (3, 75), (4, 60), (9, 60)] {
        let mut world = on_trial();
        for _ in 0..cuts {
            world.power_cut(10 * SECOND);
        }
        let (waited, actions) = unreachable_until_something_is_done(&mut world);
        assert_eq!(waited.as_secs(), left, "after {cuts} power cuts");
        assert!(is_roll_back(&actions));
    }
}

#[test]
fn t26_a_roll_back_that_was_cut_is_done_again() {
    for same_boot in [true, false] {
        let mut world = on_trial();
        unreachable_until_something_is_done(&mut world);
        match same_boot {
            true => world.program_restart(),
            false => world.power_cut(HOUR),
        }
        let actions = world.proceed();
        assert!(is_roll_back(&actions), "{actions:?}");
        back(&mut world, Ok(()));
        assert_eq!(completion(&mut world).0, 9010);
    }
}

#[test]
fn t26_a_restart_of_the_program_gives_a_trial_no_more_time() {
    let mut world = on_trial();
    world.pass(100 * SECOND);
    world.program_restart();
    let (waited, actions) = unreachable_until_something_is_done(&mut world);
    assert!(waited.as_secs().abs_diff(469) <= 1, "{waited:?}");
    assert!(is_roll_back(&actions));
}

#[test]
fn t26_a_session_that_reaches_the_acs_at_the_last_moment_is_in_time() {
    let mut world = on_trial();
    let mut talk = world.open();
    talk.world.pass(TRIAL + SECOND);
    assert_eq!(talk.world.proceed(), []);
    talk.accept();
    talk.hears(Message::TransferCompleteResponse);
    talk.end();
    assert_eq!(world.engine.transfers(world.now), []);
}

#[test]
fn t26_a_configuration_that_leads_to_another_acs_is_proved_by_that_one_and_told_to_none() {
    let mut world = on_trial();
    world.set("ManagementServer.URL", "http://b.example/");
    assert_eq!(world.events(), ["0 BOOTSTRAP"]);
    assert_eq!(world.proceed(), [Action::Settle(1)]);
    assert_eq!(world.engine.transfers(world.now), []);
}

#[test]
fn t26_where_the_other_acs_is_out_of_reach_the_former_one_hears_of_the_failure() {
    let mut world = on_trial();
    world.set("ManagementServer.URL", "http://b.example/");
    let (_, actions) = unreachable_until_something_is_done(&mut world);
    assert!(is_roll_back(&actions));
    world.set("ManagementServer.URL", crate::world::URL);
    back(&mut world, Ok(()));
    assert_eq!(completion(&mut world).0, 9010);
}

#[test]
fn t26_nothing_else_is_installed_during_a_trial() {
    let mut world = on_trial();
    assert_eq!(world.order_by_hand("2 Web Content"), Ok(2));
    world.proceed();
    assert_eq!(world.moved(2, Ok(())), []);
    completion_of_trial(&mut world);
    let begun = world.proceed();
    assert!(matches!(&begun[..], [Action::Install(order)] if order.number == 2));
}

fn completion_of_trial(world: &mut World) {
    let mut talk = world.open();
    talk.accept();
    talk.world.proceed();
    talk.hears(Message::TransferCompleteResponse);
    talk.end();
}

#[test]
fn t26_a_box_without_acs_has_no_trial() {
    let mut world = World::fresh();
    world.set("ManagementServer.EnableCWMP", "false");
    assert_eq!(world.order_by_hand("3 Vendor Configuration File"), Ok(1));
    world.proceed();
    world.moved(1, Ok(()));
    let next = world.installed(1, Ok(Installed::OnTrial(TRIAL)));
    assert_eq!(next, [Action::Settle(1)]);
}

#[test]
fn t33_sessions_go_on_while_plain_files_are_installed_and_none_while_the_box_changes() {
    let mut world = World::known();
    world.order_by_hand("2 Web Content").unwrap();
    world.proceed();
    world.moved(1, Ok(()));
    world.engine.connection_request(world.now);
    world.open().serve(&[Message::Upload(upload("key"))]);
    let (mut world, _) = World::with_transfers(&[configuration()]);
    world.moved(1, Ok(()));
    world.engine.connection_request(world.now);
    assert!(!world.poll());
    assert!(world.engine.inform(None, world.now).is_err());
    world.installed(1, Ok(Installed::Done));
    world.open().accept();
}
