//! What the ACS orders for after its session: done once, whenever the power is cut; or the ACS is
//! told why not, and management goes on at once.

use std::time::{Duration, Instant};

use cwmpd::base::xsd::XsdType;
use cwmpd::soap::Message;
use cwmpd_lab::acs::{AcsOptions, CALLER, ScriptedAcs, request_connection};
use cwmpd_lab::home::{Daemon, Home, wait_for};

const LAST_FAILURE: &str = "Device.ManagementServer.X_CWMPD_LastFailure";
const ZONE: &str = "Device.Time.LocalTimeZone";

/// Stored by the agent, so that it shows whether the store is wiped.
const STORED: &str = "Device.ManagementServer.DefaultActiveNotificationThrottle";

/// Beyond what the box waits before it reboots.
const SOON: Duration = Duration::from_secs(15);

fn home(acs: &ScriptedAcs) -> Home {
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    home.write_config("system", "config system\n\toption timezone 'UTC'\n");
    home.set_acs(&acs.url());
    home.set_caller();
    home
}

fn reboot() -> Message {
    Message::Reboot {
        command_key: "key".to_owned(),
    }
}

/// A session of the box in which the ACS makes these calls; its events.
fn session(acs: &ScriptedAcs, calls: &[Message]) -> Vec<String> {
    acs.session(|s| {
        let events = s.inform().event;
        for call in calls {
            let answer = s.call(call.clone());
            assert_eq!(answer.name(), format!("{}Response", call.name()));
        }
        s.end();
        events.into_iter().map(|e| e.event_code).collect()
    })
}

/// The next session brings this failure as a value change.
fn is_told(acs: &ScriptedAcs, parts: &[&str]) {
    acs.session(|s| {
        let inform = s.inform();
        assert!(
            inform
                .event
                .iter()
                .any(|e| e.event_code == "4 VALUE CHANGE")
        );
        let told = inform
            .parameter_list
            .iter()
            .find(|p| p.name == LAST_FAILURE);
        let told = told.map(|p| p.value.clone()).unwrap_or_default();
        for part in parts {
            assert!(told.contains(part), "{told}");
        }
        s.end();
    });
}

fn ran(home: &Home, programs: &[&str]) {
    wait_for("the programs to run", || {
        (home.programs() == programs).then_some(())
    });
}

/// The first session, in which the ACS leaves a value in the store.
fn first_contact(acs: &ScriptedAcs, agent: &Daemon<'_>) {
    acs.session(|s| {
        s.inform();
        s.set(&[(STORED, XsdType::UnsignedInt, "1")], "before");
        s.end();
    });
    wait_for("the end of the session", || {
        agent.status().contains("success").then_some(())
    });
    // Another port would be another URL, and so a change that the ACS is told of.
    agent.keep_port();
}

/// The box comes up as from the factory.
fn is_factory_new(home: &Home, acs: &ScriptedAcs) {
    home.power_cycle();
    let agent = home.start();
    acs.session(|s| {
        let events = s.inform().event;
        let codes: Vec<_> = events.iter().map(|e| &*e.event_code).collect();
        assert_eq!(codes, ["0 BOOTSTRAP", "1 BOOT"]);
        assert_eq!(s.value(STORED), "0");
        assert_eq!(s.value("Device.ManagementServer.ParameterKey"), "");
        s.end();
    });
    wait_for("the end of the session", || {
        agent.status().contains("promised:      none").then_some(())
    });
    assert_eq!(home.programs(), [""; 0], "once");
}

#[test]
fn f03_a_factory_reset_cut_right_after_its_response_is_done_once() {
    for power in [false, true] {
        let acs = ScriptedAcs::start(AcsOptions::default());
        let home = home(&acs);
        let agent = home.start();
        first_contact(&acs, &agent);
        agent.inform();
        acs.session(|s| {
            s.inform();
            s.call(Message::FactoryReset);
            agent.kill();
            s.end();
        });
        assert_eq!(home.programs(), [""; 0]);
        if power {
            home.power_cycle();
        }
        let agent = home.start();
        ran(&home, &["jffs2reset -y", "reboot"]);
        agent.kill();
        is_factory_new(&home, &acs);
    }
}

