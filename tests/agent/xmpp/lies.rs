//! A server that talks without end, all of it lies, and the ACS that calls meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use cwmpd_lab::acs::{AcsOptions, CALLER, ScriptedAcs, request_connection};
use cwmpd_lab::home::{Home, wait_for};
use cwmpd_lab::xmpp::{FakeXmpp, XmppManners};

use super::{add_line, has_status};
use crate::figures::{MOST_GROWTH_KB, agent_figures};

/// So often the ACS calls.
const CALLS: usize = 20;

/// Until it has its Inform. It promises a second; a machine with more to do may take longer.
const SOON: Duration = Duration::from_secs(3);

/// What the server sends again and again: strangers who guess, words of people, what is too long or
/// too deep, and questions.
fn lies() -> String {
    let guess = |n: usize| {
        format!(
            "<iq type='get' from='evil{n}@localhost/1' id='g{n}'><connectionRequest \
             xmlns='urn:broadband-forum-org:cwmp:xmppConnReq-1-0'><username>acs</username>\
             <password>guess</password></connectionRequest></iq>"
        )
    };
    let guesses: String = (0..100).map(guess).collect();
    let long = "x".repeat(60_000);
    let deep = ["<a>".repeat(200), "</a>".repeat(200)].concat();
    format!(
        "{guesses}<message><body>{long}</body></message><iq type='get' from='x@y' id='l'>{long}</iq>\
         <iq type='set' id='d'>{deep}</iq><iq type='get' id='q'><query xmlns='u'/></iq>"
    )
}

#[test]
fn r41_a_server_that_lies_without_end_keeps_no_acs_out_and_takes_no_memory() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    home.set_acs(&acs.url());
    home.set_caller();
    home.set_uci("cpe", "max_connection_requests", "1000");
    home.set_uci("cpe", "log_severity", "WARNING");
    let sent = Arc::new(AtomicUsize::new(0));
    let (counted, begun) = (Arc::clone(&sent), Arc::new(AtomicUsize::new(0)));
    let begins = Arc::clone(&begun);
    let lies = lies();
    let server = FakeXmpp::start(move |peer| {
        peer.log_in(&XmppManners::honest())?;
        while begins.load(Ordering::Relaxed) == 0 {
            std::thread::sleep(Duration::from_millis(10));
        }
        loop {
            peer.say(&lies)?;
            counted.fetch_add(lies.len(), Ordering::Relaxed);
        }
    });
    add_line(&home, server.address().port(), "secret", false);
    let agent = home.start();
    acs.quiet_session();
    has_status(&agent, "Enabled");
    let (url, pid) = (agent.connection_request_url(), agent.pid());
    let call = || {
        let start = Instant::now();
        assert_eq!(request_connection(&url, CALLER.0, CALLER.1).unwrap(), 200);
        let took = acs.session(|s| {
            s.inform();
            let took = start.elapsed();
            s.end();
            took
        });
        // The loop, and the connection by XMPP.
        wait_for("the end of the session", || {
            (agent_figures(pid).threads == 2).then_some(())
        });
        took
    };
    for _ in 0..5 {
        call();
    }
    let before = agent_figures(pid);
    begun.store(1, Ordering::Relaxed);
    wait_for("lies", || (sent.load(Ordering::Relaxed) > 0).then_some(()));
    let slowest = (0..CALLS).map(|_| call()).max().unwrap();
    wait_for("many lies", || {
        (sent.load(Ordering::Relaxed) > 1_000_000).then_some(())
    });
    let after = agent_figures(pid);
    let grown = after.private_kb.saturating_sub(before.private_kb);
    println!(
        "{} kB of lies: {:?} of CPU with {CALLS} sessions, the slowest after {slowest:?}; {grown} kB more",
        sent.load(Ordering::Relaxed) / 1000,
        after.cpu - before.cpu
    );
    assert!(slowest < SOON, "{slowest:?}");
    assert!(grown < MOST_GROWTH_KB, "{grown} kB");
    assert_eq!(server.connections(), 1, "it is borne");
    assert!(home.log().lines().count() < 20, "{}", home.log());
}
