//! Who may ask for a session: the path, the method and the digest of a request.

use std::fmt;
use std::time::Duration;

use super::head::{self, Head};
use super::nonce::Nonces;
use crate::base::digest::{self, Algorithm, Challenge, Proof, Qop};
use crate::base::secret::Secret;

/// The protection space named in the challenge.
const REALM: &str = "cwmpd";

/// What a valid request has to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// The path of the connection-request URL, with its `/`.
    pub path: String,
    /// `ManagementServer.ConnectionRequestUsername`.
    pub username: String,
    /// `ManagementServer.ConnectionRequestPassword`. Where one of both is empty nobody can
    /// authenticate.
    pub password: Secret,
}

/// The decision on one request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// 200: a session is to follow.
    Welcome,
    /// 401, with this challenge.
    Challenge(String, Denial),
    /// Another status.
    Refused(u16, Denial),
}

/// Why a request is refused: for the log, never for the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Denial {
    WrongPath,
    WrongMethod,
    NoCredentialsSet,
    NoAuthorization,
    NotDigest,
    BadAuthorization,
    WrongUsername,
    WrongUri,
    WrongRealm,
    StaleNonce,
    WrongPassword,
    NoRandom,
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WrongPath => "the path is not that of the connection-request URL",
            Self::WrongMethod => "the method is not GET",
            Self::NoCredentialsSet => {
                "ManagementServer.ConnectionRequestUsername or ConnectionRequestPassword is empty"
            }
            Self::NoAuthorization => "no credentials yet, challenged",
            Self::NotDigest => "the authentication scheme is not Digest",
            Self::BadAuthorization => {
                "the Authorization header is incomplete or not MD5 with qop=auth"
            }
            Self::WrongUsername => {
                "the user name is not ManagementServer.ConnectionRequestUsername"
            }
            Self::WrongUri => "the uri of the digest is not that of the request",
            Self::WrongRealm => "the realm is not that of the challenge",
            Self::StaleNonce => "the nonce is not ours, too old, or was used before",
            Self::WrongPassword => "the password is not ManagementServer.ConnectionRequestPassword",
            Self::NoRandom => "no random bytes for a challenge",
        })
    }
}

/// Decides on a request (TR-069 §3.2.2.2: digest, MD5, `qop="auth"`).
pub(super) fn judge(head: &Head, access: &Access, nonces: &mut Nonces, now: Duration) -> Verdict {
    if head.path != access.path {
        return Verdict::Refused(404, Denial::WrongPath);
    }
    if head.method != "GET" {
        return Verdict::Refused(405, Denial::WrongMethod);
    }
    match authenticate(head, access, nonces, now) {
        Ok(()) => Verdict::Welcome,
        Err(why) => match nonces.make(now) {
            Ok(nonce) => Verdict::Challenge(challenge(&nonce, why), why),
            Err(_) => Verdict::Refused(503, Denial::NoRandom),
        },
    }
}

fn challenge(nonce: &str, why: Denial) -> String {
    let stale = match why {
        Denial::StaleNonce => ", stale=true",
        _ => "",
    };
    format!(r#"Digest realm="{REALM}", qop="auth", algorithm=MD5, nonce="{nonce}"{stale}"#)
}

fn authenticate(
    head: &Head,
    access: &Access,
    nonces: &mut Nonces,
    now: Duration,
) -> Result<(), Denial> {
    if access.username.is_empty() || access.password.is_empty() {
        return Err(Denial::NoCredentialsSet);
    }
    let value = head
        .authorization
        .as_deref()
        .ok_or(Denial::NoAuthorization)?;
    let credentials = digest::parse(value);
    let credentials = credentials.first().ok_or(Denial::BadAuthorization)?;
    if !credentials.is("Digest") {
        return Err(Denial::NotDigest);
    }
    let answer = DigestAnswer::read(credentials).ok_or(Denial::BadAuthorization)?;
    if !same(answer.username, &access.username) {
        return Err(Denial::WrongUsername);
    }
    if head::path_of(answer.uri) != head.path {
        return Err(Denial::WrongUri);
    }
    if answer.realm != REALM {
        return Err(Denial::WrongRealm);
    }
    if !same(&answer.response, &answer.expected(&access.password)) {
        return Err(Denial::WrongPassword);
    }
    // RFC 7616 §3.3: who knows the password but has no good nonce is to try again with a new one.
    if !nonces.is_good(answer.nonce, answer.count, now) {
        return Err(Denial::StaleNonce);
    }
    nonces.spend(answer.nonce, answer.count, now);
    Ok(())
}

/// The parts of a digest answer that must be there (RFC 7616 §3.4).
struct DigestAnswer<'a> {
    username: &'a str,
    realm: &'a str,
    nonce: &'a str,
    uri: &'a str,
    nc: &'a str,
    count: u32,
    cnonce: &'a str,
    response: String,
}

impl<'a> DigestAnswer<'a> {
    fn read(credentials: &'a Challenge) -> Option<Self> {
        let get = |name| credentials.param(name);
        if get("qop")? != "auth" || Algorithm::named(get("algorithm")) != Some(Algorithm::Md5) {
            return None;
        }
        let nc = get("nc").filter(|nc| nc.len() == 8)?;
        Some(Self {
            username: get("username")?,
            realm: get("realm")?,
            nonce: get("nonce")?,
            uri: get("uri")?,
            nc,
            count: u32::from_str_radix(nc, 16).ok().filter(|n| *n > 0)?,
            cnonce: get("cnonce")?,
            response: get("response")?.to_ascii_lowercase(),
        })
    }

