//! Servers that are not what they say.

use std::time::Instant;

use cwmpd::connreq::xmpp::{XmppEnd, XmppEvent};
use cwmpd::http::{CertificateProblem, HttpError};
use cwmpd_lab::Folder;
use cwmpd_lab::http::{Authority, EXPIRED, Identity, Leaf};
use cwmpd_lab::xmpp::{FakeXmpp, ScramLie, XmppManners};

use super::{Connection, PATIENCE, end_of, settings, tls_settings, wait_until};

const SASL: &str = "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>\
                    <mechanism>SCRAM-SHA-256</mechanism></mechanisms>";

fn untrue(lie: ScramLie) -> &'static str {
    let manners = XmppManners {
        lie,
        ..XmppManners::honest()
    };
    match end_of(move |peer| peer.log_in(&manners)) {
        XmppEnd::Untrue(why) => why,
        other => panic!("{lie:?}: {other}"),
    }
}

#[test]
fn r41_a_server_that_does_not_know_the_password_is_left() {
    assert_eq!(untrue(ScramLie::Signature), "its signature is wrong");
    assert_eq!(untrue(ScramLie::NoSignature), "it has no signature");
    assert_eq!(
        untrue(ScramLie::Nonce),
        "its nonce does not go on from ours"
    );
    for rounds in [1, 4095, 200_001, u32::MAX] {
        let why = untrue(ScramLie::Rounds(rounds));
        assert!(why.starts_with("its iteration count"), "{rounds}: {why}");
    }
    let end = end_of(|peer| {
        peer.open("localhost", SASL)?;
        peer.hear("</auth>")?;
        peer.say("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>dj14</success>")?;
        peer.wait_for_end()
    });
    assert_eq!(
        end,
        XmppEnd::Untrue("it is content without a proof of ours")
    );
    assert_eq!(end.status(), "Error_AuthenticationFailure");
}

/// How it ends where the server shows this certificate of an authority that is trusted.
fn end_with(leaf: &Leaf<'_>, check_dates: bool) -> Result<bool, XmppEnd> {
    let folder = Folder::new("xmpp-lies");
    let authority = Authority::new("Lab CA");
    let manners = XmppManners::with_tls(&authority.issue(leaf));
    let server = FakeXmpp::start(move |peer| {
        peer.log_in(&manners)?;
        peer.wait_for_end()
    });
    let mut settings = tls_settings(server.address(), &folder, &authority);
    settings.tls.check_dates = check_dates;
    let connection = Connection::begin(settings);
    match connection.events.recv() {
        Ok(XmppEvent::Bound {
            unchecked_dates, ..
        }) => {
            connection.line.close();
            Ok(unchecked_dates.is_some())
        }
        _ => Err(connection.end()),
    }
}

#[test]
fn r41_only_a_certificate_of_the_domain_proves_it() {
    let refused = |problem| {
        let host = "localhost".to_owned();
        Err(XmppEnd::NoLink(Box::new(HttpError::Certificate {
            host,
            problem,
        })))
    };
    assert_eq!(end_with(&Leaf::localhost(), true), Ok(false));
    // The server is at 127.0.0.1: that it is that address proves nothing.
    let address = Leaf {
        dns: &["other.example"],
        name: "other.example",
        ..Leaf::localhost()
    };
    assert_eq!(
        end_with(&address, true),
        refused(CertificateProblem::WrongHost)
    );
    assert_eq!(
        end_with(&Leaf::wrong_host(), true),
        refused(CertificateProblem::WrongHost)
    );
    let expired = Leaf::valid(EXPIRED);
    assert_eq!(
        end_with(&expired, true),
        refused(CertificateProblem::Expired)
    );
    assert_eq!(
        end_with(&expired, false),
        Ok(true),
        "the clock is not sure: its dates are told"
    );
    let folder = Folder::new("xmpp-self");
    let manners = XmppManners::with_tls(&Identity::self_signed(&Leaf::localhost()));
    let server = FakeXmpp::start(move |peer| peer.log_in(&manners));
    let settings = tls_settings(server.address(), &folder, &Authority::new("Lab CA"));
    let end = Connection::begin(settings).end();
    assert_eq!(
        Err::<bool, _>(end),
        refused(CertificateProblem::UnknownAuthority)
    );
}

