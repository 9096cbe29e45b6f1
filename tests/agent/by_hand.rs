//! What somebody at the box sets, and how it is written.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Command, Output, Stdio};

use cwmpd_lab::home::{Daemon, Home, wait_for};
use nix::pty::openpty;
use nix::sys::termios::{LocalFlags, tcgetattr};

const PASSWORD: &str = "ManagementServer.Password";

/// A table of UCI sections.
const ROWS: &str = "X_TEST_If.;ANY;source;rw;immediate;;;;;;;;;;uci:network.@interface\n\
                    X_TEST_If.{i}.Proto;LINE;source;rw;immediate;;;;;;;;;;uci:network.{i}.proto\n";

fn home() -> Home {
    Home::new(env!("CARGO_BIN_EXE_cwmpd"))
}

/// A command line as it is, with what is on its standard input.
fn run(home: &Home, args: &[&str], input: impl Into<Stdio>) -> Output {
    let run_dir = home.run_dir().display().to_string();
    let args = args.iter().map(|arg| arg.replace("RUN", &run_dir));
    let mut command = Command::new(env!("CARGO_BIN_EXE_cwmpd"));
    command.args(args).stdin(input).output().unwrap()
}

/// A file that says so, to be read.
fn says(home: &Home, text: &str) -> File {
    let path = home.model_dir().join("input");
    std::fs::write(&path, text).unwrap();
    File::open(path).unwrap()
}

/// Waits until services were told so often.
fn told(home: &Home, agent: &Daemon<'_>, times: usize) {
    wait_for("the services to be told", || {
        let is_done = agent.status().contains("promised:      none");
        (home.programs().len() == times && is_done).then_some(())
    });
    assert!(
        home.programs()
            .iter()
            .all(|program| program == "reload_config")
    );
}

#[test]
fn s08_services_are_told_of_what_is_set_added_and_deleted_by_hand() {
    let home = home();
    std::fs::write(home.model_dir().join("test.csv"), ROWS).unwrap();
    let agent = home.start();
    agent.set("Time.LocalTimeZone", "CET-1");
    told(&home, &agent, 1);
    assert_eq!(
        home.run(&["add", "X_TEST_If."]).out,
        "Device.X_TEST_If.1.\n"
    );
    told(&home, &agent, 2);
    agent.set("X_TEST_If.1.Proto", "dhcp");
    told(&home, &agent, 3);
    assert_eq!(home.run(&["del", "X_TEST_If.1."]).code, 0);
    told(&home, &agent, 4);
    // The agent's own package it reads itself; and what is refused is told to nobody.
    agent.set("ManagementServer.Username", "box");
    assert_eq!(
        home.run(&["set", "Time.LocalTimeZone", "Europe/Berlin"])
            .code,
        1
    );
    told(&home, &agent, 4);
}

#[test]
fn s08_a_command_line_is_understood_wherever_its_options_stand() {
    let home = home();
    let agent = home.start();
    let user = "ManagementServer.Username";
    for (args, value) in [
        (&["set", user, "one", "-r", "RUN"][..], "one"),
        (&["set", "-r", "RUN", user, "-70"], "-70"),
        (&["set", user, "--run", "RUN", "three"], "three"),
        (&["set", "--run=RUN", "--", user, "-r"], "-r"),
    ] {
        let output = run(&home, args, Stdio::null());
        assert!(output.status.success(), "{args:?}: {output:?}");
        let get = run(&home, &["get", user, "-r", "RUN"], Stdio::null());
        assert_eq!(String::from_utf8_lossy(&get.stdout), format!("{value}\n"));
    }
    for (args, code) in [
        (&["set", user, "-x", "-r", "RUN"][..], 2),
        (&["set", user, "-r", "RUN"], 2),
        (&["set", user, "x", "-r", "/nowhere"], 3),
        (&["set", "No.Such", "x", "-r", "RUN"], 1),
        (&["set", PASSWORD, "-", "-r", "RUN"], 1),
    ] {
        let output = run(&home, args, Stdio::null());
        assert_eq!(output.status.code(), Some(code), "{args:?}: {output:?}");
    }
    assert_eq!(agent.get(user), "-r");
}

#[test]
fn s08_a_password_comes_from_standard_input() {
    let home = home();
    let _agent = home.start();
    let set = |text: &str| {
        let args = [
            "set",
            PASSWORD,
            "-",
            "ManagementServer.Username",
            "box",
            "-r",
            "RUN",
        ];
        run(&home, &args, says(&home, text))
    };
    assert!(set("it's \"secret\" \n").status.success());
    assert_eq!(
        home.uci("acs", "passwd").as_deref(),
        Some("it's \"secret\" ")
    );
    let refused = set("se\u{1b}same\n");
    assert_eq!(refused.status.code(), Some(1));
    assert!(!String::from_utf8_lossy(&refused.stderr).contains("same"));
    assert_eq!(
        home.uci("acs", "passwd").as_deref(),
        Some("it's \"secret\" ")
    );
}

#[test]
fn s08_at_a_terminal_a_password_is_asked_for_and_not_shown() {
    let home = home();
    let _agent = home.start();
    for (typed, expected) in [("open sesame\n", Some("open sesame")), ("half\x03", None)] {
        home.set_uci("acs", "passwd", "");
        let pty = openpty(None, None).unwrap();
        let (mut keyboard, terminal) = (File::from(pty.master), pty.slave);
        let before = tcgetattr(&terminal).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_cwmpd"))
            .args(["set", PASSWORD, "-", "-r"])
            .arg(home.run_dir())
            .stdin(terminal.try_clone().unwrap())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        wait_for("the terminal to be silent", || {
            let now = tcgetattr(&terminal).unwrap();
            (!now.local_flags.contains(LocalFlags::ECHO)).then_some(())
        });
        keyboard.write_all(typed.as_bytes()).unwrap();
        let done = child.wait().unwrap();
        let mut said = String::new();
        let _ = child.stderr.take().unwrap().read_to_string(&mut said);
        assert!(said.starts_with(&format!("{PASSWORD}: ")), "{said}");
        assert_eq!(done.success(), expected.is_some(), "{said}");
        assert_eq!(home.uci("acs", "passwd").as_deref(), expected);
        let after = tcgetattr(&terminal).unwrap();
        assert_eq!(after.local_flags, before.local_flags);
        assert_eq!(after.control_chars, before.control_chars);
        // The end of the line is all that was shown.
        drop(terminal);
        let mut shown = Vec::new();
        let _ = keyboard.read_to_end(&mut shown);
        assert!(shown.iter().all(u8::is_ascii_whitespace), "{shown:?}");
    }
}