#[test]
fn f03_a_factory_reset_cut_between_its_session_and_the_reset_is_done_once() {
    for power in [false, true] {
        let acs = ScriptedAcs::start(AcsOptions::default());
        let home = home(&acs);
        let agent = home.start();
        first_contact(&acs, &agent);
        agent.inform();
        session(&acs, &[Message::FactoryReset]);
        agent.wait_for_log("resetting to factory state in 5 s");
        agent.kill();
        assert_eq!(home.programs(), [""; 0]);
        if power {
            home.power_cycle();
        }
        let agent = home.start();
        ran(&home, &["jffs2reset -y", "reboot"]);
        agent.kill();
        is_factory_new(&home, &acs);
    }
}

#[test]
fn f03_a_factory_reset_cut_after_its_program_or_within_the_reboot_ends_whole() {
    let log = |home: &Home, name: &str| {
        let commands = home.config_dir().with_file_name("commands");
        format!("echo {name} >>'{}'", commands.display())
    };
    for program in ["jffs2reset", "reboot"] {
        let acs = ScriptedAcs::start(AcsOptions::default());
        let home = home(&acs);
        let mut agent = home.start();
        first_contact(&acs, &agent);
        agent.inform();
        // The first run ends with the agent's end, later ones as they should.
        let once = home.config_dir().with_file_name("once");
        let once = once.display();
        let script = format!(
            "{}; [ -e '{once}' ] && exit 0; touch '{once}'; kill -9 $PPID",
            log(&home, program)
        );
        home.set_command(program, &script);
        session(&acs, &[Message::FactoryReset]);
        agent.wait();
        drop(agent);
        let agent = home.start();
        let expected: &[&str] = match program {
            "jffs2reset" => &["jffs2reset", "jffs2reset", "reboot"],
            _ => &["jffs2reset -y", "reboot", "reboot"],
        };
        ran(&home, expected);
        agent.kill();
        is_factory_new(&home, &acs);
    }
}

#[test]
fn f03_a_reset_program_that_fails_wipes_nothing_and_the_acs_is_told_at_once() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    home.set_command("jffs2reset", "exit 7");
    let agent = home.start();
    first_contact(&acs, &agent);
    agent.inform();
    session(&acs, &[Message::FactoryReset]);
    let start = Instant::now();
    is_told(&acs, &["FactoryReset: ", "jffs2reset", "exit status: 7"]);
    assert!(start.elapsed() < SOON);
    assert_eq!(home.programs(), [""; 0], "no reboot");
    agent.inform();
    acs.session(|s| {
        assert_eq!(s.inform().event[0].event_code, "6 CONNECTION REQUEST");
        assert_eq!(s.value(STORED), "1");
        assert!(s.value(LAST_FAILURE).contains("exit status: 7"));
        s.end();
    });
    // It is forgotten: no restart tries it again.
    wait_for("the end of the session", || {
        agent.status().contains("promised:      none").then_some(())
    });
    agent.kill();
    home.power_cycle();
    let _agent = home.start();
    assert_eq!(session(&acs, &[]), ["1 BOOT"]);
}

#[test]
fn f03_what_the_box_has_no_program_for_is_refused_with_words() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    home.remove_command("jffs2reset");
    home.remove_command("firstboot");
    let agent = home.start();
    acs.session(|s| {
        s.inform();
        let fault = s.refused(Message::FactoryReset);
        assert_eq!(fault.code, 9002);
        assert!(fault.string.contains("jffs2reset"), "{}", fault.string);
        // A reset that could not end in a reboot is none.
        home.set_command("jffs2reset", "exit 0");
        home.remove_command("reboot");
        for call in [Message::FactoryReset, reboot()] {
            let fault = s.refused(call);
            assert_eq!(fault.code, 9002);
            assert!(fault.string.contains("no reboot"), "{}", fault.string);
        }
        s.end();
    });
    assert!(acs.is_left_alone_for(Duration::from_millis(300)));
    let status = agent.status();
    assert!(status.contains("promised:      none"), "{status}");
}

#[test]
fn f03_a_reset_whose_reboot_fails_is_told_to_the_acs_as_a_new_box() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    home.set_command("reboot", "exit 1");
    let agent = home.start();
    first_contact(&acs, &agent);
    agent.inform();
    session(&acs, &[Message::FactoryReset]);
    acs.session(|s| {
        let inform = s.inform();
        assert_eq!(inform.event[0].event_code, "0 BOOTSTRAP");
        assert_eq!(s.value(STORED), "0");
        assert!(s.value(LAST_FAILURE).starts_with("Reboot: "));
        s.end();
    });
    assert_eq!(home.programs(), ["jffs2reset -y"]);
}

