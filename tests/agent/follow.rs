//! The agent follows a Luup engine for an ACS that wants to be told at once.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use cwmpd::base::xsd::XsdType;
use cwmpd_lab::acs::{AcsOptions, ScriptedAcs, Session};
use cwmpd_lab::home::{Daemon, Home, free_port, wait_for};
use cwmpd_lab::luup::{FakeLuup, Mood, Work};

/// Rows over Luup, of which an ACS is told what the test says.
const ROWS: &str = "X_TEST_Node.;ANY;source;r;;;;;;;;;;;luup:nodes\n\
     X_TEST_NodeNumberOfEntries;UINT;computed;r;;;;;;;;;;;#X_TEST_Node.\n\
     X_TEST_Engine;STRING;source;r;;;;;;;;;;;luup:engine.Status\n\
     X_TEST_Node.{i}.Tripped;BOOLEAN;source;r;;;;;;;;;;;luup:SecuritySensor1/Tripped|bool\n\
     X_TEST_Node.{i}.Battery;UINT;source;r;;off:6;;;;;;;;;luup:HaDevice1/BatteryLevel\n\
     X_TEST_Node.{i}.Interval;UINT;source;r;;off:0:100;;;;;;;;;luup:ZWaveDevice1/WakeupInterval\n";

const DOOR: u32 = 20;
const TRIPPED: &str = "Device.X_TEST_Node.20.Tripped";

/// How soon a change is to be told; the rest is for a machine under load.
const SOON: Duration = Duration::from_secs(2 + 8);

struct Rig {
    luup: FakeLuup,
    acs: ScriptedAcs,
    home: Home,
}

impl Rig {
    fn new() -> Self {
        let luup = FakeLuup::start();
        let acs = ScriptedAcs::start(AcsOptions::default());
        let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
        home.set_acs(&acs.url());
        home.set_uci("cpe", "periodic_notify_enable", "0");
        home.set_uci("luup", "enable", "1");
        home.set_uci("luup", "url", &luup.url());
        fs::write(home.model_dir().join("test.csv"), ROWS).unwrap();
        Self { luup, acs, home }
    }

    /// An agent whose ACS wants to be told of these, and whose engine waits for a change.
    fn start(&self, notified: &[&str]) -> Daemon<'_> {
        let agent = self.home.start();
        self.acs.session(|s| {
            s.inform();
            for path in notified {
                s.notify(path, 2);
            }
            s.end();
        });
        self.wait_until_followed(&agent);
        agent
    }

    fn wait_until_followed(&self, agent: &Daemon<'_>) {
        wait_for("a question that waits", || {
            let status = agent.status();
            let luup = status.lines().find(|line| line.starts_with("Luup:"))?;
            let asks = self.luup.requests();
            let polls = asks.iter().any(|query| query.contains("Timeout="));
            (luup.ends_with("followed") && polls).then_some(())
        });
    }

    fn trip(&self, tripped: &str) {
        self.luup.set(DOOR, "SecuritySensor1", "Tripped", tripped);
    }

    /// What the next session tells of the rows of the test, and how long it was waited for.
    fn told(&self) -> (BTreeMap<String, String>, Duration) {
        let start = Instant::now();
        self.acs.session(|s| {
            let told = changes(s);
            let took = start.elapsed();
            s.end();
            (told, took)
        })
    }
}

fn changes(s: &mut Session<'_>) -> BTreeMap<String, String> {
    let inform = s.inform();
    let codes: Vec<_> = inform.event.iter().map(|e| &*e.event_code).collect();
    assert_eq!(codes, ["4 VALUE CHANGE"]);
    let of_test = inform.parameter_list.into_iter();
    let of_test = of_test.filter(|p| p.name.contains("X_TEST") || p.name.contains("Zwave.Value"));
    of_test.map(|p| (p.name, p.value)).collect()
}

fn one(path: &str, value: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(path.to_owned(), value.to_owned())])
}

fn threads(agent: &Daemon<'_>) -> usize {
    fs::read_dir(format!("/proc/{}/task", agent.pid()))
        .unwrap()
        .count()
}

#[test]
fn z40_an_event_is_told_at_once_and_its_session_reads_nothing_anew() {
    let rig = Rig::new();
    let agent = rig.start(&[TRIPPED]);
    for tripped in ["1", "0", "1"] {
        std::thread::sleep(Duration::from_millis(1100));
        rig.luup.requests();
        rig.trip(tripped);
        let (told, took) = rig.told();
        assert_eq!(told, one(TRIPPED, tripped));
        println!("told after {took:?}");
        assert!(took < SOON, "{took:?}");
        let asked = rig.luup.requests();
        let whole = asked.iter().filter(|query| !query.contains("DataVersion"));
        assert_eq!(whole.count(), 0, "{asked:?}");
    }
    agent.stop();
}

