//! Who may in (RFC 7616, RFC 7617).

use cwmpd::base::digest::{self, Algorithm, Challenge, Proof, Qop};

use super::{Reply, Request};

const REALM: &str = "cwmpd lab";

/// What a server asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// Not at all.
    Open,
    /// Digest with MD5 and `qop="auth"`, as ACSs do it.
    Digest,
    /// Name and password as they are, for whoever listens.
    Basic,
}

/// Lets those in who prove that they are the one user. Keeps the nonces it gave out.
pub struct Guard {
    auth: Auth,
    user: (String, String),
    nonces: u32,
    /// The nonce in use and the highest count seen with it.
    current: Option<(String, u32)>,
}

impl Guard {
    /// For a user and a password.
    pub fn new(auth: Auth, user: (String, String)) -> Self {
        Self {
            auth,
            user,
            nonces: 0,
            current: None,
        }
    }

    /// Whether a request may in.
    pub fn admits(&mut self, request: &Request) -> bool {
        match self.auth {
            Auth::Open => true,
            Auth::Digest => self.digest_holds(request),
            Auth::Basic => self.basic_holds(request),
        }
    }

    /// The 401 for one that may not.
    pub fn challenge(&mut self) -> Reply {
        let challenge = match self.auth {
            Auth::Basic => format!("Basic realm=\"{REALM}\""),
            _ => {
                self.nonces += 1;
                let nonce = format!("{:08x}{:08x}", std::process::id(), self.nonces);
                let challenge = format!(
                    "Digest realm=\"{REALM}\", qop=\"auth\", algorithm=MD5, nonce=\"{nonce}\", \
                     opaque=\"lab\""
                );
                self.current = Some((nonce, 0));
                challenge
            }
        };
        Reply::new(401).header("WWW-Authenticate", &challenge)
    }

    fn basic_holds(&self, request: &Request) -> bool {
        let expected = format!("{}:{}", self.user.0, self.user.1);
        request
            .header("Authorization")
            .and_then(|value| value.strip_prefix("Basic "))
            .is_some_and(|value| value == openssl::base64::encode_block(expected.as_bytes()))
    }

    fn digest_holds(&mut self, request: &Request) -> bool {
        let Some(header) = request.header("Authorization") else {
            return false;
        };
        let credentials = digest::parse(header);
        let [credentials] = credentials.as_slice() else {
            return false;
        };
        let count = credentials
            .param("nc")
            .and_then(|nc| u32::from_str_radix(nc, 16).ok());
        let fresh = match (&mut self.current, count) {
            (Some((nonce, seen)), Some(count)) => {
                let fresh = credentials.param("nonce") == Some(nonce) && count > *seen;
                *seen = (*seen).max(count);
                fresh
            }
            _ => false,
        };
        fresh && self.response_of(credentials, request) == credentials.param("response")
    }

    fn response_of<'a>(&self, credentials: &'a Challenge, request: &Request) -> Option<&'a str> {
        let given = |name| credentials.param(name);
        let proof = Proof {
            algorithm: Algorithm::named(given("algorithm"))?,
            username: given("username")
                .filter(|name| *name == self.user.0)?
                .as_bytes(),
            realm: given("realm").filter(|realm| *realm == REALM)?.as_bytes(),
            password: self.user.1.as_bytes(),
            nonce: given("nonce")?.as_bytes(),
            cnonce: given("cnonce")?,
            nc: given("nc")?,
            method: &request.method,
            uri: given("uri").filter(|uri| *uri == request.target)?,
            qop: Qop::Auth,
        };
        given("response").filter(|response| *response == proof.response())
    }
}
