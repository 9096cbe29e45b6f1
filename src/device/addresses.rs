//! The addresses of the box, as the kernel tells them: rtnetlink(7).
//!
//! `getifaddrs` asks for all devices too, which nobody here needs, and musl's reads on behind a list
//! whose last attribute is longer than it. qemu makes such lists for big-endian programs: it leaves
//! an empty attribute at the end in the order of its own machine, and the program never comes back
//! (`tests/cross/getifaddrs.c`). It has no such attributes among addresses.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::AsRawFd as _;

use nix::errno::Errno;
use nix::libc;
use nix::net::if_::if_indextoname;
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, recv, send, socket,
};

/// A list comes in packets; the kernel makes none that is larger for a reader of so much.
const MAX_PACKET: usize = 8192;

/// `struct nlmsghdr`: length, type, flags, sequence number, port.
const MESSAGE_HEADER: usize = 16;

/// `struct rtattr`: length, type.
const ATTRIBUTE_HEADER: usize = 4;

/// Messages and attributes begin at multiples of this.
const ALIGNMENT: usize = 4;

/// `NLMSG_ERROR`, `NLMSG_DONE` of `linux/netlink.h`.
const ERROR: u16 = 2;
const DONE: u16 = 3;

/// `NLM_F_DUMP_INTR`: something changed while the list was made, of which it may lack a part.
const INTERRUPTED: u16 = 0x10;

/// How often a list is asked for that others interrupt; the last one must do, since who changes
/// addresses tells of it, and all is looked at again.
const MAX_LISTS: u32 = 5;

/// `IFA_ADDRESS`, `IFA_LOCAL` of `linux/if_addr.h`: of a link between two, the other's and the own;
/// else the own, in either.
const ADDRESS: u16 = 1;
const LOCAL: u16 = 2;

/// One of an interface, with its network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterfaceAddress {
    /// The device, such as `br-lan`.
    pub interface: String,
    /// The box's own.
    pub address: IpAddr,
    /// How many bits the network has, at most 32 or 128.
    pub prefix: u8,
    /// `IFA_F_...` of `linux/if_addr.h`.
    pub flags: u8,
}

/// All of the box, in the order of the kernel: those of IPv4 first, of each interface the primary one
/// first.
///
/// # Errors
/// What the kernel answers.
pub fn all() -> io::Result<Vec<InterfaceAddress>> {
    let kernel = socket(
        AddressFamily::Netlink,
        SockType::Raw,
        SockFlag::SOCK_CLOEXEC,
        SockProtocol::NetlinkRoute,
    )?;
    let mut list = AddressList::default();
    for _ in 0..MAX_LISTS {
        list = AddressList::default();
        send(kernel.as_raw_fd(), &question(), MsgFlags::empty())?;
        let mut packet = [0; MAX_PACKET];
        while !list.is_complete {
            // It is there as soon as it is asked for.
            let length = recv(kernel.as_raw_fd(), &mut packet, MsgFlags::MSG_DONTWAIT)?;
            list.take(packet.get(..length).unwrap_or_default())?;
        }
        if !list.is_interrupted {
            break;
        }
    }
    Ok(list.found)
}

/// What came of a list so far.
#[derive(Default)]
struct AddressList {
    found: Vec<InterfaceAddress>,
    is_complete: bool,
    is_interrupted: bool,
}

impl AddressList {
    /// Takes a packet of it.
    fn take(&mut self, mut packet: &[u8]) -> io::Result<()> {
        if packet.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        loop {
            let flags = packet.get(6..8).and_then(|flags| flags.try_into().ok());
            let Some((kind, message)) = next::<MESSAGE_HEADER>(&mut packet) else {
                return Ok(());
            };
            self.is_interrupted |= flags.map_or(0, u16::from_ne_bytes) & INTERRUPTED != 0;
            match kind {
                DONE => {
                    self.is_complete = true;
                    return Ok(());
                }
                ERROR => return Err(refusal(message).into()),
                libc::RTM_NEWADDR => self.found.extend(read(message).and_then(named)),
                _ => {}
            }
        }
    }
}

/// For the addresses of all families (`struct nlmsghdr`, `struct rtgenmsg`).
fn question() -> [u8; MESSAGE_HEADER + ALIGNMENT] {
    const LENGTH: u32 = (MESSAGE_HEADER + ALIGNMENT) as u32;
    const FLAGS: u16 = (libc::NLM_F_REQUEST | libc::NLM_F_DUMP) as u16;
    let mut question = [0; MESSAGE_HEADER + ALIGNMENT];
    let header = LENGTH.to_ne_bytes().into_iter();
    let header = header.chain(libc::RTM_GETADDR.to_ne_bytes());
    let header = header.chain(FLAGS.to_ne_bytes());
    for (byte, value) in question.iter_mut().zip(header) {
        *byte = value;
    }
    question
}

