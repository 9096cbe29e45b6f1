//! From a TCP connection to a Jabber ID.

use std::sync::mpsc;

use cwmpd::connreq::xmpp::XmppEnd;
use cwmpd_lab::Folder;
use cwmpd_lab::http::{Authority, Leaf};
use cwmpd_lab::xmpp::{FakeXmpp, XmppManners};

use super::{Connection, settings, tls_settings};

/// Logs in at a server with these manners: the Jabber ID, whether there is TLS, and the mechanism;
/// or how it ended, and all that the box said.
fn try_login(
    manners: XmppManners,
    piece: usize,
    use_tls: bool,
) -> Result<(String, bool, String), (XmppEnd, String)> {
    let folder = Folder::new("xmpp-login");
    let authority = Authority::new("Lab CA");
    let mut manners = manners;
    if manners.identity.is_some() {
        manners.identity = Some(authority.issue(&Leaf::localhost()));
    }
    let (tell, told) = mpsc::channel();
    let server = FakeXmpp::start(move |peer| {
        peer.piece = piece;
        let result = peer.log_in(&manners);
        let _ = peer.wait_for_end();
        let _ = tell.send((result.is_ok(), peer.mechanism.clone(), peer.heard.clone()));
        Ok(())
    });
    let mut settings = tls_settings(server.address(), &folder, &authority);
    settings.use_tls = use_tls;
    let connection = Connection::begin(settings);
    let first = connection.events.recv();
    connection.line.close();
    let end = connection.end();
    let (_, mechanism, heard) = told.recv().unwrap();
    match first {
        Ok(cwmpd::connreq::xmpp::XmppEvent::Bound { jid, is_secure, .. }) => {
            assert_eq!(end, XmppEnd::Closed);
            Ok((jid, is_secure, mechanism))
        }
        _ => Err((end, heard)),
    }
}

fn secure() -> XmppManners {
    XmppManners::with_tls(&Authority::new("Any").issue(&Leaf::localhost()))
}

#[test]
fn r40_the_best_mechanism_is_taken_and_the_password_is_sent_over_tls_alone() {
    let good = |secure, name: &str| Ok(("box@localhost/cwmp".to_owned(), secure, name.to_owned()));
    let honest = XmppManners::honest();
    assert_eq!(
        try_login(honest.clone(), 4096, false),
        good(false, "SCRAM-SHA-256")
    );
    let sha1 = XmppManners {
        mechanisms: &["DIGEST-MD5", "SCRAM-SHA-1", "PLAIN"],
        ..honest.clone()
    };
    assert_eq!(
        try_login(sha1.clone(), 4096, false),
        good(false, "SCRAM-SHA-1")
    );
    assert_eq!(try_login(secure(), 4096, true), good(true, "SCRAM-SHA-256"));
    let plain = XmppManners {
        mechanisms: &["PLAIN"],
        ..secure()
    };
    assert_eq!(try_login(plain.clone(), 4096, true), good(true, "PLAIN"));
    let plain = XmppManners {
        identity: None,
        ..plain
    };
    let (end, heard) = try_login(plain, 4096, false).unwrap_err();
    assert_eq!(end, XmppEnd::NoMechanism("PLAIN".into()));
    assert_eq!(end.status(), "Error_Misconfigured");
    assert!(!heard.contains("<auth"), "{heard}");
}

#[test]
fn r40_tls_is_begun_where_either_side_wants_it() {
    let needs = XmppManners {
        needs_tls: true,
        ..secure()
    };
    assert_eq!(
        try_login(needs, 4096, false).map(|(_, secure, _)| secure),
        Ok(true)
    );
    assert_eq!(
        try_login(secure(), 4096, false).map(|(_, secure, _)| secure),
        Ok(false)
    );
    let (end, heard) = try_login(XmppManners::honest(), 4096, true).unwrap_err();
    assert_eq!(
        (&end, end.status()),
        (&XmppEnd::NoTls, "Error_Misconfigured")
    );
    assert!(!heard.contains("<auth"), "{heard}");
}

#[test]
fn r40_servers_of_all_ages_let_the_box_in() {
    let old = XmppManners {
        needs_session: true,
        proves_early: true,
        ..secure()
    };
    assert!(try_login(old, 4096, true).is_ok());
}

#[test]
fn r42_a_stream_may_come_a_byte_at_a_time() {
    assert!(try_login(XmppManners::honest(), 7, false).is_ok());
    assert!(try_login(secure(), 7, true).is_ok());
}

#[test]
fn r40_a_wrong_password_ends_it_and_no_other_mechanism_is_tried() {
    let manners = XmppManners {
        password: "other",
        ..secure()
    };
    let (end, heard) = try_login(manners, 4096, true).unwrap_err();
    assert_eq!(end, XmppEnd::Refused("not-authorized".into()));
    assert_eq!(end.status(), "Error_AuthenticationFailure");
    assert_eq!(heard.matches("<auth").count(), 1, "{heard}");
}

#[test]
fn r40_settings_that_make_no_connection_are_said_to() {
    let server = FakeXmpp::start(|peer| peer.wait_for_end());
    let change: [fn(&mut cwmpd::connreq::xmpp::XmppSettings); 6] = [
        |settings| settings.username = String::new(),
        |settings| settings.password = "".into(),
        |settings| settings.password = "a\0b".into(),
        |settings| settings.domain = String::new(),
        |settings| settings.domain = "a@b".into(),
        |settings| settings.domain = "a'><b".into(),
    ];
    for change in change {
        let mut settings = settings(server.address());
        change(&mut settings);
        let end = Connection::begin(settings).end();
        assert_eq!(end.status(), "Error_Misconfigured", "{end}");
    }
    assert_eq!(server.connections(), 0);
}
