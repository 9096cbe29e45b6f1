//! HTTP Digest access authentication (RFC 7616, RFC 2617 and RFC 2069 in one): the grammar of
//! challenges and credentials, and the response both sides compute. Pure: no random numbers, no
//! memory of nonces.
//!
//! The grammar of `WWW-Authenticate` and of `Authorization` is the same (RFC 9110 §11), so
//! [`parse`] reads both. No text makes it panic; what it cannot read it leaves out.

use std::io::{self, Read};

use md5::{Digest, Md5};
use sha2::Sha256;

/// More parameters than this in one challenge are ignored. RFC 7616 knows eleven.
pub const MAX_PARAMS: usize = 32;

/// One challenge, or one set of credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Challenge {
    /// `Digest`, `Basic`, ... as written; compare without regard to case.
    pub scheme: String,
    params: Vec<(String, String)>,
}

impl Challenge {
    /// Whether it is of this scheme.
    pub fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    /// The value of a parameter, unquoted; its name is compared without regard to case.
    pub fn param(&self, name: &str) -> Option<&str> {
        let (_, value) = self
            .params
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        Some(value)
    }

    fn push(&mut self, name: &str, value: &str) {
        if !name.is_empty() && self.params.len() < MAX_PARAMS {
            self.params.push((name.to_owned(), unquote(value.trim())));
        }
    }
}

/// Reads the value of a `WWW-Authenticate` or `Authorization` header: one or more challenges in a
/// comma-separated list, whose parameters are separated by commas as well (RFC 9110 §11.6.1).
pub fn parse(header: &str) -> Vec<Challenge> {
    let mut challenges: Vec<Challenge> = Vec::new();
    for item in elements(header) {
        let (word, rest) = split_word(item);
        if let (Some(value), Some(challenge)) = (rest.strip_prefix('='), challenges.last_mut()) {
            challenge.push(word, value);
        } else if !word.is_empty() {
            let mut challenge = Challenge {
                scheme: word.to_owned(),
                params: Vec::new(),
            };
            let (name, rest) = split_word(rest);
            if let Some(value) = rest.strip_prefix('=') {
                challenge.push(name, value);
            }
            challenges.push(challenge);
        }
    }
    challenges
}

/// The elements of a list, split at the commas outside quoted strings.
fn elements(header: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let mut escaped = false;
    header
        .split(move |c| {
            let separates = c == ',' && !quoted;
            quoted ^= c == '"' && !escaped;
            escaped = c == '\\' && quoted && !escaped;
            separates
        })
        .map(str::trim)
        .filter(|item| !item.is_empty())
}

/// The token at the start, and what follows it after white space.
fn split_word(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| c == '=' || c == '"' || c.is_whitespace());
    let (word, rest) = text.split_at(end.unwrap_or(text.len()));
    (word, rest.trim_start())
}

fn unquote(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"') else {
        return value.to_owned();
    };
    let mut text = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => text.extend(chars.next()),
            c => text.push(c),
        }
    }
    text
}

/// A text as a quoted string (RFC 9110 §5.6.4).
pub fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

/// The hash and its variant. Ordered by strength.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// `MD5`, also meant where no algorithm is named.
    Md5,
    /// `MD5-sess`
    Md5Sess,
    /// `SHA-256`
    Sha256,
    /// `SHA-256-sess`
    Sha256Sess,
}

impl Algorithm {
    /// From the `algorithm` parameter; `None` for an algorithm we do not compute.
    pub fn named(name: Option<&str>) -> Option<Self> {
        let Some(name) = name else {
            return Some(Self::Md5);
        };
        [Self::Md5, Self::Md5Sess, Self::Sha256, Self::Sha256Sess]
            .into_iter()
            .find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }

    /// As the `algorithm` parameter names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Md5Sess => "MD5-sess",
            Self::Sha256 => "SHA-256",
            Self::Sha256Sess => "SHA-256-sess",
        }
    }

    /// Whether it is one of the `-sess` variants, which hash the client's nonce into the secret.
    pub fn is_session(self) -> bool {
        matches!(self, Self::Md5Sess | Self::Sha256Sess)
    }

    /// The hash of the parts joined by colons, in lower-case hex.
    fn hash(self, parts: &[&str]) -> String {
        let joined = parts.join(":");
        match self {
            Self::Md5 | Self::Md5Sess => hex(&Md5::digest(joined)),
            Self::Sha256 | Self::Sha256Sess => hex(&Sha256::digest(joined)),
        }
    }

    /// The hash of a body, in lower-case hex, for [`Qop::AuthInt`]. The body is read to its end, a
    /// piece at a time.
    pub fn hash_body(self, body: &mut dyn Read) -> io::Result<String> {
        match self {
            Self::Md5 | Self::Md5Sess => hash_all::<Md5>(body),
            Self::Sha256 | Self::Sha256Sess => hash_all::<Sha256>(body),
        }
    }
}

fn hash_all<H: Digest>(body: &mut dyn Read) -> io::Result<String> {
    let mut hash = H::new();
    let mut piece = vec![0; 16 * 1024];
    loop {
        let read = match body.read(&mut piece) {
            Ok(0) => return Ok(hex(&hash.finalize())),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hash.update(piece.get(..read).unwrap_or_default());
    }
}

/// Bytes in lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    let digits = |byte: &u8| [digit(byte >> 4), digit(byte & 15)];
    bytes.iter().flat_map(digits).collect()
}

/// The quality of protection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Qop<'a> {
    /// None named: the form of RFC 2069.
    None,
    /// `auth`: of the request line, not of the body.
    Auth,
    /// `auth-int`, with the hash of the body it protects ([`Algorithm::hash_body`]).
    AuthInt(&'a str),
}

/// Everything the response is computed from.
#[derive(Clone, Copy)]
pub struct Proof<'a> {
    /// The algorithm of the challenge.
    pub algorithm: Algorithm,
    /// The user's name, unquoted.
    pub username: &'a str,
    /// The realm of the challenge, unquoted.
    pub realm: &'a str,
    /// The user's password.
    pub password: &'a str,
    /// The nonce of the challenge.
    pub nonce: &'a str,
    /// The client's nonce; not used with [`Qop::None`] unless the algorithm is a `-sess` one.
    pub cnonce: &'a str,
    /// The nonce count as sent: eight hex digits. Not used with [`Qop::None`].
    pub nc: &'a str,
    /// The request's method.
    pub method: &'a str,
    /// The `uri` parameter, which has to be the request target.
    pub uri: &'a str,
    /// The quality of protection.
    pub qop: Qop<'a>,
}

impl Proof<'_> {
    /// The `response` parameter: RFC 7616 §3.4.1.
    pub fn response(&self) -> String {
        let algorithm = self.algorithm;
        let hash = |parts: &[&str]| algorithm.hash(parts);
        let mut secret = hash(&[self.username, self.realm, self.password]);
        if algorithm.is_session() {
            secret = hash(&[&secret, self.nonce, self.cnonce]);
        }
        let request = match self.qop {
            Qop::None | Qop::Auth => hash(&[self.method, self.uri]),
            Qop::AuthInt(body) => hash(&[self.method, self.uri, body]),
        };
        let qop = match self.qop {
            Qop::None => return hash(&[&secret, self.nonce, &request]),
            Qop::Auth => "auth",
            Qop::AuthInt(_) => "auth-int",
        };
        hash(&[&secret, self.nonce, self.nc, self.cnonce, qop, &request])
    }
}

#[cfg(test)]
mod tests;
