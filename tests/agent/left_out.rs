//! A program that is built without Luup, and maybe without more: what it cannot do it does not
//! promise.

use cwmpd_lab::acs::{AcsOptions, ScriptedAcs};
use cwmpd_lab::home::Home;

const WITHOUT: &str = "this program is built without luup";

fn home() -> Home {
    Home::new(env!("CARGO_BIN_EXE_cwmpd"))
}

#[test]
fn b17_rows_of_a_part_that_is_left_out_are_refused_with_the_reason() {
    let checked = home().run(&["check"]);
    let told = checked.out.lines().filter(|line| line.contains(WITHOUT));
    assert!(told.count() > 0, "{}", checked.out);
    assert_ne!(checked.code, 0);
}

#[test]
fn b17_options_of_a_part_that_is_left_out_are_told_by_check_and_status() {
    let home = home();
    home.set_uci("luup", "enable", "1");
    home.set_uci("cpe", "ubus", "1");
    let section = format!("section 'luup' has no effect: {WITHOUT}");
    let checked = home.run(&["check"]).out;
    assert!(checked.contains(&section), "{checked}");
    let names_ubus = checked.contains("cwmpd.cpe.ubus has no effect");
    assert_ne!(names_ubus, cfg!(feature = "ubus"), "{checked}");
    let status = home.start().status();
    assert!(status.contains(&section), "{status}");
}

#[test]
fn b17_commands_of_a_part_that_is_left_out_are_not_in_the_help() {
    let help = home().run(&["--help"]).out;
    assert!(help.contains("cwmpd check"), "{help}");
    assert!(!help.to_lowercase().contains("luup"), "{help}");
    assert_eq!(home().run(&["luup"]).code, 2);
    let built = home().run(&["version", "--build"]).out;
    assert!(built.contains("(without luup)"), "{built}");
}

#[test]
fn b17_a_session_goes_on_without_the_part() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home();
    home.set_acs(&acs.url());
    let _agent = home.start();
    acs.session(|s| {
        s.inform();
        let methods = s.methods();
        assert!(methods.iter().any(|method| method == "AddObject"));
        let names = s.names("Device.", false);
        let is_promised = |part| names.iter().any(|name| format!("{name:?}").contains(part));
        assert!(is_promised("Device.DeviceInfo.SoftwareVersion"));
        assert!(!is_promised("Zwave.Network.StatusText"), "{names:?}");
        s.end();
    });
}

#[cfg(not(feature = "xmpp"))]
#[test]
fn r52_a_program_without_xmpp_says_so_and_promises_nothing() {
    const NONE: &str = "this program is built without xmpp";
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home();
    home.set_acs(&acs.url());
    let package = home.config_dir().join("cwmpd");
    let before = std::fs::read_to_string(&package).unwrap();
    let line = "\nconfig xmpp 'xmpp'\n\toption id 'line'\n\nconfig xmpp_connection 'line'\n\toption \
                enable '1'\n\toption usetls '1'\n";
    home.replace_config("cwmpd", &(before + line));
    let checked = home.run(&["check"]).out;
    for section in ["xmpp", "xmpp_connection"] {
        let told = format!("section '{section}' has no effect: {NONE}");
        assert!(checked.contains(&told), "{checked}");
    }
    assert!(
        !checked.contains("xmpp.csv"),
        "its rows are no mistakes: {checked}"
    );
    let agent = home.start();
    acs.session(|s| {
        s.inform();
        let names = s.names("Device.", false);
        let is_one = |name: &str| name.contains("XMPP") || name.contains("Jabber");
        assert!(!names.iter().any(|of| is_one(&of.name)), "{names:?}");
        let methods = s.value("Device.ManagementServer.SupportedConnReqMethods");
        assert!(!methods.contains("XMPP"), "{methods}");
        s.end();
    });
    let status = agent.status();
    assert!(
        status.contains(&format!("by XMPP:       no, {NONE}")),
        "{status}"
    );
    assert!(!status.contains("TLS is not"), "{status}");
}
