//! Bodies that are streamed, in both directions, and servers that misbehave meanwhile.

use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use cwmpd::http::error::HttpError;
use cwmpd::http::{ExchangePhase, HttpClient, HttpRequest, Method, RequestBody};
use cwmpd_lab::http::{Identity, Leaf, Reply, Request, Server, ServerTls};

use crate::{AMPLE, client, credentials, exchange, settings, url};

/// Above the length from which on a server is asked before it gets the body.
const LARGE: usize = 3 << 20;

/// Bytes in which nothing can get lost or change its place unnoticed.
fn pattern(length: usize) -> Vec<u8> {
    let word = |position: usize| (position as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (0..length)
        .map(|position| word(position / 8).to_le_bytes()[position % 8])
        .collect()
}

// ---- what comes in ---------------------------------------------------------------------------

/// What a GET of `reply` writes, and how it ends.
fn download(reply: Reply, limit: u64) -> (Vec<u8>, Result<u64, HttpError>) {
    let server = Server::start(move |_, _| reply.clone());
    let from = url(&server.url("/"));
    let mut client = client();
    let answer = client.send(&mut HttpRequest::new(Method::GET, &from));
    let mut written = Vec::new();
    let copied = answer.unwrap().copy_to(&mut written, limit);
    (written, copied.map_err(|e| *e))
}

#[test]
fn a_body_is_written_as_it_comes_however_it_is_framed() {
    let body = pattern(LARGE);
    for reply in [
        Reply::new(200).body(body.clone()),
        Reply::new(200).body(body.clone()).chunked(&[1, 70_000, 3]),
        Reply::new(200).body(body.clone()).until_close(),
    ] {
        let (written, copied) = download(reply, LARGE as u64);
        assert!(written == body);
        assert_eq!(copied, Ok(LARGE as u64));
    }
    assert_eq!(download(Reply::new(204), 0), (Vec::new(), Ok(0)));
}

#[test]
fn a_body_beyond_its_bound_is_refused_and_at_most_the_bound_written() {
    let body = pattern(LARGE + 1);
    let announced = Reply::new(200).body(body.clone());
    let unannounced = announced.clone().chunked(&[LARGE]);
    let until_close = announced.clone().until_close();
    for (reply, most) in [(announced, 0), (unannounced, LARGE), (until_close, LARGE)] {
        let (written, copied) = download(reply, LARGE as u64);
        let error = copied.unwrap_err();
        let expected = LARGE as u64;
        assert!(
            matches!(error, HttpError::TooLarge { limit, .. } if limit == expected),
            "{error}"
        );
        assert!(written.len() <= most);
    }
}

#[test]
fn a_body_cut_short_is_an_error_and_what_came_is_there() {
    let body = pattern(100_000);
    let whole = Reply::new(200).body(body.clone());
    for reply in [
        whole.clone().stop_in_body(70_000),
        whole.chunked(&[60_000, 30_000]).stop_in_body(70_000),
    ] {
        let (written, copied) = download(reply, u64::MAX);
        let error = copied.unwrap_err();
        assert!(matches!(error, HttpError::Disconnected(_)), "{error}");
        assert!(written.len() >= 60_000 && body.starts_with(&written));
    }
}

/// A body that ends with the connection has no other mark of its end.
#[test]
fn a_connection_that_is_reset_is_not_the_end_of_a_body() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let from = url(&format!("http://{}/", listener.local_addr().unwrap()));
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // The rest of the request is not read, so that closing is a reset.
        stream.read_exact(&mut [0; 4]).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nhalf").unwrap();
        // Not before this has arrived.
        thread::sleep(Duration::from_millis(100));
    });
    let mut client = client();
    let mut answer = client
        .send(&mut HttpRequest::new(Method::GET, &from))
        .unwrap();
    server.join().unwrap();
    let error = answer.read(100).unwrap_err();
    assert!(matches!(*error, HttpError::Disconnected(_)), "{error}");
}

#[test]
fn a_body_that_stalls_ends_with_the_exchange() {
    let server = Server::start(|_, _| Reply::xml("0123456789").wait_in_body(5, AMPLE));
    let from = url(&server.url("/"));
    let mut settings = settings();
    settings.limits.exchange = Duration::from_millis(200);
    let mut client = HttpClient::new(settings);
    let answer = client.send(&mut HttpRequest::new(Method::GET, &from));
    let copied = answer.and_then(|mut answer| answer.copy_to(&mut io::sink(), u64::MAX));
    let error = copied.unwrap_err();
    let timeout = matches!(
        *error,
        HttpError::Timeout {
            phase: ExchangePhase::Exchange,
            ..
        }
    );
    assert!(timeout, "{error}");
}

