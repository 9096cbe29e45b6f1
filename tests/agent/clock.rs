//! The clock of the box: what hangs on it when it is wrong, and what not.

use std::fs;

use cwmpd_lab::acs::{AcsOptions, ScriptedAcs};
use cwmpd_lab::home::{Daemon, Home};
use cwmpd_lab::http::{Authority, EXPIRED, Leaf, NOT_YET, ServerTls};

const DAY: i64 = 24 * 3600;

/// A box and its ACS: with a certificate of these days, counted from today by the clock of the box,
/// and with a clock that is so many seconds ahead of it.
fn lab(days: (i64, i64), clock: Option<i64>) -> (ScriptedAcs, Home) {
    let authority = Authority::new("lab");
    let acs = ScriptedAcs::start(AcsOptions {
        tls: Some(ServerTls::new(&authority.issue(&Leaf::valid(days)))),
        clock,
        ..AcsOptions::default()
    });
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    home.set_acs(&acs.url());
    home.set_uci("acs", "retry_min_wait_interval", "1");
    let roots = home.config_dir().join("roots.pem");
    fs::write(&roots, authority.pem()).unwrap();
    home.set_uci("acs", "ssl_cacert", &roots.to_string_lossy());
    (acs, home)
}

/// Sessions one after the other, each asked for when the one before has ended.
fn sessions(acs: &ScriptedAcs, agent: &Daemon<'_>, count: usize) {
    for _ in 0..count {
        acs.quiet_session();
        agent.until_idle();
        agent.inform();
    }
    acs.quiet_session();
}

/// NTP has set the clock, as a hotplug script tells.
fn ntp(home: &Home) {
    fs::create_dir_all(home.run_dir()).unwrap();
    fs::write(home.run_dir().join("clock-synced"), "").unwrap();
}

#[test]
fn f13_a_clock_that_is_set_but_wrong_does_not_lock_the_acs_out() {
    // For the box the certificate is over, or not good yet; by its ACS it is good.
    for (days, clock) in [
        (EXPIRED, Some(-5 * DAY)),
        (NOT_YET, Some(10 * DAY)),
        (NOT_YET, None),
    ] {
        let (acs, home) = lab(days, clock);
        let agent = home.start();
        sessions(&acs, &agent, 2);
        let warnings = home.log().matches("are not checked").count();
        assert_eq!(warnings, 3, "one a session");
        assert!(!home.log().contains("confirms the clock"));
    }
}

/// The next session may be a day away.
#[test]
fn f13_status_tells_at_once_that_ntp_has_set_the_clock() {
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    let agent = home.start();
    assert!(agent.status().contains("clock:         set, but nobody"));
    ntp(&home);
    assert!(agent.status().contains("clock:         right"));
}

#[test]
fn f13_once_ntp_has_set_the_clock_the_dates_count() {
    for (days, why) in [(EXPIRED, "expired"), (NOT_YET, "not valid yet")] {
        let (_acs, home) = lab(days, None);
        ntp(&home);
        let agent = home.start();
        agent.wait_for_log("session failed");
        assert!(home.log().contains(why), "{}", home.log());
    }
    let (acs, home) = lab((-2, 30), None);
    ntp(&home);
    let agent = home.start();
    sessions(&acs, &agent, 1);
    assert!(!home.log().contains("are not checked"));
    assert!(agent.status().contains("clock:         right"));
    // The mark may also come later, and is of this boot alone.
    let (acs, home) = lab(EXPIRED, Some(-5 * DAY));
    let agent = home.start();
    sessions(&acs, &agent, 1);
    ntp(&home);
    agent.inform();
    agent.wait_for_log("session failed");
    agent.stop();
    home.power_cycle();
    let agent = home.start();
    sessions(&acs, &agent, 1);
}

#[test]
fn f13_an_acs_that_agrees_on_the_time_confirms_it() {
    let (acs, home) = lab((-2, 30), Some(3600));
    let agent = home.start();
    sessions(&acs, &agent, 3);
    assert_eq!(home.log().matches("confirms the clock").count(), 1);
    assert_eq!(home.log().matches("are not checked").count(), 1);
}

#[test]
fn f13_an_acs_that_agrees_on_the_time_is_held_to_the_dates_of_its_certificate() {
    let (acs, home) = lab(EXPIRED, Some(0));
    let agent = home.start();
    acs.session(|s| {
        // Nothing of what it says is believed: there is no second message.
        s.receive_inform();
        s.respond(cwmpd::soap::Message::InformResponse { max_envelopes: 1 });
    });
    agent.wait_for_log("session failed");
    let status = agent.status();
    assert!(status.contains("expired"), "{status}");
    assert!(status.contains("0 BOOTSTRAP"), "{status}");
}

#[test]
fn f13_what_is_not_a_trusted_acs_confirms_nothing() {
    let acs = ScriptedAcs::start(AcsOptions {
        clock: Some(0),
        ..AcsOptions::default()
    });
    let (_, home) = lab((-2, 30), None);
    home.set_uci("acs", "url", &acs.url());
    let agent = home.start();
    sessions(&acs, &agent, 1);
    let (acs, other) = lab((-2, 30), Some(0));
    other.set_uci("acs", "insecure_enable", "1");
    let agent = other.start();
    sessions(&acs, &agent, 1);
    for home in [&home, &other] {
        assert!(!home.log().contains("confirms the clock"));
    }
}
