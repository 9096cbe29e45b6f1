//! Maintenance of the Z-Wave network as an ACS asks for it, and alarms of its home: the real program
//! beside an engine.

use std::time::{Duration, Instant};

use cwmpd::base::xsd::XsdType;
use cwmpd::soap::{Inform, Status};
use cwmpd_lab::acs::{AcsOptions, ScriptedAcs, Session};
use cwmpd_lab::home::{Daemon, Home, free_port, wait_for};
use cwmpd_lab::luup::{Alert, FakeLuup, Job, JobState, Mood, Work};

const NETWORK: &str = "Device.Zwave.Network";
const COMPLETED: &str = "8 DIAGNOSTICS COMPLETE";

struct Site {
    luup: FakeLuup,
    acs: ScriptedAcs,
    home: Home,
}

impl Site {
    fn new() -> Self {
        let luup = FakeLuup::start();
        luup.work(Work::WhenTold);
        let acs = ScriptedAcs::start(AcsOptions::default());
        let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
        home.set_acs(&acs.url());
        // The address for requests stays over a restart.
        home.set_uci("cpe", "port", &free_port().to_string());
        home.set_uci("cpe", "periodic_notify_interval", "1");
        home.set_uci("luup", "enable", "1");
        home.set_uci("luup", "maintenance", "1");
        home.set_uci("luup", "url", &luup.url());
        Self { luup, acs, home }
    }

    fn start(&self) -> Daemon<'_> {
        let agent = self.home.start();
        assert_eq!(self.acs.quiet_session(), ["0 BOOTSTRAP", "1 BOOT"]);
        agent
    }

    /// A session in which the ACS does this.
    fn session<T>(&self, agent: &Daemon<'_>, act: impl FnOnce(&mut Session<'_>) -> T) -> T {
        agent.inform();
        self.acs.session(|s| {
            s.inform();
            let done = act(s);
            s.end();
            done
        })
    }

    /// The ACS asks for a command.
    fn request(&self, agent: &Daemon<'_>, command: &str, values: &[(&str, XsdType, &str)]) {
        self.session(agent, |s| {
            let state = state(command);
            let names: Vec<String> = values
                .iter()
                .map(|(name, ..)| format!("{NETWORK}.{command}.{name}"))
                .collect();
            let values = values.iter().zip(&names);
            let mut set: Vec<_> = values
                .map(|((_, of, to), name)| (&**name, *of, *to))
                .collect();
            set.push((&state, XsdType::String, "Requested"));
            assert_eq!(s.set(&set, "key"), Status::Applied);
            assert_eq!(s.value(&state), "Requested");
        });
    }

    /// What the session that tells of the end says of the command.
    fn ended(&self, command: &str) -> (String, String) {
        self.acs.session(|s| {
            assert_eq!(events(&s.inform()), [COMPLETED]);
            let ended = (
                s.value(&state(command)),
                s.value(&format!("{NETWORK}.{command}.Message")),
            );
            s.end();
            ended
        })
    }

    fn job(&self, number: usize) -> Job {
        wait_for("the job", || self.luup.jobs().into_iter().nth(number))
    }
}

fn state(command: &str) -> String {
    format!("{NETWORK}.{command}.State")
}

fn events(inform: &Inform) -> Vec<String> {
    let events = inform.event.iter();
    events.map(|event| event.event_code.clone()).collect()
}

#[test]
fn z34_the_network_is_healed_after_the_session_and_the_acs_hears_of_its_end() {
    let site = Site::new();
    let agent = site.start();
    site.request(&agent, "Heal", &[]);
    let job = site.job(0);
    assert_eq!((job.device, &*job.action), (1, "HealNetwork"));
    site.luup
        .job_goes(job.id, JobState::Running, "node 5 of 12");
    assert_eq!(agent.get(&state("Heal")), "Requested");
    site.luup.job_goes(job.id, JobState::Done, "12 nodes");
    let ended = ("Complete".to_owned(), "12 nodes".to_owned());
    assert_eq!(site.ended("Heal"), ended);
    assert_eq!(site.luup.jobs().len(), 1);
    // Another time it fails.
    site.request(&agent, "Heal", &[]);
    let job = site.job(1);
    site.luup.job_goes(job.id, JobState::Error, "");
    assert_eq!(site.ended("Heal").0, "Error_Failed");
    agent.stop();
}

