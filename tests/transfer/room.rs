//! Room for a file, before it is full.

use std::process::Command;
use std::thread;

use cwmpd::base::room;
use cwmpd::cwmp::Direction;
use cwmpd_lab::files::{FileServer, ServedFile};
use cwmpd_lab::http::Reply;
use cwmpd_lab::tools::can_mount;
use nix::sched::{CloneFlags, unshare};

use crate::{Home, order, pattern};

#[test]
fn t17_a_file_size_without_room_is_refused_before_anybody_is_asked() {
    let home = Home::new("file-size");
    let server = FileServer::start(ServedFile::new("x"));
    let mut order = order(Direction::Download, &server.url());
    order.file_size = 1 << 60;
    let fault = home.download(&order).unwrap_err();
    assert_eq!(fault.code, 9010);
    assert!(fault.string.contains("no room"), "{fault:?}");
    assert!(server.http.requests().is_empty());
    assert!(room::check(&home.folder, 1 << 60).is_err());
    assert_eq!(room::check(&home.folder, 1), Ok(()));
}

#[test]
fn t17_a_length_without_room_is_refused_before_the_first_byte() {
    let home = Home::new("length");
    let server = FileServer::start(ServedFile::new("x"));
    let server = server.turn(|_, _| Reply::new(200).body("x").lying(1 << 60).close());
    let fault = home.get(&server).unwrap_err();
    assert_eq!(fault.code, 9010, "{fault:?}");
    assert_eq!(home.progress.bytes(), 0);
    assert_eq!(
        server.http.requests().len(),
        1,
        "trying again makes no room"
    );
}

/// Runs a test with a file system of 2 MB in RAM at the folder of a home.
fn in_little_room(home: &Home, test: impl FnOnce() + Send) {
    if !can_mount() {
        return;
    }
    thread::scope(|scope| {
        let small = scope.spawn(|| {
            unshare(CloneFlags::CLONE_NEWNS).unwrap();
            let mount = |words: &[&str]| {
                let mounted = Command::new("mount")
                    .args(words)
                    .arg(home.folder.path())
                    .status();
                assert!(mounted.unwrap().success());
            };
            let private = Command::new("mount")
                .args(["--make-rprivate", "/"])
                .status();
            assert!(private.unwrap().success());
            mount(&["-t", "tmpfs", "-o", "size=2m", "tmpfs"]);
            test();
        });
        if let Err(panic) = small.join() {
            std::panic::resume_unwind(panic);
        }
    });
}

#[test]
fn t17_a_body_without_end_stops_while_there_is_room_and_leaves_it() {
    let home = Home::new("endless");
    in_little_room(&home, || {
        let mut server = FileServer::start(ServedFile::new(""));
        for _ in 0..9 {
            server = server.turn(|_, _| {
                let reply = Reply::new(200).body(vec![7; 10_000]).chunked(&[]);
                reply.repeated(1 << 40, std::time::Duration::ZERO)
            });
        }
        let fault = home.get(&server).unwrap_err();
        assert_eq!(fault.code, 9010, "{fault:?}");
        assert!(
            fault.string.contains("no room"),
            "it was known before: {fault:?}"
        );
        assert_eq!(server.http.requests().len(), 1);
        assert_eq!(
            room::check(&home.folder, 2_000_000),
            Ok(()),
            "all of it is free again"
        );
    });
}

#[test]
fn t17_what_fits_comes_also_where_little_is_left() {
    let home = Home::new("fits");
    in_little_room(&home, || {
        let server = FileServer::start(ServedFile::new(pattern(2_000_000)));
        assert!(home.get(&server).unwrap() == pattern(2_000_000));
        // The one before goes first; and somebody else took the room.
        std::fs::write(home.folder.join("other"), pattern(500_000)).unwrap_err();
        std::fs::remove_file(home.path()).unwrap();
        std::fs::write(home.folder.join("other"), pattern(500_000)).unwrap();
        assert_eq!(home.get(&server).unwrap_err().code, 9010);
    });
}
