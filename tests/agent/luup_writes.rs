//! New values of the Luup engine, from the ACS and from the user of the box.

use std::time::{Duration, Instant};

use cwmpd::base::xsd::XsdType::{self, Boolean, String as Text, UnsignedInt as Number};
use cwmpd::soap::{Message, Status};
use cwmpd_lab::acs::{AcsOptions, ScriptedAcs, Session, set_parameter_values};
use cwmpd_lab::home::{Daemon, Home, free_port, wait_for};
use cwmpd_lab::luup::{FakeLuup, Mood};

const WAKE_UP: &str = "Device.Zwave.Interface.12.WakeUpInterval";
const POLL: &str = "Device.Zwave.Interface.12.PollInterval";
const FREQUENCY: &str = "Device.Zwave.Network.PollFrequency";
const NAME: &str = "Device.Zwave.Interface.12.Name";
const ROOM: &str = "Device.Zwave.Interface.12.RoomID";
const INTERVAL: &str = "Device.ManagementServer.PeriodicInformInterval";

struct World {
    luup: FakeLuup,
    acs: ScriptedAcs,
    home: Home,
}

impl World {
    fn new() -> Self {
        let (luup, acs) = (FakeLuup::start(), ScriptedAcs::start(AcsOptions::default()));
        let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
        home.set_acs(&acs.url());
        home.set_uci("cpe", "periodic_notify_enable", "0");
        home.set_uci("luup", "enable", "1");
        home.set_uci("luup", "url", &luup.url());
        home.set_uci("luup", "timeout", "2");
        // Another port would be another URL, and so a change.
        home.set_uci("cpe", "port", &free_port().to_string());
        Self { luup, acs, home }
    }

    fn wake_up(&self) -> Option<String> {
        self.luup.get(12, "ZWaveDevice1", "WakeupInterval")
    }

    /// The agent is killed when the engine has taken the first of two values.
    fn kill_amid_a_change(&self, agent: &mut Daemon<'_>) {
        let values = [(WAKE_UP, Number, "1800"), (POLL, Number, "77")];
        self.kill_amid(agent, &values, &|| {
            self.wake_up().as_deref() == Some("1800")
        });
    }

    /// The agent is killed when the engine has taken so much of these values.
    fn kill_amid(
        &self,
        agent: &mut Daemon<'_>,
        values: &[(&str, XsdType, &str)],
        is_taken: &dyn Fn() -> bool,
    ) {
        agent.inform();
        self.acs.session(|s| {
            s.inform();
            self.luup.mood(Mood::Slow(Duration::from_millis(700)));
            s.ask(set_parameter_values(values, "key"));
            wait_for("the first value to be taken", || is_taken().then_some(()));
            agent.signal("KILL");
            agent.wait();
        });
        self.luup.mood(Mood::Well);
    }

    fn session<T>(&self, agent: &Daemon<'_>, play: impl FnOnce(&mut Session<'_>) -> T) -> T {
        agent.until_idle();
        wait_for("the agent's consent", || {
            (self.home.run(&["inform"]).code == 0).then_some(())
        });
        self.acs.session(|s| {
            s.inform();
            let result = play(s);
            s.end();
            result
        })
    }
}

fn events(inform: &cwmpd::soap::Inform) -> Vec<&str> {
    inform.event.iter().map(|e| &*e.event_code).collect()
}

#[test]
fn z01_the_older_value_is_never_seen_after_a_write() {
    let world = World::new();
    let agent = world.home.start();
    world.acs.session(|s| {
        s.inform();
        s.notify(WAKE_UP, 2);
        s.notify(NAME, 2);
        assert_eq!(s.value(WAKE_UP), "720");
        // What is fetched now, and comes after the write, tells the older value.
        s.end();
    });
    world.luup.mood(Mood::Slow(Duration::from_millis(400)));
    for value in ["1800", "2400"] {
        world.session(&agent, |s| {
            s.set(&[(WAKE_UP, Number, value), (NAME, Text, value)], "");
            assert_eq!(
                (s.value(WAKE_UP), s.value(NAME)),
                (value.into(), value.into())
            );
        });
    }
    world.luup.mood(Mood::Well);
    for _ in 0..2 {
        agent.inform();
        world.acs.session(|s| {
            let inform = s.inform();
            assert_eq!(events(&inform), ["6 CONNECTION REQUEST"]);
            assert_eq!(
                (s.value(WAKE_UP), s.value(NAME)),
                ("2400".into(), "2400".into())
            );
            s.end();
        });
    }
}

