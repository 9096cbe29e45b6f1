//! What each request is answered with, and what is remembered of it.

use std::net::SocketAddr;
use std::time::Duration;

use super::access::{self, Access, REALM};
use super::bucket::{Bucket, Rate};
use super::connection::{Connection, PeerAnswer, PeerInput};
use super::denial::Denial;
use super::head::Head;
use super::nonce::Nonces;
use super::origins::{Origin, Origins};
use super::tally::Tally;

/// Answers requests.
pub(super) struct Reception {
    nonces: Nonces,
    accepted: Bucket,
    /// That of `accepted`.
    rate: Rate,
    pub origins: Origins,
    pub tally: Tally,
    /// Requests that authenticated since it was asked last.
    welcome: usize,
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
            accepted: Bucket::default(),
            rate: Rate {
                burst: 1,
                interval: Duration::ZERO,
            },
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
        access: &Access<'_>,
        now: Duration,
        keeps: impl FnOnce(&Origins) -> bool,
    ) -> PeerAnswer {
        let (outcome, may_go_on) = match input {
            PeerInput::Request(head, may_go_on) => {
                (self.admit(asker, head, access, now), *may_go_on)
            }
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
            503 => self.retry_after(why, asker.origin, now),
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
        access: &Access<'_>,
        now: Duration,
    ) -> Result<(), Denial> {
        let (origins, origin) = (&mut self.origins, asker.origin);
        let may_guess = || origins.may_guess(origin, now).is_ok();
        let judged = access::judge(head, access, &mut self.nonces, now, may_guess);
        match judged {
            Err(Denial::WrongUsername | Denial::WrongPassword) => {
                self.origins.guessed(origin, now);
            }
            Ok(()) => {
                self.origins.trust(origin, now);
                self.follow_rate(access);
                if !self.accepted.take(self.rate, now) {
                    return Err(Denial::TooManyRequests);
                }
            }
            Err(_) => {}
        }
        judged
    }

    /// A new rate begins with a full bucket.
    fn follow_rate(&mut self, access: &Access<'_>) {
        let burst = access.max_requests.max(1);
        let rate = Rate {
            burst,
            interval: access.period / burst,
        };
        if rate != self.rate {
            (self.rate, self.accepted) = (rate, Bucket::default());
        }
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

    fn retry_after(&mut self, why: Denial, origin: Origin, now: Duration) -> String {
        let wait = match why {
            Denial::TooManyRequests => self.accepted.wait(self.rate, now),
            _ => self
                .origins
                .may_guess(origin, now)
                .err()
                .unwrap_or_default(),
        };
        let seconds = wait.as_secs().saturating_add(1);
        format!("Retry-After: {seconds}\r\n")
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
