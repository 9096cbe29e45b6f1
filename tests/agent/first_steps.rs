//! What somebody meets who has the program for the first time: nothing that is said is false, and what
//! is wrong is said where it can be mended.

use std::fs;

use cwmpd_lab::acs::{AcsOptions, ScriptedAcs};
use cwmpd_lab::home::{Home, Output};

const PROGRAM: &str = env!("CARGO_BIN_EXE_cwmpd");

const SHIPPED: &str = include_str!("../../etc/config/cwmpd");

fn shipped() -> Home {
    let home = Home::new(PROGRAM);
    home.write_config("cwmpd", SHIPPED);
    home
}

#[cfg(feature = "luup")]
#[test]
fn b50_no_command_takes_settings_that_rows_read_for_none() {
    let home = shipped();
    home.set_uci("luup", "url", "http://127.0.0.1:1");
    home.set_uci("acs", "url", "http://acs.example/");
    let rows = home.model_dir().display().to_string();
    // Where there are no rows, nobody knows what they would read.
    for dir in [&*rows, "/nonexistent"] {
        for command in [&["luup"][..], &["luup", "--map"]] {
            let said = home.run(&[command, &["-p", dir]].concat());
            assert_eq!(said.code, 1, "{said:?}");
            assert!(!said.err.contains("is not read"), "{dir} {said:?}");
        }
    }
    assert_eq!(home.run(&["check"]).code, 0);
    // What nobody reads is told all the same.
    home.write_config(
        "cwmpd",
        &format!("{SHIPPED}\nconfig luup\n\toption tiemout '1'\n"),
    );
    home.set_uci("luup", "timeout", "soon");
    let said = home.run(&["luup"]).err;
    assert!(said.contains("config luup is not read"), "{said}");
    assert!(said.contains("'soon' is not a number"), "{said}");
}