#[test]
fn r41_what_was_said_before_tls_is_not_heard_behind_it() {
    let folder = Folder::new("xmpp-injected");
    let authority = Authority::new("Lab CA");
    let identity = authority.issue(&Leaf::localhost());
    let server = FakeXmpp::start(move |peer| {
        peer.open(
            "localhost",
            "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
        )?;
        peer.hear("<starttls")?;
        peer.say(
            "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><stream:stream version='1.0' \
             xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
        )?;
        peer.secure(&identity)
    });
    let end = Connection::begin(tls_settings(server.address(), &folder, &authority)).end();
    assert!(matches!(end, XmppEnd::NoXmpp(_)), "{end}");
}

/// One that says this in place of a header or of features.
fn end_after(words: impl Into<Vec<u8>>) -> XmppEnd {
    let words = words.into();
    end_of(move |peer| {
        peer.hear(">")?;
        peer.say(&words)?;
        peer.wait_for_end()
    })
}

#[test]
fn r41_a_stream_that_is_none_or_has_no_end_is_left() {
    let header = "<stream:stream version='1.0' xmlns='jabber:client' \
                  xmlns:stream='http://etherx.jabber.org/streams'>";
    let long = |text: &str, times: usize| text.repeat(times);
    for words in [
        "HTTP/1.1 400 Bad Request\r\n".to_owned(),
        "<html>".to_owned(),
        "<!DOCTYPE x [<!ENTITY a 'aaaa'>]>".to_owned(),
        "<?xml version='1.0'?><?xml version='1.0'?>".to_owned(),
        header.replace("1.0", "0.9"),
        header.replace(" version='1.0'", ""),
        header.replace("etherx", "other"),
        header.replace("'>", "'/>"),
        format!("<stream:stream a='{}'", long("x", 5000)),
        format!("<stream:stream {}", long("a='' ", 30)) + ">",
        format!("{header}<!-- -->"),
        format!("{header}text"),
        format!("{header}<?pi?>"),
        format!("{header}<iq type='result'/>"),
        format!("{header}<stream:features>{}", long("x", 1 << 20) + "x"),
        format!("{header}{}", long("<a>", 400_000)),
        format!("{header}<a b='{}", long("x", 1 << 20)),
    ] {
        let end = end_after(words.clone());
        let told = words.get(..80).unwrap_or(&words);
        assert!(matches!(end, XmppEnd::NoXmpp(_)), "{end}: {told}");
        assert_eq!(end.status(), "Error");
    }
    assert_eq!(
        end_after(format!("{header}</stream:stream>")),
        XmppEnd::Ended
    );
    assert_eq!(end_of(|peer| peer.hear(">").map(drop)), XmppEnd::Ended);
    let error = "<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>\
                 <text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>go&#10;away</text></stream:error>";
    let end = end_after(format!("{header}{error}"));
    assert_eq!(
        end.to_string(),
        "the server ended the connection: host-unknown go away"
    );
}

#[test]
fn r41_the_box_is_nobody_elses() {
    for jid in [
        "",
        "box@localhost",
        "localhost/cwmp",
        "box@evil.example/cwmp",
        "box@localhost.evil/cwmp",
        "box@@localhost/cwmp",
        "bo x@localhost/cwmp",
        "box@localhost/a&#10;b",
    ] {
        let manners = XmppManners {
            jid,
            ..XmppManners::honest()
        };
        let end = end_of(move |peer| peer.log_in(&manners));
        let why = "the Jabber ID that it gives is none of its domain";
        assert_eq!(end, XmppEnd::NoXmpp(why), "{jid}");
    }
    // Another name than was asked for is the server's right (TR-181, `JabberID`).
    let manners = XmppManners {
        jid: "other@LOCALHOST/4711",
        ..XmppManners::honest()
    };
    let server = FakeXmpp::start(move |peer| {
        peer.log_in(&manners)?;
        peer.wait_for_end()
    });
    let connection = Connection::begin(settings(server.address()));
    assert_eq!(connection.bound().0, "other@LOCALHOST/4711");
    connection.line.close();
}

#[test]
fn r41_a_resource_that_is_taken_is_chosen_by_the_server() {
    let manners = XmppManners {
        is_taken: true,
        jid: "box@localhost/chosen",
        ..XmppManners::honest()
    };
    let server = FakeXmpp::start(move |peer| {
        peer.log_in(&manners)?;
        peer.wait_for_end()
    });
    let connection = Connection::begin(settings(server.address()));
    assert_eq!(connection.bound().0, "box@localhost/chosen");
    connection.line.close();
}

