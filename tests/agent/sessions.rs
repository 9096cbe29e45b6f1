//! Sessions of the real program: with the box it runs on, the Luup engine beside it, and the ACS.

use std::net::TcpListener;

use cwmpd::base::xsd::XsdType;
use cwmpd::soap::Message;
use cwmpd_lab::acs::{AcsOptions, Auth, CALLER, ScriptedAcs, request_connection};
use cwmpd_lab::home::{Daemon, Home, free_port, wait_for};
use cwmpd_lab::http::{Authority, KeyKind, Leaf, Reply, ServerTls};
use cwmpd_lab::luup::FakeLuup;

/// A box that knows an ACS.
fn home(url: &str) -> Home {
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    home.set_acs(url);
    home.set_caller();
    home
}

/// The first session of a new box, in which the ACS asks nothing.
fn first_contact(acs: &ScriptedAcs) {
    acs.session(|s| {
        let inform = s.inform();
        let events: Vec<_> = inform.event.iter().map(|e| e.event_code.as_str()).collect();
        assert_eq!(events, ["0 BOOTSTRAP", "1 BOOT"]);
        s.end();
    });
}

fn succeeded(agent: &Daemon<'_>) {
    wait_for("the end of the session", || {
        agent.status().contains("success").then_some(())
    });
}

#[test]
fn a_session_over_tls_fits_the_stack_of_a_job() {
    let authority = Authority::new("lab");
    let acs = ScriptedAcs::start(AcsOptions {
        tls: Some(ServerTls::new(&authority.issue(&Leaf {
            key: KeyKind::Rsa,
            ..Leaf::localhost()
        }))),
        ..AcsOptions::default()
    });
    let home = home(&acs.url());
    let roots = home.config_dir().join("roots.pem");
    std::fs::write(&roots, authority.pem()).unwrap();
    home.set_uci("acs", "ssl_cacert", &roots.to_string_lossy());
    let agent = home.start();
    acs.session(|s| {
        s.inform();
        assert_eq!(s.value("Device.DeviceInfo.SerialNumber"), "0123456789");
        s.end();
    });
    succeeded(&agent);
}

#[test]
fn an_idle_agent_has_one_thread() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs.url());
    let agent = home.start();
    first_contact(&acs);
    succeeded(&agent);
    let tasks = format!("/proc/{}/task", agent.pid());
    wait_for("the end of the session's thread", || {
        (std::fs::read_dir(&tasks).unwrap().count() == 1).then_some(())
    });
}

#[test]
fn a_connection_request_opens_a_session_and_boot_is_told_once() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs.url());
    let agent = home.start();
    first_contact(&acs);
    succeeded(&agent);
    agent.keep_port();
    let url = agent.connection_request_url();
    assert_eq!(request_connection(&url, "caller", "wrong").unwrap(), 401);
    assert_eq!(request_connection(&url, CALLER.0, CALLER.1).unwrap(), 200);
    let code = |s: &mut cwmpd_lab::acs::Session<'_>| s.inform().event.remove(0).event_code;
    acs.session(|s| {
        assert_eq!(code(s), "6 CONNECTION REQUEST");
        s.end();
    });
    // A restart of the program is no boot, one of the box is.
    agent.stop();
    let agent = home.start();
    agent.inform();
    acs.session(|s| {
        assert_eq!(code(s), "6 CONNECTION REQUEST");
        s.end();
    });
    agent.stop();
    home.power_cycle();
    let _agent = home.start();
    acs.session(|s| {
        assert_eq!(code(s), "1 BOOT");
        s.end();
    });
}

#[test]
fn w24_a_connection_request_is_answered_while_the_acs_hangs() {
    let acs = ScriptedAcs::start(AcsOptions {
        auth: Auth::Open,
        ..AcsOptions::default()
    });
    let home = home(&acs.url());
    let agent = home.start();
    acs.session(|s| {
        s.receive_inform();
        // The box waits for the InformResponse meanwhile.
        let url = agent.connection_request_url();
        assert_eq!(request_connection(&url, CALLER.0, CALLER.1).unwrap(), 200);
        s.respond(Message::InformResponse { max_envelopes: 1 });
        s.receive_empty();
        s.end();
    });
    acs.session(|s| {
        assert_eq!(s.inform().event[0].event_code, "6 CONNECTION REQUEST");
        s.end();
    });
}

