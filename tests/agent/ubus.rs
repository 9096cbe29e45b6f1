//! The agent on the bus of the box, beside an ubusd.

use std::fs;
use std::io;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use cwmpd::soap::Message;
use cwmpd_lab::acs::{AcsOptions, ScriptedAcs};
use cwmpd_lab::home::{Daemon, Home, PATIENCE, free_port, wait_for};
use cwmpd_lab::ubus::{
    BusError, BusMessage, BusValue, FakeUbusd, UbusAge, UbusClient, attr, hostile, status, table,
};

/// A box with a bus.
fn home() -> (Home, PathBuf) {
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    let socket = home.model_dir().join("ubus.sock");
    home.set_uci("cpe", "ubus", "1");
    home.set_uci("cpe", "ubus_socket", &socket.to_string_lossy());
    (home, socket)
}

fn registered(ubusd: &FakeUbusd) {
    wait_for("the object tr069", || {
        ubusd.objects().contains(&"tr069".to_owned()).then_some(())
    });
}

/// What a method answers, or the status that it ends with.
fn call<const N: usize>(
    socket: &Path,
    method: &str,
    arguments: [(&str, BusValue); N],
) -> Result<String, u32> {
    let mut client = UbusClient::connect(socket).unwrap();
    match client.call("tr069", method, arguments) {
        Ok(answer) => Ok(answer.to_string()),
        Err(BusError::Status(status)) => Err(status),
        Err(other) => panic!("{method}: {other:?}"),
    }
}

fn at(socket: &Path, path: &str) -> String {
    let mut client = UbusClient::connect(socket).unwrap();
    let status = client.call("tr069", "status", []).unwrap();
    status.at(path).unwrap_or_default()
}

fn says(agent: &Daemon<'_>, text: &str) {
    wait_for(text, || agent.status().contains(text).then_some(()));
}

#[test]
fn b19_the_object_has_the_methods_that_scripts_and_pages_know() {
    let (home, socket) = home();
    let ubusd = FakeUbusd::start(&socket);
    let agent = home.start();
    registered(&ubusd);
    let signature = UbusClient::connect(&socket).unwrap().signature("tr069");
    assert_eq!(
        signature.unwrap().to_string(),
        r#"{"command":{"command":3,"name":3},"inform":{"GetRPCMethods":7,"event":3},"notify":{"parameter":3,"value":3,"type":3},"status":{}}"#
    );
    says(&agent, "ubus:          the object tr069 is there");
    assert_eq!(call(&socket, "reboot", []), Err(status::METHOD_NOT_FOUND));
    for odd in [
        call(&socket, "command", []),
        call(&socket, "command", [("command", 7.into())]),
    ] {
        assert_eq!(odd, Err(status::INVALID_ARGUMENT));
    }
    assert_eq!(
        call(&socket, "inform", [("event", 7.into())]),
        Err(status::INVALID_ARGUMENT)
    );
}