#[test]
fn z34_a_command_that_is_called_off_tells_of_no_end_and_the_next_one_begins() {
    let site = Site::new();
    let agent = site.start();
    let node = "Device.Zwave.Interface.12";
    site.request(&agent, "Poll", &[("Interface", XsdType::String, node)]);
    let job = site.job(0);
    assert_eq!((job.device, &*job.action), (12, "Poll"));
    site.session(&agent, |s| {
        let name = format!("{NETWORK}.Poll.Interface");
        let other = "Device.Zwave.Interface.4.";
        s.set(&[(&name, XsdType::String, other)], "key");
        assert_eq!(s.value(&state("Poll")), "None");
    });
    site.request(&agent, "Poll", &[]);
    let job = site.job(1);
    assert_eq!((job.device, &*job.action), (4, "Poll"));
    site.luup.job_goes(job.id, JobState::Done, "");
    assert_eq!(site.ended("Poll").0, "Complete");
    // The first is not told of after all.
    assert!(site.acs.is_left_alone_for(Duration::from_secs(3)));
    agent.stop();
}

#[test]
fn z35_a_failed_node_is_removed_and_one_that_is_well_is_not() {
    let site = Site::new();
    let agent = site.start();
    let node = [("Interface", XsdType::String, "Device.Zwave.Interface.12")];
    site.request(&agent, "RemoveFailed", &node);
    assert_eq!(site.ended("RemoveFailed").0, "Error_NotFailed");
    assert_eq!(site.luup.jobs(), []);
    site.luup.set(12, "HaDevice1", "CommFailure", "1");
    site.request(&agent, "RemoveFailed", &node);
    let job = site.job(0);
    assert_eq!((job.device, &*job.action), (12, "Remove"));
    site.luup.job_goes(job.id, JobState::Done, "");
    assert_eq!(site.ended("RemoveFailed").0, "Complete");
    assert_eq!(agent.get(&format!("{NETWORK}.RemoveFailed.Devices")), "12");
    let there = site.home.run(&["get", "Device.Zwave.Interface.12."]);
    assert_ne!(there.code, 0, "{there:?}");
    let node = [("Interface", XsdType::String, "Device.Zwave.Interface.99")];
    site.request(&agent, "RemoveFailed", &node);
    assert_eq!(site.ended("RemoveFailed").0, "Error_InvalidInterface");
    agent.stop();
}

#[test]
fn z35_nodes_are_included_for_a_time_and_the_end_of_it_is_said_to_the_engine() {
    let site = Site::new();
    let agent = site.start();
    site.luup.requests();
    let time = [("Timeout", XsdType::UnsignedInt, "4")];
    site.request(&agent, "Include", &time);
    let job = site.job(0);
    assert_eq!((job.device, &*job.action), (1, "AddNodes"));
    assert_eq!(site.ended("Include").0, "Error_Timeout");
    let asked = site.luup.requests();
    let asked: Vec<&String> = asked.iter().filter(|q| q.contains("AddNodes")).collect();
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert!(asked[0].contains("NodeType=Any") && asked[0].contains("Timeout=4"));
    assert!(asked[1].contains("NodeType=Stop"));
    // Another time somebody presses the button.
    site.request(&agent, "Include", &time);
    let job = wait_for("the job", || {
        let mut jobs = site.luup.jobs().into_iter().skip(2);
        jobs.find(|job| job.action == "AddNodes")
    });
    let mut device = site.luup.device(4).unwrap();
    (device.id, device.altid) = (77, "33".to_owned());
    site.luup.add(device);
    site.luup.job_goes(job.id, JobState::Done, "");
    assert_eq!(site.ended("Include").0, "Complete");
    assert_eq!(agent.get(&format!("{NETWORK}.Include.Devices")), "77");
    assert_eq!(agent.get("Device.Zwave.Interface.77.NodeID"), "33");
    agent.stop();
}

#[test]
fn z35_a_node_that_is_excluded_is_named_and_where_none_went_that_is_told() {
    let site = Site::new();
    let agent = site.start();
    site.luup.requests();
    let time = [("Timeout", XsdType::UnsignedInt, "60")];
    site.request(&agent, "Exclude", &time);
    let job = site.job(0);
    assert_eq!((job.device, &*job.action), (1, "RemoveNodes"));
    site.luup.remove(4);
    site.luup.job_goes(job.id, JobState::Done, "");
    assert_eq!(site.ended("Exclude").0, "Complete");
    assert_eq!(agent.get(&format!("{NETWORK}.Exclude.Devices")), "4");
    let there = site.home.run(&["get", "Device.Zwave.Interface.4."]);
    assert_ne!(there.code, 0, "{there:?}");
    let asked = site.luup.requests();
    let asked: Vec<&String> = asked.iter().filter(|q| q.contains("RemoveNodes")).collect();
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert!(asked[0].contains("NodeType=Any") && asked[0].contains("Timeout=60"));
    assert!(asked[1].contains("NodeType=Stop"));
    // Another time nobody presses the button.
    site.request(&agent, "Exclude", &time);
    let job = site.job(2);
    site.luup.job_goes(job.id, JobState::Done, "");
    assert_eq!(site.ended("Exclude").0, "Error_NoDevice");
    assert_eq!(agent.get(&format!("{NETWORK}.Exclude.Devices")), "");
    agent.stop();
}

