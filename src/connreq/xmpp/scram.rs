//! SCRAM (RFC 5802, RFC 7677): both sides prove that they know the password, and neither sends it.
//!
//! On OpenSSL, which is there for TLS and has the hashes: the `sasl` crate brings its own, and leaves
//! the bounds on a hostile server to its user. Without channel binding.
//!
//! User and password are not normalized (RFC 4013): what is beyond ASCII must be written as on the
//! server.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use openssl::error::ErrorStack;
use openssl::hash::{MessageDigest, hash};
use openssl::pkcs5::pbkdf2_hmac;
use openssl::pkey::PKey;
use openssl::sign::Signer;

use crate::base::secret::Secret;
use crate::connreq::access::same;

/// Rounds of the hash that a server may ask for: with fewer who listens in could try passwords too
/// fast (RFC 7677 §4), and with more the server could keep the box busy.
pub const ITERATIONS: std::ops::RangeInclusive<u32> = 4096..=200_000;

/// Bytes of a message of the server.
pub const MAX_MESSAGE_BYTES: usize = 4096;

/// Bytes of our nonce, before its coding.
const NONCE_BYTES: usize = 24;

/// The header for "no channel binding, no other identity" (RFC 5802 §7).
const GS2_HEADER: &str = "n,,";

/// The hash of a mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScramHash {
    /// `SCRAM-SHA-1`
    Sha1,
    /// `SCRAM-SHA-256`
    Sha256,
}

impl ScramHash {
    fn digest(self) -> MessageDigest {
        match self {
            Self::Sha1 => MessageDigest::sha1(),
            Self::Sha256 => MessageDigest::sha256(),
        }
    }
}

/// The client's side of one exchange.
pub struct Scram {
    digest: MessageDigest,
    nonce: String,
    /// `client-first-message-bare`
    first: String,
    /// What the server has to prove itself by, once it has asked us.
    signature: Option<Vec<u8>>,
}

impl Scram {
    /// Begins, with a random nonce.
    ///
    /// # Errors
    /// There are no random numbers.
    pub fn new(hash: ScramHash, username: &str) -> Result<Self, &'static str> {
        let mut random = [0; NONCE_BYTES];
        getrandom::fill(&mut random).map_err(|_| "this box has no random numbers")?;
        Ok(Self::with_nonce(
            hash,
            username,
            BASE64_STANDARD.encode(random),
        ))
    }

    /// Begins with this nonce.
    pub fn with_nonce(hash: ScramHash, username: &str, nonce: String) -> Self {
        let username = username.replace('=', "=3D").replace(',', "=2C");
        Self {
            digest: hash.digest(),
            first: format!("n={username},r={nonce}"),
            nonce,
            signature: None,
        }
    }

    /// `client-first-message`
    pub fn first(&self) -> String {
        [GS2_HEADER, &self.first].concat()
    }

    /// `client-final-message`, which answers the `server-first-message`.
    ///
    /// # Errors
    /// What is wrong with that: nothing that comes of the password was sent.
    pub fn answer(&mut self, asked: &str, password: &Secret) -> Result<String, &'static str> {
        if self.signature.is_some() {
            return Err("it asks twice");
        }
        if asked.len() > MAX_MESSAGE_BYTES {
            return Err("its challenge is too long");
        }
        let mut fields = asked.split(',');
        let mut field = |name| fields.next().and_then(|field| field.strip_prefix(name));
        let nonce = field("r=").ok_or("its challenge has no nonce, or wants an extension")?;
        let salt = field("s=").ok_or("its challenge has no salt")?;
        let rounds = field("i=").ok_or("its challenge has no iteration count")?;
        if !nonce.starts_with(&self.nonce) || nonce.len() == self.nonce.len() {
            return Err("its nonce does not go on from ours");
        }
        let salt = BASE64_STANDARD.decode(salt).unwrap_or_default();
        if salt.is_empty() {
            return Err("its salt is none");
        }
        let rounds: u32 = rounds.parse().unwrap_or(0);
        if !ITERATIONS.contains(&rounds) {
            return Err("its iteration count is not from 4096 to 200000");
        }
        let prefix = BASE64_STANDARD.encode(GS2_HEADER);
        let bare = format!("c={prefix},r={nonce}");
        let signed = [&*self.first, asked, &bare].join(",");
        let (proof, signature) = self
            .proofs(password, &salt, rounds, signed.as_bytes())
            .map_err(|_| "this box cannot compute the proof")?;
        self.signature = Some(signature);
        Ok(format!("{bare},p={}", BASE64_STANDARD.encode(proof)))
    }

    /// Whether the `server-final-message` proves that the server knows the password.
    ///
    /// # Errors
    /// It does not.
    pub fn check(&self, told: &str) -> Result<(), &'static str> {
        let signature = self
            .signature
            .as_ref()
            .ok_or("it is content without a proof of ours")?;
        let field = told
            .split(',')
            .next()
            .and_then(|field| field.strip_prefix("v="));
        let field = field.ok_or("it has no signature")?;
        let theirs = BASE64_STANDARD.decode(field).unwrap_or_default();
        match same(&theirs, signature) {
            true => Ok(()),
            false => Err("its signature is wrong"),
        }
    }

    /// `ClientProof` and `ServerSignature` (RFC 5802 §3).
    fn proofs(
        &self,
        password: &Secret,
        salt: &[u8],
        rounds: u32,
        signed: &[u8],
    ) -> Result<(Vec<u8>, Vec<u8>), ErrorStack> {
        let digest = self.digest;
        let mut salted = vec![0; digest.size()];
        let rounds = usize::try_from(rounds).unwrap_or(usize::MAX);
        pbkdf2_hmac(
            password.reveal().as_bytes(),
            salt,
            rounds,
            digest,
            &mut salted,
        )?;
        let client_key = hmac(digest, &salted, b"Client Key")?;
        let stored_key = hash(digest, &client_key)?;
        let client_signature = hmac(digest, &stored_key, signed)?;
        let pairs = client_key.iter().zip(&client_signature);
        let proof = pairs.map(|(key, signature)| key ^ signature).collect();
        let server_key = hmac(digest, &salted, b"Server Key")?;
        Ok((proof, hmac(digest, &server_key, signed)?))
    }
}

