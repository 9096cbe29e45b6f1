//! Peers that want more than their share: of connections, of guesses, of sessions, of the log.

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use cwmpd::base::prefix::AddressPrefix;
use cwmpd::base::secret::Secret;
use cwmpd::connreq::{Listener, Quota};
use cwmpd_lab::acs::{Caller, connect_from, loopback};

use crate::served::{Rules, Served, access, credentials, get, head, is_closed, status};

/// More connections than there are for one place.
const MANY: usize = 40;

fn from(n: u8, served: &Served) -> TcpStream {
    let stream = connect_from(loopback(n), served.address()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    stream
}

fn ask_from(n: u8, served: &Served, request: &str) -> String {
    let mut stream = from(n, served);
    stream.write_all(request.as_bytes()).unwrap();
    head(&mut stream)
}

#[test]
fn s21_one_place_cannot_take_the_connections_of_others() {
    let served = Served::start("acs", "secret");
    let mut quiet = from(3, &served);
    let mut crowd: Vec<_> = (0..MANY).map(|_| from(2, &served)).collect();
    served.settle();
    // The crowd pays for itself, the eldest first, and keeps its share.
    assert!(crowd[..MANY - 8].iter_mut().all(is_closed));
    crowd[MANY - 1].write_all(get("").as_bytes()).unwrap();
    assert_eq!(status(&head(&mut crowd[MANY - 1])), "401");
    quiet.write_all(get("").as_bytes()).unwrap();
    assert_eq!(status(&head(&mut quiet)), "401");
}

#[test]
fn s21_many_places_cannot_take_the_connection_of_one_that_asked_for_little() {
    let served = Served::start("acs", "secret");
    let round = || -> Vec<_> { (2..=100).map(|n| from(n, &served)).collect() };
    let _crowd = round();
    let mut acs = from(101, &served);
    acs.write_all(b"GET /t0ken HTTP/1.1\r\n").unwrap();
    let _more = (round(), round());
    served.settle();
    acs.write_all(b"Host: box\r\n\r\n").unwrap();
    assert_eq!(status(&head(&mut acs)), "401");
}

#[test]
fn s21_so_many_connections_are_kept_and_no_more_wherever_they_come_from() {
    let served = Served::start("acs", "secret");
    let mut crowd: Vec<_> = (2..=101).map(|n| from(n, &served)).collect();
    served.settle();
    let is_kept = |stream: &mut TcpStream| {
        stream.set_nonblocking(true).unwrap();
        !is_closed(stream)
    };
    let kept = crowd
        .iter_mut()
        .filter_map(|stream| is_kept(stream).then_some(()));
    assert_eq!(kept.count(), 32);
}

#[test]
fn s21_who_has_a_challenge_keeps_the_connection_while_others_come() {
    let served = Served::start("acs", "secret");
    let mut acs = from(1, &served);
    acs.write_all(get("").as_bytes()).unwrap();
    let challenge = head(&mut acs);
    assert!(!challenge.contains("Connection: close"), "{challenge}");
    let mut others = Vec::new();
    for n in 2..=100 {
        let mut stream = from(n, &served);
        stream.write_all(get("").as_bytes()).unwrap();
        assert_eq!(status(&head(&mut stream)), "401");
        others.push(stream);
    }
    // From its own address too.
    others.extend((0..MANY).map(|_| from(1, &served)));
    served.settle();
    let right = get(&credentials(&challenge, "secret"));
    acs.write_all(right.as_bytes()).unwrap();
    assert_eq!(status(&head(&mut acs)), "200");
}

#[test]
fn s21_a_challenge_for_which_there_is_no_room_says_that_the_connection_closes() {
    let served = Served::start("acs", "secret");
    let mut kept = Vec::new();
    let mut closed = 0;
    for n in 2..=100 {
        let mut stream = from(n, &served);
        stream.write_all(get("").as_bytes()).unwrap();
        match head(&mut stream).contains("Connection: close\r\n") {
            true => {
                closed += 1;
                assert!(is_closed(&mut stream));
            }
            false => kept.push(stream),
        }
    }
    assert!(kept.len() <= 32 && closed == 99 - kept.len(), "{closed}");
    // It then answers on another one.
    let caller = Caller {
        delay: Duration::from_millis(50),
        keeps_connection: true,
        ..Caller::new("acs", "secret")
    };
    let url = format!("http://{}/t0ken", served.address());
    assert_eq!(caller.call(&url).unwrap().status, 200);
}

#[test]
fn s21_a_connection_has_four_answers() {
    let served = Served::start("acs", "secret");
    let mut peer = from(2, &served);
    let mut ask = || {
        peer.write_all(get("").as_bytes()).unwrap();
        head(&mut peer).contains("Connection: close")
    };
    assert_eq!([ask(), ask(), ask(), ask()], [false, false, false, true]);
}

#[test]
fn s21_a_peer_has_its_time_and_then_no_more() {
    let served = Served::start("acs", "secret");
    let mut slow = from(2, &served);
    slow.write_all(b"GET /t0ken HTTP/1.1\r\n").unwrap();
    served.settle();
    served.pass(4);
    assert_eq!(status(&served.ask(&get(""))), "401");
    slow.set_read_timeout(Some(Duration::from_millis(50)))
        .unwrap();
    assert!(!is_closed(&mut slow));
    slow.set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    served.pass(2);
    assert!(is_closed(&mut slow));
}

#[test]
fn s22_guesses_are_limited_by_place() {
    let served = Served::start("acs", "secret");
    let guess = |n| {
        let challenge = ask_from(n, &served, &get(""));
        ask_from(n, &served, &get(&credentials(&challenge, "guess")))
    };
    for _ in 0..5 {
        assert_eq!(status(&guess(2)), "401");
    }
    let answer = guess(2);
    assert_eq!(status(&answer), "503", "{answer}");
    // The right one is not looked at either: else guessing would go on. Another place is served.
    let right = |n| {
        let challenge = ask_from(n, &served, &get(""));
        ask_from(n, &served, &get(&credentials(&challenge, "secret")))
    };
    assert_eq!(status(&right(2)), "503");
    assert_eq!(status(&right(1)), "200");
    served.pass(6);
    assert_eq!(status(&right(2)), "200");
    assert!(
        served.tally().contains("wrong password 5"),
        "{}",
        served.tally()
    );
}

#[test]
fn s22_accepted_requests_are_limited_and_the_limit_is_live() {
    let served = Served::start("acs", "secret").ruled(Rules {
        max_requests: Some(3),
        ..Rules::default()
    });
    let right = || {
        let challenge = served.ask(&get(""));
        served.ask(&get(&credentials(&challenge, "secret")))
    };
    for _ in 0..3 {
        assert_eq!(status(&right()), "200");
    }
    let answer = right();
    assert_eq!(status(&answer), "503");
    assert_eq!(served.welcome(), 3);
    served.pass(1190);
    assert_eq!(status(&right()), "503");
    served.pass(11);
    assert_eq!(status(&right()), "200");
    assert_eq!(status(&right()), "503");
    served.rule(Rules {
        max_requests: Some(4),
        ..Rules::default()
    });
    assert_eq!(status(&right()), "200");
    assert_eq!(served.welcome(), 5);
}

#[test]
fn r61_who_is_refused_for_now_is_not_told_when_to_come_again() {
    let served = Served::start("acs", "secret").ruled(Rules {
        max_requests: Some(1),
        ..Rules::default()
    });
    let call = |password| {
        let challenge = served.ask(&get(""));
        served.ask(&get(&credentials(&challenge, password)))
    };
    assert_eq!(status(&call("secret")), "200");
    let too_many_requests = call("secret");
    let wrong: Vec<_> = (0..5).map(|_| call("guess")).collect();
    assert!(wrong.iter().all(|answer| status(answer) == "401"));
    let too_many_guesses = call("secret");
    for answer in [too_many_requests, too_many_guesses] {
        assert_eq!(status(&answer), "503");
        assert!(!answer.contains("Retry-After"), "{answer}");
    }
}

#[test]
fn s22_what_makes_no_sense_is_answered_a_few_times_and_then_not() {
    let served = Served::start("acs", "secret");
    let wrong = "GET /wrong HTTP/1.1\r\n\r\n";
    let answers: Vec<_> = (0..MANY).map(|_| ask_from(2, &served, wrong)).collect();
    let answered = answers
        .iter()
        .filter(|answer| status(answer) == "404")
        .count();
    assert_eq!(answered, 20);
    assert!(answers[MANY - 1].is_empty());
    // Who knows the path is served from there too, and who comes from elsewhere.
    let challenge = ask_from(2, &served, &get(""));
    let right = get(&credentials(&challenge, "secret"));
    assert_eq!(status(&ask_from(2, &served, &right)), "200");
    assert_eq!(status(&ask_from(3, &served, wrong)), "404");
    assert!(
        served.tally().contains("wrong path 41"),
        "{}",
        served.tally()
    );
}

#[test]
fn s22_a_flood_is_looked_at_only_now_and_then() {
    let password = Secret::new("secret");
    let access = access("acs", &password);
    let mut quota = Quota::default();
    let mut listener = Listener::new(0).unwrap();
    listener.open(Duration::ZERO);
    let port = listener.port().unwrap();
    let now = Duration::from_secs(100);
    let mut work = |count: usize, now| {
        let connect = |_| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        let _peers: Vec<_> = (0..count).map(connect).collect();
        listener.work(now, &access, &mut quota);
        (listener.descriptors().count(), listener.deadline())
    };
    assert!(work(20, now).0 > 0);
    let (descriptors, rests_until) = work(MANY, now);
    assert_eq!(descriptors, 0);
    let rests_until = rests_until.unwrap();
    assert!(rests_until <= now + Duration::from_millis(50));
    assert!(work(0, rests_until).0 > 0);
}

#[test]
fn s22_only_allowed_networks_are_heard() {
    let network = |text| AddressPrefix::parse(text).unwrap();
    let served = Served::start("acs", "secret").ruled(Rules {
        allowed: Some(vec![network("127.0.0.8/30"), network("2001:db8::/32")]),
        ..Rules::default()
    });
    assert_eq!(status(&ask_from(9, &served, &get(""))), "401");
    assert!(is_closed(&mut from(2, &served)));
    assert!(served.tally().contains("address not allowed 1"));
    // A list of which nothing is left lets nobody in.
    served.rule(Rules {
        allowed: Some(Vec::new()),
        ..Rules::default()
    });
    assert!(is_closed(&mut from(9, &served)));
    assert_eq!(served.welcome(), 0);
}

#[test]
fn s22_basic_is_offered_and_taken_only_by_the_rule() {
    let served = Served::start("acs", "secret");
    let basic = get("Authorization: Basic YWNzOnNlY3JldA==\r\n");
    let answer = served.ask(&basic);
    assert_eq!(status(&answer), "401");
    assert!(!answer.contains("Basic"), "{answer}");
    let rules = Rules {
        takes_basic: true,
        ..Rules::default()
    };
    served.rule(rules);
    let answer = served.ask(&get(""));
    let digest = answer.find("WWW-Authenticate: Digest ").unwrap();
    assert!(digest < answer.find("WWW-Authenticate: Basic ").unwrap());
    assert_eq!(status(&served.ask(&basic)), "200");
    // The fuse against guesses is the same.
    let guess = get("Authorization: Basic YWNzOmd1ZXNz\r\n");
    for _ in 0..5 {
        assert_eq!(status(&served.ask(&guess)), "401");
    }
    assert_eq!(status(&served.ask(&basic)), "503");
}