#[test]
fn z02_an_agent_that_is_up_before_the_engine_shows_the_home_that_it_knows() {
    let mut world = World::new();
    let mut agent = world.home.start();
    let nodes = world.acs.session(|s| {
        s.inform();
        s.notify(WAKE_UP, 1);
        let nodes = s.names("Device.Zwave.Interface.", true).len();
        s.end();
        nodes
    });
    assert!(nodes > 10);
    world.luup.down();
    for rebooted in [false, true] {
        agent.stop();
        if rebooted {
            world.home.power_cycle();
        }
        agent = world.home.start();
        let known = |s: &mut Session<'_>, events_wanted: &[&str]| {
            let inform = s.inform();
            assert_eq!(events(&inform), events_wanted);
            assert_eq!(s.names("Device.Zwave.Interface.", true).len(), nodes);
            assert_eq!(s.value(WAKE_UP), "720", "as last reported");
            assert_eq!(s.set_refused(&[(WAKE_UP, Number, "1")], "").code, 9002);
            s.end();
        };
        match rebooted {
            true => world.acs.session(|s| known(s, &["1 BOOT"])),
            false => {
                agent.inform();
                world.acs.session(|s| known(s, &["6 CONNECTION REQUEST"]));
            }
        }
    }
    // Then it comes, and what changed meanwhile is told.
    world.luup.set(12, "ZWaveDevice1", "WakeupInterval", "900");
    world.luup.up();
    agent.inform();
    world.acs.session(|s| {
        let inform = s.inform();
        assert_eq!(events(&inform), ["4 VALUE CHANGE", "6 CONNECTION REQUEST"]);
        let told = inform.parameter_list.iter().find(|p| p.name == WAKE_UP);
        assert_eq!(told.map(|p| &*p.value), Some("900"));
        s.end();
    });
    agent.stop();
}

#[test]
fn z23_a_set_is_answered_when_the_engine_has_it() {
    let world = World::new();
    let agent = world.home.start();
    world.acs.session(|s| {
        s.inform();
        let values = [
            (NAME, Text, "Lampe & co"),
            (WAKE_UP, Number, "1800"),
            (ROOM, Number, "3"),
            (INTERVAL, Number, "7777"),
        ];
        assert_eq!(s.set(&values, "key"), Status::Pending, "the node sleeps");
        let lamp = world.luup.device(12).unwrap();
        assert_eq!((&*lamp.name, lamp.room), ("Lampe & co", 3));
        assert_eq!(world.wake_up().as_deref(), Some("1800"));
        for (path, _, value) in values {
            assert_eq!(s.value(path), value);
        }
        let named = s.set(&[(NAME, Text, "Lampe")], "");
        assert_eq!(named, Status::Applied, "no node has to be awake for it");
        // Once more, while what was fetched at the beginning of the session is older.
        s.set(&[(WAKE_UP, Number, "1900")], "");
        assert_eq!(s.value(WAKE_UP), "1900");
        s.end();
    });
    let renames = world.luup.requests();
    let renames = renames.iter().filter(|query| query.contains("rename"));
    assert_eq!(renames.count(), 2, "name and room go together");
    drop(agent);
}

#[test]
fn z23_a_write_does_not_wait_for_a_fetch_that_hangs() {
    let world = World::new();
    world.home.set_uci("luup", "timeout", "60");
    let agent = world.home.start();
    world.acs.quiet_session();
    world.luup.mood(Mood::Silent);
    let start = Instant::now();
    world.session(&agent, |s| {
        // The fetch of the session is under way, and stays so.
        world.luup.requests();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                wait_for("the write", || {
                    let asked = world.luup.requests();
                    asked
                        .iter()
                        .any(|query| query.starts_with("id=alive"))
                        .then_some(())
                });
                world.luup.mood(Mood::Well);
            });
            s.set(&[(WAKE_UP, Number, "1800")], "");
        });
        assert_eq!(s.value(WAKE_UP), "1800");
    });
    assert!(start.elapsed() < Duration::from_secs(30));
}

#[test]
fn z23_hundreds_of_values_are_one_request() {
    let world = World::new();
    let agent = world.home.start();
    world.acs.session(|s| {
        s.inform();
        let writable = s.names("Device.Zwave.Interface.", false);
        let writable = writable.into_iter().filter(|info| info.writable);
        let writable: Vec<String> = writable.map(|info| info.name).collect();
        let numbers = writable.iter().filter(|name| name.ends_with("Interval"));
        let values: Vec<_> = numbers.map(|name| (&**name, Number, "77")).collect();
        assert!(values.len() > 20, "{}", values.len());
        s.set(&values, "");
        for (path, ..) in &values {
            assert_eq!(s.value(path), "77");
        }
        s.end();
    });
    drop(agent);
}

