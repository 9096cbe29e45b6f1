//! The first session after a boot comes after a random delay, unless somebody asks for it.

use cwmpd_lab::acs::{AcsOptions, CALLER, ScriptedAcs, request_connection};
use cwmpd_lab::home::{Home, wait_for};

/// A box with a delay of up to a day, which is next to never an instant.
fn home(acs: &ScriptedAcs) -> Home {
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    home.set_acs(&acs.url());
    home.set_caller();
    home.set_uci("cpe", "boot_delay_max", "86400");
    home
}

/// The session that is due, in which the ACS asks nothing, with these events among others.
fn session(acs: &ScriptedAcs, events: &[&str]) {
    acs.session(|s| {
        let inform = s.inform();
        for event in events {
            let is_that = |e: &cwmpd::soap::EventStruct| e.event_code == *event;
            assert!(inform.event.iter().any(is_that), "{:?}", inform.event);
        }
        s.end();
    });
}

#[test]
fn s20_a_boot_waits_and_who_asks_for_a_session_gets_it_with_the_boot() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    let agent = home.start();
    // The box never met this ACS: at once.
    session(&acs, &["0 BOOTSTRAP", "1 BOOT"]);
    agent.wait_for_log("session ended: success");
    agent.stop();

    home.power_cycle();
    let agent = home.start();
    let held = |status: &str| {
        let line = status.lines().find(|line| line.starts_with("boot delay:"));
        let seconds = line?.split_whitespace().nth(2)?.parse::<u32>().ok()?;
        Some(seconds)
    };
    let first = held(&agent.status()).expect("a boot delay in the status");
    assert!(agent.status().contains("pending:       1 BOOT"));
    // A restart of the program in the delay goes on with it.
    agent.stop();
    let agent = home.start();
    let then = held(&agent.status()).expect("a boot delay in the status");
    assert!(then <= first && first - then < 100, "{first} {then}");
    let url = agent.connection_request_url();
    assert_eq!(request_connection(&url, CALLER.0, CALLER.1).unwrap(), 200);
    session(&acs, &["1 BOOT", "6 CONNECTION REQUEST"]);
    wait_for("an end of the delay", || {
        held(&agent.status()).is_none().then_some(())
    });
    agent.stop();

    home.power_cycle();
    let agent = home.start();
    agent.inform();
    session(&acs, &["1 BOOT", "6 CONNECTION REQUEST"]);
}
