//! The connection: set up by the ACS, lost, changed, taken away.

use std::fs;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use cwmpd_lab::acs::{AcsOptions, CALLER, ScriptedAcs};
use cwmpd_lab::home::{free_port, wait_for};
use cwmpd_lab::network::{alone, ip};

use super::{
    BOOLEAN, CHOSEN, CONNECTION, JABBER_ID, JID, STRING, UINT, bound, has_status, home,
    home_with_line, jid_told,
};

const WHILE: Duration = Duration::from_millis(700);

#[test]
fn r47_the_acs_sets_a_connection_up_and_takes_it_away() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let (home, server) = home(&acs);
    let agent = home.start();
    let of = |name: &str| format!("{CONNECTION}{name}");
    acs.session(|s| {
        s.inform();
        assert_eq!(s.value(CHOSEN), "");
        assert_eq!(s.value(JABBER_ID), "");
        let algorithms = s.value("Device.XMPP.SupportedServerConnectAlgorithms");
        assert_eq!(algorithms, "DNS-SRV,DNS,ServerTable");
        let (number, _) = s.add("Device.XMPP.Connection.", "");
        assert_eq!(number, 1);
        let (server_number, _) = s.add(&of("Server."), "");
        assert_eq!(server_number, 1);
        assert_eq!(s.value(&of("Status")), "Disabled");
        for (name, value) in [
            ("ServerConnectAlgorithm", "DNS-SRV"),
            ("ServerConnectAttempts", "16"),
            ("ServerRetryInitialInterval", "60"),
            ("ServerRetryIntervalMultiplier", "2000"),
            ("ServerRetryMaxInterval", "30720"),
            ("KeepAliveInterval", "-1"),
            ("UseTLS", "0"),
            ("Server.1.Port", "5222"),
            ("Server.1.Enable", "0"),
            ("ServerNumberOfEntries", "1"),
        ] {
            assert_eq!(s.value(&of(name)), value, "{name}");
        }
        for (name, kind, value) in [
            (of("ServerConnectAlgorithm"), STRING, "WebSocket"),
            (of("ServerRetryInitialInterval"), UINT, "0"),
            (of("Server.1.Port"), UINT, "65536"),
            (CHOSEN.to_owned(), STRING, "Device.XMPP.Connection.2"),
        ] {
            let refused = s.set_refused(&[(&name, kind, value)], "");
            assert_eq!(refused.parameters[0].code, 9007, "{name}");
        }
        let port = server.port().to_string();
        let values = [
            (of("Enable"), BOOLEAN, "1"),
            (of("Username"), STRING, "box"),
            (of("Password"), STRING, "pass"),
            (of("Domain"), STRING, "localhost"),
            (of("Resource"), STRING, "here"),
            (of("UseTLS"), BOOLEAN, "1"),
            (of("ServerConnectAlgorithm"), STRING, "ServerTable"),
            (of("Server.1.Enable"), BOOLEAN, "1"),
            (of("Server.1.ServerAddress"), STRING, "127.0.0.1"),
            (of("Server.1.Port"), UINT, &*port),
            (CHOSEN.to_owned(), STRING, "Device.XMPP.Connection.1"),
        ];
        let values = values
            .each_ref()
            .map(|(name, kind, value)| (&**name, *kind, *value));
        s.set(&values, "");
        assert_eq!(s.value(&of("Password")), "");
        s.end();
    });
    let line = server.log_in("box", "pass");
    assert_eq!(line.resource, "here");
    assert_eq!(jid_told(&acs), "box@localhost/here");
    for (name, value) in [
        ("Status", "Enabled"),
        ("TLSEstablished", "1"),
        ("JabberID", "box@localhost/here"),
    ] {
        assert_eq!(agent.get(&of(name)), value);
    }
    assert!(agent.get(&of("LastChangeDate")).starts_with("20"));
    let section = "xmpp_connection_1";
    assert_eq!(home.uci("xmpp", "id").as_deref(), Some(section));
    assert_eq!(
        home.uci("xmpp_server_1", "con_id").as_deref(),
        Some(section)
    );
    assert_eq!(home.uci(section, "password").as_deref(), Some("pass"));
    agent.inform();
    acs.session(|s| {
        s.inform();
        s.delete(CONNECTION, "");
        assert_eq!(s.value(CHOSEN), "", "what it named is gone");
        s.end();
    });
    line.ends();
    wait_for("no Jabber ID", || {
        agent.get(JABBER_ID).is_empty().then_some(())
    });
    let left = fs::read_to_string(home.config_dir().join("cwmpd")).unwrap();
    assert!(!left.contains("config xmpp_"), "{left}");
    assert!(acs.is_left_alone_for(WHILE), "the ACS did all of that");
}