#[test]
fn f04_a_reboot_command_that_fails_does_not_mute_the_box() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    home.set_command("reboot", "exit 3");
    let agent = home.start();
    first_contact(&acs, &agent);
    agent.inform();
    session(&acs, &[reboot()]);
    // While it is to come, and once it has failed.
    let url = agent.connection_request_url();
    assert_eq!(request_connection(&url, CALLER.0, CALLER.1).unwrap(), 200);
    let start = Instant::now();
    let events = acs.session(|s| {
        let inform = s.inform();
        let told = |event: &cwmpd::soap::EventStruct| event.event_code.clone();
        let events: Vec<_> = inform.event.iter().map(told).collect();
        assert!(s.value(LAST_FAILURE).contains("exit status: 3"));
        s.end();
        events
    });
    assert!(
        events.contains(&"6 CONNECTION REQUEST".to_owned()),
        "{events:?}"
    );
    assert!(start.elapsed() < SOON);
    wait_for("the end of the session", || {
        agent.status().contains("promised:      none").then_some(())
    });
    // The reboot that is done clears the words, which is no news.
    home.set_command("reboot", "exit 0");
    agent.inform();
    session(&acs, &[reboot()]);
    agent.wait_for_log("rebooting in 5 s");
    agent.kill();
    home.power_cycle();
    let _agent = home.start();
    acs.session(|s| {
        let events = s.inform().event;
        let codes: Vec<_> = events.iter().map(|e| &*e.event_code).collect();
        assert_eq!(codes, ["1 BOOT", "M Reboot"]);
        assert_eq!(s.value(LAST_FAILURE), "");
        s.end();
    });
}

#[test]
fn f03_a_reboot_whose_program_was_killed_is_still_to_be_done_in_this_boot_alone() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    let agent = home.start();
    first_contact(&acs, &agent);
    agent.inform();
    session(&acs, &[reboot()]);
    agent.wait_for_log("rebooting in 5 s");
    agent.kill();
    let agent = home.start();
    ran(&home, &["reboot"]);
    assert!(
        acs.is_left_alone_for(Duration::from_millis(300)),
        "not a boot"
    );
    agent.kill();
    home.power_cycle();
    let _agent = home.start();
    assert_eq!(session(&acs, &[]), ["1 BOOT", "M Reboot"]);
    assert_eq!(home.programs(), [""; 0]);
}

#[test]
fn f03_services_are_told_of_a_change_even_if_the_agent_is_killed_before() {
    for power in [false, true] {
        let acs = ScriptedAcs::start(AcsOptions::default());
        let home = home(&acs);
        let agent = home.start();
        first_contact(&acs, &agent);
        agent.inform();
        acs.session(|s| {
            s.inform();
            s.set(&[(ZONE, XsdType::String, "CET-1")], "");
            agent.kill();
            s.end();
        });
        assert_eq!(home.programs(), [""; 0]);
        if power {
            home.power_cycle();
        }
        let agent = home.start();
        match power {
            // Services start with the new files anyway.
            true => {
                session(&acs, &[]);
                assert_eq!(home.programs(), [""; 0]);
            }
            false => ran(&home, &["reload_config"]),
        }
        wait_for("nothing left to do", || {
            agent.status().contains("promised:      none").then_some(())
        });
    }
}

#[test]
fn f03_services_that_cannot_be_told_are_told_to_the_acs() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    home.set_command("reload_config", "exit 9");
    let agent = home.start();
    let zone = |zone: &str| {
        acs.session(|s| {
            s.inform();
            s.set(&[(ZONE, XsdType::String, zone)], "");
            s.end();
        });
    };
    zone("CET-1");
    is_told(&acs, &["Apply (system): ", "exit status: 9"]);
    home.set_command("reload_config", "exit 0");
    agent.inform();
    zone("CET-2");
    wait_for("the words to go", || {
        agent.get(LAST_FAILURE).is_empty().then_some(())
    });
    assert!(
        acs.is_left_alone_for(Duration::from_millis(1500)),
        "no news"
    );
}
