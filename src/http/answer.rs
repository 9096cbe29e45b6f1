//! What came back.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;

use ureq::http::{HeaderMap, HeaderValue};
use ureq::{Body, BodyReader};

use super::connection::Connections;
use super::date::unix_of_date;
use super::error::{Explanation, HttpError};
use crate::base::excerpt::excerpt;

/// Room for one piece of a body on its way: little for most, more while there is more to come.
const FIRST_PIECE_BYTES: usize = 1024;
const MAX_PIECE_BYTES: usize = 16 * 1024;

/// Characters of the name of a coding in a message.
const MAX_CODING: usize = 40;

/// An answer whose body is yet to be read. Read to its end, the connection is kept for the next
/// request; dropped before, it is closed.
pub struct HttpAnswer {
    /// The HTTP status.
    pub status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Body,
    pub(super) explanation: Explanation,
    pub(super) connections: Arc<Connections>,
}

impl HttpAnswer {
    /// The server, `host` or `host:port`, as messages name it.
    pub fn host(&self) -> &str {
        &self.explanation.host
    }

    /// The length of the body in bytes, where the server says so before (`Content-Length`).
    pub fn length(&self) -> Option<u64> {
        self.body.content_length()
    }

    /// The values of all headers of that name, its case ignored, in their order.
    pub fn header_values(&self, name: &str) -> Vec<String> {
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        self.headers.get_all(name).iter().map(text).collect()
    }

    /// The same as the bytes that came: names and realms beyond ASCII are in any coding.
    pub fn header_octets(&self, name: &str) -> Vec<&[u8]> {
        self.headers
            .get_all(name)
            .iter()
            .map(HeaderValue::as_bytes)
            .collect()
    }

    /// The first coding of the body that is none of ours (RFC 9110 §8.4, RFC 9112 §7).
    fn foreign_coding(&self) -> Option<String> {
        let codings = |name| self.header_values(name).into_iter();
        let all = codings("content-encoding").chain(codings("transfer-encoding"));
        let all: Vec<String> = all.collect();
        let mut each = all
            .iter()
            .flat_map(|list| list.split(','))
            .map(str::trim_ascii);
        let is_ours = |coding: &str| {
            let is = |known: &str| coding.eq_ignore_ascii_case(known);
            coding.is_empty() || is("identity") || is("chunked")
        };
        let foreign = each.find(|coding| !is_ours(coding))?;
        Some(excerpt(foreign, MAX_CODING).into_owned())
    }

    /// The server's clock when it answered, in seconds since 1970 (`Date`, RFC 9110 §6.6.1);
    /// `None` where it does not tell or tells nothing that is a date.
    pub fn date(&self) -> Option<i64> {
        unix_of_date(self.headers.get("date")?.to_str().ok()?)
    }

    /// Reads the body; more than `limit` bytes of it are refused.
    pub fn read(&mut self, limit: u64) -> Result<Vec<u8>, Box<HttpError>> {
        let mut bytes = Vec::new();
        self.copy_to(&mut bytes, limit)?;
        Ok(bytes)
    }

    /// Writes the body to `to` as it comes, a buffer at a time, and tells how many bytes it had.
    ///
    /// # Errors
    /// [`HttpError::TooLarge`] for a body of more than `limit` bytes: none is written where the
    /// server says so before, no more than the limit else. [`HttpError::Encoded`] where the body of a
    /// success is in a coding; none was asked for. [`HttpError::Sink`] where `to` fails.
    pub fn copy_to(&mut self, to: &mut dyn Write, limit: u64) -> Result<u64, Box<HttpError>> {
        let mut body = self.stream(limit)?;
        let mut piece = vec![0; FIRST_PIECE_BYTES];
        loop {
            let read = match body.read(&mut piece) {
                Ok(0) => return Ok(body.came),
                Ok(read) => read,
                Err(error) => return Err(body.failure.take().unwrap_or_else(|| sink(&error))),
            };
            let written = to.write_all(piece.get(..read).unwrap_or_default());
            written.map_err(|error| sink(&error))?;
            if read == piece.len() && read < MAX_PIECE_BYTES {
                piece.resize(read * 2, 0);
            }
        }
    }

    /// The body, for who reads it as it comes.
    ///
    /// # Errors
    /// [`HttpError::TooLarge`] where the server says so before.
    pub fn stream(&mut self, limit: u64) -> Result<BodyStream<'_>, Box<HttpError>> {
        let coding = self.foreign_coding();
        let is_too_large = self.body.content_length() > Some(limit);
        let stream = BodyStream {
            coding: coding.filter(|_| (200..300).contains(&self.status)),
            body: self.body.as_reader(),
            explanation: &self.explanation,
            connections: &self.connections,
            limit,
            came: 0,
            failure: None,
        };
        match is_too_large {
            true => Err(stream.too_large()),
            false => Ok(stream),
        }
    }
}

/// A body on its way.
pub struct BodyStream<'a> {
    body: BodyReader<'a>,
    explanation: &'a Explanation,
    connections: &'a Connections,
    /// Of a success, a coding for which nobody asked.
    coding: Option<String>,
    limit: u64,
    came: u64,
    /// Why it could not be read to its end.
    pub failure: Option<Box<HttpError>>,
}

impl BodyStream<'_> {
    fn too_large(&self) -> Box<HttpError> {
        let host = self.explanation.host.clone();
        let limit = self.limit;
        HttpError::TooLarge { host, limit }.into()
    }

    fn read_piece(&mut self, piece: &mut [u8]) -> Result<usize, Box<HttpError>> {
        let read = self.body.read(piece);
        let read = read.map_err(|error| self.explanation.of(error.into()))?;
        if let Some(coding) = self.coding.take_if(|_| read > 0) {
            let host = self.explanation.host.clone();
            return Err(HttpError::Encoded { host, coding }.into());
        }
        self.came += u64::try_from(read).unwrap_or(u64::MAX);
        self.connections
            .deliver(usize::try_from(self.came).unwrap_or(usize::MAX));
        match self.came > self.limit {
            true => Err(self.too_large()),
            false => Ok(read),
        }
    }
}

/// An error is told by [`BodyStream::failure`].
impl Read for BodyStream<'_> {
    fn read(&mut self, piece: &mut [u8]) -> io::Result<usize> {
        self.read_piece(piece).map_err(|failure| {
            self.failure = Some(failure);
            ErrorKind::Other.into()
        })
    }
}

fn sink(error: &io::Error) -> Box<HttpError> {
    HttpError::Sink(error.to_string()).into()
}