#[test]
fn term_during_a_session_ends_it_and_loses_nothing() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs.url());
    let agent = home.start();
    acs.session(|s| {
        s.inform();
        agent.signal("TERM");
        s.set(
            &[(
                "Device.ManagementServer.PeriodicInformInterval",
                XsdType::UnsignedInt,
                "77",
            )],
            "key",
        );
        s.end();
    });
    let mut agent = agent;
    assert_eq!(agent.wait().code(), Some(0));
    let interval = home.uci("acs", "periodic_inform_interval");
    assert_eq!(interval.as_deref(), Some("77"));
}

#[test]
fn a_reboot_that_the_acs_asked_for_happens_even_when_the_service_stops_first() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs.url());
    let agent = home.start();
    agent.keep_port();
    acs.session(|s| {
        s.inform();
        s.call(Message::Reboot {
            command_key: "why".to_owned(),
        });
        s.end();
    });
    agent.wait_for_log("rebooting in 5 s");
    assert_eq!(home.commands(), "");
    assert_eq!(agent.stop().code(), Some(0));
    let commands = home.commands();
    let lines: Vec<_> = commands.lines().map(str::trim_end).collect();
    assert_eq!(lines, ["reboot", "SigBlk:\t0000000000000000"]);
    home.power_cycle();
    let _agent = home.start();
    acs.session(|s| {
        let events = s.inform().event;
        let codes: Vec<_> = events.iter().map(|e| e.event_code.as_str()).collect();
        assert_eq!(codes, ["1 BOOT", "M Reboot"]);
        s.end();
    });
}

#[test]
fn factory_reset_forgets_all_and_reboots() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs.url());
    let agent = home.start();
    agent.keep_port();
    let path = agent.connection_request_url();
    acs.session(|s| {
        s.inform();
        s.notify("Device.DeviceInfo.UpTime", 1);
        s.call(Message::FactoryReset);
        s.end();
    });
    wait_for("the reset", || {
        (home.commands().lines().count() == 4).then_some(())
    });
    let commands = home.commands();
    let lines: Vec<_> = commands.lines().step_by(2).map(str::trim_end).collect();
    assert_eq!(lines, ["jffs2reset -y", "reboot"]);
    agent.stop();
    home.power_cycle();
    let agent = home.start();
    first_contact(&acs);
    assert_ne!(agent.connection_request_url(), path);
}

#[test]
fn the_luup_home_is_read_before_each_session_and_written_within_it() {
    const WAKE_UP: &str = "Device.Zwave.Interface.12.WakeUpInterval";
    let luup = FakeLuup::start();
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs.url());
    home.set_uci("luup", "enable", "1");
    home.set_uci("luup", "url", &luup.url());
    let agent = home.start();
    acs.session(|s| {
        s.inform();
        assert_eq!(s.value(WAKE_UP), "720");
        s.set(&[(WAKE_UP, XsdType::UnsignedInt, "3600")], "");
        let value = luup.get(12, "ZWaveDevice1", "WakeupInterval");
        assert_eq!(value.as_deref(), Some("3600"));
        assert_eq!(s.value(WAKE_UP), "3600");
        s.end();
    });
    agent.inform();
    acs.session(|s| {
        s.inform();
        assert_eq!(s.value(WAKE_UP), "3600");
        s.end();
    });
}

