//! The way in through the gateway of the network: section `igd`.

use std::time::Duration;

use super::read::OptionReader;

/// Seconds for which a port is mapped, or a pinhole is open, unless it is asked for again.
const DEFAULT_LEASE: u64 = 3600;

/// A shorter lease, in seconds, would be over before a gateway that restarts is back.
const MIN_LEASE: u64 = 120;

/// Section `igd`. See `etc/config/cwmpd` for each option's meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayConfig {
    /// `igd.enabled`: the gateway is asked for a way in where the box needs one.
    pub enabled: bool,
    /// `igd.external_port`: the port that others are to use; `None` = that of connection requests.
    pub external_port: Option<u16>,
    /// `igd.lease`: for how long the gateway is asked for it at a time.
    pub lease: Duration,
    /// `igd.pinhole`: over IPv6, it is asked for a pinhole in its firewall.
    pub pinhole: bool,
}

impl Default for GatewayConfig {
    fn default() -> Self {
        Self {
            enabled: false,
            external_port: None,
            lease: Duration::from_secs(DEFAULT_LEASE),
            pinhole: true,
        }
    }
}

impl OptionReader<'_> {
    pub(super) fn gateway(&mut self, config: &mut GatewayConfig) {
        self.flag("igd", "enabled", &mut config.enabled);
        if let Some(text) = self.text("igd", "external_port") {
            config.external_port = text.parse().ok().filter(|port| *port != 0);
            if config.external_port.is_none() {
                let wanted = "a port from 1 to 65535";
                self.warn("igd", "external_port", &text, wanted, "that of cpe.port");
            }
        }
        self.seconds("igd", "lease", MIN_LEASE, &mut config.lease);
        self.flag("igd", "pinhole", &mut config.pinhole);
    }
}
