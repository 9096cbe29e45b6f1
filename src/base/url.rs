//! An address of the web: `http` or `https`, host, port, and the request target exactly as given
//! (TR-069 §3.4.1; RFC 3986).

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Longer addresses are refused. TR-181 allows `ManagementServer.URL` 2048 characters; a
/// `Location` gets twice as many.
pub const MAX_URL_BYTES: usize = 4096;

/// The most characters of an address that a message shows.
const MAX_SHOWN: usize = 200;

/// RFC 1035 §2.3.4.
const MAX_HOST_BYTES: usize = 253;

/// One part of it, likewise.
const MAX_LABEL_BYTES: usize = 63;

/// An absolute address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// Whether it is `https`.
    pub secure: bool,
    /// Lower case; an IPv6 address without its brackets.
    pub host: String,
    /// The port, also where it is the scheme's own.
    pub port: u16,
    /// Path and query as given, beginning with `/`; no fragment.
    pub target: String,
}

impl Url {
    /// Reads an absolute address; the error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        check(text)?;
        let (scheme, rest) = text
            .split_once("://")
            .ok_or("it has no http:// or https://")?;
        let secure = match () {
            () if scheme.eq_ignore_ascii_case("http") => false,
            () if scheme.eq_ignore_ascii_case("https") => true,
            () => return Err("only http and https are spoken"),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(end);
        if authority.contains('@') {
            return Err("a user name or password in the URL is not allowed");
        }
        let (host, port) = split_port(authority)?;
        let port = match port {
            None | Some("") => default_port(secure),
            Some(port) => Some(port)
                .filter(|port| port.bytes().all(|c| c.is_ascii_digit()))
                .and_then(|port| port.parse().ok())
                .ok_or("its port is not a number up to 65535")?,
        };
        if port == 0 {
            return Err("its port is 0");
        }
        let target = target.split('#').next().unwrap_or_default();
        let slash = if target.starts_with('/') { "" } else { "/" };
        Ok(Self {
            secure,
            host: host.to_ascii_lowercase(),
            port,
            target: format!("{slash}{target}"),
        })
    }

    /// Resolves a `Location`, which may be relative (RFC 3986 §5.2).
    pub fn join(&self, location: &str) -> Result<Self, &'static str> {
        check(location)?;
        let reference = location.split('#').next().unwrap_or_default();
        let scheme_end = reference.find([':', '/', '?']);
        if scheme_end.is_some_and(|end| reference.as_bytes().get(end) == Some(&b':')) {
            return Self::parse(reference);
        }
        if reference.starts_with("//") {
            let scheme = if self.secure { "https" } else { "http" };
            return Self::parse(&format!("{scheme}:{reference}"));
        }
        let path = self.path();
        let target = if reference.is_empty() {
            self.target.clone()
        } else if reference.starts_with('?') {
            format!("{path}{reference}")
        } else if reference.starts_with('/') {
            reference.to_owned()
        } else {
            let folder = path.rfind('/').and_then(|end| path.get(..=end));
            without_dots(&format!("{}{reference}", folder.unwrap_or("/")))
        };
        check(&target)?;
        Ok(Self {
            target,
            ..self.clone()
        })
    }

    /// The target without its query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or("/")
    }

    /// Whether both are the same scheme, host and port (RFC 9110 §4.3.1).
    pub fn same_origin(&self, other: &Self) -> bool {
        (self.secure, &self.host, self.port) == (other.secure, &other.host, other.port)
    }

    /// `host` or `host:port`, an IPv6 address in brackets: what the `Host` header says, and error
    /// messages, which leave the target out because it may carry what is not for a log.
    pub fn authority(&self) -> String {
        let (open, close) = if self.host.contains(':') {
            ("[", "]")
        } else {
            ("", "")
        };
        let port = if self.port == default_port(self.secure) {
            String::new()
        } else {
            format!(":{}", self.port)
        };
        format!("{open}{}{close}{port}", self.host)
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority(), self.target)
    }
}

