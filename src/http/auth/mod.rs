//! Authentication (RFC 7616, RFC 7617; TR-069 §3.4.4): which challenge is answered, and how every
//! later request to the same server proves itself without being asked again.

use std::io;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ureq::http::Method;

use super::error::HttpError;
use super::request::RequestBody;
use crate::base::digest::{self, Algorithm, Challenge, Coding, Proof, Qop};
use crate::base::secret::Secret;
use crate::base::url::Url;

/// Answers to 401 for one request: the first one, and one more where the nonce was stale.
const MAX_ANSWERS: u8 = 2;

/// Who we are to a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credentials {
    /// The user's name; empty where no credentials are set.
    pub username: String,
    /// Leaves the box as it is only by Basic.
    pub password: Secret,
}

/// The state of authentication with one server.
pub(super) struct Auth {
    credentials: Credentials,
    /// The server that the rest is about.
    server: Option<Url>,
    scheme: Option<Scheme>,
    /// How many 401 were answered since the last other answer.
    answered: u8,
    /// Of name and password beyond ASCII.
    coding: Coding,
}

enum Scheme {
    Basic,
    Digest(DigestState),
}

/// A challenge that is being answered.
struct DigestState {
    algorithm: Algorithm,
    /// Echoed only where the challenge named it, for servers older than the parameter.
    named_algorithm: bool,
    realm: Vec<u8>,
    nonce: Vec<u8>,
    opaque: Option<Vec<u8>>,
    protection: Protection,
    cnonce: String,
    /// How often the nonce was used.
    count: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Protection {
    None,
    Auth,
    AuthInt,
}

impl Auth {
    pub fn new(credentials: Credentials) -> Self {
        Self {
            credentials,
            server: None,
            scheme: None,
            answered: 0,
            coding: Coding::Utf8,
        }
    }

    /// The next request goes to `url`: another server gets credentials only when it asks for them.
    pub fn turn_to(&mut self, url: &Url) {
        let same = |server: &Url| server.same_origin(url);
        if !self.server.as_ref().is_some_and(same) {
            self.server = Some(url.clone());
            self.scheme = None;
            self.answered = 0;
            self.coding = Coding::Utf8;
        }
    }

    /// The server took the last request.
    pub fn accepted(&mut self) {
        self.answered = 0;
    }

    /// Whether the server has not asked yet, and would get an answer.
    pub fn may_be_asked(&self) -> bool {
        self.scheme.is_none() && !self.credentials.username.is_empty()
    }

    /// Makes ready to answer a 401 of `host` with these values of `WWW-Authenticate`; the error
    /// says why it is not to be answered. `basic`: the password itself may be sent.
    pub fn answer(
        &mut self,
        host: &str,
        challenges: &[impl AsRef<[u8]>],
        basic: bool,
    ) -> Result<(), Box<HttpError>> {
        let host = host.to_owned();
        if self.credentials.username.is_empty() {
            return Err(HttpError::NoCredentials(host).into());
        }
        let parsed = challenges.iter().flat_map(digest::parse);
        let challenges: Vec<Challenge> = parsed.collect();
        let digest = challenges
            .iter()
            .filter_map(|challenge| Some((algorithm(challenge)?, challenge)))
            .max_by_key(|(algorithm, _)| *algorithm);
        let stale = digest.is_some_and(|(_, challenge)| {
            let stale = challenge.param("stale");
            stale.is_some_and(|stale| stale.eq_ignore_ascii_case("true"))
        });
        let is_refused = self.answered > 0 && !stale;
        if self.answered >= MAX_ANSWERS || (is_refused && !self.can_recode(&challenges)) {
            return Err(HttpError::AuthFailed(host).into());
        }
        if is_refused {
            log::debug!("{host} refuses name and password in UTF-8: once more in ISO-8859-1");
            self.coding = Coding::Latin1;
        }
        if let Some((algorithm, challenge)) = digest {
            self.scheme = Some(Scheme::Digest(DigestState::new(algorithm, challenge)?));
        } else if !challenges.iter().any(|challenge| challenge.is("Basic")) {
            let offered = offered(&challenges);
            return Err(HttpError::AuthUnsupported { host, offered }.into());
        } else if !basic {
            return Err(HttpError::BasicRefused(host).into());
        } else if self.credentials.username.contains(':') {
            return Err(HttpError::BasicUser(host).into());
        } else {
            self.scheme = Some(Scheme::Basic);
        }
        self.answered += 1;
        Ok(())
    }

    /// The `Authorization` header of a request, once the server has asked for one. The body is
    /// read where its hash is part of the proof.
    pub fn authorization(
        &mut self,
        method: &Method,
        target: &str,
        body: Option<&mut RequestBody<'_>>,
    ) -> io::Result<Option<Vec<u8>>> {
        let Credentials { username, password } = &self.credentials;
        let username = self.coding.encode(username).unwrap_or_default();
        let password = self.coding.encode(password.reveal()).unwrap_or_default();
        match self.scheme.as_mut() {
            None => Ok(None),
            Some(Scheme::Basic) => {
                let pair = BASE64_STANDARD.encode([&*username, &*password].join(&b':'));
                Ok(Some(format!("Basic {pair}").into_bytes()))
            }
            Some(Scheme::Digest(digest)) => {
                let proof = digest.authorization(&username, &password, method, target, body);
                proof.map(Some)
            }
        }
    }

