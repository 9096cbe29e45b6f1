//! Security never falls open: where the file asks for something of TLS in words that nobody reads (a
//! misspelled option, one in the wrong section, a line that is damaged), there is no TLS rather than
//! one that trusts the roots of the system or shows no certificate.

use std::path::PathBuf;

use super::TlsConfig;
use super::read::{OptionName, OptionReader};
use super::review::unread;
use super::similar::nearest;
use super::written::{LostLine, WrittenConfig, WrittenSection};

/// What says whom to trust, and who the box is.
const TRUST: [&str; 5] = ["ssl_cacert", "ssl_capath", "ssl_cafile", "cacert", "cafile"];
const IDENTITY: [&str; 4] = ["ssl_cert", "ssl_key", "client_cert", "client_key"];

/// What other names for options of TLS have in them.
const SIGNS: [&str; 5] = ["ssl", "tls", "cert", "pem", "x509"];

/// Names of other agents that ask for no more than is done anyway: the certificate is checked.
const DONE_ANYWAY: [&str; 1] = ["ssl_verify"];

/// The sections with TLS of their own, beside that of the ACS.
const OTHERS: [&str; 2] = ["luup", "mms"];

/// What a line asks of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Demand {
    Trust,
    Identity,
    /// Something that there is no option for.
    Other,
}

impl OptionReader<'_> {
    /// The options of TLS of a section.
    pub(super) fn tls(&mut self, section: &'static str) -> TlsConfig {
        let mut tls = TlsConfig::usual(section);
        tls.ca_file = self.tls_file("ssl_cacert", &mut tls);
        tls.ca_path = self.tls_file("ssl_capath", &mut tls);
        let cert = self.tls_file("ssl_cert", &mut tls);
        let key = self.tls_file("ssl_key", &mut tls);
        match (cert, key) {
            (Some(cert), Some(key)) => tls.client_cert = Some((cert, key)),
            (None, None) => {}
            (Some(_), None) => self.half_a_pair("ssl_cert", "ssl_key", &mut tls),
            (None, Some(_)) => self.half_a_pair("ssl_key", "ssl_cert", &mut tls),
        }
        self.flag(section, "insecure_enable", &mut tls.insecure);
        tls
    }

    /// A file or folder that TLS needs. One that is set and is none makes TLS unusable.
    fn tls_file(&mut self, option: &str, tls: &mut TlsConfig) -> Option<PathBuf> {
        let said = self.said(tls.section, option)?;
        let name = tls.option(option);
        let why = match said.items.as_slice() {
            [path] if path.trim().starts_with('/') => return Some(PathBuf::from(path.trim())),
            [path] => format!("cwmpd.{name}: '{path}' is not an absolute path"),
            _ => format!("cwmpd.{name} is a list, and only one path is taken"),
        };
        self.refuse_tls(option, why, tls);
        None
    }

    fn half_a_pair(&mut self, set: &str, missing: &str, tls: &mut TlsConfig) {
        // Why the other half does not count was said already, where it is set too.
        if self.said(tls.section, missing).is_none() {
            let (is_set, is_not) = (tls.option(set), tls.option(missing));
            let why = format!("cwmpd.{is_set} is set but cwmpd.{is_not} is not");
            self.refuse_tls(set, why, tls);
        }
    }

    fn refuse_tls(&mut self, option: &str, why: String, tls: &mut TlsConfig) {
        let text = format!("{why}; no session over TLS is opened before that is mended");
        self.remark(tls.section, option, text);
        tls.unusable.get_or_insert(why);
    }
}

