//! Answers that nobody asked for, more of them than a server ever sends.

use std::net::SocketAddr;

use cwmpd::connreq::stun::StunSocket;
use cwmpd_lab::{CountingAllocator, logged};

use super::world::{World, at, response, secs};

const MANY: u32 = 100_000;

#[test]
fn r02_a_flood_of_answers_takes_no_memory_and_few_lines_and_hides_no_true_one() {
    let mut world = World::new();
    world.start(world.settings(30, Some(30)));
    world.run(secs(29));
    let known = world.mapped();
    world.nat.forget();
    let server = world.servers[0].address;
    let request = world.last(StunSocket::Primary);
    let mut forged = response(&request, at("198.51.100.66:666"));
    let now = world.now;
    let mut flood = |client: &mut cwmpd::connreq::stun::StunClient| {
        for n in 0..MANY {
            forged[8..12].copy_from_slice(&n.to_be_bytes());
            let [_, _, high, low] = n.to_be_bytes();
            let stranger = SocketAddr::from(([192, 0, 2, low], u16::from(high) + 1));
            let from = if n % 2 == 0 { server } else { stranger };
            assert!(!client.datagram(StunSocket::Primary, from, &forged, now));
        }
    };
    let lines = logged(|| {
        // The first one takes a line.
        world
            .client
            .datagram(StunSocket::Primary, server, b"\x01\x01", now);
        let taken = CountingAllocator::count(|| flood(&mut world.client));
        assert_eq!(taken, 0);
    });
    let told = lines.iter().filter(|line| line.contains("not believed"));
    assert_eq!(told.count(), 1, "{lines:?}");
    assert_eq!(world.mapped(), known);
    assert_eq!(world.client.next_outgoing(), None);
    // The next refresh is in its time, and its answer is believed.
    world.run(secs(6));
    assert_ne!(world.mapped(), known);
    assert_eq!(world.changes, 2);
    assert!(
        world.state().contains("not from the server 50000"),
        "{}",
        world.state()
    );
}
