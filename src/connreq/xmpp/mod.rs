//! Connection requests by XMPP (TR-069 Annex K): the box is a client of an XMPP server (RFC 6120), and
//! the ACS asks it for a session through that server.
//!
//! [`run`] is one connection, from finding a server to its end, on a thread of its own. It waits for
//! the server and for [`XmppLine`] at the same time, by which the loop closes it, says who may ask,
//! and gives its verdicts. Whether there is another connection, and when, is for the room above.
//!
//! | file | duty |
//! |---|---|
//! | `settings`, `line`, `end` | what a connection takes, what it shares with the loop, why it ended |
//! | `servers`, `dns` | which servers there are |
//! | `splitter`, `stanza`, `wire` | the stream: pieces, what they say, when they come |
//! | `login`, `scram` | TLS, SASL, binding |
//! | `duty`, `door`, `jid` | requests, and who may ask |
//!
//! A server is believed as much as it proves, and gets no more time or memory than the bounds say:
//! it may be anybody until it has proven to be the domain's, and even then it passes on the words of
//! strangers.

mod dns;
mod door;
mod duty;
mod end;
mod jid;
mod line;
mod login;
mod scram;
mod servers;
mod settings;
mod splitter;
mod stanza;
mod wire;

pub use dns::name_servers;
#[cfg(feature = "inside")]
pub use dns::{SrvAnswer, question as srv_question, read_answer as read_srv_answer};
pub use end::XmppEnd;
#[cfg(feature = "inside")]
pub use jid::Jid;
pub use line::{RequestToken, RequestVerdict, XmppEvent, XmppLine};
#[cfg(feature = "inside")]
pub use scram::{Scram, ScramHash};
pub use settings::{XmppAskers, XmppServer, XmppServers, XmppSettings};
#[cfg(feature = "inside")]
pub use splitter::{MAX_DEPTH, MAX_PASSED_BYTES, MAX_STANZA_BYTES, Splitter, StreamPiece};
#[cfg(feature = "inside")]
pub use stanza::{ServerWord, StreamHeader, escape, parse};

use std::net::SocketAddr;
use std::time::Duration;

use crate::http::ServerLink;

/// How long a look-up, and a TCP connection, may take.
const REACH_LIMIT: Duration = Duration::from_secs(20);

/// Addresses that are tried, of all servers together.
const MAX_TRIED: usize = 16;

/// How often a server may send the box to another one.
const MAX_MOVES: usize = 2;

/// One connection: finds a server, logs in, and serves until it ends; says why that was. It blocks,
/// and ends within a second once the line is closed.
pub fn run(settings: &XmppSettings, line: &XmppLine, tell: &mut dyn FnMut(XmppEvent)) -> XmppEnd {
    if let Err(why) = settings.check() {
        return XmppEnd::Unusable(why);
    }
    let mut servers = match servers::of(settings, line) {
        Ok(servers) => servers,
        Err(end) => return end,
    };
    // The next one is taken from the end.
    servers.reverse();
    let mut end = XmppEnd::NoServer(settings.domain.clone());
    let (mut tried, mut moves) = (0, 0);
    while let Some(server) = servers.pop() {
        let host = server.host.as_str();
        let addresses = match ServerLink::look_up(host, server.port, REACH_LIMIT, line.watch()) {
            Ok(addresses) => addresses,
            Err(error) => {
                end = XmppEnd::NoLink(error);
                continue;
            }
        };
        for address in addresses {
            if line.is_closed() {
                return XmppEnd::Closed;
            }
            if tried >= MAX_TRIED {
                return end;
            }
            tried += 1;
            let was_bound;
            (end, was_bound) = connection(settings, host, address, line, tell);
            let other = match &end {
                XmppEnd::StreamError { condition, text } if condition == "see-other-host" => {
                    servers::other_host(text)
                }
                _ => None,
            };
            // Only where TLS proves that the other one is the domain's as well.
            match other.filter(|_| settings.use_tls && moves < MAX_MOVES) {
                Some(other) => {
                    moves += 1;
                    log::info!(
                        "XMPP: the server sends the box to {}:{}",
                        other.host,
                        other.port
                    );
                    servers.push(other);
                    break;
                }
                None if was_bound || end.is_final() => return end,
                None => {}
            }
        }
    }
    match line.is_closed() {
        true => XmppEnd::Closed,
        false => end,
    }
}

/// One connection to one address: why it ended, and whether it stood before.
fn connection(
    settings: &XmppSettings,
    host: &str,
    address: SocketAddr,
    line: &XmppLine,
    tell: &mut dyn FnMut(XmppEvent),
) -> (XmppEnd, bool) {
    let link = match ServerLink::dial(host, &[address], REACH_LIMIT, line.watch()) {
        Ok(link) => link,
        Err(error) => return (XmppEnd::NoLink(error), false),
    };
    match login::log_in(settings, link, line) {
        Ok(bound) => (duty::serve(settings, bound, line, tell), true),
        Err(end) => (end, false),
    }
}