/// An address, or what was meant as one, for a log line, a status or a message: without user name and
/// password, query and fragment, any of which may be secret, and no longer than a line.
pub fn shown(text: &str) -> String {
    // An address that is one has no user in it. In another nobody knows where a password ends, or
    // whether it is part of a query.
    let user = match Url::parse(text) {
        Ok(_) => None,
        Err(_) => text.rsplit_once('@'),
    };
    let (before, rest) = match user {
        Some((user, _)) if user.contains(['?', '#']) => ("", "?"),
        Some((_, rest)) => ("...@", rest),
        None => ("", text),
    };
    let end = rest.find(['?', '#']).unwrap_or(rest.len());
    let (address, secret) = rest.split_at(end);
    let after = if secret.is_empty() { "" } else { "?..." };
    let visible = address.chars().filter(|c| !c.is_control());
    let visible = before.chars().chain(visible.take(MAX_SHOWN));
    visible.chain(after.chars()).collect()
}

fn default_port(secure: bool) -> u16 {
    if secure { 443 } else { 80 }
}

fn check(text: &str) -> Result<(), &'static str> {
    if text.len() > MAX_URL_BYTES {
        return Err("it is too long");
    }
    let allowed = |byte: u8| byte.is_ascii_graphic() && !b"<>\"\\^`{|}".contains(&byte);
    if !text.bytes().all(allowed) {
        return Err("it has a character that a URL cannot have");
    }
    Ok(())
}

fn split_port(authority: &str) -> Result<(&str, Option<&str>), &'static str> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, rest) = rest
            .split_once(']')
            .ok_or("its IPv6 address does not end")?;
        host.parse::<Ipv6Addr>()
            .map_err(|_| "its IPv6 address is wrong")?;
        return match rest.strip_prefix(':') {
            None if rest.is_empty() => Ok((host, None)),
            None => Err("something is wrong after its IPv6 address"),
            port => Ok((host, port)),
        };
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    match is_host(host) {
        true => Ok((host, port)),
        false => Err("its host name is wrong"),
    }
}

/// A name of the DNS, a dot at its end or not; what ends in a number is an IPv4 address.
fn is_host(host: &str) -> bool {
    let labels = host.strip_suffix('.').unwrap_or(host);
    let named = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let is_label =
        |label: &str| (1..=MAX_LABEL_BYTES).contains(&label.len()) && label.bytes().all(named);
    let last = labels.rsplit('.').next().unwrap_or_default();
    let is_number = last.bytes().all(|c| c.is_ascii_digit());
    host.len() <= MAX_HOST_BYTES
        && labels.split('.').all(is_label)
        && (!is_number || labels.parse::<Ipv4Addr>().is_ok())
}