#[test]
fn z24_one_value_that_is_refused_leaves_the_engine_as_it_was() {
    let world = World::new();
    let agent = world.home.start();
    world.acs.session(|s| {
        s.inform();
        // Gone since it was fetched.
        world.luup.remove(20);
        let gone = "Device.Zwave.Interface.20.WakeUpInterval";
        let values = [
            (WAKE_UP, Number, "1800"),
            (NAME, Text, "Spot"),
            (gone, Number, "60"),
            (INTERVAL, Number, "7777"),
        ];
        let before = (world.wake_up(), world.luup.device(12));
        let fault = s.set_refused(&values, "key");
        assert_eq!(fault.code, 9003);
        let [bad] = &fault.parameters[..] else {
            panic!("{fault:?}");
        };
        assert_eq!((&*bad.parameter_name, bad.code), (gone, 9007));
        assert!(bad.string.contains("Bad Device"), "{}", bad.string);
        assert_eq!((world.wake_up(), world.luup.device(12)), before);
        assert_eq!(
            (s.value(WAKE_UP), s.value(INTERVAL)),
            ("720".into(), "86400".into())
        );
        assert_eq!(s.value("Device.ManagementServer.ParameterKey"), "");
        let rename = world.luup.requests();
        let back = rename.iter().rev().find(|query| query.contains("rename"));
        assert!(back.is_some_and(|query| !query.contains("Spot")));
        s.end();
    });
    drop(agent);
}

#[test]
fn z33_a_setting_is_written_where_the_engine_has_no_action_for_it() {
    const ROUTING: &str = "Device.Zwave.Network.ManualRouting";
    let world = World::new();
    let agent = world.home.start();
    world.acs.session(|s| {
        s.inform();
        let frequency = || world.luup.get(1, "ZWaveNetwork1", "PollFrequency");
        let sent = |part: &str| {
            let sent = world.luup.requests();
            sent.iter().filter(|query| query.contains(part)).count()
        };
        world.luup.requests();
        s.set(&[(FREQUENCY, Number, "70")], "");
        assert_eq!(frequency().as_deref(), Some("70"), "by the action");
        assert_eq!(sent("variableset"), 0);
        world.luup.refuse("SetPoll", "ERROR: No implementation");
        s.set(&[(FREQUENCY, Number, "80"), (POLL, Number, "77")], "");
        assert_eq!(frequency().as_deref(), Some("80"));
        let poll = || world.luup.get(12, "ZWaveDevice1", "PollSettings");
        assert_eq!(poll().as_deref(), Some("77"));
        assert_eq!(
            (s.value(FREQUENCY), s.value(POLL)),
            ("80".into(), "77".into())
        );
        // And taken back so.
        world.luup.refuse("UseMR", "Bad Device");
        let both = [(FREQUENCY, Number, "90"), (ROUTING, Boolean, "0")];
        s.set_refused(&both, "");
        assert_eq!(frequency().as_deref(), Some("80"));
        // One that it has and does not do says why.
        world
            .luup
            .refuse("SetPoll", "ERROR: Invalid service/action/device");
        world.luup.requests();
        let fault = s.set_refused(&[(FREQUENCY, Number, "90")], "");
        assert_eq!(fault.parameters[0].code, 9007);
        assert_eq!(
            (frequency().as_deref(), sent("variableset")),
            (Some("80"), 0)
        );
        s.end();
    });
    drop(agent);
}

#[test]
fn z25_an_engine_that_is_away_or_hangs_is_a_fault_in_time() {
    let mut world = World::new();
    let agent = world.home.start();
    world.acs.quiet_session();
    for mood in [
        Mood::Silent,
        Mood::Stuck,
        Mood::Empty,
        Mood::Says("Exiting".into()),
        Mood::Status(503),
    ] {
        world.luup.mood(mood.clone());
        let start = Instant::now();
        world.session(&agent, |s| {
            let fault = s.set_refused(&[(INTERVAL, Number, "7777"), (WAKE_UP, Number, "1")], "");
            assert_eq!(fault.code, 9002, "{mood:?}");
            assert_ne!(s.value(INTERVAL), "7777");
        });
        assert!(start.elapsed() < Duration::from_secs(25), "{mood:?}");
        world.luup.mood(Mood::Well);
        world.session(&agent, |s| assert_eq!(s.value(WAKE_UP), "720", "{mood:?}"));
        assert_eq!(world.wake_up().as_deref(), Some("720"));
    }
    world.luup.down();
    world.session(&agent, |s| {
        assert_eq!(s.set_refused(&[(WAKE_UP, Number, "1")], "").code, 9002);
    });
    world.luup.up();
    world.home.set_uci("luup", "enable", "0");
    wait_for("the configuration", || {
        let refused = world.home.run(&["set", WAKE_UP, "1"]);
        refused.err.contains("luup.enable").then_some(())
    });
}

