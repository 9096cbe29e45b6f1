//! The program killed, or the power cut, at each step of a transfer: it is done all the same, once, and
//! told once.

use std::fs;
use std::time::Duration;

use cwmpd::soap::Message;
use cwmpd_lab::acs::{ScriptedAcs, Session, download};
use cwmpd_lab::files::{FileServer, ServedFile};
use cwmpd_lab::home::{Daemon, wait_for};
use cwmpd_lab::http::Reply;

use super::{SOUNDS, Site, succeeded};

/// What ends the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    Kill,
    Power,
    /// SIGTERM, as procd stops it.
    Stop,
}

const CUTS: [Cut; 3] = [Cut::Kill, Cut::Power, Cut::Stop];

impl Cut {
    fn of(self, site: &Site, agent: Daemon<'_>) {
        match self {
            Self::Stop => assert!(agent.stop().success()),
            _ => agent.kill(),
        }
        if self == Self::Power {
            site.home.power_cycle();
        }
    }

    /// The event of the start that follows, if it is one to tell of.
    fn events(self, others: &[&str]) -> Vec<String> {
        let boot = (self == Self::Power).then_some("1 BOOT");
        let all = boot.into_iter().chain(others.iter().copied());
        all.map(str::to_owned).collect()
    }
}

fn order(acs: &ScriptedAcs, agent: &Daemon<'_>, call: Message) {
    agent.inform();
    acs.session(|s| {
        s.inform();
        s.transfer(call.clone());
        s.end();
    });
}

/// The transfer is told in one session and never again.
fn told_once(site: &Site, cut: Cut, content: &str) {
    let (events, complete) = site.acs.completion();
    let expected = ["7 TRANSFER COMPLETE", "M Download bell"];
    assert_eq!(events, cut.events(&expected), "{cut:?}");
    succeeded(&complete, "bell");
    // The server gives every file that name.
    let came = fs::read_to_string(site.folder.join("sounds/file.bin"));
    assert_eq!(came.unwrap(), content, "{cut:?}");
    site.is_clean();
    let alone = site.acs.is_left_alone_for(Duration::from_millis(300));
    assert!(alone, "{cut:?}");
}

#[test]
fn t36_cut_while_it_waits() {
    for cut in CUTS {
        let Some(site) = Site::new("t36-waits") else {
            return;
        };
        let server = FileServer::start(ServedFile::new("ding"));
        let agent = site.start();
        let mut call = download("bell", SOUNDS, &server.url());
        if let Message::Download(call) = &mut call {
            call.delay_seconds = 3;
        }
        order(&site.acs, &agent, call);
        cut.of(&site, agent);
        assert!(server.http.requests().is_empty(), "not early");
        let _agent = site.home.start();
        if cut == Cut::Power {
            assert_eq!(site.acs.quiet_session(), ["1 BOOT"]);
        }
        told_once(&site, Cut::Kill, "ding");
    }
}

#[test]
fn t36_cut_while_the_file_moves() {
    for cut in CUTS {
        let Some(site) = Site::new("t36-moves") else {
            return;
        };
        let served = ServedFile::new("ding dong".repeat(10_000));
        let server = FileServer::start(served).turn(|file, _| {
            file.part(200, 0)
                .wait_in_body(1000, Duration::from_secs(60))
        });
        let agent = site.start();
        order(&site.acs, &agent, download("bell", SOUNDS, &server.url()));
        wait_for("the file on its way", || {
            agent.status().contains("1000 of 90000 bytes").then_some(())
        });
        cut.of(&site, agent);
        let _agent = site.home.start();
        told_after_boot(&site, cut, &"ding dong".repeat(10_000));
    }
}

/// After a power cut the boot may be told before the file is there.
fn told_after_boot(site: &Site, cut: Cut, content: &str) {
    if cut == Cut::Power {
        let is_boot = |s: &mut Session<'_>| {
            let events = s.inform().event;
            assert_eq!(events[0].event_code, "1 BOOT");
            let told = events.len() > 1;
            if told {
                succeeded(&s.transfer_complete(), "bell");
            }
            s.end();
            told
        };
        if site.acs.session(is_boot) {
            return;
        }
    }
    told_once(site, Cut::Kill, content);
}

#[test]
fn t36_cut_while_it_is_told() {
    for cut in [Cut::Kill, Cut::Power] {
        let Some(site) = Site::new("t36-told") else {
            return;
        };
        let server = FileServer::start(ServedFile::new("ding"));
        let agent = site.start();
        order(&site.acs, &agent, download("bell", SOUNDS, &server.url()));
        site.acs.session(|s| {
            s.inform();
            assert!(matches!(s.receive_request(), Message::TransferComplete(_)));
            cut.of(&site, agent);
            s.answer(Reply::new(503));
        });
        assert_eq!(server.http.requests().len(), 1);
        let _agent = site.home.start();
        told_once(&site, cut, "ding");
        assert_eq!(server.http.requests().len(), 1, "not fetched again");
    }
}

#[test]
fn t36_cut_after_it_was_told() {
    for cut in CUTS {
        let Some(site) = Site::new("t36-after") else {
            return;
        };
        let server = FileServer::start(ServedFile::new("ding"));
        let agent = site.start();
        order(&site.acs, &agent, download("bell", SOUNDS, &server.url()));
        site.acs.session(|s| {
            s.inform();
            succeeded(&s.transfer_complete(), "bell");
            // The empty POST tells that the answer was taken.
            s.receive_empty();
            cut.of(&site, agent);
            s.answer(Reply::new(503));
        });
        let agent = site.home.start();
        // The session that was cut off once more, with nothing left to tell; or that of the boot.
        assert_eq!(site.acs.quiet_session(), cut.events(&[]), "{cut:?}");
        agent.until_idle();
        agent.inform();
        let events = site.acs.quiet_session();
        assert_eq!(events, ["6 CONNECTION REQUEST"], "{cut:?}");
    }
}
