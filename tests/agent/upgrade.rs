//! `b12`: another version of the package under a box that an ACS has settled, and the one before
//! again: nothing that was chosen is lost, and the ACS hears of nothing but what really changed.

use std::fs;

use cwmpd::base::xsd::XsdType;
use cwmpd_lab::acs::{AcsOptions, ScriptedAcs, Session};
use cwmpd_lab::home::{Home, free_port, wait_for};

const OLD: &str = "\
X_TEST_Kept;STRING;stored;rw;immediate;active;;;;old
X_TEST_Moved;STRING;stored;rw;immediate;active;;;;old
X_TEST_Default;STRING;stored;rw;immediate;;;;;old
X_TEST_Gone;STRING;stored;rw;immediate;active
X_TEST_Typed;STRING;stored;rw;immediate
X_TEST_Hidden;STRING;stored;rw;immediate;active
X_TEST_T.;ANY;stored;rw;immediate
X_TEST_T.{i}.X;STRING;stored;rw;immediate;active
";

const NEW: &str = "\
X_TEST_Kept;STRING;stored;rw;immediate;passive;;;;new
X_TEST_Moved;STRING;source;rw;immediate;active;;;;new;;;;;uci:moved.place.word
X_TEST_Default;STRING;stored;rw;immediate;;;;;new
X_TEST_Typed;UINT:1:9;stored;rw;immediate;;;;;5
X_TEST_Hidden;STRING;stored;rw,secret;immediate;active
X_TEST_More;STRING;stored;r;;active;;;;more
X_TEST_T.;ANY;stored;rw;immediate
X_TEST_T.{i}.X;STRING;stored;rw;immediate;active
X_TEST_T.{i}.Y;STRING;stored;rw;immediate;active;;;;why
X_TEST_U.;ANY;stored;rw;immediate
X_TEST_U.{i}.Z;STRING;stored;rw;immediate
";

fn home(acs: &ScriptedAcs) -> Home {
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    home.set_acs(&acs.url());
    // Another port would be another address, and a change to tell of.
    home.set_uci("cpe", "port", &free_port().to_string());
    home.write_config("moved", "config place 'place'\n\toption other '1'\n");
    take(&home, OLD);
    home
}

/// Puts the rows of a version in place.
fn take(home: &Home, rows: &str) {
    fs::write(home.model_dir().join("test.csv"), rows).unwrap();
}

fn events(session: &mut Session<'_>) -> Vec<String> {
    let inform = session.inform();
    inform.event.into_iter().map(|e| e.event_code).collect()
}

fn values(session: &mut Session<'_>, names: &[&str]) -> Vec<String> {
    let full: Vec<String> = names.iter().map(|n| format!("Device.X_TEST_{n}")).collect();
    full.iter().map(|name| session.value(name)).collect()
}

fn settle(session: &mut Session<'_>) {
    let text = XsdType::String;
    assert_eq!(session.add("Device.X_TEST_T.", "key").0, 1);
    assert_eq!(session.add("Device.X_TEST_T.", "key").0, 2);
    session.delete("Device.X_TEST_T.2.", "key");
    let mine = ["Kept", "Moved", "Gone", "Typed", "Hidden", "T.1.X"];
    let names = mine.map(|name| format!("Device.X_TEST_{name}"));
    let values: Vec<_> = names.iter().map(|name| (&**name, text, "mine")).collect();
    session.set(&values, "key");
}

#[test]
fn b12_an_upgrade_and_a_downgrade_lose_nothing_and_tell_nothing_false() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    let agent = home.start();
    acs.session(|s| {
        assert_eq!(events(s), ["0 BOOTSTRAP", "1 BOOT"]);
        settle(s);
        s.end();
    });
    agent.kill();
    for round in 0..2 {
        // As `opkg upgrade` does it, then as a firmware does.
        take(&home, NEW);
        if round == 1 {
            home.power_cycle();
        }
        let agent = home.start();
        let again = match round {
            0 => {
                agent.inform();
                "6 CONNECTION REQUEST"
            }
            _ => "1 BOOT",
        };
        acs.session(|s| {
            assert_eq!(events(s), [again], "{round}: {}", home.log());
            let new = values(s, &["Kept", "Moved", "Default", "Typed", "Hidden", "More"]);
            assert_eq!(new, ["mine", "mine", "new", "5", "", "more"]);
            assert_eq!(values(s, &["T.1.X", "T.1.Y"]), ["mine", "why"]);
            let key = s.value("Device.ManagementServer.ParameterKey");
            assert_eq!(key, "key");
            if round == 0 {
                assert_eq!(s.add("Device.X_TEST_U.", "key").0, 1);
            }
            s.end();
        });
        let moved = fs::read_to_string(home.config_dir().join("moved")).unwrap();
        assert_eq!(moved.matches("option word 'mine'").count(), 1, "{moved}");
        agent.kill();
        take(&home, OLD);
        let agent = home.start();
        agent.inform();
        acs.session(|s| {
            assert_eq!(events(s), ["6 CONNECTION REQUEST"], "{}", home.log());
            let old = values(s, &["Kept", "Moved", "Default", "Gone", "Typed", "Hidden"]);
            assert_eq!(old, ["mine", "mine", "old", "mine", "mine", "mine"]);
            let number = s.add("Device.X_TEST_T.", "key").0;
            assert_eq!(number, 3 + round, "no number is used twice");
            s.end();
        });
        agent.kill();
    }
}

