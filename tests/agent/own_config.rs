//! The agent's own `/etc/config/cwmpd`, damaged, locked, unreadable or odd: the box stays with its
//! ACS, and says what is wrong.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use cwmpd::base::xsd::XsdType;
use cwmpd_lab::acs::{AcsOptions, CALLER, ScriptedAcs, request_connection};
use cwmpd_lab::home::{Daemon, Home, free_port, wait_for};
use cwmpd_lab::tools::can_trace;
use nix::fcntl::{Flock, FlockArg};

const PROGRAM: &str = env!("CARGO_BIN_EXE_cwmpd");

fn configure(home: &Home, acs: &ScriptedAcs) {
    home.set_acs(&acs.url());
    home.set_uci("cpe", "port", &free_port().to_string());
    home.set_uci("cpe", "path", "/wake");
    home.set_caller();
}

fn home(acs: &ScriptedAcs) -> Home {
    let home = Home::new(PROGRAM);
    configure(&home, acs);
    home
}

fn file(home: &Home) -> PathBuf {
    home.config_dir().join("cwmpd")
}

/// The box answers its ACS where it always did, and has nothing else to say.
fn assert_reachable(acs: &ScriptedAcs, agent: &Daemon<'_>, url: &str, case: &str) {
    assert_eq!(agent.connection_request_url(), url, "{case}");
    wait_for("the port", || {
        let status = request_connection(url, CALLER.0, CALLER.1).ok()?;
        (status == 200).then_some(())
    });
    assert_eq!(acs.quiet_session(), ["6 CONNECTION REQUEST"], "{case}");
}

fn complaint(agent: &Daemon<'_>) -> Option<String> {
    let status = agent.status();
    let lines = status.lines();
    let lines = lines.filter(|line| line.starts_with("configuration:"));
    let lines: Vec<&str> = lines.collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn wait_for_complaint(agent: &Daemon<'_>, words: &str) {
    wait_for(words, || {
        complaint(agent).filter(|complaint| complaint.contains(words))
    });
}

#[test]
fn s01_damage_keeps_the_box_with_its_acs_over_a_restart_and_a_reboot() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    let mut agent = home.start();
    assert_eq!(acs.quiet_session(), ["0 BOOTSTRAP", "1 BOOT"]);
    let url = agent.connection_request_url();
    let good = fs::read_to_string(file(&home)).unwrap();
    let half = good.find("\noption userid").unwrap_or(good.len() / 2);
    let damages: [(&str, &str); 5] = [
        (
            "invalid command",
            &good.replace("option interface", "optoin interface"),
        ),
        ("it is empty", ""),
        (
            "it is another file",
            "config interface 'lan'\n\toption proto 'dhcp'\n",
        ),
        ("cut off", &good[..good.find("\nconfig acs").unwrap() + 1]),
        ("cwmpd", &good[..half]),
    ];
    for (words, text) in damages {
        home.write_config("cwmpd", text);
        wait_for_complaint(&agent, words);
        assert!(home.log().contains(words), "{words}");
        assert_reachable(&acs, &agent, &url, words);
        agent.stop();
        agent = home.start();
        wait_for_complaint(&agent, "the last good settings go on");
        assert_reachable(&acs, &agent, &url, words);
        agent.kill();
        home.power_cycle();
        agent = home.start();
        assert_eq!(acs.quiet_session(), ["1 BOOT"], "{words}");
        home.write_config("cwmpd", &good);
        wait_for("the end of it", || {
            complaint(&agent).is_none().then_some(())
        });
        assert_reachable(&acs, &agent, &url, words);
    }
    fs::remove_file(file(&home)).unwrap();
    agent.signal("HUP");
    wait_for_complaint(&agent, "it is gone");
    assert_reachable(&acs, &agent, &url, "gone");
}

