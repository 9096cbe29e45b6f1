//! The agent beside a Luup engine that is slow, silent or hostile.

use std::fs;
use std::time::{Duration, Instant};

use cwmpd::luup::limits::{MAX_BYTES, MAX_NAMES};
use cwmpd_lab::acs::{AcsOptions, CALLER, ScriptedAcs, Session, request_connection};
use cwmpd_lab::home::{Daemon, Home, wait_for};
use cwmpd_lab::luup::hostile::{greatest_home, hostile};
use cwmpd_lab::luup::{Device, FakeLuup, Mood, State, large_home};

const BATTERY: &str = "Device.Zwave.Interface.12.BatteryLevel";

/// Rows over Luup of which an ACS is told from the start.
const TOLD: &str = "X_TEST_Status;STRING;source;r;;active;;;;;;;;;luup:ZWaveNetwork1/NetStatusText\n\
     X_TEST_NodeNumberOfEntries;UINT;computed;r;;active;;;;;;;;;#X_TEST_Node.\n\
     X_TEST_Node.;ANY;source;r;;;;;;;;;;;luup:nodes\n\
     X_TEST_Node.{i}.Battery;UINT;source;r;;active;;;;;;;;;luup:HaDevice1/BatteryLevel\n";

/// A box that waits for Luup as long as it may be told to, and looks at it for sessions only.
fn home(acs: &ScriptedAcs, luup: &FakeLuup) -> Home {
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    home.set_acs(&acs.url());
    home.set_uci("cpe", "periodic_notify_enable", "0");
    home.set_uci("luup", "enable", "1");
    home.set_uci("luup", "url", &luup.url());
    home.set_uci("luup", "timeout", "3600");
    home.set_uci("luup", "follow", "0");
    home
}

fn events(session: &mut Session<'_>) -> Vec<String> {
    let inform = session.inform();
    inform.event.into_iter().map(|e| e.event_code).collect()
}

#[test]
fn s25_a_silent_luup_holds_no_session_up_and_is_asked_once() {
    let luup = FakeLuup::start();
    let acs = ScriptedAcs::start(AcsOptions::default());
    luup.mood(Mood::Silent);
    let home = home(&acs, &luup);
    let agent = home.start();
    let start = Instant::now();
    acs.session(|s| {
        assert_eq!(events(s), ["0 BOOTSTRAP", "1 BOOT"]);
        s.end();
    });
    for _ in 0..3 {
        wait_for("the end of the session", || {
            agent.status().contains(", success").then_some(())
        });
        agent.inform();
        acs.session(|s| {
            assert_eq!(events(s), ["6 CONNECTION REQUEST"]);
            s.end();
        });
    }
    assert!(start.elapsed() < Duration::from_secs(60));
    assert_eq!(luup.requests().len(), 1, "the one that hangs serves all");
    agent.stop();
}

#[test]
fn s25_a_slow_luup_is_compared_when_it_comes() {
    let luup = FakeLuup::start();
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs, &luup);
    let agent = home.start();
    let known = acs.session(|s| {
        s.inform();
        s.notify(BATTERY, 2);
        let known = s.value(BATTERY);
        s.end();
        known
    });
    assert_ne!(known, "5");
    for comes_within_the_session in [true, false] {
        let known = agent.get(BATTERY);
        let new = if known == "5" { "6" } else { "5" };
        luup.mood(Mood::Silent);
        luup.set(12, "HaDevice1", "BatteryLevel", new);
        luup.requests();
        wait_for("the agent's consent", || {
            (home.run(&["inform"]).code == 0).then_some(())
        });
        acs.session(|s| {
            assert_eq!(events(s), ["6 CONNECTION REQUEST"]);
            assert_eq!(s.value(BATTERY), known, "the last value");
            if comes_within_the_session {
                luup.mood(Mood::Well);
                wait_for("the new value", || (s.value(BATTERY) == new).then_some(()));
            }
            s.end();
        });
        luup.mood(Mood::Well);
        acs.session(|s| {
            assert_eq!(events(s), ["4 VALUE CHANGE"]);
            assert_eq!(s.value(BATTERY), new);
            s.end();
        });
    }
}

#[test]
fn s25_what_luup_tells_for_the_first_time_is_no_change() {
    let luup = FakeLuup::start();
    let acs = ScriptedAcs::start(AcsOptions::default());
    luup.mood(Mood::Silent);
    let home = home(&acs, &luup);
    fs::write(home.model_dir().join("test.csv"), TOLD).unwrap();
    let agent = home.start();
    acs.session(|s| {
        let inform = s.inform();
        let of_luup = |name: &str| name.contains("X_TEST");
        assert!(!inform.parameter_list.iter().any(|p| of_luup(&p.name)));
        assert_eq!(s.value("Device.X_TEST_Status"), "");
        s.end();
    });
    luup.mood(Mood::Well);
    wait_for("the home", || {
        (agent.get("X_TEST_Status") == "OK").then_some(())
    });
    assert_ne!(agent.get("X_TEST_NodeNumberOfEntries"), "0");
    assert!(acs.is_left_alone_for(Duration::from_secs(3)));
    luup.set(12, "HaDevice1", "BatteryLevel", "5");
    agent.inform();
    acs.session(|s| {
        let inform = s.inform();
        let codes: Vec<_> = inform.event.iter().map(|e| &*e.event_code).collect();
        assert_eq!(codes, ["4 VALUE CHANGE", "6 CONNECTION REQUEST"]);
        let told = inform.parameter_list.iter();
        let told: Vec<_> = told.filter(|p| p.name.contains("X_TEST")).collect();
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(told[0].name, "Device.X_TEST_Node.12.Battery");
        s.end();
    });
}

