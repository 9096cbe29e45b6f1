//! The program from its start to its end, as procd and the user of the box see it.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use cwmpd_lab::home::{Home, wait_for};
use cwmpd_lab::luup::FakeLuup;

/// A box whose ACS is not there.
fn home() -> Home {
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    home.set_uci("acs", "url", "http://127.0.0.1:9/");
    home
}

#[test]
fn without_an_acs_no_port_is_open() {
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    let agent = home.start();
    let url = "ManagementServer.ConnectionRequestURL";
    assert_eq!(agent.get(url), "");
    let status = agent.status();
    assert!(
        status.contains("set cwmpd.acs.url (ManagementServer.URL)"),
        "{status}"
    );
    agent.set("ManagementServer.URL", "http://127.0.0.1:9/");
    wait_for("an open port", || {
        agent.get(url).starts_with("http://").then_some(())
    });
}

#[test]
fn it_starts_serves_and_ends_cleanly() {
    let home = home();
    let agent = home.start();
    assert_eq!(agent.get("DeviceInfo.SerialNumber"), "0123456789");
    assert_eq!(agent.get("Device.DeviceInfo.SerialNumber"), "0123456789");
    let status = agent.status();
    assert!(
        status.contains("call us at:    http://127.0.0.1:"),
        "{status}"
    );
    assert_eq!(agent.stop().code(), Some(0));
    assert!(!home.run_dir().join("control.sock").exists());
    assert_eq!(home.run(&["status"]).code, 3);
}

#[test]
fn w12_a_second_agent_is_refused_and_a_killed_one_leaves_no_lock() {
    let home = home();
    let agent = home.start();
    let second = home.run(&["run"]);
    assert_eq!(second.code, 1);
    let pid = format!("another cwmpd (process {})", agent.pid());
    assert!(second.err.contains(&pid), "{}", second.err);
    agent.kill();
    assert_eq!(home.start().stop().code(), Some(0));
}

#[test]
fn the_control_socket_is_its_owners_only() {
    let home = home();
    let _agent = home.start();
    let socket = fs::metadata(home.run_dir().join("control.sock")).unwrap();
    assert_eq!(socket.permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_silent_client_of_the_control_socket_holds_nobody_up() {
    let home = home();
    let agent = home.start();
    let path = home.run_dir().join("control.sock");
    let connect = || std::os::unix::net::UnixStream::connect(&path).unwrap();
    let _silent = [connect(), connect(), connect()];
    assert_eq!(agent.get("DeviceInfo.SerialNumber"), "0123456789");
}

#[test]
fn values_are_set_by_hand_all_or_none() {
    let home = home();
    let agent = home.start();
    agent.set("ManagementServer.PeriodicInformInterval", "4711");
    assert_eq!(agent.get("ManagementServer.PeriodicInformInterval"), "4711");
    assert_eq!(
        home.uci("acs", "periodic_inform_interval").as_deref(),
        Some("4711")
    );
    let refused = home.run(&[
        "set",
        "ManagementServer.PeriodicInformInterval",
        "12",
        "ManagementServer.Nothing",
        "x",
    ]);
    assert_eq!(refused.code, 1);
    assert!(
        refused.err.contains("ManagementServer.Nothing"),
        "{}",
        refused.err
    );
    assert_eq!(agent.get("ManagementServer.PeriodicInformInterval"), "4711");
}

#[test]
fn an_edit_of_the_configuration_is_noticed() {
    let home = home();
    let agent = home.start();
    home.set_uci("acs", "url", "http://127.0.0.1:9/");
    agent.wait_for_log("session failed");
    assert!(
        agent.status().contains("http://127.0.0.1:9/"),
        "{}",
        agent.status()
    );
}

#[test]
fn an_odd_option_is_named_in_the_log_and_by_check() {
    let home = home();
    home.set_uci("cpe", "session_timeout", "soon");
    let agent = home.start();
    agent.wait_for_log("cwmpd.cpe.session_timeout: 'soon'");
    let check = home.run(&["check"]);
    assert!(
        check.out.contains("cwmpd.cpe.session_timeout"),
        "{}",
        check.out
    );
}

#[test]
fn hup_reads_the_configuration_again() {
    let home = home();
    let agent = home.start();
    home.set_uci("cpe", "path", "/chosen");
    agent.signal("HUP");
    agent.wait_for_log("reloading");
    wait_for("the configured path", || {
        let url = agent.connection_request_url();
        url.ends_with("/chosen").then_some(())
    });
    assert_eq!(agent.stop().code(), Some(0));
}

#[test]
fn the_path_for_connection_requests_is_random_and_kept() {
    let home = home();
    let path = |url: String| url.rsplit('/').next().unwrap_or_default().to_owned();
    let agent = home.start();
    let first = path(agent.connection_request_url());
    agent.stop();
    assert_eq!(first.len(), 32);
    let agent = home.start();
    assert_eq!(path(agent.connection_request_url()), first);
}

#[test]
fn w24_disabled_connection_requests_close_the_port() {
    let home = home();
    let agent = home.start();
    agent.connection_request_url();
    agent.set("ManagementServer.HTTPConnectionRequestEnable", "false");
    assert_eq!(agent.get("ManagementServer.ConnectionRequestURL"), "");
}

#[test]
fn the_model_is_checked() {
    let home = home();
    let check = home.run(&["check"]);
    assert_eq!(check.code, 0, "{}{}", check.out, check.err);
    fs::write(home.model_dir().join("bad.csv"), "X.;ANY\nX.Y;NONSENSE;0\n").unwrap();
    let check = home.run(&["check"]);
    assert_eq!(check.code, 1);
    assert!(check.out.contains("bad.csv:2: column 2"), "{}", check.out);
    fs::remove_file(home.model_dir().join("bad.csv")).unwrap();
}

#[test]
fn luup_is_printed_as_pairs() {
    let mut luup = FakeLuup::start();
    let home = home();
    home.set_uci("luup", "url", &luup.url());
    let output = home.run(&["luup"]);
    assert_eq!(output.code, 0, "{}", output.err);
    let pair = |line: &str| line.starts_with("ZWave.devices.1.states.1.id ");
    assert!(output.out.lines().any(pair), "{}", output.out);
    luup.down();
    let output = home.run(&["luup"]);
    assert_eq!(output.code, 1);
    assert!(output.err.contains("cannot be reached"), "{}", output.err);
}

#[test]
fn the_command_line_explains_itself() {
    let home = home();
    let help = home.run(&["--help"]);
    assert_eq!(help.code, 0);
    for word in [
        "run", "check", "luup", "status", "get", "set", "add", "del", "inform", "dump",
    ] {
        assert!(help.out.contains(&format!("\n  {word} ")), "{word}");
    }
    assert_eq!(home.run(&["frobnicate"]).code, 2);
    assert!(home.run(&["--version"]).out.starts_with("cwmpd "));
}