/// Has room for so many bytes.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self
            .0
            .checked_sub(bytes.len())
            .ok_or(io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_is_told_from_a_broken_connection() {
    let server = Server::start(|_, _| Reply::new(200).body(pattern(LARGE)));
    let from = url(&server.url("/"));
    let mut client = client();
    let request = &mut HttpRequest::new(Method::GET, &from);
    let error = client
        .send(request)
        .unwrap()
        .copy_to(&mut Full(50_000), u64::MAX);
    let error = error.unwrap_err();
    assert!(matches!(*error, HttpError::Sink(_)), "{error}");
    assert!(error.to_string().contains("no storage space"), "{error}");
    // The client goes on.
    assert_eq!(
        client.send(request).unwrap().read(u64::MAX).unwrap().len(),
        LARGE
    );
}

// ---- what goes out ---------------------------------------------------------------------------

/// A body that counts what is read of it.
struct Counted<'a> {
    body: Cursor<&'a [u8]>,
    read: &'a mut usize,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.body.read(buffer)?;
        *self.read += read;
        Ok(read)
    }
}

impl Seek for Counted<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.body.seek(to)
    }
}

/// Puts a body; the status, and how many bytes of it were read for that.
fn upload(client: &mut HttpClient, to: &str, body: &[u8]) -> (Result<u16, HttpError>, usize) {
    let to = url(to);
    let mut read = 0;
    let counted = Counted {
        body: Cursor::new(body),
        read: &mut read,
    };
    let request = HttpRequest::new(Method::PUT, &to);
    let request = request.body(RequestBody::stream(counted, body.len() as u64));
    let answer = exchange(client, request, true);
    (answer.map(|answer| answer.status), read)
}

#[test]
fn a_stream_arrives_whole_with_its_length() {
    let server = Server::start(|_, _| Reply::new(201));
    for length in [0, 1, 100_000, LARGE] {
        let body = pattern(length);
        let (status, read) = upload(&mut client(), &server.url("/file"), &body);
        assert_eq!((status, read), (Ok(201), length));
        let request = server.requests().pop().unwrap();
        assert_eq!(
            (request.method.as_str(), request.target.as_str()),
            ("PUT", "/file")
        );
        assert_eq!(
            request.headers_named("Content-Length"),
            [length.to_string()]
        );
        assert_eq!(request.header("Transfer-Encoding"), None);
        assert!(request.body == body);
    }
}

#[test]
fn of_a_longer_stream_only_the_length_given_is_sent() {
    let server = Server::start(|_, _| Reply::new(201));
    let to = url(&server.url("/"));
    let mut request =
        HttpRequest::new(Method::PUT, &to).body(RequestBody::stream(Cursor::new("0123456789"), 4));
    for _ in 0..2 {
        client().send(&mut request).unwrap();
        assert_eq!(server.requests().pop().unwrap().text(), "0123");
    }
}

#[test]
fn a_stream_that_ends_too_early_or_cannot_be_read_is_told_from_a_broken_connection() {
    struct Torn;
    impl Read for Torn {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the flash is torn"))
        }
    }
    impl Seek for Torn {
        fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
            Ok(0)
        }
    }
    let server = Server::start(|_, _| Reply::new(201));
    let to = url(&server.url("/"));
    let short = RequestBody::stream(Cursor::new(pattern(1000)), 1001);
    for (body, told) in [
        (short, "ends 1 bytes before"),
        (RequestBody::stream(Torn, 5), "the flash is torn"),
    ] {
        let mut client = client();
        let mut request = HttpRequest::new(Method::PUT, &to).body(body);
        let error = client.send(&mut request).map(drop).unwrap_err();
        assert!(matches!(*error, HttpError::Source(_)), "{error}");
        assert!(error.to_string().contains(told), "{error}");
    }
    assert_eq!(server.requests().len(), 0);
}

/// Takes what comes with the right password, by Basic.
fn guard(request: &Request) -> Option<Reply> {
    let proven = request.header("Authorization").is_some();
    (!proven).then(|| Reply::new(401).header("WWW-Authenticate", "Basic realm=\"r\""))
}

#[test]
fn a_large_body_waits_for_the_word_of_a_server_that_may_want_credentials() {
    let server = Server::start_gated(guard, |_, _| Reply::new(201));
    let body = pattern(LARGE);
    let mut client = client();
    // Read once: the refusal came before it.
    let (status, read) = upload(&mut client, &server.url("/"), &body);
    assert_eq!((status, read), (Ok(201), LARGE));
    // Now the proof is known and goes along.
    let (status, read) = upload(&mut client, &server.url("/"), &body);
    assert_eq!((status, read), (Ok(201), LARGE));
    let expects: Vec<_> = server
        .requests()
        .iter()
        .map(|request| (request.header("Expect").is_some(), request.body.len()))
        .collect();
    assert_eq!(expects, [(true, 0), (false, LARGE), (false, LARGE)]);
}

