//! STUN as the ACS sets it: in force at once, told by notification, and a way in.

use std::net::{SocketAddr, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use cwmpd::base::xsd::XsdType;
use cwmpd_lab::StunServer;
use cwmpd_lab::acs::CALLER;
use cwmpd_lab::home::{PATIENCE, wait_for};

use super::{MOMENT, NAT_DETECTED, UDP_ADDRESS, World, enable, told};
use crate::figures::{MOST_GROWTH_KB, agent_figures};

/// The whole of Annex G in one life.
#[test]
fn r18_the_acs_enables_stun_learns_the_address_and_calls_the_box_by_a_datagram() {
    let world = World::new();
    let agent = world.home.start();
    world.acs.session(|s| {
        s.inform();
        assert_eq!(s.value(NAT_DETECTED), "0");
        s.notify(UDP_ADDRESS, 2);
        enable(s, world.stun.address());
        s.end();
    });
    world.acs.session(|s| {
        assert_eq!(told(s, UDP_ADDRESS), world.mapped().to_string());
        assert_eq!(s.value(NAT_DETECTED), "1");
        s.end();
    });
    let began = Instant::now();
    world.call();
    assert_eq!(world.acs.quiet_session(), ["6 CONNECTION REQUEST"]);
    println!("request to session: {:?}", began.elapsed());
    assert!(
        world.acs.is_left_alone_for(MOMENT),
        "three copies are one request"
    );
    // Nobody else gets in, and nothing is answered.
    let stranger = super::port();
    stranger.set_read_timeout(Some(MOMENT)).unwrap();
    let request = format!(
        "GET http://{}?ts=4000000000&id=1&un={}&cn=X&sig={:040} HTTP/1.1\r\n\r\n",
        world.mapped(),
        CALLER.0,
        0
    );
    stranger
        .send_to(request.as_bytes(), world.inside())
        .unwrap();
    assert!(stranger.recv(&mut [0; 1500]).is_err());
    assert!(world.acs.is_left_alone_for(MOMENT / 4));
    assert!(
        agent.status().contains("wrong signature 1"),
        "{}",
        agent.status()
    );
}

#[test]
fn r18_another_server_other_credentials_and_no_stun_are_in_force_at_once() {
    let world = World::new();
    let other = StunServer::start(([127, 0, 0, 1], 0));
    let elsewhere: SocketAddr = "198.51.100.7:61234".parse().unwrap();
    other.set_mapped(Some(elsewhere));
    let agent = world.home.start();
    let name = |name: &str| format!("Device.ManagementServer.{name}");
    world.acs.session(|s| {
        s.inform();
        s.notify(UDP_ADDRESS, 2);
        enable(s, world.stun.address());
        s.end();
    });
    world.acs.quiet_session();
    agent.inform();
    world.acs.session(|s| {
        s.inform();
        // What changes is told as soon as it may be.
        s.notify(UDP_ADDRESS, 0);
        enable(s, other.address());
        s.end();
    });
    wait_for("the other server", || {
        let address = agent.get("ManagementServer.UDPConnectionRequestAddress");
        (address == elsewhere.to_string()).then_some(())
    });
    let asked = world.stun.asked().len();
    agent.inform();
    world.acs.session(|s| {
        s.inform();
        s.set(&[(&name("STUNUsername"), XsdType::String, "box-17")], "");
        s.end();
    });
    let before = other.asked().len();
    wait_for("a request of the new user", || {
        (other.asked().len() > before).then_some(())
    });
    agent.inform();
    world.acs.session(|s| {
        s.inform();
        s.set(&[(&name("STUNEnable"), XsdType::Boolean, "false")], "");
        s.end();
    });
    wait_for("the box's own address", || {
        let address = agent.get("ManagementServer.UDPConnectionRequestAddress");
        address.starts_with("127.0.0.1:").then_some(())
    });
    assert_eq!(agent.get("ManagementServer.NATDetected"), "0");
    assert_eq!(world.home.uci("stun", "enabled").as_deref(), Some("0"));
    assert_eq!(
        world.stun.asked().len(),
        asked,
        "nobody asks the old server"
    );
}

#[test]
fn w22_the_mapped_port_is_told_and_not_the_boxs_own() {
    let world = World::enabled();
    let agent = world.home.start();
    world.acs.quiet_session();
    wait_for("the mapped address", || {
        let address = agent.get("ManagementServer.UDPConnectionRequestAddress");
        (address == world.mapped().to_string()).then_some(())
    });
    assert_ne!(world.inside(), world.mapped());
    assert_eq!(agent.get("ManagementServer.NATDetected"), "1");
    // A change of the port alone is one, too.
    let other = SocketAddr::new(world.mapped().ip(), 4);
    world.stun.set_mapped(Some(other));
    agent.set("ManagementServer.STUNUsername", "another");
    wait_for("the other port", || {
        let address = agent.get("ManagementServer.UDPConnectionRequestAddress");
        (address == other.to_string()).then_some(())
    });
}

#[test]
fn r18_the_first_address_is_told_also_where_stun_was_on_before_the_acs_came() {
    let world = World::enabled();
    world.stun.set_silent(true);
    let agent = world.home.start();
    world.acs.session(|s| {
        s.inform();
        s.notify(UDP_ADDRESS, 2);
        assert_eq!(s.value(UDP_ADDRESS), "");
        s.end();
    });
    world.stun.set_silent(false);
    agent.set("ManagementServer.STUNUsername", "again");
    world.acs.session(|s| {
        assert_eq!(told(s, UDP_ADDRESS), world.mapped().to_string());
        s.end();
    });
}

#[test]
fn r23_without_stun_the_address_is_the_boxs_own_and_a_datagram_there_calls_it() {
    let world = World::new();
    let agent = world.home.start();
    world.acs.quiet_session();
    let own: SocketAddr = agent
        .get("ManagementServer.UDPConnectionRequestAddress")
        .parse()
        .unwrap();
    assert!(own.ip().is_loopback());
    let caller = cwmpd_lab::acs::Caller::new(CALLER.0, CALLER.1);
    caller.call_over_udp(&world.outside, own).unwrap();
    assert_eq!(world.acs.quiet_session(), ["6 CONNECTION REQUEST"]);
    // Nobody who could send one: nobody is heard.
    agent.set("ManagementServer.ConnectionRequestPassword", "");
    assert_eq!(
        agent.get("ManagementServer.UDPConnectionRequestAddress"),
        ""
    );
    let status = agent.status();
    assert!(
        status.contains("over UDP:      closed: STUN is off, and nobody"),
        "{status}"
    );
    // Without NAT, STUN finds the same address.
    world.stun.set_mapped(None);
    agent.set("ManagementServer.ConnectionRequestPassword", CALLER.1);
    let server = world.stun.address();
    agent.set(
        "ManagementServer.STUNServerAddress",
        &server.ip().to_string(),
    );
    agent.set(
        "ManagementServer.STUNServerPort",
        &server.port().to_string(),
    );
    agent.set("ManagementServer.STUNEnable", "1");
    let inside = world.inside();
    wait_for("the address", || {
        let address = agent.get("ManagementServer.UDPConnectionRequestAddress");
        (address == inside.to_string()).then_some(())
    });
    assert_eq!(agent.get("ManagementServer.NATDetected"), "0");
}

#[test]
fn r25_a_request_that_was_served_is_not_served_again_by_the_next_life() {
    let world = World::new();
    let agent = world.home.start();
    world.acs.quiet_session();
    agent.keep_port();
    let own = |agent: &cwmpd_lab::home::Daemon<'_>| {
        let own = agent.get("ManagementServer.UDPConnectionRequestAddress");
        own.parse::<SocketAddr>().unwrap()
    };
    let caller = cwmpd_lab::acs::Caller::new(CALLER.0, CALLER.1);
    let recorded = caller.datagram(own(&agent));
    world.outside.send_to(&recorded, own(&agent)).unwrap();
    assert_eq!(world.acs.quiet_session(), ["6 CONNECTION REQUEST"]);
    agent.kill();
    let agent = world.home.start();
    wait_for("the port", || {
        let own = agent.get("ManagementServer.UDPConnectionRequestAddress");
        own.contains(':').then_some(())
    });
    world.outside.send_to(&recorded, own(&agent)).unwrap();
    assert!(world.acs.is_left_alone_for(MOMENT));
    caller.call_over_udp(&world.outside, own(&agent)).unwrap();
    assert_eq!(world.acs.quiet_session(), ["6 CONNECTION REQUEST"]);
}

