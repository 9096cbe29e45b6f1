//! Passwords and what is kept in the run folder: nobody sees them who need not.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use cwmpd::base::xsd::XsdType;
use cwmpd_lab::acs::{AcsOptions, ScriptedAcs, Side};
use cwmpd_lab::home::{Home, wait_for};

const PASSWORD: &str = "Device.ManagementServer.ConnectionRequestPassword";

/// In each password of these tests.
const TELLTALE: &str = "telltale";

fn home(acs: &ScriptedAcs) -> Home {
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    home.set_acs(&acs.url());
    home.set_uci("cpe", "passwd", &format!("{TELLTALE}-0"));
    home
}

#[test]
fn no_password_is_shown_to_the_acs_in_the_log_or_by_the_command_line() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    let agent = home.start();
    acs.session(|s| {
        s.inform();
        s.notify(PASSWORD, 2);
        s.set(&[(PASSWORD, XsdType::String, &format!("{TELLTALE}-1"))], "");
        assert_eq!(s.value(PASSWORD), "");
        let long = TELLTALE.repeat(40);
        let fault = s.set_refused(&[(PASSWORD, XsdType::String, &long)], "");
        assert_eq!(fault.parameters[0].code, 9007);
        let fault = s.set_refused(&[(PASSWORD, XsdType::Int, &format!("{TELLTALE}-2"))], "");
        assert_eq!(fault.parameters[0].code, 9006);
        let twice = format!("{TELLTALE}-3");
        let twice = [(PASSWORD, XsdType::String, &*twice); 2];
        s.set_refused(&twice, "");
        s.end();
    });
    let refused = home.run(&["set", PASSWORD, &TELLTALE.repeat(40)]);
    assert_ne!(refused.code, 0);
    agent.set(PASSWORD, &format!("{TELLTALE}-4"));
    agent.inform();
    acs.session(|s| {
        let inform = s.inform();
        assert_eq!(inform.event.len(), 1, "a secret has no news: {inform:?}");
        assert!(inform.parameter_list.iter().all(|p| p.name != PASSWORD));
        s.end();
    });
    let dump = home.run(&["dump"]).out + &home.run(&["dump", "--csv"]).out;
    assert!(dump.contains("ConnectionRequestPassword"));
    for (place, text) in [
        ("the log", home.log()),
        ("status", agent.status()),
        ("dump", dump),
        ("get", agent.get(PASSWORD)),
        ("set", refused.out + &refused.err),
    ] {
        assert!(!text.contains(TELLTALE), "{place}: {text}");
    }
    let transcript = acs.transcript();
    let said = transcript.iter().filter(|entry| entry.side == Side::Box);
    for entry in said {
        assert!(!entry.xml.contains(TELLTALE), "{}", entry.xml);
    }
}

#[test]
fn what_is_kept_in_the_run_folder_is_for_the_owner_alone() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    let agent = home.start();
    acs.session(|s| {
        s.inform();
        s.notify("Device.DeviceInfo.MemoryStatus.Free", 1);
        s.end();
    });
    for name in ["control.sock", "live.data", "undelivered"] {
        let path = home.run_dir().join(name);
        let mode = wait_for(name, || {
            Some(fs::metadata(&path).ok()?.permissions().mode())
        });
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    drop(agent);
}
