//! What `ManagementServer` says of STUN (TR-069 Annex G).

use std::time::Duration;

use super::{Read, seconds};
use crate::base::secret::Secret;
use crate::base::truth;

/// `STUNServerPort`: the port of STUN, where the model says none or 0.
const SERVER_PORT: u16 = 3478;

/// `STUNMinimumKeepAlivePeriod` in seconds, and its range.
const MINIMUM: (u32, u32, u32) = (30, 0, 86_400);

/// `STUNMaximumKeepAlivePeriod` in seconds, where the model has none.
const MAXIMUM: u32 = 3600;

/// STUN as the ACS wants it; what the model does not have is off, or has the default of
/// `/etc/config/cwmpd`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StunWish {
    /// `STUNEnable`.
    pub enabled: bool,
    /// `STUNServerAddress`, a host or an address; empty: the host of the ACS.
    pub server: String,
    /// `STUNServerPort`.
    pub port: u16,
    /// `STUNUsername`.
    pub username: String,
    /// `STUNPassword`.
    pub password: Secret,
    /// `STUNMinimumKeepAlivePeriod`.
    pub minimum: Duration,
    /// `STUNMaximumKeepAlivePeriod`; `None`: there is none (-1).
    pub maximum: Option<Duration>,
}

impl StunWish {
    pub(super) fn read(get: &mut Read<'_>) -> Self {
        let enabled = get("STUNEnable").and_then(|value| truth::of_value(&value));
        let port = get("STUNServerPort").and_then(|value| value.parse().ok());
        let maximum = get("STUNMaximumKeepAlivePeriod");
        let maximum = maximum.and_then(|value| value.parse::<i64>().ok());
        Self {
            enabled: enabled.unwrap_or(false),
            server: get("STUNServerAddress").map_or(String::new(), |v| v.trim().to_owned()),
            port: port.filter(|port| *port != 0).unwrap_or(SERVER_PORT),
            username: get("STUNUsername").unwrap_or_default(),
            password: Secret::new(get("STUNPassword").unwrap_or_default()),
            minimum: seconds(get("STUNMinimumKeepAlivePeriod"), MINIMUM),
            // What is negative says that there is none.
            maximum: u64::try_from(maximum.unwrap_or(MAXIMUM.into()))
                .ok()
                .map(Duration::from_secs),
        }
    }
}
