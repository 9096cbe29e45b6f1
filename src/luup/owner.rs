//! Who answers on a port of the box itself. Port 3480 is open to every user: whoever is there before
//! the engine is could pose as it. So the kernel is asked whose the other end of each connection is,
//! by its tables of sockets (proc(5), `/proc/net/tcp`), before anything is sent. Of an engine on another
//! machine nothing can be known.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::BorrowedFd;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nix::unistd::{Uid, User, geteuid};

use super::{LuupAccess, LuupError};
use crate::base::file;
use crate::http::ExchangeWatch;

/// The most that is read of a table: 10,000 sockets.
const MAX_TABLE: usize = 2 << 20;

/// States of a socket (`tcp_states.h`): one that is connected, one that is about to be, one that waits
/// for others.
const ESTABLISHED: u8 = 0x01;
const SYN_RECEIVED: u8 = 0x03;
const LISTENING: u8 = 0x0A;

/// Lets connections lead to root, to the agent's own user and to `luup.user` only.
#[derive(Debug)]
pub(super) struct OwnerWatch {
    allowed: Vec<u32>,
    /// Who else looks at the exchange.
    other: Option<Arc<dyn ExchangeWatch>>,
    /// Why the last connection was refused.
    refusal: Mutex<Option<LuupError>>,
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

impl OwnerWatch {
    pub(super) fn new(access: &LuupAccess) -> Result<Self, LuupError> {
        let mut allowed = vec![0, geteuid().as_raw()];
        if let Some(name) = &access.config.user {
            let user = User::from_name(name).ok().flatten();
            let user = user.ok_or_else(|| LuupError::UnknownUser(name.clone()))?;
            allowed.push(user.uid.as_raw());
        }
        Ok(Self {
            allowed,
            other: access.watch(),
            refusal: Mutex::default(),
        })
    }

    /// Why the last connection was refused, if it was and nobody asked yet.
    pub(super) fn take_refusal(&self) -> Option<LuupError> {
        let mut refusal = self.refusal.lock().unwrap_or_else(PoisonError::into_inner);
        refusal.take()
    }

    /// Of a connection that stands. One that no process took yet is whose the port is.
    fn check(&self, ours: SocketAddr, theirs: SocketAddr) -> Result<(), LuupError> {
        let (ours, theirs) = (canonical(ours), canonical(theirs));
        if !(theirs.ip().is_loopback() || theirs.ip() == ours.ip()) {
            return Ok(());
        }
        let other_end = |rows: &[SocketRow]| {
            let is_open = |row: &&SocketRow| matches!(row.state, ESTABLISHED | SYN_RECEIVED);
            let mut open = rows.iter().filter(is_open);
            open.find(|row| row.local == theirs && row.remote == ours)
                .copied()
        };
        let four = table("/proc/net/tcp");
        let mut rows = four.map_err(|e| LuupError::NobodyTells(e.to_string()))?;
        if other_end(&rows).is_none_or(|row| row.inode == 0) {
            // A box without IPv6 has no table of it.
            rows.extend(table("/proc/net/tcp6").unwrap_or_default());
        }
        let owners = match other_end(&rows) {
            None => Vec::new(),
            Some(row) if row.inode == 0 => listeners(&rows, theirs),
            Some(row) => vec![row],
        };
        let port = theirs.port();
        let refused = |who| Err(LuupError::NotItsUser(port, who));
        let stranger = owners.iter().find(|row| !self.allowed.contains(&row.user));
        match stranger {
            _ if owners.is_empty() => refused("nobody any more".to_owned()),
            None => Ok(()),
            Some(row) => {
                let user = User::from_uid(Uid::from_raw(row.user)).ok().flatten();
                let name = user.map_or_else(|| row.user.to_string(), |user| user.name);
                refused(format!("user {name}"))
            }
        }
    }
}

impl ExchangeWatch for OwnerWatch {
    fn goes_on(&self) -> bool {
        self.other.as_ref().is_none_or(|other| other.goes_on())
    }

    fn may_meet(&self, ours: SocketAddr, theirs: SocketAddr) -> bool {
        let refusal = self.check(ours, theirs).err();
        let may_meet = refusal.is_none();
        *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = refusal;
        may_meet
    }

    fn connected(&self, socket: BorrowedFd<'_>) {
        if let Some(other) = &self.other {
            other.connected(socket);
        }
    }

    fn looks_every(&self) -> Option<Duration> {
        self.other.as_ref().and_then(|other| other.looks_every())
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

/// The TCP sockets of the box, of one family.
fn table(path: &str) -> std::io::Result<Vec<SocketRow>> {
    let text = file::read(Path::new(path), MAX_TABLE)?;
    let text = String::from_utf8_lossy(&text);
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

    fn watch_for(allowed: Vec<u32>) -> OwnerWatch {
        OwnerWatch {
            allowed,
            other: None,
            refusal: Mutex::default(),
        }
    }

    fn is_refused(checked: Result<(), LuupError>) -> bool {
        matches!(checked, Err(LuupError::NotItsUser(..)))
    }

    #[test]
    fn s31_the_other_end_is_found_among_the_sockets_of_the_box() {
        let ours = watch_for(vec![geteuid().as_raw()]);
        let others = watch_for(vec![]);
        for address in ["127.0.0.1:0", "[::1]:0", "0.0.0.0:0", "[::]:0"] {
            let Ok(listener) = TcpListener::bind(address) else {
                skip(&format!("{address}, which this machine does not have"));
                continue;
            };
            let mut bound = listener.local_addr().unwrap();
            if bound.ip().is_unspecified() {
                bound.set_ip(Ipv4Addr::LOCALHOST.into());
            }
            let client = TcpStream::connect(bound).unwrap();
            let ends = (client.local_addr().unwrap(), client.peer_addr().unwrap());
            let check = |watch: &OwnerWatch| watch.check(ends.0, ends.1);
            assert_eq!(check(&ours), Ok(()), "{address}, nobody took it yet");
            assert!(is_refused(check(&others)), "{address}, nobody took it yet");
            let accepted = listener.accept().unwrap();
            drop(listener);
            assert_eq!(check(&ours), Ok(()), "{address}");
            assert!(is_refused(check(&others)), "{address}");
            assert!(!others.may_meet(ends.0, ends.1));
            assert!(is_refused(others.take_refusal().map_or(Ok(()), Err)));
            assert_eq!(others.take_refusal(), None);
            drop(accepted);
            // Whoever has the port by now: it is not he who took the connection.
            let later = TcpListener::bind(bound);
            assert!(is_refused(check(&ours)), "nobody is left");
            drop(later);
        }
    }

    #[test]
    fn s31_of_another_machine_nothing_is_known() {
        let nobody = watch_for(vec![]);
        let [local, peer] = ["192.0.2.1:9", "192.0.2.2:9"].map(|text| text.parse().unwrap());
        assert_eq!(nobody.check(local, peer), Ok(()));
        assert!(is_refused(nobody.check(local, local)), "its own address");
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
