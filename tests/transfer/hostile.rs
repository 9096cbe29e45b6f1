//! Servers that stall, lie, never end, or answer nonsense; and a transfer that is cancelled.

use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use cwmpd::cwmp::Direction;
use cwmpd_lab::files::{FileServer, ServedFile};
use cwmpd_lab::http::{Reply, Request};

use crate::{AMPLE, Home, order, pattern};

const BYTES: usize = 100_000;

/// A server that does the same each time.
fn always(turn: fn(&mut ServedFile, &Request) -> Reply) -> FileServer {
    let mut server = FileServer::start(ServedFile::new(pattern(BYTES)));
    for _ in 0..99 {
        server = server.turn(turn);
    }
    server
}

fn fault(turn: fn(&mut ServedFile, &Request) -> Reply) -> (u32, String) {
    let home = Home::new("hostile");
    let fault = home.get(&always(turn)).unwrap_err();
    (fault.code, fault.string)
}

#[test]
fn t16_a_body_shorter_than_its_length_is_never_a_file() {
    let (code, why) = fault(|file, _| file.part(200, 0).lying(BYTES as u64 + 1).close());
    assert_eq!(code, 9017, "{why}");
    let (code, why) = fault(|file, _| file.part(200, 0).chunked(&[1000]).stop_in_body(50_000));
    assert_eq!(code, 9017, "{why}");
}

#[test]
fn t16_what_comes_behind_the_length_is_not_part_of_the_file() {
    let home = Home::new("behind");
    let server = always(|file, _| file.part(200, 0).lying(1000));
    assert!(home.get(&server).unwrap() == pattern(1000));
}

/// Parts that add up to more than the file has.
#[test]
fn t16_a_part_without_end_is_not_put_behind_the_file() {
    let home = Home::new("more");
    let server = FileServer::start(ServedFile::new(pattern(BYTES)))
        .turn(|file, request| file.answer(request).stop_in_body(50_000))
        .turn(|file, request| {
            let more = file.answer(request).chunked(&[]);
            more.repeated(100, Duration::ZERO)
        });
    assert!(home.get(&server).unwrap() == pattern(BYTES));
}

#[test]
fn t16_a_length_that_is_none_is_refused() {
    for length in ["-1", "99999999999999999999999", "1, 2", "x"] {
        let home = Home::new("length");
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nfile");
        let server = FileServer::start(ServedFile::new(""))
            .turn(move |_, _| Reply::raw(head).close_silently());
        let server = server.turn(|_, _| Reply::new(404));
        assert!(home.get(&server).is_err(), "{length}");
    }
}

#[test]
fn t16_nonsense_is_no_file() {
    for nonsense in [
        "",
        "\0\0\0\0",
        "220 ftp.example\r\n",
        "HTTP/9 ?\r\n\r\n",
        "<html>",
    ] {
        let home = Home::new("nonsense");
        let mut server = FileServer::start(ServedFile::new(""));
        for _ in 0..99 {
            server = server.turn(move |_, _| Reply::raw(nonsense).close_silently());
        }
        let fault = home.get(&server).unwrap_err();
        assert_eq!(fault.code, 9015, "{nonsense}: {fault:?}");
    }
}

#[test]
fn t16_a_compressed_answer_is_not_the_file() {
    let (code, why) = fault(|file, _| file.part(200, 0).header("Content-Encoding", "gzip"));
    assert_eq!(code, 9018, "{why}");
    assert!(why.contains("gzip"), "{why}");
    assert_eq!(
        fault(|file, _| file
            .part(200, 0)
            .header("Content-Encoding", "identity")
            .stop_in_body(1))
        .0,
        9017
    );
}

/// How long a fault takes, where a second would be too short for anything.
fn impatient(turn: fn(&mut ServedFile, &Request) -> Reply) -> u32 {
    let mut home = Home::new("slow");
    home.transport.patience.window = Duration::from_millis(250);
    home.transport.patience.whole = AMPLE;
    let begin = Instant::now();
    let fault = home.get(&always(turn)).unwrap_err();
    assert!(begin.elapsed() < AMPLE, "{fault:?}");
    fault.code
}

