//! What is promised for after a session: kept over restarts, told when it cannot be done.

use std::time::Duration;

use cwmpd::cwmp::{Action, InformError, Intent};
use cwmpd::soap::Message;

use crate::world::{World, set_values};

const HOUR: Duration = Duration::from_secs(3600);
const LAST_FAILURE: &str = "ManagementServer.X_CWMPD_LastFailure";

fn reboot(key: &str) -> Message {
    Message::Reboot {
        command_key: key.to_owned(),
    }
}

fn carry_out(intents: &[Intent]) -> Vec<Action> {
    intents.iter().cloned().map(Action::CarryOut).collect()
}

/// A known box that answers these calls; what it is to do then.
fn served(calls: &[Message]) -> (World, Vec<Action>) {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    let actions = world.open().serve(calls);
    (world, actions)
}

#[test]
fn f03_what_is_promised_is_in_the_store_before_the_response_leaves() {
    for (call, intent) in [
        (reboot("key"), Intent::Reboot),
        (Message::FactoryReset, Intent::FactoryReset),
    ] {
        let mut world = World::known();
        world.engine.connection_request(world.now);
        let mut talk = world.open();
        talk.accept();
        talk.call(call);
        world.program_restart();
        assert_eq!(world.engine.resume(), carry_out(&[intent]));
        assert_eq!(world.engine.resume(), [], "told once");
        world.engine.connection_request(world.now);
        assert!(!world.poll(), "the box is to go down");
    }
}

#[test]
fn what_cannot_be_written_down_is_refused_and_not_done() {
    let schedule = Message::ScheduleInform {
        delay_seconds: 10,
        command_key: "key".to_owned(),
    };
    for call in [reboot("key"), Message::FactoryReset, schedule] {
        let mut world = World::known();
        world.engine.connection_request(world.now);
        let mut talk = world.open();
        talk.accept();
        assert_eq!(talk.fault_without_disk(call.clone()).code, 9002);
        assert_eq!(talk.end(), [], "{}", call.name());
        world.pass(HOUR);
        assert!(!world.poll(), "{}", call.name());
        world.power_cut(HOUR);
        assert_eq!(world.engine.resume(), []);
        assert_eq!(world.events(), ["1 BOOT"]);
    }
}

#[test]
fn f03_a_boot_does_the_reboot_and_not_the_reset() {
    let (mut world, _) = served(&[reboot("key")]);
    world.power_cut(HOUR);
    assert_eq!(world.engine.resume(), []);
    assert_eq!(world.events(), ["1 BOOT", "M Reboot key"]);
    let (mut world, _) = served(&[Message::FactoryReset]);
    world.power_cut(HOUR);
    assert!(!world.poll());
    let resumed = world.engine.resume();
    assert_eq!(resumed, carry_out(&[Intent::FactoryReset]));
    let next = world.ended(&Intent::FactoryReset, Ok(()));
    assert_eq!(next, carry_out(&[Intent::Reboot]));
    world.power_cut(HOUR);
    assert_eq!(world.engine.resume(), []);
    assert_eq!(world.events(), ["0 BOOTSTRAP", "1 BOOT"]);
}

#[test]
fn f03_a_reboot_to_come_is_no_boot_even_before_the_acs_knows_of_this_one() {
    let (mut world, _) = served(&[reboot("key")]);
    world.early_restart();
    assert_eq!(world.engine.resume(), carry_out(&[Intent::Reboot]));
    let pending = world.engine.status(world.now).pending;
    assert!(!pending.iter().any(|event| event.starts_with("M Reboot")));
    world.power_cut(HOUR);
    assert_eq!(world.events(), ["1 BOOT", "M Reboot key"]);
}

#[test]
fn f03_a_reset_cut_after_its_program_is_done_again_and_after_the_wipe_only_reboots() {
    let (mut world, _) = served(&[Message::FactoryReset]);
    world.program_restart();
    assert_eq!(world.engine.resume(), carry_out(&[Intent::FactoryReset]));
    world.ended(&Intent::FactoryReset, Ok(()));
    world.program_restart();
    assert_eq!(world.engine.resume(), carry_out(&[Intent::Reboot]));
    assert_eq!(world.model.record("cwmp.acs"), None);
}

#[test]
fn f03_what_the_box_has_no_means_for_is_refused_and_not_promised() {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    world.host.missing = Some("this system has no reboot".to_owned());
    let before = world.disk();
    let mut talk = world.open();
    talk.accept();
    for call in [reboot("key"), Message::FactoryReset] {
        let fault = talk.fault(call);
        assert_eq!(fault.code, 9002);
        assert!(fault.string.contains("this system has no reboot"));
    }
    assert_eq!(talk.end(), []);
    assert_eq!(world.disk(), before);
    world.power_cut(HOUR);
    assert_eq!(world.events(), ["1 BOOT"]);
}

#[test]
fn f04_a_reboot_that_fails_is_told_and_sessions_go_on_at_once() {
    let (mut world, actions) = served(&[reboot("key")]);
    assert_eq!(actions, carry_out(&[Intent::Reboot]));
    world.engine.connection_request(world.now);
    assert!(!world.poll());
    assert_eq!(world.ended(&Intent::Reboot, Err("exit status: 1")), []);
    let talk = world.open();
    assert_eq!(talk.events(), ["4 VALUE CHANGE", "6 CONNECTION REQUEST"]);
    let told = talk.reported(LAST_FAILURE);
    assert_eq!(told, Some("Reboot: exit status: 1"));
    talk.serve(&[]);
    assert_eq!(world.wait(HOUR), None);
    // Another boot is not that of the call.
    world.power_cut(HOUR);
    assert_eq!(world.engine.resume(), []);
    assert_eq!(world.events(), ["1 BOOT"]);
    assert_eq!(world.value(LAST_FAILURE), "Reboot: exit status: 1");
}