#[test]
fn r25_a_request_that_was_served_is_not_served_again_after_a_power_cut() {
    let world = World::new();
    let own = |agent: &cwmpd_lab::home::Daemon<'_>| -> SocketAddr {
        wait_for("the port", || {
            let own = agent.get("ManagementServer.UDPConnectionRequestAddress");
            own.parse().ok()
        })
    };
    let caller = cwmpd_lab::acs::Caller::new(CALLER.0, CALLER.1);
    let agent = world.home.start();
    world.acs.quiet_session();
    agent.keep_port();
    let recorded = caller.datagram(own(&agent));
    world.outside.send_to(&recorded, own(&agent)).unwrap();
    assert_eq!(world.acs.quiet_session(), ["6 CONNECTION REQUEST"]);
    agent.kill();
    world.home.power_cycle();
    let agent = world.home.start();
    assert_eq!(world.acs.quiet_session(), ["1 BOOT"]);
    world.outside.send_to(&recorded, own(&agent)).unwrap();
    assert!(world.acs.is_left_alone_for(MOMENT));
    // Soon after another one that was written down only the end of the program is certain to know.
    for _ in 0..2 {
        let later = caller.datagram(own(&agent));
        world.outside.send_to(&later, own(&agent)).unwrap();
        assert_eq!(world.acs.quiet_session(), ["6 CONNECTION REQUEST"]);
    }
    let last = caller.datagram(own(&agent));
    world.outside.send_to(&last, own(&agent)).unwrap();
    assert_eq!(world.acs.quiet_session(), ["6 CONNECTION REQUEST"]);
    agent.stop();
    world.home.power_cycle();
    let agent = world.home.start();
    assert_eq!(world.acs.quiet_session(), ["1 BOOT"]);
    world.outside.send_to(&last, own(&agent)).unwrap();
    assert!(world.acs.is_left_alone_for(MOMENT));
}

