//! Reads the options one by one, and says what is odd about them.

use std::path::PathBuf;
use std::time::Duration;

use log::LevelFilter;

use super::{Config, DEFAULT_ROOT, IGD_ROOT, IdentityOptions, MAX_SECONDS, MIN_SESSION_TIMEOUT};
use crate::base::prefix::AddressPrefix;
use crate::base::truth;

impl Config {
    /// Reads the options of `/etc/config/cwmpd` through `lookup(section, option)`, which gives
    /// `None` (or an empty text) for an option that is not set. The second value holds one
    /// sentence for each odd value: which option, what it says, what is used instead.
    pub fn from_lookup(lookup: &dyn Fn(&str, &str) -> Option<String>) -> (Self, Vec<String>) {
        let mut config = Self::default();
        let mut options = OptionReader {
            lookup,
            warnings: Vec::new(),
        };
        options.cpe(&mut config);
        options.acs(&mut config);
        options.flag("luup", "enable", &mut config.luup.enable);
        options.base_url("luup", "url", &mut config.luup.url);
        options.seconds("luup", "timeout", 1, &mut config.luup.timeout);
        (config, options.warnings)
    }
}

/// `log_severity`: the words of syslog, and the level of ours that shows as much.
const SEVERITIES: [(&str, LevelFilter); 9] = [
    ("emerg", LevelFilter::Error),
    ("alert", LevelFilter::Error),
    ("crit", LevelFilter::Error),
    ("error", LevelFilter::Error),
    ("err", LevelFilter::Error),
    ("warning", LevelFilter::Warn),
    ("notice", LevelFilter::Info),
    ("info", LevelFilter::Info),
    ("debug", LevelFilter::Debug),
];

struct OptionReader<'a> {
    lookup: &'a dyn Fn(&str, &str) -> Option<String>,
    warnings: Vec<String>,
}

