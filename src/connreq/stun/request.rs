//! What a request says of the box, and what the server wants to hear of it (RFC 3489 §9.3, RFC 5389
//! §10.1.2 and §10.2.2, TR-069 Annex G).

use std::net::SocketAddr;

use md5::{Digest as _, Md5};

use super::integrity::Padding;
use super::message::{
    CONNECTION_REQUEST_BINDING_VALUE, StunKind, StunMessage, StunWriter, TransactionId, attribute,
};
use super::{StunSettings, address};

/// A realm or nonce that is longer is none: a request is to fit one datagram.
const MAX_TEXT: usize = 256;

/// So often the server may want something else, until it answers.
const MAX_CHANGES: u32 = 5;

/// What the server asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum ProofWanted {
    /// Nothing: USERNAME tells an ACS whose binding it is, and nothing is proven.
    Nothing,
    /// Nothing beside what RFC 3489 has: it refused what Annex G adds.
    Less,
    /// A proof by the password, in the way of one of the RFCs.
    ShortTerm(Padding),
    /// A proof by the long-term mechanism of RFC 5389.
    LongTerm { realm: Vec<u8>, nonce: Vec<u8> },
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Learn and refresh the binding of the primary socket, and tell whether it is another one.
    Refresh { is_change: bool },
    /// Have the answer sent to this address.
    Probe(SocketAddr),
}

/// What requests contain.
#[derive(Debug)]
pub(super) struct Manner {
    wanted: ProofWanted,
    changes: u32,
}

impl Manner {
    pub fn new() -> Self {
        Self {
            wanted: ProofWanted::Nothing,
            changes: 0,
        }
    }

    /// Writes a request.
    pub fn request(
        &self,
        id: &TransactionId,
        purpose: Purpose,
        settings: &StunSettings,
    ) -> Vec<u8> {
        let padding = match self.wanted {
            ProofWanted::ShortTerm(padding) => padding,
            ProofWanted::LongTerm { .. } => Padding::Rfc5389,
            ProofWanted::Nothing | ProofWanted::Less => Padding::Rfc3489,
        };
        let mut writer = StunWriter::new(StunKind::Request, id);
        match purpose {
            Purpose::Refresh { is_change } if self.wanted != ProofWanted::Less => {
                let value = CONNECTION_REQUEST_BINDING_VALUE;
                writer = writer.attribute(attribute::CONNECTION_REQUEST_BINDING, value, padding);
                if is_change {
                    writer = writer.attribute(attribute::BINDING_CHANGE, b"", padding);
                }
            }
            Purpose::Refresh { .. } => {}
            Purpose::Probe(to) => {
                let value = address::write(to);
                writer = writer.attribute(attribute::RESPONSE_ADDRESS, &value, padding);
            }
        }
        let names_user = match self.wanted {
            ProofWanted::Nothing => matches!(purpose, Purpose::Refresh { .. }),
            ProofWanted::Less => false,
            ProofWanted::ShortTerm(_) | ProofWanted::LongTerm { .. } => true,
        };
        if names_user && !settings.username.is_empty() {
            let username = settings.username.as_bytes();
            writer = writer.attribute(attribute::USERNAME, username, padding);
        }
        if let ProofWanted::LongTerm { realm, nonce } = &self.wanted {
            writer = writer.attribute(attribute::REALM, realm, padding);
            writer = writer.attribute(attribute::NONCE, nonce, padding);
        }
        match self.key(settings) {
            Some(key) => writer.integrity(&key, padding).finish(),
            None => writer.finish(),
        }
    }

    /// Whether an answer is to be believed: it proves that it is the server's where the request had
    /// to prove that it is ours, and no answer proves the contrary.
    pub fn believes(&self, answer: StunMessage<'_>, settings: &StunSettings) -> bool {
        match self.key(settings) {
            Some(key) => answer.is_made_with(&[&key]) == Some(true),
            None if has_credentials(settings) => {
                let key = settings.password.reveal().as_bytes();
                answer.is_made_with(&[key]) != Some(false)
            }
            None => true,
        }
    }

    /// The server did not like a request: whether another one may please it.
    pub fn learn(&mut self, error: StunMessage<'_>, code: u16, settings: &StunSettings) -> bool {
        let has_credentials = has_credentials(settings);
        let text = |kind| error.find(kind).filter(|text| text.len() <= MAX_TEXT);
        let long_term = match (&self.wanted, text(attribute::REALM), text(attribute::NONCE)) {
            (_, Some(realm), Some(nonce)) => Some((realm.to_owned(), nonce.to_owned())),
            (ProofWanted::LongTerm { realm, .. }, None, Some(nonce)) => {
                Some((realm.clone(), nonce.to_owned()))
            }
            _ => None,
        };
        let next = match (code, &self.wanted, long_term) {
            (401, ProofWanted::LongTerm { .. }, _) => None,
            (401 | 434 | 435 | 438, _, Some((realm, nonce))) if has_credentials => {
                Some(ProofWanted::LongTerm { realm, nonce })
            }
            (400 | 401 | 430..=432 | 436, ProofWanted::Nothing | ProofWanted::Less, _)
                if has_credentials =>
            {
                Some(ProofWanted::ShortTerm(Padding::Rfc3489))
            }
            (400 | 401 | 430..=432 | 436, ProofWanted::ShortTerm(Padding::Rfc3489), _) => {
                Some(ProofWanted::ShortTerm(Padding::Rfc5389))
            }
            (400 | 420, ProofWanted::Nothing, _) => Some(ProofWanted::Less),
            _ => None,
        };
        self.changes += 1;
        match next.filter(|_| self.changes <= MAX_CHANGES) {
            Some(wanted) => {
                self.wanted = wanted;
                true
            }
            None => {
                *self = Self::new();
                false
            }
        }
    }

    /// The server is content.
    pub fn pleases(&mut self) {
        self.changes = 0;
    }

    fn key(&self, settings: &StunSettings) -> Option<Vec<u8>> {
        let password = settings.password.reveal().as_bytes();
        match &self.wanted {
            ProofWanted::Nothing | ProofWanted::Less => None,
            ProofWanted::ShortTerm(_) => Some(password.to_owned()),
            ProofWanted::LongTerm { realm, .. } => {
                let text = [settings.username.as_bytes(), realm, password].join(&b':');
                Some(Md5::digest(text).to_vec())
            }
        }
    }
}

/// Whether there is anything to prove oneself with.
fn has_credentials(settings: &StunSettings) -> bool {
    !settings.username.is_empty() && !settings.password.is_empty()
}
