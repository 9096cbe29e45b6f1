//! Requests as they came, answers as they are to go out.

use std::fmt;
use std::io::{self, BufRead, Read, Write};
use std::sync::Arc;
use std::time::Duration;

/// Longer bodies and heads are a mistake of the test.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// A request as it came over the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `POST`, ...
    pub method: String,
    /// The request target, path and query as sent.
    pub target: String,
    /// `HTTP/1.1`
    pub version: String,
    /// All headers in their order; names as sent, values trimmed.
    pub headers: Vec<(String, String)>,
    /// The body, chunks joined.
    pub body: Vec<u8>,
}

impl Request {
    /// The value of the first header of that name, case ignored.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers_named(name).into_iter().next()
    }

    /// The values of all headers of that name, case ignored.
    pub fn headers_named(&self, name: &str) -> Vec<&str> {
        let named = |(key, _): &&(String, String)| key.eq_ignore_ascii_case(name);
        self.headers
            .iter()
            .filter(named)
            .map(|(_, value)| value.as_str())
            .collect()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// What goes out, step by step.
#[derive(Clone, Debug)]
enum Step {
    Send(Vec<u8>),
    Wait(Duration),
    /// The same again and again, so often, a pause after each.
    Repeat(Vec<u8>, u64, Duration),
}

/// An answer: by default status line, headers, `Content-Length` and body, with keep-alive.
#[derive(Clone, Debug)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    framing: Framing,
    before: Duration,
    stop_after: Option<usize>,
    wait_after: Option<(usize, Duration)>,
    repeat: (u64, Duration),
    http10: bool,
    close: bool,
    later: Option<Later>,
}

/// Makes the answer when it is to be sent.
#[derive(Clone)]
struct Later(Arc<dyn Fn() -> Reply + Send + Sync>);

impl fmt::Debug for Later {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Later")
    }
}

/// Ends a chunked body without trailers.
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

#[derive(Clone, Debug)]
enum Framing {
    Length,
    Chunked {
        sizes: Vec<usize>,
        trailers: Vec<(String, String)>,
    },
    UntilClose,
    Lie(u64),
    Raw,
}

