//! The binding is kept open, as seldom as possible, within what the ACS allows; and a change is noticed.

use std::time::Duration;

use cwmpd::connreq::stun::StunSocket;
use cwmpd::connreq::stun::message::attribute;

use super::server::Elsewhere;
use super::world::{World, at, has, response, secs};

const HOUR: Duration = Duration::from_secs(3600);

/// Pauses between requests that keep the binding: those without BINDING-CHANGE, behind another request.
fn pauses(world: &World, from: Duration) -> Vec<Duration> {
    let requests = world.requests(StunSocket::Primary);
    let pairs = requests
        .windows(2)
        .filter(|pair| pair[0].at >= from && !has(pair[1], attribute::BINDING_CHANGE));
    pairs.map(|pair| pair[1].at - pair[0].at).collect()
}

#[test]
fn r06_the_life_of_a_binding_is_found_out_whatever_the_nat_does() {
    for life in [31, 45, 60, 90, 120, 180, 300, 600, 1800] {
        for preserves_ports in [true, false] {
            for is_refreshed_from_outside in [true, false] {
                let mut world = World::new();
                world.nat.life = secs(life);
                world.nat.preserves_ports = preserves_ports;
                world.nat.is_refreshed_from_outside = is_refreshed_from_outside;
                world.start(world.settings(20, Some(3600)));
                world.run(4 * HOUR);
                let settled = world.now;
                world.run(2 * HOUR);
                let pauses = pauses(&world, settled);
                let (least, most) = (pauses.iter().min(), pauses.iter().max());
                let found = format!("{life} s: {least:?} to {most:?}, {}", world.state());
                assert!(*most.unwrap() <= secs(life), "{found}");
                assert!(*least.unwrap() >= secs(life) * 7 / 10, "{found}");
            }
        }
    }
}

#[test]
fn r06_the_life_of_a_hasty_nat_is_found_out_too() {
    for life in [12, 15, 20, 24] {
        let mut world = World::new();
        world.nat.life = secs(life);
        world.start(world.settings(10, Some(3600)));
        world.run(HOUR);
        let (settled, changes) = (world.now, world.changes);
        world.run(HOUR);
        assert_eq!(world.changes, changes, "{life} s: {}", world.state());
        let pauses = pauses(&world, settled);
        assert!(
            pauses.iter().all(|p| *p <= secs(life)),
            "{life} s: {pauses:?}"
        );
    }
}

#[test]
fn r06_a_binding_that_lives_longer_than_the_bounds_is_refreshed_at_the_longest() {
    let mut world = World::new();
    world.nat.life = 10 * HOUR;
    world.start(world.settings(30, Some(300)));
    world.run(HOUR);
    assert!(
        world.state().contains("refreshed every"),
        "{}",
        world.state()
    );
    let settled = world.now;
    world.run(HOUR);
    let pauses = pauses(&world, settled);
    assert!(
        pauses.iter().all(|p| (secs(285)..=secs(300)).contains(p)),
        "{pauses:?}"
    );
}

#[test]
fn r06_while_a_pause_is_tried_nothing_touches_the_binding() {
    let mut world = World::new();
    world.nat.life = secs(180);
    world.start(world.settings(20, Some(3600)));
    world.run(HOUR);
    let probes = world.requests(StunSocket::Secondary);
    assert!(probes.len() > 4);
    let mut tried = Vec::new();
    for probe in probes {
        let mut before = world
            .sent
            .iter()
            .filter(|sent| sent.via == StunSocket::Primary && sent.at <= probe.at);
        tried.push((probe.at - before.next_back().unwrap().at).as_secs());
    }
    // One right behind a refresh, then longer and longer until one is too long.
    assert_eq!(tried[..6], [0, 30, 45, 67, 101, 151], "{tried:?}");
    // The address in the answer to a probe is that of the other socket, and no change.
    assert_eq!(
        world.changes as u64,
        1 + tried.iter().filter(|t| **t > 180).count() as u64
    );
}