#[test]
fn r22_another_port_of_the_box_is_asked_about_at_once() {
    let world = World::enabled();
    world.stun.set_mapped(None);
    let agent = world.home.start();
    world.acs.quiet_session();
    for _ in 0..2 {
        let port = cwmpd_lab::home::free_port().to_string();
        world.home.set_uci("stun", "client_port", &port);
        let address = format!("127.0.0.1:{port}");
        wait_for("the address with the other port", || {
            let told = agent.get("ManagementServer.UDPConnectionRequestAddress");
            (told == address).then_some(())
        });
        assert_eq!(agent.get("ManagementServer.NATDetected"), "0");
    }
}

#[test]
fn r22_the_server_is_found_by_its_name_and_is_the_acs_where_none_is_named() {
    let world = World::enabled();
    world.home.set_uci("stun", "server_address", "localhost");
    let agent = world.home.start();
    world.acs.quiet_session();
    let address = || agent.get("ManagementServer.UDPConnectionRequestAddress");
    let mapped = world.mapped().to_string();
    wait_for("the address by name", || {
        (address() == mapped).then_some(())
    });
    // That of the ACS is the same host.
    let other: SocketAddr = "198.51.100.7:61234".parse().unwrap();
    world.stun.set_mapped(Some(other));
    agent.set("ManagementServer.STUNServerAddress", "");
    wait_for("the address by the ACS", || {
        (address() == other.to_string()).then_some(())
    });
    // A name that nobody knows takes nothing away, and says so.
    agent.set("ManagementServer.STUNServerAddress", "no.such.invalid");
    wait_for("the failure", || {
        agent
            .status()
            .contains("no.such.invalid is not found")
            .then_some(())
    });
    assert_eq!(address(), other.to_string());
    agent.set("ManagementServer.STUNServerAddress", "127.0.0.1");
    world.stun.set_mapped(Some(world.mapped()));
    agent.set("ManagementServer.STUNUsername", "again");
    wait_for("the address by address", || {
        (address() == mapped).then_some(())
    });
}