#[test]
fn a_sensor_that_changes_in_luup_is_told_to_the_acs() {
    const BATTERY: &str = "Device.Zwave.Interface.12.BatteryLevel";
    let luup = FakeLuup::start();
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs.url());
    home.set_uci("luup", "enable", "1");
    home.set_uci("luup", "url", &luup.url());
    home.set_uci("cpe", "periodic_notify_interval", "1");
    let _agent = home.start();
    acs.session(|s| {
        s.inform();
        s.notify(BATTERY, 2);
        s.end();
    });
    luup.set(12, "HaDevice1", "BatteryLevel", "5");
    acs.session(|s| {
        let inform = s.inform();
        assert_eq!(inform.event[0].event_code, "4 VALUE CHANGE");
        let mut changed = inform.parameter_list.iter();
        assert!(changed.any(|p| p.name == BATTERY && p.value == "5"));
        s.end();
    });
}

#[test]
fn a_change_by_hand_is_told_to_the_acs() {
    const INTERVAL: &str = "Device.ManagementServer.PeriodicInformInterval";
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs.url());
    let agent = home.start();
    acs.session(|s| {
        s.inform();
        s.notify(INTERVAL, 2);
        s.set(&[(INTERVAL, XsdType::UnsignedInt, "600")], "");
        s.end();
    });
    succeeded(&agent);
    let told = |value: &str| {
        acs.session(|s| {
            let inform = s.inform();
            assert_eq!(inform.event[0].event_code, "4 VALUE CHANGE");
            let mut changed = inform.parameter_list.iter();
            assert!(changed.any(|p| p.name == INTERVAL && p.value == value));
            s.end();
        });
    };
    // Not the one by the ACS, but that by the command line and that by an editor.
    agent.set(INTERVAL, "601");
    told("601");
    home.set_uci("acs", "periodic_inform_interval", "602");
    told("602");
}

#[test]
fn w10_strangers_who_connect_do_not_deliver_events() {
    let acs = ScriptedAcs::start(AcsOptions {
        auth: Auth::Open,
        ..AcsOptions::default()
    });
    let home = home(&acs.url());
    let agent = home.start();
    acs.session(|s| {
        s.receive_inform();
        let url = agent.connection_request_url();
        let host = url.trim_start_matches("http://").split('/').next().unwrap();
        for _ in 0..20 {
            drop(std::net::TcpStream::connect(host).unwrap());
        }
        assert_eq!(request_connection(&url, "caller", "wrong").unwrap(), 401);
        agent.kill();
        s.answer(Reply::new(503));
    });
    let _agent = home.start();
    first_contact(&acs);
}

#[test]
fn a_luup_engine_that_is_down_does_not_keep_the_box_from_its_acs() {
    let mut luup = FakeLuup::start();
    let url = luup.url();
    luup.down();
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs.url());
    home.set_uci("luup", "enable", "1");
    home.set_uci("luup", "url", &url);
    let agent = home.start();
    first_contact(&acs);
    succeeded(&agent);
    assert!(home.log().contains("the last good values stay"));
}

#[test]
fn a_sensor_that_changes_while_the_agent_restarts_is_told_to_the_acs() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let luup = FakeLuup::start();
    let home = home(&acs.url());
    home.set_uci("luup", "enable", "1");
    home.set_uci("luup", "url", &luup.url());
    let agent = home.start();
    acs.session(|s| {
        s.inform();
        s.notify("Device.Zwave.Interface.12.BatteryLevel", 2);
        s.end();
    });
    succeeded(&agent);
    agent.keep_port();
    agent.stop();
    luup.set(12, "HaDevice1", "BatteryLevel", "5");
    let _agent = home.start();
    acs.session(|s| {
        let inform = s.inform();
        let changed = inform
            .parameter_list
            .iter()
            .find(|p| p.name.ends_with("BatteryLevel"));
        assert_eq!(changed.map(|p| p.value.as_str()), Some("5"));
        s.end();
    });
}

