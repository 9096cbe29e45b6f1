//! Signals, edits and requests without end: the agent does what it has to all the same.

use std::fs;
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cwmpd::agent::control::{Request, ask};
use cwmpd_lab::acs::{AcsOptions, CALLER, ScriptedAcs, request_connection};
use cwmpd_lab::home::{Daemon, Home, wait_for};
use cwmpd_lab::luup::FakeLuup;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

fn home(acs: &ScriptedAcs) -> Home {
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    home.set_acs(&acs.url());
    home.set_caller();
    home.set_uci("cpe", "periodic_notify_interval", "1");
    home
}

/// Does it again and again, while something else is done.
fn during<T>(mut storm: impl FnMut() + Send, work: impl FnOnce() -> T) -> T {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                storm();
            }
        });
        // Also where the work panics: the scope waits for the storm.
        struct End<'a>(&'a AtomicBool);
        impl Drop for End<'_> {
            fn drop(&mut self) {
                self.0.store(true, Ordering::Relaxed);
            }
        }
        let _end = End(&over);
        work()
    })
}

fn is_called(acs: &ScriptedAcs, url: &str) {
    assert_eq!(request_connection(url, CALLER.0, CALLER.1).unwrap(), 200);
    acs.session(|s| {
        let inform = s.inform();
        let mut events = inform.event.iter();
        assert!(events.any(|e| e.event_code == "6 CONNECTION REQUEST"));
        s.end();
    });
}

#[test]
fn s26_an_unrelated_file_that_is_written_for_ever_does_not_hide_a_change() {
    const BATTERY: &str = "Device.Zwave.Interface.12.BatteryLevel";
    let luup = FakeLuup::start();
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    home.set_uci("luup", "enable", "1");
    home.set_uci("luup", "url", &luup.url());
    let agent = home.start();
    acs.session(|s| {
        s.inform();
        s.notify(BATTERY, 2);
        s.end();
    });
    agent.keep_port();
    let file = home.config_dir().join("unrelated");
    let write = || {
        fs::write(&file, "config unrelated\n").unwrap();
        thread::sleep(Duration::from_millis(100));
    };
    during(write, || {
        // Known before the change, so that no look that was due already finds it.
        wait_for("a look at Luup", || {
            (luup.requests().len() > 1).then_some(())
        });
        luup.set(12, "HaDevice1", "BatteryLevel", "5");
        acs.session(|s| {
            assert_eq!(s.inform().event[0].event_code, "4 VALUE CHANGE");
            assert_eq!(s.value(BATTERY), "5");
            s.end();
        });
    });
}

#[test]
fn s26_signals_and_edits_without_end_cost_a_look_in_a_while() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    let agent = home.start();
    acs.quiet_session();
    let url = agent.connection_request_url();
    let pid = Pid::from_raw(agent.pid().try_into().unwrap());
    let file = home.config_dir().join("unrelated");
    let start = Instant::now();
    let storm = || {
        kill(pid, Signal::SIGHUP).unwrap();
        fs::write(&file, "config unrelated\n").unwrap();
    };
    during(storm, || {
        is_called(&acs, &url);
        thread::sleep(Duration::from_secs(2));
    });
    let reloads = home.log().matches("reloading").count();
    let most = 2 + usize::try_from(start.elapsed().as_millis()).unwrap() / 500;
    assert!((3..=most).contains(&reloads), "{reloads} of at most {most}");
    assert_eq!(agent.stop().code(), Some(0));
}

#[test]
fn s26_users_who_ask_without_end_or_do_not_listen_hold_nobody_up() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    let agent = home.start();
    acs.quiet_session();
    let url = agent.connection_request_url();
    let run_dir = home.run_dir();
    let many = || {
        ask(&run_dir, &Request::Get("Device.".to_owned())).unwrap();
    };
    during(many, || is_called(&acs, &url));
    // As many as are let in, none of which says or reads a thing.
    let socket = run_dir.join("control.sock");
    let _silent: Vec<UnixStream> = (0..4)
        .map(|_| UnixStream::connect(&socket).unwrap())
        .collect();
    is_called(&acs, &url);
    assert!(agent.status().contains("success"), "they are dropped");
}

/// Lets the agent have so many descriptors.
fn allow_descriptors(agent: &Daemon<'_>, most: usize) {
    let mut prlimit = Command::new("prlimit");
    prlimit.arg(format!("--pid={}", agent.pid()));
    let status = prlimit.arg(format!("--nofile={most}:")).status();
    assert!(status.expect("prlimit, of util-linux").success());
}

/// The time that the agent was busy so far.
fn busy(agent: &Daemon<'_>) -> Duration {
    let path = format!("/proc/{}/schedstat", agent.pid());
    let text = fs::read_to_string(path).unwrap();
    Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
}

#[test]
fn s26_without_descriptors_a_user_who_asks_does_not_keep_the_loop_busy() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    let agent = home.start();
    acs.session(|s| {
        s.inform();
        s.end();
    });
    let url = agent.connection_request_url();
    let open = fs::read_dir(format!("/proc/{}/fd", agent.pid())).unwrap();
    allow_descriptors(&agent, open.count());
    let _waits = UnixStream::connect(home.run_dir().join("control.sock")).unwrap();
    agent.wait_for_log("the commands that ask the agent do not work");
    let before = busy(&agent);
    thread::sleep(Duration::from_secs(2));
    let cost = busy(&agent) - before;
    assert!(cost < Duration::from_millis(500), "{cost:?}");
    allow_descriptors(&agent, 1024);
    agent.wait_for_log("over: cannot listen on");
    assert!(agent.status().contains("success"));
    is_called(&acs, &url);
}
