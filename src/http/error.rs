//! Why an exchange failed, in the user's words.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use ureq::Timeout;

use super::client::{MAX_HEAD_BYTES, TimeLimits};

/// Why a request has no answer, or its answer no end. `host` is the server, with its port where
/// that is not the scheme's own.
///
/// It comes in a box: so ureq carries it from the connection to us, and it is small on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "fields are as they are named")]
pub enum HttpError {
    /// A certificate or key file cannot be used.
    File {
        /// The UCI option that names it.
        option: String,
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The configuration asks for something of TLS that cannot be had: what, and where.
    TlsUnusable(String),
    /// TLS or random numbers do not work on this box.
    Setup(String),
    /// The host name has no address.
    Resolve {
        host: String,
        /// The resolver's words.
        why: String,
    },
    /// No connection.
    Connect {
        host: String,
        /// The system's words for the last address tried.
        why: String,
    },
    /// [`ExchangeWatch`](super::ExchangeWatch) does not want this connection.
    AddressRefused {
        host: String,
        /// Where its name led.
        address: IpAddr,
    },
    /// [`ExchangeWatch`](super::ExchangeWatch) ended the exchange.
    Interrupted,
    /// The certificate does not prove that this is the server.
    Certificate {
        host: String,
        /// What is wrong with it.
        problem: CertificateProblem,
    },
    /// The TLS handshake failed for another reason than the certificate.
    Handshake {
        host: String,
        /// The TLS library's words.
        why: String,
    },
    /// It took too long.
    Timeout {
        host: String,
        /// What took too long.
        phase: ExchangePhase,
        limit: Duration,
    },
    /// The connection ended before a byte of the answer came.
    Unanswered(String),
    /// The connection ended before the answer did.
    Disconnected(String),
    /// The connection broke, or the server broke off TLS.
    Broken {
        host: String,
        /// The system's or the TLS library's words.
        why: String,
    },
    /// The answer is not HTTP as we know it.
    Protocol {
        host: String,
        /// What is wrong with it.
        why: String,
    },
    /// The body of the answer is compressed, or otherwise in a coding; none was asked for.
    Encoded {
        host: String,
        /// As its header names it.
        coding: String,
    },
    /// The body of the answer is longer than the limit.
    TooLarge {
        host: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// The server wants credentials and none are set.
    NoCredentials(String),
    /// The credentials cannot be sent: they have a control character.
    BadCredentials,
    /// The server refuses the credentials.
    AuthFailed(String),
    /// The server offers no way to authenticate that we have.
    AuthUnsupported {
        host: String,
        /// The schemes it offers.
        offered: String,
    },
    /// The server wants the password itself, and may not have it.
    BasicRefused(String),
    /// The server wants Basic, which has no place for a user name with a `:` (RFC 7617 §2).
    BasicUser(String),
    /// This header cannot be sent: its value has a control character.
    BadHeader(&'static str),
    /// What is to be sent cannot be read, in the system's words.
    Source(String),
    /// What came cannot be written, in the system's words.
    Sink(String),
}

/// What is wrong with a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateProblem {
    /// Not signed by anyone we trust.
    UnknownAuthority,
    /// Its time is over, or that of one that vouches for it.
    Expired,
    /// Its time has not begun, or that of one that vouches for it.
    NotYetValid,
    /// It is for another host.
    WrongHost,
    /// Something else, in the TLS library's words.
    Other(String),
}

/// The part of an exchange that took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExchangePhase {
    /// Finding the address, connecting, and the TLS handshake.
    Connect,
    /// Waiting for the answer to begin.
    Response,
    /// The whole exchange.
    Exchange,
    /// The whole exchange, which began when little time was left to the client.
    Deadline,
}

impl std::error::Error for HttpError {}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { option, path, why } => write!(
                f,
                "{} cannot be used: {why}; correct the file or option {option}",
                path.display()
            ),
            Self::TlsUnusable(why) => write!(
                f,
                "no TLS before the configuration says clearly whom to trust: {why}"
            ),
            Self::Setup(why) => write!(f, "TLS or authentication cannot be set up: {why}"),
            Self::Resolve { host, why } => write!(
                f,
                "the host {host} has no address: {why}; check the name and the box's DNS"
            ),
            Self::Connect { host, why } => write!(
                f,
                "no connection to {host}: {why}; check that it runs and is reachable"
            ),
            Self::AddressRefused { host, address } => {
                write!(
                    f,
                    "no connection to {host}: {address} is not where it may lead"
                )
            }
            Self::Interrupted => f.write_str("the exchange was ended on this side"),
            Self::Certificate { host, problem } => {
                write!(f, "the certificate of {host} is refused: {problem}")
            }
            Self::Handshake { host, why } => write!(
                f,
                "no TLS with {host}: {why}; TLS 1.2 or newer is wanted on both sides"
            ),
            Self::Timeout { host, phase, limit } => match phase {
                ExchangePhase::Connect => write!(f, "no connection to {host} within {limit:?}"),
                ExchangePhase::Response => write!(f, "no answer of {host} within {limit:?}"),
                ExchangePhase::Exchange => write!(
                    f,
                    "request and answer with {host} were not done within {limit:?}"
                ),
                ExchangePhase::Deadline => write!(
                    f,
                    "request and answer with {host} were not done in the {limit:?} that were left"
                ),
            },
            Self::Unanswered(host) => write!(
                f,
                "{host} closed the connection without an answer; see the server's log"
            ),
            Self::Disconnected(host) => write!(
                f,
                "{host} closed the connection before its answer was complete; see the server's log"
            ),
            Self::Broken { host, why } => write!(f, "the connection to {host} broke: {why}"),
            Self::Protocol { host, why } => {
                write!(f, "the answer of {host} is not proper HTTP: {why}")
            }
            Self::Encoded { host, coding } => write!(
                f,
                "the answer of {host} is in the coding {coding}, which was not asked for and is not \
                 read here; switch compression off on the server, or on the proxy before it (nginx: \
                 gzip off)"
            ),
            Self::TooLarge { host, limit } => {
                write!(f, "the answer of {host} is longer than {limit} bytes")
            }
            Self::NoCredentials(host) => write!(f, "{host} wants credentials and none are set"),
            Self::BadCredentials => {
                f.write_str("the credentials have a control character and cannot be sent")
            }
            Self::AuthFailed(host) => write!(f, "{host} refuses the credentials"),
            Self::AuthUnsupported { host, offered } => write!(
                f,
                "{host} wants authentication by {offered}; Digest (MD5, SHA-256) and Basic are \
                 spoken: enable one of them on the server"
            ),
            Self::BasicRefused(host) => write!(
                f,
                "{host} wants the password in the clear (Basic without TLS, or after a redirect \
                 without it); use https or Digest"
            ),
            Self::BasicUser(host) => write!(
                f,
                "{host} wants Basic, which has no place for a user name with a ':'; use Digest, or \
                 another name"
            ),
            Self::BadHeader(name) => {
                write!(
                    f,
                    "the header {name} has a control character and cannot be sent"
                )
            }
            Self::Source(why) => write!(f, "what is to be sent cannot be read: {why}"),
            Self::Sink(why) => write!(f, "what came cannot be written: {why}"),
        }
    }
}

