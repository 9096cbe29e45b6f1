//! Who answers on a port of the box itself. Port 3480 is open to every user: whoever is there before
//! the engine is could pose as it. So the kernel is asked whose the other end of the connection is,
//! by its tables of sockets (proc(5), `/proc/net/tcp`), before anything is sent and before an answer
//! is used. Of an engine on another machine nothing can be known.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use nix::unistd::{Uid, User, geteuid};

use super::LuupError;
use crate::base::config::LuupConfig;
use crate::base::file;

/// The most that is read of a table: 10,000 sockets.
const MAX_TABLE: usize = 2 << 20;

/// `TCP_LISTEN` (tcp_states.h).
const LISTENING: u8 = 0x0A;

/// Whose answers are believed: root's, the agent's own user's, and that of `luup.user`.
pub(super) struct Owners {
    allowed: Vec<u32>,
}

/// One socket of the box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct SocketRow {
    local: SocketAddr,
    remote: SocketAddr,
    state: u8,
    user: u32,
    /// 0: no process has it, not yet or not any more.
    inode: u64,
}

impl Owners {
    pub(super) fn new(cfg: &LuupConfig) -> Result<Self, LuupError> {
        let mut allowed = vec![0, geteuid().as_raw()];
        if let Some(name) = &cfg.user {
            let user = User::from_name(name).ok().flatten();
            let user = user.ok_or_else(|| LuupError::UnknownUser(name.clone()))?;
            allowed.push(user.uid.as_raw());
        }
        Ok(Self { allowed })
    }

    /// Before a connection to a host: that of the box itself, if its URL says so by an address or as
    /// `localhost`, which may lead to either family.
    pub(super) fn check_host(&self, host: &str, port: u16) -> Result<(), LuupError> {
        let addresses: Vec<IpAddr> = match host {
            "localhost" => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
            host => host.parse().into_iter().collect(),
        };
        if !addresses.iter().any(|one| one.to_canonical().is_loopback()) {
            return Ok(());
        }
        let rows = table()?;
        addresses.into_iter().try_for_each(|address| {
            // Where nobody listens, there is nobody to send anything to.
            let listening = listeners(&rows, SocketAddr::new(address, port));
            self.check_all(&listening, port)
        })
    }

    /// After an answer came over the connection from `local` to `peer`.
    pub(super) fn check_peer(&self, local: SocketAddr, peer: SocketAddr) -> Result<(), LuupError> {
        let (local, peer) = (canonical(local), canonical(peer));
        if !(peer.ip().is_loopback() || peer.ip() == local.ip()) {
            return Ok(());
        }
        let rows = table()?;
        let other_end = rows
            .iter()
            .filter(|row| row.local == peer && row.remote == local && row.inode != 0);
        let mut owners: Vec<SocketRow> = other_end.copied().collect();
        if owners.is_empty() {
            // It closed the connection already.
            owners = listeners(&rows, peer);
        }
        match owners.is_empty() {
            true => Err(LuupError::NotItsUser(
                peer.port(),
                "nobody any more".to_owned(),
            )),
            false => self.check_all(&owners, peer.port()),
        }
    }

    fn check_all(&self, rows: &[SocketRow], port: u16) -> Result<(), LuupError> {
        let stranger = rows.iter().find(|row| !self.allowed.contains(&row.user));
        stranger.map_or(Ok(()), |row| {
            let user = User::from_uid(Uid::from_raw(row.user)).ok().flatten();
            let name = user.map_or_else(|| row.user.to_string(), |user| user.name);
            Err(LuupError::NotItsUser(port, format!("user {name}")))
        })
    }
}

