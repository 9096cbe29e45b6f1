//! Why there is no connection, or none any more.

use std::fmt;
use std::time::Duration;

use crate::http::HttpError;

/// Why [`run`](super::run) came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum XmppEnd {
    /// By [`XmppLine::close`](super::XmppLine::close).
    Closed,
    /// The settings make no connection: what is wrong with them.
    Unusable(&'static str),
    /// The domain says that it has no XMPP (RFC 2782: the target `.`), or the table has no server.
    NoServer(String),
    /// No server was reached, or none proved who it is: about the last that was tried.
    NoLink(Box<HttpError>),
    /// TLS is wanted, and the server has none.
    NoTls,
    /// The server refuses to begin TLS.
    TlsRefused,
    /// The server offers no way to authenticate that we have, or that may be used without TLS: what
    /// it offers.
    NoMechanism(String),
    /// The server refuses user or password: its condition (RFC 6120 §6.5).
    Refused(String),
    /// The server does not know the password itself, or tries something: what was wrong.
    Untrue(&'static str),
    /// The server gives the box no Jabber ID: its condition (RFC 6120 §7).
    NotBound(String),
    /// The server ends the stream with an error (RFC 6120 §4.9).
    StreamError {
        /// By which name (RFC 6120 §4.9.3).
        condition: String,
        /// What follows it: words, or the other host.
        text: String,
    },
    /// The server is done, without an error.
    Ended,
    /// The server was asked whether it is there, and said nothing for so long.
    Silent(Duration),
    /// The connection broke: the system's words.
    Broken(String),
    /// What the server says is no XMPP: what was wrong.
    NoXmpp(&'static str),
}

impl XmppEnd {
    /// `Device.XMPP.Connection.{i}.Status` then.
    pub fn status(&self) -> &'static str {
        match self {
            Self::Closed => "Disabled",
            Self::Unusable(_) | Self::NoTls | Self::NoMechanism(_) => "Error_Misconfigured",
            Self::Refused(_) | Self::Untrue(_) => "Error_AuthenticationFailure",
            Self::NoServer(_) => "ServerNotPresent",
            Self::NoLink(error) => match &**error {
                HttpError::Resolve { .. }
                | HttpError::Connect { .. }
                | HttpError::Timeout { .. } => "ServerNotPresent",
                _ => "Error",
            },
            _ => "Error",
        }
    }

    /// Whether another server would say the same.
    pub(super) fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Closed | Self::Unusable(_) | Self::Refused(_) | Self::NotBound(_)
        )
    }
}

impl fmt::Display for XmppEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("it was closed on this side"),
            Self::Unusable(why) => write!(f, "its settings cannot be used: {why}"),
            Self::NoServer(domain) => write!(
                f,
                "{domain} has no XMPP server: correct Domain, the table Server., or the SRV record \
                 of the domain"
            ),
            Self::NoLink(error) => error.fmt(f),
            Self::NoTls => f.write_str(
                "the server has no TLS, which UseTLS asks for: enable it there, or clear UseTLS",
            ),
            Self::TlsRefused => f.write_str("the server refuses to begin TLS; see its log"),
            Self::NoMechanism(offered) => write!(
                f,
                "the server wants authentication by {offered}; SCRAM-SHA-256, SCRAM-SHA-1 and, over \
                 TLS, PLAIN are spoken: enable one of them on the server"
            ),
            Self::Refused(condition) => write!(
                f,
                "the server refuses user or password ({condition}): correct Username and Password"
            ),
            Self::Untrue(why) => write!(
                f,
                "the server does not prove that it knows the password: {why}; it may be another one \
                 than it says"
            ),
            Self::NotBound(condition) => {
                write!(f, "the server gives the box no Jabber ID: {condition}")
            }
            Self::StreamError { condition, text } => {
                write!(f, "the server ended the connection: {condition} {text}")
            }
            Self::Ended => f.write_str("the server closed the connection; see its log"),
            Self::Silent(patience) => write!(
                f,
                "the server did not answer for {} s and is given up",
                patience.as_secs()
            ),
            Self::Broken(why) => write!(f, "the connection broke: {why}"),
            Self::NoXmpp(why) => write!(f, "the server does not speak XMPP as it should: {why}"),
        }
    }
}