/// Makes TLS unusable where the file asks for what `tls` does not give: in its section; as for the link
/// to the ACS, in any that has no TLS of its own. `looked_for` are the options that were read.
pub(super) fn hold_to(tls: &mut TlsConfig, written: &WrittenConfig, looked_for: &[OptionName]) {
    if tls.unusable.is_some() {
        return;
    }
    let is_met = |demand| match demand {
        Demand::Trust => tls.ca_file.is_some() || tls.ca_path.is_some() || tls.insecure,
        Demand::Identity => tls.client_cert.is_some(),
        Demand::Other => false,
    };
    let concerns = |section: &WrittenSection| match tls.section {
        "acs" => !OTHERS.iter().any(|other| section.is_called(other)),
        own => section.is_called(own),
    };
    let unread = unread(written, looked_for)
        .filter(|(section, _)| concerns(section))
        .find(|(_, option)| demand(&option.name).is_some_and(|demand| !is_met(demand)))
        .map(|(_, option)| format!("line {}: {} is not an option", option.line, option.name));
    let lost = || {
        let mut lost = written.lost.iter();
        let lost = lost.find(|lost| demand_of_lost(lost).is_some_and(|demand| !is_met(demand)));
        lost.map(|lost| format!("line {} cannot be read ({})", lost.line, lost.why))
    };
    let why = unread.or_else(lost);
    tls.unusable = why.map(|why| format!("{why}, and may be about TLS"));
}

/// What an option that nobody reads is about, if it is about TLS.
fn demand(name: &str) -> Option<Demand> {
    if DONE_ANYWAY.contains(&name) {
        return None;
    }
    let known = TRUST.into_iter().chain(IDENTITY);
    match nearest(name, known) {
        Some(known) if TRUST.contains(&known) => return Some(Demand::Trust),
        Some(_) => return Some(Demand::Identity),
        None => {}
    }
    let name = name.to_ascii_lowercase();
    SIGNS
        .into_iter()
        .any(|sign| name.contains(sign))
        .then_some(Demand::Other)
}

/// What a line was about that cannot be read. One that is garbage may have been about whom to trust.
fn demand_of_lost(lost: &LostLine) -> Option<Demand> {
    let mut words = lost.text.split_whitespace();
    let keyword = words.next().unwrap_or_default();
    let name = words.next().unwrap_or_default();
    if let Some(demand) = demand(name.trim_matches(['\'', '"'])) {
        return Some(match demand {
            Demand::Other => Demand::Trust,
            demand => demand,
        });
    }
    let lower = lost.text.to_ascii_lowercase();
    let is_about_tls = SIGNS.into_iter().any(|sign| lower.contains(sign));
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '\'' | '"');
    let is_plain = nearest(keyword, ["option", "list", "config"].into_iter()).is_some()
        && !name.is_empty()
        && name.chars().all(is_name);
    (is_about_tls || !is_plain).then_some(Demand::Trust)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_about_tls_are_known() {
        for (name, about) in [
            ("ssl_ca_cert", Some(Demand::Trust)),
            ("cacert", Some(Demand::Trust)),
            ("ca_file", Some(Demand::Trust)),
            ("ssl_cafile", Some(Demand::Trust)),
            ("ssl_capth", Some(Demand::Trust)),
            ("ssl_crt", Some(Demand::Identity)),
            ("sslkey", Some(Demand::Identity)),
            ("client-key", Some(Demand::Identity)),
            ("tls_version", Some(Demand::Other)),
            ("server_certificate", Some(Demand::Other)),
            ("ssl_verify", None),
            ("urll", None),
            ("passwrd", None),
        ] {
            assert_eq!(demand(name), about, "{name}");
        }
    }

    #[test]
    fn a_lost_line_is_harmless_only_where_its_words_say_so() {
        let of = |text: &str| {
            demand_of_lost(&LostLine {
                line: 1,
                text: text.to_owned(),
                why: "",
            })
        };
        for harmless in ["option url 'http://x", "optoin passwd 'x'", "option 'port"] {
            assert_eq!(of(harmless), None, "{harmless}");
        }
        for text in [
            "option ssl_cacert '/x",
            "optionssl_cacert '/x'",
            "option ca '/etc/ca.pem' 'x'",
            "ssl_cacert '/x'",
            "\u{fffd}\u{fffd}",
            "option",
            "",
        ] {
            assert_eq!(of(text), Some(Demand::Trust), "{text}");
        }
        assert_eq!(of("option ssl_key '/x"), Some(Demand::Identity));
    }
}