#[test]
fn b19_status_tells_of_the_sessions_in_the_shape_of_icwmp_and_of_no_secret() {
    let (home, socket) = home();
    let ubusd = FakeUbusd::start(&socket);
    let acs = ScriptedAcs::start(AcsOptions::default());
    home.set_uci("cpe", "enable", "0");
    home.set_acs(&acs.url().replace("://", "://me:hidden@"));
    let agent = home.start();
    registered(&ubusd);
    let names = |path: &str| {
        let mut client = UbusClient::connect(&socket).unwrap();
        let status = client.call("tr069", "status", []).unwrap();
        let table = match path {
            "" => Some(&status),
            path => status.get(path),
        };
        match table {
            Some(BusValue::Table(members)) => members
                .iter()
                .map(|(name, _)| name.clone())
                .collect::<Vec<_>>()
                .join(" "),
            other => panic!("{path}: {other:?}"),
        }
    };
    assert_eq!(names(""), "cwmp last_session next_session statistics");
    assert_eq!(names("cwmp"), "status start_time acs_url");
    assert_eq!(names("last_session"), "status start_time end_time");
    assert_eq!(names("next_session"), "status start_time end_time");
    assert_eq!(
        names("statistics"),
        "success_sessions failure_sessions total_sessions"
    );
    for (path, value) in [
        ("cwmp.status", "up"),
        ("last_session.status", "N/A"),
        ("last_session.start_time", "N/A"),
        ("last_session.end_time", "N/A"),
        ("next_session.status", "waiting"),
        ("next_session.start_time", "N/A"),
        ("next_session.end_time", "N/A"),
        ("statistics.total_sessions", "0"),
    ] {
        assert_eq!(at(&socket, path), value, "{path}");
    }
    assert!(at(&socket, "cwmp.start_time").starts_with("20"));
    let shown = call(&socket, "status", []).unwrap();
    assert!(!shown.contains("hidden"), "{shown}");
    home.set_acs(&acs.url());
    home.set_uci("cpe", "enable", "1");
    acs.session(|s| {
        s.inform();
        assert_eq!(at(&socket, "last_session.status"), "running");
        assert_eq!(at(&socket, "last_session.end_time"), "N/A");
        s.end();
    });
    says(&agent, "success");
    for (path, value) in [
        ("cwmp.acs_url", &*acs.url()),
        ("last_session.status", "success"),
        ("statistics.success_sessions", "1"),
        ("statistics.failure_sessions", "0"),
        ("statistics.total_sessions", "1"),
    ] {
        assert_eq!(at(&socket, path), value, "{path}");
    }
    for path in [
        "last_session.start_time",
        "last_session.end_time",
        "next_session.start_time",
    ] {
        assert!(at(&socket, path).starts_with("20"), "{path}");
    }
    home.set_acs(&format!("http://127.0.0.1:{}/", free_port()));
    says(&agent, "failure");
    assert_eq!(at(&socket, "last_session.status"), "failure");
    wait_for("the count", || {
        (at(&socket, "statistics.failure_sessions") != "0").then_some(())
    });
}

