//! Why a datagram opens no session.

use crate::connreq::counts::{Counts, Reason};

/// Why: for the log and the status. The sender sees nothing at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UdpDenial {
    /// It does not begin like a request, or is no whole one.
    NoRequest,
    /// It is longer than any request.
    TooLong,
    /// It comes from elsewhere than it may.
    NotAllowed,
    /// There are no credentials that one could know.
    NoCredentialsSet,
    /// The request is for something else.
    WrongTarget,
    /// It brings a body.
    HasBody,
    /// A field is missing, there twice, or not what it is to be.
    BadQuery,
    /// Somebody else asks.
    WrongUsername,
    /// A request as young as this one, or younger, was served before.
    Old,
    /// It was served before: no refusal, since each request comes several times.
    Copy,
    /// It was not made with the password.
    WrongSignature,
    /// It is right, and one too many.
    TooManyRequests,
}

/// One for each reason.
const REASONS: usize = 12;

/// How often datagrams were refused, by reasons.
pub(super) type UdpDenials = Counts<REASONS>;

impl Reason<REASONS> for UdpDenial {
    const ALL: [Self; REASONS] = [
        Self::NoRequest,
        Self::TooLong,
        Self::NotAllowed,
        Self::NoCredentialsSet,
        Self::WrongTarget,
        Self::HasBody,
        Self::BadQuery,
        Self::WrongUsername,
        Self::Old,
        Self::Copy,
        Self::WrongSignature,
        Self::TooManyRequests,
    ];

    fn number(self) -> usize {
        self as usize
    }

    fn short(self) -> &'static str {
        self.words().0
    }
}

impl UdpDenial {
    /// A sentence for whoever wonders why.
    pub(super) fn long(self) -> &'static str {
        self.words().1
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::NoRequest => ("no request", "what was sent is no GET of HTTP/1.1"),
            Self::TooLong => ("too long", "the request is too long"),
            Self::NotAllowed => (
                "address not allowed",
                "the address is in no network of cwmpd.cpe.allow_from",
            ),
            Self::NoCredentialsSet => (
                "no credentials set",
                "ManagementServer.ConnectionRequestUsername or ConnectionRequestPassword is empty",
            ),
            Self::WrongTarget => (
                "wrong target",
                "what it asks for is not http://HOST:PORT? and the fields of a request",
            ),
            Self::HasBody => ("with a body", "a request over UDP has no body"),
            Self::BadQuery => (
                "bad fields",
                "ts, id, un, cn or sig is missing, there twice, or not what it is to be",
            ),
            Self::WrongUsername => (
                "wrong user name",
                "un is not ManagementServer.ConnectionRequestUsername",
            ),
            Self::Old => (
                "old",
                "its ts is not later than that of one that was served",
            ),
            Self::Copy => ("copy", "it was served before"),
            Self::WrongSignature => (
                "wrong signature",
                "sig was not made with ManagementServer.ConnectionRequestPassword",
            ),
            Self::TooManyRequests => (
                "too many requests",
                "authenticated, but more often than \
                 ManagementServer.X_ORANGE-COM_MaxConnectionRequest allows",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_its_own_number_and_words() {
        for (number, why) in UdpDenial::ALL.into_iter().enumerate() {
            assert_eq!(why as usize, number);
            let others = UdpDenial::ALL.into_iter().filter(|other| *other != why);
            assert!(
                others
                    .map(UdpDenial::short)
                    .all(|other| other != why.short())
            );
        }
    }
}
