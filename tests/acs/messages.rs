//! What a session looks like on the wire: messages out, answers in.

use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use cwmpd::acs::{LinkError, MAX_ANSWER_BYTES};
use cwmpd::http::{ExchangePhase, HttpError};
use cwmpd_lab::home::wait_for;
use cwmpd_lab::http::{ConnInfo, Identity, Leaf, Reply, Request, Server, ServerTls};

use crate::{AMPLE, config, empty, inform, link, post_to, response};

/// The one request that `post` makes.
fn request_of(post: &cwmpd::cwmp::Post) -> Request {
    let server = Server::start(|_, _| Reply::new(204));
    link(&server.url("/acs/in?a=%2F&b")).post(post).unwrap();
    server.requests().remove(0)
}

#[test]
fn a_request_of_the_cpe_has_a_quoted_soap_action() {
    let request = request_of(&inform());
    assert_eq!(
        (request.method.as_str(), request.version.as_str()),
        ("POST", "HTTP/1.1")
    );
    assert_eq!(request.target, "/acs/in?a=%2F&b");
    assert_eq!(request.header("SOAPAction"), Some("\"\""));
    let content_type = "text/xml; charset=\"utf-8\"";
    assert_eq!(request.headers_named("Content-Type"), [content_type]);
    assert_eq!(request.headers_named("Content-Length"), ["19"]);
    assert_eq!(request.text(), "<inform>ä</inform>");
    let version = concat!("cwmpd/", env!("CARGO_PKG_VERSION"));
    assert_eq!(request.header("User-Agent"), Some(version));
    for absent in [
        "Expect",
        "Accept-Encoding",
        "Authorization",
        "Cookie",
        "Transfer-Encoding",
    ] {
        assert_eq!(request.header(absent), None, "{absent}");
    }
}

#[test]
fn a_response_has_a_soap_action_without_value() {
    assert_eq!(request_of(&response()).headers_named("SOAPAction"), [""]);
}

#[test]
fn an_empty_post_has_neither_soap_action_nor_content_type() {
    let request = request_of(&empty());
    assert_eq!(request.headers_named("Content-Length"), ["0"]);
    assert_eq!(request.header("SOAPAction"), None);
    assert_eq!(request.header("Content-Type"), None);
    assert_eq!(request.body, b"");
}

/// What comes back for a server's answer.
fn body_of(reply: Reply) -> Result<String, LinkError> {
    let server = Server::start(move |_, _| reply.clone());
    Ok(post_to(&server.url("/"), &config())?.body)
}

#[test]
fn w17_an_error_status_reaches_the_caller_with_its_body() {
    for status in [400, 403, 404, 500, 503] {
        let server = Server::start(move |_, _| Reply::new(status).body("why"));
        let reply = post_to(&server.url("/"), &config()).unwrap();
        assert_eq!((reply.status, reply.body.as_str()), (status, "why"));
    }
}

#[test]
fn no_content_is_an_answer_without_body() {
    let server = Server::start(|_, _| Reply::new(204));
    let reply = post_to(&server.url("/"), &config()).unwrap();
    assert_eq!((reply.status, reply.body.as_str()), (204, ""));
}

#[test]
fn an_answer_beyond_the_limit_is_refused_and_one_at_the_limit_taken() {
    let most = usize::try_from(MAX_ANSWER_BYTES).unwrap();
    let at_limit = body_of(Reply::new(200).body(vec![b' '; most]));
    assert_eq!(at_limit.unwrap().len(), most);
    for reply in [
        Reply::new(200).body(vec![b' '; most + 1]),
        Reply::new(200).body(vec![b' '; most + 1]).chunked(&[most]),
    ] {
        let error = body_of(reply).unwrap_err();
        assert!(
            matches!(error, LinkError::Http(HttpError::TooLarge { .. })),
            "{error}"
        );
    }
}

#[test]
fn an_answer_that_is_not_utf8_is_refused_where_it_matters() {
    let error = body_of(Reply::xml(b"<e>\xe4</e>".to_vec())).unwrap_err();
    assert!(matches!(error, LinkError::NotUtf8(_)), "{error}");
    let page = body_of(Reply::new(500).body(b"<e>\xe4</e>".to_vec()));
    assert_eq!(page.unwrap(), "<e>\u{fffd}</e>");
}

