//! Decides on a request: its path, its method and its credentials.

use std::borrow::Cow;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::denial::Denial;
use super::head::{self, Head};
use super::nonce::Nonces;
use crate::base::digest::{self, Algorithm, Challenge, Proof, Qop};
use crate::base::percent;
use crate::connreq::access::{Access, same};

/// The protection space named in the challenge.
pub(super) const REALM: &str = "cwmpd";

/// Decides on a request (TR-069 §3.2.2.2: digest, MD5, `qop="auth"`). Whether a password may be
/// looked at is asked once there is one.
pub(super) fn judge(
    head: &Head<'_>,
    access: &Access<'_>,
    nonces: &mut Nonces,
    now: Duration,
    may_guess: impl FnOnce() -> bool,
) -> Result<(), Denial> {
    if !same(head.path, access.path) {
        return Err(Denial::WrongPath);
    }
    if head.method != "GET" {
        return Err(Denial::WrongMethod);
    }
    if !access.has_credentials() {
        return Err(Denial::NoCredentialsSet);
    }
    let value = head.authorization.ok_or(Denial::NoAuthorization)?;
    if let Some(credentials) = basic_credentials(value).filter(|_| access.takes_basic) {
        let (user, password) = decode(credentials).ok_or(Denial::BadAuthorization)?;
        return match may_guess() {
            true => compare(access, &user, |_, expected| same(&password, expected)),
            false => Err(Denial::TooManyGuesses),
        };
    }
    let credentials = digest::parse(value);
    let credentials = credentials.first().ok_or(Denial::BadAuthorization)?;
    if !credentials.is("Digest") {
        return Err(Denial::WrongScheme);
    }
    let answer = DigestAnswer::read(credentials).ok_or(Denial::BadAuthorization)?;
    if head::path_of(answer.uri) != head.path {
        return Err(Denial::WrongUri);
    }
    if answer.realm != REALM {
        return Err(Denial::WrongRealm);
    }
    // Before the password: without a good nonce one learns nothing of that, however often one asks.
    if !nonces.is_good(answer.nonce, answer.count, now) {
        return Err(Denial::StaleNonce);
    }
    if !may_guess() {
        return Err(Denial::TooManyGuesses);
    }
    compare(access, &answer.username, |user, password| {
        same(&answer.response, answer.expected(user, password))
    })?;
    nonces.spend(answer.nonce, answer.count, now);
    Ok(())
}

/// Both are compared, in a time that does not tell which of them is wrong; each in the codings of
/// clients: GenieACS, for one, writes the name in ISO-8859-1 and hashes it in UTF-8.
fn compare(
    access: &Access<'_>,
    user: &[u8],
    proves: impl Fn(&[u8], &[u8]) -> bool,
) -> Result<(), Denial> {
    let (mut is_user, mut is_proven) = (false, false);
    for coding in access.codings() {
        let username = coding.encode(access.username);
        let password = coding.encode(access.password.reveal());
        if let (Some(username), Some(password)) = (username, password) {
            is_user |= same(user, &username);
            is_proven |= proves(&username, &password);
        }
    }
    match (is_user, is_proven) {
        (true, true) => Ok(()),
        (true, false) => Err(Denial::WrongPassword),
        (false, _) => Err(Denial::WrongUsername),
    }
}

/// The user name, plain or in the form of RFC 8187 (`username*`, RFC 7616 §3.4).
fn username(credentials: &Challenge) -> Option<Cow<'_, [u8]>> {
    if let Some(plain) = credentials.octets("username") {
        return Some(Cow::Borrowed(plain));
    }
    let (charset, rest) = credentials.param("username*")?.split_once('\'')?;
    let (_language, coded) = rest.split_once('\'')?;
    let is_utf8 = charset.eq_ignore_ascii_case("UTF-8");
    is_utf8.then(|| Cow::Owned(percent::decode(coded).into_owned().into_bytes()))
}

/// The parts of a digest answer that must be there (RFC 7616 §3.4).
struct DigestAnswer<'a> {
    username: Cow<'a, [u8]>,
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
            username: username(credentials)?,
            realm: get("realm")?,
            nonce: get("nonce")?,
            uri: get("uri")?,
            nc,
            count: u32::from_str_radix(nc, 16).ok().filter(|n| *n > 0)?,
            cnonce: get("cnonce")?,
            response: get("response")?.to_ascii_lowercase(),
        })
    }

    fn expected(&self, username: &[u8], password: &[u8]) -> String {
        let proof = Proof {
            algorithm: Algorithm::Md5,
            username,
            realm: self.realm.as_bytes(),
            password,
            nonce: self.nonce.as_bytes(),
            cnonce: self.cnonce,
            nc: self.nc,
            method: "GET",
            uri: self.uri,
            qop: Qop::Auth,
        };
        proof.response()
    }
}

