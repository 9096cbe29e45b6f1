//! What a gateway refuses, why, and what can be done about it (WANIPConnection:1 §2.4, :2 §2.5,
//! WANIPv6FirewallControl:1 §2.5, UPnP Device Architecture 1.1 §3.2.2).

use std::fmt;

/// An error of UPnP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its number.
    pub code: u16,
    /// The gateway's words, cut.
    pub words: String,
}

impl Refusal {
    pub(super) const INVALID_ARGUMENTS: u16 = 402;
    pub(super) const NO_SUCH_ENTRY: u16 = 714;
    pub(super) const CONFLICT: u16 = 718;
    /// Of WANIPv6FirewallControl:1.
    pub(super) const NO_SUCH_PINHOLE: u16 = 704;
    pub(super) const FIREWALL_OFF: u16 = 702;
    pub(super) const NO_PINHOLES: u16 = 703;

    /// What its number means for a port that was to be mapped, and what helps.
    pub(super) fn of_mapping(&self) -> (Remedy, &'static str) {
        use Remedy::{InternalPort, None, OtherPort, Permanent};
        match self.code {
            401 | 602 => (None, "the gateway has no such action"),
            402 | 600 | 601 => (Permanent, "the gateway does not like an argument"),
            501 => (Permanent, "the gateway cannot do it just now"),
            606 => (
                OtherPort,
                "the gateway does not let this box map ports; allow it there",
            ),
            715 => (None, "the gateway maps ports for named senders only"),
            716 | 727 => (None, "the gateway maps all ports at once only"),
            718 => (OtherPort, "the port belongs to somebody else"),
            724 => (
                InternalPort,
                "the gateway maps a port to the same port only",
            ),
            725 => (Permanent, "the gateway maps ports for ever only"),
            726 => (None, "the gateway maps ports for everybody only"),
            728 => (
                None,
                "the gateway has no room for another mapping; remove some there",
            ),
            729 => (OtherPort, "the port is in use in the gateway"),
            732 => (None, "the gateway does not map a port to this one"),
            _ => (None, "the gateway does not say more"),
        }
    }

    /// What its number means for a pinhole.
    pub(super) fn of_pinhole(&self) -> &'static str {
        match self.code {
            401 | 602 => "the gateway has no such action",
            606 => "the gateway does not let this box open its firewall; allow it there",
            701 => "the gateway has no room for another pinhole; remove some there",
            702 => "the firewall of the gateway is off",
            703 => "the gateway opens its firewall to nobody; allow it there",
            704 => "the gateway does not know the pinhole",
            705..=708 => "the gateway does not open its firewall for a single TCP port",
            _ => "the gateway does not say more",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error {}", self.code)?;
        match self.words.as_str() {
            "" => Ok(()),
            words => write!(f, " ({words})"),
        }
    }
}

/// What is tried next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Another external port.
    OtherPort,
    /// The same without a lease, and then another port.
    Permanent,
    /// The number of the box's own port.
    InternalPort,
    /// Nothing helps.
    None,
}