#[test]
fn an_acs_set_while_luup_is_read_gets_the_session_and_its_bootstrap() {
    let luup = TcpListener::bind("127.0.0.1:0").unwrap();
    let (old, new) = (
        ScriptedAcs::start(AcsOptions::default()),
        ScriptedAcs::start(AcsOptions::default()),
    );
    let home = home(&old.url());
    home.set_uci("luup", "enable", "1");
    let url = format!("http://{}", luup.local_addr().unwrap());
    home.set_uci("luup", "url", &url);
    let _agent = home.start();
    let (fetch, _) = luup.accept().unwrap();
    home.set_uci("acs", "url", &new.url());
    drop((fetch, luup));
    first_contact(&new);
    assert_eq!(old.http().connections(), 0);
}

#[test]
fn a_reboot_that_fails_is_not_reported_as_a_boot() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs.url());
    let folder = home.uci("cpe", "command_dir").unwrap();
    std::fs::write(format!("{folder}/reboot"), "#!/bin/sh\nexit 1\n").unwrap();
    let agent = home.start();
    agent.keep_port();
    acs.session(|s| {
        s.inform();
        s.call(Message::Reboot {
            command_key: String::new(),
        });
        s.end();
    });
    agent.wait_for_log("rebooting in 5 s");
    agent.stop();
    let agent = home.start();
    agent.inform();
    acs.session(|s| {
        let events = s.inform().event;
        let codes: Vec<_> = events.iter().map(|e| e.event_code.as_str()).collect();
        assert_eq!(codes, ["4 VALUE CHANGE", "6 CONNECTION REQUEST"]);
        s.end();
    });
}

#[test]
fn a_new_acs_is_asked_for_its_methods_where_that_is_configured() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs.url());
    home.set_uci("acs", "get_rpc_methods", "1");
    let _agent = home.start();
    acs.session(|s| {
        s.inform();
        assert_eq!(s.receive_request(), Message::GetRPCMethods);
        s.respond(Message::GetRPCMethodsResponse {
            method_list: vec!["Inform".to_owned(), "GetRPCMethods".to_owned()],
        });
        s.end();
    });
}

#[test]
fn f10_a_time_zone_that_the_acs_sets_is_that_of_the_time_at_once() {
    const ZONE: &str = "Device.Time.LocalTimeZone";
    const NOW: &str = "Device.Time.CurrentLocalTime";
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs.url());
    home.write_config("system", "config system\n\toption timezone 'UTC'\n");
    let agent = home.start();
    let zones = [
        ("<+0530>-5:30", "+05:30"),
        ("CET-1", "+01:00"),
        ("UTC", "Z"),
    ];
    let mut before = "Z";
    for (zone, suffix) in zones {
        acs.session(|s| {
            let time = s.inform().current_time;
            assert!(time.ends_with(before), "{time}");
            s.set(&[(ZONE, XsdType::String, zone)], "");
            let time = s.value(NOW);
            assert!(time.ends_with(suffix), "{zone}: {time}");
            s.end();
        });
        before = suffix;
        agent.inform();
    }
    acs.quiet_session();
    // Somebody else's edit is as good.
    home.replace_config("system", "config system\n\toption timezone 'EST5'\n");
    assert!(agent.get(NOW).ends_with("-05:00"));
}

#[test]
fn f11_a_new_address_is_told_now_though_a_retry_waits_that_would_tell_one() {
    const URL: &str = "Device.ManagementServer.ConnectionRequestURL";
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs.url());
    home.set_uci("acs", "retry_min_wait_interval", "6000");
    let agent = home.start();
    first_contact(&acs);
    succeeded(&agent);
    for retry in 0..3 {
        // Another port is another URL, as another address is.
        let port = free_port();
        home.set_uci("cpe", "port", &port.to_string());
        acs.session(|s| {
            let inform = s.receive_inform();
            assert_eq!(inform.event[0].event_code, "4 VALUE CHANGE");
            assert_eq!(inform.retry_count, retry);
            let url = inform.parameter_list.iter().find(|p| p.name == URL);
            assert!(url.unwrap().value.contains(&format!(":{port}/")));
            s.answer(Reply::new(503));
        });
        agent.wait_for_log(&format!("retry {}", retry + 1));
    }
}
