//! A mapping that comes and goes.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use cwmpd_lab::home::wait_for;

use super::{UDP_ADDRESS, World, told};

#[test]
fn r19_a_mapping_that_flaps_opens_one_session_at_once_and_the_next_has_the_newest_value() {
    let world = World::enabled();
    let agent = world.home.start();
    world.acs.session(|s| {
        s.inform();
        s.notify(UDP_ADDRESS, 2);
        s.end();
    });
    world.acs.session_within(Duration::from_secs(5), |s| {
        told(s, UDP_ADDRESS);
        s.end();
    });
    let began = Instant::now();
    let mut last = world.mapped();
    for number in 1..=20_u16 {
        last = SocketAddr::new(world.mapped().ip(), number);
        world.stun.set_mapped(Some(last));
        // Has it ask at once.
        agent.set("ManagementServer.STUNUsername", &format!("user {number}"));
        let expected = last.to_string();
        wait_for("the binding", || {
            let address = agent.get("ManagementServer.UDPConnectionRequestAddress");
            (address == expected).then_some(())
        });
    }
    assert!(
        began.elapsed() < Duration::from_secs(25),
        "too slow to tell"
    );
    world.acs.session(|s| {
        assert_eq!(told(s, UDP_ADDRESS), last.to_string());
        s.end();
    });
}
