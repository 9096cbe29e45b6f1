//! What sensors and actuators of the home say, and are told, by an ACS.

use cwmpd::base::xsd::XsdType::String as Text;
use cwmpd::soap::Status;
use cwmpd_lab::acs::{AcsOptions, ScriptedAcs, Session};
use cwmpd_lab::home::{Home, wait_for};
use cwmpd_lab::luup::FakeLuup;

/// The device numbers of the sample home are in the paths: row 1 of device 6, row 12 of 24.
const SWITCH: &str = "Device.Zwave.Value.601.";
const LOCK: &str = "Device.Zwave.Value.2412.";

fn home(acs: &ScriptedAcs, luup: &FakeLuup) -> Home {
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    home.set_acs(&acs.url());
    home.set_uci("cpe", "periodic_notify_enable", "0");
    home.set_uci("luup", "enable", "1");
    home.set_uci("luup", "url", &luup.url());
    home
}

/// The fault that the ACS gets for a value, and its words.
fn refused(s: &mut Session<'_>, value: &str, to: &str) -> (u32, String) {
    let mut fault = s.set_refused(&[(&format!("{value}Value"), Text, to)], "");
    let refused = fault.parameters.remove(0);
    (refused.code, refused.string)
}

#[test]
fn z29_an_acs_throws_a_switch_and_no_lock_that_it_may_not() {
    let luup = FakeLuup::start();
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs, &luup);
    home.set_uci("luup", "actuators", "1");
    let agent = home.start();
    acs.session(|s| {
        s.inform();
        assert_eq!(s.value(&format!("{SWITCH}Variable")), "Status");
        assert_eq!(s.value(&format!("{SWITCH}Settable")), "1");
        assert_eq!(s.value(&format!("{LOCK}Settable")), "0");
        assert_eq!(s.value(&format!("{LOCK}Value")), "1");
        let status = s.set(&[(&format!("{SWITCH}Value"), Text, "0")], "");
        assert_eq!(status, Status::Applied);
        assert_eq!(s.value(&format!("{SWITCH}Value")), "0");
        let (code, why) = refused(s, LOCK, "0");
        assert_eq!(code, 9008);
        assert!(
            why.ends_with(": not allowed while luup.locks is 0"),
            "{why}"
        );
        assert_eq!(refused(s, SWITCH, "2").0, 9007);
        s.end();
    });
    wait_for("the switch", || {
        (luup.get(6, "SwitchPower1", "Status").as_deref() == Some("0")).then_some(())
    });
    assert_eq!(luup.get(24, "DoorLock1", "Status").as_deref(), Some("1"));
    agent.stop();
}

#[test]
fn z33_bad_rows_of_the_services_are_named_and_the_others_stand() {
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    let file = home.model_dir().join("luup/services.csv");
    let text = std::fs::read_to_string(&file).unwrap();
    let lines = text.lines().count();
    std::fs::write(&file, format!("{text}0;X1;Y;;BOOLEAN\n98;X1;Z;;NUMBER\n")).unwrap();
    let check = home.run(&["check"]);
    for (line, why) in [(lines + 1, "column 1: "), (lines + 2, "column 5: ")] {
        let wanted = format!("luup/services.csv:{line}: {why}");
        assert!(check.out.contains(&wanted), "{wanted}: {}", check.out);
    }
    assert!(check.err.contains("2 bad rows"), "{}", check.err);
    std::fs::remove_file(&file).unwrap();
    let check = home.run(&["check"]);
    assert!(
        check.out.contains("services.csv: is not there"),
        "{}",
        check.out
    );
}

#[test]
fn z72_a_home_in_order_is_no_reason_for_a_warning() {
    let luup = FakeLuup::start();
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs, &luup);
    let agent = home.start();
    acs.session(|s| {
        s.inform();
        assert_eq!(s.value("Device.Zwave.Interface.12.NodeID"), "5");
        assert_eq!(
            s.value("Device.Zwave.Interface.12.Endpoint.13.EndpointID"),
            "e1"
        );
        s.end();
    });
    agent.stop();
    let log = home.log();
    let warnings = log.lines().filter(|line| line.contains("warn: luup"));
    assert_eq!(warnings.collect::<Vec<_>>(), [""; 0]);
}