#[test]
fn a_url_that_cannot_be_used_is_refused_without_showing_its_password() {
    let error = post_to("http://me:hunter2@acs.example/", &config()).unwrap_err();
    assert!(matches!(error, LinkError::BadUrl(_)));
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

#[test]
fn a_session_uses_one_connection() {
    let server = Server::start(|request, _| match request.body.len() {
        0 => Reply::new(204),
        _ => Reply::xml("<answer/>"),
    });
    let mut link = link(&server.url("/"));
    for post in [inform(), empty(), response(), response(), empty()] {
        link.post(&post).unwrap();
    }
    assert_eq!((server.requests().len(), server.connections()), (5, 1));
    drop(link);
    assert!(server.wait_for_closed(1, AMPLE));
}

#[test]
fn w17_an_error_of_the_exchange_says_which_option_sets_the_limit() {
    const SHORT: Duration = Duration::from_millis(100);
    let server = Server::start(|_, _| Reply::hang());
    let mut config = config();
    config.response_timeout = SHORT;
    let error = post_to(&server.url("/"), &config).unwrap_err();
    let LinkError::Http(HttpError::Timeout { phase, limit, .. }) = &error else {
        panic!("{error}");
    };
    assert_eq!((*phase, *limit), (ExchangePhase::Response, SHORT));
    assert!(
        error.to_string().contains("acs.response_timeout"),
        "{error}"
    );
}

#[test]
fn s11_an_acs_that_does_not_answer_is_told_from_one_whose_answer_breaks_off() {
    let error_of = |reply: Reply, tls: bool| {
        let answer = move |_: &Request, _: &ConnInfo| reply.clone();
        let server = match tls {
            true => {
                let identity = Identity::self_signed(&Leaf::localhost());
                Server::start_tls(ServerTls::new(&identity), answer)
            }
            false => Server::start(answer),
        };
        let mut config = config();
        config.tls.insecure = true;
        match post_to(&server.url("/"), &config) {
            Err(LinkError::Http(error)) => error,
            other => panic!("{other:?}"),
        }
    };
    for tls in [false, true] {
        for reply in [
            Reply::close_without_answer(),
            Reply::raw("").close_silently(),
        ] {
            let error = error_of(reply.clone(), tls);
            assert!(
                matches!(error, HttpError::Unanswered(_)),
                "{error} {reply:?}"
            );
        }
        let half = Reply::xml("0123456789");
        for reply in [
            half.clone().stop_in_body(0),
            half.clone().stop_in_body(9),
            half.chunked(&[4]).stop_in_body(9),
            Reply::raw("HTTP/1.1 200 OK\r\nContent-Le").close_silently(),
            Reply::raw("H").close_silently(),
        ] {
            let error = error_of(reply.clone(), tls);
            assert!(
                matches!(error, HttpError::Disconnected(_)),
                "{error} {reply:?}"
            );
        }
    }
}

/// Cut below TLS, as by a process that dies or a middlebox: without a word of TLS.
#[test]
fn s11_a_connection_under_tls_that_is_cut_has_no_answer_either() {
    let identity = Identity::self_signed(&Leaf::localhost());
    let server = Server::start_tls(ServerTls::new(&identity), |_, _| Reply::hang());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let mut config = config();
    config.tls.insecure = true;
    let asked = thread::spawn(move || post_to(&url, &config));
    let (near, _) = listener.accept().unwrap();
    let far = TcpStream::connect(server.address()).unwrap();
    for (mut from, mut to) in [(&near, &far), (&far, &near)]
        .map(|(from, to)| (from.try_clone().unwrap(), to.try_clone().unwrap()))
    {
        thread::spawn(move || std::io::copy(&mut from, &mut to));
    }
    wait_for("the request", || {
        (!server.requests().is_empty()).then_some(())
    });
    near.shutdown(Shutdown::Write).unwrap();
    let error = asked.join().unwrap().unwrap_err();
    let unanswered = matches!(error, LinkError::Http(HttpError::Unanswered(_)));
    assert!(unanswered, "{error}");
}

#[test]
fn a_link_may_be_handed_to_a_worker_thread() {
    let server = Server::start(|_, _| Reply::new(204));
    let mut link = link(&server.url("/"));
    let worker = thread::spawn(move || link.post(&inform()).map(|reply| reply.status));
    assert_eq!(worker.join().unwrap(), Ok(204));
}

#[test]
fn hostile_headers_are_survived() {
    let long = "x".repeat(4000);
    for value in [
        "",
        ",,,",
        "=",
        ";;;=;",
        "\"",
        "Digest",
        "Digest \"",
        "\u{fffd}\u{0}?",
        &long,
    ] {
        for (status, name) in [
            (401, "WWW-Authenticate"),
            (302, "Location"),
            (200, "Set-Cookie"),
            (200, "Date"),
        ] {
            let reply = Reply::new(status).header(name, value);
            let server = Server::start(move |_, _| reply.clone());
            let mut link = link(&server.url("/"));
            let _ = link.post(&inform());
            let _ = link.post(&empty());
        }
    }
}
