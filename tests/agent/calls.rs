//! What the user of the box has the ACS asked, and waits for: RequestDownload and Kicked.

use std::process::{Child, Command, Stdio};

use cwmpd::soap::Message;
use cwmpd_lab::acs::{AcsOptions, ScriptedAcs};
use cwmpd_lab::home::{Home, Output};
use cwmpd_lab::http::Reply;

fn home(acs: &ScriptedAcs) -> Home {
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    home.set_acs(&acs.url());
    home
}

/// A command that waits for the ACS.
fn begin(home: &Home, args: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_cwmpd"))
        .args(args)
        .arg("-r")
        .arg(home.run_dir())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn end(child: Child) -> Output {
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Output {
        code: output.status.code().unwrap(),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

/// A session in which the box asks this first; `respond` is what the ACS makes of it.
fn asked(acs: &ScriptedAcs, event: &str, respond: impl FnOnce(Message) -> Result<Message, u32>) {
    acs.session(|s| {
        let events = s.inform().event;
        assert!(events.iter().any(|e| e.event_code == event), "{events:?}");
        let request = s.receive_request();
        match respond(request) {
            Ok(response) => s.respond(response),
            Err(code) => s.respond_fault(code),
        }
        s.end();
    });
}

#[test]
fn t55_request_download_from_the_command_line() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    let _agent = home.start();
    acs.quiet_session();
    let args = ["request-download", "2 Web Content", "Version=7", "Empty="];
    let waiting = begin(&home, &args);
    asked(&acs, "9 REQUEST DOWNLOAD", |request| {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let wanted = Message::RequestDownload {
            file_type: "2 Web Content".to_owned(),
            file_type_arg: vec![pair("Version", "7"), pair("Empty", "")],
        };
        assert_eq!(request, wanted);
        Ok(Message::RequestDownloadResponse)
    });
    let output = end(waiting);
    assert_eq!(
        (output.code, output.out, output.err),
        (0, String::new(), String::new())
    );

    let waiting = begin(&home, &["request-download", "1"]);
    asked(&acs, "9 REQUEST DOWNLOAD", |_| Err(8001));
    let output = end(waiting);
    assert_eq!((output.code, &*output.out), (1, ""));
    assert!(output.err.contains("the ACS refused: 8001"), "{output:?}");

    let output = home.run(&["request-download", "1", "no argument"]);
    assert_eq!(output.code, 2, "{output:?}");
    let output = home.run(&["request-download", "Firmware"]);
    assert_eq!(output.code, 1, "{output:?}");
    assert!(
        output.err.contains("'1 Firmware Upgrade Image'"),
        "{output:?}"
    );
}

#[test]
fn t56_kicked_from_the_command_line_prints_where_the_browser_goes_next() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    let _agent = home.start();
    acs.quiet_session();
    let args = [
        "kicked",
        "buy",
        "portal",
        "-1",
        "http://portal.example/?a=1",
    ];
    for (next_url, printed) in [
        ("https://portal.example/thanks?a=1&b=2", true),
        ("", false),
        ("javascript:alert(1)", false),
        ("http://portal.example/ ; reboot", false),
        ("http://portal.example/\nhttp://other.example/", false),
    ] {
        let waiting = begin(&home, &args);
        asked(&acs, "5 KICKED", |request| {
            let Message::Kicked { arg, next, .. } = request else {
                panic!("{request:?}");
            };
            assert_eq!((&*arg, &*next), ("-1", "http://portal.example/?a=1"));
            let next_url = next_url.to_owned();
            Ok(Message::KickedResponse { next_url })
        });
        let output = end(waiting);
        match printed {
            true => assert_eq!((output.code, output.out), (0, format!("{next_url}\n"))),
            false => {
                assert_eq!((output.code, &*output.out), (1, ""));
                assert!(output.err.contains("names no web page"), "{output:?}");
                assert_eq!(output.err.lines().count(), 1, "{output:?}");
            }
        }
    }
}

#[test]
fn t56_who_waits_is_told_why_there_is_no_answer() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    let agent = home.start();
    acs.quiet_session();
    let waiting = begin(&home, &["kicked", "a", "b", "c", "d"]);
    acs.session(|s| {
        s.inform();
        assert_eq!(s.receive_request().name(), "Kicked");
        // The command line goes on meanwhile.
        assert!(agent.status().contains("5 KICKED"));
        s.answer(Reply::new(503));
    });
    let output = end(waiting);
    assert_eq!(output.code, 1);
    assert!(output.err.contains("the session failed"), "{output:?}");
    agent.retry_after(1);
    acs.quiet_session();

    // Without an ACS there is nothing to wait for.
    agent.set("ManagementServer.EnableCWMP", "0");
    let output = home.run(&["kicked", "a", "b", "c", "d"]);
    assert!(output.err.contains("there is no ACS"), "{output:?}");
}