/// A box at rest, as an ACS has settled it.
fn settled(acs: &ScriptedAcs) -> Home {
    let home = home(acs);
    let agent = home.start();
    acs.session(|s| {
        s.inform();
        settle(s);
        s.end();
    });
    agent.stop();
    home
}

#[test]
fn b12_the_services_hear_of_what_moved_into_their_files() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = settled(&acs);
    take(&home, NEW);
    let _agent = home.start();
    wait_for("the services", || {
        home.commands().contains("reload_config").then_some(())
    });
    assert!(
        home.log()
            .contains("X_TEST_Moved: the value chosen before is carried over")
    );
}

#[test]
fn b12_what_a_newer_version_left_is_no_factory_fresh_box() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = settled(&acs);
    let file = home.model_dir().join("parameters.data");
    let text = fs::read_to_string(&file).unwrap();
    let text = text
        .replacen('\n', " format 9\n", 1)
        .replace(";STRING;", ";UUID;");
    let (rows, _) = text.trim_end().rsplit_once('\n').unwrap();
    let intents = "X_CWMPD_Record.cwmp.intents;TEXT;0;0;0;0;0;0;_;Levitate:b:high;0;0;;;";
    let mut newer = format!("{rows}\n{intents}\n%a;line;of its own\n**\n");
    fs::write(&file, &newer).unwrap();
    for _ in 0..2 {
        let agent = home.start();
        agent.inform();
        acs.session(|s| {
            assert_eq!(events(s), ["6 CONNECTION REQUEST"], "{}", home.log());
            assert_eq!(values(s, &["Kept", "T.1.X"]), ["mine", "mine"]);
            s.end();
        });
        assert_eq!(
            fs::read_to_string(&file).unwrap(),
            newer,
            "not without need"
        );
        agent.set("Device.X_TEST_Default", "chosen");
        agent.stop();
        newer = fs::read_to_string(&file).unwrap();
    }
    assert!(newer.contains("Levitate:b:high"), "{newer}");
    assert!(newer.contains("%25a%3Bline%3Bof its own"), "{newer}");
}

#[test]
fn b12_newer_files_beside_edited_ones_are_told_of_and_not_read() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    let rows = "X_TEST_Newer;STRING;stored;rw;immediate\n";
    let beside = [
        "test.csv-opkg",
        "test.csv.apk-new",
        "test.csv~",
        ".#test.csv",
    ];
    for name in beside {
        fs::write(home.model_dir().join(name), rows).unwrap();
    }
    let own = home.config_dir().join("cwmpd-opkg");
    fs::copy(home.config_dir().join("cwmpd"), own).unwrap();
    let told = |text: &str| {
        let lines = text.lines().filter(|line| line.contains("a newer package"));
        let files = lines.filter_map(|line| line.split(": ").nth(1)?.rsplit('/').next());
        files.map(|name| name.trim().to_owned()).collect::<Vec<_>>()
    };
    let waiting = ["test.csv-opkg", "test.csv.apk-new", "cwmpd-opkg"];
    let check = home.run(&["check"]);
    let text = check.out;
    assert_eq!(check.code, 0, "it is no mistake: {text}");
    assert_eq!(told(&text), waiting, "{text}");
    let agent = home.start();
    assert_eq!(told(&agent.status()), waiting, "{}", agent.status());
    acs.session(|s| {
        s.inform();
        let names = s.names("Device.", true);
        let names: Vec<_> = names.iter().map(|info| &*info.name).collect();
        assert!(names.contains(&"Device.X_TEST_Kept"), "{names:?}");
        assert!(!names.contains(&"Device.X_TEST_Newer"), "{names:?}");
        s.end();
    });
}
