//! What an Upload can name by its number: `VendorConfigFile.` and `VendorLogFile.`.

use cwmpd_lab::acs::{AcsOptions, ScriptedAcs};
use cwmpd_lab::home::{Daemon, Home};

const SECTIONS: &str = "
config config_file
	option name 'Sounds'
	option path '/etc/sounds.conf'

config log_file 'voice'
	option name 'Voice'
	option path '/mnt/log/voice.log'

config log_file 'boot'
	option name 'Boot'
	option path '/tmp/boot.log'
";

fn add(home: &Home, sections: &str) {
    let file = home.config_dir().join("cwmpd");
    let text = std::fs::read_to_string(file).unwrap();
    home.replace_config("cwmpd", &(text + sections));
}

fn table(agent: &Daemon<'_>, name: &str) -> Vec<String> {
    let lines = agent.get(&format!("DeviceInfo.{name}."));
    let prefix = format!("Device.DeviceInfo.{name}.");
    let strip = |line: &str| line.strip_prefix(&prefix).unwrap().trim_end().to_owned();
    lines.lines().map(strip).collect()
}

#[test]
fn t59_number_1_is_the_whole_and_the_others_are_sections_that_keep_their_numbers() {
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    let agent = home.start();
    let whole = [
        "1.Date 0001-01-01T00:00:00Z",
        "1.Description all that a firmware upgrade keeps",
        "1.Name configuration",
        "1.UseForBackupRestore 1",
        "1.Version",
    ];
    assert_eq!(table(&agent, "VendorConfigFile"), whole);
    let log = ["1.MaximumSize 0", "1.Name system log", "1.Persistent 0"];
    assert_eq!(table(&agent, "VendorLogFile"), log);

    add(&home, SECTIONS);
    let count = || agent.get("DeviceInfo.VendorLogFileNumberOfEntries");
    cwmpd_lab::home::wait_for("the sections", || (count() == "3").then_some(()));
    let sounds = [
        "2.Date 0001-01-01T00:00:00Z",
        "2.Description /etc/sounds.conf",
        "2.Name Sounds",
        "2.UseForBackupRestore 0",
        "2.Version",
    ];
    assert_eq!(
        table(&agent, "VendorConfigFile"),
        [&whole[..], &sounds].concat()
    );
    let others = [
        "2.MaximumSize 0",
        "2.Name Voice",
        "2.Persistent 1",
        "3.MaximumSize 0",
        "3.Name Boot",
        "3.Persistent 0",
    ];
    assert_eq!(table(&agent, "VendorLogFile"), [&log[..], &others].concat());

    // One goes; its number is nobody else's, also after a restart.
    let file = home.config_dir().join("cwmpd");
    let text = std::fs::read_to_string(&file).unwrap();
    let text = text.replace("config log_file 'voice'\n", "config log_file 'sip'\n");
    home.replace_config("cwmpd", &text);
    cwmpd_lab::home::wait_for("the other section", || {
        let names = table(&agent, "VendorLogFile");
        names
            .iter()
            .any(|line| line.starts_with("4."))
            .then_some(())
    });
    agent.stop();
    let agent = home.start();
    let names = table(&agent, "VendorLogFile");
    let numbers: Vec<&str> = names.iter().map(|line| &line[..2]).collect();
    assert_eq!(
        numbers,
        ["1.", "1.", "1.", "3.", "3.", "3.", "4.", "4.", "4."]
    );
}

/// It has an empty section of each kind, for people to fill in; a blank path is no file either.
#[test]
fn b31_the_configuration_as_it_is_shipped_makes_no_second_one() {
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    let shipped = include_str!("../../etc/config/cwmpd");
    let sections = shipped.find("config config_file").unwrap();
    add(&home, &shipped[sections..]);
    add(&home, "config log_file\n\toption path ' '\n");
    let agent = home.start();
    for table in ["VendorConfigFile", "VendorLogFile"] {
        let count = agent.get(&format!("DeviceInfo.{table}NumberOfEntries"));
        assert_eq!(count, "1", "{table}");
    }
}

#[test]
fn t59_the_acs_finds_them_and_no_more_than_it_needs() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    home.set_acs(&acs.url());
    add(&home, SECTIONS);
    let _agent = home.start();
    acs.session(|s| {
        s.inform();
        let names = s.names("Device.DeviceInfo.VendorConfigFile.", false);
        let names: Vec<String> = names.into_iter().map(|info| info.name).collect();
        let prefix = "Device.DeviceInfo.VendorConfigFile.";
        let mut wanted = vec![prefix.to_owned()];
        for number in ["1.", "2."] {
            let names = [
                "",
                "Date",
                "Description",
                "Name",
                "UseForBackupRestore",
                "Version",
            ];
            wanted.extend(names.map(|name| format!("{prefix}{number}{name}")));
        }
        assert_eq!(names, wanted);
        // Only a CPE that has them shows these.
        let names = s.names("Device.ManagementServer.", true);
        for name in ["KickURL", "DownloadProgressURL", "DelayReboot"] {
            assert!(
                !names.iter().any(|info| info.name.ends_with(name)),
                "{name}"
            );
        }
        s.end();
    });
}
