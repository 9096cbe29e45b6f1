//! Whether a line lives.

use std::sync::mpsc;
use std::time::Duration;

use cwmpd::connreq::xmpp::XmppEnd;
use cwmpd_lab::xmpp::{FakeXmpp, XmppManners};

use super::{Connection, PATIENCE, settings};

#[test]
fn r44_a_server_that_answers_is_kept_and_one_that_does_not_is_left() {
    let (tell, told) = mpsc::channel();
    let server = FakeXmpp::start(move |peer| {
        peer.log_in(&XmppManners::honest())?;
        // An answer of any kind, a refusal too, and white space.
        for answer in [
            "<iq type='result' id='ping'/>",
            "<iq type='error' id='ping'/>",
            " ",
        ] {
            let ping = peer.hear("</iq>")?;
            let _ = tell.send(ping);
            peer.say(answer)?;
        }
        let _ = tell.send(peer.hear("</iq>")?);
        peer.wait_for_end()
    });
    let mut settings = settings(server.address());
    settings.keep_alive = Some(Duration::from_millis(200));
    let connection = Connection::begin(settings);
    connection.bound();
    for _ in 0..4 {
        let ping = told.recv_timeout(PATIENCE).unwrap();
        let expected = "<iq type='get' id='ping' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>";
        assert_eq!(ping, expected);
    }
    let end = connection.end();
    assert!(matches!(end, XmppEnd::Silent(_)), "{end}");
}

#[test]
fn r44_a_line_without_keep_alive_says_nothing() {
    for keep_alive in [None, Some(Duration::ZERO), Some(Duration::MAX)] {
        let (tell, told) = mpsc::channel();
        let server = FakeXmpp::start(move |peer| {
            peer.log_in(&XmppManners::honest())?;
            let result = peer.wait_for_end();
            let _ = tell.send(peer.heard.clone());
            result
        });
        let mut settings = settings(server.address());
        settings.keep_alive = keep_alive;
        let connection = Connection::begin(settings);
        connection.bound();
        std::thread::sleep(Duration::from_millis(300));
        connection.line.close();
        assert_eq!(connection.end(), XmppEnd::Closed);
        let heard = told.recv_timeout(PATIENCE).unwrap();
        assert!(!heard.contains("ping"), "{heard}");
    }
}
