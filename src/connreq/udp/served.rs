//! Which requests were served, so that none is twice: neither the copies in which each is sent, nor one
//! that somebody heard and repeats.
//!
//! A request is new if its `ts` is later than that of all before, or the same with another `id`
//! (TR-069 §G.2.2.3). That alone would not do, since what is signed is `ts`, `id`, `un` and `cn` in a
//! row, without anything between them: who heard `ts=1120673700&id=1234` has the signature of
//! `ts=11206737001&id=234` as well, which is later. Two rules leave him nothing:
//!
//! * A `ts` has at most ten digits, which are seconds, or thirteen, which are milliseconds as some ACSs
//!   count them. Compared are seconds: the first ten digits are the same however the line is drawn.
//! * A signature serves once, whatever fields it is shown with.

use std::fmt::Write as _;

use super::denial::UdpDenial;
use super::request::{Numeral, UdpRequest};
use crate::base::hmac::hmac_sha1;
use crate::connreq::access::Access;

/// Requests that are remembered, and so the most that are served of one second.
const MAX_SERVED: usize = 8;

/// Digits of a `ts` in seconds until the year 2286, and of one in milliseconds from 2001 on.
const SECONDS: usize = 10;
const MILLISECONDS: usize = SECONDS + 3;

/// What was served last, with the credentials of then.
#[derive(Debug, Default)]
pub(super) struct ServedRequests {
    /// Of which credentials the rest is.
    mark: u64,
    /// The last ones, the latest last.
    last: Vec<ServedRequest>,
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ServedRequest {
    second: u64,
    id: u64,
    /// The beginning of its signature.
    sig: u64,
}

impl ServedRequest {
    fn of(request: &UdpRequest<'_>) -> Option<Self> {
        Some(Self {
            second: second(request.ts)?,
            id: request.id.value,
            sig: beginning(&request.sig),
        })
    }
}

impl ServedRequests {
    /// Whether a request may be served: that its signature is right is looked at later.
    pub(super) fn admit(
        &self,
        request: &UdpRequest<'_>,
        access: &Access<'_>,
    ) -> Result<(), UdpDenial> {
        let asked = ServedRequest::of(request).ok_or(UdpDenial::BadQuery)?;
        let Some(latest) = self.last.last() else {
            return Ok(());
        };
        let is_copy = |served: &ServedRequest| {
            served.sig == asked.sig || (served.second, served.id) == (asked.second, asked.id)
        };
        let of_then = self
            .last
            .iter()
            .filter(|served| served.second == asked.second);
        let denial = match () {
            () if self.last.iter().any(is_copy) => UdpDenial::Copy,
            () if asked.second > latest.second => return Ok(()),
            () if asked.second < latest.second || of_then.count() >= MAX_SERVED => UdpDenial::Old,
            () => return Ok(()),
        };
        match self.mark == mark(access) {
            true => Err(denial),
            // An ACS with other credentials may count from wherever it likes.
            false => Ok(()),
        }
    }

    /// A request is served.
    pub(super) fn record(&mut self, request: &UdpRequest<'_>, access: &Access<'_>) {
        let Some(served) = ServedRequest::of(request) else {
            return;
        };
        let mark = mark(access);
        if self.mark != mark {
            self.last.clear();
        }
        self.mark = mark;
        if self.last.len() >= MAX_SERVED {
            self.last.remove(0);
        }
        self.last.push(served);
    }

    /// All of it in a line of text.
    pub(super) fn line(&self) -> String {
        let mut line = format!("{:016x}", self.mark);
        for served in &self.last {
            let ServedRequest { second, id, sig } = served;
            let _ = write!(line, " {second}/{id}/{sig:016x}");
        }
        line
    }

    /// What such a line says; `None` where it is none.
    pub(super) fn of_line(line: &str) -> Option<Self> {
        let mut words = line.split_ascii_whitespace();
        let mark = u64::from_str_radix(words.next()?, 16).ok()?;
        let served = words.take(MAX_SERVED).map(|word| {
            let mut parts = word.split('/');
            Some(ServedRequest {
                second: parts.next()?.parse().ok()?,
                id: parts.next()?.parse().ok()?,
                sig: u64::from_str_radix(parts.next()?, 16).ok()?,
            })
        });
        let last = served.collect::<Option<_>>()?;
        Some(Self { mark, last })
    }
}

/// The second that a `ts` names; `None` where it is of no length that a `ts` has.
fn second(ts: Numeral<'_>) -> Option<u64> {
    match ts.digits.len() {
        ..=SECONDS => Some(ts.value),
        MILLISECONDS => Some(ts.value / 1000),
        _ => None,
    }
}

/// What tells credentials from others, and nothing else of them that is of use: no request has such
/// a text to sign.
fn mark(access: &Access<'_>) -> u64 {
    let key = access.password.reveal().as_bytes();
    beginning(&hmac_sha1(key, &[b"served ", access.username.as_bytes()]))
}

fn beginning(hash: &[u8]) -> u64 {
    let bytes = hash.first_chunk().copied();
    u64::from_be_bytes(bytes.unwrap_or_default())
}
