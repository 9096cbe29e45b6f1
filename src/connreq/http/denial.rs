//! Why a request, or a connection, is refused.

use crate::connreq::counts::{Counts, Reason};

/// Why: for the log and the status; a peer sees no more than the HTTP status of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Denial {
    NotAllowed,
    Crowded,
    NoRequest,
    Malformed,
    TooLong,
    WrongPath,
    WrongMethod,
    NoCredentialsSet,
    NoAuthorization,
    WrongScheme,
    BadAuthorization,
    WrongUri,
    WrongRealm,
    StaleNonce,
    WrongUsername,
    WrongPassword,
    TooManyGuesses,
    TooManyRequests,
}

/// One for each reason.
const REASONS: usize = 18;

impl Reason<REASONS> for Denial {
    const ALL: [Self; REASONS] = [
        Self::NotAllowed,
        Self::Crowded,
        Self::NoRequest,
        Self::Malformed,
        Self::TooLong,
        Self::WrongPath,
        Self::WrongMethod,
        Self::NoCredentialsSet,
        Self::NoAuthorization,
        Self::WrongScheme,
        Self::BadAuthorization,
        Self::WrongUri,
        Self::WrongRealm,
        Self::StaleNonce,
        Self::WrongUsername,
        Self::WrongPassword,
        Self::TooManyGuesses,
        Self::TooManyRequests,
    ];

    fn number(self) -> usize {
        self as usize
    }

    fn short(self) -> &'static str {
        self.words().0
    }
}

impl Denial {
    /// The status that the peer gets, if it gets one.
    pub(super) fn status(self) -> u16 {
        match self {
            Self::Malformed | Self::NotAllowed | Self::Crowded | Self::NoRequest => 400,
            Self::TooLong => 431,
            Self::WrongPath => 404,
            Self::WrongMethod => 405,
            Self::TooManyGuesses | Self::TooManyRequests => 503,
            _ => 401,
        }
    }

    /// A sentence for whoever wonders why.
    pub(super) fn long(self) -> &'static str {
        self.words().1
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::NotAllowed => (
                "address not allowed",
                "the address is in no network of cwmpd.cpe.allow_from",
            ),
            Self::Crowded => (
                "dropped for others",
                "too many connections, dropped to make room for others",
            ),
            Self::NoRequest => ("no request", "connected, but sent no whole request"),
            Self::Malformed => ("not HTTP", "what it sent is no HTTP request"),
            Self::TooLong => ("too long", "the request is too long"),
            Self::WrongPath => (
                "wrong path",
                "the path is not that of ManagementServer.ConnectionRequestURL",
            ),
            Self::WrongMethod => ("not GET", "the method is not GET"),
            Self::NoCredentialsSet => (
                "no credentials set",
                "ManagementServer.ConnectionRequestUsername or ConnectionRequestPassword is empty",
            ),
            Self::NoAuthorization => ("no credentials yet", "no credentials yet, challenged"),
            Self::WrongScheme => (
                "wrong scheme",
                "the authentication scheme is not one that is taken: Digest, and Basic only with \
                 cwmpd.cpe.basic_requests",
            ),
            Self::BadAuthorization => (
                "bad credentials",
                "the Authorization header is incomplete or not MD5 with qop=auth",
            ),
            Self::WrongUri => (
                "wrong uri",
                "the uri of the digest is not that of the request",
            ),
            Self::WrongRealm => ("wrong realm", "the realm is not that of the challenge"),
            Self::StaleNonce => (
                "stale nonce",
                "the nonce is not ours, too old, or was used before",
            ),
            Self::WrongUsername => (
                "wrong user name",
                "the user name is not ManagementServer.ConnectionRequestUsername",
            ),
            Self::WrongPassword => (
                "wrong password",
                "the password is not ManagementServer.ConnectionRequestPassword",
            ),
            Self::TooManyGuesses => (
                "too many guesses",
                "too many wrong passwords came, this one was not looked at",
            ),
            Self::TooManyRequests => (
                "too many requests",
                "authenticated, but more often than \
                 ManagementServer.X_ORANGE-COM_MaxConnectionRequest allows",
            ),
        }
    }
}

/// How often the port refused, by reasons.
pub(super) type Denials = Counts<REASONS>;

impl Denials {
    /// All but the challenges that begin every exchange.
    pub(super) fn refused(&self) -> u64 {
        let challenges = u64::from(self.of(Denial::NoAuthorization));
        self.all().saturating_sub(challenges)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_its_own_number() {
        for (number, why) in Denial::ALL.into_iter().enumerate() {
            assert_eq!(why.number(), number);
        }
    }

    #[test]
    fn counts_name_the_most_frequent_reason_first() {
        let mut counts = Denials::default();
        counts.add(Denial::WrongPassword);
        counts.add(Denial::NoAuthorization);
        for _ in 0..3 {
            counts.add(Denial::WrongPath);
        }
        assert_eq!(counts.refused(), 4);
        assert_eq!(
            counts.reasons::<Denial>(),
            "wrong path 3, no credentials yet 1, wrong password 1"
        );
    }
}
