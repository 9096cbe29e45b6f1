//! The server's side of SCRAM (RFC 5802), written apart from cwmpd's.

use openssl::base64;
use openssl::hash::{MessageDigest, hash};
use openssl::pkcs5::pbkdf2_hmac;
use openssl::pkey::PKey;
use openssl::sign::Signer;

/// What a server lies about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScramLie {
    /// Nothing.
    None,
    /// It does not go on from the nonce of the box.
    Nonce,
    /// It asks for so many rounds.
    Rounds(u32),
    /// It does not know the password, and takes any proof.
    Signature,
    /// It says nothing at the end.
    NoSignature,
}

pub(super) struct ServerProof {
    digest: MessageDigest,
    first: String,
    nonce: String,
    lie: ScramLie,
}

const SALT: &[u8] = b"lab salt";

impl ServerProof {
    /// For the first message of the client.
    pub fn new(mechanism: &str, first: &str, lie: ScramLie) -> Self {
        let bare = first.strip_prefix("n,,").unwrap_or(first);
        let nonce = bare.split(",r=").nth(1).unwrap_or_default();
        let nonce = match lie {
            ScramLie::Nonce => "somethingelse".to_owned(),
            _ => format!("{nonce}lab"),
        };
        Self {
            digest: match mechanism {
                "SCRAM-SHA-256" => MessageDigest::sha256(),
                _ => MessageDigest::sha1(),
            },
            first: bare.to_owned(),
            nonce,
            lie,
        }
    }

    fn rounds(&self) -> u32 {
        match self.lie {
            ScramLie::Rounds(rounds) => rounds,
            _ => 4096,
        }
    }

    pub fn challenge(&self) -> String {
        let salt = base64::encode_block(SALT);
        format!("r={},s={salt},i={}", self.nonce, self.rounds())
    }

    /// The last message, if the client knows the password.
    pub fn check(&mut self, last: &str, password: &str) -> Option<String> {
        match self.lie {
            ScramLie::Signature => {
                let size = self.digest.size();
                return Some(format!("v={}", base64::encode_block(&vec![7; size])));
            }
            ScramLie::NoSignature => return Some(String::new()),
            _ => {}
        }
        let (without, proof) = last.split_once(",p=")?;
        let mut salted = vec![0; self.digest.size()];
        let rounds = self.rounds() as usize;
        pbkdf2_hmac(password.as_bytes(), SALT, rounds, self.digest, &mut salted).ok()?;
        let signed = format!("{},{},{without}", self.first, self.challenge());
        let client_key = self.hmac(&salted, b"Client Key");
        let stored = hash(self.digest, &client_key).ok()?;
        let signature = self.hmac(&stored, signed.as_bytes());
        let proof = base64::decode_block(proof).ok()?;
        let claimed: Vec<u8> = proof.iter().zip(&signature).map(|(a, b)| a ^ b).collect();
        let server_key = self.hmac(&salted, b"Server Key");
        let signature = self.hmac(&server_key, signed.as_bytes());
        (claimed == client_key).then(|| format!("v={}", base64::encode_block(&signature)))
    }

    fn hmac(&self, key: &[u8], text: &[u8]) -> Vec<u8> {
        let key = PKey::hmac(key).expect("a key");
        let mut signer = Signer::new(self.digest, &key).expect("a signer");
        signer.sign_oneshot_to_vec(text).expect("a signature")
    }
}