#[test]
fn s01_what_the_acs_changes_mends_the_file() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    let agent = home.start();
    acs.quiet_session();
    let good = fs::read_to_string(file(&home)).unwrap();
    home.write_config(
        "cwmpd",
        &good.replace("option interface", "optoin interface"),
    );
    wait_for_complaint(&agent, "invalid command");
    agent.inform();
    acs.session(|s| {
        s.inform();
        let user = "Device.ManagementServer.ConnectionRequestUsername";
        s.set(&[(user, XsdType::String, "another")], "");
        s.end();
    });
    wait_for("the end of it", || {
        complaint(&agent).is_none().then_some(())
    });
    assert_eq!(home.uci("cpe", "userid").as_deref(), Some("another"));
    assert_eq!(home.uci("cpe", "interface").as_deref(), Some("lo"));
    let aside = fs::read_to_string(home.model_dir().join("cwmpd.corrupt")).unwrap();
    assert!(aside.contains("optoin"), "{aside}");
}

#[test]
fn s01_a_lock_at_the_start_is_only_a_delay() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    let theirs = fs::File::open(file(&home)).unwrap();
    let theirs = Flock::lock(theirs, FlockArg::LockExclusive).ok().unwrap();
    let agent = home.start();
    wait_for_complaint(&agent, "another program keeps it locked");
    // Nobody touches the file: the agent comes back to it by itself.
    drop(theirs);
    assert_eq!(acs.quiet_session()[..2], ["0 BOOTSTRAP", "1 BOOT"]);
    let url = agent.connection_request_url();
    assert_reachable(&acs, &agent, &url, "after the lock");
    assert_eq!(complaint(&agent), None);
}

#[test]
fn s01_a_lock_for_ever_holds_nothing_up() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    let agent = home.start();
    acs.quiet_session();
    let url = agent.connection_request_url();
    agent.stop();
    let theirs = fs::File::open(file(&home)).unwrap();
    let _theirs = Flock::lock(theirs, FlockArg::LockExclusive).ok().unwrap();
    home.power_cycle();
    let agent = home.start();
    assert_eq!(acs.quiet_session(), ["1 BOOT"]);
    assert_reachable(&acs, &agent, &url, "locked");
    agent.inform();
    acs.session(|s| {
        s.inform();
        let user = "Device.ManagementServer.ConnectionRequestUsername";
        let fault = s.set_refused(&[(user, XsdType::String, "another")], "");
        let fault = format!("{fault:?}");
        assert!(fault.contains("keeps it locked"), "{fault}");
        s.end();
    });
}

/// A program that starts the agent with a system call that fails once at the file.
fn failing(home: &Home, call: &str, error: &str) -> PathBuf {
    let script = format!(
        "#!/bin/sh\ncase \" $* \" in *\" run \"*) exec strace -D -o /dev/null -P '{}' \
         -e trace={call} -e inject={call}:error={error}:when=1 {PROGRAM} \"$@\";; esac\n\
         exec {PROGRAM} \"$@\"\n",
        file(home).display()
    );
    let path = home.model_dir().with_file_name("failing");
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn s01_an_error_of_the_system_is_only_a_delay() {
    if !can_trace() {
        return;
    }
    for (call, error) in [
        ("openat", "EMFILE"),
        ("openat", "ENOMEM"),
        ("read", "EIO"),
        ("flock", "ENOLCK"),
    ] {
        let acs = ScriptedAcs::start(AcsOptions::default());
        let plain = home(&acs);
        let program = failing(&plain, call, error);
        let home = plain.with_program(program);
        let agent = home.start();
        assert_eq!(
            acs.quiet_session()[..2],
            ["0 BOOTSTRAP", "1 BOOT"],
            "{call}"
        );
        wait_for("the end of it", || {
            complaint(&agent).is_none().then_some(())
        });
        let url = agent.connection_request_url();
        assert_reachable(&acs, &agent, &url, call);
        agent.kill();
        // With settings of an earlier run there is not even that.
        home.power_cycle();
        let agent = home.start();
        assert_eq!(acs.quiet_session(), ["1 BOOT"], "{call} {error}");
        assert_eq!(agent.connection_request_url(), url, "{call} {error}");
        let log = home.log();
        assert!(log.contains("/cwmpd: cannot"), "{call} {error}: {log}");
    }
}

#[test]
fn s01_a_bad_line_at_the_first_start_is_told_and_the_others_count() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    let good = fs::read_to_string(file(&home)).unwrap();
    home.write_config("cwmpd", &format!("{good}\toption timeout '1' '2'\n"));
    let agent = home.start();
    assert_eq!(acs.quiet_session(), ["0 BOOTSTRAP", "1 BOOT"]);
    wait_for_complaint(&agent, "too many arguments");
    let line = good.lines().count() + 1;
    let told = complaint(&agent).unwrap();
    assert!(told.contains(&format!("/cwmpd:{line}: ")), "{told}");
    home.write_config("cwmpd", &good);
    wait_for("the end of it", || {
        complaint(&agent).is_none().then_some(())
    });
    assert!(acs.is_left_alone_for(Duration::from_millis(300)));
}