    /// Whether what was refused in UTF-8 is something else in the coding of older servers, and no
    /// challenge rules that out (RFC 7616 §3.3, RFC 7617 §2.1: the one `charset` there is).
    fn can_recode(&self, challenges: &[Challenge]) -> bool {
        let Credentials { username, password } = &self.credentials;
        let both = [username, password.reveal()];
        self.coding == Coding::Utf8
            && both.iter().any(|text| !text.is_ascii())
            && both
                .iter()
                .all(|text| Coding::Latin1.encode(text).is_some())
            && challenges
                .iter()
                .all(|challenge| challenge.param("charset").is_none())
    }
}

/// For the error: what a server offers.
fn offered(challenges: &[Challenge]) -> String {
    let offered: Vec<String> = challenges.iter().map(describe).collect();
    if offered.is_empty() {
        "no means at all".into()
    } else {
        offered.join(", ")
    }
}

/// The algorithm of a Digest challenge that we can answer.
fn algorithm(challenge: &Challenge) -> Option<Algorithm> {
    let complete = challenge.is("Digest") && challenge.octets("nonce").is_some();
    complete.then_some(())?;
    protection(challenge)?;
    Algorithm::named(challenge.param("algorithm"))
}

/// `auth` is taken before `auth-int`; a list of only unknown values cannot be answered.
fn protection(challenge: &Challenge) -> Option<Protection> {
    let Some(list) = challenge.param("qop") else {
        return Some(Protection::None);
    };
    let has = |name: &str| {
        list.split(',')
            .any(|item| item.trim().eq_ignore_ascii_case(name))
    };
    match () {
        () if has("auth") => Some(Protection::Auth),
        () if has("auth-int") => Some(Protection::AuthInt),
        () if list.trim().is_empty() => Some(Protection::None),
        () => None,
    }
}

/// For the error: the scheme and what of it we lack.
fn describe(challenge: &Challenge) -> String {
    match challenge.param("algorithm") {
        Some(algorithm) => format!("{} ({algorithm})", challenge.scheme),
        None => challenge.scheme.clone(),
    }
}

impl DigestState {
    fn new(algorithm: Algorithm, challenge: &Challenge) -> Result<Self, Box<HttpError>> {
        let octets = |name| challenge.octets(name).map(<[u8]>::to_owned);
        let mut random = [0; 16];
        getrandom::fill(&mut random)
            .map_err(|error| HttpError::Setup(format!("no random numbers: {error}")))?;
        Ok(Self {
            algorithm,
            named_algorithm: challenge.param("algorithm").is_some(),
            realm: octets("realm").unwrap_or_default(),
            nonce: octets("nonce").unwrap_or_default(),
            opaque: octets("opaque"),
            protection: protection(challenge).unwrap_or(Protection::None),
            cnonce: digest::hex(&random),
            count: 0,
        })
    }

    /// RFC 7616 §3.4. `qop`, `nc` and `algorithm` go without quotes.
    fn authorization(
        &mut self,
        username: &[u8],
        password: &[u8],
        method: &Method,
        target: &str,
        body: Option<&mut RequestBody<'_>>,
    ) -> io::Result<Vec<u8>> {
        let body_hash = match (self.protection, body) {
            (Protection::AuthInt, Some(body)) => self.algorithm.hash_body(body.rewound()?)?,
            (Protection::AuthInt, None) => self.algorithm.hash_body(&mut io::empty())?,
            _ => String::new(),
        };
        self.count = self.count.wrapping_add(1);
        let nc = format!("{:08x}", self.count);
        let (qop, named) = match self.protection {
            Protection::None => (Qop::None, None),
            Protection::Auth => (Qop::Auth, Some("auth")),
            Protection::AuthInt => (Qop::AuthInt(&body_hash), Some("auth-int")),
        };
        let response = Proof {
            algorithm: self.algorithm,
            username,
            realm: &self.realm,
            password,
            nonce: &self.nonce,
            cnonce: &self.cnonce,
            nc: &nc,
            method: method.as_str(),
            uri: target,
            qop,
        }
        .response();
        let mut header = b"Digest ".to_vec();
        for (name, value) in [
            ("username", username),
            ("realm", &self.realm),
            ("nonce", &self.nonce),
            ("uri", target.as_bytes()),
        ] {
            header.extend(name.bytes());
            header.push(b'=');
            header.extend(digest::quote(value));
            header.extend(b", ");
        }
        header.extend(format!("response=\"{response}\"").bytes());
        if self.named_algorithm {
            header.extend(format!(", algorithm={}", self.algorithm.name()).bytes());
        }
        if let Some(qop) = named {
            header.extend(format!(", qop={qop}, nc={nc}").bytes());
        }
        if named.is_some() || self.algorithm.is_session() {
            header.extend(format!(", cnonce=\"{}\"", self.cnonce).bytes());
        }
        if let Some(opaque) = &self.opaque {
            header.extend(b", opaque=");
            header.extend(digest::quote(opaque));
        }
        Ok(header)
    }
}

#[cfg(test)]
mod tests;
