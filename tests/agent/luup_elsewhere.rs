//! `cwmpd luup` and its map, and an engine behind MMS, with the real program.

use cwmpd_lab::acs::{AcsOptions, ScriptedAcs};
use cwmpd_lab::home::Home;
use cwmpd_lab::luup::{FakeLuup, Mood};
use cwmpd_lab::mms::{FakeMms, MMS_OEM, MMS_PASSWORD, MMS_SEED, MMS_USER};

fn home() -> Home {
    Home::new(env!("CARGO_BIN_EXE_cwmpd"))
}

/// A box beside an engine.
fn beside(luup: &FakeLuup) -> Home {
    let home = home();
    home.set_uci("luup", "enable", "1");
    home.set_uci("luup", "url", &luup.url());
    home
}

/// Reads a word as a script would.
fn unescaped(word: &str) -> String {
    let mut text = String::new();
    let mut rest = word.chars();
    while let Some(c) = rest.next() {
        text.push(match c {
            '\\' => match rest.next().unwrap() {
                't' => '\t',
                'n' => '\n',
                'r' => '\r',
                'x' => {
                    let code: String = rest.by_ref().take(2).collect();
                    char::from(u8::from_str_radix(&code, 16).unwrap())
                }
                c => c,
            },
            c => c,
        });
    }
    text
}

#[test]
fn z53_each_line_is_read_again_as_the_pair_that_it_was() {
    let luup = FakeLuup::start();
    let home = beside(&luup);
    let odd = r#"{"devices":[{"id":208,"a b":"x  y ","c\\d":"\\x20","e\n":"1\n2","\u0001":"\u0002","é.f":""}]}"#;
    luup.mood(Mood::Says(odd.into()));
    let printed = home.run(&["luup"]);
    assert_eq!(printed.code, 0, "{}", printed.err);
    let pairs: Vec<(String, String)> = printed
        .out
        .lines()
        .map(|line| line.split_once(' ').unwrap())
        .map(|(name, value)| (unescaped(name), unescaped(value)))
        .collect();
    let mut told = Vec::new();
    cwmpd::luup::flatten(odd, "ZWave", &mut |name, value| {
        told.push((name.to_owned(), value.to_owned()));
    })
    .unwrap();
    assert_eq!(pairs, told);
    assert_eq!(pairs[0], ("ZWave.devices.1.id".into(), "208".into()));
}

/// The rest of the line of a map that begins so.
fn line<'a>(map: &'a str, begin: &str) -> Vec<&'a str> {
    let mut lines = map.lines();
    let found = lines.find_map(|line| line.strip_prefix(begin));
    let found = found.unwrap_or_else(|| panic!("no line {begin:?} in {map}"));
    found.split('\t').skip(1).collect()
}

#[test]
fn z54_the_map_tells_of_each_row_and_device_without_an_agent() {
    let luup = FakeLuup::start();
    let home = beside(&luup);
    let map = home.run(&["luup", "--map"]);
    assert_eq!(map.code, 0, "{}", map.err);
    let wake_up = "row\tDevice.Zwave.Interface.12.WakeUpInterval";
    let source = "luup:ZWaveDevice1/WakeupInterval";
    assert_eq!(line(&map.out, wake_up), [source, "720", "720", ""]);
    assert_eq!(line(&map.out, "device\t1")[1], "network");
    assert_eq!(line(&map.out, "device\t12")[1], "node");
    let absent = map
        .out
        .lines()
        .any(|line| line.ends_with("Luup has no such value"));
    assert!(absent, "{}", map.out);
    luup.set(12, "urn:example:serviceId:Odd1", "Un\tused", "7");
    let again = home.run(&["luup", "--map"]).out;
    let unnamed = line(&again, r"unnamed	urn:example:serviceId:Odd1/Un\tused");
    assert_eq!(unnamed, ["1", "7"]);
}

