//! What one exchange looks like on the wire: headers out, bodies in.

use crate::{config, empty, inform, link, post_to, response};
use cwmpd::acs::{LinkError, MAX_ANSWER_BYTES};
use cwmpd_lab::http::{Reply, Request, Server};

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

#[test]
fn the_host_header_names_host_and_port_and_brackets_ipv6() {
    let server = Server::start(|_, _| Reply::new(204));
    let url = format!("http://localhost:{}/", server.port());
    post_to(&url, &config()).unwrap();
    let host = format!("localhost:{}", server.port());
    assert_eq!(server.requests()[0].headers_named("Host"), [host]);

    let six = Server::start_on("[::1]:0", None, Box::new(|_, _| Reply::new(204)));
    post_to(&six.url("/"), &config()).unwrap();
    let host = format!("[::1]:{}", six.port());
    assert_eq!(six.requests()[0].headers_named("Host"), [host]);
}

#[test]
fn a_big_message_arrives_whole() {
    let server = Server::start(|request, _| Reply::new(200).body(request.body.clone()));
    let mut post = inform();
    post.body = "<x>0123456789</x>".repeat(60_000);
    let reply = link(&server.url("/")).post(&post).unwrap();
    assert_eq!(reply.body, post.body);
}

/// What comes back for a server's answer.
fn body_of(reply: Reply) -> Result<String, LinkError> {
    let server = Server::start(move |_, _| reply.clone());
    Ok(post_to(&server.url("/"), &config())?.body)
}

#[test]
fn answers_are_read_however_they_are_framed() {
    let text = "<e>äöü</e>";
    for reply in [
        Reply::xml(text),
        Reply::xml(text).chunked(&[1, 1, 2]),
        Reply::xml(text).trailer("X-Sum", "1"),
        Reply::xml(text).until_close(),
        Reply::xml(text).http10(),
        Reply::xml(text).close(),
        Reply::raw(format!(
            "HTTP/1.1 200\r\nContent-length:  13 \r\nX:\r\n\r\n{text}"
        )),
    ] {
        let shown = format!("{reply:?}");
        assert_eq!(
            body_of(reply).as_deref().map(str::trim),
            Ok(text),
            "{shown}"
        );
    }
}

#[test]
fn interim_answers_are_passed_over() {
    let reply = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\nX: y\r\n\r\n\
                 HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    assert_eq!(body_of(Reply::raw(reply)).as_deref(), Ok("ok"));
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
fn an_answer_cut_short_is_an_error() {
    for reply in [
        Reply::xml("0123456789").stop_in_body(4),
        Reply::xml("0123456789").chunked(&[4]).stop_in_body(9),
        Reply::raw("HTTP/1.1 200 OK\r\nContent-Le").close_silently(),
        Reply::close_without_answer(),
    ] {
        let shown = format!("{reply:?}");
        let error = body_of(reply).unwrap_err();
        assert!(
            matches!(error, LinkError::Disconnected(_)),
            "{error} {shown}"
        );
    }
}

#[test]
fn an_answer_beyond_the_limit_is_refused_and_one_at_the_limit_taken() {
    let at_limit = body_of(Reply::new(200).body(vec![b' '; MAX_ANSWER_BYTES]));
    assert_eq!(at_limit.unwrap().len(), MAX_ANSWER_BYTES);
    for reply in [
        Reply::new(200).body(vec![b' '; MAX_ANSWER_BYTES + 1]),
        Reply::new(200)
            .body(vec![b' '; MAX_ANSWER_BYTES + 1])
            .chunked(&[MAX_ANSWER_BYTES]),
    ] {
        let error = body_of(reply).unwrap_err();
        assert!(matches!(error, LinkError::TooLarge { .. }), "{error}");
    }
}

#[test]
fn what_is_not_http_is_an_error() {
    let endless = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "y".repeat(64 * 1024));
    for garbage in ["SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 ABC\r\n\r\n", &endless] {
        let error = body_of(Reply::raw(garbage)).unwrap_err();
        assert!(matches!(error, LinkError::Protocol { .. }), "{error}");
    }
    let chunk = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n";
    let error = body_of(Reply::raw(chunk)).unwrap_err();
    assert!(matches!(error, LinkError::Protocol { .. }), "{error}");
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
        ] {
            let reply = Reply::new(status).header(name, value);
            let server = Server::start(move |_, _| reply.clone());
            let mut link = link(&server.url("/"));
            let _ = link.post(&inform());
            let _ = link.post(&empty());
        }
    }
}