#[test]
fn s03_sections_without_names_are_those_that_are_meant() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    let text = fs::read_to_string(file(&home)).unwrap();
    let unnamed = ["acs", "cpe", "igd", "luup", "stun", "transfer"]
        .iter()
        .fold(text, |text, name| {
            text.replace(
                &format!("config {name} '{name}'"),
                &format!("config {name}"),
            )
        });
    home.write_config("cwmpd", &unnamed);
    let agent = home.start();
    acs.session(|s| {
        assert_eq!(s.inform().event[0].event_code, "0 BOOTSTRAP");
        let code = "Device.DeviceInfo.ProvisioningCode";
        s.set(&[(code, XsdType::String, "taken")], "");
        s.end();
    });
    assert_eq!(complaint(&agent), None);
    let text = fs::read_to_string(file(&home)).unwrap();
    assert!(text.contains("provisioning_code 'taken'"), "{text}");
    assert_eq!(text.matches("config ").count(), 6, "{text}");
}

#[test]
fn s03_what_nobody_reads_is_told_once_with_line_and_remedy() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    let good = fs::read_to_string(file(&home)).unwrap();
    let line = good.lines().count() + 1;
    home.write_config(
        "cwmpd",
        &format!("{good}\toption tiemout '1'\n\nconfig stun 's'\n"),
    );
    let agent = home.start();
    acs.quiet_session();
    let told = [
        format!("/cwmpd:{line}: cwmpd.luup.tiemout is not read; did you mean cwmpd.luup.timeout?"),
        format!("/cwmpd:{}: config stun 's' is not read", line + 2),
    ];
    let status = agent.status();
    assert!(told.iter().all(|line| status.contains(line)), "{status}");
    for seconds in ["3", "4"] {
        home.set_uci("luup", "timeout", seconds);
        agent.signal("HUP");
        agent.inform();
        acs.quiet_session();
    }
    let log = home.log();
    for line in told {
        assert_eq!(log.matches(&line).count(), 1, "{line}");
    }
}

#[test]
fn s03_check_names_each_mistake_of_the_configuration_and_fails() {
    let home = Home::new(PROGRAM);
    let good = home.run(&["check"]);
    assert_eq!(good.code, 0, "{good:?}");
    let text = fs::read_to_string(file(&home)).unwrap();
    let line = text.lines().count() + 1;
    for (bad, told) in [
        ("\toption tiemout '1'", "did you mean cwmpd.luup.timeout?"),
        (
            "\toption timeout 'soon'",
            "'soon' is not a number of seconds",
        ),
        ("config acs", "is not read: the section of line"),
        ("\toption timeout '1' '2'", "too many arguments"),
        (
            "\toption get_rpc_methods '1'",
            "it belongs to section 'acs'",
        ),
    ] {
        home.write_config("cwmpd", &format!("{text}{bad}\n"));
        let found = home.run(&["check"]);
        assert_eq!(found.code, 1, "{bad}: {found:?}");
        let place = format!("/config/cwmpd:{line}: ");
        let mut lines = found.out.lines();
        let is_told = lines.any(|line| line.contains(&place) && line.contains(told));
        assert!(is_told, "{bad}: {found:?}");
    }
    home.write_config("cwmpd", &text);
    home.set_uci("acs", "ssl_cacert", "/absent.pem");
    let found = home.run(&["check"]);
    assert_eq!(found.code, 1, "{found:?}");
    assert!(found.out.contains("/absent.pem"), "{found:?}");
    home.write_config("cwmpd", &text);
    home.set_uci("acs", "periodic_inform_interval", "-5");
    home.set_uci("acs", "periodic_inform_time", "03:00");
    home.set_uci("cpe", "enable", "ture");
    let found = home.run(&["check"]);
    assert_eq!(found.code, 1, "{found:?}");
    for told in [
        "PeriodicInformInterval: -5 is not between 1 and",
        "PeriodicInformTime: \"03:00\" is not a dateTime",
        "EnableCWMP: \"ture\" is not a boolean",
        "mistakes: 3",
    ] {
        let said = [&*found.out, &*found.err].concat();
        assert!(said.contains(told), "{told}: {found:?}");
    }
    assert!(!home.model_dir().join("parameters.data").exists());
    home.write_config(
        "cwmpd",
        &format!("config stun\n{text}\toption timeout 'soon'\n"),
    );
    let found = home.run(&["check"]).out;
    assert!(found.find("config stun") < found.find("'soon'"), "{found}");
}