#[cfg(feature = "luup")]
#[test]
fn b50_a_file_of_answers_that_is_not_there_is_told_with_what_it_should_be() {
    let said = shipped().run(&["luup", "--map", "--status", "/nonexistent"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("/nonexistent: "), "{said:?}");
    assert!(said.err.contains("data_request?id=status"), "{said:?}");
}

#[cfg(feature = "luup")]
#[test]
fn b51_an_engine_that_a_box_never_had_is_not_called_failing() {
    use cwmpd_lab::home::wait_for;

    let home = Home::new(PROGRAM);
    home.set_uci("luup", "enable", "1");
    // Where an engine of its own would be, on a machine that has none.
    home.set_uci("luup", "url", "http://127.0.0.1:3480");
    if std::net::TcpStream::connect("127.0.0.1:3480").is_ok() {
        cwmpd_lab::shared::skip("an engine on this machine");
        return;
    }
    let acs = ScriptedAcs::start(AcsOptions::default());
    home.set_acs(&acs.url());
    let agent = home.start();
    acs.quiet_session();
    let asked = || {
        let status = agent.status();
        status.contains("  last error:").then_some(status)
    };
    let status = wait_for("the engine to be asked", asked);
    assert!(
        status.contains("Luup:          no engine has answered yet\n"),
        "{status}"
    );
    assert!(status.contains("cwmpd.luup.enable"), "{status}");
    drop(agent);
    home.set_uci("luup", "url", "http://127.0.0.1:1");
    let agent = home.start();
    let told = "Luup:          Error, no answer since the agent began\n";
    wait_for(told, || agent.status().contains(told).then_some(()));
}

#[test]
fn b54_what_is_there_and_something_else_is_not_called_absent() {
    let home = Home::new(PROGRAM);
    let _agent = home.start();
    for (words, told) in [
        (
            &["set", "ManagementServer.", "1"][..],
            "ManagementServer. is an object; name a parameter",
        ),
        (
            &["add", "ManagementServer."],
            "ManagementServer. is no table",
        ),
        (
            &["add", "ManagementServer.URL"],
            "ManagementServer.URL is no table",
        ),
        (
            &["del", "ManagementServer."],
            "ManagementServer. is no instance of a table",
        ),
        (
            &["del", "ManagementServer"],
            "the object is Device.ManagementServer.",
        ),
        (
            &["get", "ManagementServer"],
            "the object is Device.ManagementServer.",
        ),
        (
            &["get", "ManagementServer.URL."],
            "the parameter is Device.ManagementServer.URL",
        ),
        (&["get", "Nothing"], "Nothing: no such parameter or object"),
        (
            &["set", "Nothing.", "1"],
            "Nothing.: no such parameter or object",
        ),
    ] {
        let said = home.run(words);
        assert_eq!(said.code, 1, "{said:?}");
        assert!(said.err.contains(told), "{words:?}: {said:?}");
    }
}

#[test]
fn b55_the_status_is_in_words_and_fits_a_terminal() {
    let fits = |status: &str| {
        // Addresses are as long as they are; at a terminal their lines are folded.
        let mut lines = status.lines().filter(|line| !line.contains("://"));
        let long = lines.find(|line| line.chars().count() > 80);
        assert_eq!(long, None, "{status}");
    };
    let says = |status: &str, told: &[&str]| {
        for told in told {
            assert!(status.contains(told), "{told} is not in\n{status}");
        }
    };
    let home = Home::new(PROGRAM);
    // As shipped: there is no ubusd where the tests run.
    home.set_uci("cpe", "ubus", "1");
    let agent = home.start();
    let status = agent.status();
    fits(&status);
    says(
        &status,
        &[
            "ACS:           none yet: set cwmpd.acs.url (ManagementServer.URL)\n",
            "retry count:   0, no session has to be repeated\n",
            "next session:  none, until something calls for one\n",
            "promised:      none, nothing that the ACS ordered is left to do\n",
            "clock:         set, but nobody confirms it: see that NTP",
        ],
    );
    assert!(!status.contains("no ubus: there"), "{status}");
    let acs = ScriptedAcs::start(AcsOptions::default());
    home.set_acs(&acs.url());
    home.set_uci("acs", "periodic_inform_interval", "90000");
    agent.signal("HUP");
    acs.quiet_session();
    agent.until_idle();
    let status = agent.status();
    fits(&status);
    says(
        &status,
        &[
            "next session:  in ",
            "Z, 2 PERIODIC\n",
            "pending:       none, the ACS",
        ],
    );
}

fn checked(home: &Home, words: &[&str]) -> Output {
    home.run(&[&["check"], words].concat())
}

#[test]
fn b52_settings_that_are_not_there_are_told() {
    let home = Home::new(PROGRAM);
    let file = home.config_dir().join("cwmpd");
    for text in [Some(""), Some("# nothing\n"), None] {
        match text {
            Some(text) => fs::write(&file, text).unwrap(),
            None => fs::remove_file(&file).unwrap(),
        }
        let said = checked(&home, &[]);
        // The defaults are good settings: of a box that somebody is still to set up.
        assert_eq!(said.code, 0, "{text:?}: {said:?}");
        let told = format!("{}", file.display());
        let note = said.out.lines().find(|line| line.starts_with("note: "));
        let note = note.unwrap_or_default();
        assert!(note.contains(&told), "{text:?}: {said:?}");
        assert!(
            note.contains("defaults hold, and there is no ACS"),
            "{said:?}"
        );
        let agent = home.start();
        let status = agent.status();
        assert!(status.contains("there is no ACS"), "{status}");
        assert!(
            status
                .lines()
                .any(|line| line.starts_with("configuration:") && line.contains(&told)),
            "{text:?}: {status}"
        );
    }
}

#[test]
fn b52_a_folder_of_settings_that_is_not_there_is_a_mistake() {
    let said = checked(&Home::new(PROGRAM), &["-c", "/nonexistent"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(
        said.err.contains("/nonexistent: there is no such folder"),
        "{said:?}"
    );
}

#[test]
fn b53_a_value_that_cannot_be_used_is_told_with_file_line_and_option() {
    let home = shipped();
    let bad = [
        ("acs", "url", "htp://acs.example/"),
        ("acs", "periodic_inform_interval", "often"),
        ("stun", "enabled", "maybe"),
        ("acs", "ssl_cacert", "/nonexist.pem"),
    ];
    for (section, option, value) in bad {
        home.set_uci(section, option, value);
    }
    let said = checked(&home, &[]);
    assert_eq!(said.code, 1, "{said:?}");
    let text = fs::read_to_string(home.config_dir().join("cwmpd")).unwrap();
    for (section, option, value) in bad {
        let is_it = |line: &str| line.contains(&format!("option {option} '{value}'"));
        let line = text.lines().position(is_it).unwrap() + 1;
        let place = format!("{}/cwmpd:{line}: ", home.config_dir().display());
        let name = format!("{section}.{option}");
        assert!(
            said.out.lines().any(|line| line.starts_with(&place)
                && line.contains(&name)
                && line.contains(value)),
            "{place} {name}: {said:?}"
        );
    }
    assert!(said.err.contains("mistakes: 4"), "{said:?}");
    // A section that stands without its name is called as it stands.
    home.write_config(
        "cwmpd",
        "config acs\n\toption periodic_inform_interval 'often'\n",
    );
    let said = checked(&home, &[]).out;
    assert!(
        said.contains("/cwmpd:2: cwmpd.acs.periodic_inform_interval, Device."),
        "{said}"
    );
}