#[test]
fn r06_a_server_that_answers_only_who_asks_is_known_and_the_pause_is_a_safe_one() {
    for elsewhere in [Elsewhere::Ignores, Elsewhere::Refuses, Elsewhere::Drops] {
        let mut world = World::new();
        world.servers[0].elsewhere = elsewhere;
        world.nat.life = secs(30);
        world.start(world.settings(10, Some(3600)));
        world.run(6 * HOUR);
        assert_eq!(world.changes, 1, "{elsewhere:?}");
        assert_eq!(
            world.requests(StunSocket::Secondary).len(),
            1,
            "{elsewhere:?}"
        );
        let pauses = pauses(&world, secs(1100));
        assert!(
            pauses.iter().all(|p| *p == secs(25)),
            "{elsewhere:?}: {pauses:?}"
        );
        assert!(world.state().contains("does not help"), "{}", world.state());
        // A day later it is asked again.
        world.servers[0].elsewhere = Elsewhere::Answers;
        world.run(20 * HOUR);
        assert!(
            world.requests(StunSocket::Secondary).len() > 2,
            "{elsewhere:?}"
        );
    }
}

#[test]
fn r06_a_server_that_dies_meanwhile_is_no_binding_that_died() {
    let mut world = World::new();
    world.nat.life = 2 * HOUR;
    world.start(world.settings(30, Some(600)));
    world.run(secs(20));
    // It does not answer the first probe, nor the refresh behind that.
    world.servers[0].is_silent = true;
    world.run(secs(100));
    assert!(world.requests(StunSocket::Secondary).len() > 1);
    world.servers[0].is_silent = false;
    // Before the next check would mend it.
    world.run(secs(2600));
    let settled = world.now;
    world.run(secs(1300));
    let pauses = pauses(&world, settled);
    assert!(!pauses.is_empty());
    assert!(pauses.iter().all(|p| *p > secs(550)), "{pauses:?}");
}

#[test]
fn r06_a_life_that_becomes_shorter_or_longer_is_noticed() {
    let mut world = World::new();
    world.nat.preserves_ports = true;
    world.nat.life = secs(300);
    world.start(world.settings(20, Some(3600)));
    world.run(4 * HOUR);
    let long = world.longest_pause(world.now - HOUR / 2);
    assert!(long > secs(220), "{long:?}");
    world.nat.life = secs(60);
    world.run(2 * HOUR);
    let short = world.longest_pause(world.now - HOUR / 2);
    assert!(short <= secs(60), "{short:?}");
    world.nat.life = secs(300);
    world.run(30 * HOUR);
    let again = world.longest_pause(world.now - HOUR / 2);
    assert!(again > secs(220), "{again:?}");
}

#[test]
fn r06_a_request_that_came_in_meanwhile_does_not_lengthen_the_life() {
    let mut world = World::new();
    world.nat.life = secs(60);
    world.nat.is_refreshed_from_outside = true;
    world.start(world.settings(20, Some(3600)));
    for _ in 0..360 {
        world.run(secs(20));
        // An ACS that asks all the time, which keeps the binding open.
        if let Some(mapped) = world.mapped() {
            let server = world.servers[0].address;
            world.fly(server, mapped, b"GET ");
            world.run(secs(1));
            world.client.disturbed();
        }
    }
    world.run(2 * HOUR);
    let pause = world.longest_pause(world.now - HOUR / 2);
    assert!(pause <= secs(60), "{pause:?}");
}

#[test]
fn r07_the_bounds_are_kept_whatever_they_are() {
    let cases: [(u64, Option<u64>, u64, u64); 14] = [
        // min, max, and the pauses that may be
        (30, Some(30), 30, 30),
        (60, Some(300), 60, 300),
        (300, Some(60), 60, 60),
        (0, Some(60), 10, 60),
        (0, Some(5), 5, 5),
        (0, Some(0), 10, 3600),
        (0, None, 10, 3600),
        (120, None, 120, 3600),
        (7200, None, 7200, 7200),
        (1, Some(1), 1, 1),
        (30, Some(0), 30, 3600),
        (55, Some(60), 55, 55),
        (30, Some(41), 30, 41),
        (3600, Some(u64::MAX), 3600, u64::MAX),
    ];
    for (min, max, least, most) in cases {
        for life in [20, 45, 100, 400, 40_000] {
            let mut world = World::new();
            world.nat.life = secs(life);
            world.start(world.settings(min, max));
            world.run(secs(10));
            let begun = world.now;
            world.run(6 * HOUR);
            for pause in pauses(&world, begun) {
                let is_kept = secs(least) <= pause && pause <= secs(most);
                assert!(is_kept, "{min} to {max:?}, life {life}: {pause:?}");
            }
            assert!(
                world.requests(StunSocket::Primary).len() > 4,
                "{min} to {max:?}"
            );
        }
    }
}