impl OptionReader<'_> {
    fn cpe(&mut self, config: &mut Config) {
        config.interface = self.interface();
        self.port(&mut config.port);
        config.path = self.url_path();
        config.allow_from = self.networks("cpe", "allow_from");
        self.flag("cpe", "basic_requests", &mut config.basic_requests);
        self.root(&mut config.root);
        self.seconds(
            "cpe",
            "session_timeout",
            MIN_SESSION_TIMEOUT,
            &mut config.session_timeout,
        );
        self.seconds("cpe", "boot_delay_max", 0, &mut config.boot_delay);
        let mut notify = true;
        self.flag("cpe", "periodic_notify_enable", &mut notify);
        let mut interval = config.notify_interval.unwrap_or_default();
        self.seconds("cpe", "periodic_notify_interval", 1, &mut interval);
        config.notify_interval = notify.then_some(interval);
        let is_set = |option| self.text("cpe", option).is_some();
        config.identity = IdentityOptions {
            manufacturer: is_set("manufacturer"),
            manufacturer_oui: is_set("manufacturer_oui"),
            product_class: is_set("product_class"),
            serial_number: is_set("serial_number"),
        };
        config.command_dir = self.file("cpe", "command_dir");
        self.flag("cpe", "log_to_console", &mut config.log.console);
        self.flag("cpe", "log_to_syslog", &mut config.log.syslog);
        self.severity(&mut config.log.level);
    }

    fn acs(&mut self, config: &mut Config) {
        self.flag("acs", "get_rpc_methods", &mut config.ask_acs_methods);
        let spread = &mut config.periodic_spread;
        self.seconds("acs", "periodic_inform_spread", 0, spread);
        let link = &mut config.link;
        link.tls.ca_file = self.file("acs", "ssl_cacert");
        link.tls.ca_path = self.file("acs", "ssl_capath");
        link.tls.client_cert = match (self.file("acs", "ssl_cert"), self.file("acs", "ssl_key")) {
            (Some(cert), Some(key)) => Some((cert, key)),
            (None, None) => None,
            (Some(_), None) => self.half_a_pair("ssl_cert", "ssl_key"),
            (None, Some(_)) => self.half_a_pair("ssl_key", "ssl_cert"),
        };
        self.flag("acs", "insecure_enable", &mut link.tls.insecure);
        self.flag("acs", "basic_over_http", &mut link.basic_over_http);
        self.seconds("acs", "connect_timeout", 1, &mut link.connect_timeout);
        // An ACS may take 30 s to answer (TR-069 3.7.1).
        self.seconds(
            "acs",
            "response_timeout",
            MIN_SESSION_TIMEOUT,
            &mut link.response_timeout,
        );
        self.seconds(
            "acs",
            "exchange_timeout",
            MIN_SESSION_TIMEOUT,
            &mut link.exchange_timeout,
        );
    }

    /// An option that is set; what is empty is not (libuci makes no difference either).
    fn text(&self, section: &str, option: &str) -> Option<String> {
        (self.lookup)(section, option)
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty())
    }

    fn warn(&mut self, section: &str, option: &str, text: &str, wanted: &str, used: &str) {
        self.warnings.push(format!(
            "cwmpd.{section}.{option}: '{text}' is not {wanted}; using {used}"
        ));
    }

    fn flag(&mut self, section: &str, option: &str, value: &mut bool) {
        let Some(text) = self.text(section, option) else {
            return;
        };
        match truth::of_option(&text) {
            Some(truth) => *value = truth,
            None => self.warn(section, option, &text, "0 or 1", truth::digit(*value)),
        }
    }

    fn seconds(&mut self, section: &str, option: &str, least: u64, value: &mut Duration) {
        let Some(text) = self.text(section, option) else {
            return;
        };
        let used = match text.parse::<u64>() {
            Ok(seconds) if (least..=MAX_SECONDS).contains(&seconds) => {
                *value = Duration::from_secs(seconds);
                return;
            }
            Ok(seconds) => seconds.clamp(least, MAX_SECONDS),
            Err(_) => value.as_secs(),
        };
        *value = Duration::from_secs(used);
        let wanted = format!("a number of seconds from {least} to {MAX_SECONDS}");
        self.warn(section, option, &text, &wanted, &used.to_string());
    }

    fn port(&mut self, value: &mut u16) {
        let Some(text) = self.text("cpe", "port") else {
            return;
        };
        match text.parse::<u16>() {
            Ok(port) => *value = port,
            Err(_) => {
                let used = value.to_string();
                self.warn("cpe", "port", &text, "a port from 0 to 65535", &used);
            }
        }
    }

    /// A name the kernel takes (`dev_valid_name`): no longer than 15 bytes, no `/`, no space.
    fn interface(&mut self) -> Option<String> {
        let text = self.text("cpe", "interface")?;
        let odd = |c: char| c == '/' || c == ':' || c.is_whitespace();
        if text.len() > 15 || text == "." || text == ".." || text.contains(odd) {
            let used = "the one that leads to the ACS";
            self.warn("cpe", "interface", &text, "a network interface", used);
            return None;
        }
        Some(text)
    }

    fn root(&mut self, value: &mut String) {
        let Some(text) = self.text("cpe", "root") else {
            return;
        };
        match [DEFAULT_ROOT, IGD_ROOT]
            .into_iter()
            .find(|root| root.trim_end_matches('.') == text.trim_end_matches('.'))
        {
            Some(root) => *value = root.to_owned(),
            None => {
                let wanted = format!("'{DEFAULT_ROOT}' or '{IGD_ROOT}'");
                self.warn("cpe", "root", &text, &wanted, DEFAULT_ROOT);
            }
        }
    }

    /// The unreserved characters of RFC 3986 and `/`, so that it stands in a URL as it is.
    fn url_path(&mut self) -> Option<String> {
        let text = self.text("cpe", "path")?;
        let fits = |c: char| c.is_ascii_alphanumeric() || "-._~/".contains(c);
        if text.starts_with('/') && text.chars().all(fits) {
            return Some(text);
        }
        let wanted = "a path of letters, digits and -._~ that begins with /";
        self.warn("cpe", "path", &text, wanted, "one made by the agent");
        None
    }

    /// A list of networks. An entry that is none admits nobody, and does not open the list for others.
    fn networks(&mut self, section: &str, option: &str) -> Option<Vec<AddressPrefix>> {
        let text = self.text(section, option)?;
        let mut networks = Vec::new();
        for entry in text.split_whitespace() {
            match AddressPrefix::parse(entry) {
                Some(network) => networks.push(network),
                None => {
                    let wanted = "a network like 10.0.0.0/8 or 2001:db8::/32";
                    self.warn(section, option, entry, wanted, "it for nobody");
                }
            }
        }
        Some(networks)
    }

    fn file(&mut self, section: &str, option: &str) -> Option<PathBuf> {
        let text = self.text(section, option)?;
        if text.starts_with('/') {
            return Some(PathBuf::from(text));
        }
        self.warn(section, option, &text, "an absolute path", "none");
        None
    }

    fn half_a_pair<T>(&mut self, set: &str, missing: &str) -> Option<T> {
        self.warnings.push(format!(
            "cwmpd.acs.{set} is set but cwmpd.acs.{missing} is not; using no client certificate"
        ));
        None
    }

    fn base_url(&mut self, section: &str, option: &str, value: &mut String) {
        let Some(text) = self.text(section, option) else {
            return;
        };
        let host = text
            .strip_prefix("http://")
            .or_else(|| text.strip_prefix("https://"))
            .unwrap_or_default();
        if host.is_empty() || host.starts_with('/') || text.contains(char::is_whitespace) {
            let used = value.clone();
            self.warn(section, option, &text, "an http:// URL", &used);
        } else {
            text.trim_end_matches('/').clone_into(value);
        }
    }

    fn severity(&mut self, value: &mut LevelFilter) {
        let Some(text) = self.text("cpe", "log_severity") else {
            return;
        };
        match SEVERITIES
            .iter()
            .find(|(word, _)| word.eq_ignore_ascii_case(&text))
        {
            Some((_, level)) => *value = *level,
            None => {
                let wanted = "one of EMERG, ALERT, CRIT, ERROR, WARNING, NOTICE, INFO, DEBUG";
                self.warn("cpe", "log_severity", &text, wanted, "INFO");
            }
        }
    }
}