#[test]
fn z25_what_is_to_be_taken_back_first_does_not_park_the_next_request_for_ever() {
    const ROUTING: &str = "Device.Zwave.Network.ManualRouting";
    let world = World::new();
    world.home.set_uci("luup", "timeout", "10");
    let agent = world.home.start();
    world.acs.quiet_session();
    agent.until_idle();
    // The session does not wait for this fetch, which says nothing of what comes now.
    world.luup.mood(Mood::Slow(Duration::from_secs(5)));
    world.session(&agent, |s| {
        world.luup.mood(Mood::Well);
        world.luup.refuse("UseMR", "Exiting");
        let both = [(WAKE_UP, Number, "1800"), (ROUTING, Boolean, "0")];
        assert_eq!(s.set_refused(&both, "").code, 9002);
        assert_eq!(world.wake_up().as_deref(), Some("1800"), "it is left");
        world.luup.refuse("UseMR", "");
        assert_eq!(s.set(&[(WAKE_UP, Number, "2400")], ""), Status::Pending);
        assert_eq!(world.wake_up().as_deref(), Some("2400"));
    });
    agent.stop();
}

#[test]
fn z75_an_engine_that_never_takes_back_does_not_lock_all_others_out() {
    const ROUTING: &str = "Device.Zwave.Network.ManualRouting";
    let world = World::new();
    let agent = world.home.start();
    world.acs.quiet_session();
    world
        .luup
        .refuse("WakeupInterval&Value=720", "<html>500</html>");
    world.luup.refuse("UseMR", "ERROR: not this one");
    world.session(&agent, |s| {
        let both = [(WAKE_UP, Number, "1800"), (ROUTING, Boolean, "0")];
        assert_eq!(s.set_refused(&both, "").code, 9003);
        assert_eq!(world.wake_up().as_deref(), Some("1800"), "it is left");
        let is_refused = |s: &mut Session<'_>| {
            let told = s.call(set_parameter_values(&[(POLL, Number, "77")], ""));
            matches!(told, Message::Fault(_))
        };
        let tries = (0..30).take_while(|_| is_refused(s)).count();
        assert!((3..20).contains(&tries), "{tries}");
    });
    agent.wait_for_log("stay as they are");
    agent.stop();
    // Nor does the next run begin again.
    let agent = world.home.start();
    world.session(&agent, |s| {
        s.set(&[(POLL, Number, "88")], "");
    });
    agent.stop();
}

#[test]
fn z26_what_nobody_was_promised_is_taken_back_after_a_kill_or_a_power_cut() {
    for cut in [false, true] {
        let world = World::new();
        let mut agent = world.home.start();
        world.acs.quiet_session();
        agent.until_idle();
        world.kill_amid_a_change(&mut agent);
        if cut {
            world.home.power_cycle();
        }
        let agent = world.home.start();
        wait_for("the value of before", || {
            (world.wake_up().as_deref() == Some("720")).then_some(())
        });
        // It opens one by itself: after a power cut, and as the one that the kill cut off.
        world.acs.session(|s| {
            s.inform();
            assert_eq!(s.value(WAKE_UP), "720");
            // And nothing is taken back any more.
            s.set(&[(WAKE_UP, Number, "1800")], "");
            s.end();
        });
        agent.stop();
        let agent = world.home.start();
        world.session(&agent, |s| assert_eq!(s.value(WAKE_UP), "1800"));
        assert_eq!(world.wake_up().as_deref(), Some("1800"));
    }
}