    fn expected(&self, password: &Secret) -> String {
        let proof = Proof {
            algorithm: Algorithm::Md5,
            username: self.username,
            realm: self.realm,
            password: password.reveal(),
            nonce: self.nonce,
            cnonce: self.cnonce,
            nc: self.nc,
            method: "GET",
            uri: self.uri,
            qop: Qop::Auth,
        };
        proof.response()
    }
}

/// Whether two texts are the same, in a time that tells nothing of where they differ.
pub(super) fn same(one: &str, other: &str) -> bool {
    let differences = one
        .bytes()
        .zip(other.bytes())
        .fold(0, |sum, (a, b)| sum | (a ^ b));
    one.len() == other.len() && std::hint::black_box(differences) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(50);

    #[test]
    fn only_the_whole_text_is_the_same() {
        assert!(same("secret", "secret") && same("", ""));
        for other in ["", "s", "secre", "secrets", "secreT", "Secret", "other!"] {
            assert!(!same("secret", other), "{other}");
            assert!(!same(other, "secret"), "{other}");
        }
    }

    fn access() -> Access {
        Access {
            path: "/t0ken".to_owned(),
            username: "acs".to_owned(),
            password: Secret::new("pässword"),
        }
    }

    fn get(authorization: Option<String>) -> Head {
        Head {
            method: "GET".to_owned(),
            path: "/t0ken".to_owned(),
            authorization,
            keep_alive: true,
        }
    }

    fn nonce_of(verdict: Verdict) -> String {
        let Verdict::Challenge(challenge, _) = verdict else {
            panic!("{verdict:?}")
        };
        challenge.split('"').nth(5).unwrap().to_owned()
    }

    fn answer(nonce: &str, user: &str, password: &str, nc: u32) -> String {
        let proof = Proof {
            algorithm: Algorithm::Md5,
            username: user,
            realm: REALM,
            password,
            nonce,
            cnonce: "c",
            nc: &format!("{nc:08x}"),
            method: "GET",
            uri: "/t0ken",
            qop: Qop::Auth,
        };
        let response = proof.response();
        format!(
            r#"Digest username="{user}", realm="cwmpd", nonce="{nonce}", uri="/t0ken", qop=auth, nc={nc:08x}, cnonce="c", response="{response}""#
        )
    }

    #[test]
    fn the_right_digest_is_welcome_once() {
        let mut nonces = Nonces::new().unwrap();
        let nonce = nonce_of(judge(&get(None), &access(), &mut nonces, NOW));
        let right = get(Some(answer(&nonce, "acs", "pässword", 1)));
        assert_eq!(judge(&right, &access(), &mut nonces, NOW), Verdict::Welcome);
        let again = judge(&right, &access(), &mut nonces, NOW);
        assert!(
            matches!(&again, Verdict::Challenge(text, Denial::StaleNonce) if text.ends_with("stale=true")),
            "{again:?}"
        );
    }

    #[test]
    fn each_refusal_has_its_reason() {
        let mut nonces = Nonces::new().unwrap();
        let nonce = nonce_of(judge(&get(None), &access(), &mut nonces, NOW));
        let good = answer(&nonce, "acs", "pässword", 1);
        let cases = [
            (answer(&nonce, "acs", "guess", 1), Denial::WrongPassword),
            (answer(&nonce, "root", "pässword", 1), Denial::WrongUsername),
            (answer("0123", "acs", "pässword", 1), Denial::StaleNonce),
            (
                good.replace("realm=\"cwmpd\"", "realm=\"x\""),
                Denial::WrongRealm,
            ),
            (
                answer(&nonce, "acs", "pässword", 0),
                Denial::BadAuthorization,
            ),
            (good.replace("qop=auth, ", ""), Denial::BadAuthorization),
            (good.replace("/t0ken", "/"), Denial::WrongUri),
            ("Digest".to_owned(), Denial::BadAuthorization),
            ("Basic YWNzOnDkc3N3b3Jk".to_owned(), Denial::NotDigest),
        ];
        for (value, reason) in cases {
            let verdict = judge(&get(Some(value)), &access(), &mut nonces, NOW);
            assert!(
                matches!(verdict, Verdict::Challenge(_, why) if why == reason),
                "{verdict:?}, not {reason:?}"
            );
        }
    }

    #[test]
    fn empty_credentials_admit_nobody() {
        let mut nonces = Nonces::new().unwrap();
        let access = Access {
            username: String::new(),
            password: Secret::default(),
            ..access()
        };
        let nonce = nonce_of(judge(&get(None), &access, &mut nonces, NOW));
        let empty = get(Some(answer(&nonce, "", "", 1)));
        let verdict = judge(&empty, &access, &mut nonces, NOW);
        assert!(matches!(
            verdict,
            Verdict::Challenge(_, Denial::NoCredentialsSet)
        ));
    }

    #[test]
    fn w20_only_the_path_and_get_are_answered() {
        let mut nonces = Nonces::new().unwrap();
        let mut head = get(None);
        head.path = "/".to_owned();
        let verdict = judge(&head, &access(), &mut nonces, NOW);
        assert_eq!(verdict, Verdict::Refused(404, Denial::WrongPath));
        let mut head = get(None);
        head.method = "POST".to_owned();
        let verdict = judge(&head, &access(), &mut nonces, NOW);
        assert_eq!(verdict, Verdict::Refused(405, Denial::WrongMethod));
    }
}
