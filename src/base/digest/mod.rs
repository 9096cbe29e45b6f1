//! HTTP Digest access authentication (RFC 7616, RFC 2617 and RFC 2069 in one): the grammar of
//! challenges and credentials, and the response both sides compute. Pure: no random numbers, no
//! memory of nonces.
//!
//! The grammar of `WWW-Authenticate` and of `Authorization` is the same (RFC 9110 §11), so
//! [`parse`] reads both. No text makes it panic; what it cannot read it leaves out.
//!
//! A header is bytes: what is beyond ASCII in a quoted string is in whatever coding the other side
//! has. So realms and nonces are kept, hashed and given back as bytes, and who computes a proof
//! says in which [`Coding`] names and passwords are.

use std::borrow::Cow;
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
    params: Vec<(String, Vec<u8>)>,
}

impl Challenge {
    /// Whether it is of this scheme.
    pub fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    /// The value of a parameter, unquoted; its name is compared without regard to case. `None` also
    /// where it is not UTF-8.
    pub fn param(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.octets(name)?).ok()
    }

    /// The same as it stands there.
    pub fn octets(&self, name: &str) -> Option<&[u8]> {
        let mut params = self.params.iter();
        let (_, value) = params.find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        Some(value)
    }

    fn push(&mut self, name: &[u8], value: &[u8]) {
        if let (Ok(name), true) = (std::str::from_utf8(name), self.params.len() < MAX_PARAMS) {
            if !name.is_empty() {
                let value = unquote(value.trim_ascii());
                self.params.push((name.to_owned(), value));
            }
        }
    }
}

/// Reads the value of a `WWW-Authenticate` or `Authorization` header: one or more challenges in a
/// comma-separated list, whose parameters are separated by commas as well (RFC 9110 §11.6.1).
pub fn parse(header: impl AsRef<[u8]>) -> Vec<Challenge> {
    let mut challenges: Vec<Challenge> = Vec::new();
    for item in elements(header.as_ref()) {
        let (word, rest) = split_word(item);
        if let (Some(value), Some(challenge)) = (rest.strip_prefix(b"="), challenges.last_mut()) {
            challenge.push(word, value);
        } else if !word.is_empty() {
            let mut challenge = Challenge {
                scheme: String::from_utf8_lossy(word).into_owned(),
                params: Vec::new(),
            };
            let (name, rest) = split_word(rest);
            if let Some(value) = rest.strip_prefix(b"=") {
                challenge.push(name, value);
            }
            challenges.push(challenge);
        }
    }
    challenges
}

/// The elements of a list, split at the commas outside quoted strings.
fn elements(header: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut quoted = false;
    let mut escaped = false;
    header
        .split(move |byte| {
            let separates = *byte == b',' && !quoted;
            quoted ^= *byte == b'"' && !escaped;
            escaped = *byte == b'\\' && quoted && !escaped;
            separates
        })
        .map(<[u8]>::trim_ascii)
        .filter(|item| !item.is_empty())
}

/// The token at the start, and what follows it after white space.
fn split_word(text: &[u8]) -> (&[u8], &[u8]) {
    let ends = |byte: &u8| matches!(byte, b'=' | b'"') || byte.is_ascii_whitespace();
    let end = text.iter().position(ends);
    let (word, rest) = text.split_at(end.unwrap_or(text.len()));
    (word, rest.trim_ascii_start())
}

fn unquote(value: &[u8]) -> Vec<u8> {
    let Some(inner) = value.strip_prefix(b"\"") else {
        return value.to_owned();
    };
    let mut text = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter();
    while let Some(&byte) = bytes.next() {
        match byte {
            b'"' => break,
            b'\\' => text.extend(bytes.next()),
            byte => text.push(byte),
        }
    }
    text
}

/// A text as a quoted string (RFC 9110 §5.6.4).
pub fn quote(text: impl AsRef<[u8]>) -> Vec<u8> {
    let text = text.as_ref();
    let mut quoted = Vec::with_capacity(text.len() + 2);
    quoted.push(b'"');
    for &byte in text {
        if matches!(byte, b'"' | b'\\') {
            quoted.push(b'\\');
        }
        quoted.push(byte);
    }
    quoted.push(b'"');
    quoted
}

/// How characters beyond ASCII stand in a name or a password, where the standard leaves it open
/// (RFC 7616 §4, RFC 7617 §2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Coding {
    /// What both standards recommend, and demand where a challenge says `charset="UTF-8"`.
    #[default]
    Utf8,
    /// ISO-8859-1, of servers and clients that are older.
    Latin1,
}

impl Coding {
    /// All, the better one first.
    pub const ALL: [Self; 2] = [Self::Utf8, Self::Latin1];

    /// A text in this coding; `None` where that has not all of its characters.
    pub fn encode(self, text: &str) -> Option<Cow<'_, [u8]>> {
        match self {
            Self::Utf8 => Some(Cow::Borrowed(text.as_bytes())),
            Self::Latin1 => {
                let bytes = text.chars().map(|c| u8::try_from(c).ok());
                Some(Cow::Owned(bytes.collect::<Option<_>>()?))
            }
        }
    }
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
    fn hash(self, parts: &[&[u8]]) -> String {
        let joined = parts.join(&b':');
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
    pub username: &'a [u8],
    /// The realm of the challenge, unquoted.
    pub realm: &'a [u8],
    /// The user's password.
    pub password: &'a [u8],
    /// The nonce of the challenge.
    pub nonce: &'a [u8],
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
        let hash = |parts: &[&[u8]]| algorithm.hash(parts);
        let mut secret = hash(&[self.username, self.realm, self.password]);
        if algorithm.is_session() {
            secret = hash(&[secret.as_bytes(), self.nonce, self.cnonce.as_bytes()]);
        }
        let (method, uri) = (self.method.as_bytes(), self.uri.as_bytes());
        let request = match self.qop {
            Qop::None | Qop::Auth => hash(&[method, uri]),
            Qop::AuthInt(body) => hash(&[method, uri, body.as_bytes()]),
        };
        let (secret, request) = (secret.as_bytes(), request.as_bytes());
        let qop: &[u8] = match self.qop {
            Qop::None => return hash(&[secret, self.nonce, request]),
            Qop::Auth => b"auth",
            Qop::AuthInt(_) => b"auth-int",
        };
        let (nc, cnonce) = (self.nc.as_bytes(), self.cnonce.as_bytes());
        hash(&[secret, self.nonce, nc, cnonce, qop, request])
    }
}

#[cfg(test)]
mod tests;
