//! `ManagementServer` as the engine and the agent act on it: read from the data model here and
//! nowhere else.

mod stun;

use std::time::Duration;

use super::periodic::Period;
use crate::base::datetime;
use crate::base::secret::Secret;
use crate::base::truth;
use crate::datamodel::model::Model;
pub use stun::StunWish;

/// `CWMPRetryMinimumWaitInterval` in seconds, and its range (TR-181).
const RETRY_MINIMUM: (u32, u32, u32) = (5, 1, 65_535);
/// `CWMPRetryIntervalMultiplier` in thousandths, and its range (TR-181).
const RETRY_MULTIPLIER: (u32, u32, u32) = (2000, 1000, 65_535);

/// `X_ORANGE-COM_MaxConnectionRequest`: connection requests that are accepted in one period, and
/// their range.
const MAX_REQUESTS: (u32, u32, u32) = (50, 1, 10_000);
/// `X_ORANGE-COM_FreqConnectionRequest`: that period in seconds, and its range.
const REQUEST_PERIOD: (u32, u32, u32) = (3600, 1, 86_400);

/// `UDPConnectionRequestAddressNotificationLimit` in seconds, and its range. TR-181 does not have it any
/// more; the storm that it keeps away is the same.
const UDP_LIMIT: (u32, u32, u32) = (30, 0, 86_400);

/// Reads a parameter of `ManagementServer` by its name, where it has a value.
type Read<'a> = dyn FnMut(&str) -> Option<String> + 'a;

/// The settings of the ACS. What the model does not have has the default of TR-181.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// `URL`; empty where there is no ACS.
    pub url: String,
    /// `Username`: the box's own at the ACS.
    pub username: String,
    /// `Password`, which goes with it.
    pub password: Secret,
    /// `EnableCWMP`.
    pub enabled: bool,
    /// `PeriodicInformEnable`, `…Interval`, `…Time`; `None` = no periodic informs.
    pub period: Option<Period>,
    /// `CWMPRetryMinimumWaitInterval`, seconds.
    pub retry_minimum: u32,
    /// `CWMPRetryIntervalMultiplier`, thousandths.
    pub retry_multiplier: u32,
    /// `DefaultActiveNotificationThrottle`.
    pub throttle: Duration,
    /// `HTTPConnectionRequestEnable`.
    pub http_requests: bool,
    /// `ConnectionRequestUsername`.
    pub request_username: String,
    /// `ConnectionRequestPassword`.
    pub request_password: Secret,
    /// `X_ORANGE-COM_MaxConnectionRequest`.
    pub max_requests: u32,
    /// `X_ORANGE-COM_FreqConnectionRequest`.
    pub request_period: Duration,
    /// The `STUN…` parameters.
    pub stun: StunWish,
    /// `UDPConnectionRequestAddressNotificationLimit`: the least time between two sessions that a new
    /// address for requests over UDP opens.
    pub udp_notification_limit: Duration,
}

impl Settings {
    /// The settings now.
    pub fn read(model: &mut Model) -> Self {
        let mut get = |name: &str| {
            model
                .value(&format!("ManagementServer.{name}"))
                .filter(|value| !value.is_empty())
        };
        let interval = get("PeriodicInformInterval")
            .and_then(|v| v.parse().ok())
            .filter(|interval| *interval > 0);
        let enabled = get("EnableCWMP").and_then(|v| truth::of_value(&v));
        let periodic = get("PeriodicInformEnable").and_then(|v| truth::of_value(&v));
        let http_requests = get("HTTPConnectionRequestEnable").and_then(|v| truth::of_value(&v));
        Self {
            url: get("URL").unwrap_or_default(),
            username: get("Username").unwrap_or_default(),
            password: Secret::new(get("Password").unwrap_or_default()),
            enabled: enabled.unwrap_or(true),
            period: interval
                .filter(|_| periodic == Some(true))
                .map(|interval| Period {
                    interval,
                    phase: get("PeriodicInformTime").and_then(|v| datetime::unix(&v)),
                }),
            retry_minimum: number(get("CWMPRetryMinimumWaitInterval"), RETRY_MINIMUM),
            retry_multiplier: number(get("CWMPRetryIntervalMultiplier"), RETRY_MULTIPLIER),
            throttle: seconds(get("DefaultActiveNotificationThrottle"), (0, 0, u32::MAX)),
            http_requests: http_requests.unwrap_or(true),
            request_username: get("ConnectionRequestUsername").unwrap_or_default(),
            request_password: Secret::new(get("ConnectionRequestPassword").unwrap_or_default()),
            max_requests: number(get("X_ORANGE-COM_MaxConnectionRequest"), MAX_REQUESTS),
            request_period: seconds(get("X_ORANGE-COM_FreqConnectionRequest"), REQUEST_PERIOD),
            stun: StunWish::read(&mut get),
            udp_notification_limit: seconds(
                get("UDPConnectionRequestAddressNotificationLimit"),
                UDP_LIMIT,
            ),
        }
    }

    /// Whether connection requests over HTTP are to be heard. Without an ACS there is nobody whose
    /// request could be one.
    pub fn hears_http_requests(&self) -> bool {
        self.has_acs() && self.http_requests
    }

    /// Whether there is an ACS to talk to.
    pub fn has_acs(&self) -> bool {
        self.enabled && !self.url.is_empty()
    }
}

fn number(value: Option<String>, (default, least, greatest): (u32, u32, u32)) -> u32 {
    value
        .and_then(|v| v.parse().ok())
        .map_or(default, |n: u32| n.clamp(least, greatest))
}

fn seconds(value: Option<String>, range: (u32, u32, u32)) -> Duration {
    Duration::from_secs(u64::from(number(value, range)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_outside_their_range_are_brought_into_it() {
        assert_eq!(number(None, RETRY_MINIMUM), 5);
        assert_eq!(number(Some("0".to_owned()), RETRY_MINIMUM), 1);
        assert_eq!(number(Some("70000".to_owned()), RETRY_MULTIPLIER), 65_535);
        assert_eq!(number(Some("x".to_owned()), RETRY_MULTIPLIER), 2000);
    }
}