#[test]
fn f04_a_failure_opens_a_session_by_itself_and_its_end_is_no_news() {
    let (mut world, _) = served(&[reboot("one")]);
    world.ended(&Intent::Reboot, Err("no way"));
    assert_eq!(world.wait(HOUR), Some(Duration::from_secs(1)));
    world.open().serve(&[reboot("two")]);
    world.ended(&Intent::Reboot, Ok(()));
    world.power_cut(HOUR);
    assert_eq!(world.events(), ["1 BOOT", "M Reboot two"]);
    assert_eq!(world.value(LAST_FAILURE), "");
    world.look();
    assert_eq!(world.wait(HOUR), None);
}

#[test]
fn f04_a_box_that_stays_up_after_its_reboot_says_so() {
    let (mut world, _) = served(&[reboot("key")]);
    world.ended(&Intent::Reboot, Ok(()));
    assert_eq!(world.wait(HOUR), Some(Duration::from_secs(301)));
    let talk = world.open();
    assert_eq!(talk.events(), ["4 VALUE CHANGE"]);
    let told = talk.reported(LAST_FAILURE).unwrap();
    assert!(told.contains("did not go down within 300 s"), "{told}");
    talk.serve(&[]);
    world.program_restart();
    assert_eq!(world.engine.resume(), []);
}

#[test]
fn f04_a_box_without_acs_stays_down_no_longer_than_others() {
    let (mut world, _) = served(&[reboot("key")]);
    world.ended(&Intent::Reboot, Ok(()));
    world.set("ManagementServer.EnableCWMP", "false");
    assert_eq!(world.wait(HOUR), None);
    assert!(world.value(LAST_FAILURE).starts_with("Reboot: "));
}

#[test]
fn f03_a_reset_that_fails_wipes_nothing_and_a_reboot_beside_it_is_done() {
    let name = set_values(&[("Home.Name", "cellar")], "key");
    let (mut world, actions) = served(&[name, Message::FactoryReset, reboot("key")]);
    assert_eq!(actions[1..], carry_out(&[Intent::FactoryReset]));
    let next = world.ended(&Intent::FactoryReset, Err("exit status: 1"));
    assert_eq!(next, carry_out(&[Intent::Reboot]));
    assert_eq!(world.value("Home.Name"), "cellar");
    world.ended(&Intent::Reboot, Ok(()));
    world.power_cut(HOUR);
    assert_eq!(world.engine.resume(), []);
    let talk = world.open();
    assert_eq!(talk.events(), ["1 BOOT", "4 VALUE CHANGE", "M Reboot key"]);
    let told = talk.reported(LAST_FAILURE);
    assert_eq!(told, Some("FactoryReset: exit status: 1"));
}

#[test]
fn f03_services_hear_of_a_change_once_whenever_the_program_ends() {
    let name = || set_values(&[("Home.Name", "cellar")], "key");
    let apply = Intent::Apply(vec!["system".to_owned()]);
    let mut world = World::known();
    world.engine.connection_request(world.now);
    let mut talk = world.open();
    talk.accept();
    talk.world.host.touched = vec!["system".to_owned()];
    talk.call(name());
    world.program_restart();
    assert_eq!(
        world.engine.resume(),
        carry_out(std::slice::from_ref(&apply))
    );
    world.ended(&apply, Ok(()));
    assert_eq!(world.engine.resume(), []);

    world.engine.connection_request(world.now);
    let mut talk = world.open();
    talk.accept();
    talk.world.host.touched = vec!["system".to_owned()];
    talk.call(name());
    world.power_cut(HOUR);
    assert_eq!(world.engine.resume(), [], "they started with it");
}

#[test]
fn f03_a_change_that_no_service_hears_of_costs_no_write_of_its_own() {
    let mut world = World::known();
    world.engine.connection_request(world.now);
    let mut talk = world.open();
    talk.accept();
    talk.call(set_values(&[("Home.Name", "cellar")], "key"));
    let after = talk.world.disk();
    assert_eq!(talk.end(), [Action::SettingsApplied]);
    assert_eq!(world.disk(), after);
}

#[test]
fn f20_a_failure_is_told_in_no_more_words_than_its_parameter_takes() {
    let (mut world, _) = served(&[reboot("key")]);
    world.ended(&Intent::Reboot, Err(&"é".repeat(9000)));
    let told = world.value(LAST_FAILURE);
    assert_eq!(told.chars().count(), 256);
    assert!(told.starts_with("Reboot: é") && told.ends_with("é..."));
}

#[test]
fn the_status_tells_what_is_promised() {
    let (mut world, _) = served(&[reboot("key")]);
    let status = world.engine.status(world.now).to_string();
    assert!(status.contains("promised:      Reboot\n"), "{status}");
    let by_hand = world.engine.inform(None, world.now);
    assert_eq!(by_hand, Err(InformError::GoingDown));
    world.ended(&Intent::Reboot, Err("no"));
    let status = world.engine.status(world.now).to_string();
    assert!(status.contains("promised:      none, "), "{status}");
}
