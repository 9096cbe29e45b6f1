//! Questions to the kernel about the network: netlink(7), rtnetlink(7).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::OwnedFd;

use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{self, AddressFamily, SockFlag, SockProtocol, SockType};

/// An answer comes in packets; the kernel makes none that is larger for a reader of so much.
pub(super) const MAX_PACKET: usize = 8192;

/// `struct nlmsghdr`: length, type, flags, sequence number, port.
pub(super) const MESSAGE_HEADER: usize = 16;

/// `struct rtattr`: length, type.
pub(super) const ATTRIBUTE_HEADER: usize = 4;

/// Messages and attributes begin at multiples of this.
pub(super) const ALIGNMENT: usize = 4;

/// `NLMSG_ERROR`, `NLMSG_DONE` of `linux/netlink.h`.
pub(super) const ERROR: u16 = 2;
pub(super) const DONE: u16 = 3;

/// A way to ask.
pub(super) fn socket() -> nix::Result<OwnedFd> {
    socket::socket(
        AddressFamily::Netlink,
        SockType::Raw,
        SockFlag::SOCK_CLOEXEC,
        SockProtocol::NetlinkRoute,
    )
}

/// A question of a type, with flags besides `NLM_F_REQUEST`, and what it holds.
pub(super) fn question(kind: u16, flags: i32, contents: &[u8]) -> Vec<u8> {
    let length = u32::try_from(MESSAGE_HEADER + contents.len()).unwrap_or(u32::MAX);
    let flags = u16::try_from(libc::NLM_F_REQUEST | flags).unwrap_or(u16::MAX);
    let mut question = length.to_ne_bytes().to_vec();
    question.extend(kind.to_ne_bytes());
    question.extend(flags.to_ne_bytes());
    question.extend([0; 8]);
    question.extend(contents);
    question
}

/// An attribute (`struct rtattr`).
pub(super) fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(ATTRIBUTE_HEADER + value.len()).unwrap_or(u16::MAX);
    let mut bytes = length.to_ne_bytes().to_vec();
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
    bytes
}

/// The next message or attribute, by the size of its header: its type and what it holds. None at the
/// end, and where a length is impossible.
pub(super) fn next<'a, const HEADER: usize>(list: &mut &'a [u8]) -> Option<(u16, &'a [u8])> {
    let (length, kind) = match HEADER {
        MESSAGE_HEADER => {
            let [a, b, c, d, e, f] = *list.first_chunk()?;
            let length = u32::from_ne_bytes([a, b, c, d]);
            (usize::try_from(length).ok()?, [e, f])
        }
        _ => {
            let [a, b, c, d] = *list.first_chunk()?;
            (usize::from(u16::from_ne_bytes([a, b])), [c, d])
        }
    };
    let contents = list.get(HEADER..length)?;
    *list = list
        .get(length.next_multiple_of(ALIGNMENT)..)
        .unwrap_or_default();
    Some((u16::from_ne_bytes(kind), contents))
}

/// `struct nlmsgerr`: a negative error number first.
pub(super) fn refusal(message: &[u8]) -> Errno {
    let number = message.first_chunk().copied().map(i32::from_ne_bytes);
    Errno::from_raw(number.unwrap_or(0).saturating_neg())
}

/// An address, by its length.
pub(super) fn ip(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(|bytes| Ipv4Addr::from(bytes).into());
    let v6 = <[u8; 16]>::try_from(bytes).map(|bytes| Ipv6Addr::from(bytes).into());
    v4.or(v6).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_an_error_of_the_system() {
        assert_eq!(refusal(&(-1_i32).to_ne_bytes()), Errno::EPERM);
        assert_eq!(refusal(&i32::MIN.to_ne_bytes()), Errno::UnknownErrno);
        assert_eq!(refusal(b""), Errno::UnknownErrno);
    }

    #[test]
    fn what_was_written_is_read_again() {
        let contents = attribute(7, &[1, 2, 3, 4, 5]);
        let question = question(libc::RTM_GETROUTE, 0, &contents);
        let mut list = &*question;
        let (kind, message) = next::<MESSAGE_HEADER>(&mut list).unwrap();
        assert_eq!((kind, list), (libc::RTM_GETROUTE, &[][..]));
        let mut attributes = message;
        let read = next::<ATTRIBUTE_HEADER>(&mut attributes);
        assert_eq!(read, Some((7, &[1, 2, 3, 4, 5][..])));
        assert_eq!(attributes, b"");
    }
}
