//! Which servers are tried, in which order (RFC 6120 §3.2, RFC 2782).

use super::dns;
use super::end::XmppEnd;
use super::line::XmppLine;
use super::settings::{XmppServer, XmppServers, XmppSettings};
use crate::base::sort::sort_by_key;

/// Where clients are served, unless something else is said (RFC 6120 §14.7).
pub(super) const PORT: u16 = 5222;

/// The servers of a domain in the order in which they are tried.
pub(super) fn of(settings: &XmppSettings, line: &XmppLine) -> Result<Vec<XmppServer>, XmppEnd> {
    let domain = &settings.domain;
    let itself = || vec![at(domain, PORT)];
    let servers = match &settings.servers {
        XmppServers::Dns => itself(),
        XmppServers::Table(table) => table.clone(),
        XmppServers::DnsSrv(name_servers) => {
            dns::look_up(domain, name_servers, line).unwrap_or_else(itself)
        }
    };
    match servers.is_empty() {
        true => Err(XmppEnd::NoServer(domain.clone())),
        false => Ok(in_order(servers, &mut random)),
    }
}

/// A server without a rank.
pub(super) fn at(host: &str, port: u16) -> XmppServer {
    XmppServer {
        priority: 0,
        weight: 0,
        host: host.to_owned(),
        port,
    }
}

/// The host that a server names in its place, `host` or `host:port` (RFC 6120 §4.9.3.19).
pub(super) fn other_host(text: &str) -> Option<XmppServer> {
    let text = text.trim();
    let bracketed = text.strip_prefix('[').and_then(|text| text.split_once(']'));
    let (host, port) = match bracketed {
        Some((host, "")) => (host, PORT),
        Some((host, port)) => (host, port.strip_prefix(':')?.parse().ok()?),
        None => match text.rsplit_once(':') {
            // An IPv6 address as it should not be written.
            Some((host, _)) if host.contains(':') => (text, PORT),
            Some((host, port)) => (host, port.parse().ok()?),
            None => (text, PORT),
        },
    };
    let is_good = |c: char| c.is_ascii_alphanumeric() || ".-_:%".contains(c);
    let is_host = !host.is_empty() && host.len() < 256 && host.chars().all(is_good);
    (is_host && port > 0).then(|| at(host, port))
}

/// By priority, and among equals by weight and chance (RFC 2782). `random` gives numbers from 0 up to
/// its argument.
fn in_order(mut left: Vec<XmppServer>, random: &mut dyn FnMut(u32) -> u32) -> Vec<XmppServer> {
    let mut ordered = Vec::with_capacity(left.len());
    // Those without weight first: they are chosen only by a zero.
    sort_by_key(&mut left, |server| (server.priority, server.weight > 0));
    while let Some(first) = left.first() {
        let priority = first.priority;
        let equals = || left.iter().filter(|server| server.priority == priority);
        let mut chance = random(equals().map(|server| u32::from(server.weight)).sum());
        let chosen = equals().position(|server| {
            let weight = u32::from(server.weight);
            let is_it = weight >= chance;
            chance = chance.saturating_sub(weight);
            is_it
        });
        ordered.push(left.remove(chosen.unwrap_or(0)));
    }
    ordered
}

fn random(most: u32) -> u32 {
    getrandom::u32().unwrap_or(0) % most.saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranked(priority: u16, weight: u16, host: &str) -> XmppServer {
        XmppServer {
            priority,
            weight,
            host: host.into(),
            port: PORT,
        }
    }

    #[test]
    fn r46_the_lowest_priority_is_first_and_weight_decides_among_equals() {
        let servers = vec![
            ranked(20, 9, "last"),
            ranked(10, 60, "heavy"),
            ranked(10, 0, "none"),
            ranked(10, 40, "light"),
        ];
        let order = |numbers: &[u32]| {
            let mut numbers = numbers.iter().copied();
            let mut most = Vec::new();
            let ordered = in_order(servers.clone(), &mut |up_to| {
                most.push(up_to);
                numbers.next().unwrap_or(0).min(up_to)
            });
            let hosts: Vec<_> = ordered.into_iter().map(|server| server.host).collect();
            (hosts.join(" "), most)
        };
        assert_eq!(order(&[1, 1]).0, "heavy light none last");
        assert_eq!(order(&[60, 0]).0, "heavy none light last");
        assert_eq!(order(&[61, 1]).0, "light heavy none last");
        assert_eq!(order(&[0, 60]).0, "none heavy light last");
        assert_eq!(order(&[100, 99]).1, [100, 60, 0, 9]);
        for _ in 0..100 {
            assert_eq!(in_order(servers.clone(), &mut random).len(), 4);
        }
    }

    #[test]
    fn r41_another_host_is_a_name_or_an_address_with_or_without_port() {
        let place = |text| other_host(text).map(|server| (server.host, server.port));
        let is = |host: &str, port| Some((host.to_owned(), port));
        assert_eq!(place("a.example"), is("a.example", PORT));
        assert_eq!(place(" a.example:5299 "), is("a.example", 5299));
        assert_eq!(place("192.0.2.1:1"), is("192.0.2.1", 1));
        assert_eq!(place("[2001:db8::1]:99"), is("2001:db8::1", 99));
        assert_eq!(place("[2001:db8::1]"), is("2001:db8::1", PORT));
        assert_eq!(place("2001:db8::1"), is("2001:db8::1", PORT));
        for text in [
            "", ":", ":1", "a:", "a:x", "a:0", "a:65536", "[::1", "[::1]x", "a/b", "a b",
        ] {
            assert_eq!(place(text), None, "{text}");
        }
    }
}
