//! The sockets of the box, as the kernel lists them (proc(5), `/proc/net/tcp`): on every box, but on a
//! large one they are a hundred times the work of a question for one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use super::{ESTABLISHED, LISTENING, SYN_RECEIVED, canonical};
use crate::base::file;
use crate::luup::LuupError;

/// The most that is read of a table: 10,000 sockets.
const MAX_TABLE: usize = 2 << 20;

/// One socket of the box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct SocketRow {
    local: SocketAddr,
    remote: SocketAddr,
    state: u8,
    user: u32,
}

/// The users of the other end of a connection that stands and of the port that it leads to; none where
/// one of them is nobody's any more.
pub(super) fn owners(ours: SocketAddr, theirs: SocketAddr) -> Result<Vec<u32>, LuupError> {
    let four = table("/proc/net/tcp");
    let mut rows = four.map_err(|e| LuupError::NobodyTells(e.to_string()))?;
    let mut owners = among(&rows, ours, theirs);
    if owners.is_empty() {
        // A box without IPv6 has no table of it.
        rows.extend(table("/proc/net/tcp6").unwrap_or_default());
        owners = among(&rows, ours, theirs);
    }
    Ok(owners)
}

fn among(rows: &[SocketRow], ours: SocketAddr, theirs: SocketAddr) -> Vec<u32> {
    let is_open = |row: &&SocketRow| matches!(row.state, ESTABLISHED | SYN_RECEIVED);
    let mut open = rows.iter().filter(is_open);
    let end = open.find(|row| row.local == theirs && row.remote == ours);
    let listeners = listeners(rows, theirs);
    match end {
        Some(end) if !listeners.is_empty() => {
            // Whose one that no process took yet is, not all kernels tell: they say root.
            let all = listeners.iter().chain([end]);
            all.map(|row| row.user).collect()
        }
        _ => Vec::new(),
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
    Some(SocketRow {
        local,
        remote,
        state,
        user,
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
