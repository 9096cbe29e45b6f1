//! Files: a firmware upgrade, a backup of the configuration, and a restore that is rolled back.

use std::cell::RefCell;

use cwmpd::soap::{Inform, Message, TransferComplete};
use cwmpd_lab::acs::{Session, download, upload};
use cwmpd_lab::files::{FileServer, ServedFile};
use cwmpd_lab::http::Reply;
use cwmpd_lab::openwrt::{BOARD, image};

use crate::narrator::aside;
use crate::scenes::{expect_events, on_request, soon};
use crate::world::World;

/// What is served to the box, slowly enough to be watched.
const PIECE: usize = 40_000;

/// Plays the session in which the box tells how a transfer ended.
fn completion(world: &World, play: impl FnOnce(&Inform)) -> TransferComplete {
    world.acs_a.session(|s| {
        let inform = s.inform();
        play(&inform);
        let complete = s.transfer_complete();
        s.end();
        complete
    })
}

fn expect_success(complete: &TransferComplete) {
    let fault = &complete.fault;
    assert_eq!(fault.code, 0, "expected success; got {}", fault.string);
}

/// Prints what `cwmpd status` says of the file that moves, until that is gone.
fn watch(world: &World) {
    let last = RefCell::new(String::new());
    soon("the file is here", || {
        let status = world.status();
        let line = status.lines().find(|line| line.starts_with("under way:"));
        if let Some(line) = line.filter(|line| **line != *last.borrow()) {
            aside(&format!("cwmpd status: {line}"));
            last.replace(line.to_owned());
        }
        line.is_none()
    });
}

pub fn firmware_upgrade(world: &World) {
    let next = image(BOARD, "2.0", "r2-000002", true);
    let server = FileServer::start(ServedFile::new(next))
        .turn(|file, _| file.part(200, 0).stop_in_body(PIECE));
    aside(&format!(
        "the box runs OpenWrt {}; the connection will break within the image",
        world.system.revision()
    ));
    on_request(world, &world.acs_a, |s: &mut Session| {
        s.transfer(download(
            "upgrade-1",
            "1 Firmware Upgrade Image",
            &server.url(),
        ));
    });
    watch(world);
    let ranges = server.asked("Range");
    aside(&format!("asked of the file server: {ranges:?}"));
    world.wait_for_the_flash();
    aside("sysupgrade has flashed the image and taken the box down; it boots");
    world.restart();
    let complete = completion(world, |inform| {
        expect_events(inform, &["1 BOOT", "7 TRANSFER COMPLETE", "M Download"]);
        world.remember_request_url(inform);
    });
    expect_success(&complete);
    aside(&format!("the box runs OpenWrt {}", world.system.revision()));
    assert_eq!(world.system.revision(), "r2-000002");
}

pub fn backup(world: &World) {
    let server = FileServer::start(ServedFile::default());
    on_request(world, &world.acs_a, |s: &mut Session| {
        s.transfer(upload(
            "backup-1",
            "1 Vendor Configuration File",
            &server.url(),
        ));
    });
    let complete = completion(world, |inform| {
        expect_events(inform, &["7 TRANSFER COMPLETE", "M Upload"]);
    });
    expect_success(&complete);
    let stored = server.stored();
    let [archive] = stored.as_slice() else {
        panic!("expected one file on the server; got {}", stored.len());
    };
    aside(&format!(
        "the server has an archive of {} bytes",
        archive.len()
    ));
}

pub fn restore_rolled_back(world: &World) {
    let text = "package system\n\nconfig system\n\toption hostname 'lost'\n";
    let server = FileServer::start(ServedFile::new(text));
    on_request(world, &world.acs_a, |s: &mut Session| {
        let url = server.url();
        s.transfer(download("restore-1", "3 Vendor Configuration File", &url));
    });
    soon(
        "the new configuration is in force: the host is called lost",
        || world.is_called("lost"),
    );
    aside("with it the box does not get through to its ACS: who answers is somebody else");
    let complete = loop {
        let told = world.acs_a.session(|s| {
            let inform = s.receive_inform();
            expect_events(&inform, &["7 TRANSFER COMPLETE", "M Download"]);
            if world.is_called("lost") {
                s.answer(Reply::new(503));
                return None;
            }
            aside("the trial is over: the former configuration is back");
            s.respond(Message::InformResponse { max_envelopes: 1 });
            let complete = s.transfer_complete();
            s.end();
            Some(complete)
        });
        if let Some(complete) = told {
            break complete;
        }
    };
    assert_ne!(complete.fault.code, 0, "expected a fault that tells of it");
}