#[test]
fn t16_a_server_that_stalls_or_drips_is_not_waited_for() {
    assert_eq!(
        impatient(|file, _| file.part(200, 0).wait_in_body(50_000, 4 * AMPLE)),
        9017
    );
    assert_eq!(
        impatient(|_, _| Reply::new(200)
            .body("x")
            .repeated(1 << 20, Duration::from_millis(20))),
        9017
    );
    // An answer that is no file drips too.
    assert_eq!(
        impatient(|_, _| {
            let reply = Reply::new(302).header("Location", "/").body("x");
            reply.repeated(60_000, Duration::from_millis(20))
        }),
        9017
    );
}

#[test]
fn t16_a_transfer_has_an_end_however_busy_it_is() {
    let mut home = Home::new("whole");
    home.transport.patience.whole = Duration::from_secs(1);
    // Quick enough, and far from done.
    let server = always(|_, _| {
        let reply = Reply::new(200).body(vec![0; 1000]);
        reply.repeated(1 << 20, Duration::from_millis(10))
    });
    let begin = Instant::now();
    assert_eq!(home.get(&server).unwrap_err().code, 9017);
    assert!(begin.elapsed() < AMPLE);
}

#[test]
fn t16_a_server_that_says_nothing_is_left_after_a_while() {
    let mut home = Home::new("silent");
    home.transport.link.response_timeout = Duration::from_millis(50);
    let fault = home.get(&always(|_, _| Reply::hang())).unwrap_err();
    assert_eq!(fault.code, 9015, "{fault:?}");
}

/// Cancels as soon as something is as it should be, and sees that the transfer ends.
fn cancelled(url: &str, shown: fn(&Home) -> bool) {
    let home = Home::new("cancelled");
    thread::scope(|scope| {
        let transfer = scope.spawn(|| home.download(&order(Direction::Download, url)));
        let begin = Instant::now();
        while !shown(&home) {
            assert!(begin.elapsed() < AMPLE && !transfer.is_finished());
            thread::sleep(Duration::from_millis(5));
        }
        home.progress.cancel();
        let fault = transfer.join().unwrap().unwrap_err();
        assert!(begin.elapsed() < AMPLE / 2, "{fault:?}");
    });
}

#[test]
fn t04_a_cancelled_transfer_stops_wherever_it_is() {
    let come = |home: &Home| home.progress.bytes() > 0;
    let stalls = always(|file, _| file.part(200, 0).wait_in_body(50_000, 4 * AMPLE));
    cancelled(&stalls.url(), come);
    let endless = always(|_, _| {
        let reply = Reply::new(200).body("0123456789");
        reply.repeated(1 << 20, Duration::from_millis(5))
    });
    cancelled(&endless.url(), come);
    let silent = always(|_, _| Reply::hang());
    cancelled(&silent.url(), Home::path_exists);
    // Full, so that nobody answers.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    nix::sys::socket::listen(&listener, nix::sys::socket::Backlog::new(0).unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let patience = Duration::from_millis(200);
    let waiting =
        std::iter::from_fn(|| std::net::TcpStream::connect_timeout(&address, patience).ok());
    let waiting: Vec<_> = waiting.take(100).collect();
    cancelled(&format!("http://{address}/"), Home::path_exists);
    drop(waiting);
}

#[test]
fn t04_and_before_it_began_and_between_two_attempts() {
    let mut home = Home::new("pause");
    home.transport.patience.pause = AMPLE;
    let nobody = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let url = format!("http://{nobody}/");
    thread::scope(|scope| {
        let transfer = scope.spawn(|| home.download(&order(Direction::Download, &url)));
        while !home.path_exists() && !transfer.is_finished() {
            thread::sleep(Duration::from_millis(5));
        }
        home.progress.cancel();
        transfer.join().unwrap().unwrap_err();
    });
    // Once more, cancelled from the beginning.
    home.download(&order(Direction::Download, &url))
        .unwrap_err();
}

impl Home {
    fn path_exists(&self) -> bool {
        self.path().exists()
    }
}
