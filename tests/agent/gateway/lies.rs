//! A gateway that answers each search with a flood, and each request without end or sense, and the ACS
//! that calls meanwhile.

use std::time::{Duration, Instant};

use cwmpd_lab::acs::{CALLER, Caller};
use cwmpd_lab::gateway::{FakeGateway, GatewayManner, Search};
use cwmpd_lab::home::wait_for;
use cwmpd_lab::http::Reply;
use cwmpd_lab::network::addresses;

use super::Scene;
use crate::figures::{MOST_GROWTH_KB, agent_figures};

/// So often the ACS calls.
const CALLS: usize = 20;

/// Until it has its Inform. It promises a second; a machine with more to do may take longer.
const SOON: Duration = Duration::from_secs(3);

/// Datagrams for each search.
const FLOOD: usize = 500;

fn flood(search: &Search<'_>) -> Vec<Vec<u8>> {
    let elsewhere = search.leading_to("http://192.0.2.1/d.xml");
    let mut answers = vec![b"HTTP/1.1 200 OK\r\nLOCATION: x\r\n".to_vec(); FLOOD];
    answers.resize(2 * FLOOD, elsewhere);
    answers.extend(search.honest());
    answers
}

#[test]
fn r26_a_gateway_that_lies_without_end_keeps_no_acs_out_and_takes_no_memory() {
    let Some(scene) = Scene::behind_nat() else {
        return;
    };
    let gateway = scene.world.gateway.run(|| {
        FakeGateway::start_on(
            addresses::GATEWAY.into(),
            GatewayManner {
                searched: Box::new(flood),
                asked: Box::new(|_, _| Some(Reply::xml("<a>".repeat(1 << 20)))),
                ..GatewayManner::default()
            },
        )
    });
    scene.home.set_uci("cpe", "max_connection_requests", "1000");
    scene.home.set_uci("cpe", "log_severity", "WARNING");
    let agent = scene.start();
    scene.acs.quiet_session();
    let (url, pid) = (agent.connection_request_url(), agent.pid());
    // From the home: no way leads in from outside.
    let call = || {
        let start = Instant::now();
        let caller = Caller::new(CALLER.0, CALLER.1);
        let answer = scene.world.inside.run(|| caller.call(&url)).unwrap();
        assert_eq!(answer.status, 200);
        let took = scene.acs.session(|s| {
            s.inform();
            let took = start.elapsed();
            s.end();
            took
        });
        wait_for("the end of the session", || {
            // The loop, and the job that asks the gateway.
            (agent_figures(pid).threads <= 2).then_some(())
        });
        took
    };
    // The first lies have been told, and what they cost is there.
    wait_for("an attempt", || {
        (gateway.connections() > 0 && agent_figures(pid).threads == 1).then_some(())
    });
    for _ in 0..5 {
        call();
    }
    let (before, asked) = (agent_figures(pid), gateway.connections());
    let mut slowest = Duration::ZERO;
    for _ in 0..CALLS {
        // Asks the gateway at once.
        agent.signal("HUP");
        slowest = slowest.max(call());
    }
    wait_for("another attempt", || {
        (gateway.connections() > asked && agent_figures(pid).threads == 1).then_some(())
    });
    let after = agent_figures(pid);
    let grown = after.private_kb.saturating_sub(before.private_kb);
    println!(
        "{} searches, {} descriptions: {:?} of CPU with {CALLS} sessions, the slowest after {slowest:?}; \
         {grown} kB more",
        gateway.searches(),
        gateway.connections(),
        after.cpu - before.cpu
    );
    assert!(slowest < SOON, "{slowest:?}");
    assert!(grown < MOST_GROWTH_KB, "{grown} kB");
    assert!(agent.status().contains("no way in"), "{}", agent.status());
    assert!(
        scene.home.log().lines().count() < 20,
        "{}",
        scene.home.log()
    );
}