#[test]
fn z01_z40_what_the_acs_sets_itself_is_no_news_though_the_engine_tells_of_it() {
    const WAKE_UP: &str = "Device.Zwave.Interface.12.WakeUpInterval";
    let rig = Rig::new();
    let agent = rig.start(&[WAKE_UP]);
    for value in ["1800", "2400"] {
        agent.inform();
        rig.acs.session(|s| {
            s.inform();
            s.set(&[(WAKE_UP, XsdType::UnsignedInt, value)], "");
            for _ in 0..3 {
                assert_eq!(s.value(WAKE_UP), value);
                std::thread::sleep(Duration::from_millis(100));
            }
            s.end();
        });
        assert!(rig.acs.is_left_alone_for(Duration::from_secs(2)));
        assert_eq!(agent.get(WAKE_UP), value);
    }
    // What the node itself makes of it is.
    let node = |value| rig.luup.set(12, "ZWaveDevice1", "WakeupInterval", value);
    node("3600");
    assert_eq!(changed(&rig, WAKE_UP), "3600");
    agent.stop();
}

/// What the next session tells of one value.
fn changed(rig: &Rig, path: &str) -> String {
    rig.acs.session(|s| {
        let inform = s.inform();
        let told = inform.parameter_list.into_iter().find(|p| p.name == path);
        s.end();
        told.map(|p| p.value).unwrap_or_default()
    })
}

#[test]
fn z41_what_came_and_went_between_two_answers_is_told_once() {
    let rig = Rig::new();
    let agent = rig.start(&[TRIPPED]);
    let last = |at: &str| rig.luup.set(DOOR, "SecuritySensor1", "LastTrip", at);
    last("1545000001");
    assert_eq!(rig.told().0, one(TRIPPED, "0"));
    // That it was written again is no news, nor what is read anew.
    rig.trip("0");
    agent.inform();
    rig.acs.session(|s| {
        assert_eq!(s.inform().event[0].event_code, "6 CONNECTION REQUEST");
        s.end();
    });
    assert!(rig.acs.is_left_alone_for(Duration::from_secs(2)));
    // Within a session, by two answers.
    agent.inform();
    rig.acs.session(|s| {
        s.inform();
        for tripped in ["1", "0"] {
            rig.trip(tripped);
            wait_for("what the engine told", || {
                (s.value(TRIPPED) == tripped).then_some(())
            });
        }
        s.end();
    });
    assert_eq!(rig.told().0, one(TRIPPED, "0"));
    assert!(rig.acs.is_left_alone_for(Duration::from_secs(2)));
    agent.stop();
}

#[test]
fn z41_a_sensor_in_the_table_of_values_tells_it_too() {
    let rig = Rig::new();
    let path = "Device.Zwave.Value.2003.Value";
    let agent = rig.start(&[path]);
    rig.luup
        .set(DOOR, "SecuritySensor1", "LastTrip", "1545000001");
    assert_eq!(rig.told().0, one(path, "0"));
    assert!(rig.acs.is_left_alone_for(Duration::from_secs(2)));
    agent.stop();
}

#[test]
fn z42_a_burst_is_one_session() {
    let rig = Rig::new();
    let nodes = [3, 4, 6, 12, 20, 21, 24, 30, 31];
    let paths = nodes.map(|node| format!("Device.X_TEST_Node.{node}.Battery"));
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    rig.home.set_uci("luup", "min_interval", "5");
    let agent = rig.start(&paths);
    let level = "urn:micasaverde-com:serviceId:HaDevice1";
    for node in nodes {
        rig.luup.set(node, level, "BatteryLevel", "7");
    }
    let (told, _) = rig.told();
    assert_eq!(told.len(), nodes.len(), "{told:?}");
    assert!(rig.acs.is_left_alone_for(Duration::from_secs(2)));
    agent.stop();
}