impl Reply {
    /// An answer with this status and no body.
    pub fn new(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            framing: Framing::Length,
            before: Duration::ZERO,
            stop_after: None,
            wait_after: None,
            repeat: (1, Duration::ZERO),
            http10: false,
            close: false,
            later: None,
        }
    }

    /// What `make` says, which may take its time: other requests are answered meanwhile.
    pub fn later(make: impl Fn() -> Self + Send + Sync + 'static) -> Self {
        Self {
            later: Some(Later(Arc::new(make))),
            ..Self::new(200)
        }
    }

    /// Status 200 with a `text/xml` body.
    pub fn xml(body: impl Into<Vec<u8>>) -> Self {
        Self::new(200)
            .header("Content-Type", "text/xml; charset=utf-8")
            .body(body)
    }

    /// Exactly these bytes, whatever they are; the connection stays open unless [`Self::close`].
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        let mut reply = Self::new(0).body(bytes);
        reply.framing = Framing::Raw;
        reply
    }

    /// Closes the connection without a byte.
    pub fn close_without_answer() -> Self {
        Self::raw("").close_silently()
    }

    /// Says nothing until the server is dropped.
    pub fn hang() -> Self {
        Self::raw("")
            .wait_before(Duration::from_secs(3600))
            .close_silently()
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends the body chunked, in these sizes; what is left over goes into a last chunk.
    pub fn chunked(mut self, sizes: &[usize]) -> Self {
        self.framing = Framing::Chunked {
            sizes: sizes.to_vec(),
            trailers: Vec::new(),
        };
        self
    }

    /// Adds a trailer field; makes the answer chunked if it is not.
    pub fn trailer(mut self, name: &str, value: &str) -> Self {
        if !matches!(self.framing, Framing::Chunked { .. }) {
            self = self.chunked(&[]);
        }
        if let Framing::Chunked { trailers, .. } = &mut self.framing {
            trailers.push((name.into(), value.into()));
        }
        self
    }

    /// Neither `Content-Length` nor chunks: the end of the connection ends the body.
    pub fn until_close(mut self) -> Self {
        self.framing = Framing::UntilClose;
        self.close = true;
        self
    }

    /// `HTTP/1.0` without keep-alive: closes after the answer, without a `Connection` header.
    pub fn http10(mut self) -> Self {
        self.http10 = true;
        self.close = true;
        self
    }

    /// Closes after the answer and says so by `Connection: close`.
    pub fn close(self) -> Self {
        self.header("Connection", "close").close_silently()
    }

    /// Closes after the answer without having said so.
    pub fn close_silently(mut self) -> Self {
        self.close = true;
        self
    }

    /// Waits before the first byte; cut short when the server is dropped.
    pub fn wait_before(mut self, time: Duration) -> Self {
        self.before = time;
        self
    }

    /// Waits after this many bytes of the body as it is on the wire.
    pub fn wait_in_body(mut self, after: usize, time: Duration) -> Self {
        self.wait_after = Some((after, time));
        self
    }

    /// Sends the body so often, with a pause after each: a long one that is in no memory, one without
    /// end, one that drips. Chunked, each is a chunk.
    pub fn repeated(mut self, times: u64, pause: Duration) -> Self {
        self.repeat = (times, pause);
        self
    }

    /// Announces another length than it has.
    pub fn lying(mut self, length: u64) -> Self {
        self.framing = Framing::Lie(length);
        self
    }

    /// Stops after this many bytes of the body as it is on the wire, and closes.
    pub fn stop_in_body(mut self, after: usize) -> Self {
        self.stop_after = Some(after);
        self.close = true;
        self
    }

    /// Sends it; `pause` waits and says whether to go on. Returns whether to keep the connection.
    pub(super) fn send(
        self,
        stream: &mut impl Write,
        pause: impl Fn(Duration) -> bool,
    ) -> io::Result<bool> {
        if let Some(later) = &self.later {
            return (later.0)().send(stream, pause);
        }
        for step in self.steps() {
            match step {
                Step::Send(bytes) => {
                    stream.write_all(&bytes)?;
                    stream.flush()?;
                }
                Step::Repeat(bytes, times, time) => {
                    for _ in 0..times {
                        stream.write_all(&bytes)?;
                        stream.flush()?;
                        if !pause(time) {
                            return Ok(false);
                        }
                    }
                }
                Step::Wait(time) => {
                    if !pause(time) {
                        return Ok(false);
                    }
                }
            }
        }
        Ok(!self.close)
    }

    fn steps(&self) -> Vec<Step> {
        let head = self.head();
        let mut body = self.body_on_the_wire();
        if let Some(length) = self.stop_after {
            body.truncate(length);
        }
        let mut steps = vec![Step::Wait(self.before)];
        if let (2.., pause) = self.repeat {
            steps.push(Step::Send(head));
            let is_chunked = matches!(self.framing, Framing::Chunked { .. });
            let end = if is_chunked {
                body.split_off(body.len() - LAST_CHUNK.len())
            } else {
                Vec::new()
            };
            steps.push(Step::Repeat(body, self.repeat.0, pause));
            steps.push(Step::Send(end));
            return steps;
        }
        match self.wait_after {
            Some((after, time)) => {
                let rest = body.split_off(after.min(body.len()));
                steps.push(Step::Send([head, body].concat()));
                steps.push(Step::Wait(time));
                steps.push(Step::Send(rest));
            }
            None => steps.push(Step::Send([head, body].concat())),
        }
        steps
    }

    fn head(&self) -> Vec<u8> {
        if matches!(self.framing, Framing::Raw) {
            return Vec::new();
        }
        let version = if self.http10 { "1.0" } else { "1.1" };
        let mut head = format!("HTTP/{version} {} {}\r\n", self.status, reason(self.status));
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        match &self.framing {
            Framing::Length if self.status != 204 => {
                let length = (self.body.len() as u64).saturating_mul(self.repeat.0);
                head += &format!("Content-Length: {length}\r\n");
            }
            Framing::Lie(length) => head += &format!("Content-Length: {length}\r\n"),
            Framing::Chunked { .. } => head += "Transfer-Encoding: chunked\r\n",
            _ => {}
        }
        head += "\r\n";
        head.into_bytes()
    }

    fn body_on_the_wire(&self) -> Vec<u8> {
        let Framing::Chunked { sizes, trailers } = &self.framing else {
            return self.body.clone();
        };
        let mut wire = Vec::new();
        let mut rest = self.body.as_slice();
        for size in sizes.iter().copied().chain([self.body.len()]) {
            let (chunk, after) = rest.split_at(size.min(rest.len()));
            rest = after;
            if !chunk.is_empty() {
                wire.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                wire.extend_from_slice(chunk);
                wire.extend_from_slice(b"\r\n");
            }
        }
        wire.extend_from_slice(b"0\r\n");
        for (name, value) in trailers {
            wire.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        wire.extend_from_slice(b"\r\n");
        wire
    }
}

/// In short, for a transcript: `204 No Content`.
impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if matches!(self.framing, Framing::Raw) {
            return write!(f, "{} raw bytes", self.body.len());
        }
        write!(f, "{} {}", self.status, reason(self.status))?;
        if self.stop_after.is_some() {
            f.write_str(", cut off")?;
        }
        Ok(())
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        206 => "Partial Content",
        301 => "Moved Permanently",
        302 => "Found",
        307 => "Temporary Redirect",
        303 => "See Other",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        416 => "Range Not Satisfiable",
        417 => "Expectation Failed",
        407 => "Proxy Authentication Required",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Whatever",
    }
}