#[test]
fn r48_the_jabber_id_stays_while_the_line_is_down_and_is_no_news_again() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let (home, server) = home_with_line(&acs);
    // Another port at the next start would be another URL, which the ACS is told, too.
    home.set_uci("cpe", "port", &free_port().to_string());
    let agent = home.start();
    let line = bound(&acs, &server);
    drop(line);
    let line = server.log_in("box", "pass");
    has_status(&agent, "Enabled");
    assert_eq!(agent.get(JABBER_ID), JID);
    drop(line);
    // Nor does another run of the program have any.
    agent.stop();
    let agent = home.start();
    assert_eq!(agent.get(JABBER_ID), JID);
    let _line = server.log_in("box", "pass");
    has_status(&agent, "Enabled");
    assert!(acs.is_left_alone_for(WHILE));
    // Another one is.
    home.set_uci("line", "resource", "there");
    let line = server.log_in("box", "pass");
    assert_eq!(jid_told(&acs), "box@localhost/there");
    drop(line);
    // And none, where somebody on the box says so.
    home.set_uci("line", "enable", "0");
    assert_eq!(jid_told(&acs), "");
}

#[test]
fn r49_the_line_is_opened_anew_for_as_long_as_it_takes() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let (home, server) = home_with_line(&acs);
    let agent = home.start();
    let line = bound(&acs, &server);
    drop(line);
    // A server that is not right yet.
    server.refuse();
    has_status(&agent, "Error_AuthenticationFailure");
    assert!(server.is_called_within(Duration::from_secs(10)));
    let line = server.log_in("box", "pass");
    has_status(&agent, "Enabled");
    // What cannot be opened as it is set is not tried, but at once when it is set right.
    home.set_uci("line", "username", "");
    line.ends();
    has_status(&agent, "Error_Misconfigured");
    assert!(!server.is_called_within(2 * Duration::from_secs(1)));
    home.set_uci("line", "username", "box");
    let line = server.log_in("box", "pass");
    has_status(&agent, "Enabled");
    drop(line);
}

#[test]
fn r49_a_dead_server_is_tried_no_more_often_than_it_may_be() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let (home, server) = home_with_line(&acs);
    let port = server.port();
    drop(server);
    home.set_uci("line", "initial_retry_interval", "600");
    let agent = home.start();
    acs.quiet_session();
    has_status(&agent, "ServerNotPresent");
    let tried = home.log().matches("trying again in ").count();
    assert_eq!(tried, 1, "{}", home.log());
    let told = agent.status();
    assert!(told.contains("next attempt in "), "{port}: {told}");
    assert_eq!(agent.get(JABBER_ID), "");
}

/// The box has this address beside those of loopback, and goes by it to all servers of a test.
fn go_by(address: &str) {
    ip(&format!("addr add {address}/32 dev lo"));
    ip(&format!(
        "route replace local 127.0.0.1 dev lo table local src {address}"
    ));
}

#[test]
fn r64_a_line_from_an_address_that_is_gone_is_opened_anew() {
    alone(|| {
        go_by("10.9.0.2");
        let acs = ScriptedAcs::start(AcsOptions::default());
        let (home, server) = home_with_line(&acs);
        let agent = home.start();
        let _line = bound(&acs, &server);
        // What asks the server whether it is there would see it in five minutes.
        ip("addr del 10.9.0.2/32 dev lo");
        ip("route replace local 127.0.0.1 dev lo table local src 127.0.0.1");
        let _line = server.log_in("box", "pass");
        has_status(&agent, "Enabled");
        agent.wait_for_log("the box does not have its address 10.9.0.2 any more");
    });
}

