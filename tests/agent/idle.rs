//! An agent that has nothing to do.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use cwmpd_lab::acs::{AcsOptions, ScriptedAcs};
use cwmpd_lab::home::{Home, wait_for};

/// How often the threads of a process went to sleep so far: once for each wake-up.
fn wakeups(pid: u32) -> u64 {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let counts = threads.flatten().filter_map(|thread| {
        let status = fs::read_to_string(thread.path().join("status")).ok()?;
        let mut lines = status.lines();
        let count = lines.find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
        count.trim().parse::<u64>().ok()
    });
    counts.sum()
}

#[test]
fn b29_an_idle_agent_sleeps_until_a_timer_is_due_whatever_is_switched_on() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    home.set_acs(&acs.url());
    home.set_caller();
    home.set_uci("cpe", "periodic_notify_enable", "1");
    home.set_uci("cpe", "periodic_notify_interval", "600");
    home.set_uci("luup", "enable", "1");
    let agent = home.start();
    acs.session(|s| {
        s.inform();
        s.end();
    });
    let pid = agent.pid();
    let look = Duration::from_secs(3);
    let before = wait_for("an agent at rest", || {
        let count = wakeups(pid);
        sleep(Duration::from_secs(1));
        (count == wakeups(pid)).then_some(count)
    });
    sleep(look);
    assert_eq!(wakeups(pid), before, "woke for nothing within {look:?}");
}
