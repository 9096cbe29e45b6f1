//! What objects on ubus tell, in the data model of the running agent.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use cwmpd_lab::acs::{AcsOptions, ScriptedAcs, Session};
use cwmpd_lab::home::{Daemon, Home, wait_for};
use cwmpd_lab::ubus::{BusMood, BusValue, FakeUbusd, UbusAge, hostile, objects, status, table};

const VERSION: &str = "Device.DeviceInfo.SoftwareVersion";
const MODEL: &str = "Device.DeviceInfo.ModelName";

/// Of `DeviceInfo.`, what stands where in the answer of `system board`.
const BOARD: [(&str, &str); 6] = [
    ("ModelName", "model"),
    ("Description", "release.description"),
    ("HardwareVersion", "board_name"),
    ("SoftwareVersion", "release.version"),
    ("AdditionalHardwareVersion", "system"),
    ("AdditionalSoftwareVersion", "release.revision"),
];

/// Long after the second that a session waits, and before a call that hangs is given up.
const HELD_UP: Duration = Duration::from_secs(8);

/// A box with an ubusd, which looks for changes every second.
fn home(acs: &ScriptedAcs) -> (Home, PathBuf) {
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    home.set_acs(&acs.url());
    home.set_uci("cpe", "periodic_notify_interval", "1");
    home.set_uci("cpe", "ubus", "1");
    let socket = home.config_dir().with_file_name("ubus.sock");
    home.set_uci("cpe", "ubus_socket", &socket.to_string_lossy());
    (home, socket)
}

fn events(session: &mut Session<'_>) -> Vec<String> {
    let inform = session.inform();
    inform.event.into_iter().map(|e| e.event_code).collect()
}

/// What an ACS sees in a session that is asked for now, which nothing holds up.
fn asked<T>(agent: &Daemon<'_>, acs: &ScriptedAcs, play: impl FnOnce(&mut Session<'_>) -> T) -> T {
    wait_for("the end of the session before", || {
        agent.status().contains(", success").then_some(())
    });
    let start = Instant::now();
    agent.inform();
    acs.session(|s| {
        assert_eq!(events(s), ["6 CONNECTION REQUEST"], "no value has changed");
        assert!(start.elapsed() < HELD_UP, "{:?}", start.elapsed());
        let seen = play(s);
        s.end();
        seen
    })
}

fn board(version: &str) -> BusValue {
    let release = table([("version", version.into())]);
    objects::board_today().with("release", release)
}

#[test]
fn b21_device_info_is_what_system_board_says() {
    for (age, board) in [
        (UbusAge::Today, objects::board_today()),
        (UbusAge::Of1407, objects::board_14_07()),
    ] {
        let acs = ScriptedAcs::start(AcsOptions::default());
        let (home, socket) = home(&acs);
        let ubusd = FakeUbusd::start_of(age, &socket);
        ubusd.offer("system", "board", board.clone());
        let agent = home.start();
        acs.session(|s| {
            let inform = s.inform();
            let mut told = inform.parameter_list.iter();
            let told = told.find(|told| told.name == VERSION).unwrap();
            assert_eq!(Some(&*told.value), board.at("release.version").as_deref());
            for (name, path) in BOARD {
                let value = s.value(&format!("Device.DeviceInfo.{name}"));
                match board.at(path) {
                    Some(told) => assert_eq!(value, told, "{name}"),
                    // 14.07, and this machine has no file in its place.
                    None => assert_eq!((path, &*value), ("board_name", "")),
                }
            }
            s.end();
        });
        let model = agent.get("DeviceInfo.ModelName");
        assert_eq!(Some(model), board.at("model"));
        let calls = ubusd.calls();
        assert!(calls.iter().all(|call| call == "system.board"), "{calls:?}");
    }
}

