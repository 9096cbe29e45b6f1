//! Which servers are tried, in which order (RFC 6120 §3.2, RFC 2782).

use super::dns;
use super::end::XmppEnd;
use super::line::XmppLine;
use super::settings::{XmppServer, XmppServers, XmppSettings};

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
    left.sort_by_key(|server| (server.priority, server.weight > 0));
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
