//! The connection: kept, re-opened, and never waited for too long.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use cwmpd::http::error::HttpError;
use cwmpd::http::{ExchangePhase, HttpClient, HttpRequest, HttpSettings, Method, TimeLimits};
use cwmpd_lab::home::wait_for;
use cwmpd_lab::http::{Identity, Leaf, Reply, Server, ServerTls};
use cwmpd_lab::rerun;

use crate::{AMPLE, client, exchange, get, get_with, post, settings, url};

const SHORT: Duration = Duration::from_millis(150);

#[test]
fn requests_share_a_connection() {
    let server = Server::start(|request, _| match request.body.len() {
        0 => Reply::new(204),
        length => Reply::xml("<answer/>").chunked(&[length % 3 + 1]),
    });
    let mut client = client();
    for text in ["<inform/>", "", "<response/>", ""] {
        post(&mut client, &server.url("/"), text).unwrap();
        get(&mut client, &server.url("/")).unwrap();
    }
    let infos: Vec<_> = server.seen().into_iter().map(|(info, _)| info).collect();
    assert_eq!(infos.len(), 8);
    assert!(infos.iter().all(|info| info.connection == 1), "{infos:?}");
    assert_eq!(server.closed_connections(), 0);
    drop(client);
    assert!(server.wait_for_closed(1, AMPLE));
}

#[test]
fn every_way_of_closing_between_requests_leads_to_a_new_connection() {
    for reply in [
        Reply::xml("<a/>").close(),
        Reply::xml("<a/>").close_silently(),
        Reply::xml("<a/>").http10(),
        Reply::xml("<a/>").until_close(),
        Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n<a/>and more"),
    ] {
        let shown = format!("{reply:?}");
        let closes = !shown.contains("and more");
        let server = Server::start(move |_, _| reply.clone());
        let mut client = client();
        for round in 1..=3 {
            let answer = post(&mut client, &server.url("/"), "<inform/>").unwrap();
            assert_eq!(answer.text(), "<a/>", "{shown}");
            assert!(!closes || server.wait_for_closed(round, AMPLE), "{shown}");
        }
        assert_eq!(server.connections(), 3, "{shown}");
    }
}

#[test]
fn an_answer_dropped_unread_costs_the_connection_and_nothing_else() {
    let server = Server::start(|_, _| Reply::new(200).body(vec![b' '; 1 << 20]));
    let mut client = client();
    let to = url(&server.url("/"));
    drop(
        client
            .send(&mut HttpRequest::new(Method::GET, &to))
            .unwrap(),
    );
    let whole = get(&mut client, &server.url("/")).unwrap();
    assert_eq!(whole.body.len(), 1 << 20);
    assert_eq!(server.connections(), 2);
}

#[test]
fn a_request_the_server_took_without_answering_is_not_sent_twice() {
    let server = Server::start(|request, _| match request.text().as_str() {
        "<response/>" => Reply::close_without_answer(),
        _ => Reply::new(204),
    });
    let mut client = client();
    post(&mut client, &server.url("/"), "<inform/>").unwrap();
    let error = post(&mut client, &server.url("/"), "<response/>").unwrap_err();
    assert!(matches!(error, HttpError::Unanswered(_)), "{error}");
    assert_eq!(server.requests().len(), 2);
}

/// As by a process that dies: without a word of TLS.
#[test]
fn s41_a_request_that_a_server_took_before_it_died_is_not_sent_twice_over_tls() {
    let identity = Identity::self_signed(&Leaf::localhost());
    let server = Server::start_tls(ServerTls::new(&identity), |request, _| {
        match request.text().as_str() {
            "<response/>" => Reply::hang(),
            _ => Reply::new(204),
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let far = server.address();
    let relay = thread::spawn(move || {
        let (near, _) = listener.accept().unwrap();
        let far = TcpStream::connect(far).unwrap();
        for (mut from, mut to) in [(&near, &far), (&far, &near)]
            .map(|(from, to)| (from.try_clone().unwrap(), to.try_clone().unwrap()))
        {
            thread::spawn(move || std::io::copy(&mut from, &mut to));
        }
        (near, listener)
    });
    let mut settings = settings();
    settings.tls.insecure = true;
    let mut client = HttpClient::new(settings);
    post(&mut client, &url, "<inform/>").unwrap();
    let (near, listener) = relay.join().unwrap();
    let asked = thread::spawn(move || post(&mut client, &url, "<response/>").unwrap_err());
    wait_for("the request", || {
        (server.requests().len() == 2).then_some(())
    });
    near.shutdown(Shutdown::Write).unwrap();
    listener.set_nonblocking(true).unwrap();
    let error = asked.join().unwrap();
    assert!(matches!(error, HttpError::Unanswered(_)), "{error}");
    assert!(listener.accept().is_err(), "another try");
}

#[test]
fn a_request_that_met_a_closed_connection_is_sent_again() {
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
    let mut client = client();
    for _ in 0..2 {
        assert_eq!(post(&mut client, &url, "<inform/>").unwrap().status, 204);
    }
    drop(client);
    server.join().unwrap();
}

#[test]
fn s41_a_request_that_crosses_the_end_of_its_connection_is_sent_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        for _ in 0..2 {
            let (stream, _) = listener.accept().unwrap();
            answer(&stream);
            let _ = stream.peek(&mut [0]);
            // The end is seen first, and a moment later that nobody has read the request.
            let _ = stream.shutdown(Shutdown::Write);
            thread::sleep(SHORT);
        }
    });
    let mut client = client();
    for _ in 0..2 {
        assert_eq!(post(&mut client, &url, "<inform/>").unwrap().status, 204);
    }
    drop(client);
    server.join().unwrap();
}

