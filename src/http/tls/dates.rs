//! The dates of certificates, where they did not count: what they were, for whoever comes to know
//! the time afterwards.

use std::fmt;

use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::error::ErrorStack;
use openssl::ssl::SslRef;
use openssl::x509::X509Ref;

use crate::base::clock;
use crate::http::error::{CertificateProblem, HttpError};

/// The span of time in which certificates are valid that were taken without looking at their
/// dates: each of them, with all that vouch for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UncheckedDates {
    from: Bound,
    until: Bound,
}

/// An end of the span, and whose certificate sets it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Bound {
    /// Seconds since 1970.
    unix: i64,
    host: String,
}

impl UncheckedDates {
    /// Of the chain that `host` has proven itself by.
    pub(crate) fn of(host: &str, ssl: &SslRef) -> Result<Self, Box<HttpError>> {
        let chain = ssl.verified_chain().into_iter().flatten();
        let spans: Result<Vec<_>, ErrorStack> = chain.map(span).collect();
        let spans = spans.map_err(|_| HttpError::Certificate {
            host: host.to_owned(),
            problem: CertificateProblem::Other("its dates cannot be read".into()),
        })?;
        let bound = |unix: Option<i64>| Bound {
            unix: unix.unwrap_or_default(),
            host: host.to_owned(),
        };
        Ok(Self {
            from: bound(spans.iter().map(|(from, _)| *from).max()),
            until: bound(spans.iter().map(|(_, until)| *until).min()),
        })
    }

    /// The span in which both are valid.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            from: std::cmp::max_by_key(self.from, other.from, |bound| bound.unix),
            until: std::cmp::min_by_key(self.until, other.until, |bound| bound.unix),
        }
    }

    /// Checks the dates after all, once the time is known: `unix` seconds since 1970.
    ///
    /// # Errors
    /// [`HttpError::Certificate`]: what was said before must not be trusted.
    pub fn check_at(&self, unix: i64) -> Result<(), Box<HttpError>> {
        let refused = |bound: &Bound, problem| {
            let host = bound.host.clone();
            Err(HttpError::Certificate { host, problem }.into())
        };
        match () {
            () if unix < self.from.unix => refused(&self.from, CertificateProblem::NotYetValid),
            () if unix > self.until.unix => refused(&self.until, CertificateProblem::Expired),
            () => Ok(()),
        }
    }
}

/// For the log.
impl fmt::Display for UncheckedDates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "The dates of the certificate of {} are not checked, as it is not sure that the box's \
             clock is right: it is valid from {} to {}",
            self.from.host,
            clock::utc(self.from.unix),
            clock::utc(self.until.unix)
        )
    }
}

fn span(certificate: &X509Ref) -> Result<(i64, i64), ErrorStack> {
    Ok((
        unix(certificate.not_before())?,
        unix(certificate.not_after())?,
    ))
}

fn unix(time: &Asn1TimeRef) -> Result<i64, ErrorStack> {
    let since = Asn1Time::from_unix(0)?.diff(time)?;
    Ok(i64::from(since.days) * 24 * 3600 + i64::from(since.secs))
}
