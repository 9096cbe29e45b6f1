//! Files on their way out.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use cwmpd::cwmp::{Direction, Moved, TransferOrder};
use cwmpd::transfer;
use cwmpd_lab::files::{FileServer, ServedFile};
use cwmpd_lab::http::{Auth, Reply, Server};
use nix::sys::socket::{setsockopt, sockopt};

use crate::{Home, order, pattern, with_user};

const BYTES: usize = 3 << 20;

fn to(server: &FileServer) -> TransferOrder {
    order(Direction::Upload, &server.url())
}

fn sink(auth: Auth) -> FileServer {
    FileServer::start_for(ServedFile::default(), auth)
}

#[test]
fn a_file_goes_out_by_put_with_its_length() {
    let home = Home::new("put");
    let server = sink(Auth::Open);
    for content in [pattern(BYTES), pattern(10), Vec::new()] {
        let bytes = content.len() as u64;
        assert_eq!(home.upload(&to(&server), &content), Ok(Moved { bytes }));
        assert!(server.stored().pop().unwrap() == content);
        let request = server.http.requests().pop().unwrap();
        assert_eq!(request.method, "PUT");
        assert_eq!(
            request.header("Content-Length"),
            Some(bytes.to_string().as_str())
        );
        assert_eq!(request.header("Transfer-Encoding"), None);
        assert_eq!(
            (
                u64::from(home.progress.bytes()),
                u64::from(home.progress.total())
            ),
            (bytes, bytes)
        );
    }
}

/// How many bytes of bodies a server got.
fn received(server: &FileServer) -> usize {
    server
        .http
        .requests()
        .iter()
        .map(|request| request.body.len())
        .sum()
}

#[test]
fn t18_a_body_goes_out_once_where_the_server_asks_for_credentials_first() {
    for auth in [Auth::Digest, Auth::Basic] {
        for bytes in [BYTES, 1000] {
            let mut home = Home::new("once");
            home.transport.link.basic_over_http = true;
            let server = sink(auth);
            let moved = home.upload(&with_user(to(&server)), &pattern(bytes));
            assert_eq!(
                moved,
                Ok(Moved {
                    bytes: bytes as u64
                })
            );
            assert_eq!(server.http.requests().len(), 2);
            assert_eq!(received(&server), bytes);
            assert!(server.stored() == [pattern(bytes)]);
        }
    }
}

#[test]
fn t18_and_where_it_leads_elsewhere_first() {
    for status in [307, 308] {
        let home = Home::new("elsewhere");
        let other = sink(Auth::Open);
        let location = other.url();
        let server =
            sink(Auth::Open).turn(move |_, _| Reply::new(status).header("Location", &location));
        home.upload(&to(&server), &pattern(BYTES)).unwrap();
        assert_eq!((received(&server), received(&other)), (0, BYTES));
        assert!(other.stored() == [pattern(BYTES)]);
    }
}

/// The time for the answer begins when the file is out, and not when the system has it.
#[test]
fn t69_a_line_that_is_slow_has_its_time() {
    let mut home = Home::new("slow");
    home.transport.link.response_timeout = Duration::from_secs(2);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    setsockopt(&listener, sockopt::RcvBuf, &8192).unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut body = BufReader::with_capacity(4096, stream.try_clone().unwrap());
        while body.by_ref().lines().next().unwrap().unwrap() != "" {}
        (&stream)
            .write_all(b"HTTP/1.1 100 Continue\r\n\r\n")
            .unwrap();
        for _ in 0..BYTES / 3 / 4096 {
            body.read_exact(&mut [0; 4096]).unwrap();
            thread::sleep(Duration::from_millis(20));
        }
        (&stream)
            .write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
            .unwrap();
    });
    let moved = home.upload(&order(Direction::Upload, &url), &pattern(BYTES / 3));
    moved.unwrap();
    server.join().unwrap();
}

/// A redirect that makes a GET of it would lose the file.
#[test]
fn t18_other_redirects_are_no_success() {
    for status in [301, 302, 303, 304] {
        let home = Home::new("lost");
        let server =
            sink(Auth::Open).turn(move |_, _| Reply::new(status).header("Location", "/else"));
        let fault = home.upload(&to(&server), &pattern(10)).unwrap_err();
        assert_eq!(fault.code, 9011, "{fault:?}");
        assert_eq!(server.http.requests().len(), 1);
    }
}

#[test]
fn a_server_that_never_heard_of_being_asked_gets_the_file_too() {
    let home = Home::new("deaf");
    // It waits for the body, and says nothing before.
    let server = Server::start(|_, _| Reply::new(204));
    let order = order(Direction::Upload, &server.url("/"));
    home.upload(&order, &pattern(BYTES)).unwrap();
    assert!(server.requests()[0].body == pattern(BYTES));
    // Another refuses to be asked (RFC 9110 §10.1.1).
    let server = sink(Auth::Open).turn(|_, _| Reply::new(417));
    home.upload(&to(&server), &pattern(BYTES)).unwrap();
    assert!(server.stored() == [pattern(BYTES)]);
    assert_eq!(server.asked("Expect"), [Some("100-continue".into()), None]);
}

#[test]
fn t20_what_a_server_does_not_take_is_9011_and_who_is_not_let_in_9012() {
    let home = Home::new("refused");
    for status in [400, 403, 404, 405, 409, 413, 500, 503, 507] {
        let mut server = sink(Auth::Open);
        for _ in 0..99 {
            server = server.turn(move |_, _| Reply::new(status));
        }
        let fault = home.upload(&to(&server), &pattern(10)).unwrap_err();
        assert_eq!(fault.code, 9011, "{fault:?}");
        assert!(fault.string.contains(&status.to_string()), "{fault:?}");
        assert_eq!(received(&server), 0);
    }
    let server = sink(Auth::Digest);
    assert_eq!(home.upload(&to(&server), b"x").unwrap_err().code, 9012);
    let mut stranger = with_user(to(&server));
    stranger.username = "other".into();
    assert_eq!(home.upload(&stranger, b"x").unwrap_err().code, 9012);
}

#[test]
fn t20_what_cannot_be_read_is_9011() {
    let home = Home::new("unread");
    let server = sink(Auth::Open);
    let target = home.folder.file("target", "x");
    std::os::unix::fs::symlink(&target, home.folder.join("link")).unwrap();
    fs::create_dir(home.folder.join("folder")).unwrap();
    for name in ["absent", "link", "folder"] {
        let from = home.folder.join(name);
        let fault =
            transfer::upload(&to(&server), &from, &home.transport, &home.progress).unwrap_err();
        assert_eq!(fault.code, 9011, "{fault:?}");
    }
    assert!(server.http.requests().is_empty());
}

#[test]
fn t16_a_server_that_takes_nothing_is_not_waited_for() {
    let mut home = Home::new("stuck");
    home.transport.patience.window = Duration::from_secs(1);
    home.transport.patience.whole = Duration::from_secs(4);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let order = order(
        Direction::Upload,
        &format!("http://{}/", listener.local_addr().unwrap()),
    );
    // More than the buffers between have room for.
    let fault = home.upload(&order, &pattern(16 << 20)).unwrap_err();
    assert_eq!(fault.code, 9011, "{fault:?}");
}
