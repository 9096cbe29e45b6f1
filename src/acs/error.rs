//! Why a session with the ACS could not go on, in the user's words.

use super::MAX_REDIRECTS;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Why a request to the ACS has no answer. Every kind ends the session; the retry policy
/// (TR-069 §3.2.1.1) says when the next one begins.
///
/// `host` is the host, with its port where that is not the scheme's own, that the failed exchange
/// was with: after a redirect it is not the one of `ManagementServer.URL`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkError {
    /// `ManagementServer.URL` is not an address we can use.
    BadUrl(&'static str),
    /// A certificate or key file cannot be used.
    File {
        /// The UCI option that names it.
        option: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// TLS or random numbers do not work on this box.
    Setup(String),
    /// The host name has no address.
    Resolve {
        /// The host.
        host: String,
        /// The resolver's words.
        why: String,
    },
    /// No connection.
    Connect {
        /// The host.
        host: String,
        /// The system's words for the last address tried.
        why: String,
    },
    /// The certificate does not prove that this is the ACS.
    Certificate {
        /// The host.
        host: String,
        /// What is wrong with it.
        problem: CertificateProblem,
    },
    /// The TLS handshake failed for another reason than the certificate.
    Handshake {
        /// The host.
        host: String,
        /// The TLS library's words.
        why: String,
    },
    /// It took too long.
    Timeout {
        /// The host.
        host: String,
        /// What took too long.
        phase: Phase,
        /// The limit.
        limit: Duration,
    },
    /// The connection ended before the answer did.
    Disconnected(String),
    /// The connection broke, or the ACS broke off TLS.
    Broken {
        /// The host.
        host: String,
        /// The system's or the TLS library's words.
        why: String,
    },
    /// The answer is not HTTP as we know it.
    Protocol {
        /// The host.
        host: String,
        /// What is wrong with it.
        why: String,
    },
    /// The answer is longer than the limit.
    TooLarge {
        /// The host.
        host: String,
        /// The limit in bytes.
        limit: usize,
    },
    /// The answer is not UTF-8 (TR-069 §3.5).
    NotUtf8(String),
    /// The ACS wants credentials and none are set.
    NoCredentials(String),
    /// The credentials cannot be sent: they have a control character.
    BadCredentials,
    /// The ACS refuses the credentials.
    AuthFailed(String),
    /// The ACS offers no way to authenticate that we have.
    AuthUnsupported {
        /// The host.
        host: String,
        /// The schemes it offers.
        offered: String,
    },
    /// The ACS wants the password in the clear over an unprotected connection.
    BasicRefused(String),
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

/// What is wrong with a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateProblem {
    /// Not signed by anyone we trust.
    UnknownAuthority,
    /// Its time is over.
    Expired,
    /// Its time has not begun; the box's clock may be wrong.
    NotYetValid,
    /// It is for another host.
    WrongHost,
    /// Something else, in the TLS library's words.
    Other(String),
}

/// The part of an exchange that took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Finding the address, connecting, and the TLS handshake: `acs.connect_timeout`.
    Connect,
    /// Waiting for the answer to begin: `acs.response_timeout`.
    Response,
    /// The whole exchange: `acs.exchange_timeout`.
    Exchange,
}

impl std::error::Error for LinkError {}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadUrl(why) => write!(
                f,
                "the ACS URL cannot be used: {why}; set ManagementServer.URL (option acs.url)"
            ),
            Self::File { option, path, why } => write!(
                f,
                "{} cannot be used: {why}; correct the file or option {option}",
                path.display()
            ),
            Self::Setup(why) => write!(f, "the link to the ACS cannot be set up: {why}"),
            Self::Resolve { host, why } => write!(
                f,
                "the ACS host {host} has no address: {why}; check the name and the box's DNS"
            ),
            Self::Connect { host, why } => write!(
                f,
                "no connection to the ACS at {host}: {why}; check that it runs and is reachable"
            ),
            Self::Certificate { host, problem } => {
                write!(f, "the certificate of {host} is refused: {problem}")
            }
            Self::Handshake { host, why } => write!(
                f,
                "no TLS with {host}: {why}; TLS 1.2 or newer is wanted on both sides"
            ),
            Self::Timeout { host, phase, limit } => match phase {
                Phase::Connect => write!(
                    f,
                    "no connection to {host} within {limit:?} (option acs.connect_timeout)"
                ),
                Phase::Response => write!(
                    f,
                    "no answer of {host} within {limit:?} (option acs.response_timeout)"
                ),
                Phase::Exchange => write!(
                    f,
                    "request and answer with {host} were not done within {limit:?} \
                         (option acs.exchange_timeout)"
                ),
            },
            Self::Disconnected(host) => write!(
                f,
                "{host} closed the connection before its answer was complete; see the ACS's log"
            ),
            Self::Broken { host, why } => {
                write!(f, "the connection to {host} broke: {why}")
            }
            Self::Protocol { host, why } => {
                write!(f, "the answer of {host} is not proper HTTP: {why}")
            }
            Self::TooLarge { host, limit } => {
                write!(f, "the answer of {host} is longer than {limit} bytes")
            }
            Self::NotUtf8(host) => write!(f, "the answer of {host} is not UTF-8 text"),
            Self::NoCredentials(host) => write!(
                f,
                "{host} wants credentials and none are set; set ManagementServer.Username and \
                 Password (options acs.userid, acs.passwd)"
            ),
            Self::BadCredentials => write!(
                f,
                "the ACS credentials have a control character and cannot be sent; correct \
                 ManagementServer.Username and Password"
            ),
            Self::AuthFailed(host) => write!(
                f,
                "{host} refuses the credentials; check ManagementServer.Username and Password"
            ),
            Self::AuthUnsupported { host, offered } => write!(
                f,
                "{host} wants authentication by {offered}; Digest (MD5, SHA-256) and Basic are \
                 spoken: enable one of them on the ACS"
            ),
            Self::BasicRefused(host) => write!(
                f,
                "{host} wants the password in the clear (Basic without TLS, or after a redirect \
                 without it); use https or Digest, or allow it with option acs.basic_over_http"
            ),
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

impl fmt::Display for CertificateProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownAuthority => f.write_str(
                "it is not signed by a known authority; name the right one with option \
                 acs.ssl_cacert, or install the system's certificates",
            ),
            Self::Expired => {
                f.write_str("it has expired; renew it on the ACS, or check the box's clock")
            }
            Self::NotYetValid => f.write_str("it is not valid yet; check the box's clock"),
            Self::WrongHost => f.write_str(
                "it is for another host; correct ManagementServer.URL or the ACS's certificate",
            ),
            Self::Other(why) => f.write_str(why),
        }
    }
}