#[test]
fn b21_an_interface_of_netifd_is_an_instance_and_keeps_its_number() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let (home, socket) = home(&acs);
    let ubusd = FakeUbusd::start(&socket);
    objects::offer_today(&ubusd);
    let dump = "ubus:network.interface.dump:interface.@interface";
    let rows = format!(
        "X_TEST_Link.;ANY;source;r;;;;;;;;;;;{dump}\n\
         X_TEST_Link.{{i}}.Name;STRING;source;r;;;;;;;;;;;{dump}={{i}}.interface\n\
         X_TEST_Link.{{i}}.Up;BOOLEAN;source;r;;;;;;;;;;;{dump}={{i}}.up\n\
         X_TEST_Link.{{i}}.Address;STRING;source;r;;;;;;none;;;;;{dump}={{i}}.ipv4-address.0.address\n\
         X_TEST_DNS;STRING[];source;r;;;;;;;;;;;ubus:network.interface.lan.status:dns-server\n\
         X_TEST_Memory;ULONG;source;r;;;;;;;;;;;ubus:system.info:memory.total\n"
    );
    fs::write(home.model_dir().join("test.csv"), rows).unwrap();
    let check = home.run(&["check"]);
    assert_eq!(check.code, 0, "{check:?}");
    let agent = home.start();
    acs.session(|s| {
        s.inform();
        assert_eq!(s.value("Device.X_TEST_DNS"), "192.168.1.254,9.9.9.9");
        assert_eq!(s.value("Device.X_TEST_Memory"), "5368709120");
        let seen = |s: &mut Session<'_>, i: u32| {
            ["Name", "Up", "Address"].map(|n| s.value(&format!("Device.X_TEST_Link.{i}.{n}")))
        };
        assert_eq!(seen(s, 1), ["lan", "1", "192.168.1.1"]);
        assert_eq!(seen(s, 3), ["wan", "0", "none"]);
        s.end();
    });
    // `lan` goes, `wan` comes up: it is the same instance.
    let up = objects::lan().with("interface", "wan");
    let dump = table([("interface", cwmpd_lab::ubus::array([up]))]);
    ubusd.mood("network.interface.dump", BusMood::Says(dump));
    asked(&agent, &acs, |s| {
        let names = s.names("Device.X_TEST_Link.", true);
        let names: Vec<_> = names.iter().map(|info| &*info.name).collect();
        assert_eq!(names, ["Device.X_TEST_Link.3."]);
        assert_eq!(s.value("Device.X_TEST_Link.3.Up"), "1");
    });
}

#[test]
fn b21_what_nobody_names_is_not_asked_and_a_row_that_writes_is_refused() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let (home, socket) = home(&acs);
    let ubusd = FakeUbusd::start(&socket);
    objects::offer_today(&ubusd);
    for file in fs::read_dir(home.model_dir()).unwrap() {
        let file = file.unwrap().path();
        if file.is_dir() {
            continue;
        }
        let rows = fs::read_to_string(&file).unwrap();
        let rows = rows.lines().filter(|row| !row.contains("ubus:"));
        fs::write(&file, rows.collect::<Vec<_>>().join("\n")).unwrap();
    }
    let agent = home.start();
    acs.quiet_session();
    asked(&agent, &acs, |_| ());
    assert!(ubusd.calls().is_empty());
    agent.stop();
    let row = "X_TEST_Name;STRING;source;rw;immediate;;;;;;;;;;ubus:system.board:hostname\n";
    fs::write(home.model_dir().join("test.csv"), row).unwrap();
    let check = home.run(&["check"]);
    assert_ne!(check.code, 0);
    let said = check.out + &check.err;
    assert!(
        said.contains("test.csv:1") && said.contains("takes none"),
        "{said}"
    );
}

