//! Values of the box as an ACS is told of them: what changed, and what only seemed to.

use std::fs;
use std::time::Duration;

use cwmpd::base::xsd::XsdType;
use cwmpd_lab::acs::{AcsOptions, ScriptedAcs, Session};
use cwmpd_lab::home::Home;

/// Long enough for several looks.
const SEVERAL_LOOKS: Duration = Duration::from_secs(3);

fn home(acs: &ScriptedAcs) -> Home {
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    home.set_acs(&acs.url());
    home.set_uci("cpe", "periodic_notify_interval", "1");
    home
}

fn events(session: &mut Session<'_>) -> Vec<String> {
    let inform = session.inform();
    inform.event.into_iter().map(|e| e.event_code).collect()
}

/// The values that come with `4 VALUE CHANGE`, forced ones aside.
fn told(session: &mut Session<'_>) -> Vec<(String, String)> {
    let inform = session.inform();
    let codes: Vec<_> = inform.event.iter().map(|e| e.event_code.as_str()).collect();
    assert_eq!(codes, ["4 VALUE CHANGE"]);
    let values = inform.parameter_list.into_iter();
    let own = values.filter(|value| value.name.starts_with("Device.X_"));
    own.map(|value| (value.name, value.value)).collect()
}

#[test]
fn f12_active_notification_finds_what_only_looking_can_find() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    let file = home.model_dir().join("level");
    let rows = format!(
        "X_TEST_Level;STRING;1;0;0;0;0;0;;;;;;;file:{}\n\
         X_TEST_Stub;STRING;1;0;0;0;0;0;;;;;;;stub:X_TEST_Stub\n\
         X_TEST_Both;STRING;3;0;0;0;0;0;;;;;;;X_TEST_Level ++ X_TEST_Stub\n",
        file.display()
    );
    fs::write(home.model_dir().join("test.csv"), rows).unwrap();
    fs::write(&file, "low\n").unwrap();
    let stub = home.model_dir().join("DeviceInterfaceStubFile");
    fs::write(&stub, "X_TEST_Stub \"open\"\n").unwrap();
    let _agent = home.start();
    acs.session(|s| {
        s.inform();
        s.notify("Device.X_TEST_Level", 2);
        s.notify("Device.X_TEST_Stub", 2);
        s.end();
    });
    fs::write(&file, "high\n").unwrap();
    acs.session(|s| {
        let expected = ("Device.X_TEST_Level".to_owned(), "high".to_owned());
        assert_eq!(told(s), [expected]);
        s.notify("Device.X_TEST_Level", 0);
        s.notify("Device.X_TEST_Both", 2);
        s.end();
    });
    fs::write(&stub, "X_TEST_Stub \"closed\"\n").unwrap();
    acs.session(|s| {
        let values = told(s);
        let of = |name: &str| values.iter().find(|(known, _)| known == name);
        assert_eq!(of("Device.X_TEST_Stub").unwrap().1, "closed");
        assert_eq!(of("Device.X_TEST_Both").unwrap().1, "highclosed");
        s.end();
    });
}

#[test]
fn f07_a_file_or_an_interface_that_is_away_for_a_while_is_no_change() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    // In /tmp, as all that a test makes.
    let file = home.model_dir().join("sensor");
    assert!(file.starts_with("/tmp"));
    let rows = format!(
        "X_TEST_Sensor;STRING;1;0;0;0;0;0;;unset;;;;;file:{}\n\
         X_TEST_Mac;STRING;1;0;0;0;0;0;;;;;;;net:none0:mac\n",
        file.display()
    );
    fs::write(home.model_dir().join("test.csv"), rows).unwrap();
    fs::write(&file, "42\n").unwrap();
    let agent = home.start();
    acs.session(|s| {
        s.inform();
        s.notify("Device.X_TEST_Sensor", 2);
        s.notify("Device.X_TEST_Mac", 2);
        s.notify("Device.IP.Interface.1.IPv4Address.1.IPAddress", 2);
        s.end();
    });
    agent.keep_port();
    // Whoever writes it empties it first.
    fs::write(&file, "").unwrap();
    assert!(acs.is_left_alone_for(SEVERAL_LOOKS));
    fs::remove_file(&file).unwrap();
    assert!(acs.is_left_alone_for(SEVERAL_LOOKS));
    assert_eq!(agent.get("X_TEST_Sensor"), "42", "what was known last");
    agent.stop();
    // The agent is up before the file and the interface are.
    home.set_uci("cpe", "interface", "none0");
    let agent = home.start();
    assert!(acs.is_left_alone_for(SEVERAL_LOOKS));
    let address = "IP.Interface.1.IPv4Address.1.IPAddress";
    assert_eq!(agent.get(address), "127.0.0.1");
    agent.stop();
    home.set_uci("cpe", "interface", "lo");
    fs::write(&file, "42\n").unwrap();
    let agent = home.start();
    assert!(acs.is_left_alone_for(SEVERAL_LOOKS));
    fs::write(&file, "43\n").unwrap();
    acs.session(|s| {
        assert_eq!(events(s), ["4 VALUE CHANGE"]);
        assert_eq!(s.value("Device.X_TEST_Sensor"), "43");
        s.end();
    });
    agent.stop();
}

