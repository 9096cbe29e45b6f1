//! The connection over a whole session: kept, re-opened, and never waited for too long.

use crate::{AMPLE, config, credentials, empty, inform, link, post_to, response};
use cwmpd::acs::{Link, LinkError, Phase};
use cwmpd::base::config::LinkConfig;
use cwmpd_lab::http::{Reply, Server};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

const SHORT: Duration = Duration::from_millis(150);

#[test]
fn a_session_uses_one_connection() {
    let server = Server::start(|request, _| match request.body.len() {
        0 => Reply::new(204),
        length => Reply::xml("<answer/>").chunked(&[length % 3 + 1]),
    });
    let mut link = link(&server.url("/"));
    for post in [inform(), empty(), response(), response(), empty()] {
        link.post(&post).unwrap();
    }
    let infos: Vec<_> = server.seen().into_iter().map(|(info, _)| info).collect();
    assert_eq!(infos.len(), 5);
    assert!(infos.iter().all(|info| info.connection == 1), "{infos:?}");
    assert_eq!(server.closed_connections(), 0);
    drop(link);
    assert!(server.wait_for_closed(1, AMPLE));
}

#[test]
fn every_way_of_closing_between_messages_leads_to_a_new_connection() {
    for reply in [
        Reply::xml("<a/>").close(),
        Reply::xml("<a/>").close_silently(),
        Reply::xml("<a/>").http10(),
        Reply::xml("<a/>").until_close(),
        Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n<a/>and more"),
    ] {
        let shown = format!("{reply:?}");
        let closes = !shown.contains("and more");
        let server = Server::start(move |_, _| reply.clone().header("Set-Cookie", "s=1"));
        let mut link = link(&server.url("/"));
        for round in 1..=3 {
            assert_eq!(link.post(&inform()).unwrap().body, "<a/>", "{shown}");
            assert!(!closes || server.wait_for_closed(round, AMPLE), "{shown}");
        }
        assert_eq!(server.connections(), 3, "{shown}");
    }
}

#[test]
fn the_session_goes_on_with_its_cookies_on_the_new_connection() {
    let server = Server::start(|_, _| Reply::new(204).header("Set-Cookie", "s=1").close());
    let mut link = link(&server.url("/"));
    link.post(&inform()).unwrap();
    link.post(&empty()).unwrap();
    let requests = server.requests();
    assert_eq!(requests[0].header("Cookie"), None);
    assert_eq!(requests[1].header("Cookie"), Some("s=1"));
}

#[test]
fn a_message_the_acs_took_without_answering_is_not_sent_twice() {
    let server = Server::start(|request, _| match request.text().as_str() {
        "<response/>" => Reply::close_without_answer(),
        _ => Reply::new(204),
    });
    let mut link = link(&server.url("/"));
    link.post(&inform()).unwrap();
    let error = link.post(&response()).unwrap_err();
    assert!(matches!(error, LinkError::Disconnected(_)), "{error}");
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_message_that_met_a_closed_connection_is_sent_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        for _ in 0..2 {
            let (stream, _) = listener.accept().unwrap();
            answer(&stream);
            // Closed with the next request unread, as if it had come too late.
            let _ = stream.peek(&mut [0]);
        }
    });
    let mut link = Link::open(&url, credentials(), &config(), true).unwrap();
    assert_eq!(link.post(&inform()).unwrap().status, 204);
    assert_eq!(link.post(&inform()).unwrap().status, 204);
    drop(link);
    server.join().unwrap();
}

/// Reads an Inform and answers it.
fn answer(mut stream: &TcpStream) {
    let mut request = Vec::new();
    while !request.ends_with(b"</inform>") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        request.extend(byte);
    }
    let answer = b"HTTP/1.1 204 No Content\r\n\r\n";
    stream.write_all(answer).unwrap();
}

/// A config whose only short time-out is the one that `shorten` sets.
fn hurried(shorten: impl Fn(&mut LinkConfig)) -> LinkConfig {
    let mut config = config();
    shorten(&mut config);
    config
}

fn assert_timeout(error: LinkError, expected: Phase) {
    match error {
        LinkError::Timeout { phase, limit, .. } => {
            assert_eq!(phase, expected);
            assert_eq!(limit, SHORT);
        }
        error => panic!("{error}"),
    }
}

#[test]
fn w17_a_silent_acs_ends_the_session_at_the_response_timeout() {
    let config = hurried(|config| config.response_timeout = SHORT);
    let server = Server::start(|_, _| Reply::hang());
    assert_timeout(
        post_to(&server.url("/"), &config).unwrap_err(),
        Phase::Response,
    );
}

#[test]
fn an_answer_that_never_ends_ends_at_the_exchange_timeout() {
    let config = hurried(|config| config.exchange_timeout = SHORT);
    let server = Server::start(|_, _| Reply::xml("0123456789").wait_in_body(5, AMPLE));
    assert_timeout(
        post_to(&server.url("/"), &config).unwrap_err(),
        Phase::Exchange,
    );
}

#[test]
fn a_slow_answer_within_the_limits_is_taken() {
    let server = Server::start(|_, _| {
        Reply::xml("0123456789")
            .wait_before(SHORT)
            .wait_in_body(5, SHORT)
    });
    assert_eq!(
        post_to(&server.url("/"), &config()).unwrap().body,
        "0123456789"
    );
}

#[test]
fn a_tls_handshake_that_is_not_answered_ends_at_the_connect_timeout() {
    // The listener's backlog takes the connection; nobody answers on it.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let config = hurried(|config| config.connect_timeout = SHORT);
    assert_timeout(post_to(&url, &config).unwrap_err(), Phase::Connect);
}

#[test]
fn w17_a_refused_connection_says_where_and_why() {
    let address = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let error = post_to(&format!("http://{address}/"), &config()).unwrap_err();
    assert!(matches!(error, LinkError::Connect { .. }), "{error}");
    let sentence = error.to_string();
    assert!(sentence.contains(&address.to_string()), "{sentence}");
    assert!(sentence.contains("refused"), "{sentence}");
}

#[test]
fn a_host_without_address_is_named() {
    let error = post_to("http://no-such-host.invalid/", &config()).unwrap_err();
    assert!(matches!(error, LinkError::Resolve { .. }), "{error}");
    assert!(
        error.to_string().contains("no-such-host.invalid"),
        "{error}"
    );
}

#[test]
fn a_link_may_be_handed_to_a_worker_thread() {
    let server = Server::start(|_, _| Reply::new(204));
    let mut link = Link::open(&server.url("/"), credentials(), &config(), true).unwrap();
    let worker = thread::spawn(move || link.post(&inform()).map(|reply| reply.status));
    assert_eq!(worker.join().unwrap(), Ok(204));
}
