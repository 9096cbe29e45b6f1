//! Reads the options one by one, and says what is odd about them.

use std::path::PathBuf;
use std::time::Duration;

use log::LevelFilter;

use super::review::asks_for;
use super::written::{OptionWords, Remark, WrittenConfig};
use super::{
    Config, DEFAULT_ROOT, IGD_ROOT, IdentityOptions, MAX_SECONDS, MIN_SESSION_TIMEOUT, tls,
};
use crate::base::prefix::AddressPrefix;
use crate::base::truth;

/// An option by its section and its name.
pub type OptionName = (String, String);

/// What came of reading the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigReading {
    /// The settings.
    pub config: Config,
    /// A sentence for each odd value: what it says, what is used instead.
    pub remarks: Vec<Remark>,
    /// The options that were looked for.
    pub looked_for: Vec<OptionName>,
}

impl Config {
    /// Reads the options of `/etc/config/cwmpd`.
    pub fn read(written: &WrittenConfig) -> ConfigReading {
        let mut config = Self::default();
        let mut options = OptionReader {
            written,
            remarks: Vec::new(),
            looked_for: Vec::new(),
        };
        options.cpe(&mut config);
        options.udp(&mut config);
        options.acs(&mut config);
        options.luup(&mut config.luup);
        options.transfer(&mut config.transfer);
        options.xmpp(&mut config.xmpp);
        options.gateway(&mut config.gateway);
        let OptionReader {
            remarks,
            looked_for,
            ..
        } = options;
        let of_mms = config.luup.mms.as_mut().map(|mms| &mut mms.tls);
        let all = [&mut config.link.tls, &mut config.luup.tls].into_iter();
        for tls in all.chain(of_mms) {
            tls::hold_to(tls, written, &looked_for);
        }
        if config.allow_from.is_none() && asks_for(written, &looked_for, "allow_from") {
            // Nobody, rather than all those that were to be kept away.
            config.allow_from = Some(Vec::new());
        }
        ConfigReading {
            config,
            remarks,
            looked_for,
        }
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

pub(super) struct OptionReader<'w> {
    pub(super) written: &'w WrittenConfig,
    pub(super) remarks: Vec<Remark>,
    looked_for: Vec<OptionName>,
}

impl<'w> OptionReader<'w> {
    fn cpe(&mut self, config: &mut Config) {
        config.interface = self.interface();
        self.port("cpe", "port", &mut config.port);
        config.path = self.url_path();
        config.allow_from = self.networks("cpe", "allow_from");
        self.zone(config.port);
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
        let mut is_set = |option| self.text("cpe", option).is_some();
        config.identity = IdentityOptions {
            manufacturer: is_set("manufacturer"),
            manufacturer_oui: is_set("manufacturer_oui"),
            product_class: is_set("product_class"),
            serial_number: is_set("serial_number"),
        };
        config.command_dir = self.file("cpe", "command_dir");
        let mut has_ubus = true;
        self.flag("cpe", "ubus", &mut has_ubus);
        if let Some(socket) = self.file("cpe", "ubus_socket") {
            config.ubus = Some(vec![socket]);
        }
        if !has_ubus {
            config.ubus = None;
        }
        self.flag("cpe", "log_to_console", &mut config.log.console);
        self.flag("cpe", "log_to_syslog", &mut config.log.syslog);
        self.severity(&mut config.log.level);
    }

    fn acs(&mut self, config: &mut Config) {
        self.flag("acs", "dhcp_discovery", &mut config.dhcp_discovery);
        self.flag("acs", "get_rpc_methods", &mut config.ask_acs_methods);
        let spread = &mut config.periodic_spread;
        self.seconds("acs", "periodic_inform_spread", 0, spread);
        let link = &mut config.link;
        link.tls = self.tls("acs");
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

    /// What an option says; what is empty is not set (libuci makes no difference either). What is only
    /// blank is set, to nothing that can be used: where security hangs on it, it must not count as absent.
    pub(super) fn said(&mut self, section: &str, option: &str) -> Option<OptionWords<'w>> {
        self.looks_for(section, option);
        let said = self.written.option(section, option)?;
        (said.items.len() > 1 || said.items.iter().any(|item| !item.is_empty())).then_some(said)
    }