fn hmac(digest: MessageDigest, key: &[u8], text: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let key = PKey::hmac(key)?;
    Signer::new(digest, &key)?.sign_oneshot_to_vec(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 5802 §5 and RFC 7677 §3.
    const EXAMPLES: [(ScramHash, &str, &str, &str, &str); 2] = [
        (
            ScramHash::Sha1,
            "fyko+d2lbbFgONRv9qkxdawL",
            "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
            "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
            "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
        ),
        (
            ScramHash::Sha256,
            "rOprNGfwEbeRWgbNEkqO",
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
            "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
        ),
    ];

    #[test]
    fn r40_the_examples_of_the_standard() {
        for (hash, nonce, asked, answer, told) in EXAMPLES {
            let mut scram = Scram::with_nonce(hash, "user", nonce.into());
            assert_eq!(scram.first(), format!("n,,n=user,r={nonce}"));
            assert!(scram.check(told).is_err(), "no proof of ours yet");
            assert_eq!(scram.answer(asked, &"pencil".into()).as_deref(), Ok(answer));
            assert_eq!(scram.check(told), Ok(()));
            assert_eq!(scram.check(&format!("{told},more=1")), Ok(()));
            for wrong in [
                "",
                "v=",
                "v=AAAA",
                "v=!",
                "e=other-error",
                &told[..told.len() - 4],
            ] {
                assert!(scram.check(wrong).is_err(), "{wrong}");
            }
            assert!(scram.answer(asked, &"pencil".into()).is_err(), "twice");
        }
    }

    #[test]
    fn r40_the_password_is_not_used_for_a_challenge_that_is_not_sound() {
        let cases = [
            "",
            "r=abc,s=QSXCR+Q6sek8bf92,i=4096",
            "r=abcd,s=QSXCR+Q6sek8bf92,i=4096",
            "r=xbcd,s=QSXCR+Q6sek8bf92,i=4096",
            "r=abcde,s=,i=4096",
            "r=abcde,s=!,i=4096",
            "r=abcde,s=QSXCR+Q6sek8bf92",
            "r=abcde,s=QSXCR+Q6sek8bf92,i=",
            "r=abcde,s=QSXCR+Q6sek8bf92,i=1",
            "r=abcde,s=QSXCR+Q6sek8bf92,i=4095",
            "r=abcde,s=QSXCR+Q6sek8bf92,i=200001",
            "r=abcde,s=QSXCR+Q6sek8bf92,i=4294967296",
            "r=abcde,s=QSXCR+Q6sek8bf92,i=-4096",
            "m=ext,r=abcde,s=QSXCR+Q6sek8bf92,i=4096",
            "s=QSXCR+Q6sek8bf92,r=abcde,i=4096",
            "e=other-error",
        ];
        for asked in cases {
            let mut scram = Scram::with_nonce(ScramHash::Sha1, "user", "abcd".into());
            assert!(scram.answer(asked, &"pencil".into()).is_err(), "{asked}");
            assert!(scram.check("v=").is_err());
        }
        let long = format!(
            "r=abcde,s=QSXCR+Q6sek8bf92,i=4096,{}",
            "x".repeat(MAX_MESSAGE_BYTES)
        );
        let mut scram = Scram::with_nonce(ScramHash::Sha1, "user", "abcd".into());
        assert!(scram.answer(&long, &"pencil".into()).is_err());
    }

    #[test]
    fn r40_a_name_cannot_add_a_field() {
        let scram = Scram::with_nonce(ScramHash::Sha256, "a=b,r=c", "n".into());
        assert_eq!(scram.first(), "n,,n=a=3Db=2Cr=3Dc,r=n");
        let one = Scram::new(ScramHash::Sha256, "a").unwrap().first();
        assert_ne!(one, Scram::new(ScramHash::Sha256, "a").unwrap().first());
    }
}
