//! What is to be sent.

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use ureq::http::request::Builder;
use ureq::http::{HeaderValue, Method, Request};

use super::auth::Auth;
use super::error::HttpError;
use crate::base::secret::Secret;
use crate::base::url::Url;

/// Before a longer body that will perhaps be refused for want of credentials, the server is asked
/// for its word (`Expect: 100-continue`): it would be sent twice else. As much as curl takes.
const EXPECT_ABOVE_BYTES: u64 = 1024 * 1024;

/// A request. It can be sent again: a body is read from its beginning each time.
pub struct HttpRequest<'a> {
    pub(super) method: Method,
    pub(super) url: &'a Url,
    headers: Vec<(&'static str, Secret)>,
    /// Those whose names are spelled.
    spelled: Vec<(&'static str, Secret)>,
    pub(super) body: Option<RequestBody<'a>>,
    /// Whether the server is asked for its word before any body.
    asks: bool,
    /// Whether it was the last time.
    pub(super) expects: bool,
}

impl<'a> HttpRequest<'a> {
    /// A request without a body.
    pub fn new(method: Method, url: &'a Url) -> Self {
        Self {
            method,
            url,
            headers: Vec::new(),
            spelled: Vec::new(),
            body: None,
            asks: false,
            expects: false,
        }
    }

    /// Adds a header. No value is ever logged.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<Secret>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Adds a header whose name keeps its capitals; the others go out without. Some devices know a
    /// name in one spelling alone, though RFC 9110 §5.1 says that the case does not matter.
    #[must_use]
    pub fn spelled_header(mut self, name: &'static str, value: impl Into<Secret>) -> Self {
        self.spelled.push((name, value.into()));
        self
    }

    /// Adds the body, and with it `Content-Length`.
    #[must_use]
    pub fn body(mut self, body: RequestBody<'a>) -> Self {
        self.body = Some(body);
        self
    }

    /// Asks the server for its word before the body, however short that is: it may want credentials,
    /// or lead elsewhere.
    #[must_use]
    pub fn asking_first(mut self) -> Self {
        self.asks = true;
        self
    }

    /// All but the body as ureq wants it, with the proof that the server has asked for; and lines
    /// that ureq does not take: it has no capitals in names, and refuses a proof with bytes beyond
    /// ASCII. The server is asked for
    /// its word before a body only if it `may_expect` that.
    pub(super) fn head(
        &mut self,
        auth: &mut Auth,
        may_expect: bool,
    ) -> Result<(Builder, Vec<u8>), ureq::Error> {
        let mut request = Request::builder()
            .method(self.method.clone())
            .uri(self.url.to_string());
        for (name, value) in &self.headers {
            let value = sensitive(value.reveal().as_bytes());
            let value = value.ok_or_else(|| other(HttpError::BadHeader(name)))?;
            request = request.header(*name, value);
        }
        let length = self.body.as_ref().map(|body| body.length);
        if let Some(length) = length {
            request = request.header("Content-Length", length);
        }
        let target = &self.url.target;
        let mut lines = Vec::new();
        for (name, value) in &self.spelled {
            let value = value.reveal();
            sensitive(value.as_bytes()).ok_or_else(|| other(HttpError::BadHeader(name)))?;
            for part in [name, ": ", value, "\r\n"] {
                lines.extend_from_slice(part.as_bytes());
            }
        }
        if let Some(proof) = auth.authorization(&self.method, target, self.body.as_mut())? {
            let value = sensitive(&proof).ok_or_else(|| other(HttpError::BadCredentials))?;
            if proof.is_ascii() {
                request = request.header("Authorization", value);
            } else {
                for part in [b"authorization: ", proof.as_slice(), b"\r\n"] {
                    lines.extend_from_slice(part);
                }
            }
        }
        let is_large = auth.may_be_asked() && length > Some(EXPECT_ABOVE_BYTES);
        self.expects = may_expect && (is_large || (self.asks && length > Some(0)));
        if self.expects {
            request = request.header("Expect", "100-continue");
        }
        Ok((request, lines))
    }
}

/// Where a body comes from: a text or a file.
trait ReadSeek: Read + Seek {}

impl<T: Read + Seek> ReadSeek for T {}

/// A body of known length. It is read as it is sent, a buffer at a time.
pub struct RequestBody<'a> {
    from: Box<dyn ReadSeek + 'a>,
    length: u64,
    left: u64,
}

impl<'a> RequestBody<'a> {
    /// What is in memory already.
    pub fn text(text: &'a str) -> Self {
        let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
        Self::stream(Cursor::new(text.as_bytes()), length)
    }

    /// The first `length` bytes of `from`, from its beginning. Where it turns out to have fewer,
    /// sending fails: the server has been told.
    pub fn stream(from: impl Read + Seek + 'a, length: u64) -> Self {
        Self {
            from: Box::new(from),
            length,
            left: 0,
        }
    }

    /// Ready to be read from the beginning.
    pub(super) fn rewound(&mut self) -> io::Result<&mut dyn Read> {
        self.from.seek(SeekFrom::Start(0)).map_err(source)?;
        self.left = self.length;
        Ok(self)
    }
}

impl Read for RequestBody<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX);
        let most = most.min(buffer.len());
        let room = buffer.get_mut(..most).unwrap_or_default();
        if room.is_empty() {
            return Ok(0);
        }
        let read = self.from.read(room).map_err(source)?;
        if read == 0 {
            let lacking = format!("it ends {} bytes before its time", self.left);
            return Err(source(io::Error::other(lacking)));
        }
        self.left = self
            .left
            .saturating_sub(u64::try_from(read).unwrap_or(u64::MAX));
        Ok(read)
    }
}

/// Tells a failure of our side from one of the connection.
fn source(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::Interrupted => error,
        _ => io::Error::other(HttpError::Source(error.to_string())),
    }
}

fn other(error: HttpError) -> ureq::Error {
    ureq::Error::Other(Box::new(error))
}

/// As a header's value, `None` if it has a control character in it.
fn sensitive(secret: &[u8]) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_bytes(secret).ok()?;
    value.set_sensitive(true);
    Some(value)
}
