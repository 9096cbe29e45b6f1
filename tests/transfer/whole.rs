//! A file that comes as it should, and what counts as the whole of it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use cwmpd::cwmp::{Direction, Moved};
use cwmpd_lab::files::{FileServer, ServedFile};
use cwmpd_lab::http::Reply;

use crate::{Home, order, pattern};

const BYTES: usize = 300_000;

#[test]
fn a_file_comes_however_it_is_framed_and_is_for_its_owner_alone() {
    for frame in [
        |reply: Reply| reply,
        |reply: Reply| reply.chunked(&[1, 70_000, 3]),
        |reply: Reply| reply.until_close(),
    ] {
        let home = Home::new("framed");
        let server = FileServer::start(ServedFile::new(pattern(BYTES)));
        let server = server.turn(move |file, request| frame(file.answer(request)));
        assert!(home.get(&server).unwrap() == pattern(BYTES));
        let mode = fs::metadata(home.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600);
        let length = BYTES as u32;
        assert_eq!(
            (home.progress.bytes(), home.progress.total()),
            (length, length)
        );
        assert_eq!(server.asked("Range"), [None]);
        assert_eq!(server.asked("Accept-Encoding"), [Some("identity".into())]);
        assert_eq!(server.asked("Cookie"), [None]);
    }
}

#[test]
fn an_empty_file_comes() {
    let home = Home::new("empty");
    let server = FileServer::start(ServedFile::new(""));
    assert_eq!(home.get(&server), Ok(Vec::new()));
}

#[test]
fn t39_a_file_size_of_0_or_wrong_is_no_failure_where_the_server_tells_the_length() {
    for file_size in [
        0,
        1,
        BYTES as u64 - 1,
        BYTES as u64,
        BYTES as u64 + 1,
        10 * BYTES as u64,
    ] {
        for chunks in [None, Some(1000)] {
            let home = Home::new("size");
            let server = FileServer::start(ServedFile::new(pattern(BYTES)));
            let server = server.turn(move |file, request| match chunks {
                None => file.answer(request),
                Some(size) => file.answer(request).chunked(&[size]),
            });
            let mut order = order(Direction::Download, &server.url());
            order.file_size = file_size;
            let bytes = BYTES as u64;
            assert_eq!(home.download(&order), Ok(Moved { bytes }), "{file_size}");
        }
    }
}

/// Nothing else tells that there is more to come.
#[test]
fn t16_a_file_that_ends_with_the_connection_before_its_file_size_was_cut_off() {
    let home = Home::new("cut");
    let mut server = FileServer::start(ServedFile::new(pattern(BYTES)));
    for _ in 0..99 {
        server = server.turn(|file, _| file.part(200, 0).until_close());
    }
    let mut order = order(Direction::Download, &server.url());
    order.file_size = BYTES as u64 + 1;
    assert_eq!(home.download(&order).unwrap_err().code, 9017);
    order.file_size = BYTES as u64 - 1;
    assert!(home.download(&order).is_ok());
}

#[test]
fn t19_what_lies_where_the_file_belongs_goes_and_a_link_leads_nowhere() {
    let home = Home::new("link");
    let server = FileServer::start(ServedFile::new("new"));
    let other = home.folder.file("other", "kept");
    symlink(&other, home.path()).unwrap();
    assert_eq!(home.get(&server).unwrap(), b"new");
    assert!(!fs::symlink_metadata(home.path()).unwrap().is_symlink());
    assert_eq!(fs::read(other).unwrap(), b"kept");
    // An attempt before left a part of something.
    fs::write(home.path(), pattern(BYTES)).unwrap();
    assert_eq!(home.get(&server).unwrap(), b"new");
}