#[test]
fn z26_settings_that_actions_made_are_taken_back_as_variables_are() {
    const DELAY: &str = "Device.Zwave.Network.PollMinDelay";
    for lacks_action in [false, true] {
        let world = World::new();
        world.home.set_uci("luup", "timeout", "10");
        if lacks_action {
            world.luup.refuse("SetPoll", "ERROR: No implementation");
        }
        let mut agent = world.home.start();
        world.acs.quiet_session();
        agent.until_idle();
        let polling = |variable| world.luup.get(1, "ZWaveNetwork1", variable);
        let poll = || {
            let poll = world.luup.get(12, "ZWaveDevice1", "PollSettings");
            poll.unwrap_or_default()
        };
        let all = || (polling("PollFrequency"), polling("PollMinDelay"), poll());
        let before = all();
        assert_eq!(before.2, "", "one that was never set");
        let values = [
            (FREQUENCY, Number, "77"),
            (DELAY, Number, "33"),
            (POLL, Number, "88"),
            (WAKE_UP, Number, "1800"),
        ];
        world.kill_amid(&mut agent, &values, &|| poll() == "88");
        assert_ne!(all(), before);
        let agent = world.home.start();
        wait_for("the settings of before", || (all() == before).then_some(()));
        assert_eq!(agent.get(FREQUENCY), before.0.unwrap());
    }
}

#[test]
fn z26_what_somebody_else_has_set_since_stays() {
    let world = World::new();
    let mut agent = world.home.start();
    world.acs.quiet_session();
    world.kill_amid_a_change(&mut agent);
    world.luup.set(12, "ZWaveDevice1", "WakeupInterval", "60");
    let agent = world.home.start();
    agent.wait_for_log("need not be taken back");
    assert_eq!(world.wake_up().as_deref(), Some("60"));
}

#[test]
fn z26_an_agent_that_is_stopped_meanwhile_answers_or_takes_back() {
    let world = World::new();
    let agent = world.home.start();
    world.acs.quiet_session();
    agent.inform();
    world.acs.session(|s| {
        s.inform();
        world.luup.mood(Mood::Slow(Duration::from_millis(300)));
        let values = [(WAKE_UP, Number, "1800")];
        s.ask(set_parameter_values(&values, "key"));
        wait_for("the value to be taken", || {
            (world.wake_up().as_deref() == Some("1800")).then_some(())
        });
        agent.signal("TERM");
        let answer = s.receive().envelope.map(|envelope| envelope.body);
        let status = Status::Pending;
        assert_eq!(answer, Some(Message::SetParameterValuesResponse { status }));
        s.end();
    });
    assert_eq!(agent.stop().code(), Some(0));
    world.luup.mood(Mood::Well);
    let agent = world.home.start();
    world.session(&agent, |s| assert_eq!(s.value(WAKE_UP), "1800"));
}

#[test]
fn z27_the_user_of_the_box_waits_for_the_engine_too() {
    let mut world = World::new();
    let agent = world.home.start();
    world.acs.session(|s| {
        s.inform();
        s.notify(WAKE_UP, 2);
        s.end();
    });
    agent.set(WAKE_UP, "1800");
    assert_eq!(world.wake_up().as_deref(), Some("1800"));
    assert_eq!(agent.get(WAKE_UP), "1800");
    world.acs.session(|s| {
        let inform = s.inform();
        assert_eq!(events(&inform), ["4 VALUE CHANGE"]);
        s.end();
    });
    world.luup.remove(20);
    let both = [
        "set",
        WAKE_UP,
        "60",
        "Zwave.Interface.20.WakeUpInterval",
        "60",
    ];
    let refused = world.home.run(&both);
    assert!(refused.err.contains("Bad Device"), "{}", refused.err);
    assert_eq!(world.wake_up().as_deref(), Some("1800"));
    world.luup.down();
    let refused = world.home.run(&["set", WAKE_UP, "60"]);
    assert_ne!(refused.code, 0);
    assert!(refused.err.contains("cannot be reached"), "{}", refused.err);
    assert_eq!(agent.get(WAKE_UP), "1800");
}

#[test]
fn z09_a_device_keeps_its_name_and_its_room() {
    let world = World::new();
    let agent = world.home.start();
    world.acs.session(|s| {
        s.inform();
        world.luup.requests();
        for bad in [(NAME, Text, ""), (NAME, Text, " "), (ROOM, Number, "99")] {
            let fault = s.set_refused(&[(WAKE_UP, Number, "1"), bad], "");
            assert_eq!(fault.parameters[0].code, 9007, "{bad:?}");
        }
        assert_eq!(world.luup.requests(), [""; 0], "nothing was sent");
        s.set(&[(ROOM, Number, "0")], "");
        let lamp = world.luup.device(12).unwrap();
        assert_eq!(lamp.room, 0);
        assert_ne!(lamp.name, "", "it goes along");
        s.end();
    });
    let polled = [("Device.Zwave.Network.PollingEnabled", Boolean, "0")];
    world.session(&agent, |s| s.set(&polled, ""));
    let enabled = world.luup.get(1, "ZWaveNetwork1", "PollingEnabled");
    assert_eq!(enabled.as_deref(), Some("0"));
}