#[test]
fn a_server_that_says_continue_gets_the_body_at_once() {
    let server = Server::start_gated(|_| None, |_, _| Reply::new(201));
    let body = pattern(LARGE);
    // On a loaded machine one of several has to do.
    let quick = (0..5).any(|_| {
        let begun = Instant::now();
        let (status, read) = upload(&mut client(), &server.url("/"), &body);
        assert_eq!((status, read), (Ok(201), LARGE));
        begun.elapsed() < Duration::from_millis(900)
    });
    assert_eq!(server.requests()[0].header("Expect"), Some("100-continue"));
    // Without its word it would have come after a second.
    assert!(quick);
}

#[test]
fn a_server_that_does_not_know_the_question_gets_the_body_all_the_same() {
    let silent = Server::start(|request, _| guard(request).unwrap_or_else(|| Reply::new(201)));
    let body = pattern(LARGE);
    let (status, read) = upload(&mut client(), &silent.url("/"), &body);
    assert_eq!((status, read), (Ok(201), 2 * LARGE));
    assert!(silent.requests().iter().all(|request| request.body == body));

    let refusing = Server::start_gated(|_| Some(Reply::new(417)), |_, _| Reply::new(201));
    let (status, read) = upload(&mut client(), &refusing.url("/"), &body);
    assert_eq!((status, read), (Ok(201), LARGE));
    assert_eq!(refusing.requests()[1].header("Expect"), None);
}

#[test]
fn a_small_body_or_one_without_credentials_asks_nobody() {
    let server = Server::start_gated(|_| Some(Reply::new(500)), |_, _| Reply::new(201));
    let (status, _) = upload(&mut client(), &server.url("/"), &pattern(1 << 20));
    assert_eq!(status, Ok(201));
    let mut settings = settings();
    settings.credentials.username.clear();
    let mut anonymous = HttpClient::new(settings);
    let (status, _) = upload(&mut anonymous, &server.url("/"), &pattern(LARGE));
    assert_eq!(status, Ok(201));
}

#[test]
fn a_stream_proves_its_content_where_the_server_wants_that() {
    let identity = Identity::self_signed(&Leaf::localhost());
    let challenge = "Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\", algorithm=SHA-256";
    let server = Server::start_tls(ServerTls::new(&identity), move |request, _| {
        match request.header("Authorization") {
            Some(header) if is_proof(header, request) => Reply::new(201),
            _ => Reply::new(401).header("WWW-Authenticate", challenge),
        }
    });
    let mut settings = settings();
    settings.tls.insecure = true;
    let mut client = HttpClient::new(settings);
    let body = pattern(300_000);
    for _ in 0..2 {
        let (status, _) = upload(&mut client, &server.url("/"), &body);
        assert_eq!(status, Ok(201));
    }
}

fn is_proof(header: &str, request: &Request) -> bool {
    use cwmpd::base::digest::{Algorithm, Proof, Qop, parse};
    let given = parse(header).remove(0);
    let param = |name| given.param(name).unwrap_or_default();
    let algorithm = Algorithm::Sha256;
    let body = algorithm.hash_body(&mut request.body.as_slice()).unwrap();
    let credentials = credentials();
    let proof = Proof {
        algorithm,
        username: credentials.username.as_bytes(),
        realm: b"r",
        password: credentials.password.reveal().as_bytes(),
        nonce: b"n",
        cnonce: param("cnonce"),
        nc: param("nc"),
        method: "PUT",
        uri: "/",
        qop: Qop::AuthInt(&body),
    };
    param("response") == proof.response()
}

#[test]
fn a_server_that_stops_reading_is_left_when_the_exchange_is_over() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = format!("http://{}/", listener.local_addr().unwrap());
    let mut settings = settings();
    settings.credentials.username.clear();
    settings.limits.exchange = Duration::from_millis(300);
    let mut client = HttpClient::new(settings);
    let begun = Instant::now();
    // More than the system keeps for a reader that does not read.
    let (result, read) = upload(&mut client, &to, &pattern(64 << 20));
    let error = result.unwrap_err();
    assert!(matches!(error, HttpError::Timeout { .. }), "{error}");
    assert!(read < 64 << 20 && begun.elapsed() < AMPLE);
    drop(listener);
}

#[test]
fn a_refusal_in_the_midst_of_a_body_is_an_error_of_the_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = format!("http://{}/", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_exact(&mut [0; 1000]).unwrap();
        let refusal = b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(refusal).unwrap();
    });
    let mut settings = settings();
    settings.credentials.username.clear();
    let (result, _) = upload(&mut HttpClient::new(settings), &to, &pattern(64 << 20));
    let error = result.unwrap_err();
    let broke_off = matches!(error, HttpError::Disconnected(_) | HttpError::Unanswered(_));
    assert!(broke_off, "{error}");
    server.join().unwrap();
}