    /// Notes that somebody reads the option.
    pub(super) fn looks_for(&mut self, section: &str, option: &str) {
        let name = (section.to_owned(), option.to_owned());
        if !self.looked_for.contains(&name) {
            self.looked_for.push(name);
        }
    }

    /// The one value of an option that is set and not blank. A list of one is one value.
    pub(super) fn text(&mut self, section: &str, option: &str) -> Option<String> {
        let said = self.said(section, option)?;
        match said.items.as_slice() {
            [text] => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            items => {
                self.remarks.push(Remark {
                    line: Some(said.line),
                    text: format!(
                        "cwmpd.{section}.{option} is a list of {}, and only one value is taken; \
                         using none of them",
                        items.len()
                    ),
                });
                None
            }
        }
    }

    pub(super) fn remark(&mut self, section: &str, option: &str, text: String) {
        let said = self.written.option(section, option);
        let line = said.map(|said| said.line);
        self.remarks.push(Remark { line, text });
    }

    pub(super) fn warn(
        &mut self,
        section: &str,
        option: &str,
        text: &str,
        wanted: &str,
        used: &str,
    ) {
        let text = format!("cwmpd.{section}.{option}: '{text}' is not {wanted}; using {used}");
        self.remark(section, option, text);
    }

    pub(super) fn flag(&mut self, section: &str, option: &str, value: &mut bool) {
        let Some(text) = self.text(section, option) else {
            return;
        };
        match truth::of_option(&text) {
            Some(truth) => *value = truth,
            None => self.warn(section, option, &text, "0 or 1", truth::digit(*value)),
        }
    }

    pub(super) fn seconds(
        &mut self,
        section: &str,
        option: &str,
        least: u64,
        value: &mut Duration,
    ) {
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

    pub(super) fn percent(&mut self, section: &str, option: &str, value: &mut u32) {
        let Some(text) = self.text(section, option) else {
            return;
        };
        match text.parse() {
            Ok(percent @ 0..=100) => *value = percent,
            _ => self.warn(section, option, &text, "0 to 100", &value.to_string()),
        }
    }

    /// No other port than the one that was asked for is opened.
    pub(super) fn port(&mut self, section: &str, option: &str, value: &mut Option<u16>) {
        let Some(said) = self.said(section, option) else {
            return;
        };
        let text = said.items.join(" ");
        *value = text.trim().parse().ok();
        if value.is_none() {
            self.warn(section, option, &text, "a port from 0 to 65535", "none");
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
        let text = self.said(section, option)?.items.join(" ");
        let mut networks = Vec::new();
        let entries = match text.trim() {
            "" => vec![""],
            text => text.split_whitespace().collect(),
        };
        for entry in entries {
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

    /// The service opens the port to this zone of the firewall (`/etc/init.d/cwmpd`). Here it is only
    /// said when it cannot.
    fn zone(&mut self, port: Option<u16>) {
        let Some(text) = self.text("cpe", "open_zone") else {
            return;
        };
        let fits = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
        if !text.chars().all(fits) {
            self.warn("cpe", "open_zone", &text, "a zone of the firewall", "none");
        } else if port.is_none_or(|port| port == 0) {
            let text =
                "cwmpd.cpe.open_zone needs a fixed cwmpd.cpe.port; the firewall is not opened";
            self.remark("cpe", "open_zone", text.to_owned());
        }
    }

    pub(super) fn file(&mut self, section: &str, option: &str) -> Option<PathBuf> {
        let text = self.text(section, option)?;
        self.absolute(section, option, text)
    }

    /// A list of files.
    pub(super) fn files(&mut self, section: &str, option: &str) -> Vec<PathBuf> {
        let said = self.said(section, option);
        let items = said.map(|said| said.items).unwrap_or_default();
        let paths = items.into_iter().map(|item| item.trim().to_owned());
        let paths = paths.filter_map(|path| self.absolute(section, option, path));
        paths.collect()
    }

    fn absolute(&mut self, section: &str, option: &str, text: String) -> Option<PathBuf> {
        if text.starts_with('/') {
            return Some(PathBuf::from(text));
        }
        self.warn(section, option, &text, "an absolute path", "none");
        None
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