/// Reads the head of a request; `None` where the client closed between requests.
pub(super) fn read_head(stream: &mut impl BufRead) -> io::Result<Option<Request>> {
    let Some(start) = read_line(stream)? else {
        return Ok(None);
    };
    let mut words = start.split(' ').map(str::to_owned);
    let (method, target, version) = (words.next(), words.next(), words.next());
    let mut request = Request {
        method: method.unwrap_or_default(),
        target: target.unwrap_or_default(),
        version: version.unwrap_or_default(),
        headers: Vec::new(),
        body: Vec::new(),
    };
    while let Some(line) = read_line(stream)?.filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').unwrap_or((&line, ""));
        request.headers.push((name.into(), value.trim().into()));
    }
    Ok(Some(request))
}

/// Reads the body that the head announces.
pub(super) fn read_body(request: &Request, stream: &mut impl BufRead) -> io::Result<Vec<u8>> {
    match request.header("Content-Length").map(str::parse::<u64>) {
        Some(Ok(length)) => read_exactly(stream, length),
        Some(Err(_)) => Err(io::ErrorKind::InvalidData.into()),
        None if request.header("Transfer-Encoding") == Some("chunked") => read_chunks(stream),
        None => Ok(Vec::new()),
    }
}

fn read_line(stream: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    if stream.take(MAX_BYTES).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    let line = String::from_utf8_lossy(&line);
    Ok(Some(line.trim_end_matches(['\r', '\n']).to_owned()))
}

fn read_exactly(stream: &mut impl Read, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = stream.take(length.min(MAX_BYTES)).read_to_end(&mut bytes)?;
    if u64::try_from(read) == Ok(length) {
        Ok(bytes)
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

fn read_chunks(stream: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let size = read_line(stream)?.unwrap_or_default();
        let size = u64::from_str_radix(size.trim(), 16).map_err(io::Error::other)?;
        if size == 0 {
            while read_line(stream)?.is_some_and(|line| !line.is_empty()) {}
            return Ok(body);
        }
        body.extend(read_exactly(stream, size)?);
        read_line(stream)?;
    }
}
