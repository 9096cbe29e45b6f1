//! What one exchange looks like on the wire: headers out, bodies in.

use cwmpd::http::error::HttpError;
use cwmpd::http::{HttpClient, HttpRequest, Method};
use cwmpd_lab::http::{Reply, Server};

use crate::{client, exchange, get, post, settings, url};

#[test]
fn a_request_with_a_body_tells_its_length() {
    let server = Server::start(|_, _| Reply::new(204));
    post(
        &mut client(),
        &server.url("/in?a=%2F&b"),
        "<inform>ä</inform>",
    )
    .unwrap();
    let request = server.requests().remove(0);
    assert_eq!(
        (request.method.as_str(), request.version.as_str()),
        ("POST", "HTTP/1.1")
    );
    assert_eq!(request.target, "/in?a=%2F&b");
    assert_eq!(request.headers_named("Content-Length"), ["19"]);
    assert_eq!(request.text(), "<inform>ä</inform>");
    let version = concat!("cwmpd/", env!("CARGO_PKG_VERSION"));
    assert_eq!(request.header("User-Agent"), Some(version));
    for absent in [
        "Expect",
        "Accept-Encoding",
        "Authorization",
        "Content-Type",
        "Transfer-Encoding",
    ] {
        assert_eq!(request.header(absent), None, "{absent}");
    }
}

#[test]
fn an_empty_body_has_a_length_and_no_body_has_none() {
    let server = Server::start(|_, _| Reply::new(204));
    let mut client = client();
    post(&mut client, &server.url("/"), "").unwrap();
    get(&mut client, &server.url("/")).unwrap();
    let requests = server.requests();
    assert_eq!(requests[0].headers_named("Content-Length"), ["0"]);
    assert_eq!(requests[1].method, "GET");
    for absent in ["Content-Length", "Transfer-Encoding"] {
        assert_eq!(requests[1].header(absent), None, "{absent}");
    }
}

#[test]
fn the_host_header_names_host_and_port_and_brackets_ipv6() {
    let server = Server::start(|_, _| Reply::new(204));
    let by_name = format!("http://localhost:{}/", server.port());
    get(&mut client(), &by_name).unwrap();
    let host = format!("localhost:{}", server.port());
    assert_eq!(server.requests()[0].headers_named("Host"), [host]);

    let six = Server::start_on("[::1]:0", None, Box::new(|_, _| Reply::new(204)));
    get(&mut client(), &six.url("/")).unwrap();
    let host = format!("[::1]:{}", six.port());
    assert_eq!(six.requests()[0].headers_named("Host"), [host]);
}

#[test]
fn a_header_cannot_smuggle_another() {
    let server = Server::start(|_, _| Reply::new(204));
    let to = url(&server.url("/"));
    let mut request = HttpRequest::new(Method::GET, &to).header("X-Name", "a\r\nX-Evil: 1");
    let error = client().send(&mut request).map(drop).unwrap_err();
    assert_eq!(*error, HttpError::BadHeader("X-Name"));
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_big_text_arrives_whole() {
    let server = Server::start(|request, _| Reply::new(200).body(request.body.clone()));
    let text = "<x>0123456789</x>".repeat(60_000);
    let answer = post(&mut client(), &server.url("/"), &text).unwrap();
    assert_eq!(answer.text(), text);
}

/// What comes back for a server's answer.
fn body_of(reply: Reply) -> Result<String, HttpError> {
    let server = Server::start(move |_, _| reply.clone());
    let answer = get(&mut client(), &server.url("/"))?;
    Ok(answer.text().to_owned())
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
fn s36_a_field_may_go_on_in_a_further_line() {
    let folded = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"r\",\r\n\
                  \x20 qop=\"auth\",\r\n\tnonce=\"n\"\r\nContent-Length: 4\r\n\r\n\r\n b";
    let server = Server::start(move |request, _| match request.header("Authorization") {
        None => Reply::raw(folded),
        Some(_) => Reply::raw("HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 4\r\n\r\n\r\n b"),
    });
    let to = url(&server.url("/"));
    for _ in 0..2 {
        let answer = exchange(&mut client(), HttpRequest::new(Method::GET, &to), false).unwrap();
        assert_eq!(answer.text(), "\r\n b", "the body is as it came");
    }
    let proof = server.requests()[1]
        .header("Authorization")
        .map(str::to_owned);
    assert!(proof.unwrap().contains("nonce=\"n\", uri"));
}

#[test]
fn interim_answers_are_passed_over() {
    let reply = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\nX: y\r\n\r\n\
                 HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    assert_eq!(body_of(Reply::raw(reply)).as_deref(), Ok("ok"));
}

#[test]
fn every_status_is_an_answer() {
    for status in [204, 302, 304, 400, 403, 404, 407, 417, 500, 503] {
        let server = Server::start(move |_, _| Reply::new(status).header("Location", "/x"));
        let answer = get(&mut client(), &server.url("/")).unwrap();
        assert_eq!(answer.status, status);
        assert_eq!(server.requests().len(), 1, "{status}");
    }
}

#[test]
fn headers_are_found_whatever_their_case_and_all_of_them() {
    let server = Server::start(|_, _| {
        Reply::new(204)
            .header("SET-cookie", "a=1")
            .header("Set-Cookie", "b=2")
    });
    let to = url(&server.url("/"));
    let answer = client().send(&mut HttpRequest::new(Method::GET, &to));
    let answer = answer.unwrap();
    assert_eq!(answer.header_values("Set-Cookie"), ["a=1", "b=2"]);
    assert_eq!(answer.header_values("X"), [""; 0]);
    assert_eq!(answer.host(), server.address().to_string());
}

#[test]
fn an_answer_cut_short_is_an_error() {
    for reply in [
        Reply::xml("0123456789").stop_in_body(4),
        Reply::xml("0123456789").chunked(&[4]).stop_in_body(9),
        Reply::raw("HTTP/1.1 200 OK\r\nContent-Le").close_silently(),
        Reply::raw("H").close_silently(),
    ] {
        let shown = format!("{reply:?}");
        let error = body_of(reply).unwrap_err();
        assert!(
            matches!(error, HttpError::Disconnected(_)),
            "{error} {shown}"
        );
    }
}

#[test]
fn what_is_not_http_is_an_error() {
    let endless = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "y".repeat(64 * 1024));
    for garbage in ["SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 ABC\r\n\r\n", &endless] {
        let error = body_of(Reply::raw(garbage)).unwrap_err();
        assert!(matches!(error, HttpError::Protocol { .. }), "{error}");
    }
    let chunk = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n";
    let error = body_of(Reply::raw(chunk)).unwrap_err();
    assert!(matches!(error, HttpError::Protocol { .. }), "{error}");
}

#[test]
fn f13_the_servers_clock_is_told_where_it_is_a_date() {
    let date = |reply: Reply| {
        let server = Server::start(move |_, _| reply.clone());
        let to = url(&server.url("/"));
        let mut client = HttpClient::new(settings());
        let answer = client.send(&mut HttpRequest::new(Method::GET, &to));
        answer.unwrap().date()
    };
    for form in [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    ] {
        assert_eq!(
            date(Reply::new(204).header("Date", form)),
            Some(784_111_777)
        );
    }
    for no_date in [
        "",
        "now",
        "Sun, 06 Nov 1994",
        "Sun, 06 Nov 1994 08:49:37 CET",
    ] {
        assert_eq!(
            date(Reply::new(200).header("Date", no_date)),
            None,
            "{no_date}"
        );
    }
    assert_eq!(date(Reply::new(204)), None);
}