#[test]
fn r64_with_another_address_what_was_out_of_reach_is_tried_soon() {
    alone(|| {
        let acs = ScriptedAcs::start(AcsOptions::default());
        let (home, server) = home_with_line(&acs);
        let port = server.port();
        drop(server);
        home.set_uci("line", "retry_interval_multiplier", "65535");
        let agent = home.start();
        acs.quiet_session();
        // The second wait is a minute at most, and the third an hour.
        wait_for("a long wait", || {
            let status = agent.status();
            let (_, rest) = status.split_once("next attempt in ")?;
            let seconds: u64 = rest.split(' ').next()?.parse().ok()?;
            (seconds > 12).then_some(())
        });
        let server = TcpListener::bind(("127.0.0.1", port)).unwrap();
        server.set_nonblocking(true).unwrap();
        go_by("10.9.0.2");
        let soon = Instant::now() + Duration::from_secs(5);
        while server.accept().is_err() {
            assert!(Instant::now() < soon, "{}", agent.status());
            std::thread::sleep(Duration::from_millis(20));
        }
    });
}

#[test]
fn r51_what_is_set_anew_holds_at_once() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let (home, server) = home_with_line(&acs);
    let agent = home.start();
    let mut line = bound(&acs, &server);
    let is_accepted = |answer: String| answer.contains("'result'");
    // Credentials and askers, of which the line itself lives on.
    agent.inform();
    acs.session(|s| {
        s.inform();
        let allowed = "Device.ManagementServer.ConnReqAllowedJabberIDs";
        assert_eq!(s.value(allowed), "acs@localhost");
        let password = "Device.ManagementServer.ConnectionRequestPassword";
        let askers = "boss@localhost,acs@localhost/2";
        s.set(&[(allowed, STRING, askers), (password, STRING, "new")], "");
        s.end();
    });
    let mut is_refused = |from: &str, password: &str, why: &str| {
        wait_for(why, || {
            let answer = line.request(from, CALLER.0, password);
            answer.contains(why).then_some(())
        });
    };
    is_refused("acs@localhost/1", "new", "service-unavailable");
    is_refused("boss@localhost/1", CALLER.1, "not-authorized");
    assert!(acs.is_left_alone_for(WHILE));
    for from in ["boss@localhost/7", "acs@localhost/2"] {
        assert!(is_accepted(line.request(from, CALLER.0, "new")));
        assert_eq!(acs.quiet_session(), ["6 CONNECTION REQUEST"]);
    }
    // Its own credentials.
    home.set_uci("line", "password", "better");
    line.ends();
    let line = server.log_in("box", "better");
    has_status(&agent, "Enabled");
    // Another one is chosen.
    super::add_config(
        &home,
        &format!(
            "\nconfig xmpp_connection 'other'\n\toption enable '1'\n\toption username 'box2'\n\t\
             option password 'x'\n\toption domain 'localhost'\n\toption serveralgorithm \
             'ServerTable'\n\nconfig xmpp_server\n\toption con_id 'other'\n\toption enable '1'\n\t\
             option server_address '127.0.0.1'\n\toption port '{}'\n",
            server.port()
        ),
    );
    wait_for("the other one", || {
        let entries = agent.get("Device.XMPP.ConnectionNumberOfEntries");
        (entries == "2").then_some(())
    });
    agent.set(CHOSEN, "Device.XMPP.Connection.2");
    line.ends();
    let line = server.log_in("box2", "x");
    let other = "box2@localhost/0123456789";
    wait_for("its Jabber ID", || (jid_told(&acs) == other).then_some(()));
    assert_eq!(agent.get("Device.XMPP.Connection.1.Status"), "Dormant");
    assert_eq!(agent.get("Device.XMPP.Connection.1.JabberID"), "");
    // The program ends, and says so.
    agent.signal("TERM");
    line.ends();
}