impl fmt::Display for CertificateProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownAuthority => f.write_str(
                "it is not signed by a known authority; name the right one with option \
                 acs.ssl_cacert (for Luup: luup.ssl_cacert, mms.ssl_cacert), or install the system's certificates",
            ),
            Self::Expired => f.write_str(
                "it, or one that vouches for it, has expired; renew it on the server, or check \
                 the box's clock",
            ),
            Self::NotYetValid => f.write_str(
                "it, or one that vouches for it, is not valid yet; check the box's clock",
            ),
            Self::WrongHost => {
                f.write_str("it is for another host; correct the URL or the server's certificate")
            }
            Self::Other(why) => f.write_str(why),
        }
    }
}

/// What it takes to tell ureq's error in our words.
pub(super) struct Explanation {
    pub host: String,
    pub limits: TimeLimits,
    /// The limit for the whole exchange.
    pub whole: (ExchangePhase, Duration),
}

impl Explanation {
    pub fn of(&self, error: ureq::Error) -> Box<HttpError> {
        let host = self.host.clone();
        let told = match error {
            ureq::Error::Other(error) => match error.downcast() {
                Ok(ours) => return ours,
                Err(error) => self.protocol(error.to_string()),
            },
            ureq::Error::Timeout(timeout) => {
                let limits = &self.limits;
                let (phase, limit) = match timeout {
                    Timeout::Resolve | Timeout::Connect => (ExchangePhase::Connect, limits.connect),
                    Timeout::RecvResponse => (ExchangePhase::Response, limits.response),
                    _ => self.whole,
                };
                HttpError::Timeout { host, phase, limit }
            }
            ureq::Error::Io(error) => self.of_io(error),
            ureq::Error::HostNotFound => HttpError::Resolve {
                host,
                why: "the name is unknown".into(),
            },
            ureq::Error::LargeResponseHeader(..) => {
                self.protocol(format!("its head is longer than {MAX_HEAD_BYTES} bytes"))
            }
            error => self.protocol(error.to_string()),
        };
        Box::new(told)
    }

    fn of_io(&self, error: io::Error) -> HttpError {
        if let Some(ours) = error.get_ref().and_then(|inner| inner.downcast_ref()) {
            return HttpError::clone(ours);
        }
        let host = self.host.clone();
        match error.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe => HttpError::Disconnected(host),
            _ => HttpError::Broken {
                host,
                why: error.to_string(),
            },
        }
    }

    fn protocol(&self, why: String) -> HttpError {
        HttpError::Protocol {
            host: self.host.clone(),
            why,
        }
    }
}
