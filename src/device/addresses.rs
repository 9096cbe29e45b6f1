//! The addresses of the box, as the kernel tells them: rtnetlink(7).
//!
//! `getifaddrs` asks for all devices too, which nobody here needs, and musl's reads on behind a list
//! whose last attribute is longer than it. qemu makes such lists for big-endian programs: it leaves
//! an empty attribute at the end in the order of its own machine, and the program never comes back
//! (`tests/cross/getifaddrs.c`). It has no such attributes among addresses.

use std::io;
use std::net::IpAddr;
use std::os::fd::AsRawFd as _;

use nix::libc;
use nix::net::if_::if_indextoname;
use nix::sys::socket::{MsgFlags, recv, send};

use super::netlink::{
    self, ATTRIBUTE_HEADER, DONE, ERROR, MAX_PACKET, MESSAGE_HEADER, ip, next, refusal,
};

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
    let kernel = netlink::socket()?;
    // Of all families (`struct rtgenmsg`).
    let question = netlink::question(libc::RTM_GETADDR, libc::NLM_F_DUMP, &[0; 4]);
    let mut list = AddressList::default();
    for _ in 0..MAX_LISTS {
        list = AddressList::default();
        send(kernel.as_raw_fd(), &question, MsgFlags::empty())?;
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

/// None if the interface is gone by now.
fn named((index, found): (u32, InterfaceAddress)) -> Option<InterfaceAddress> {
    let interface = if_indextoname(index).ok()?.into_string().ok()?;
    Some(InterfaceAddress { interface, ..found })
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use proptest::prelude::*;

    use super::*;
    use crate::device::netlink::attribute;

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