#[test]
fn b19_inform_opens_a_session_by_the_words_of_both_agents() {
    let (home, socket) = home();
    let ubusd = FakeUbusd::start(&socket);
    let acs = ScriptedAcs::start(AcsOptions::default());
    home.set_acs(&acs.url());
    let agent = home.start();
    registered(&ubusd);
    acs.session(|s| {
        s.inform();
        s.end();
    });
    says(&agent, "success");
    for (arguments, code) in [
        (
            vec![("event", "6 CONNECTION REQUEST")],
            "6 CONNECTION REQUEST",
        ),
        (vec![("event", "periodic")], "2 PERIODIC"),
        (vec![], "6 CONNECTION REQUEST"),
    ] {
        let answer = match &arguments[..] {
            [(name, value)] => call(&socket, "inform", [(name, BusValue::from(*value))]),
            _ => call(&socket, "inform", []),
        };
        assert_eq!(answer.unwrap(), r#"{"status":1,"info":"Session started"}"#);
        acs.session(|s| {
            let inform = s.inform();
            let events: Vec<_> = inform.event.iter().map(|e| e.event_code.as_str()).collect();
            assert_eq!(events, [code]);
            s.end();
        });
        agent.until_idle();
    }
    let asked = call(&socket, "inform", [("GetRPCMethods", BusValue::Bool(true))]);
    assert!(asked.unwrap().contains(r#""status":1"#));
    acs.session(|s| {
        s.inform();
        assert!(matches!(s.receive_request(), Message::GetRPCMethods));
        s.respond(Message::GetRPCMethodsResponse {
            method_list: vec!["Inform".to_owned()],
        });
        s.end();
    });
    for event in ["8 DIAGNOSTICS COMPLETE", "nonsense", ""] {
        let refused = call(&socket, "inform", [("event", event.into())]).unwrap();
        assert!(refused.starts_with(r#"{"status":-1,"info":""#), "{refused}");
    }
}

#[test]
fn b19_commands_reload_and_stop_by_either_name_and_others_are_refused_in_words() {
    let (home, socket) = home();
    let ubusd = FakeUbusd::start(&socket);
    let mut agent = home.start();
    registered(&ubusd);
    for name in ["command", "name"] {
        let before = home.log().matches("reloading").count();
        let done = call(&socket, "command", [(name, "reload".into())]).unwrap();
        assert_eq!(done, r#"{"status":0,"info":"configuration reloaded"}"#);
        wait_for("the reload", || {
            (home.log().matches("reloading").count() > before).then_some(())
        });
    }
    let long = "x".repeat(10_000);
    for other in ["reboot_end_session", "", &long] {
        let refused = call(&socket, "command", [("command", other.into())]).unwrap();
        assert!(refused.starts_with(r#"{"status":-1,"info":""#), "{refused}");
        assert!(refused.contains("command is not supported") && refused.len() < 200);
    }
    let done = call(&socket, "command", [("command", "exit".into())]).unwrap();
    assert_eq!(done, r#"{"status":0,"info":"the agent stops"}"#);
    assert!(agent.wait().success());
    wait_for("the object to go", || {
        ubusd.objects().is_empty().then_some(())
    });
}

#[test]
fn b19_notify_takes_no_value_from_its_caller_and_knows_the_names_of_the_model() {
    let (home, socket) = home();
    let ubusd = FakeUbusd::start(&socket);
    let agent = home.start();
    registered(&ubusd);
    assert_eq!(call(&socket, "notify", []).unwrap(), "{}");
    let named = |parameter: &str| {
        let value = ("value", "whatever".into());
        call(&socket, "notify", [("parameter", parameter.into()), value])
    };
    assert_eq!(named("Device.DeviceInfo.SerialNumber").unwrap(), "{}");
    let unknown = named("Device.Nothing").unwrap();
    assert!(
        unknown.starts_with(r#"{"status":-1,"info":"Device.Nothing"#),
        "{unknown}"
    );
    assert_eq!(agent.get("DeviceInfo.SerialNumber"), "0123456789");
}

#[test]
fn b19_notify_tells_the_acs_of_what_is_new_also_where_others_have_to_be_asked() {
    let (home, socket) = home();
    // Nothing else would look.
    home.set_uci("cpe", "periodic_notify_enable", "0");
    let file = home.model_dir().join("level");
    let rows = format!(
        "X_TEST_File;STRING;source;r;;active;;;;;;;;;file:{}\n\
         X_TEST_Ubus;STRING;source;r;;active;;;;;;;;;ubus:lab.say:word\n",
        file.display()
    );
    fs::write(home.model_dir().join("test.csv"), rows).unwrap();
    let ubusd = FakeUbusd::start(&socket);
    let set = |of_file: &str, of_ubus: &str| {
        fs::write(&file, of_file).unwrap();
        ubusd.offer("lab", "say", table([("word", of_ubus.into())]));
    };
    set("low", "one");
    let acs = ScriptedAcs::start(AcsOptions::default());
    home.set_acs(&acs.url());
    let agent = home.start();
    acs.quiet_session();
    registered(&ubusd);
    let changed = |arguments: Vec<(&str, BusValue)>| {
        says(&agent, ", success");
        match <[_; 1]>::try_from(arguments) {
            Ok(parameter) => call(&socket, "notify", parameter).unwrap(),
            Err(_) => call(&socket, "notify", []).unwrap(),
        };
        acs.session(|s| {
            let inform = s.inform();
            assert_eq!(inform.event[0].event_code, "4 VALUE CHANGE");
            s.end();
            let values = inform.parameter_list.into_iter();
            let own = values.filter(|value| value.name.starts_with("Device.X_TEST_"));
            own.map(|value| value.value).collect::<Vec<_>>()
        })
    };
    set("high", "two");
    assert_eq!(changed(vec![]), ["high", "two"]);
    set("high", "three");
    assert_eq!(changed(vec![]), ["three"]);
    set("high", "four");
    let named = ("parameter", "Device.X_TEST_Ubus".into());
    assert_eq!(changed(vec![named]), ["four"]);
}

#[test]
fn b20_ubusd_may_be_absent_come_late_go_and_come_again() {
    let (home, socket) = home();
    let agent = home.start();
    says(&agent, "ubus:          there is no");
    let mut ubusd = FakeUbusd::start(&socket);
    registered(&ubusd);
    says(&agent, "ubus:          the object tr069 is there");
    ubusd.down();
    says(&agent, "ubus:          there is no");
    ubusd.up();
    registered(&ubusd);
    assert!(call(&socket, "status", []).is_ok());
    // Said once each time, however often it is tried.
    assert_eq!(
        home.log().matches("warn: no ubus").count(),
        2,
        "{}",
        home.log()
    );
    assert_eq!(home.log().matches("info: over: no ubus").count(), 2);
    assert!(agent.stop().success());
    wait_for("the object to go", || {
        ubusd.objects().is_empty().then_some(())
    });
}

#[test]
fn b20_the_agent_does_its_duty_beside_an_ubusd_that_says_nothing() {
    let (home, socket) = home();
    let ubusd = FakeUbusd::start(&socket);
    ubusd.mute(true);
    let acs = ScriptedAcs::start(AcsOptions::default());
    home.set_acs(&acs.url());
    let agent = home.start();
    wait_for("a connection", || (ubusd.connections() > 0).then_some(()));
    acs.session(|s| {
        s.inform();
        s.end();
    });
    says(&agent, "success");
    assert!(agent.stop().success());
}

#[test]
fn b20_the_option_switches_the_bus_off_and_on_while_the_agent_runs() {
    let (home, socket) = home();
    let ubusd = FakeUbusd::start(&socket);
    let agent = home.start();
    registered(&ubusd);
    home.set_uci("cpe", "ubus", "0");
    wait_for("the object to go", || {
        ubusd.objects().is_empty().then_some(())
    });
    says(&agent, "ubus:          switched off (cpe.ubus)");
    home.set_uci("cpe", "ubus", "1");
    registered(&ubusd);
}

#[test]
fn b18_callers_that_send_garbage_are_refused_and_the_agent_goes_on() {
    let (home, socket) = home();
    let ubusd = FakeUbusd::start(&socket);
    let agent = home.start();
    registered(&ubusd);
    let mut client = UbusClient::connect(&socket).unwrap();
    let id = client.find("tr069").unwrap();
    let deep = hostile::deep(200).encoded();
    let wide = hostile::wide(20_000).encoded();
    let bad = hostile::garbage().into_iter().map(|(_, bytes)| bytes);
    for bytes in bad.chain([deep, wide]) {
        let call = BusMessage::new(5, 9, id)
            .number(attr::OBJID, id)
            .text(attr::METHOD, "inform")
            .bytes(attr::DATA, &bytes);
        client.send(&call).unwrap();
        let answer = client.receive().unwrap();
        let is_refused = answer.get_number(attr::STATUS) == Some(status::INVALID_ARGUMENT);
        let is_empty = bytes.iter().all(|byte| *byte == 0);
        assert!(is_refused || is_empty, "{bytes:?}: {answer:?}");
    }
    let huge = call(
        &socket,
        "inform",
        [("event", BusValue::Text("x".repeat(900_000)))],
    );
    let huge = huge.unwrap();
    assert!(
        huge.contains(r#""status":-1"#) && huge.len() < 1000,
        "{}",
        huge.len()
    );
    assert!(call(&socket, "status", []).is_ok());
    assert_eq!(ubusd.connections(), 1 + 1 + 2, "the agent kept its own");
    assert!(agent.stop().success());
}

#[test]
fn b20_a_burst_of_calls_is_answered_as_fast_as_ubusd_reads_and_costs_nobody_the_connection() {
    const CALLS: u16 = 5000;
    const OBJECT: u32 = 0x5555;
    let (home, socket) = home();
    let listener = UnixListener::bind(&socket).unwrap();
    let agent = home.start();
    let (mut ubusd, _) = listener.accept().unwrap();
    ubusd.set_read_timeout(Some(PATIENCE)).unwrap();
    let age = UbusAge::Today;
    BusMessage::new(0, 0, 1).write(&mut ubusd, age).unwrap();
    let registration = loop {
        let message = BusMessage::read(&mut ubusd, age).unwrap();
        if message.kind == 6 {
            break message;
        }
    };
    for (kind, id, number) in [(2, attr::OBJID, OBJECT), (1, attr::STATUS, status::OK)] {
        let word = BusMessage::new(kind, registration.seq, registration.peer);
        word.number(id, number).write(&mut ubusd, age).unwrap();
    }
    let mut callers = ubusd.try_clone().unwrap();
    let calling = thread::spawn(move || {
        for number in 0..CALLS {
            let call = BusMessage::new(5, number, 0x1000)
                .number(attr::OBJID, OBJECT)
                .text(attr::METHOD, "status");
            call.write(&mut callers, age)?;
        }
        io::Result::Ok(())
    });
    // Answers pile up.
    thread::sleep(Duration::from_millis(500));
    let mut ended = Vec::new();
    while ended.len() < usize::from(CALLS) {
        let message = BusMessage::read(&mut ubusd, age).unwrap();
        if message.kind == 1 && message.peer == 0x1000 {
            ended.push(message.seq);
        }
    }
    assert!(ended.into_iter().eq(0..CALLS), "each once, in their order");
    calling.join().unwrap().unwrap();
    says(&agent, "ubus:          the object tr069 is there");
}
