//! Authentication towards the ACS (TR-069 §3.4.4, §3.4.5): which challenge is answered, and how
//! every later request of the session proves itself without being asked again.

use super::error::LinkError;
use crate::base::digest::{self, Algorithm, Challenge, Proof, Qop};
use crate::base::secret::Secret;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// Answers to 401 for one request: the first one, and one more where the nonce was stale.
const MAX_ANSWERS: u8 = 2;

/// Who we are to the ACS: `ManagementServer.Username` and `.Password`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credentials {
    /// The user's name; empty where no credentials are set.
    pub username: String,
    /// The password.
    pub password: Secret,
}

/// The state of authentication with one host.
pub(super) struct Auth {
    credentials: Credentials,
    basic_over_http: bool,
    scheme: Option<Scheme>,
}

enum Scheme {
    Basic,
    Digest(Nonce),
}

/// A challenge that is being answered.
struct Nonce {
    algorithm: Algorithm,
    /// Echoed only where the challenge named it, for servers older than the parameter.
    named_algorithm: bool,
    realm: String,
    nonce: String,
    opaque: Option<String>,
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

/// The request an `Authorization` is for.
pub(super) struct Target<'a> {
    pub method: &'a str,
    pub uri: &'a str,
    pub body: &'a [u8],
}

/// A 401.
pub(super) struct Refusal<'a> {
    pub host: String,
    /// Over TLS, with the host that it was to be.
    pub secure: bool,
    /// The values of its `WWW-Authenticate` headers.
    pub challenges: &'a [String],
    /// How many 401 were answered for this request before.
    pub answered: u8,
}

impl Auth {
    pub fn new(credentials: Credentials, basic_over_http: bool) -> Self {
        Self {
            credentials,
            basic_over_http,
            scheme: None,
        }
    }

    /// Forgets the challenge: another host gets credentials only when it asks for them.
    pub fn forget(&mut self) {
        self.scheme = None;
    }

    /// Makes ready to answer a 401; the error says why it is not to be answered.
    pub fn answer(&mut self, refusal: Refusal) -> Result<(), LinkError> {
        let Refusal { host, .. } = refusal;
        if self.credentials.username.is_empty() {
            return Err(LinkError::NoCredentials(host));
        }
        let parsed = refusal
            .challenges
            .iter()
            .flat_map(|header| digest::parse(header));
        let challenges: Vec<Challenge> = parsed.collect();
        let digest = challenges
            .iter()
            .filter_map(|challenge| Some((algorithm(challenge)?, challenge)))
            .max_by_key(|(algorithm, _)| *algorithm);
        let stale = digest.is_some_and(|(_, challenge)| {
            challenge
                .param("stale")
                .is_some_and(|stale| stale.eq_ignore_ascii_case("true"))
        });
        if refusal.answered >= MAX_ANSWERS || (refusal.answered > 0 && !stale) {
            return Err(LinkError::AuthFailed(host));
        }
        if let Some((algorithm, challenge)) = digest {
            self.scheme = Some(Scheme::Digest(Nonce::new(algorithm, challenge)?));
            return Ok(());
        }
        if challenges.iter().any(|challenge| challenge.is("Basic")) {
            if !refusal.secure && !self.basic_over_http {
                return Err(LinkError::BasicRefused(host));
            }
            self.scheme = Some(Scheme::Basic);
            return Ok(());
        }
        let offered: Vec<String> = challenges.iter().map(describe).collect();
        Err(LinkError::AuthUnsupported {
            host,
            offered: if offered.is_empty() {
                "no means at all".into()
            } else {
                offered.join(", ")
            },
        })
    }

    /// The `Authorization` header of the next request, once the ACS has asked for one.
    pub fn authorization(&mut self, target: &Target) -> Option<Secret> {
        let Credentials { username, password } = &self.credentials;
        match self.scheme.as_mut()? {
            Scheme::Basic => {
                let pair = BASE64_STANDARD.encode(format!("{username}:{}", password.reveal()));
                Some(Secret::new(format!("Basic {pair}")))
            }
            Scheme::Digest(nonce) => Some(nonce.authorization(username, password, target)),
        }
    }
}

/// The algorithm of a Digest challenge that we can answer.
fn algorithm(challenge: &Challenge) -> Option<Algorithm> {
    let complete = challenge.is("Digest") && challenge.param("nonce").is_some();
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

impl Nonce {
    fn new(algorithm: Algorithm, challenge: &Challenge) -> Result<Self, LinkError> {
        let text = |name| challenge.param(name).map(str::to_owned);
        let mut random = [0; 16];
        getrandom::fill(&mut random)
            .map_err(|error| LinkError::Setup(format!("no random numbers: {error}")))?;
        Ok(Self {
            algorithm,
            named_algorithm: challenge.param("algorithm").is_some(),
            realm: text("realm").unwrap_or_default(),
            nonce: text("nonce").unwrap_or_default(),
            opaque: text("opaque"),
            protection: protection(challenge).unwrap_or(Protection::None),
            cnonce: digest::hex(&random),
            count: 0,
        })
    }

    /// RFC 7616 §3.4. `qop`, `nc` and `algorithm` go without quotes.
    fn authorization(&mut self, username: &str, password: &Secret, target: &Target) -> Secret {
        self.count = self.count.wrapping_add(1);
        let nc = format!("{:08x}", self.count);
        let qop = match self.protection {
            Protection::None => Qop::None,
            Protection::Auth => Qop::Auth,
            Protection::AuthInt => Qop::AuthInt(target.body),
        };
        let response = Proof {
            algorithm: self.algorithm,
            username,
            realm: &self.realm,
            password: password.reveal(),
            nonce: &self.nonce,
            cnonce: &self.cnonce,
            nc: &nc,
            method: target.method,
            uri: target.uri,
            qop,
        }
        .response();
        let mut header = format!(
            "Digest username={}, realm={}, nonce={}, uri={}, response=\"{response}\"",
            digest::quote(username),
            digest::quote(&self.realm),
            digest::quote(&self.nonce),
            digest::quote(target.uri),
        );
        if self.named_algorithm {
            header += &format!(", algorithm={}", self.algorithm.name());
        }
        match self.protection {
            Protection::None if self.algorithm.is_session() => {
                header += &format!(", cnonce=\"{}\"", self.cnonce);
            }
            Protection::None => {}
            Protection::Auth => header += &self.count_of("auth", &nc),
            Protection::AuthInt => header += &self.count_of("auth-int", &nc),
        }
        if let Some(opaque) = &self.opaque {
            header += &format!(", opaque={}", digest::quote(opaque));
        }
        Secret::new(header)
    }

    fn count_of(&self, qop: &str, nc: &str) -> String {
        format!(", qop={qop}, nc={nc}, cnonce=\"{}\"", self.cnonce)
    }
}

#[cfg(test)]
mod tests;
