//! Connection requests by XMPP: section `xmpp`, and one section for each connection and each server,
//! all but the switch for the rows of `etc/cwmpd/xmpp.csv`.

use super::read::OptionReader;

/// The sections of which there may be any number.
pub(super) const REPEATED: [&str; 2] = ["xmpp_connection", "xmpp_server"];

/// The options that rows of the data model have.
const OF_ROWS: [(&str, &[&str]); 3] = [
    ("xmpp", &["id", "allowed_jid"]),
    (
        "xmpp_connection",
        &[
            "enable",
            "username",
            "password",
            "domain",
            "resource",
            "serveralgorithm",
            "interval",
            "attempt",
            "initial_retry_interval",
            "retry_interval_multiplier",
            "retry_max_interval",
            "usetls",
        ],
    ),
    (
        "xmpp_server",
        &[
            "con_id",
            "enable",
            "priority",
            "weight",
            "server_address",
            "port",
        ],
    ),
];

impl OptionReader<'_> {
    /// `xmpp.enable`: whether the ACS may have a connection opened.
    pub(super) fn xmpp(&mut self, enable: &mut bool) {
        self.flag("xmpp", "enable", enable);
        for (section, options) in OF_ROWS {
            for option in options {
                self.looks_for(section, option);
            }
        }
    }
}