/// The next message or attribute, by the size of its header: its type and what it holds. None at the
/// end, and where a length is impossible.
fn next<'a, const HEADER: usize>(list: &mut &'a [u8]) -> Option<(u16, &'a [u8])> {
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
fn refusal(message: &[u8]) -> Errno {
    let number = message.first_chunk().copied().map(i32::from_ne_bytes);
    Errno::from_raw(number.unwrap_or(0).saturating_neg())
}

/// `struct ifaddrmsg`, and attributes; with the number of the interface.
fn read(message: &[u8]) -> Option<(u32, InterfaceAddress)> {
    let [_, prefix, flags, _, index @ ..] = *message.first_chunk::<8>()?;
    let mut attributes = message.get(8..)?;
    let (mut address, mut local) = (None, None);
    while let Some((kind, value)) = next::<ATTRIBUTE_HEADER>(&mut attributes) {
        match kind {
            ADDRESS => address = ip(value),
            LOCAL => local = ip(value),
            _ => {}
        }
    }
    let found = InterfaceAddress {
        interface: String::new(),
        address: local.or(address)?,
        prefix,
        flags,
    };
    Some((u32::from_ne_bytes(index), found))
}

fn ip(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(|bytes| Ipv4Addr::from(bytes).into());
    let v6 = <[u8; 16]>::try_from(bytes).map(|bytes| Ipv6Addr::from(bytes).into());
    v4.or(v6).ok()
}

/// None if the interface is gone by now.
fn named((index, found): (u32, InterfaceAddress)) -> Option<InterfaceAddress> {
    let interface = if_indextoname(index).ok()?.into_string().ok()?;
    Some(InterfaceAddress { interface, ..found })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let length = u16::try_from(ATTRIBUTE_HEADER + value.len()).unwrap();
        let mut bytes = [length.to_ne_bytes(), kind.to_ne_bytes()].concat();
        bytes.extend(value);
        bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
        bytes
    }

    fn message(prefix: u8, flags: u8, attributes: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = vec![0, prefix, flags, 0];
        bytes.extend(7_u32.to_ne_bytes());
        bytes.extend(attributes.concat());
        bytes
    }

    fn found(address: &str, prefix: u8, flags: u8) -> Option<(u32, InterfaceAddress)> {
        let found = InterfaceAddress {
            interface: String::new(),
            address: address.parse().unwrap(),
            prefix,
            flags,
        };
        Some((7, found))
    }

    #[test]
    fn the_own_end_of_a_link_between_two_is_told() {
        let label = attribute(3, b"ppp0\0");
        let other = attribute(ADDRESS, &[10, 0, 0, 2]);
        let own = attribute(LOCAL, &[10, 0, 0, 1]);
        let alone = message(24, 0x80, &[label.clone(), other.clone()]);
        assert_eq!(read(&alone), found("10.0.0.2", 24, 0x80));
        for both in [[other.clone(), own.clone()], [own, other]] {
            assert_eq!(read(&message(32, 0, &both)), found("10.0.0.1", 32, 0));
        }
        let v6 = attribute(ADDRESS, &Ipv6Addr::LOCALHOST.octets());
        assert_eq!(read(&message(128, 1, &[v6])), found("::1", 128, 1));
        assert_eq!(read(&message(24, 0, &[label])), None);
    }

    /// As qemu makes it: an empty attribute at the end, in the other order of bytes.
    #[test]
    fn b14_a_list_that_ends_in_a_length_beyond_it_ends() {
        let mut bytes = message(8, 0, &[attribute(LOCAL, &[127, 0, 0, 1])]);
        for length in [0_u16, 1, 3, 5, 1024, u16::MAX] {
            let mut list = bytes.clone();
            list.extend(length.to_ne_bytes());
            list.extend([0x41, 0x80]);
            assert_eq!(read(&list), found("127.0.0.1", 8, 0), "{length}");
        }
        bytes.truncate(9);
        assert_eq!(read(&bytes), None);
    }

    /// In whatever message the kernel says so.
    #[test]
    fn b14_a_list_that_was_interrupted_is_known_as_one() {
        let packet = |kind: u16, flags: u16| {
            let length = u32::try_from(MESSAGE_HEADER).unwrap().to_ne_bytes();
            let rest = [0; 8];
            [
                &length[..],
                &kind.to_ne_bytes(),
                &flags.to_ne_bytes(),
                &rest,
            ]
            .concat()
        };
        for (first, last, is_interrupted) in [(2, 2, false), (0x12, 2, true), (2, 0x12, true)] {
            let mut list = AddressList::default();
            list.take(&packet(libc::RTM_NEWADDR, first)).unwrap();
            assert!(!list.is_complete);
            list.take(&packet(DONE, last)).unwrap();
            assert!(list.is_complete);
            assert_eq!(list.is_interrupted, is_interrupted, "{first} {last}");
        }
        assert!(AddressList::default().take(b"").is_err());
    }

    #[test]
    fn a_refusal_is_an_error_of_the_system() {
        assert_eq!(refusal(&(-1_i32).to_ne_bytes()), Errno::EPERM);
        assert_eq!(refusal(&i32::MIN.to_ne_bytes()), Errno::UnknownErrno);
        assert_eq!(refusal(b""), Errno::UnknownErrno);
    }

    #[test]
    fn the_loopback_of_this_machine_is_among_them() {
        let all = all().unwrap();
        let lo = all.iter().find(|one| one.address.is_loopback()).unwrap();
        assert_eq!((&*lo.interface, lo.prefix), ("lo", 8));
    }

    proptest! {
        #[test]
        fn nothing_that_comes_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut list = &*bytes;
            while let Some((_, message)) = next::<MESSAGE_HEADER>(&mut list) {
                read(message);
                refusal(message);
            }
            read(&bytes);
        }
    }
}
