//! Forms of strings: what a text must look like for somebody to be able to use it, beyond its length.
//! They are types of their own in column 2, and strings on the wire. The empty text has every form:
//! it says that there is none (TR-106 §3.2.4); a least length of 1 forbids it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::shown;
use crate::base::url::{self, Url};
use crate::base::zone;

/// The form of a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TextForm {
    /// No control character: what stands in a header, a log, or a line of a file.
    Line,
    /// An absolute `http` or `https` address, without user name and fragment (TR-069 §3.4.1).
    Url,
    /// A maker's identifier: six hex digits (TR-069 A.3.3.1).
    Oui,
    /// A time zone of POSIX (TR-181 `Time.LocalTimeZone`).
    TimeZone,
    /// IPv4 or IPv6 (TR-106 §3.2.4).
    IpAddress,
    /// `192.0.2.1`
    Ipv4Address,
    /// RFC 5952.
    Ipv6Address,
    /// `00:00:5E:00:53:01`, in any case.
    MacAddress,
}

impl TextForm {
    /// All of them, each with its name in column 2.
    pub(super) const NAMES: [(&str, Self); 8] = [
        ("LINE", Self::Line),
        ("URL", Self::Url),
        ("OUI", Self::Oui),
        ("TimeZone", Self::TimeZone),
        ("IPAddress", Self::IpAddress),
        ("IPv4Address", Self::Ipv4Address),
        ("IPv6Address", Self::Ipv6Address),
        ("MACAddress", Self::MacAddress),
    ];

    /// Its name in column 2.
    pub fn name(self) -> &'static str {
        let named = Self::NAMES.iter().find(|(_, form)| *form == self);
        named.map_or("STRING", |(name, _)| name)
    }

    /// What a text of this form is.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Line => "text without control characters",
            Self::Url => "http:// or https:// address",
            Self::Oui => "manufacturer's identifier of six hex digits",
            Self::TimeZone => "time zone such as CET-1CEST,M3.5.0,M10.5.0/3",
            Self::IpAddress => "IP address",
            Self::Ipv4Address => "IPv4 address",
            Self::Ipv6Address => "IPv6 address",
            Self::MacAddress => "hardware address such as 00:00:5E:00:53:01",
        }
    }

    /// Whether all texts of another form are of this one.
    pub(super) fn covers(self, other: Self) -> bool {
        let addresses = [Self::Ipv4Address, Self::Ipv6Address];
        self == other
            || self == Self::Line
            || (self == Self::IpAddress && addresses.contains(&other))
    }

    /// Says why a text is not of this form.
    pub(super) fn check(self, text: &str) -> Result<(), String> {
        let is_so = match self {
            _ if text.is_empty() => true,
            Self::Line => !text.contains(char::is_control),
            Self::Url => {
                let why = match Url::parse(text) {
                    Ok(_) if !text.contains('#') => return Ok(()),
                    Ok(_) => "what stands behind # would never be sent",
                    Err(why) => why,
                };
                // Without what may be secret in it.
                let text = url::shown(text);
                return Err(format!("{} is no {}: {why}", shown(&text), self.noun()));
            }
            Self::Oui => text.len() == 6 && text.bytes().all(|c| c.is_ascii_hexdigit()),
            Self::TimeZone => zone::parse(text).is_some(),
            Self::IpAddress => text.parse::<IpAddr>().is_ok(),
            Self::Ipv4Address => text.parse::<Ipv4Addr>().is_ok(),
            Self::Ipv6Address => text.parse::<Ipv6Addr>().is_ok(),
            Self::MacAddress => is_mac(text),
        };
        match is_so {
            true => Ok(()),
            false => Err(format!("{} is no {}", shown(text), self.noun())),
        }
    }
}

fn is_mac(text: &str) -> bool {
    let is_byte = |part: &str| part.len() == 2 && part.bytes().all(|c| c.is_ascii_hexdigit());
    text.split(':').count() == 6 && text.split(':').all(is_byte)
}