/// Most memory that the agent took so far, in kB.
fn peak_kb(agent: &Daemon<'_>) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", agent.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kb = line.and_then(|line| line.split_whitespace().next());
    kb.unwrap().parse().unwrap()
}

#[test]
fn s24_a_hostile_home_keeps_nobody_from_the_agent() {
    const NODES: &str = "Zwave.InterfaceNumberOfEntries";
    let luup = FakeLuup::start();
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs, &luup);
    home.set_caller();
    let agent = home.start();
    acs.quiet_session();
    let url = agent.connection_request_url();
    let nodes = agent.get(NODES);
    assert_eq!(nodes, "12");
    let called = || {
        assert_eq!(request_connection(&url, CALLER.0, CALLER.1).unwrap(), 200);
        acs.session(|s| {
            assert_eq!(events(s), ["6 CONNECTION REQUEST"]);
            s.end();
        });
        assert!(agent.status().contains("success"));
    };
    let shows = |nodes: &str| {
        wait_for("the home", || (agent.get(NODES) == nodes).then_some(()));
    };
    // One that is as much work as one that is taken can be, from both requests, and its end.
    luup.mood(Mood::Says(greatest_home(1000, 64_000, MAX_NAMES)));
    called();
    called();
    shows("1000");
    luup.mood(Mood::Well);
    called();
    shows("12");
    for answer in hostile(MAX_BYTES as usize) {
        if answer.what == "empty devices" || answer.what == "names" {
            luup.mood(Mood::Says(answer.text));
            called();
        }
    }
    agent.wait_for_log("the answer has more than");
    assert_eq!(agent.get(NODES), "12", "the last good ones");
    let peak = peak_kb(&agent);
    assert!(peak < 64 * 1024, "{peak} kB");
    // While it works on the last one, or has just done so.
    assert_eq!(agent.stop().code(), Some(0));
}

#[test]
fn b28_sessions_do_not_fetch_again_what_luup_says_is_the_same() {
    const NAME: &str = "Device.Zwave.Interface.20.Name";
    let luup = FakeLuup::start();
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs, &luup);
    let agent = home.start();
    let session = |asked: usize, name: &str| {
        acs.session(|s| {
            s.inform();
            assert_eq!(s.value(NAME), name);
            s.end();
        });
        agent.until_idle();
        let requests = luup.requests();
        let count = |id| {
            requests
                .iter()
                .filter(|query| query.starts_with(id))
                .count()
        };
        assert!(count("id=status&") > 0, "{requests:?}");
        assert_eq!(count("id=user_data&"), asked, "{requests:?}");
    };
    session(1, "Porte d'entrée");
    for _ in 0..3 {
        agent.inform();
        session(0, "Porte d'entrée");
    }
    luup.configure(20, |device| device.name = "Porte".to_owned());
    agent.inform();
    session(1, "Porte");
    agent.inform();
    session(0, "Porte");
}

/// Memory that no other process shares and that is not a file's.
fn private_kb(agent: &Daemon<'_>) -> u64 {
    let rollup = fs::read_to_string(format!("/proc/{}/smaps_rollup", agent.pid())).unwrap();
    let dirty = rollup
        .lines()
        .find_map(|line| line.strip_prefix("Private_Dirty:"));
    let dirty = dirty.unwrap().trim().trim_end_matches(" kB");
    dirty.parse().unwrap()
}

/// A large home whose plugins repeat a document, so that `id=status` and `id=user_data` are of some
/// 7 MB each, of which next to nothing has to be kept.
fn wordy_home() -> Vec<Device> {
    const DOCUMENT_BYTES: usize = 200 << 10;
    let document = State {
        service: "urn:example-org:serviceId:Plugin1".to_owned(),
        variable: "Document".to_owned(),
        value: "x".repeat(DOCUMENT_BYTES),
    };
    let mut home = large_home(371);
    for device in home.iter_mut().rev().take(30) {
        device.states.push(document.clone());
    }
    home
}

#[test]
fn b27_what_a_large_home_took_to_read_is_given_back() {
    /// Up to 1,300 are seen, by chance of where threads found room; 8,000 and more where nothing
    /// is given back.
    const MOST_KB: u64 = 4 << 10;
    let luup = FakeLuup::with(wordy_home());
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs, &luup);
    luup.mood(Mood::Empty);
    let agent = home.start();
    let session = || {
        acs.quiet_session();
        agent.until_idle();
    };
    session();
    agent.inform();
    session();
    let before = private_kb(&agent);
    luup.mood(Mood::Well);
    for round in 0..4 {
        // Each time both answers.
        luup.configure(20, |device| device.name = format!("Porte {round}"));
        agent.inform();
        session();
    }
    // A fetch that took more than a second goes on behind its session.
    let kept = wait_for("what a large home took to be given back", || {
        let kept = private_kb(&agent).saturating_sub(before);
        (kept < MOST_KB).then_some(kept)
    });
    println!("a large home leaves {kept} kB");
}
