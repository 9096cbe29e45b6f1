//! One transcript for each RPC.

use std::fs;
use std::time::Duration;

use cwmpd::soap::{AllQueuedTransfer, Message, ScheduleDownload, TimeWindow};
use cwmpd_lab::acs::{download, upload};
use cwmpd_lab::home::wait_for;
use cwmpd_lab::http::{Reply, Server};

use super::{SOUNDS, Site, succeeded};

#[test]
fn t01_download() {
    let Some(site) = Site::new("t01") else { return };
    let url = site.offer("bell.wav", "ding");
    let agent = site.start();
    agent.inform();
    site.acs.session(|s| {
        s.inform();
        s.transfer(download("bell", SOUNDS, &url));
        s.end();
    });
    let (events, complete) = site.acs.completion();
    assert_eq!(events, ["7 TRANSFER COMPLETE", "M Download bell"]);
    succeeded(&complete, "bell");
    let came = fs::read_to_string(site.folder.join("sounds/bell.wav")).unwrap();
    assert_eq!(came, "ding");
    site.is_clean();
}

#[test]
fn t01_a_download_that_fails_says_why_and_leaves_nothing() {
    let Some(site) = Site::new("t01-absent") else {
        return;
    };
    let agent = site.start();
    agent.inform();
    site.acs.session(|s| {
        s.inform();
        s.transfer(download("", SOUNDS, &site.url("absent.wav")));
        s.end();
    });
    let (events, complete) = site.acs.completion();
    assert_eq!(events, ["7 TRANSFER COMPLETE", "M Download"]);
    assert_eq!((&*complete.command_key, complete.fault.code), ("", 9016));
    assert!(complete.fault.string.contains("404"), "{complete:?}");
    assert_eq!(fs::read_dir(site.folder.join("sounds")).unwrap().count(), 0);
    site.is_clean();
}

#[test]
fn t02_upload() {
    let Some(site) = Site::new("t02") else { return };
    site.home
        .set_command("logread", "echo one line; echo another");
    let agent = site.start();
    agent.inform();
    site.acs.session(|s| {
        s.inform();
        s.transfer(upload("log", "2 Vendor Log File", &site.url("box.log")));
        s.end();
    });
    let (events, complete) = site.acs.completion();
    assert_eq!(events, ["7 TRANSFER COMPLETE", "M Upload log"]);
    succeeded(&complete, "log");
    let sent = fs::read_to_string(site.served("box.log")).unwrap();
    assert_eq!(sent, "one line\nanother\n");
    site.is_clean();
}

/// Number 1 is the system log, 2 the first file that the configuration names.
#[test]
fn t02_upload_of_a_file_by_its_number() {
    let Some(site) = Site::new("t02-number") else {
        return;
    };
    let path = site.folder.file("radio.log", "beep");
    let package = site.home.config_dir().join("cwmpd");
    let before = fs::read_to_string(&package).unwrap();
    let section = format!("\nconfig log_file\n\toption path '{}'\n", path.display());
    fs::write(&package, before + &section).unwrap();
    let agent = site.start();
    agent.inform();
    site.acs.session(|s| {
        s.inform();
        let table = s.names("Device.DeviceInfo.VendorLogFile.", true);
        assert_eq!(table.len(), 2, "{table:?}");
        let fault = s.refused(upload("radio", "4 Vendor Log File 3", &site.url("radio")));
        assert_eq!(fault.code, 9003, "{fault:?}");
        s.transfer(upload("radio", "4 Vendor Log File 2", &site.url("radio")));
        s.end();
    });
    let (_, complete) = site.acs.completion();
    succeeded(&complete, "radio");
    assert_eq!(fs::read_to_string(site.served("radio")).unwrap(), "beep");
}

