//! Why the gateway opens no way in, in the words of who runs the box.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use super::refusal::Refusal;
use crate::http::HttpError;

/// Why there is no mapping or pinhole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IgdError {
    /// There is no socket to search by, in the system's words.
    Socket(String),
    /// The gateway does not answer to a search.
    Silent {
        /// Who was asked.
        gateway: IpAddr,
        /// How many datagrams came of somebody else.
        others: usize,
    },
    /// The gateway leads to another host, which is not asked.
    Elsewhere {
        /// Who was asked.
        gateway: IpAddr,
        /// Where it leads.
        url: String,
    },
    /// It does not answer as HTTP wants it.
    Http(Box<HttpError>),
    /// It answers by an error of HTTP.
    Status {
        /// The action, or the description.
        of: &'static str,
        /// The status of HTTP.
        status: u16,
    },
    /// What it answers cannot be read.
    Markup {
        /// The action, or the description.
        of: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// It does not have the service.
    NoService,
    /// It is not connected to anything; its word for that.
    NotConnected(String),
    /// What it calls its external address is none.
    NoAddress(String),
    /// Its external address is one of a private network: there is another NAT behind it.
    DoubleNat(Ipv4Addr),
    /// It refuses.
    Refused {
        /// What it was asked for.
        action: &'static str,
        /// Its answer.
        refusal: Refusal,
        /// What that means, and what helps.
        why: &'static str,
    },
    /// So many ports were tried, and all are somebody else's.
    NoPort(usize),
    /// It takes the mapping, and does not use it.
    Disabled,
    /// Its lease is too short to be renewed all the time.
    ShortLease(Duration),
    /// The time for all of it is over.
    OutOfTime,
    /// Nobody waits for it any more.
    Interrupted,
}

impl IgdError {
    /// Whether nothing else need be tried.
    pub(super) fn is_end(&self) -> bool {
        matches!(self, Self::OutOfTime | Self::Interrupted | Self::Socket(_))
    }

    /// The one of two that tells more: a service that is not connected, or none, tells least.
    pub(super) fn or(self, other: Self) -> Self {
        let tells = |error: &Self| match error {
            Self::NoService => 0,
            Self::NotConnected(_) => 1,
            _ => 2,
        };
        if tells(&other) > tells(&self) {
            other
        } else {
            self
        }
    }
}

impl fmt::Display for IgdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(why) => write!(f, "the gateway cannot be searched for: {why}"),
            Self::Silent { gateway, others } => {
                write!(
                    f,
                    "the gateway {gateway} does not answer to a search by UPnP; switch UPnP on there"
                )?;
                match others {
                    0 => Ok(()),
                    others => write!(f, " ({others} datagrams of others do not count)"),
                }
            }
            Self::Elsewhere { gateway, url } => {
                write!(
                    f,
                    "the gateway {gateway} leads to {url}, which is not on itself"
                )
            }
            Self::Http(error) => write!(f, "the gateway: {error}"),
            Self::Status { of, status } => {
                write!(f, "the gateway answers with HTTP status {status} ({of})")
            }
            Self::Markup { of, why } => {
                write!(f, "the gateway's answer cannot be read ({of}): {why}")
            }
            Self::NoService => f.write_str("the gateway does not offer it by UPnP"),
            Self::NotConnected(word) => write!(f, "the gateway has no connection: it is {word}"),
            // So miniupnpd tells it.
            Self::NoAddress(word) if word.is_empty() => f.write_str(
                "the gateway tells no external address: it has no connection, or is behind another NAT \
                 itself (double NAT)",
            ),
            Self::NoAddress(word) => {
                write!(
                    f,
                    "the gateway calls {word:?} its external address, which is none: it has no \
                     connection, or is behind another NAT itself (double NAT)"
                )
            }
            Self::DoubleNat(address) => write!(
                f,
                "the gateway's external address {address} is private: there is another NAT behind \
                 it, which it cannot open (double NAT); STUN is the way left \
                 (ManagementServer.STUNEnable)"
            ),
            Self::Refused {
                action,
                refusal,
                why,
            } => write!(f, "the gateway refuses {action}: {refusal}: {why}"),
            Self::NoPort(tried) => {
                write!(f, "the gateway gave each of {tried} ports to somebody else")
            }
            Self::Disabled => f.write_str("the gateway takes the mapping, and does not use it"),
            Self::ShortLease(lease) => write!(
                f,
                "the gateway maps ports for {} s only, which is too short",
                lease.as_secs()
            ),
            Self::OutOfTime => f.write_str("the gateway took too long"),
            Self::Interrupted => f.write_str("it was broken off"),
        }
    }
}

impl std::error::Error for IgdError {}