/// What follows the scheme `Basic` (RFC 7617).
fn basic_credentials(value: &[u8]) -> Option<&[u8]> {
    const SCHEME: usize = "Basic ".len();
    let (scheme, credentials) = value.split_at_checked(SCHEME)?;
    let is_basic = scheme.eq_ignore_ascii_case(b"Basic ");
    is_basic.then_some(credentials.trim_ascii())
}

/// User name and password in the credentials of Basic.
fn decode(credentials: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let decoded = BASE64_STANDARD.decode(credentials).ok()?;
    let colon = decoded.iter().position(|byte| *byte == b':')?;
    let (user, password) = decoded.split_at_checked(colon)?;
    Some((user.to_owned(), password.strip_prefix(b":")?.to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::digest::Coding;
    use crate::base::secret::Secret;

    const NOW: Duration = Duration::from_secs(50);

    fn access(password: &Secret) -> Access<'_> {
        Access {
            path: "/t0ken",
            username: "acs",
            password,
            takes_basic: false,
            allowed: None,
            max_requests: 1,
            period: NOW,
        }
    }

    fn get(authorization: Option<&str>) -> Head<'_> {
        Head {
            method: "GET",
            path: "/t0ken",
            authorization: authorization.map(str::as_bytes),
            keep_alive: true,
            has_body: false,
        }
    }

    fn answer(nonce: &str, user: &str, password: &str, nc: u32) -> String {
        let proof = Proof {
            algorithm: Algorithm::Md5,
            username: user.as_bytes(),
            realm: REALM.as_bytes(),
            password: password.as_bytes(),
            nonce: nonce.as_bytes(),
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

    fn ask(head: &Head<'_>, access: &Access<'_>, nonces: &mut Nonces) -> Result<(), Denial> {
        judge(head, access, nonces, NOW, || true)
    }

    #[test]
    fn the_right_digest_is_welcome_once() {
        let password = Secret::new("pässword");
        let mut nonces = Nonces::new().unwrap();
        let right = answer(&nonces.make(NOW), "acs", "pässword", 1);
        let right = get(Some(&right));
        let unseen = judge(&right, &access(&password), &mut nonces, NOW, || false);
        assert_eq!(unseen, Err(Denial::TooManyGuesses));
        assert_eq!(ask(&right, &access(&password), &mut nonces), Ok(()));
        let again = ask(&right, &access(&password), &mut nonces);
        assert_eq!(again, Err(Denial::StaleNonce));
    }

    #[test]
    fn each_refusal_has_its_reason() {
        let password = Secret::new("pässword");
        let mut nonces = Nonces::new().unwrap();
        let nonce = nonces.make(NOW);
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
            ("Basic YWNzOnDDpHNzd29yZA==".to_owned(), Denial::WrongScheme),
        ];
        for (value, reason) in cases {
            let verdict = ask(&get(Some(&value)), &access(&password), &mut nonces);
            assert_eq!(verdict, Err(reason), "{value}");
        }
    }

    #[test]
    fn s22_basic_is_taken_only_where_it_is_allowed() {
        let password = Secret::new("pässword");
        let mut nonces = Nonces::new().unwrap();
        let cases = [
            ("Basic YWNzOnDDpHNzd29yZA==", Ok(())),
            ("basic  YWNzOnDDpHNzd29yZA==", Ok(())),
            ("Basic YWNzOmd1ZXNz", Err(Denial::WrongPassword)),
            ("Basic eDpww6Rzc3dvcmQ=", Err(Denial::WrongUsername)),
            ("Basic YWNz", Err(Denial::BadAuthorization)),
            ("Basic !", Err(Denial::BadAuthorization)),
            ("Basic ", Err(Denial::BadAuthorization)),
        ];
        for (value, expected) in cases {
            let head = get(Some(value));
            let mut access = access(&password);
            assert!(ask(&head, &access, &mut nonces).is_err(), "{value}");
            access.takes_basic = true;
            assert_eq!(ask(&head, &access, &mut nonces), expected, "{value}");
        }
    }

    /// The answer of a client that writes the name in one coding and hashes in another.
    fn coded_answer(nonce: &str, header: Coding, hash: Coding) -> Vec<u8> {
        let proof = Proof {
            algorithm: Algorithm::Md5,
            username: &hash.encode("büro").unwrap(),
            realm: REALM.as_bytes(),
            password: &hash.encode("pässword").unwrap(),
            nonce: nonce.as_bytes(),
            cnonce: "c",
            nc: "00000001",
            method: "GET",
            uri: "/t0ken",
            qop: Qop::Auth,
        };
        let rest = format!(
            r#"", realm="cwmpd", nonce="{nonce}", uri="/t0ken", qop=auth, nc=00000001, cnonce="c", response="{}""#,
            proof.response()
        );
        let name = header.encode("büro").unwrap();
        [b"Digest username=\"", &*name, rest.as_bytes()].concat()
    }

    #[test]
    fn s13_a_name_beyond_ascii_is_known_in_each_coding_of_clients() {
        let password = Secret::new("pässword");
        let access = Access {
            username: "büro",
            takes_basic: true,
            ..access(&password)
        };
        let mut nonces = Nonces::new().unwrap();
        for header in Coding::ALL {
            for hash in Coding::ALL {
                let value = coded_answer(&nonces.make(NOW), header, hash);
                let mut head = get(None);
                head.authorization = Some(&value);
                let verdict = ask(&head, &access, &mut nonces);
                assert_eq!(verdict, Ok(()), "{header:?} {hash:?}");
            }
            let pair = header.encode("büro:pässword").unwrap();
            let basic = format!("Basic {}", BASE64_STANDARD.encode(pair));
            assert_eq!(ask(&get(Some(&basic)), &access, &mut nonces), Ok(()));
        }
        let nonce = nonces.make(NOW);
        let value = coded_answer(&nonce, Coding::Utf8, Coding::Utf8);
        let value = String::from_utf8(value).unwrap();
        let extended = |ext: &str| value.replace("username=\"büro\"", &format!("username*={ext}"));
        for wrong in ["utf-8''buro", "utf-8'büro", "latin1''b%FCro", "utf-8''"] {
            let verdict = ask(&get(Some(&extended(wrong))), &access, &mut nonces);
            assert!(verdict.is_err(), "{wrong}");
        }
        let right = extended("utf-8''b%C3%BCro");
        assert_eq!(ask(&get(Some(&right)), &access, &mut nonces), Ok(()));
    }

    #[test]
    fn empty_credentials_admit_nobody() {
        let mut nonces = Nonces::new().unwrap();
        for (username, word) in [("", ""), ("acs", ""), ("", "word")] {
            let password = Secret::new(word);
            let access = Access {
                username,
                takes_basic: true,
                ..access(&password)
            };
            let basic = BASE64_STANDARD.encode(format!("{username}:{word}"));
            for value in [
                answer(&nonces.make(NOW), username, word, 1),
                format!("Basic {basic}"),
            ] {
                let verdict = ask(&get(Some(&value)), &access, &mut nonces);
                assert_eq!(verdict, Err(Denial::NoCredentialsSet), "{username}:{word}");
            }
        }
    }

    #[test]
    fn w20_only_the_path_and_get_are_answered() {
        let password = Secret::new("pässword");
        let mut nonces = Nonces::new().unwrap();
        let mut head = get(None);
        head.path = "/";
        let verdict = ask(&head, &access(&password), &mut nonces);
        assert_eq!(verdict, Err(Denial::WrongPath));
        let mut head = get(None);
        head.method = "POST";
        let verdict = ask(&head, &access(&password), &mut nonces);
        assert_eq!(verdict, Err(Denial::WrongMethod));
    }

    proptest! {
        #[test]
        fn no_words_of_a_stranger_let_him_in(
            before in "(Digest|Basic)? ?\\PC*",
            extended in "(UTF-8|utf-8)?'{0,3}[a-z]{0,4}(%[0-9A-Fa-f%]{0,2}|é|\\PC)*",
            nc in "[0-9a-f]{0,9}",
        ) {
            let password = Secret::new("pässword");
            let access = Access { takes_basic: true, ..access(&password) };
            let mut nonces = Nonces::new().unwrap();
            let nonce = nonces.make(NOW);
            let answer = format!(
                "Digest username*={extended}, realm=cwmpd, nonce={nonce}, uri=\"/t0ken\", qop=auth, \
                 nc={nc}, cnonce=c, response=00"
            );
            for value in [&answer, &before, &(before.clone() + &answer)] {
                prop_assert!(ask(&get(Some(value)), &access, &mut nonces).is_err(), "{}", value);
            }
        }
    }
}