#[test]
fn t03_schedule_download() {
    let Some(site) = Site::new("t03") else { return };
    let url = site.offer("bell.wav", "dong");
    let agent = site.start();
    agent.inform();
    let window = |start, end| TimeWindow {
        window_start: start,
        window_end: end,
        window_mode: "2 Immediately".to_owned(),
        ..TimeWindow::default()
    };
    site.acs.session(|s| {
        s.inform();
        let call = Message::ScheduleDownload(ScheduleDownload {
            command_key: "tonight".to_owned(),
            file_type: SOUNDS.to_owned(),
            url: url.clone(),
            time_window_list: vec![window(1, 600), window(700, 800)],
            ..ScheduleDownload::default()
        });
        assert_eq!(s.call(call), Message::ScheduleDownloadResponse);
        s.end();
    });
    let (events, complete) = site.acs.completion();
    assert_eq!(
        events,
        ["7 TRANSFER COMPLETE", "M ScheduleDownload tonight"]
    );
    succeeded(&complete, "tonight");
    let came = fs::read_to_string(site.folder.join("sounds/bell.wav")).unwrap();
    assert_eq!(came, "dong");
}

/// While a file comes in the ACS reads values, asks for the queue, and calls the transfer off.
#[test]
fn t33_the_session_goes_on_while_a_file_comes_in_which_can_be_called_off() {
    let Some(site) = Site::new("t33") else { return };
    // The head of the file, and then nothing.
    let server = Server::start(|_, _| {
        Reply::new(200)
            .body(vec![b'x'; 300_000])
            .wait_in_body(100_000, Duration::from_secs(60))
    });
    let agent = site.start();
    agent.inform();
    site.acs.session(|s| {
        s.inform();
        s.transfer(download("long", SOUNDS, &server.url("/long.wav")));
        wait_for("the file on its way", || {
            let status = agent.status();
            let line = status.lines().find(|line| line.starts_with("under way:"))?;
            line.contains("100000 of 300000 bytes, 33 %").then_some(())
        });
        assert_eq!(s.value("Device.DeviceInfo.ProductClass"), "Box");
        let queued = AllQueuedTransfer {
            command_key: "long".to_owned(),
            state: 2,
            is_download: true,
            file_type: SOUNDS.to_owned(),
            ..AllQueuedTransfer::default()
        };
        assert_eq!(s.queued(), [queued]);
        s.cancel("long");
        assert_eq!(s.queued(), []);
        s.end();
    });
    site.is_clean();
    let status = agent.status();
    assert!(!status.contains("under way:"), "{status}");
    // Nothing is told of it.
    agent.inform();
    assert_eq!(site.acs.quiet_session(), ["6 CONNECTION REQUEST"]);
}

/// The file that comes in while the session lasts is told of in it.
#[test]
fn t33_a_transfer_that_is_done_within_the_session_is_told_once() {
    let Some(site) = Site::new("t33-done") else {
        return;
    };
    let url = site.offer("bell.wav", "ding");
    let agent = site.start();
    agent.inform();
    site.acs.session(|s| {
        s.inform();
        s.transfer(download("bell", SOUNDS, &url));
        wait_for("the file", || {
            agent
                .status()
                .contains("under way:")
                .then_some(())
                .or(Some(()))
        });
        s.end();
    });
    let (_, complete) = site.acs.completion();
    succeeded(&complete, "bell");
    assert!(site.acs.is_left_alone_for(Duration::from_millis(300)));
}

#[test]
fn w13_two_transfers_without_a_key_are_told_one_after_the_other() {
    let Some(site) = Site::new("w13") else { return };
    let urls = [site.offer("one.wav", "1"), site.url("absent.wav")];
    let agent = site.start();
    agent.inform();
    site.acs.session(|s| {
        s.inform();
        for url in &urls {
            s.transfer(download("", SOUNDS, url));
        }
        s.end();
    });
    // In one session or in two, as they end.
    let mut codes = Vec::new();
    while codes.len() < urls.len() {
        site.acs.session(|s| {
            let events = s.inform().event;
            let keys = events.iter().filter(|e| e.event_code == "M Download");
            for _ in keys {
                codes.push(s.transfer_complete().fault.code);
            }
            s.end();
        });
    }
    codes.sort_unstable();
    assert_eq!(codes, [0, 9016]);
    agent.inform();
    assert_eq!(site.acs.quiet_session(), ["6 CONNECTION REQUEST"]);
}