#[test]
fn f07_a_damaged_configuration_changes_no_value() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    home.write_config("system", "config system\n\toption hostname 'attic'\n");
    let agent = home.start();
    acs.session(|s| {
        s.inform();
        s.notify("Device.DeviceInfo.HostName", 2);
        s.end();
    });
    agent.keep_port();
    home.replace_config("system", "config system\n\toption hostname 'cel");
    assert!(acs.is_left_alone_for(SEVERAL_LOOKS));
    agent.stop();
    let agent = home.start();
    assert!(acs.is_left_alone_for(SEVERAL_LOOKS));
    assert_eq!(agent.get("DeviceInfo.HostName"), "attic");
    home.replace_config("system", "config system\n\toption hostname 'cellar'\n");
    acs.session(|s| {
        assert_eq!(events(s), ["4 VALUE CHANGE"]);
        assert_eq!(s.value("Device.DeviceInfo.HostName"), "cellar");
        s.end();
    });
}

#[test]
fn f08_a_port_that_the_acs_closes_is_no_news_to_it() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    let agent = home.start();
    acs.session(|s| {
        s.inform();
        let name = "Device.ManagementServer.HTTPConnectionRequestEnable";
        s.set(&[(name, XsdType::Boolean, "0")], "closed");
        s.end();
    });
    assert!(acs.is_left_alone_for(SEVERAL_LOOKS));
    assert_eq!(agent.get("ManagementServer.ConnectionRequestURL"), "");
}

#[test]
fn the_user_of_the_box_is_told_the_value_of_now() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    home.set_uci("cpe", "periodic_notify_enable", "0");
    let file = home.model_dir().join("level");
    let row = "X_TEST_Level;STRING;source;r;;;;;;;;;;;file:";
    fs::write(
        home.model_dir().join("test.csv"),
        format!("{row}{}\n", file.display()),
    )
    .unwrap();
    let agent = home.start();
    acs.quiet_session();
    for level in ["low", "high"] {
        fs::write(&file, level).unwrap();
        assert_eq!(agent.get("X_TEST_Level"), level);
    }
}

#[test]
fn f07_a_configuration_that_is_away_when_the_agent_starts_changes_no_value() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    let rows = "X_TEST_IfNumberOfEntries;UINT;computed;r;;active;;;;;;;;;#X_TEST_If.\n\
                X_TEST_If.;ANY;source;rw;immediate;;;;;;;;;;uci:network.@interface\n\
                X_TEST_If.{i}.Address;STRING:15;source;rw;immediate;active;;;;;;;;;uci:network.{i}.ipaddr\n";
    fs::write(home.model_dir().join("test.csv"), rows).unwrap();
    let network = "config interface 'lan'\n\toption ipaddr '192.0.2.1'\n\n\
                   config interface\n\toption ipaddr '192.0.2.2'\n";
    home.write_config("network", network);
    let agent = home.start();
    acs.quiet_session();
    agent.keep_port();
    agent.stop();
    let file = home.config_dir().join("network");
    fs::remove_file(&file).unwrap();
    let agent = home.start();
    assert!(acs.is_left_alone_for(SEVERAL_LOOKS));
    assert_eq!(agent.get("X_TEST_If.2.Address"), "192.0.2.2");
    // Something else in its place cannot be read.
    fs::create_dir(&file).unwrap();
    assert!(acs.is_left_alone_for(SEVERAL_LOOKS));
    fs::remove_dir(&file).unwrap();
    home.replace_config("network", &network.replace("192.0.2.2", "192.0.2.3"));
    acs.session(|s| {
        let changed = (
            "Device.X_TEST_If.2.Address".to_owned(),
            "192.0.2.3".to_owned(),
        );
        assert_eq!(told(s), [changed]);
        s.end();
    });
}