#[test]
fn s03_a_flag_that_is_none_does_not_take_the_box_from_its_acs() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    home.set_uci("cpe", "enable", "ture");
    home.set_uci("acs", "periodic_inform_enable", "maybe");
    let agent = home.start();
    assert_eq!(acs.quiet_session(), ["0 BOOTSTRAP", "1 BOOT"]);
    let status = agent.status();
    for told in [
        "cwmpd.cpe.enable, Device.ManagementServer.EnableCWMP: \"ture\" is not a boolean",
        "cwmpd.acs.periodic_inform_enable, Device.ManagementServer.PeriodicInformEnable: \"maybe\" is",
    ] {
        assert!(status.contains(told), "{status}");
    }
}

#[test]
fn s03_an_interface_goes_by_its_logical_name_and_is_followed() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    let network = "config interface 'lan'\n\toption device 'absent0'\n";
    home.write_config("network", network);
    home.set_uci("cpe", "interface", "lan");
    let agent = home.start();
    acs.quiet_session();
    let told = "lan has no address: there is no device absent0 now (cpe.interface)";
    assert!(agent.status().contains(told));
    assert!(home.log().contains(told), "{}", home.log());
    home.replace_config("network", &network.replace("absent0", "lo"));
    let url = agent.connection_request_url();
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
}

#[test]
fn s09_a_running_agent_follows_all_but_what_readme_says_needs_a_restart() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let readme = readme.split_whitespace().collect::<Vec<_>>().join(" ");
    let said = "A running agent notices edits; only `root` and the interface of the `net:@` rows \
                need a restart.";
    assert!(readme.contains(said), "README lists something else");
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    home.set_uci("cpe", "interface", "lo");
    let rows = home.model_dir().join("test.csv");
    fs::write(
        rows,
        "X_TEST_Interface;STRING;1;0;0;0;0;0;;;;;;;net:@:name\n",
    )
    .unwrap();
    let mut agent = home.start();
    acs.quiet_session();
    assert_eq!(agent.get("X_TEST_Interface"), "lo");
    let port = free_port();
    let followed = [
        ("cpe", "path", "/elsewhere"),
        ("cpe", "port", &port.to_string()),
        ("cpe", "session_timeout", "77"),
        ("cpe", "log_severity", "WARNING"),
        ("luup", "url", "http://127.0.0.1:9"),
        ("luup", "enable", "1"),
        ("acs", "get_rpc_methods", "1"),
    ];
    for (section, option, value) in followed {
        home.set_uci(section, option, value);
    }
    let url = format!("http://127.0.0.1:{port}/elsewhere");
    wait_for("the new URL", || {
        (agent.connection_request_url() == url).then_some(())
    });
    let sessions = |log: &str| log.matches("session with").count();
    assert_eq!(sessions(&home.log()), 1);
    agent.inform();
    acs.quiet_session();
    let log = home.log();
    assert_eq!(sessions(&log), 1, "quiet by now");
    assert!(log.contains("no connection to 127.0.0.1:9"), "{log}");
    // These two need the restart.
    home.set_uci("cpe", "root", "InternetGatewayDevice.");
    home.set_uci("cpe", "interface", "absent0");
    wait_for("the edit", || {
        agent.status().contains("absent0 has no").then_some(())
    });
    assert_eq!(agent.get("X_TEST_Interface"), "lo");
    assert!(agent.get("DeviceInfo.").starts_with("Device."));
    agent.stop();
    agent = home.start();
    assert_eq!(agent.get("X_TEST_Interface"), "absent0");
}
