//! What each request is answered with, and what is remembered of it.

use std::net::SocketAddr;
use std::time::Duration;

use super::connection::{Connection, PeerAnswer, PeerInput};
use super::denial::Denial;
use super::head::Head;
use super::judge::{self, REALM};
use super::nonce::Nonces;
use super::origins::{Origin, Origins};
use super::tally::Tally;
use crate::connreq::access::Access;
use crate::connreq::quota::Quota;

/// Answers requests.
pub(super) struct Reception {
    nonces: Nonces,
    pub origins: Origins,
    pub tally: Tally,
    /// Requests that authenticated since it was asked last.
    welcome: usize,
}

/// What holds while the port is worked on.
pub(super) struct Rules<'a> {
    pub access: &'a Access<'a>,
    /// For all ways in.
    pub quota: &'a mut Quota,
    /// As uptime.
    pub now: Duration,
}

/// Who asks.
#[derive(Clone, Copy)]
pub(super) struct Asker {
    peer: SocketAddr,
    pub origin: Origin,
    is_modest: bool,
}

impl Asker {
    pub(super) fn of(connection: &Connection) -> Self {
        Self {
            peer: connection.peer,
            origin: connection.origin,
            is_modest: connection.is_modest,
        }
    }
}

impl Reception {
    pub(super) fn new() -> Result<Self, getrandom::Error> {
        Ok(Self {
            nonces: Nonces::new()?,
            origins: Origins::default(),
            tally: Tally::default(),
            welcome: 0,
        })
    }

    /// How many requests authenticated since this was asked last.
    pub(super) fn take_welcome(&mut self) -> usize {
        std::mem::take(&mut self.welcome)
    }

    /// What the peer gets for what it sent. `keeps` says whether its connection would be kept for
    /// the answer to a challenge.
    pub(super) fn answer(
        &mut self,
        asker: Asker,
        input: &PeerInput<'_>,
        rules: &mut Rules<'_>,
        keeps: impl FnOnce(&Origins) -> bool,
    ) -> PeerAnswer {
        let Rules { access, now, .. } = *rules;
        let (outcome, may_go_on) = match input {
            PeerInput::Request(head, may_go_on) => (self.admit(asker, head, rules), *may_go_on),
            PeerInput::Malformed => (Err(Denial::Malformed), false),
            PeerInput::TooLong => (Err(Denial::TooLong), false),
        };
        let Err(why) = outcome else {
            self.tally.accepted(asker.peer);
            self.welcome = self.welcome.saturating_add(1);
            return PeerAnswer::Last(text(200, "", false));
        };
        self.tally.refused(asker.peer, why, &mut self.origins, now);
        let status = why.status();
        // Who sends a great deal that makes no sense costs as little as possible.
        let knows_path = matches!(status, 401 | 503);
        let is_answered =
            asker.is_modest || knows_path && self.origins.may_be_challenged(asker.origin, now);
        if !is_answered {
            return PeerAnswer::Nothing;
        }
        let header = match status {
            401 => self.challenge(why, access, now),
            405 => "Allow: GET\r\n".to_owned(),
            // To 503 no Retry-After belongs (TR-069 §3.2.2.2).
            _ => String::new(),
        };
        match status == 401 && may_go_on && keeps(&self.origins) {
            true => PeerAnswer::Challenge(text(status, &header, true)),
            false => PeerAnswer::Last(text(status, &header, false)),
        }
    }

    fn admit(
        &mut self,
        asker: Asker,
        head: &Head<'_>,
        rules: &mut Rules<'_>,
    ) -> Result<(), Denial> {
        let Rules { access, now, .. } = *rules;
        let (origins, origin) = (&mut self.origins, asker.origin);
        let may_guess = || origins.may_guess(origin, now);
        let judged = judge::judge(head, access, &mut self.nonces, now, may_guess);
        match judged {
            Err(Denial::WrongUsername | Denial::WrongPassword) => {
                self.origins.guessed(origin, now);
            }
            Ok(()) => {
                self.origins.trust(origin, now);
                if !rules.quota.take(access, now) {
                    return Err(Denial::TooManyRequests);
                }
            }
            Err(_) => {}
        }
        judged
    }

    fn challenge(&mut self, why: Denial, access: &Access<'_>, now: Duration) -> String {
        let nonce = self.nonces.make(now);
        // RFC 7616 §3.3: who may know the password is to try again with the new nonce.
        let stale = match why {
            Denial::StaleNonce => ", stale=true",
            _ => "",
        };
        // Only where it matters: the parameter is newer than many a client.
        let charset = match access.codings() {
            [_] => "",
            _ => ", charset=UTF-8",
        };
        let basic = match access.takes_basic {
            true => format!("WWW-Authenticate: Basic realm=\"{REALM}\", charset=\"UTF-8\"\r\n"),
            false => String::new(),
        };
        format!(
            "WWW-Authenticate: Digest realm=\"{REALM}\", qop=\"auth\", algorithm=MD5, \
             nonce=\"{nonce}\"{charset}{stale}\r\n{basic}"
        )
    }
}

/// An answer without body.
fn text(status: u16, header: &str, keep_alive: bool) -> String {
    let reason = reason(status);
    let close = match keep_alive {
        true => "",
        false => "Connection: close\r\n",
    };
    format!("HTTP/1.1 {status} {reason}\r\nContent-Length: 0\r\n{header}{close}\r\n")
}

/// The words of the status line (RFC 9110 §15, RFC 6585 §5).
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        404 => "Not Found",
        405 => "Method Not Allowed",
        431 => "Request Header Fields Too Large",
        503 => "Service Unavailable",
        _ => "",
    }
}
