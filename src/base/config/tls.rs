//! Security never falls open: where the file asks for something of TLS in words that nobody reads (a
//! misspelled option, one in the wrong section, a line that is damaged), there is no TLS rather than
//! one that trusts the roots of the system or shows no certificate.

use super::TlsConfig;
use super::read::OptionName;
use super::review::unread;
use super::similar::nearest;
use super::written::{LostLine, WrittenConfig};

/// What says whom to trust, and who the box is.
const TRUST: [&str; 5] = ["ssl_cacert", "ssl_capath", "ssl_cafile", "cacert", "cafile"];
const IDENTITY: [&str; 4] = ["ssl_cert", "ssl_key", "client_cert", "client_key"];

/// What other names for options of TLS have in them.
const SIGNS: [&str; 5] = ["ssl", "tls", "cert", "pem", "x509"];

/// Names of other agents that ask for no more than is done anyway: the certificate is checked.
const DONE_ANYWAY: [&str; 1] = ["ssl_verify"];

/// What a line asks of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Demand {
    Trust,
    Identity,
    /// Something that there is no option for.
    Other,
}

/// Makes TLS unusable where the file asks for what `tls` does not give. `looked_for` are the options
/// that were read.
pub(super) fn hold_to(tls: &mut TlsConfig, written: &WrittenConfig, looked_for: &[OptionName]) {
    if tls.unusable.is_some() {
        return;
    }
    let is_met = |demand| match demand {
        Demand::Trust => tls.ca_file.is_some() || tls.ca_path.is_some() || tls.insecure,
        Demand::Identity => tls.client_cert.is_some(),
        Demand::Other => false,
    };
    let unread = unread(written, looked_for)
        .find(|option| demand(&option.name).is_some_and(|demand| !is_met(demand)))
        .map(|option| format!("line {}: {} is not an option", option.line, option.name));
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