#[test]
fn z43_a_value_that_flaps_is_told_in_its_interval_and_one_that_hardly_moves_never() {
    const BATTERY: &str = "Device.X_TEST_Node.12.Battery";
    const INTERVAL: &str = "Device.X_TEST_Node.12.Interval";
    let rig = Rig::new();
    let agent = rig.start(&[BATTERY, INTERVAL]);
    let set = |level: u32| {
        let level = level.to_string();
        rig.luup.set(12, "HaDevice1", "BatteryLevel", &level);
    };
    set(50);
    assert_eq!(rig.told().0, one(BATTERY, "50"));
    let start = Instant::now();
    for level in 0..20 {
        set(level);
        std::thread::sleep(Duration::from_millis(100));
    }
    wait_for("the newest", || {
        (agent.get("X_TEST_Node.12.Battery") == "19").then_some(())
    });
    assert_eq!(rig.told().0, one(BATTERY, "19"));
    assert!(
        start.elapsed() > Duration::from_secs(4),
        "{:?}",
        start.elapsed()
    );
    let step = |seconds: &str| rig.luup.set(12, "ZWaveDevice1", "WakeupInterval", seconds);
    step("800");
    wait_for("the newest", || {
        (agent.get("X_TEST_Node.12.Interval") == "800").then_some(())
    });
    assert!(rig.acs.is_left_alone_for(Duration::from_secs(2)));
    step("820");
    assert_eq!(rig.told().0, one(INTERVAL, "820"));
    agent.stop();
}

#[test]
fn z44_a_device_that_is_gone_is_told() {
    const NODES: &str = "Device.X_TEST_NodeNumberOfEntries";
    let rig = Rig::new();
    let agent = rig.start(&[NODES]);
    let before: u32 = agent.get(NODES).parse().unwrap();
    rig.luup.remove(DOOR);
    let (told, took) = rig.told();
    assert_eq!(told, one(NODES, &(before - 1).to_string()));
    assert!(took < SOON, "{took:?}");
    assert_eq!(
        agent.get("X_TEST_NodeNumberOfEntries"),
        (before - 1).to_string()
    );
    agent.stop();
}

#[test]
fn z45_an_engine_that_is_started_anew_is_read_anew_and_followed_on() {
    let Rig {
        mut luup,
        acs,
        home,
    } = Rig::new();
    let agent = home.start();
    acs.session(|s| {
        s.inform();
        s.notify(TRIPPED, 2);
        s.end();
    });
    let follows = || {
        wait_for("a question that waits", || {
            is_followed(&agent).then_some(())
        })
    };
    follows();
    luup.down();
    wait_for("word of it", || {
        agent
            .status()
            .contains("Luup:          Error")
            .then_some(())
    });
    luup.reload();
    luup.set(DOOR, "SecuritySensor1", "Tripped", "1");
    luup.up();
    let start = Instant::now();
    acs.session(|s| {
        assert_eq!(changes(s), one(TRIPPED, "1"));
        s.end();
    });
    assert!(start.elapsed() < Duration::from_secs(40));
    follows();
    luup.reload();
    luup.set(DOOR, "SecuritySensor1", "Tripped", "0");
    acs.session(|s| {
        assert_eq!(changes(s), one(TRIPPED, "0"));
        s.end();
    });
    agent.stop();
}

fn is_followed(agent: &Daemon<'_>) -> bool {
    let status = agent.status();
    let mut lines = status.lines();
    let luup = lines.find(|line| line.starts_with("Luup:"));
    luup.is_some_and(|line| line.contains("Up") && line.ends_with("followed"))
}

#[test]
fn z46_an_engine_that_hangs_holds_neither_sessions_nor_the_end() {
    let rig = Rig::new();
    let agent = rig.start(&[TRIPPED]);
    rig.luup.mood(Mood::Stuck);
    // The question that waits is answered, the next one is not.
    rig.trip("0");
    rig.wait_until_followed(&agent);
    rig.trip("1");
    let start = Instant::now();
    for _ in 0..2 {
        agent.inform();
        rig.acs.session(|s| {
            s.inform();
            assert_eq!(s.value(TRIPPED), "0", "the last that is known");
            s.end();
        });
        agent.until_idle();
    }
    assert!(start.elapsed() < Duration::from_secs(30));
    let stopping = Instant::now();
    assert_eq!(agent.stop().code(), Some(0));
    assert!(stopping.elapsed() < Duration::from_secs(3));
}

#[test]
fn z47_nobody_follows_where_nobody_is_to_be_told() {
    let rig = Rig::new();
    let agent = rig.home.start();
    rig.acs.quiet_session();
    let at_rest = || {
        wait_for("an agent at rest", || (threads(&agent) == 1).then_some(()));
        rig.luup.requests();
        rig.trip("1");
        std::thread::sleep(Duration::from_secs(2));
        assert_eq!(rig.luup.requests(), [""; 0]);
        assert_eq!(threads(&agent), 1);
    };
    at_rest();
    let set = |notification: u32| {
        agent.inform();
        rig.acs.session(|s| {
            s.inform();
            s.notify(TRIPPED, notification);
            s.end();
        });
    };
    set(2);
    rig.wait_until_followed(&agent);
    assert!(threads(&agent) > 1);
    set(1);
    at_rest();
    set(2);
    rig.wait_until_followed(&agent);
    rig.home.set_uci("luup", "follow", "0");
    agent.signal("HUP");
    at_rest();
    agent.stop();
}

