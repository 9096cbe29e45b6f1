//! Why a session with the ACS could not go on, in the user's words.

use std::fmt;

use super::MAX_REDIRECTS;
use crate::http::{ExchangePhase, HttpError};

/// Why a request to the ACS has no answer. Every kind ends the session; the retry policy
/// (TR-069 §3.2.1.1) says when the next one begins.
///
/// `host` is the host, with its port where that is not the scheme's own, that the failed exchange
/// was with: after a redirect it is not the one of `ManagementServer.URL`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkError {
    /// `ManagementServer.URL` is not an address we can use.
    BadUrl(&'static str),
    /// The exchange failed.
    Http(HttpError),
    /// The answer is not UTF-8 (TR-069 §3.5).
    NotUtf8(String),
    /// A proxy wants credentials (407).
    ProxyAuth(String),
    /// A redirect leads nowhere.
    BadRedirect {
        /// The host that sent it.
        host: String,
        /// Where it pointed.
        location: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// More redirects for one request than allowed.
    TooManyRedirects {
        /// The host that sent the last one.
        host: String,
        /// Where it pointed.
        location: String,
    },
    /// A redirect from https to http.
    Downgrade {
        /// The host that sent it.
        host: String,
        /// Where it pointed.
        location: String,
    },
}

impl std::error::Error for LinkError {}

impl From<Box<HttpError>> for LinkError {
    fn from(error: Box<HttpError>) -> Self {
        Self::Http(*error)
    }
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadUrl(why) => write!(
                f,
                "the ACS URL cannot be used: {why}; set ManagementServer.URL (option acs.url)"
            ),
            Self::Http(error) => {
                write!(f, "{error}")?;
                advice(error).map_or(Ok(()), |advice| write!(f, "; {advice}"))
            }
            Self::NotUtf8(host) => write!(f, "the answer of {host} is not UTF-8 text"),
            Self::ProxyAuth(host) => write!(
                f,
                "a proxy on the way to {host} wants credentials (407); proxies are not supported"
            ),
            Self::BadRedirect {
                host,
                location,
                why,
            } => write!(f, "{host} redirects to \"{location}\": {why}"),
            Self::TooManyRedirects { host, location } => write!(
                f,
                "more than {MAX_REDIRECTS} redirects for one request, the last of {host} to \
                 {location}"
            ),
            Self::Downgrade { host, location } => write!(
                f,
                "{host} redirects from https to {location}; a session does not give up its \
                 protection"
            ),
        }
    }
}

/// What to do on this box, where it has a part in it.
fn advice(error: &HttpError) -> Option<&'static str> {
    match error {
        HttpError::NoCredentials(_) => {
            Some("set ManagementServer.Username and Password (options acs.userid and acs.passwd)")
        }
        HttpError::BadCredentials | HttpError::BasicUser(_) | HttpError::AuthFailed(_) => {
            Some("check ManagementServer.Username and Password (options acs.userid and acs.passwd)")
        }
        HttpError::BasicRefused(_) => Some("or allow it with option acs.basic_over_http"),
        HttpError::Timeout { phase, .. } => Some(match phase {
            ExchangePhase::Connect => "the limit is option acs.connect_timeout",
            ExchangePhase::Response => "the limit is option acs.response_timeout",
            ExchangePhase::Exchange | ExchangePhase::Deadline => {
                "the limit is option acs.exchange_timeout"
            }
        }),
        _ => None,
    }
}