#[test]
fn r07_the_end_of_time_is_no_trouble() {
    let mut world = World::new();
    let mut settings = world.settings(30, None);
    settings.min_keep_alive = Duration::MAX;
    settings.max_keep_alive = Some(Duration::MAX);
    world.start(settings);
    world.run(10 * HOUR);
    assert_eq!(world.changes, 1);
}

#[test]
fn r07_other_bounds_are_taken_up_at_once_and_the_same_change_nothing() {
    let mut world = World::new();
    world.start(world.settings(1800, Some(1800)));
    world.run(secs(100));
    let before = world.sent.len();
    world.start(world.settings(1800, Some(1800)));
    world.run(secs(100));
    assert_eq!(world.sent.len(), before);
    world.start(world.settings(20, Some(20)));
    world.run(secs(1));
    assert_eq!(world.sent.len(), before + 1);
    world.run(secs(100));
    assert_eq!(world.sent.len(), before + 6);
    assert_eq!(world.changes, 1);
}

#[test]
fn w22_a_change_of_the_port_alone_is_a_change() {
    let mut world = World::new();
    world.start(world.settings(30, Some(30)));
    world.run(secs(10));
    let known = world.mapped().unwrap();
    world.nat.forget();
    world.run(secs(31));
    let other = world.mapped().unwrap();
    assert_eq!((other.ip(), world.changes), (known.ip(), 2));
    assert_ne!(other.port(), known.port());
}

#[test]
fn r08_a_change_is_told_to_the_server_at_once_and_a_few_times() {
    let mut world = World::new();
    world.start(world.settings(300, Some(300)));
    world.run(secs(10));
    let told = |world: &World| {
        let requests = world.requests(StunSocket::Primary);
        let changes = requests.iter().map(|s| has(s, attribute::BINDING_CHANGE));
        changes.collect::<Vec<_>>()
    };
    // The first binding is a change too: the server knows of none.
    assert_eq!(told(&world), [false, true, true, true]);
    world.run(secs(295));
    assert_eq!(told(&world), [false, true, true, true, false]);
    world.nat.forget();
    world.sent.clear();
    world.run(secs(310));
    let noticed = world.sent[0].at;
    assert_eq!(told(&world), [false, true, true, true]);
    assert!(world.sent[1].at - noticed < secs(1));
    assert!(world.sent[3].at - noticed < secs(10));
    let changed = world.requests(StunSocket::Primary).split_off(1);
    let has_binding = |s| has(s, attribute::CONNECTION_REQUEST_BINDING);
    assert!(changed.into_iter().all(has_binding));
}

#[test]
fn r08_a_nat_that_is_mad_makes_no_storm() {
    let mut world = World::new();
    world.nat.is_mad = true;
    world.start(world.settings(30, Some(3600)));
    world.run(HOUR);
    assert!(world.sent.len() < 200, "{}", world.sent.len());
    assert!(world.changes > 50, "{}", world.changes);
}

#[test]
fn r08_a_new_own_address_is_asked_about_at_once_and_the_old_binding_told_meanwhile() {
    let mut world = World::new();
    world.start(world.settings(300, Some(300)));
    world.run(secs(10));
    let (known, before) = (world.mapped(), world.sent.len());
    world.servers[0].is_silent = true;
    let mut settings = world.settings(300, Some(300));
    settings.servers[0].local = at("10.0.0.2:7547");
    world.start(settings);
    assert_eq!(world.sent.len(), before + 1);
    assert_eq!(world.mapped(), known);
    let request = world.last(StunSocket::Primary);
    let answer = response(&request, at("10.0.0.2:7547"));
    assert!(world.deliver(StunSocket::Primary, request.to, &answer));
    assert!(!world.client.binding().unwrap().is_nat);
}
