//! Servers that do not come to an end, each in its own way.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use cwmpd::http::error::HttpError;
use cwmpd::http::{ExchangePhase, HttpClient, HttpRequest, HttpSettings, Method, TimeLimits};

use crate::{settings, url};

/// The most that is read of a body here.
const LIMIT: u64 = 1024 * 1024;

/// What a client with these settings gets of a server that answers with `begin` and then with `more`
/// for ever, a pause between.
fn answered(
    settings: HttpSettings,
    begin: &str,
    more: &str,
    pause: Duration,
) -> Result<Vec<u8>, HttpError> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = url(&format!("http://{}/", listener.local_addr().unwrap()));
    let (begin, more) = (begin.to_owned(), more.to_owned());
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]);
        let mut sent = stream.write_all(begin.as_bytes());
        while sent.is_ok() {
            thread::sleep(pause);
            sent = stream.write_all(more.as_bytes());
        }
    });
    let mut client = HttpClient::new(settings);
    let mut request = HttpRequest::new(Method::GET, &to);
    let answer = client.send(&mut request);
    let answer = answer.and_then(|mut answer| answer.read(LIMIT));
    drop(client);
    server.join().unwrap();
    answer.map_err(|e| *e)
}

#[test]
fn s26_heads_chunk_sizes_and_trailers_without_end_are_refused() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (what, begin, more) in [
        (
            "trailers",
            format!("{chunked}3\r\nabc\r\n0\r\n"),
            "X: y\r\n",
        ),
        (
            "a trailer",
            format!("{chunked}3\r\nabc\r\n0\r\nX: "),
            "yyyyyyyy",
        ),
        (
            "interim heads",
            String::new(),
            "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n",
        ),
        (
            "continuations",
            String::new(),
            "HTTP/1.1 100 Continue\r\n\r\n",
        ),
        ("headers", "HTTP/1.1 200 OK\r\n".into(), "X: y\r\n"),
        ("a header", "HTTP/1.1 200 OK\r\nX: ".into(), "yyyyyyyy"),
        ("a status line", "HTTP/1.1 200 ".into(), "OOOOOOOO"),
        ("a chunk extension", format!("{chunked}3;x="), "yyyyyyyy"),
        ("chunk sizes", chunked.into(), "0000000000000001\r\nx\r\n"),
    ] {
        let refused = answered(settings(), &begin, &more.repeat(100), Duration::ZERO);
        let is_refused = matches!(refused, Err(HttpError::Protocol { .. }));
        assert!(is_refused, "{what}: {refused:?}");
    }
}

#[test]
fn s26_a_body_without_end_is_refused_at_its_limit() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let kept = "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n";
    for (begin, more) in [(chunked, "8\r\nabcdefgh\r\n"), (kept, "abcdefgh")] {
        let refused = answered(settings(), begin, &more.repeat(1000), Duration::ZERO);
        let is_refused = matches!(refused, Err(HttpError::TooLarge { limit: LIMIT, .. }));
        assert!(is_refused, "{refused:?}");
    }
}

#[test]
fn s26_an_answer_that_drips_is_given_up_when_its_time_is_over() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let limits = TimeLimits {
        exchange: Duration::from_millis(500),
        ..settings().limits
    };
    for (begin, more) in [
        (chunked, "1\r\nx\r\n"),
        ("HTTP/1.1 200 OK\r\n\r\n", "x"),
        ("HTTP/1.1 200 OK\r\n", "X: y\r\n"),
        ("", "HTTP/1.1 103 Early Hints\r\n\r\n"),
    ] {
        let impatient = HttpSettings {
            limits,
            ..settings()
        };
        let refused = answered(impatient, begin, more, Duration::from_millis(20));
        let Err(HttpError::Timeout { phase, .. }) = refused else {
            panic!("{begin:?}: {refused:?}");
        };
        assert_eq!(phase, ExchangePhase::Exchange, "{begin:?}");
    }
}

#[test]
fn an_answer_with_many_interim_heads_or_small_chunks_is_taken() {
    let interim = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n".repeat(20);
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (before, chunks) in [(&*interim, 10), ("", 500_000)] {
        let body = "1\r\nx\r\n".repeat(chunks);
        let whole = format!("{before}{head}{body}0\r\nX: y\r\n\r\n");
        // What follows the end only closes the connection.
        let taken = answered(settings(), &whole, "\n", Duration::from_millis(20));
        assert_eq!(taken.map(|body| body.len()), Ok(chunks));
    }
}
