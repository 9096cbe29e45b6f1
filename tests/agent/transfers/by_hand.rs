//! Transfers as somebody on the box sees, orders, confirms and calls them off.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use cwmpd::base::xsd::XsdType;
use cwmpd::soap::{Message, ScheduleDownload, TimeWindow};
use cwmpd_lab::files::{FileServer, ServedFile};
use cwmpd_lab::home::{Home, wait_for};
use cwmpd_lab::http::Auth;

use super::{SOUNDS, Site, succeeded};

/// What the list says of the transfers, once that has this in it.
fn list_with(home: &Home, text: &str) -> String {
    wait_for(text, || {
        let list = home.run(&["transfers"]).out;
        list.contains(text).then_some(list)
    })
}

/// A command line with this on its standard input.
fn with_input(home: &Home, args: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_cwmpd"))
        .args(args)
        .arg("-r")
        .arg(home.run_dir())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

/// The ACS wants to hear of all transfers that it did not order.
fn set_policy(site: &Site) {
    let policy =
        |name: &str| format!("Device.ManagementServer.AutonomousTransferCompletePolicy.{name}");
    site.acs.session(|s| {
        s.inform();
        let types = format!("4 Vendor Log File,{SOUNDS}");
        s.set(
            &[
                (&*policy("Enable"), XsdType::Boolean, "1"),
                (&*policy("FileTypeFilter"), XsdType::String, &types),
            ],
            "policy",
        );
        s.end();
    });
}

#[test]
fn t37_the_list_tells_bytes_and_percent_and_what_is_called_off_is_gone() {
    let Some(site) = Site::new("t37") else { return };
    let file = ServedFile::new(vec![b'x'; 100_000]);
    let minute = Duration::from_secs(60);
    let server =
        FileServer::start(file).turn(move |file, _| file.part(200, 0).wait_in_body(25_000, minute));
    let _agent = site.start();
    let home = &site.home;
    assert_eq!(home.run(&["transfers"]).out, "no file comes or goes\n");
    let ordered = home.run(&["download", SOUNDS, &server.url(), "bell.wav"]);
    assert_eq!(ordered.code, 0, "{ordered:?}");
    let list = list_with(home, "25000 of 100000 bytes, 25 %");
    for part in [
        "download 1 of X 00D09E Sounds from http://",
        "wanted by:   somebody on the box",
        "state:       moving",
    ] {
        assert!(list.contains(part), "{list}");
    }
    assert!(!list.contains("TELLTALE"), "{list}");
    let behind = home.run(&["upload", "2 Vendor Log File", &site.url("box.log")]);
    assert!(behind.out.contains("transfer 2"), "{behind:?}");
    let list = list_with(home, "upload 2 of 2 Vendor Log File");
    assert!(list.contains("waits for:   its turn"), "{list}");
    for number in ["2", "1"] {
        let output = home.run(&["transfers", "cancel", number]);
        assert_eq!((output.code, &*output.out), (0, ""), "{output:?}");
    }
    assert_eq!(home.run(&["transfers"]).out, "no file comes or goes\n");
    let absent = home.run(&["transfers", "cancel", "1"]);
    assert_eq!(absent.code, 1);
    assert!(absent.err.contains("there is no transfer 1"), "{absent:?}");
    site.is_clean();
    assert_eq!(fs::read_dir(site.folder.join("sounds")).unwrap().count(), 0);
}

#[test]
fn t57_a_download_with_user_and_password_from_standard_input_is_told_by_its_policy() {
    let Some(site) = Site::new("t57") else { return };
    let server = FileServer::start_for(ServedFile::new("ding"), Auth::Digest);
    let agent = site.start();
    agent.inform();
    set_policy(&site);
    let args = ["download", SOUNDS, &server.url(), "bell.wav", "-"];
    let ordered = with_input(&site.home, &args, "box\nsecret\n");
    assert!(ordered.status.success(), "{ordered:?}");
    site.acs.session(|s| {
        let events = s.inform().event;
        assert_eq!(events[0].event_code, "10 AUTONOMOUS TRANSFER COMPLETE");
        let Message::AutonomousTransferComplete(told) = s.receive_request() else {
            panic!("no AutonomousTransferComplete");
        };
        s.respond(Message::AutonomousTransferCompleteResponse);
        assert_eq!(told.transfer_url, server.url());
        assert_eq!(
            (told.fault.code, told.file_size, told.is_download),
            (0, 4, true)
        );
        assert_eq!(
            (&*told.file_type, &*told.target_file_name),
            (SOUNDS, "bell.wav")
        );
        s.end();
    });
    let came = fs::read_to_string(site.folder.join("sounds/bell.wav")).unwrap();
    assert_eq!(came, "ding");
    assert!(!site.home.log().contains("secret"));
}

#[test]
fn t57_what_cannot_be_is_refused_at_once_in_words() {
    let Some(site) = Site::new("t57-refused") else {
        return;
    };
    let _agent = site.start();
    let url = site.url("x");
    for (args, why) in [
        (&["download", "7", &url][..], "'1 Firmware Upgrade Image'"),
        (&["download", SOUNDS, "ftp://a/b"], "the URL cannot be used"),
        (
            &["download", SOUNDS, "http://u:p@a/b"],
            "the URL cannot be used",
        ),
        (
            &["upload", "4 Vendor Log File 7", &url],
            "there is no file with number 7",
        ),
        (&["transfers", "confirm", "7"], "there is no transfer 7"),
    ] {
        let output = site.home.run(args);
        assert_eq!(output.code, 1, "{args:?}: {output:?}");
        assert!(output.err.contains(why), "{args:?}: {output:?}");
        assert!(!output.err.contains("u:p"), "{output:?}");
    }
}

#[test]
fn t58_a_download_that_waits_for_a_persons_word_comes_with_it() {
    let Some(site) = Site::new("t58") else { return };
    let url = site.offer("bell.wav", "ding");
    let agent = site.start();
    agent.inform();
    site.acs.session(|s| {
        s.inform();
        let call = Message::ScheduleDownload(ScheduleDownload {
            command_key: "ask".to_owned(),
            file_type: SOUNDS.to_owned(),
            url: url.clone(),
            time_window_list: vec![TimeWindow {
                window_start: 0,
                window_end: 600,
                window_mode: "4 Confirmation Needed".to_owned(),
                user_message: "\u{9b}2JNew sounds?\nreally?".to_owned(),
                max_retries: 0,
            }],
            ..ScheduleDownload::default()
        });
        assert_eq!(s.call(call), Message::ScheduleDownloadResponse);
        s.end();
    });
    let list = list_with(&site.home, "cwmpd transfers confirm 1");
    for part in [
        "the ACS (M ScheduleDownload), CommandKey 'ask'",
        r"message:     \x9b2JNew sounds?\nreally?",
    ] {
        assert!(list.contains(part), "{list}");
    }
    assert_eq!(site.home.run(&["transfers", "confirm", "1"]).code, 0);
    let (events, complete) = site.acs.completion();
    assert_eq!(events, ["7 TRANSFER COMPLETE", "M ScheduleDownload ask"]);
    succeeded(&complete, "ask");
    let twice = site.home.run(&["transfers", "confirm", "1"]);
    assert_eq!(twice.code, 1);
}
