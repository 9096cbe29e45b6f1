//! An agent that has nothing to do.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use cwmpd_lab::acs::{AcsOptions, ScriptedAcs};
use cwmpd_lab::home::{Home, wait_for};
#[cfg(feature = "luup")]
use cwmpd_lab::luup::{FakeLuup, real_home};

/// How often the threads of a process went to sleep so far: once for each wake-up.
fn wakeups(pid: u32) -> u64 {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let counts = threads.flatten();
    counts.filter_map(|thread| wakeups_of(&thread.path())).sum()
}

/// The same of one thread; `None` where it has ended.
fn wakeups_of(thread: &Path) -> Option<u64> {
    let status = fs::read_to_string(thread.join("status")).ok()?;
    let mut lines = status.lines();
    let count = lines.find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
    count.trim().parse().ok()
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

/// Nodes of a home as large as Z-Wave allows, but for its controller.
#[cfg(feature = "luup")]
const NODES: u32 = 231;

/// Seconds that the engine may wait before it says that nothing changed.
#[cfg(feature = "luup")]
const POLL_TIME: u64 = 5;

#[cfg(feature = "luup")]
#[test]
fn z59_a_silent_home_of_231_nodes_costs_a_question_a_poll_timeout_and_no_more() {
    /// Of the loop, for each question: three times what is seen.
    const MOST_WAKEUPS: u64 = 6;
    const FOLLOWED: &str = "Device.Zwave.Interface.1000.WakeUpInterval";
    let luup = FakeLuup::with(real_home(NODES));
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    home.set_acs(&acs.url());
    home.set_uci("cpe", "periodic_notify_enable", "0");
    home.set_uci("luup", "enable", "1");
    home.set_uci("luup", "url", &luup.url());
    home.set_uci("luup", "poll_timeout", &POLL_TIME.to_string());
    let agent = home.start();
    acs.session(|s| {
        s.inform();
        s.notify(FOLLOWED, 2);
        s.end();
    });
    wait_for("a home that is followed", || {
        let status = agent.status();
        let mut lines = status.lines();
        let luup = lines.find(|line| line.starts_with("Luup:"))?;
        (luup.contains("Up") && luup.ends_with("followed")).then_some(())
    });
    let pid = agent.pid();
    let question = || {
        luup.requests();
        wait_for("a question that waits", || {
            luup.requests()
                .pop()
                .filter(|asked| asked.contains("DataVersion="))
        })
    };
    // The second is asked of a home at rest.
    question();
    question();
    sleep(Duration::from_millis(500));
    let before = wakeups(pid);
    sleep(Duration::from_secs(POLL_TIME - 2));
    assert_eq!(wakeups(pid), before, "woke while the engine was silent");
    assert_eq!(luup.requests(), [""; 0]);

    let of_loop = || wakeups_of(Path::new(&format!("/proc/{pid}/task/{pid}"))).unwrap();
    let before = of_loop();
    sleep(Duration::from_secs(2 * POLL_TIME));
    let (asked, woke) = (luup.requests(), of_loop() - before);
    println!("{woke} wake-ups of the loop, {asked:?}");
    assert!((1..=2).contains(&asked.len()), "{asked:?}");
    let wait = format!("Timeout={POLL_TIME}&");
    assert!(asked.iter().all(|asked| asked.contains(&wait)), "{asked:?}");
    assert!(woke <= 2 * MOST_WAKEUPS, "{woke} wake-ups");
    let threads = fs::read_dir(format!("/proc/{pid}/task")).unwrap().count();
    assert!(threads <= 2, "{threads} threads");
    agent.stop();
}
