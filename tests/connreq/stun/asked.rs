//! What a server asks for it gets, where the box has it; and nobody gets more.

use cwmpd::base::secret::Secret;
use cwmpd::connreq::stun::message::{StunMessage, attribute};
use cwmpd::connreq::stun::{Padding, StunSettings, StunSocket};

use super::server::{FakeServer, PASSWORD, USER, Wants};
use super::world::{World, has, secs};

fn credentials(world: &World) -> StunSettings {
    StunSettings {
        username: USER.to_owned(),
        password: Secret::new(PASSWORD),
        ..world.settings(30, Some(90))
    }
}

/// The fake server fails the test where it gets a proof that it did not ask for.
#[test]
fn r04_nothing_is_proven_to_a_server_that_does_not_ask() {
    let mut world = World::new();
    world.start(credentials(&world));
    world.run(secs(3600));
    for sent in world.requests(StunSocket::Primary) {
        assert!(has(sent, attribute::CONNECTION_REQUEST_BINDING));
        assert!(!has(sent, attribute::RESPONSE_ADDRESS));
        // An ACS knows by it whose binding it is (G.2.1.3).
        let message = StunMessage::read(&sent.bytes).unwrap();
        assert_eq!(message.find(attribute::USERNAME), Some(&b"box-17\0\0"[..]));
    }
    let probes = world.requests(StunSocket::Secondary);
    assert!(!probes.is_empty());
    for sent in probes {
        assert!(has(sent, attribute::RESPONSE_ADDRESS));
        assert!(!has(sent, attribute::CONNECTION_REQUEST_BINDING));
        assert!(!has(sent, attribute::BINDING_CHANGE));
        assert!(!has(sent, attribute::USERNAME));
    }
}

#[test]
fn r04_a_server_that_asks_gets_user_and_proof_at_once() {
    let all = [
        Wants::ShortTerm(Padding::Rfc3489),
        Wants::ShortTerm(Padding::Rfc5389),
        Wants::LongTerm(b"a nonce"),
    ];
    for wants in all {
        let mut world = World::new();
        world.servers[0].wants = wants.clone();
        world.start(credentials(&world));
        let first = world.last(StunSocket::Primary);
        assert!(!has(&first, attribute::MESSAGE_INTEGRITY));
        world.run(secs(1));
        assert!(world.mapped().is_some(), "{wants:?}: {}", world.state());
        // From then on it is not asked twice, for probes neither.
        let before = world.sent.len();
        world.run(secs(3600));
        for sent in &world.sent[before..] {
            assert!(has(sent, attribute::USERNAME), "{wants:?}");
            assert!(has(sent, attribute::MESSAGE_INTEGRITY), "{wants:?}");
        }
        assert!(!world.requests(StunSocket::Secondary).is_empty());
        assert_eq!(world.changes, 1);
    }
}

#[test]
fn r04_another_nonce_is_taken_up() {
    let mut world = World::new();
    world.servers[0].wants = Wants::LongTerm(b"one");
    world.start(credentials(&world));
    world.run(secs(600));
    world.servers[0].wants = Wants::LongTerm(b"another");
    world.run(secs(600));
    assert_eq!(world.changes, 1);
    assert!(!world.state().contains("refuses"), "{}", world.state());
}

#[test]
fn r04_without_both_credentials_nothing_is_ever_proven() {
    for (user, password) in [("", ""), (USER, ""), ("", PASSWORD)] {
        let mut world = World::new();
        world.servers[0].wants = Wants::ShortTerm(Padding::Rfc3489);
        let mut settings = world.settings(30, Some(90));
        (settings.username, settings.password) = (user.to_owned(), Secret::new(password));
        world.start(settings);
        world.run(secs(3600));
        for sent in &world.sent {
            assert!(!has(sent, attribute::MESSAGE_INTEGRITY));
            assert_eq!(has(sent, attribute::USERNAME), !user.is_empty());
        }
        let state = world.state();
        assert!(
            state.contains("refuses STUNUsername or STUNPassword"),
            "{state}"
        );
        // What the ACS sets then takes effect at once.
        world.start(credentials(&world));
        world.run(secs(1));
        assert!(world.mapped().is_some());
    }
}

#[test]
fn r04_a_server_that_is_never_content_is_asked_now_and_then() {
    let codes = [
        300, 400, 401, 420, 430, 431, 432, 433, 436, 438, 500, 600, 699,
    ];
    for code in codes {
        let mut world = World::new();
        world.servers[0].wants = Wants::Error(code);
        world.start(credentials(&world));
        world.run(secs(3600));
        let requests = world.sent.len();
        assert!((10..80).contains(&requests), "{code}: {requests}");
        assert!(world.state().contains("refuses"), "{}", world.state());
        assert_eq!(world.mapped(), None);
        // It is content after all.
        world.servers[0].wants = Wants::Nothing;
        world.run(secs(301));
        assert!(world.mapped().is_some(), "{code}: {}", world.state());
    }
}

#[test]
fn r04_a_wrong_password_is_no_reason_to_leave_the_other_servers_out() {
    let mut world = World::new();
    world.servers.push(FakeServer::new("198.51.100.2:3478"));
    world.servers[0].wants = Wants::Error(401);
    world.start(credentials(&world));
    world.run(secs(2));
    assert!(world.mapped().is_some());
}

#[test]
fn r04_what_annex_g_adds_is_left_out_for_a_server_that_does_not_take_it() {
    let mut world = World::new();
    world.servers[0].wants = Wants::Error(420);
    world.start(world.settings(30, Some(90)));
    world.run(secs(1));
    let second = world.requests(StunSocket::Primary)[1].clone();
    assert_eq!(
        StunMessage::read(&second.bytes)
            .unwrap()
            .attributes()
            .count(),
        0
    );
}
