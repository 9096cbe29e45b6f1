//! The head of a connection request, read from bytes that nobody vouches for.

use httparse::Status;

/// The most bytes a request's head may take. A request with a digest answer needs about 500.
pub const MAX_HEAD: usize = 4096;

/// The most lines of it. That of an ACS has about six.
pub const MAX_HEADERS: usize = 32;

/// A request's head.
#[derive(Debug)]
pub struct Head<'a> {
    /// As it stands there: methods are case-sensitive (RFC 9110 §9.1).
    pub method: &'a str,
    /// The path of the request target, without scheme, host and query.
    pub path: &'a str,
    /// The one `Authorization` value; names in it are in any coding.
    pub authorization: Option<&'a [u8]>,
    /// Whether another request may follow on the connection.
    pub keep_alive: bool,
    /// A body follows, which means nothing here and is not read, so that no request can follow it.
    pub has_body: bool,
}

/// What the bytes so far amount to.
#[derive(Debug)]
pub enum HeadReading<'a> {
    /// The head is not complete.
    Partial,
    /// A head, and the number of bytes that it took.
    Whole(Head<'a>, usize),
    /// More than [`MAX_HEAD`] or [`MAX_HEADERS`].
    TooLong,
    /// Not a request of HTTP/1.
    Malformed,
}

/// Reads a head from the start of `bytes`: lines end in CRLF or a bare LF, empty ones before it are
/// skipped (RFC 9112 §2.2), white space around a name and folded lines are refused (§5.1, §5.2).
pub fn read(bytes: &[u8]) -> HeadReading<'_> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(bytes) {
        Ok(Status::Complete(used)) if used <= MAX_HEAD => match take(&request) {
            Some(head) => HeadReading::Whole(head, used),
            None => HeadReading::Malformed,
        },
        Ok(Status::Partial) if bytes.len() < MAX_HEAD => HeadReading::Partial,
        Ok(_) | Err(httparse::Error::TooManyHeaders) => HeadReading::TooLong,
        Err(_) => HeadReading::Malformed,
    }
}

/// What a request comes to; `None` where it says two things.
fn take<'a>(request: &httparse::Request<'_, 'a>) -> Option<Head<'a>> {
    let mut keep_alive = request.version? >= 1;
    let mut has_body = false;
    let mut authorization = None;
    for header in &*request.headers {
        let is = |wanted: &str| header.name.eq_ignore_ascii_case(wanted);
        let value = header.value;
        if is("Authorization") {
            if authorization.replace(value).is_some() {
                return None;
            }
        } else if is("Connection") {
            keep_alive &= !value.eq_ignore_ascii_case(b"close");
        } else if is("Transfer-Encoding") || (is("Content-Length") && value != b"0") {
            has_body = true;
        }
    }
    Some(Head {
        method: request.method?,
        path: path_of(request.path?),
        authorization,
        keep_alive: keep_alive && !has_body,
        has_body,
    })
}

/// The path of an origin-form or absolute-form request target (RFC 9112 §3.2), without the query.
pub(super) fn path_of(target: &str) -> &str {
    let path = match target.split_once("://") {
        Some((scheme, rest)) if !scheme.contains('/') => match rest.find('/') {
            Some(at) => rest.get(at..).unwrap_or("/"),
            None => "/",
        },
        _ => target,
    };
    path.split(['?', '#']).next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str) -> Head<'_> {
        match read(text.as_bytes()) {
            HeadReading::Whole(head, used) => {
                assert_eq!(used, text.len());
                head
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn reads_what_an_acs_sends() {
        let head = whole(
            "GET /t0ken?x=1 HTTP/1.1\r\nHost: 10.0.0.1:7547\r\nauthorization:  Digest a=b \r\n\r\n",
        );
        assert_eq!(head.method, "GET");
        assert_eq!(head.path, "/t0ken");
        assert_eq!(head.authorization, Some(b"Digest a=b".as_slice()));
        assert!(head.keep_alive);
    }

    #[test]
    fn a_body_is_not_taken_for_the_next_request() {
        for (header, goes_on) in [
            ("Content-Length: 0", true),
            ("Content-Length: 5", false),
            ("content-length: 00", false),
            ("Transfer-Encoding: chunked", false),
        ] {
            let text = format!("GET / HTTP/1.1\r\n{header}\r\n\r\n");
            let head = whole(&text);
            assert_eq!(head.keep_alive, goes_on, "{header}");
        }
    }

    #[test]
    fn s13_a_header_may_have_any_bytes_and_the_request_line_may_not() {
        let text = b"GET /p HTTP/1.1\r\nX: \xff\r\nAuthorization: Digest username=\"\xfc\"\r\n\r\n";
        let HeadReading::Whole(head, _) = read(text) else {
            panic!("not read")
        };
        let value: &[u8] = b"Digest username=\"\xfc\"";
        assert_eq!(head.authorization, Some(value));
        let name = b"GET /p HTTP/1.1\r\nX\xff: a\r\n\r\n";
        assert!(matches!(read(name), HeadReading::Malformed));
    }

    #[test]
    fn absolute_targets_and_bare_line_feeds_are_read() {
        let head = whole("\r\nGET http://[::1]:7547/p HTTP/1.0\nConnection: close\n\n");
        assert_eq!(head.path, "/p");
        assert!(!head.keep_alive);
        assert_eq!(path_of("http://h"), "/");
        assert_eq!(path_of("/a?b=://c"), "/a");
    }

    #[test]
    fn a_head_is_partial_until_its_empty_line_and_bounded() {
        assert!(matches!(read(b""), HeadReading::Partial));
        assert!(matches!(
            read(b"GET / HTTP/1.1\r\nHost: x\r\n"),
            HeadReading::Partial
        ));
        let long = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "y".repeat(MAX_HEAD));
        assert!(matches!(read(long.as_bytes()), HeadReading::TooLong));
        assert!(matches!(read(&[b'\n'; MAX_HEAD]), HeadReading::TooLong));
        let lines = |count| format!("GET / HTTP/1.1\r\n{}\r\n", "a:\r\n".repeat(count));
        whole(&lines(MAX_HEADERS));
        let many = lines(MAX_HEADERS + 1);
        assert!(matches!(read(many.as_bytes()), HeadReading::TooLong));
    }

    #[test]
    fn what_is_not_http_is_malformed() {
        for text in [
            "hello\r\n\r\n",
            "GET /\r\n\r\n",
            "GET / HTTP/2\r\n\r\n",
            "GET  / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nno colon\r\n\r\n",
            "GET / HTTP/1.1\r\n: no name\r\n\r\n",
            "GET / HTTP/1.1\r\nA: b\r\n Authorization: folded\r\n\r\n",
            "GET / HTTP/1.1\r\nAuthorization : a\r\n\r\n",
            "GET / HTTP/1.1\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n",
        ] {
            assert!(
                matches!(read(text.as_bytes()), HeadReading::Malformed),
                "{text}"
            );
        }
        assert!(matches!(
            read(b"GET /\xff HTTP/1.1\r\n\r\n"),
            HeadReading::Malformed
        ));
    }
}
