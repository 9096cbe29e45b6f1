//! One socket of the box, which the kernel is asked for (sock_diag(7)). One that is built without an
//! answer (`CONFIG_INET_DIAG`) has its tables.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsRawFd;

use nix::libc;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, recvfrom, sendto,
    socket,
};

use super::{ESTABLISHED, LISTENING, SYN_RECEIVED};

/// `SOCK_DIAG_BY_FAMILY` of `linux/sock_diag.h`: the type of the question and of its answer.
const BY_FAMILY: u16 = 20;

/// `struct nlmsghdr`.
const HEADER: usize = 16;

/// `struct inet_diag_req_v2` and `struct inet_diag_msg` of `linux/inet_diag.h`.
const QUESTION: usize = HEADER + 56;
const ANSWER: usize = HEADER + 72;

/// Room for an answer and what may be told besides.
const MAX_ANSWER: usize = 512;

/// What is asked for, of whatever interface and however often it was made anew (`INET_DIAG_NOCOOKIE`).
const ANY_INTERFACE: [u8; 4] = [0; 4];
const ANY_COOKIE: [u8; 8] = [0xff; 8];

/// What the kernel tells of a socket.
struct ToldSocket {
    state: u8,
    user: u32,
}

/// The users of the other end of a connection that stands and of the port that it leads to; `None`
/// where the kernel cannot tell, or one of them is nobody's any more.
pub(super) fn owners(ours: SocketAddr, theirs: SocketAddr) -> Option<[u32; 2]> {
    let end = find(theirs, ours)?;
    let nobody = match theirs {
        SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    let port = find(theirs, SocketAddr::new(nobody, 0))?;
    let stands = matches!(end.state, ESTABLISHED | SYN_RECEIVED) && port.state == LISTENING;
    stands.then_some([end.user, port.user])
}

/// The socket that what comes from `remote` to `local` is for.
fn find(local: SocketAddr, remote: SocketAddr) -> Option<ToldSocket> {
    let kernel = socket(
        AddressFamily::Netlink,
        SockType::Raw,
        SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK,
        SockProtocol::NetlinkSockDiag,
    )
    .ok()?;
    let kernel = kernel.as_raw_fd();
    sendto(
        kernel,
        &question(local, remote)?,
        &NetlinkAddr::new(0, 0),
        MsgFlags::empty(),
    )
    .ok()?;
    let mut answer = [0; MAX_ANSWER];
    // The kernel answers while it is asked.
    let (length, sender) = recvfrom::<NetlinkAddr>(kernel, &mut answer).ok()?;
    let is_of_the_kernel = sender.is_some_and(|sender| sender.pid() == 0);
    let told = is_of_the_kernel.then(|| answer.get(..length)).flatten()?;
    read(told, local.port(), remote.port())
}

fn question(local: SocketAddr, remote: SocketAddr) -> Option<Vec<u8>> {
    let family = match (local, remote) {
        (SocketAddr::V4(_), SocketAddr::V4(_)) => libc::AF_INET,
        (SocketAddr::V6(_), SocketAddr::V6(_)) => libc::AF_INET6,
        _ => return None,
    };
    let mut question = u32::try_from(QUESTION).ok()?.to_ne_bytes().to_vec();
    question.extend(BY_FAMILY.to_ne_bytes());
    question.extend(u16::try_from(libc::NLM_F_REQUEST).ok()?.to_ne_bytes());
    question.extend([0; 8]);
    question.extend([
        u8::try_from(family).ok()?,
        u8::try_from(libc::IPPROTO_TCP).ok()?,
        0,
        0,
    ]);
    question.extend(u32::MAX.to_ne_bytes());
    question.extend(local.port().to_be_bytes());
    question.extend(remote.port().to_be_bytes());
    for address in [local.ip(), remote.ip()] {
        let mut octets = match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        octets.resize(16, 0);
        question.extend(octets);
    }
    question.extend(ANY_INTERFACE);
    question.extend(ANY_COOKIE);
    Some(question)
}

/// Of `struct inet_diag_msg` the state stands second, the ports of the socket fifth and seventh, its user
/// last but one.
fn read(answer: &[u8], local: u16, remote: u16) -> Option<ToldSocket> {
    let kind = u16::from_ne_bytes(*answer.get(4..)?.first_chunk()?);
    let port = |at: usize| {
        Some(u16::from_be_bytes(
            *answer.get(HEADER + at..)?.first_chunk()?,
        ))
    };
    let is_port = port(4)? == local && (port(6)? == remote || port(6)? == 0);
    let user = answer.get(ANSWER - 8..ANSWER)?.first_chunk()?;
    (kind == BY_FAMILY && is_port).then_some(ToldSocket {
        state: *answer.get(HEADER + 1)?,
        user: u32::from_ne_bytes(*user),
    })
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use cwmpd_lab::shared::skip;
    use proptest::prelude::*;

    use super::*;
    use crate::luup::owner::tests::{ADDRESSES, listen};
    use crate::luup::owner::{canonical, tables};

    #[test]
    fn s31_one_socket_is_told_as_the_tables_tell_it() {
        for address in ADDRESSES {
            let Some((listener, bound)) = listen(address) else {
                continue;
            };
            let connect = || {
                let client = TcpStream::connect(bound).unwrap();
                let ends = (client.local_addr().unwrap(), client.peer_addr().unwrap());
                (client, canonical(ends.0), canonical(ends.1))
            };
            let is_told = |(_, ours, theirs): &(TcpStream, SocketAddr, SocketAddr)| {
                let mut all = tables::owners(*ours, *theirs).unwrap();
                let one = owners(*ours, *theirs);
                all.dedup();
                let mut told: Vec<u32> = one.into_iter().flatten().collect();
                told.dedup();
                assert_eq!(told, all, "{address}");
                one.is_some()
            };
            let connected = connect();
            let accepted = listener.accept().unwrap();
            if owners(connected.1, connected.2).is_none() {
                skip("questions for one socket, which this kernel does not answer");
                return;
            }
            assert!(is_told(&connected));
            let waiting = connect();
            assert!(is_told(&waiting), "nobody took it yet");
            drop(accepted);
            assert!(!is_told(&connected), "nobody is left");
            let connected = connect();
            let _accepted = (listener.accept().unwrap(), listener.accept().unwrap());
            assert!(is_told(&connected));
            drop(listener);
            assert!(!is_told(&connected), "the port is nobody's");
        }
    }

    #[test]
    fn s31_of_two_families_nothing_is_asked() {
        let [four, six] = ["127.0.0.1:9", "[::1]:9"].map(|text| text.parse().unwrap());
        assert_eq!(owners(four, six), None);
    }

    proptest! {
        #[test]
        fn s31_no_answer_makes_it_panic(answer: Vec<u8>, kind in 18_u8..22) {
            let mut answer = answer;
            if let Some(place) = answer.get_mut(4..6) {
                place.copy_from_slice(&u16::from(kind).to_ne_bytes());
            }
            if let Some(place) = answer.get_mut(HEADER + 4..HEADER + 6) {
                place.copy_from_slice(&[12, 34]);
            }
            let remote = answer.get(HEADER + 6..HEADER + 8).map_or([0; 2], |two| [two[0], two[1]]);
            let told = read(&answer, 0x0c22, u16::from_be_bytes(remote));
            prop_assert_eq!(told.is_some(), u16::from(kind) == BY_FAMILY && answer.len() >= ANSWER);
            prop_assert!(read(&answer, 0x0c23, 1).is_none());
        }
    }
}