/// RFC 3986 §5.2.4, the query left as it is.
fn without_dots(target: &str) -> String {
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.trim_start_matches('/').split('/').peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if last {
                    kept.push("");
                }
            }
            segment => kept.push(segment),
        }
    }
    let path = kept.join("/");
    match query {
        Some(query) => format!("/{path}?{query}"),
        None => format!("/{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_SHOWN, Url, shown};
    use proptest::prelude::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn an_address_is_taken_apart_and_its_target_kept_exactly() {
        let acs = url("HTTPS://ACS.Example:7547/a//b/../c%2f?x=1&y=/?#frag");
        assert!(acs.secure);
        assert_eq!((acs.host.as_str(), acs.port), ("acs.example", 7547));
        assert_eq!(acs.target, "/a//b/../c%2f?x=1&y=/?");
        assert_eq!(acs.authority(), "acs.example:7547");
        assert_eq!(url("http://a").to_string(), "http://a/");
        assert_eq!(url("http://a:80?x").to_string(), "http://a/?x");
        assert_eq!(url("https://a:80/").to_string(), "https://a:80/");
        let six = url("http://[2001:DB8::1]:7547/");
        assert_eq!(six.host, "2001:db8::1");
        assert_eq!(six.to_string(), "http://[2001:db8::1]:7547/");
    }

    #[test]
    fn what_is_not_an_address_is_refused() {
        let long = format!("http://a/{}", "x".repeat(super::MAX_URL_BYTES));
        for bad in [
            "",
            "acs",
            "ftp://a/",
            "http://",
            "http:///x",
            "http://u:p@a/",
            "http://a:99999/",
            "http://a:0/",
            "http://[::1/",
            "http://[::1]x/",
            "http://[zz]/",
            "http://a b/",
            "http://a/\r\nX: y",
            "http://ä/",
            "http://a:+80/",
            "http://a:-1/",
            "http://a:80:80/",
            "http://a..b/",
            "http://.a/",
            "http://./",
            "http://1.2.3/",
            "http://1.2.3.4.5/",
            "http://999.1.1.1/",
            "http://a.1/",
            &long,
        ] {
            assert!(Url::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_location_is_resolved_as_the_standard_says() {
        // RFC 3986 §5.4, without its fragments.
        let base = url("http://a/b/c/d;p?q");
        for (reference, target) in [
            ("g", "/b/c/g"),
            ("./g", "/b/c/g"),
            ("g/", "/b/c/g/"),
            ("/g", "/g"),
            ("?y", "/b/c/d;p?y"),
            ("g?y", "/b/c/g?y"),
            (";x", "/b/c/;x"),
            ("", "/b/c/d;p?q"),
            (".", "/b/c/"),
            ("..", "/b/"),
            ("../g", "/b/g"),
            ("../..", "/"),
            ("../../../g", "/g"),
            ("g?y/../x", "/b/c/g?y/../x"),
            ("./g:h", "/b/c/g:h"),
        ] {
            let joined = base.join(reference).unwrap();
            assert_eq!(joined.target, target, "{reference}");
            assert!(joined.same_origin(&base));
        }
        assert_eq!(
            base.join("//g:8080/x").unwrap().to_string(),
            "http://g:8080/x"
        );
        assert_eq!(base.join("https://g/").unwrap().to_string(), "https://g/");
        assert!(base.join("mailto:x").is_err());
    }

    #[test]
    fn s29_an_address_is_shown_without_what_may_be_secret() {
        for (url, text) in [
            ("http://acs.example:7547", "http://acs.example:7547"),
            ("https://acs.example/a@b", "https://acs.example/a@b"),
            ("https://a/x?token=secret#part", "https://a/x?..."),
            ("https://a?secret", "https://a?..."),
            ("https://a/#secret", "https://a/?..."),
            ("https://user:se/cr@et@acs/x?y", "...@acs/x?..."),
            ("u:p@acs", "...@acs"),
            ("/x?secret", "/x?..."),
            ("http://a/\r\nb", "http://a/b"),
            ("", ""),
        ] {
            assert_eq!(shown(url), text, "{url}");
        }
        let long = format!("http://a/{}?secret", "é".repeat(4096));
        assert_eq!(shown(&long).chars().count(), MAX_SHOWN + 4);
    }

    proptest! {
        #[test]
        fn s29_no_text_shows_a_secret_or_makes_it_panic(text in "\\PC*") {
            shown(&text);
            for before in ["http://u:", "//", ""] {
                let url = format!("{before}TELLTALE{text}@acs");
                prop_assert!(!shown(&url).contains("TELLTALE"), "{}", url);
            }
            let url = format!("{text}?{text}TELLTALE");
            prop_assert!(!shown(&url).contains("TELLTALE"), "{}", url);
        }

        #[test]
        fn no_location_makes_it_panic(text in "\\PC*|(https?:|/|\\.\\.|[a-z]|\\?|#|\\[|\\]|:|@)*") {
            if let Ok(joined) = url("http://a/b/c?d").join(&text) {
                let text = joined.to_string();
                prop_assert!(text.parse::<ureq::http::Uri>().is_ok(), "{}", text);
                prop_assert_eq!(Url::parse(&text), Ok(joined));
            }
        }
    }
}