#[test]
fn z60_a_command_that_names_what_is_no_node_is_not_one_for_all() {
    let site = Site::new();
    let agent = site.start();
    for none in [
        "Device.Zwave.Interface.99.",
        "Device.Zwave.",
        "Interface.12",
    ] {
        let node = [("Interface", XsdType::String, none)];
        site.request(&agent, "UpdateNeighbors", &node);
        let (word, message) = site.ended("UpdateNeighbors");
        assert_eq!(word, "Error_InvalidInterface", "{none}: {message}");
    }
    assert_eq!(site.luup.jobs(), []);
    for (path, argument) in [("Device.Zwave.Interface.12", "&Device=12"), ("", "")] {
        site.luup.requests();
        let before = site.luup.jobs().len();
        let node = [("Interface", XsdType::String, path)];
        site.request(&agent, "UpdateNeighbors", &node);
        site.luup.job_goes(site.job(before).id, JobState::Done, "");
        assert_eq!(site.ended("UpdateNeighbors").0, "Complete");
        let asked = site.luup.requests();
        let told = format!("action=UpdateNeighbors{argument}");
        assert!(
            asked.iter().any(|query| query.ends_with(&told)),
            "{asked:?}"
        );
    }
    agent.stop();
}

#[test]
fn z36_an_action_that_is_refused_is_told_with_the_reason() {
    let site = Site::new();
    site.luup.refuse("HealNetwork", "ERROR: No implementation");
    let agent = site.start();
    site.request(&agent, "Heal", &[]);
    let (word, message) = site.ended("Heal");
    assert_eq!(word, "Error_Refused");
    assert!(message.contains("No implementation"), "{message}");
    agent.stop();
}

#[test]
fn z36_an_engine_that_starts_anew_meanwhile_is_told() {
    let site = Site::new();
    let agent = site.start();
    site.request(&agent, "Heal", &[]);
    site.job(0);
    site.luup.reload();
    assert_eq!(site.ended("Heal").0, "Error_Interrupted");
    agent.stop();
}

#[test]
fn z79_a_command_waits_for_an_engine_that_starts() {
    let site = Site::new();
    site.luup.set(12, "HaDevice1", "CommFailure", "1");
    let agent = site.start();
    let node = [("Interface", XsdType::String, "Device.Zwave.Interface.12")];
    for (command, values) in [("Heal", &[][..]), ("RemoveFailed", &node)] {
        site.luup.mood(Mood::Starting);
        site.luup.requests();
        site.request(&agent, command, values);
        // For the session, and for the command.
        let is_look = |query: &&String| query.starts_with("id=status&output_format=json");
        let mut looks = 0;
        wait_for("it to look", || {
            looks += site.luup.requests().iter().filter(is_look).count();
            (looks >= 2).then_some(())
        });
        site.luup.mood(Mood::Well);
        let job = site.job(usize::from(command != "Heal"));
        site.luup.job_goes(job.id, JobState::Done, "");
        assert_eq!(site.ended(command).0, "Complete");
    }
    agent.stop();
}

#[test]
fn z36_a_kill_in_the_midst_ends_it_and_nothing_is_done_twice() {
    let site = Site::new();
    let agent = site.start();
    site.request(&agent, "Heal", &[]);
    site.job(0);
    agent.kill();
    let agent = site.home.start();
    assert_eq!(site.ended("Heal").0, "Error_Interrupted");
    assert_eq!(site.luup.jobs().len(), 1);
    // Nor is one that still waits for the engine.
    site.luup.refuse("id=status", "Exiting");
    site.request(&agent, "UpdateNetwork", &[]);
    agent.wait_for_log("UpdateNetwork.State: begins");
    agent.kill();
    site.luup.refuse("id=status", "");
    let agent = site.home.start();
    assert_eq!(site.ended("UpdateNetwork").0, "Error_Interrupted");
    assert_eq!(site.luup.jobs().len(), 1);
    agent.stop();
}