#[test]
fn z10_how_the_engine_is_can_be_told_and_the_log_speaks_of_its_changes_only() {
    const ENGINE: &str = "Device.X_TEST_Engine";
    let rig = Rig::new();
    let agent = rig.start(&[ENGINE]);
    assert_eq!(agent.get(ENGINE), "Up");
    for answer in ["Exiting", "", "Bad Device"] {
        rig.luup.mood(Mood::Says(answer.to_owned()));
        rig.trip("1");
    }
    assert_eq!(rig.told().0, one(ENGINE, "Error"));
    let status = agent.status();
    assert!(status.contains("Luup:          Error"), "{status}");
    assert!(status.contains("last error:"), "{status}");
    std::thread::sleep(Duration::from_secs(4));
    rig.luup.mood(Mood::Well);
    assert_eq!(rig.told().0, one(ENGINE, "Up"));
    let log = rig.home.log();
    let warnings = log
        .lines()
        .filter(|line| line.contains("the answer is no JSON but") && line.contains("warn"));
    assert_eq!(warnings.count(), 1, "{log}");
    assert_eq!(log.matches("answers again").count(), 1, "{log}");
    agent.stop();
}

#[test]
fn z61_devices_without_their_variables_are_an_engine_that_starts() {
    const ALARMS: &str = "Device.FaultMgmt.CurrentAlarmNumberOfEntries";
    const VALUES: &str = "Device.Zwave.ValueNumberOfEntries";
    let rig = Rig::new();
    let agent = rig.start(&[TRIPPED, ALARMS, VALUES]);
    rig.trip("1");
    assert_eq!(rig.told().0, one(TRIPPED, "1"));
    rig.luup.refuse("id=user_data", "Exiting");
    rig.luup.refuse("id=sdata", "Exiting");
    rig.luup.mood(Mood::Starting);
    rig.luup.reload();
    wait_for("word of it", || {
        let status = agent.status();
        status.contains("the engine is starting").then_some(())
    });
    assert_eq!(agent.get(TRIPPED), "1");
    assert_eq!(agent.get(ALARMS), "1");
    assert!(rig.acs.is_left_alone_for(Duration::from_secs(3)));
    rig.luup.refuse("id=user_data", "");
    rig.luup.mood(Mood::Well);
    rig.wait_until_followed(&agent);
    rig.trip("0");
    assert_eq!(rig.told().0, one(TRIPPED, "0"));
    agent.stop();
}

#[test]
fn z63_a_switch_that_does_not_move_is_told_though_the_engine_took_it() {
    const SWITCH: &str = "Device.Zwave.Value.601.Value";
    let rig = Rig::new();
    rig.luup.work(Work::WhenTold);
    rig.home.set_uci("luup", "actuators", "1");
    rig.home.set_uci("luup", "poll_timeout", "5");
    let agent = rig.start(&[SWITCH]);
    assert_eq!(agent.get(SWITCH), "1");
    agent.inform();
    rig.acs.session(|s| {
        s.inform();
        s.set(&[(SWITCH, XsdType::String, "0")], "");
        assert_eq!(s.value(SWITCH), "0", "it is about to");
        s.end();
    });
    assert_eq!(rig.told().0, one(SWITCH, "1"));
    agent.stop();
}

#[test]
fn z77_an_agent_and_an_engine_that_start_together_tell_of_no_change() {
    const WAKE_UP: &str = "Device.Zwave.Interface.12.WakeUpInterval";
    let rig = Rig::new();
    rig.home.set_uci("cpe", "port", &free_port().to_string());
    let agent = rig.start(&[WAKE_UP]);
    agent.stop();
    rig.luup.refuse("id=user_data", "Exiting");
    rig.luup.refuse("id=sdata", "Exiting");
    rig.luup.mood(Mood::Starting);
    rig.luup.reload();
    let agent = rig.home.start();
    agent.inform();
    rig.acs.session(|s| {
        let inform = s.inform();
        let codes: Vec<_> = inform.event.iter().map(|e| &*e.event_code).collect();
        assert_eq!(codes, ["6 CONNECTION REQUEST"]);
        assert_eq!(s.value(WAKE_UP), "720");
        s.end();
    });
    rig.luup.refuse("id=user_data", "");
    rig.luup.mood(Mood::Well);
    rig.wait_until_followed(&agent);
    assert!(rig.acs.is_left_alone_for(Duration::from_secs(3)));
    assert_eq!(agent.get(WAKE_UP), "720");
    agent.stop();
}
