//! Who asks by XMPP gets a session.

use std::time::Duration;

use cwmpd_lab::acs::{AcsOptions, CALLER, ScriptedAcs};
use cwmpd_lab::home::wait_for;

use super::{ASKER, bound, home_with_line};

const WHILE: Duration = Duration::from_millis(700);

fn is_accepted(answer: &str) -> bool {
    answer.contains("'result'") && answer.contains("'cr'")
}

#[test]
fn r50_a_request_by_xmpp_opens_a_session() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let (home, server) = home_with_line(&acs);
    let _agent = home.start();
    let mut line = bound(&acs, &server);
    for _ in 0..2 {
        let answer = line.request(ASKER, CALLER.0, CALLER.1);
        assert!(is_accepted(&answer), "{answer}");
        assert_eq!(acs.quiet_session(), ["6 CONNECTION REQUEST"]);
    }
    // Others get none.
    for (from, user, password, why) in [
        (
            "other@localhost/1",
            CALLER.0,
            CALLER.1,
            "service-unavailable",
        ),
        (ASKER, CALLER.0, "call you", "not-authorized"),
        (ASKER, "other", CALLER.1, "not-authorized"),
        (ASKER, "", "", "not-authorized"),
    ] {
        let answer = line.request(from, user, password);
        assert!(
            answer.contains("'error'") && answer.contains(why),
            "{answer}"
        );
    }
    assert!(acs.is_left_alone_for(WHILE));
    assert!(!home.log().contains(CALLER.1) && !home.log().contains("call you"));
}

#[test]
fn r50_where_nobody_is_listed_the_credentials_decide() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let (home, server) = home_with_line(&acs);
    home.set_uci("xmpp", "allowed_jid", "");
    let _agent = home.start();
    let mut line = bound(&acs, &server);
    let answer = line.request("other@elsewhere/1", CALLER.0, "call you");
    assert!(answer.contains("not-authorized"), "{answer}");
    assert!(is_accepted(&line.request(
        "other@elsewhere/1",
        CALLER.0,
        CALLER.1
    )));
    assert_eq!(acs.quiet_session(), ["6 CONNECTION REQUEST"]);
}

#[test]
fn r53_a_request_while_a_session_runs_is_followed_by_one_more() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let (home, server) = home_with_line(&acs);
    let _agent = home.start();
    let mut line = bound(&acs, &server);
    assert!(is_accepted(&line.request(ASKER, CALLER.0, CALLER.1)));
    acs.session(|s| {
        s.inform();
        for _ in 0..3 {
            assert!(is_accepted(&line.request(ASKER, CALLER.0, CALLER.1)));
        }
        s.end();
    });
    assert_eq!(acs.quiet_session(), ["6 CONNECTION REQUEST"]);
    assert!(acs.is_left_alone_for(WHILE), "one session for all of them");
}

#[test]
fn r53_of_too_many_requests_no_session_comes_whichever_way() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let (home, server) = home_with_line(&acs);
    home.set_uci("cpe", "max_connection_requests", "2");
    let agent = home.start();
    let mut line = bound(&acs, &server);
    let url = agent.connection_request_url();
    let by_http = || cwmpd_lab::acs::request_connection(&url, CALLER.0, CALLER.1).unwrap();
    assert_eq!(by_http(), 200);
    assert_eq!(acs.quiet_session(), ["6 CONNECTION REQUEST"]);
    assert!(is_accepted(&line.request(ASKER, CALLER.0, CALLER.1)));
    assert_eq!(acs.quiet_session(), ["6 CONNECTION REQUEST"]);
    let answer = line.request(ASKER, CALLER.0, CALLER.1);
    assert!(answer.contains("service-unavailable"), "{answer}");
    assert_eq!(by_http(), 503);
    assert!(acs.is_left_alone_for(WHILE));
}

#[test]
fn status_tells_of_the_connection_and_why_there_is_none() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let (home, server) = home_with_line(&acs);
    home.set_uci("line", "initial_retry_interval", "600");
    let agent = home.start();
    let line = bound(&acs, &server);
    let told = agent.status();
    assert!(
        told.contains("by XMPP:       box@localhost/0123456789, over TLS"),
        "{told}"
    );
    drop(line);
    wait_for("the line's end", || {
        agent.status().contains("next attempt in ").then_some(())
    });
    home.set_uci("line", "enable", "0");
    wait_for("the switch", || {
        agent
            .status()
            .contains("by XMPP:       not used")
            .then_some(())
    });
    home.set_uci("xmpp", "enable", "0");
    wait_for("the other switch", || {
        agent
            .status()
            .contains("by XMPP:       off (xmpp.enable)")
            .then_some(())
    });
}