#[test]
fn z54_a_value_that_no_row_can_show_and_a_home_without_a_node_fail() {
    let luup = FakeLuup::start();
    let home = beside(&luup);
    luup.set(12, "ZWaveDevice1", "WakeupInterval", "soon");
    let map = home.run(&["luup", "--map"]);
    assert_eq!(map.code, 1);
    assert!(map.err.contains("1 values do not fit"), "{}", map.err);
    let row = line(&map.out, "row\tDevice.Zwave.Interface.12.WakeUpInterval");
    assert_eq!(row[1..3], ["soon", ""]);
    assert!(row[3].starts_with("does not fit: "), "{row:?}");

    luup.mood(Mood::Says(r#"{"devices":[{"id":7,"status":1}]}"#.into()));
    let map = home.run(&["luup", "--map"]);
    assert_eq!(map.code, 1);
    assert!(map.err.contains("1 devices, no node"), "{}", map.err);
    assert!(map.out.contains("its table has no instance"), "{}", map.out);
    luup.mood(Mood::Says("Exiting".into()));
    assert_eq!(home.run(&["luup", "--map"]).code, 1);
}

#[test]
fn z54_the_map_is_drawn_from_stored_answers() {
    let home = home();
    let service = "urn:micasaverde-com:serviceId:ZWaveDevice1";
    let status = format!(
        r#"{{"devices":[{{"id":12,"states":[{{"service":"{service}","variable":"Capabilities","value":"211,156,0,4,16,1,L,|37,"}}]}}]}}"#
    );
    let user_data = r#"{"devices":[{"id":1,"device_type":"urn:schemas-micasaverde-com:device:ZWaveNetwork:1"},{"id":12,"name":"Lampe","id_parent":1,"altid":"5"}]}"#;
    let [status, user_data] =
        [("status.json", &*status), ("user_data.json", user_data)].map(|(name, text)| {
            let path = home.model_dir().join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        });
    let map = home.run(&["luup", "--map", "--status", &status]);
    assert_eq!((map.code, &*map.err), (0, ""), "by its capabilities");
    assert_eq!(line(&map.out, "device\t12"), ["", "node"]);
    let both = [
        "luup",
        "--map",
        "--user-data",
        &user_data,
        "--status",
        &status,
    ];
    let map = home.run(&both);
    assert_eq!(map.code, 0, "{}", map.err);
    assert_eq!(line(&map.out, "device\t12"), ["Lampe", "node"]);
    let name = line(&map.out, "row\tDevice.Zwave.Interface.12.Name");
    assert_eq!(name, ["luup:device.name", "Lampe", "Lampe", ""]);

    let missing = home.run(&["luup", "--map", "--status", "/nonexistent"]);
    assert_eq!(missing.code, 1);
    assert!(missing.err.contains("/nonexistent"), "{}", missing.err);
    for odd in [
        &["luup", "--status", &status][..],
        &["luup", "--map", "--user-data", &user_data],
        &["luup", "--map", "--map"],
        &["status", "--map"],
    ] {
        assert_eq!(home.run(odd).code, 2, "{odd:?}");
    }
}

/// The engine of the box is met through MMS.
pub fn leads_through(mms: &FakeMms, home: &Home) {
    let authority = home.model_dir().join("mms.pem");
    std::fs::write(&authority, mms.authority()).unwrap();
    home.set_uci("luup", "enable", "1");
    let path = home.config_dir().join("cwmpd");
    let mut config = std::fs::read_to_string(&path).unwrap();
    config += "\nconfig mms 'mms'\n";
    for (option, value) in [
        ("enabled", "1"),
        ("server", &*mms.server()),
        ("username", MMS_USER),
        ("password", MMS_PASSWORD),
        ("seed", MMS_SEED),
        ("oem", MMS_OEM),
        ("ssl_cacert", &authority.display().to_string()),
    ] {
        config += &format!("\toption {option} '{value}'\n");
    }
    std::fs::write(&path, config).unwrap();
}

#[test]
fn z52_the_program_shows_no_secret_of_mms() {
    let mms = FakeMms::start();
    mms.script(|script| {
        let service = "urn:micasaverde-com:serviceId:ZWaveDevice1";
        script.engine = format!(
            r#"{{"devices":[{{"id":12,"states":[{{"service":"{service}","variable":"Capabilities","value":"1"}},{{"service":"{service}","variable":"WakeupInterval","value":"720"}}]}}]}}"#
        );
    });
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home();
    home.set_acs(&acs.url());
    leads_through(&mms, &home);
    home.set_uci("cpe", "log_severity", "DEBUG");
    let checked = home.run(&["check"]);
    assert_eq!(checked.code, 0, "{}", checked.out);
    let agent = home.start();
    acs.session(|s| {
        s.inform();
        let interval = s.value("Device.Zwave.Interface.12.WakeUpInterval");
        assert_eq!(interval, "720");
        s.end();
    });
    mms.end_sessions();
    mms.script(|script| script.boxes.clear());
    agent.inform();
    acs.session(|s| {
        s.inform();
        s.end();
    });
    let status = agent.status();
    let printed = home.run(&["luup"]);
    assert_eq!(printed.code, 1, "{}", printed.out);
    assert!(printed.err.contains("no box"), "{}", printed.err);
    for text in [&home.log(), &status, &checked.out, &printed.err] {
        for secret in ["TELLTALE", "SHA1Password"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}
