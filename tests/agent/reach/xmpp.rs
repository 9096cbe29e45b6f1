//! Requests by XMPP (TR-069 Annex K): box and ACS are clients of one real prosody.

use cwmpd::base::xsd::XsdType;
use cwmpd_lab::Folder;
use cwmpd_lab::acs::{Caller, Session, XmppAcs};
use cwmpd_lab::http::{Authority, Leaf};
use cwmpd_lab::network::addresses::ACS;
use cwmpd_lab::network::{Nat, WorldOptions};
use cwmpd_lab::peers::Prosody;

use super::{Site, caller, events, value};

const DOMAIN: &str = "xmpp.example";
const JABBER_ID: &str = "Device.ManagementServer.ConnReqJabberID";
const BOX: (&str, &str) = ("box", "the box's \"own\" <secret>");
const OPERATOR: (&str, &str) = ("acs", "the operator's");

/// The ACS tells the box of the server, whom to be there, and who may ask.
fn connect_by_xmpp(s: &mut Session<'_>, server_port: u16) {
    let (connection, _) = s.add("Device.XMPP.Connection.", "xmpp");
    let connection = format!("Device.XMPP.Connection.{connection}.");
    let (server, _) = s.add(&format!("{connection}Server."), "xmpp");
    let server = format!("{connection}Server.{server}.");
    let (address, port) = (ACS.to_string(), server_port.to_string());
    let asker = format!("{}@{DOMAIN}", OPERATOR.0);
    let connection_of = |name| format!("{connection}{name}");
    let server_of = |name| format!("{server}{name}");
    let text = XsdType::String;
    let values = [
        (server_of("ServerAddress"), text, address.as_str()),
        (server_of("Port"), XsdType::UnsignedInt, port.as_str()),
        (server_of("Enable"), XsdType::Boolean, "1"),
        (connection_of("Username"), text, BOX.0),
        (connection_of("Password"), text, BOX.1),
        (connection_of("Domain"), text, DOMAIN),
        (connection_of("Resource"), text, "home"),
        (connection_of("UseTLS"), XsdType::Boolean, "1"),
        (connection_of("ServerConnectAlgorithm"), text, "ServerTable"),
        (connection_of("Enable"), XsdType::Boolean, "1"),
        (
            "Device.ManagementServer.ConnReqAllowedJabberIDs".into(),
            text,
            &asker,
        ),
        (
            "Device.ManagementServer.ConnReqXMPPConnection".into(),
            text,
            connection.trim_end_matches('.'),
        ),
    ];
    let values = values
        .each_ref()
        .map(|(name, xsi, value)| (name.as_str(), *xsi, *value));
    s.set(&values, "xmpp");
}

/// The box logs in by this mechanism, and is woken.
fn woken_through_prosody(mechanism: &str) {
    let Some(site) = Site::new(WorldOptions::new(Nat::Symmetric)) else {
        return;
    };
    let folder = Folder::new("prosody");
    let authority = Authority::new("CA");
    let identity = authority.issue(&Leaf {
        name: DOMAIN,
        dns: &[DOMAIN],
        ..Leaf::localhost()
    });
    let ca = folder.file("ca.pem", authority.pem());
    site.home
        .set_uci("acs", "ssl_cacert", &ca.to_string_lossy());
    // The operator's own client knows but the one that has no secrets from its server.
    let mechanisms = ["PLAIN", mechanism];
    let start = || {
        let users = [BOX, OPERATOR];
        Prosody::start(&folder, ACS.into(), DOMAIN, &identity, &users, &mechanisms)
    };
    let Some(prosody) = site.world.outside.run(start) else {
        return;
    };
    let _agent = site.start();
    site.acs.session(|s| {
        s.inform();
        connect_by_xmpp(s, prosody.address().port());
        s.end();
    });
    let jid = site.acs.session(|s| {
        let inform = s.inform();
        assert_eq!(events(&inform), ["4 VALUE CHANGE"]);
        let jid = value(&inform, JABBER_ID).to_owned();
        s.end();
        jid
    });
    assert_eq!(jid, format!("{}@{DOMAIN}/home", BOX.0));
    let log = prosody.log();
    let mut lines = log.lines();
    let auth = lines.find(|line| line.contains("<auth ")).unwrap();
    assert!(auth.contains(&format!("'{mechanism}'")), "{auth}");
    let log_in = || XmppAcs::log_in(prosody.address(), DOMAIN, &authority.pem(), OPERATOR);
    let mut operator = site.world.outside.run(log_in).unwrap();
    let refused = operator
        .call(&jid, &Caller::new("caller", "a guess"))
        .unwrap();
    assert!(refused.contains("not-authorized"), "{refused}");
    let accepted = operator.call(&jid, &caller()).unwrap();
    assert!(accepted.contains("type='result'"), "{accepted}");
    site.woken();
}

#[test]
fn r59_an_acs_that_no_nat_lets_in_asks_through_prosody() {
    woken_through_prosody("SCRAM-SHA-256");
}

#[test]
fn r45_prosody_of_older_mechanisms_serves_as_well() {
    woken_through_prosody("SCRAM-SHA-1");
    woken_through_prosody("PLAIN");
}