#[test]
fn a_request_that_is_half_answered_is_not_sent_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        answer(&stream);
        stream.peek(&mut [0]).unwrap();
        // Closed with the request unread, which is a reset for the client.
        stream.write_all(b"HTTP/1.1 204 No").unwrap();
        drop(stream);
        listener
    });
    let mut client = client();
    assert_eq!(post(&mut client, &url, "<inform/>").unwrap().status, 204);
    post(&mut client, &url, "<inform/>").unwrap_err();
    let listener = server.join().unwrap();
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "another try");
}

/// Reads an Inform and answers it.
fn answer(mut stream: &TcpStream) {
    let mut request = Vec::new();
    while !request.ends_with(b"<inform/>") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        request.extend(byte);
    }
    let answer = b"HTTP/1.1 204 No Content\r\n\r\n";
    stream.write_all(answer).unwrap();
}

/// Settings whose only short limit is the one that `shorten` sets.
fn hurried(shorten: impl Fn(&mut TimeLimits)) -> HttpSettings {
    let mut settings = settings();
    shorten(&mut settings.limits);
    settings
}

fn assert_timeout(error: HttpError, expected: ExchangePhase) {
    match error {
        HttpError::Timeout { phase, limit, .. } => {
            assert_eq!(phase, expected);
            assert_eq!(limit, SHORT);
        }
        error => panic!("{error}"),
    }
}

#[test]
fn w17_a_silent_server_is_left_at_the_response_limit() {
    let settings = hurried(|limits| limits.response = SHORT);
    let server = Server::start(|_, _| Reply::hang());
    assert_timeout(
        get_with(&settings, &server.url("/")).unwrap_err(),
        ExchangePhase::Response,
    );
}

#[test]
fn an_answer_that_never_ends_ends_at_the_exchange_limit() {
    let settings = hurried(|limits| limits.exchange = SHORT);
    let server = Server::start(|_, _| Reply::xml("0123456789").wait_in_body(5, AMPLE));
    assert_timeout(
        get_with(&settings, &server.url("/")).unwrap_err(),
        ExchangePhase::Exchange,
    );
}

#[test]
fn no_exchange_of_a_client_goes_on_beyond_its_deadline() {
    let server = Server::start(|_, _| Reply::new(200).wait_before(SHORT / 4));
    let begun = Instant::now();
    let settings = hurried(|limits| limits.deadline = Some(begun + SHORT));
    let mut client = HttpClient::new(settings);
    let mut answered = 0;
    let error = loop {
        match get(&mut client, &server.url("/")) {
            Ok(_) => answered += 1,
            Err(error) => break error,
        }
    };
    let timeout = matches!(
        error,
        HttpError::Timeout {
            phase: ExchangePhase::Deadline,
            ..
        }
    );
    assert!(timeout && answered <= 4, "{error} after {answered}");
    assert!(begun.elapsed() >= SHORT);
    // Afterwards nobody is asked any more.
    let asked = server.requests().len();
    assert!(get(&mut client, &server.url("/")).is_err());
    assert_eq!(server.requests().len(), asked);
}

#[test]
fn a_slow_answer_within_the_limits_is_taken() {
    let server = Server::start(|_, _| {
        Reply::xml("0123456789")
            .wait_before(SHORT)
            .wait_in_body(5, SHORT)
    });
    let answer = get(&mut client(), &server.url("/")).unwrap();
    assert_eq!(answer.text(), "0123456789");
}

#[test]
fn a_tls_handshake_that_is_not_answered_ends_at_the_connect_limit() {
    // The listener's backlog takes the connection; nobody answers on it.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let settings = hurried(|limits| limits.connect = SHORT);
    let error = get_with(&settings, &url).unwrap_err();
    assert_timeout(error, ExchangePhase::Connect);
}

#[test]
fn w17_a_refused_connection_says_where_and_why() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = get(&mut client(), &format!("http://{address}/")).unwrap_err();
    assert!(matches!(error, HttpError::Connect { .. }), "{error}");
    let sentence = error.to_string();
    assert!(sentence.contains(&address.to_string()), "{sentence}");
    assert!(sentence.contains("refused"), "{sentence}");
}

#[test]
fn the_addresses_of_a_host_are_tried_in_turn() {
    // The name has an IPv6 address too where the machine has one; nobody listens there.
    let server = Server::start(|_, _| Reply::new(204));
    let by_name = format!("http://localhost:{}/", server.port());
    assert_eq!(get(&mut client(), &by_name).unwrap().status, 204);
}

#[test]
fn a_host_without_address_is_named() {
    let error = get(&mut client(), "http://no-such-host.invalid/").unwrap_err();
    assert!(matches!(error, HttpError::Resolve { .. }), "{error}");
    assert!(
        error.to_string().contains("no-such-host.invalid"),
        "{error}"
    );
}

#[test]
fn a_client_may_be_handed_to_a_thread() {
    let server = Server::start(|_, _| Reply::new(204));
    let mut client = client();
    let to = url(&server.url("/"));
    let worker = thread::spawn(move || {
        let request = HttpRequest::new(Method::GET, &to);
        exchange(&mut client, request, false).map(|answer| answer.status)
    });
    assert_eq!(worker.join().unwrap(), Ok(204));
}

#[test]
#[ignore = "run by the test below, with a proxy in its environment"]
fn where_the_environment_names_a_proxy() {
    let server = Server::start(|_, _| Reply::new(204));
    assert_eq!(get(&mut client(), &server.url("/")).unwrap().status, 204);
}

#[test]
fn a_proxy_that_the_environment_names_is_not_used() {
    let mut env = Command::new("env");
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        env.arg(format!("{name}=http://127.0.0.1:1/"));
    }
    rerun(&mut env, "connection::where_the_environment_names_a_proxy");
}
