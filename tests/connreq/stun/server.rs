//! STUN servers of every kind, in simulated time.

use std::net::SocketAddr;
use std::time::Duration;

use cwmpd::connreq::stun::message::{StunKind, StunMessage, StunWriter, TransactionId, attribute};
use cwmpd::connreq::stun::{Padding, StunSocket, address};
use md5::{Digest as _, Md5};

/// A datagram of the box.
#[derive(Clone, Debug)]
pub struct Sent {
    pub at: Duration,
    pub via: StunSocket,
    pub to: SocketAddr,
    pub bytes: Vec<u8>,
}

impl Sent {
    pub fn id(&self) -> TransactionId {
        StunMessage::read(&self.bytes).expect("a message").id
    }
}

/// What a server does with RESPONSE-ADDRESS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Elsewhere {
    /// It answers to there (RFC 3489).
    Answers,
    /// It answers who asked.
    Ignores,
    /// It does not know it: error 420 (RFC 5389).
    Refuses,
    /// It answers nobody.
    Drops,
}

/// What proof a server wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wants {
    Nothing,
    /// Whatever it is given.
    Error(u16),
    ShortTerm(Padding),
    /// With this nonce.
    LongTerm(&'static [u8]),
}

pub const USER: &str = "box-17";
pub const PASSWORD: &str = "pässword";
pub const REALM: &[u8] = b"example.net";

#[derive(Debug)]
pub struct FakeServer {
    pub address: SocketAddr,
    pub is_silent: bool,
    pub elsewhere: Elsewhere,
    pub wants: Wants,
    pub answered: usize,
}

impl FakeServer {
    pub fn new(address: &str) -> Self {
        Self {
            address: address.parse().unwrap(),
            is_silent: false,
            elsewhere: Elsewhere::Answers,
            wants: Wants::Nothing,
            answered: 0,
        }
    }

    /// What it answers, and whereto.
    pub fn answer(&mut self, from: SocketAddr, bytes: &[u8]) -> Option<(SocketAddr, Vec<u8>)> {
        if self.is_silent {
            return None;
        }
        self.answered += 1;
        let request = StunMessage::read(bytes).expect("a message");
        assert_eq!(request.kind, StunKind::Request);
        if let Some(code) = self.refusal(request) {
            return Some((from, self.error(request.id, code)));
        }
        let elsewhere = request.find(attribute::RESPONSE_ADDRESS).map(|value| {
            let to = address::read(value).expect("an address");
            (self.elsewhere, to)
        });
        let to = match elsewhere {
            Some((Elsewhere::Answers, to)) => to,
            Some((Elsewhere::Refuses, _)) => return Some((from, self.error(request.id, 420))),
            Some((Elsewhere::Drops, _)) => return None,
            Some((Elsewhere::Ignores, _)) | None => from,
        };
        let (key, padding) = self.key();
        let mut answer = StunWriter::new(StunKind::Response, &request.id).attribute(
            attribute::MAPPED_ADDRESS,
            &address::write(from),
            padding,
        );
        if let Some(key) = key {
            answer = answer.integrity(&key, padding);
        }
        Some((to, answer.finish()))
    }

    fn key(&self) -> (Option<Vec<u8>>, Padding) {
        match self.wants {
            Wants::ShortTerm(padding) => (Some(PASSWORD.as_bytes().to_vec()), padding),
            Wants::LongTerm(_) => {
                let text = [USER.as_bytes(), REALM, PASSWORD.as_bytes()].join(&b':');
                (Some(Md5::digest(text).to_vec()), Padding::Rfc5389)
            }
            _ => (None, Padding::Rfc3489),
        }
    }

    /// The number of the error, where a request does not please.
    fn refusal(&self, request: StunMessage<'_>) -> Option<u16> {
        let find = |kind| request.find(kind);
        let (key, padding) = self.key();
        if let Wants::Error(code) = self.wants {
            return Some(code);
        }
        let Some(key) = key else {
            assert_eq!(find(attribute::MESSAGE_INTEGRITY), None, "nobody asked");
            return None;
        };
        if find(attribute::MESSAGE_INTEGRITY).is_none() {
            return Some(401);
        }
        let padded = |name: &str| {
            let mut name = name.as_bytes().to_vec();
            if padding == Padding::Rfc3489 {
                name.resize(name.len().next_multiple_of(4), 0);
            }
            name
        };
        if find(attribute::USERNAME) != Some(&padded(USER)) {
            return Some(if padding == Padding::Rfc3489 {
                436
            } else {
                401
            });
        }
        if let Wants::LongTerm(nonce) = self.wants {
            if find(attribute::REALM) != Some(REALM) {
                return Some(401);
            }
            if find(attribute::NONCE) != Some(nonce) {
                return Some(438);
            }
        }
        // The other way is wrong too where it makes a difference.
        let signed = StunWriter::new(StunKind::Request, &request.id);
        let attributes = request.attributes();
        let signed = attributes
            .filter(|(kind, _)| *kind != attribute::MESSAGE_INTEGRITY)
            .fold(signed, |writer, (kind, value)| {
                writer.attribute(kind, value, Padding::Rfc5389)
            });
        let signed = signed.integrity(&key, padding).finish();
        let signed = StunMessage::read(&signed).expect("a message");
        let is_right =
            signed.find(attribute::MESSAGE_INTEGRITY) == find(attribute::MESSAGE_INTEGRITY);
        (!is_right).then_some(431)
    }

    fn error(&self, id: TransactionId, code: u16) -> Vec<u8> {
        let [class, number] = [code / 100, code % 100].map(|n| u8::try_from(n).unwrap());
        let value = [&[0, 0, class, number], &b"no"[..]].concat();
        let mut writer = StunWriter::new(StunKind::Error, &id).attribute(
            attribute::ERROR_CODE,
            &value,
            Padding::Rfc5389,
        );
        if let Wants::LongTerm(nonce) = self.wants {
            writer = writer.attribute(attribute::REALM, REALM, Padding::Rfc5389);
            writer = writer.attribute(attribute::NONCE, nonce, Padding::Rfc5389);
        }
        writer.finish()
    }
}