/// A server that sends the box to this place, by TLS or before it.
fn sends_away(identity: &Identity, place: String) -> FakeXmpp {
    let identity = identity.clone();
    FakeXmpp::start(move |peer| {
        peer.open(
            "localhost",
            "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
        )?;
        peer.hear("<starttls")?;
        peer.say("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")?;
        peer.secure(&identity)?;
        peer.hear(">")?;
        peer.say(format!(
            "<stream:stream version='1.0' xmlns='jabber:client' \
             xmlns:stream='http://etherx.jabber.org/streams'><stream:error><see-other-host \
             xmlns='urn:ietf:params:xml:ns:xmpp-streams'>{place}</see-other-host></stream:error>"
        ))?;
        peer.wait_for_end()
    })
}

#[test]
fn r41_another_host_is_gone_to_twice_and_has_to_prove_the_same() {
    let folder = Folder::new("xmpp-other-host");
    let authority = Authority::new("Lab CA");
    let identity = authority.issue(&Leaf::localhost());
    let manners = XmppManners::with_tls(&identity);
    let good = FakeXmpp::start(move |peer| {
        peer.log_in(&manners)?;
        peer.wait_for_end()
    });
    let one = sends_away(&identity, good.address().to_string());
    let two = sends_away(&identity, one.address().to_string());
    let three = sends_away(&identity, two.address().to_string());
    let connection = Connection::begin(tls_settings(two.address(), &folder, &authority));
    assert!(connection.bound().1);
    connection.line.close();
    let end = Connection::begin(tls_settings(three.address(), &folder, &authority)).end();
    assert!(matches!(end, XmppEnd::StreamError { .. }), "{end}");
    // Another host's certificate does not do, and places that are none are not looked for.
    let other = XmppManners::with_tls(&authority.issue(&Leaf::wrong_host()));
    let other = FakeXmpp::start(move |peer| peer.log_in(&other));
    let to_other = sends_away(&identity, other.address().to_string());
    let end = Connection::begin(tls_settings(to_other.address(), &folder, &authority)).end();
    assert!(matches!(end, XmppEnd::NoLink(_)), "{end}");
    for place in [
        "",
        ":",
        "a b",
        "http://localhost/",
        "localhost:0",
        "localhost:99999",
    ] {
        let nowhere = sends_away(&identity, place.into());
        let end = Connection::begin(tls_settings(nowhere.address(), &folder, &authority)).end();
        assert!(matches!(end, XmppEnd::StreamError { .. }), "{place}: {end}");
    }
}

#[test]
fn r41_without_tls_no_other_host_is_gone_to() {
    let elsewhere = FakeXmpp::start(|peer| peer.wait_for_end());
    let place = elsewhere.address().to_string();
    let end = end_of(move |peer| {
        peer.hear(">")?;
        peer.say(format!(
            "<stream:stream version='1.0' xmlns='jabber:client' \
             xmlns:stream='http://etherx.jabber.org/streams'><stream:error><see-other-host \
             xmlns='urn:ietf:params:xml:ns:xmpp-streams'>{place}</see-other-host></stream:error>"
        ))
    });
    assert!(matches!(end, XmppEnd::StreamError { .. }), "{end}");
    assert_eq!(elsewhere.connections(), 0);
}

#[test]
fn r41_closing_ends_it_wherever_it_waits() {
    let folder = Folder::new("xmpp-closing");
    let authority = Authority::new("Lab CA");
    let silent = FakeXmpp::start(|peer| peer.wait_for_end());
    let stops_in_tls = FakeXmpp::start(|peer| {
        peer.open(
            "localhost",
            "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
        )?;
        peer.hear("<starttls")?;
        peer.say("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")?;
        peer.wait_for_end()
    });
    let bound = FakeXmpp::start(|peer| {
        peer.log_in(&XmppManners::honest())?;
        peer.wait_for_end()
    });
    let floods = FakeXmpp::start(|peer| {
        peer.log_in(&XmppManners::honest())?;
        let flood = "<message from='a@b'><body>buy</body></message>".repeat(1000);
        loop {
            peer.say(&flood)?;
        }
    });
    let cases = [
        (&silent, false, false),
        (&stops_in_tls, true, false),
        (&bound, false, true),
        (&floods, false, true),
    ];
    for (server, use_tls, is_bound) in cases {
        let mut settings = tls_settings(server.address(), &folder, &authority);
        settings.use_tls = use_tls;
        let connection = Connection::begin(settings);
        match is_bound {
            true => drop(connection.bound()),
            false => wait_until(|| server.connections() > 0),
        }
        connection.line.close();
        let closed = Instant::now();
        assert_eq!(connection.end(), XmppEnd::Closed);
        assert!(
            closed.elapsed() < PATIENCE / 4,
            "it took {:?}",
            closed.elapsed()
        );
    }
}