#[test]
fn z36_an_agent_that_is_stopped_in_the_midst_tells_of_it_when_it_is_back() {
    let site = Site::new();
    let agent = site.start();
    site.request(&agent, "Exclude", &[]);
    site.job(0);
    let stopping = Instant::now();
    assert_eq!(agent.stop().code(), Some(0));
    assert!(stopping.elapsed() < Duration::from_secs(5));
    let agent = site.home.start();
    let (word, _) = site.ended("Exclude");
    assert_eq!(word, "Error_Interrupted");
    let asked = site.luup.requests();
    let begun = asked.iter().filter(|q| q.contains("NodeType=Any"));
    assert_eq!(begun.count(), 1, "{asked:?}");
    assert!(site.acs.is_left_alone_for(Duration::from_secs(2)));
    agent.stop();
}

#[test]
fn z37_where_maintenance_is_not_allowed_it_is_refused_with_the_reason() {
    let site = Site::new();
    site.home.set_uci("luup", "maintenance", "0");
    let agent = site.start();
    site.session(&agent, |s| {
        let state = state("Heal");
        let fault = s.set_refused(&[(&state, XsdType::String, "Requested")], "key");
        let refused = &fault.parameters[0];
        assert_eq!((fault.code, refused.code), (9003, 9007));
        assert!(refused.string.contains("luup.maintenance"), "{refused:?}");
        assert_eq!(s.value(&state), "None");
    });
    assert_eq!(site.luup.jobs(), []);
    agent.stop();
}

#[test]
fn z38_alarms_come_and_go_and_the_acs_hears_of_each() {
    const COUNT: &str = "Device.FaultMgmt.CurrentAlarmNumberOfEntries";
    const EVENT: &str = "Device.FaultMgmt.ExpeditedEvent";
    let site = Site::new();
    let agent = site.start();
    // A node of the sample fails from the start.
    site.session(&agent, |s| {
        assert_eq!(s.value(COUNT), "1");
        s.notify(COUNT, 2);
    });
    let told = |what: &str, count: &str| {
        site.acs.session(|s| {
            let inform = s.inform();
            assert_eq!(events(&inform), ["4 VALUE CHANGE"], "{what}");
            assert_eq!(s.value(COUNT), count, "{what}");
            s.end();
        });
    };
    site.luup.set(12, "HaDevice1", "CommFailure", "1");
    told("a node fails", "2");
    let of = |event: u32, name: &str| agent.get(&format!("{EVENT}.{event}.{name}"));
    assert_eq!(of(2, "ManagedObjectInstance"), "Device.Zwave.Interface.12");
    assert_eq!(of(2, "NotificationType"), "NewAlarm");
    assert_eq!(of(2, "PerceivedSeverity"), "Major");
    assert_eq!(of(3, "EventTime"), "0001-01-01T00:00:00Z");
    site.luup.set(12, "HaDevice1", "BatteryLevel", "7");
    told("a battery is low", "3");
    site.luup.warn(vec![Alert {
        pk_alert: "4711".to_owned(),
        device: 12,
        room: 2,
        device_name: "Door".to_owned(),
        device_type: String::new(),
        severity: 3,
        local_timestamp: 1_445_000_000,
        code: "DL_ARMEDTRIPPED".to_owned(),
        new_value: "1".to_owned(),
        description: "The door opens".to_owned(),
    }]);
    told("the engine warns", "4");
    assert_eq!(
        agent.get("Device.FaultMgmt.QueuedEvent.1.AdditionalText"),
        "The door opens"
    );
    site.luup.set(12, "HaDevice1", "CommFailure", "0");
    told("the node is well again", "3");
    assert_eq!(of(4, "NotificationType"), "ClearedAlarm");
    assert_eq!(of(4, "PerceivedSeverity"), "Cleared");
    agent.stop();
}

#[test]
fn z64_an_engine_that_is_switched_off_leaves_no_alarm() {
    const COUNT: &str = "FaultMgmt.CurrentAlarmNumberOfEntries";
    let site = Site::new();
    let agent = site.start();
    assert_eq!(agent.get(COUNT), "1", "a node of the sample fails");
    for (enable, count) in [("0", "0"), ("1", "1")] {
        site.home.set_uci("luup", "enable", enable);
        agent.signal("HUP");
        site.session(&agent, |s| {
            assert_eq!(s.value(&format!("Device.{COUNT}")), count);
        });
    }
    let event = |number: u32| {
        let path = format!("FaultMgmt.HistoryEvent.{number}.NotificationType");
        agent.get(&path)
    };
    let events = [event(1), event(2), event(3)];
    assert_eq!(events, ["NewAlarm", "ClearedAlarm", "NewAlarm"]);
    agent.stop();
}
