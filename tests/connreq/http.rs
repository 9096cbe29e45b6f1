//! The connection-request listener over real sockets, with peers that behave and peers that don't.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use cwmpd::base::secret::Secret;
use cwmpd::connreq::{Listener, Quota};

use crate::served::{Served, access, credentials, get, head, is_closed, status};

#[test]
fn the_acs_is_challenged_and_then_welcome_on_the_same_connection() {
    let served = Served::start("acs", "secret");
    let mut stream = served.connect();
    stream.write_all(get("").as_bytes()).unwrap();
    let challenge = head(&mut stream);
    assert!(challenge.starts_with("HTTP/1.1 401 "), "{challenge}");
    assert!(challenge.contains("qop=\"auth\""), "{challenge}");
    assert_eq!(served.welcome(), 0);
    stream
        .write_all(get(&credentials(&challenge, "secret")).as_bytes())
        .unwrap();
    let answer = head(&mut stream);
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.contains("Content-Length: 0\r\n"), "{answer}");
    drop(stream);
    assert_eq!(served.welcome(), 1);
}

#[test]
fn a_wrong_password_and_empty_credentials_are_challenged_again() {
    let served = Served::start("acs", "secret");
    let challenge = served.ask(&get(""));
    assert_eq!(
        status(&served.ask(&get(&credentials(&challenge, "guess")))),
        "401"
    );
    let open = Served::start("acs", "");
    let challenge = open.ask(&get(""));
    assert_eq!(status(&open.ask(&get(&credentials(&challenge, "")))), "401");
    assert_eq!(served.welcome() + open.welcome(), 0);
}

#[test]
fn w20_a_captured_request_does_not_replay() {
    let served = Served::start("acs", "secret");
    let right = get(&credentials(&served.ask(&get("")), "secret"));
    assert_eq!(status(&served.ask(&right)), "200");
    let again = served.ask(&right);
    assert_eq!(status(&again), "401");
    assert!(again.contains("stale=true"), "{again}");
    assert_eq!(served.welcome(), 1);
}

#[test]
fn w20_a_nonce_grows_old() {
    let served = Served::start("acs", "secret");
    let right = get(&credentials(&served.ask(&get("")), "secret"));
    served.pass(31);
    assert!(served.ask(&right).contains("stale=true"));
    assert_eq!(served.welcome(), 0);
}

#[test]
fn w20_a_request_may_come_in_pieces() {
    let served = Served::start("acs", "secret");
    let mut stream = served.connect();
    for piece in ["GET /t0k", "en HTTP/1.1\r\n", "Host: a\r", "\n\r", "\n"] {
        std::thread::sleep(Duration::from_millis(15));
        stream.write_all(piece.as_bytes()).unwrap();
    }
    assert_eq!(status(&head(&mut stream)), "401");
}

#[test]
fn w20_other_paths_and_methods_are_refused() {
    let served = Served::start("acs", "secret");
    let right = credentials(&served.ask(&get("")), "secret");
    for path in ["/", "/t0ke", "/t0ken/", "/T0KEN", "//t0ken"] {
        let answer = served.ask(&format!("GET {path} HTTP/1.1\r\n{right}\r\n"));
        assert_eq!(status(&answer), "404", "{path}");
    }
    for method in ["POST", "HEAD", "PUT", "get", "OPTIONS"] {
        let answer = served.ask(&format!("{method} /t0ken HTTP/1.1\r\n{right}\r\n"));
        assert_eq!(status(&answer), "405", "{method}");
        assert!(answer.contains("Allow: GET\r\n"), "{answer}");
    }
    assert_eq!(served.welcome(), 0);
}

#[test]
fn what_is_no_request_is_refused() {
    let served = Served::start("acs", "secret");
    assert_eq!(status(&served.ask("\x16\x03\x01\x02\r\n\r\n")), "400");
    assert_eq!(status(&served.ask("GET /t0ken SIP/2.0\r\n\r\n")), "400");
}

#[test]
fn an_oversized_head_is_refused_before_it_ends() {
    let served = Served::start("acs", "secret");
    let answer = served.ask(&format!("GET /t0ken HTTP/1.1\r\nX: {}", "y".repeat(8000)));
    assert_eq!(status(&answer), "431");
}

#[test]
fn a_slow_peer_is_dropped_at_its_deadline() {
    let served = Served::start("acs", "secret");
    let mut slow = served.connect();
    slow.write_all(b"GET /t0ken HTTP/1.1\r\nX-A: b\r\n")
        .unwrap();
    // Served in between, and long before the slow one ends.
    assert_eq!(status(&served.ask(&get(""))), "401");
    served.pass(6);
    assert!(is_closed(&mut slow));
}

#[test]
fn idle_connections_do_not_lock_the_acs_out() {
    let served = Served::start("acs", "secret");
    let mut idle: Vec<_> = (0..8).map(|_| served.connect()).collect();
    // One more that is silent comes in at the price of the eldest.
    idle.push(served.connect());
    assert_eq!(status(&served.ask(&get(""))), "401");
    assert!(is_closed(&mut idle[0]));
    idle[7].write_all(get("").as_bytes()).unwrap();
    assert_eq!(status(&head(&mut idle[7])), "401");
}

#[test]
fn w10_a_mere_connect_changes_nothing() {
    let served = Served::start("acs", "secret");
    for _ in 0..20 {
        drop(served.connect());
        let half = served.connect();
        half.shutdown(Shutdown::Write).unwrap();
    }
    assert_eq!(status(&served.ask(&get(""))), "401");
    assert_eq!(served.welcome(), 0);
}

#[test]
fn w21_a_taken_port_is_tried_again_later_and_not_all_the_time() {
    let taken = TcpListener::bind("[::]:0")
        .or_else(|_| TcpListener::bind("0.0.0.0:0"))
        .unwrap();
    let port = taken.local_addr().unwrap().port();
    let mut listener = Listener::new(port).unwrap();
    let start = Duration::from_secs(100);
    listener.open(start);
    assert_eq!(listener.port(), None);
    assert_eq!(listener.descriptors().count(), 0);
    let retry = listener.deadline().unwrap();
    assert!(retry >= start + Duration::from_secs(1));
    drop(taken);
    let password = Secret::default();
    listener.work(start, &access("", &password), &mut Quota::default());
    assert_eq!(listener.port(), None);
    listener.work(retry, &access("", &password), &mut Quota::default());
    assert_eq!(listener.port(), Some(port));
}

#[test]
fn w21_a_restart_takes_the_port_at_once() {
    let mut listener = Listener::new(0).unwrap();
    listener.open(Duration::ZERO);
    let port = listener.port().unwrap();
    let mut peer = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    peer.write_all(b"junk\r\n\r\n").unwrap();
    // Answered and closed from this side first, which leaves the connection in TIME_WAIT.
    let deadline = Instant::now() + Duration::from_secs(10);
    peer.set_read_timeout(Some(Duration::from_millis(5)))
        .unwrap();
    let mut answer = [0; 512];
    while !matches!(peer.read(&mut answer), Ok(n) if n > 0) {
        assert!(Instant::now() < deadline);
        let password = Secret::default();
        listener.work(
            Duration::ZERO,
            &access("", &password),
            &mut Quota::default(),
        );
    }
    drop(listener);
    let mut next = Listener::new(port).unwrap();
    next.open(Duration::ZERO);
    assert_eq!(next.port(), Some(port));
}