/// The sockets that a connection to `peer` may reach: those of its own address, else those of all
/// addresses of its family, else those of both families.
fn listeners(rows: &[SocketRow], peer: SocketAddr) -> Vec<SocketRow> {
    let any = match peer {
        SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    let of = |address: IpAddr| {
        let local = SocketAddr::new(address, peer.port());
        let found = rows
            .iter()
            .filter(|row| row.state == LISTENING && row.local == local);
        found.copied().collect::<Vec<_>>()
    };
    let addresses = [peer.ip(), any, IpAddr::V6(Ipv6Addr::UNSPECIFIED)];
    let mut found = addresses
        .into_iter()
        .map(of)
        .filter(|rows| !rows.is_empty());
    found.next().unwrap_or_default()
}

/// The TCP sockets of the box. A box without IPv6 has no table of it.
fn table() -> Result<Vec<SocketRow>, LuupError> {
    let read = |path| file::read(Path::new(path), MAX_TABLE);
    let four = read("/proc/net/tcp").map_err(|e| LuupError::NobodyTells(e.to_string()))?;
    let six = read("/proc/net/tcp6").unwrap_or_default();
    let text = String::from_utf8_lossy(&four) + String::from_utf8_lossy(&six);
    Ok(text.lines().filter_map(row).collect())
}

/// `sl local rem st tx:rx tr:when retrnsmt uid timeout inode`; the first line is none.
fn row(line: &str) -> Option<SocketRow> {
    let mut words = line.split_ascii_whitespace().skip(1);
    let local = socket(words.next()?)?;
    let remote = socket(words.next()?)?;
    let state = u8::from_str_radix(words.next()?, 16).ok()?;
    let mut words = words.skip(3);
    let user = words.next()?.parse().ok()?;
    let inode = words.nth(1)?.parse().ok()?;
    Some(SocketRow {
        local,
        remote,
        state,
        user,
        inode,
    })
}

/// `0100007F:0D98`: words of the address in the byte order of the machine, the port as a number.
fn socket(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let words = (0..address.len()).step_by(8).map(|at| {
        let word = address.get(at..at + 8)?;
        u32::from_str_radix(word, 16).ok().map(u32::to_ne_bytes)
    });
    let words: Vec<[u8; 4]> = words.collect::<Option<_>>()?;
    let address = match words.as_slice() {
        [four] => IpAddr::from(*four),
        six => IpAddr::from(<[u8; 16]>::try_from(six.concat()).ok()?),
    };
    let port = u16::from_str_radix(port, 16).ok()?;
    Some(canonical(SocketAddr::new(address, port)))
}

fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use cwmpd_lab::shared::skip;
    use proptest::prelude::*;

    use super::*;

    fn is_refused(checked: Result<(), LuupError>) -> bool {
        matches!(checked, Err(LuupError::NotItsUser(..)))
    }

    #[test]
    fn s31_the_other_end_is_found_among_the_sockets_of_the_box() {
        let ours = Owners {
            allowed: vec![geteuid().as_raw()],
        };
        let others = Owners { allowed: vec![] };
        for address in ["127.0.0.1:0", "[::1]:0", "0.0.0.0:0", "[::]:0"] {
            let Ok(listener) = TcpListener::bind(address) else {
                skip(&format!("{address}, which this machine does not have"));
                continue;
            };
            let mut bound = listener.local_addr().unwrap();
            if bound.ip().is_unspecified() {
                bound.set_ip(Ipv4Addr::LOCALHOST.into());
            }
            let host = bound.ip().to_string();
            assert_eq!(ours.check_host(&host, bound.port()), Ok(()));
            assert!(is_refused(others.check_host(&host, bound.port())));
            let client = TcpStream::connect(bound).unwrap();
            let ends = (client.local_addr().unwrap(), client.peer_addr().unwrap());
            let accepted = listener.accept().unwrap();
            drop(listener);
            assert_eq!(ours.check_peer(ends.0, ends.1), Ok(()), "{address}");
            assert!(is_refused(others.check_peer(ends.0, ends.1)), "{address}");
            drop(accepted);
            assert!(
                is_refused(ours.check_peer(ends.0, ends.1)),
                "nobody is left"
            );
        }
    }

    #[test]
    fn s31_localhost_is_both_families() {
        let nobody = Owners { allowed: vec![] };
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = TcpListener::bind(address) else {
                skip(&format!("{address}, which this machine does not have"));
                continue;
            };
            let port = listener.local_addr().unwrap().port();
            assert!(is_refused(nobody.check_host("localhost", port)));
            drop(listener);
            assert_eq!(nobody.check_host("localhost", port), Ok(()));
        }
    }

    #[test]
    fn s31_of_another_machine_nothing_is_known() {
        let nobody = Owners { allowed: vec![] };
        let [local, peer] = ["192.0.2.1:9", "192.0.2.2:9"].map(|text| text.parse().unwrap());
        assert_eq!(nobody.check_peer(local, peer), Ok(()));
        assert_eq!(nobody.check_host("192.0.2.2", 9), Ok(()));
        assert!(
            is_refused(nobody.check_peer(local, local)),
            "its own address"
        );
    }

    #[test]
    fn s31_odd_lines_are_no_sockets() {
        for line in [
            "",
            "  sl  local_address rem_address   st",
            "0: 1:2 3 0A",
            "0: é:1 é:1 0A",
        ] {
            assert_eq!(row(line), None, "{line}");
        }
        assert_eq!(socket("00000000000000000:1"), None);
    }

    proptest! {
        #[test]
        fn s31_no_line_makes_it_panic_and_a_socket_is_read_as_the_kernel_writes_it(
            line in "[0-9A-F: é]{0,80}|\\PC*",
            address: [u8; 16],
            port: u16,
        ) {
            row(&line);
            for address in [IpAddr::from(address), IpAddr::from([1, 2, 3, address[0]])] {
                let octets = match address {
                    IpAddr::V4(address) => address.octets().to_vec(),
                    IpAddr::V6(address) => address.octets().to_vec(),
                };
                let words = octets.chunks(4).map(|word| {
                    format!("{:08X}", u32::from_ne_bytes(word.try_into().unwrap()))
                });
                let text = format!("{}:{port:04X}", words.collect::<String>());
                prop_assert_eq!(socket(&text), Some(canonical(SocketAddr::new(address, port))));
            }
        }
    }
}
