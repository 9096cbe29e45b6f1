//! One socket of the box, which the kernel is asked for (sock_diag(7)). One that is built without an
//! answer (`CONFIG_INET_DIAG`) has its tables.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsRawFd;

use nix::libc;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, recv, sendto, socket,
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
    /// 0: no process has it, not yet or not any more.
    inode: u32,
}

/// Whose the other end of a connection that stands is; `None` where the kernel cannot tell, or tells of
/// none that is open. One that no process took yet is whose the port is.
pub(super) fn owner(ours: SocketAddr, theirs: SocketAddr) -> Option<u32> {
    let found = find(theirs, ours)?;
    match found.state {
        ESTABLISHED | SYN_RECEIVED if found.inode != 0 => Some(found.user),
        ESTABLISHED | SYN_RECEIVED => {
            let nobody = match theirs {
                SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
                SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
            };
            let listener = find(theirs, SocketAddr::new(nobody, 0))?;
            (listener.state == LISTENING && listener.inode != 0).then_some(listener.user)
        }
        _ => None,
    }
}

/// The socket that what comes from `remote` to `local` is for.
fn find(local: SocketAddr, remote: SocketAddr) -> Option<ToldSocket> {
    let kernel = socket(
        AddressFamily::Netlink,
        SockType::Raw,
        SockFlag::SOCK_CLOEXEC,
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
    let length = recv(kernel, &mut answer, MsgFlags::MSG_DONTWAIT).ok()?;
    read(answer.get(..length)?)
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

/// The state stands second in `struct inet_diag_msg`, user and inode last.
fn read(answer: &[u8]) -> Option<ToldSocket> {
    let word = |at: usize| Some(u32::from_ne_bytes(*answer.get(at..)?.first_chunk()?));
    let kind = answer.get(4..)?.first_chunk()?;
    if u16::from_ne_bytes(*kind) != BY_FAMILY {
        return None;
    }
    Some(ToldSocket {
        state: *answer.get(HEADER + 1)?,
        user: word(ANSWER - 8)?,
        inode: word(ANSWER - 4)?,
    })
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use cwmpd_lab::shared::skip;
    use proptest::prelude::*;

    use super::*;
    use crate::luup::owner::{canonical, tables};

    #[test]
    fn s31_one_socket_is_told_as_the_tables_tell_it() {
        for address in ["127.0.0.1:0", "[::1]:0", "0.0.0.0:0", "[::]:0"] {
            let Ok(listener) = TcpListener::bind(address) else {
                skip(&format!("{address}, which this machine does not have"));
                continue;
            };
            let mut bound = listener.local_addr().unwrap();
            if bound.ip().is_unspecified() {
                bound.set_ip(Ipv4Addr::LOCALHOST.into());
            }
            let connect = || {
                let client = TcpStream::connect(bound).unwrap();
                let ends = (client.local_addr().unwrap(), client.peer_addr().unwrap());
                (client, canonical(ends.0), canonical(ends.1))
            };
            let is_told = |(_, ours, theirs): &(TcpStream, SocketAddr, SocketAddr)| {
                let all = tables::owners(*ours, *theirs).unwrap();
                let one = owner(*ours, *theirs);
                assert_eq!(one.into_iter().collect::<Vec<_>>(), all, "{address}");
                one.is_some()
            };
            let connected = connect();
            let accepted = listener.accept().unwrap();
            if owner(connected.1, connected.2).is_none() {
                skip("questions for one socket, which this kernel does not answer");
                return;
            }
            assert!(is_told(&connected));
            let waiting = connect();
            assert!(is_told(&waiting), "nobody took it yet");
            drop(listener);
            assert!(is_told(&connected));
            assert!(!is_told(&waiting), "nobody will");
            drop(accepted);
            assert!(!is_told(&connected), "nobody is left");
        }
    }

    #[test]
    fn s31_of_two_families_nothing_is_asked() {
        let [four, six] = ["127.0.0.1:9", "[::1]:9"].map(|text| text.parse().unwrap());
        assert_eq!(owner(four, six), None);
    }

    proptest! {
        #[test]
        fn s31_no_answer_makes_it_panic(answer: Vec<u8>, kind in 18_u8..22) {
            let mut answer = answer;
            if let Some(place) = answer.get_mut(4..6) {
                place.copy_from_slice(&u16::from(kind).to_ne_bytes());
            }
            let told = read(&answer);
            prop_assert_eq!(told.is_some(), u16::from(kind) == BY_FAMILY && answer.len() >= ANSWER);
        }
    }
}
