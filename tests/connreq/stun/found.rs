//! The binding is found, by whichever server answers, and only by an answer that is the server's.

use cwmpd::base::secret::Secret;
use cwmpd::connreq::stun::message::{StunKind, StunMessage, StunWriter, attribute};
use cwmpd::connreq::stun::{Padding, StunSocket, address};

use super::server::{FakeServer, PASSWORD, USER, Wants};
use super::world::{LOCAL, World, at, has, response, secs};

#[test]
fn w22_the_address_that_is_told_is_the_mapped_one() {
    let mut world = World::new();
    world.start(world.settings(30, Some(60)));
    world.run(secs(1));
    let binding = *world.client.binding().unwrap();
    assert_eq!(binding.mapped, at("203.0.113.5:61234"));
    assert!(binding.is_nat);
    assert_eq!(binding.server, at("198.51.100.1:3478"));
    assert!(
        world
            .state()
            .contains("203.0.113.5:61234, seen by 198.51.100.1:3478")
    );
    assert!(world.state().contains("behind NAT"), "{}", world.state());
}

#[test]
fn r02_nothing_but_the_answer_is_believed() {
    let mut world = World::new();
    world.servers[0].is_silent = true;
    world.start(world.settings(30, Some(60)));
    let request = world.last(StunSocket::Primary);
    let (server, forged) = (request.to, at("198.51.100.66:666"));
    let good = response(&request, forged);
    let mut other_id = good.clone();
    other_id[19] ^= 1;
    let mut request_kind = good.clone();
    request_kind[..2].copy_from_slice(&[0, 1]);
    let no_address = StunWriter::new(StunKind::Response, &request.id()).finish();
    let primary = StunSocket::Primary;
    let other_port = at("198.51.100.1:3479");
    let other_host = at("198.51.100.2:3478");
    for (on, from, bytes) in [
        (primary, server, &other_id[..]),
        (primary, other_port, &good),
        (primary, other_host, &good),
        (StunSocket::Secondary, server, &good),
        (primary, server, &request_kind),
        (primary, server, &no_address),
        (primary, server, &good[..good.len() - 1]),
        (primary, server, &good[..10]),
        (primary, server, b""),
    ] {
        assert!(!world.deliver(on, from, bytes), "{bytes:?}");
        assert_eq!(world.mapped(), None);
    }
    for impossible in [
        "0.0.0.0:5000",
        "203.0.113.5:0",
        "224.0.0.1:5000",
        "255.255.255.255:5000",
        "127.0.0.1:5000",
        "[2001:db8::1]:5000",
    ] {
        let answer = response(&request, at(impossible));
        assert!(!world.deliver(primary, server, &answer), "{impossible}");
    }
    assert_eq!(world.mapped(), None);
    // The transaction is still open for the true answer, once.
    let real = response(&request, at("203.0.113.5:61234"));
    assert!(world.deliver(primary, server, &real));
    assert!(!world.deliver(primary, server, &real));
    assert!(!world.deliver(primary, server, &good));
    assert_eq!(world.mapped(), Some(at("203.0.113.5:61234")));
    let state = world.state();
    assert!(state.contains("not from the server 2"), "{state}");
    assert!(state.contains("impossible address 6"), "{state}");
}

#[test]
fn r02_a_signed_request_takes_only_a_signed_answer() {
    let mut world = World::new();
    let mut settings = world.settings(30, Some(60));
    (settings.username, settings.password) = (USER.to_owned(), Secret::new(PASSWORD));
    world.servers[0].wants = Wants::ShortTerm(Padding::Rfc3489);
    world.start(settings);
    world.run(secs(1));
    assert!(world.mapped().is_some());
    world.servers[0].is_silent = true;
    world.run(secs(3));
    let request = world.last(StunSocket::Primary);
    assert!(has(&request, attribute::MESSAGE_INTEGRITY));
    let forged = at("198.51.100.66:666");
    let signed = |key: &[u8]| {
        let mapped = address::write(forged);
        StunWriter::new(StunKind::Response, &request.id())
            .attribute(attribute::MAPPED_ADDRESS, &mapped, Padding::Rfc3489)
            .integrity(key, Padding::Rfc3489)
            .finish()
    };
    let bare = response(&request, forged);
    for answer in [bare, signed(b""), signed(b"guess"), signed(b"password")] {
        assert!(!world.deliver(StunSocket::Primary, request.to, &answer));
    }
    assert!(world.deliver(
        StunSocket::Primary,
        request.to,
        &signed(PASSWORD.as_bytes())
    ));
    assert_eq!(world.mapped(), Some(forged));
}

#[test]
fn r02_a_wrong_proof_is_not_believed_even_unasked() {
    for has_password in [true, false] {
        let mut world = World::new();
        world.servers[0].is_silent = true;
        let mut settings = world.settings(30, Some(60));
        if has_password {
            (settings.username, settings.password) = (USER.to_owned(), Secret::new(PASSWORD));
        }
        world.start(settings);
        let request = world.last(StunSocket::Primary);
        let answer = |key: &[u8]| {
            let mapped = address::write(at("203.0.113.5:61234"));
            StunWriter::new(StunKind::Response, &request.id())
                .attribute(attribute::MAPPED_ADDRESS, &mapped, Padding::Rfc3489)
                .integrity(key, Padding::Rfc5389)
                .finish()
        };
        let wrong = world.deliver(StunSocket::Primary, request.to, &answer(b"guess"));
        assert_eq!(wrong, !has_password);
        let right = answer(PASSWORD.as_bytes());
        let right = world.deliver(StunSocket::Primary, request.to, &right);
        assert_eq!(right, has_password);
    }
}

