//! Section `luup`: where the engine is, and how it is reached.

use std::time::Duration;

use super::TlsConfig;
use super::read::OptionReader;

/// Where Luup answers on the box itself.
const DEFAULT_URL: &str = "http://127.0.0.1:3480";

/// Seconds for one whole fetch.
const DEFAULT_TIMEOUT: u64 = 10;

/// The Luup engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LuupConfig {
    /// `luup.enable`
    pub enable: bool,
    /// `luup.url`: base, default `http://127.0.0.1:3480`.
    pub url: String,
    /// How an engine at an `https` address has to prove who it is.
    pub tls: TlsConfig,
    /// `luup.user`: the user that the engine runs as, where it is on the box and not root's.
    pub user: Option<String>,
    /// `luup.timeout`: seconds for one whole fetch.
    pub timeout: Duration,
}

impl Default for LuupConfig {
    fn default() -> Self {
        Self {
            enable: true,
            url: DEFAULT_URL.to_owned(),
            tls: TlsConfig::default(),
            user: None,
            timeout: Duration::from_secs(DEFAULT_TIMEOUT),
        }
    }
}

impl OptionReader<'_> {
    pub(super) fn luup(&mut self, config: &mut LuupConfig) {
        self.flag("luup", "enable", &mut config.enable);
        self.base_url("luup", "url", &mut config.url);
        config.user = self.text("luup", "user");
        self.seconds("luup", "timeout", 1, &mut config.timeout);
    }
}
