//! Which servers are met: those of one domain, whatever an answer says, so that no answer leads to a
//! machine of the home or hands the session to a stranger.

use std::net::IpAddr;

use crate::base::config::{MmsConfig, mms_server};
use crate::base::url::Url;

/// A server that an answer names, `HOST` or `HOST:PORT`; `None` where it may not be met.
pub(super) fn server(config: &MmsConfig, name: &str) -> Option<Url> {
    let found = mms_server(name)?;
    let first = config.server.as_ref()?;
    let domain = config.domain.as_deref().unwrap_or(domain(&first.host));
    let is_within = |(before, end): (&str, &str)| end == domain && before.ends_with('.');
    let parts = found
        .host
        .split_at_checked(found.host.len().saturating_sub(domain.len()));
    let is_name = found.host.parse::<IpAddr>().is_err();
    (found.host == domain || (is_name && parts.is_some_and(is_within))).then_some(found)
}

/// All behind the first label, if that has a dot in it; or else the host alone.
fn domain(host: &str) -> &str {
    let above = host.split_once('.').map(|(_, above)| above);
    match above.filter(|above| above.contains('.')) {
        Some(above) if host.parse::<IpAddr>().is_err() => above,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn met(first: &str, domain: Option<&str>, name: &str) -> bool {
        let config = MmsConfig {
            server: mms_server(first),
            domain: domain.map(str::to_owned),
            ..MmsConfig::default()
        };
        server(&config, name).is_some()
    }

    #[test]
    fn z51_no_answer_leads_out_of_the_domain() {
        let auth = "autha.mms.example";
        for (domain, name, is_met) in [
            (None, "relay12.mms.example", true),
            (None, "RELAY12.mms.example:8443", true),
            (None, "a.relay.mms.example", true),
            (None, "mms.example", true),
            (None, "relay.example", false),
            (None, "evilmms.example", false),
            (None, "mms.example.evil.test", false),
            (None, "127.0.0.1", false),
            (None, "localhost:22", false),
            (None, "[::1]", false),
            (None, "", false),
            (Some("relays.test"), "r.relays.test", true),
            (Some("relays.test"), "relay12.mms.example", false),
            (Some("0.0.1"), "127.0.0.1", false),
        ] {
            assert_eq!(met(auth, domain, name), is_met, "{domain:?} {name}");
        }
    }

    #[test]
    fn z51_a_server_without_a_domain_is_alone() {
        assert!(met("127.0.0.1:8443", None, "127.0.0.1:9"));
        assert!(!met("127.0.0.1", None, "127.0.0.2"));
        assert!(!met("mms.example", None, "other.example"));
        assert!(met("mms.example", None, "relay.mms.example"));
        assert!(met("[::1]", None, "[::1]:7") && !met("[::1]", None, "[::2]"));
    }
}
