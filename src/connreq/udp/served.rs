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
//!
//! One request of an ACS whose clock was ahead must not shut out all later ones: where the box knows the
//! time, what is far ahead of it is compared with its like alone.

use std::fmt::Write as _;

use super::denial::UdpDenial;
use super::request::{Numeral, UdpRequest};
use crate::base::hmac::hmac_sha1;
use crate::connreq::access::Access;

/// Requests that are remembered, and so the most that are served of one second: more than an hour has
/// by default (`X_ORANGE-COM_MaxConnectionRequest`).
const MAX_SERVED: usize = 64;

/// How far ahead of the box's clock that of an ACS may be, in seconds: a day, since some count the time of
/// their zone.
const MAX_AHEAD: u64 = 24 * 3600;

/// Digits of a `ts` in seconds until the year 2286, and of one in milliseconds from 2001 on.
const SECONDS: usize = 10;
const MILLISECONDS: usize = SECONDS + 3;

/// What was served last, with the credentials of then.
#[derive(Debug, Default)]
pub(super) struct ServedRequests {
    /// Of which credentials the rest is.
    mark: u64,
    /// The last ones, in the order in which they came.
    last: Vec<ServedRequest>,
    /// Seconds since 1970, where they are known.
    time: Option<u64>,
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
        let latest = self.latest(asked.second);
        let is_copy = |served: &ServedRequest| {
            served.sig == asked.sig || (served.second, served.id) == (asked.second, asked.id)
        };
        let of_then = self
            .last
            .iter()
            .filter(|served| served.second == asked.second);
        let denial = match () {
            () if self.last.iter().any(is_copy) => UdpDenial::Copy,
            () if latest.is_some_and(|latest| asked.second < latest) => UdpDenial::Old,
            () if of_then.count() >= MAX_SERVED => UdpDenial::Old,
            () => return Ok(()),
        };
        match self.mark == mark(access) {
            true => Err(denial),
            // An ACS with other credentials may count from wherever it likes.
            false => Ok(()),
        }
    }

    /// The time is this, in seconds since 1970; `None`: nobody knows it.
    pub(super) fn set_time(&mut self, time: Option<u64>) {
        self.time = time;
    }

    /// The latest second that was served, of those that one is compared with.
    fn latest(&self, second: u64) -> Option<u64> {
        let end = self.time.map(|time| time.saturating_add(MAX_AHEAD));
        let is_ahead = |second| end.is_some_and(|end| second > end);
        let seconds = self.last.iter().map(|served| served.second);
        let compared = seconds.filter(|served| !is_ahead(*served) || is_ahead(second));
        compared.max()
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
        self.line_since(0)
    }

    /// The same with the latest second alone: what is older is refused as such.
    pub(super) fn shortest_line(&self) -> Option<String> {
        let latest = self.latest(0).or_else(|| self.latest(u64::MAX));
        latest.map(|latest| self.line_since(latest))
    }

    fn line_since(&self, second: u64) -> String {
        let mut line = format!("{:016x}", self.mark);
        for served in self.last.iter().filter(|served| served.second >= second) {
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
        let time = None;
        Some(Self { mark, last, time })
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::base::secret::Secret;

    fn access(password: &Secret) -> Access<'_> {
        Access {
            path: "",
            username: "acs",
            password,
            takes_basic: false,
            allowed: None,
            max_requests: 1,
            period: Duration::from_secs(1),
        }
    }

    fn numeral(digits: &str) -> Numeral<'_> {
        let value = digits.parse().unwrap();
        Numeral {
            digits: digits.as_bytes(),
            value,
        }
    }

    fn request<'a>(ts: &'a str, id: &'a str, sig: u8) -> UdpRequest<'a> {
        UdpRequest {
            ts: numeral(ts),
            id: numeral(id),
            un: b"acs",
            cn: b"",
            sig: [sig; 20],
        }
    }

    /// Whether each of these, signed rightly, is served after those before it.
    fn serve(requests: &[(&str, &str, u8)]) -> Vec<Result<(), UdpDenial>> {
        let password = Secret::new("secret");
        let access = access(&password);
        let mut served = ServedRequests::default();
        let serve = |(ts, id, sig): &(&str, &str, u8)| {
            let request = request(ts, id, *sig);
            let admitted = served.admit(&request, &access);
            if admitted.is_ok() {
                served.record(&request, &access);
            }
            admitted
        };
        requests.iter().map(serve).collect()
    }

    #[test]
    fn r12_a_request_is_served_once_and_none_that_is_older() {
        let (copy, old) = (Err(UdpDenial::Copy), Err(UdpDenial::Old));
        let served = serve(&[
            ("1700000000", "7", 1),
            ("1700000000", "7", 1),
            // Another id in the same second is another request, also after a third.
            ("1700000000", "8", 2),
            ("1700000000", "7", 1),
            ("1700000000", "8", 2),
            // The same id with another cn is a copy still.
            ("1700000000", "8", 3),
            ("1699999999", "9", 4),
            ("1700000001", "7", 5),
            ("1700000000", "10", 6),
            ("1700000000", "7", 1),
        ]);
        let ok = Ok(());
        assert_eq!(served, [ok, copy, ok, copy, copy, copy, old, ok, old, copy]);
    }

    #[test]
    fn r12_one_second_has_so_many_requests_and_none_of_them_twice() {
        let ids: Vec<_> = (0..200_u8).map(|n| n.to_string()).collect();
        let asked = || (0..200_u8).map(|n| ("1700000000", &*ids[usize::from(n)], n));
        let twice: Vec<_> = asked().chain(asked()).collect();
        let served = serve(&twice);
        assert_eq!(
            served.iter().filter(|served| served.is_ok()).count(),
            MAX_SERVED
        );
        assert!(served[..MAX_SERVED].iter().all(Result::is_ok));
    }

    #[test]
    fn r12_the_line_between_ts_and_id_is_not_drawn_elsewhere() {
        let refused = |text: &str, first: usize, before: &[(&str, &str, u8)]| {
            let mut requests = before.to_vec();
            let (ts, id) = text.split_at(first);
            requests.push((ts, id, 1));
            for at in 1..text.len() {
                let (ts, id) = text.split_at(at);
                if at != first {
                    requests.push((ts, id, 1));
                }
            }
            let served = serve(&requests);
            assert!(served[..=before.len()].iter().all(Result::is_ok));
            assert!(
                served[before.len() + 1..].iter().all(Result::is_err),
                "{text}"
            );
        };
        refused("17000000001234567", 10, &[]);
        refused("17000000001234567", 13, &[]);
        // Nor where it was heard long ago: what is served since is later by seconds.
        let text = "17000000001234567";
        for at in 1..text.len() {
            let (ts, id) = text.split_at(at);
            let served = serve(&[("1700000001", "1", 9), (ts, id, 1)]);
            assert!(served[0].is_ok() && served[1].is_err(), "{ts} {id}");
        }
    }

    #[test]
    fn r13_seconds_and_milliseconds_are_of_one_time() {
        let (ok, old) = (Ok(()), Err(UdpDenial::Old));
        let served = serve(&[
            ("1700000000000", "1", 1),
            ("1700000000", "2", 2),
            ("1700000001", "3", 3),
            ("1700000000999", "4", 4),
            ("1700000002500", "5", 5),
            ("17000000025", "6", 6),
            ("170000000250000", "7", 7),
        ]);
        let bad = Err(UdpDenial::BadQuery);
        assert_eq!(served, [ok, ok, ok, old, ok, bad, bad]);
    }

    #[test]
    fn r12_what_is_remembered_goes_with_the_credentials() {
        let (one, other) = (Secret::new("secret"), Secret::new("another"));
        let mut served = ServedRequests::default();
        let now = request("1700000000", "7", 1);
        served.record(&now, &access(&one));
        let same = request("1700000000", "7", 2);
        assert_eq!(served.admit(&same, &access(&one)), Err(UdpDenial::Copy));
        assert_eq!(served.admit(&same, &access(&other)), Ok(()));
        let named = Access {
            username: "other",
            ..access(&one)
        };
        assert_eq!(served.admit(&same, &named), Ok(()));
        served.record(&request("5", "1", 3), &access(&other));
        assert_eq!(served.admit(&request("6", "1", 4), &access(&other)), Ok(()));
    }

    #[test]
    fn r12_the_shortest_line_is_enough_to_serve_nothing_again() {
        let password = Secret::new("secret");
        let access = access(&password);
        let mut served = ServedRequests::default();
        assert_eq!(served.shortest_line(), None);
        let all = ["1700000000", "1700000001", "1700000001", "1700000001"];
        let all = all.iter().zip(["1", "2", "3", "4"]).zip(1..);
        let all: Vec<_> = all.map(|((ts, id), sig)| request(ts, id, sig)).collect();
        for request in &all {
            served.record(request, &access);
        }
        let line = served.shortest_line().unwrap();
        assert_eq!(line.split(' ').count(), 1 + 3, "{line}");
        let kept = ServedRequests::of_line(&line).unwrap();
        assert!(all.iter().all(|one| kept.admit(one, &access).is_err()));
        let next = request("1700000001", "5", 9);
        assert_eq!(kept.admit(&next, &access), Ok(()));
    }

    #[test]
    fn what_is_remembered_is_a_line_of_text() {
        let password = Secret::new("secret");
        let access = access(&password);
        let mut served = ServedRequests::default();
        let again = |served: &ServedRequests| {
            let line = served.line();
            assert!(!line.contains("secret") && !line.contains('\n'));
            ServedRequests::of_line(&line).unwrap()
        };
        assert_eq!(again(&served).last, []);
        for n in 0..200_u8 {
            let id = n.to_string();
            let request = request("1700000000123", &id, n);
            served.record(&request, &access);
            let kept = again(&served);
            assert_eq!((&kept.last, kept.mark), (&served.last, served.mark));
            assert_eq!(kept.admit(&request, &access), Err(UdpDenial::Copy));
        }
        for line in ["", "x", "-1", "0 1", "0 1/2", "0 1/2/x", "0 1/-2/3", "0 //"] {
            assert!(ServedRequests::of_line(line).is_none(), "{line}");
        }
    }
}