#[test]
fn r21_the_status_tells_each_way_and_what_the_acs_knows() {
    let world = World::enabled();
    let agent = world.home.start();
    world.acs.quiet_session();
    let mapped = world.mapped();
    let status = wait_for("the binding", || {
        let status = agent.status();
        status.contains("behind NAT").then_some(status)
    });
    let has = |status: &str, line: &str| {
        assert!(
            status.lines().any(|l| l.starts_with(line)),
            "{line}\n{status}"
        );
    };
    has(&status, &format!("over UDP:      {mapped}"));
    has(
        &status,
        &format!("  STUN:        {mapped}, seen by {}", world.stun.address()),
    );
    has(&status, "  ACS knows:   http://127.0.0.1:");
    has(&status, "  ACS knows:   nothing of it");
    agent.inform();
    world.acs.session(|s| {
        s.inform();
        assert_eq!(s.value(UDP_ADDRESS), mapped.to_string());
        s.end();
    });
    agent.wait_for_log("session ended: success");
    has(
        &agent.status(),
        &format!("  ACS knows:   {mapped}, since 20"),
    );
    // Over a restart of the program.
    agent.kill();
    let agent = world.home.start();
    has(
        &agent.status(),
        &format!("  ACS knows:   {mapped}, since 20"),
    );
    agent.set("ManagementServer.EnableCWMP", "0");
    has(&agent.status(), "over UDP:      closed: there is no ACS");
    has(
        &agent.status(),
        "call us at:    nowhere, the port is closed: there is no ACS",
    );
}

#[test]
fn r24_100_000_stun_answers_that_nobody_asked_for_and_the_acs_is_served_all_the_while() {
    let world = World::enabled();
    let agent = world.home.start();
    world.acs.quiet_session();
    let inside = world.inside();
    wait_for("the binding", || {
        agent.status().contains("behind NAT").then_some(())
    });
    let before = agent_figures(agent.pid());
    let caller = cwmpd_lab::acs::Caller::new(CALLER.0, CALLER.1);
    let mut slowest = Duration::ZERO;
    let mut served = 0;
    thread::scope(|scope| {
        let flood = scope.spawn(|| flood(world.stun.socket(), inside));
        while !flood.is_finished() {
            let request = caller.datagram(inside);
            let began = Instant::now();
            // Where the flood leaves no room for one copy, the next one comes through.
            while !is_served(&world, &request, inside) {
                assert!(began.elapsed() < PATIENCE, "the ACS is kept out");
            }
            slowest = slowest.max(began.elapsed());
            served += 1;
        }
    });
    assert!(served > 0);
    let address = agent.get("ManagementServer.UDPConnectionRequestAddress");
    assert_eq!(address, world.mapped().to_string());
    let after = agent_figures(agent.pid());
    let us = (after.cpu - before.cpu).as_micros() / 100_000;
    println!(
        "100,000 answers: {us} µs of CPU each ({served} sessions included), {} kB more, slowest \
         request {slowest:?}",
        after.private_kb.saturating_sub(before.private_kb)
    );
    let most = before.private_kb + MOST_GROWTH_KB;
    assert!(after.private_kb < most, "memory grew");
    assert_eq!(after.threads, before.threads);
    assert!(
        agent.status().contains("answers not believed"),
        "{}",
        agent.status()
    );
}

/// Answers that are right in all but the transaction, and claim the address of somebody else; half of
/// them from the server itself, since an address is easily forged.
fn flood(server: &UdpSocket, to: SocketAddr) {
    let liar = super::port();
    let mut answer = vec![1, 1, 0, 12, 0x21, 0x12, 0xa4, 0x42];
    answer.extend([7; 12]);
    answer.extend([0, 0x20, 0, 8, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    for number in 0..100_000_u32 {
        answer[12..16].copy_from_slice(&number.to_be_bytes());
        let from = if number % 2 == 0 { &liar } else { server };
        let _ = from.send_to(&answer, to);
    }
}

/// The request is sent once; whether a session follows.
fn is_served(world: &World, request: &[u8], to: SocketAddr) -> bool {
    world.outside.send_to(request, to).unwrap();
    let session = world.acs.session_within(Duration::from_millis(200), |s| {
        let inform = s.inform();
        assert_eq!(inform.event[0].event_code, "6 CONNECTION REQUEST");
        s.end();
    });
    session.is_some()
}