#[test]
fn b22_what_hangs_is_gone_or_answers_nonsense_holds_nothing_up_and_empties_nothing() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let (home, socket) = home(&acs);
    let mut ubusd = FakeUbusd::start(&socket);
    ubusd.offer("system", "board", board("24.10.1"));
    let agent = home.start();
    acs.session(|s| {
        assert_eq!(events(s), ["0 BOOTSTRAP", "1 BOOT"]);
        assert_eq!(s.value(VERSION), "24.10.1");
        s.end();
    });
    let stays = |what: &str| {
        asked(&agent, &acs, |s| {
            assert_eq!(s.value(VERSION), "24.10.1", "{what}");
            let model = objects::board_today().at("model");
            assert_eq!(Some(s.value(MODEL)), model, "{what}");
        });
    };
    let odd =
        |release: BusValue| BusMood::Says(table([("model", table([])), ("release", release)]));
    let garbage = hostile::garbage().remove(0).1;
    for (what, mood) in [
        ("denied", BusMood::Status(status::PERMISSION_DENIED)),
        ("no data", BusMood::Status(status::OK)),
        ("another shape", odd("24.10.2".into())),
        (
            "text without end",
            odd(table([("version", hostile::huge(200_000))])),
        ),
        ("too deep", odd(hostile::deep(200))),
        ("too many", odd(hostile::wide(20_000))),
        ("garbage", BusMood::Garbage(garbage)),
        ("half", BusMood::Half),
        ("no message", BusMood::Raw(vec![0xff; 64])),
        ("another's", BusMood::WrongSeq),
        ("without end", BusMood::NoStatus),
        ("silent", BusMood::Silent),
    ] {
        ubusd.mood("system.board", mood);
        stays(what);
    }
    agent.wait_for_log("ubus: system.board: permission denied (6); what it told last stays");
    wait_for("the status", || {
        agent
            .status()
            .contains("system.board: no answer in time")
            .then_some(())
    });
    ubusd.mood("system.board", BusMood::Well);
    wait_for("an answer", || {
        (!agent.status().contains("system.board: ")).then_some(())
    });
    ubusd.remove("system");
    stays("gone");
    agent.wait_for_log("ubus: system.board: not found (4)");
    ubusd.down();
    stays("no ubusd");
    assert!(acs.is_left_alone_for(Duration::from_secs(3)));
    // All is well again, and the firmware another one.
    ubusd.offer("system", "board", board("24.10.2"));
    ubusd.up();
    acs.session(|s| {
        assert_eq!(events(s), ["4 VALUE CHANGE"]);
        assert_eq!(s.value(VERSION), "24.10.2");
        s.end();
    });
    assert!(
        !agent.status().contains("system.board: "),
        "{}",
        agent.status()
    );
}

#[test]
fn b22_what_was_told_stays_over_a_restart_beside_a_bus_that_is_silent_or_gone() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let (home, socket) = home(&acs);
    let mut ubusd = FakeUbusd::start(&socket);
    ubusd.offer("system", "board", board("24.10.1"));
    let agent = home.start();
    acs.quiet_session();
    agent.keep_port();
    agent.stop();
    ubusd.mood("system.board", BusMood::Silent);
    for is_gone in [false, true] {
        if is_gone {
            ubusd.down();
        }
        let agent = home.start();
        assert!(acs.is_left_alone_for(Duration::from_secs(3)));
        assert_eq!(agent.get("DeviceInfo.SoftwareVersion"), "24.10.1");
        agent.stop();
    }
}

#[test]
fn b22_a_silent_object_holds_no_session_up_and_what_it_tells_in_the_end_is_no_change() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let (home, socket) = home(&acs);
    let ubusd = FakeUbusd::start(&socket);
    ubusd.offer("system", "board", board("24.10.1"));
    ubusd.mood("system.board", BusMood::Silent);
    let agent = home.start();
    let start = Instant::now();
    acs.session(|s| {
        assert_eq!(events(s), ["0 BOOTSTRAP", "1 BOOT"]);
        assert!(start.elapsed() < HELD_UP, "{:?}", start.elapsed());
        s.end();
    });
    ubusd.mood("system.board", BusMood::Well);
    wait_for("the version", || {
        (agent.get("DeviceInfo.SoftwareVersion") == "24.10.1").then_some(())
    });
    assert!(acs.is_left_alone_for(Duration::from_secs(3)));
    ubusd.mood("system.board", BusMood::Says(board("24.10.2")));
    acs.session(|s| {
        assert_eq!(events(s), ["4 VALUE CHANGE"]);
        s.end();
    });
}

#[test]
fn b22_what_comes_late_is_compared_when_it_comes() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let (home, socket) = home(&acs);
    home.set_uci("cpe", "periodic_notify_enable", "0");
    let ubusd = FakeUbusd::start(&socket);
    ubusd.offer("system", "board", board("24.10.1"));
    let agent = home.start();
    acs.quiet_session();
    ubusd.mood("system.board", BusMood::Slow(Duration::from_secs(5)));
    ubusd.offer("system", "board", board("24.10.2"));
    asked(&agent, &acs, |_| ());
    acs.session(|s| {
        assert_eq!(events(s), ["4 VALUE CHANGE"]);
        assert_eq!(s.value(VERSION), "24.10.2");
        s.end();
    });
}
