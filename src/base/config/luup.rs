//! Section `luup`: where the engine is, and how it is reached.

use std::time::Duration;

use super::read::OptionReader;
use super::{MmsConfig, TlsConfig};
use crate::base::url::{self, Url};

/// Where Luup answers on the box itself.
const DEFAULT_URL: &str = "http://127.0.0.1:3480";

/// Seconds for one whole fetch.
const DEFAULT_TIMEOUT: u64 = 10;

/// Seconds from one session for changes of the home to the next.
const DEFAULT_MIN_INTERVAL: u64 = 1;

/// Seconds that the engine may wait for a change: as Luup's own pages have it.
const DEFAULT_POLL_TIMEOUT: u64 = 60;

/// Percent of its charge below which a battery is an alarm.
const DEFAULT_BATTERY_ALARM: u32 = 20;

/// The Luup engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LuupConfig {
    /// `luup.enable`
    pub enable: bool,
    /// `luup.url`: base, default `http://127.0.0.1:3480`.
    pub url: String,
    /// How an engine at an `https` address has to prove who it is.
    pub tls: TlsConfig,
    /// Section `mms`; `None` = the engine is asked itself.
    pub mms: Option<MmsConfig>,
    /// `luup.user`: the user that the engine runs as, where it is on the box and not root's.
    pub user: Option<String>,
    /// `luup.timeout`: seconds for one whole fetch.
    pub timeout: Duration,
    /// `luup.follow`: whether the ACS is told at once of changes that it wants to be told of.
    pub follow: bool,
    /// `luup.min_interval`: seconds at least from one session for such changes to the next.
    pub min_interval: Duration,
    /// `luup.poll_timeout`: seconds that the engine may wait for a change.
    pub poll_timeout: Duration,
    /// `luup.actuators`: whoever sets values may switch what is in the home.
    pub actuators: bool,
    /// `luup.locks`: they may also open doors and disarm sensors.
    pub locks: bool,
    /// `luup.maintenance`: the ACS may have the network healed, and nodes included and removed.
    pub maintenance: bool,
    /// `luup.battery_alarm`: a battery with less of its charge is an alarm, in percent; 0: none is.
    pub battery_alarm: u32,
}

impl Default for LuupConfig {
    fn default() -> Self {
        Self {
            enable: true,
            url: DEFAULT_URL.to_owned(),
            tls: TlsConfig::usual("luup"),
            mms: None,
            user: None,
            timeout: Duration::from_secs(DEFAULT_TIMEOUT),
            follow: true,
            min_interval: Duration::from_secs(DEFAULT_MIN_INTERVAL),
            poll_timeout: Duration::from_secs(DEFAULT_POLL_TIMEOUT),
            actuators: false,
            locks: false,
            maintenance: false,
            battery_alarm: DEFAULT_BATTERY_ALARM,
        }
    }
}

impl LuupConfig {
    /// Whether somebody said where the engine is. The file as it is shipped says where one on the box
    /// would be, and that is no sign that there is one.
    pub fn is_named(&self) -> bool {
        self.mms.is_some() || self.url != DEFAULT_URL
    }
}

impl OptionReader<'_> {
    pub(super) fn luup(&mut self, config: &mut LuupConfig) {
        self.flag("luup", "enable", &mut config.enable);
        self.luup_url(&mut config.url);
        config.tls = self.tls("luup");
        config.mms = self.mms();
        config.user = self.text("luup", "user");
        self.seconds("luup", "timeout", 1, &mut config.timeout);
        self.flag("luup", "follow", &mut config.follow);
        self.seconds("luup", "min_interval", 0, &mut config.min_interval);
        self.seconds("luup", "poll_timeout", 5, &mut config.poll_timeout);
        self.flag("luup", "actuators", &mut config.actuators);
        self.flag("luup", "locks", &mut config.locks);
        self.flag("luup", "maintenance", &mut config.maintenance);
        self.percent("luup", "battery_alarm", &mut config.battery_alarm);
    }

    /// What stands behind it in each request is a path and its query.
    fn luup_url(&mut self, value: &mut String) {
        let Some(text) = self.text("luup", "url") else {
            return;
        };
        let parsed = Url::parse(&text);
        let why = match parsed {
            Ok(_) if text.contains(['?', '#']) => "it has a query or a fragment",
            Ok(_) => return text.trim_end_matches('/').clone_into(value),
            Err(why) => why,
        };
        let wanted = format!("a URL like http://HOST:PORT/PATH ({why})");
        let used = value.clone();
        self.warn("luup", "url", &url::shown(&text), &wanted, &used);
    }
}

#[cfg(test)]
mod tests {
    use crate::base::config::tests::read;

    #[test]
    fn z48_the_tls_of_luup_is_its_own() {
        let (config, remarks) = read(&[
            ("luup.url", "https://192.168.1.5/port_3480/"),
            ("luup.ssl_cacert", "/etc/cwmpd/luup.pem"),
            ("luup.insecure_enable", "1"),
        ]);
        assert_eq!(remarks, Vec::<String>::new());
        assert_eq!(config.luup.url, "https://192.168.1.5/port_3480");
        assert!(config.luup.tls.insecure && config.luup.tls.ca_file.is_some());
        assert!(!config.link.tls.insecure && config.link.tls.ca_file.is_none());
    }

    #[test]
    fn z48_a_typing_error_about_tls_costs_that_tls_and_no_other() {
        let unusable = |option: &str| {
            let config = read(&[(option, "/etc/x.pem")]).0;
            let [acs, luup] = [config.link.tls, config.luup.tls].map(|tls| tls.unusable);
            (acs.is_some(), luup.is_some())
        };
        assert_eq!(unusable("luup.ssl_cacret"), (false, true));
        assert_eq!(unusable("luup.ssl_cert"), (false, true), "without its key");
        assert_eq!(unusable("acs.ssl_cacret"), (true, false));
        assert_eq!(unusable("cpe.ssl_cacert"), (true, false));
    }

    #[test]
    fn z48_an_address_has_no_query_and_no_password() {
        for bad in ["http://h/x?y=1", "http://h/#x", "http://u:TELLTALE@h/", "h"] {
            let (config, remarks) = read(&[("luup.url", bad)]);
            assert_eq!(config.luup.url, super::DEFAULT_URL, "{bad}");
            assert_eq!(remarks.len(), 1, "{bad}");
            assert!(!remarks[0].contains("TELLTALE"), "{remarks:?}");
        }
    }
}