#[test]
fn r03_a_silent_server_is_asked_as_the_rfc_says_and_then_now_and_then() {
    let mut world = World::new();
    world.start(world.settings(30, Some(3600)));
    world.run(secs(1));
    let known = world.mapped();
    world.servers[0].is_silent = true;
    world.sent.clear();
    world.run(secs(600));
    let first = world.requests(StunSocket::Primary)[0].clone();
    let copies = world.sent.iter().filter(|s| s.id() == first.id());
    let copies: Vec<_> = copies.map(|s| (s.at - first.at).as_millis()).collect();
    assert_eq!(copies, [0, 100, 300, 700, 1500, 3100, 4700, 6300, 7900]);
    let requests = world.requests(StunSocket::Primary);
    let pauses = requests.windows(2).map(|p| (p[1].at - p[0].at).as_millis());
    let pauses: Vec<_> = pauses.collect();
    assert_eq!(pauses[..3], [39_500, 69_500, 129_500]);
    assert!(world.client.needs_lookup() && !world.client.needs_lookup());
    assert_eq!((world.mapped(), world.changes), (known, 1));
    assert!(
        world.state().contains("no server answers"),
        "{}",
        world.state()
    );
    world.servers[0].is_silent = false;
    world.nat.forget();
    world.run(secs(400));
    assert_ne!(world.mapped(), known);
    assert!(!world.state().contains("no server answers"));
}

#[test]
fn r03_lost_datagrams_are_no_trouble() {
    for loses in [2, 3] {
        let mut world = World::new();
        world.loses = loses;
        world.start(world.settings(20, Some(20)));
        world.run(secs(3600));
        assert_eq!(world.changes, 1);
        assert!(world.longest_pause(secs(0)) < secs(25));
    }
}

#[test]
fn r05_the_server_that_answers_is_found_and_kept() {
    let mut world = World::new();
    for n in 2..=4 {
        world
            .servers
            .push(FakeServer::new(&format!("198.51.100.{n}:3478")));
    }
    world.servers[0].is_silent = true;
    world.servers[1].is_silent = true;
    world.start(world.settings(30, Some(60)));
    world.run(secs(20));
    assert_eq!(
        world.client.binding().unwrap().server,
        at("198.51.100.3:3478")
    );
    world.servers[0].is_silent = false;
    world.run(secs(600));
    assert_eq!(
        world.client.binding().unwrap().server,
        at("198.51.100.3:3478")
    );
    assert!(!world.client.needs_lookup());
    // It dies: the next one has another binding of the NAT, which is told.
    world.servers[2].is_silent = true;
    let (known, before) = (world.mapped(), world.changes);
    world.run(secs(80));
    assert_eq!(
        world.client.binding().unwrap().server,
        at("198.51.100.4:3478")
    );
    assert_ne!(world.mapped(), known);
    assert_eq!(world.changes, before + 1);
    // All die: each is asked, and the name looked up once a round.
    for server in &mut world.servers {
        server.is_silent = true;
    }
    world.run(secs(130));
    assert!(world.client.needs_lookup() && !world.client.needs_lookup());
    world.sent.clear();
    world.run(secs(300));
    for server in &world.servers {
        assert!(world.sent.iter().any(|sent| sent.to == server.address));
    }
    // Another look-up finds one that answers, which is asked at once.
    world.servers.push(FakeServer::new("198.51.100.5:3478"));
    world.start(world.settings(30, Some(60)));
    world.run(secs(60));
    assert_eq!(
        world.client.binding().unwrap().server,
        at("198.51.100.5:3478")
    );
}

#[test]
fn r05_a_list_without_end_is_cut_and_an_empty_one_asks_nobody() {
    let mut world = World::new();
    world.servers = (1..=200)
        .map(|n| FakeServer::new(&format!("198.51.100.{n}:3478")))
        .collect();
    for server in &mut world.servers {
        server.is_silent = true;
    }
    world.start(world.settings(30, None));
    world.run(secs(3600));
    let mut asked: Vec<_> = world.sent.iter().map(|sent| sent.to).collect();
    asked.sort();
    asked.dedup();
    assert_eq!(asked.len(), 8);
    let mut world = World::new();
    world.servers.clear();
    world.start(world.settings(30, None));
    assert_eq!(world.client.deadline(), None);
    assert!(world.state().contains("no address"), "{}", world.state());
}

#[test]
fn r02_the_answer_of_another_socket_or_time_is_no_news() {
    let mut world = World::new();
    world.start(world.settings(30, Some(60)));
    world.run(secs(1));
    world.client.stop();
    assert_eq!(
        (world.client.binding(), world.client.deadline()),
        (None, None)
    );
    let request = world.last(StunSocket::Primary);
    let late = response(&request, at("198.51.100.66:666"));
    assert!(!world.deliver(StunSocket::Primary, request.to, &late));
    assert_eq!(world.client.binding(), None);
    assert!(StunMessage::read(&late).is_some());
    assert!(world.state().starts_with("off"));
}

#[test]
fn r02_without_a_nat_the_address_is_the_own_one() {
    let mut world = World::new();
    world.servers[0].is_silent = true;
    world.start(world.settings(30, Some(60)));
    let request = world.last(StunSocket::Primary);
    let answer = response(&request, at(LOCAL));
    assert!(world.deliver(StunSocket::Primary, request.to, &answer));
    assert!(!world.client.binding().unwrap().is_nat);
    assert!(world.state().contains("no NAT"), "{}", world.state());
}
