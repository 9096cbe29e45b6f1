//! The way from the box to somebody else, as the kernel goes it: rtnetlink(7).
//!
//! It is asked for one address, so that what counts are all tables and rules of the box, not a line
//! of one of them.

use std::io;
use std::net::IpAddr;
use std::os::fd::AsRawFd as _;

use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{MsgFlags, recv, send};

use super::netlink::{
    self, ATTRIBUTE_HEADER, ERROR, MAX_PACKET, MESSAGE_HEADER, attribute, ip, next, refusal,
};

/// `struct rtmsg` of `linux/rtnetlink.h`: the family, the length of the destination, ..., the type in
/// the eighth byte.
const ROUTE_HEADER: usize = 12;

/// Attributes of a route: where to, by which interface, over which router, from which address.
const DESTINATION: u16 = 1;
const INTERFACE: u16 = 4;
const GATEWAY: u16 = 5;
const SOURCE: u16 = 7;

/// A way to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// The number of the interface that it leaves the box by.
    pub interface: u32,
    /// The router that it goes over; none where the other one is on the link itself.
    pub router: Option<IpAddr>,
    /// The box's own address on it, where the kernel says so.
    pub source: Option<IpAddr>,
}

/// The way to an address, if there is one. Nothing is sent.
///
/// # Errors
/// The kernel cannot be asked.
pub fn way_to(to: IpAddr) -> io::Result<Option<Way>> {
    let kernel = netlink::socket()?;
    send(kernel.as_raw_fd(), &question(to), MsgFlags::empty())?;
    let mut packet = [0; MAX_PACKET];
    // It is there as soon as it is asked for.
    let length = recv(kernel.as_raw_fd(), &mut packet, MsgFlags::MSG_DONTWAIT)?;
    let mut answer = packet.get(..length).unwrap_or_default();
    match next::<MESSAGE_HEADER>(&mut answer) {
        Some((libc::RTM_NEWROUTE, route)) => Ok(read(route)),
        Some((ERROR, message)) => match refusal(message) {
            Errno::ENETUNREACH | Errno::EHOSTUNREACH | Errno::EACCES | Errno::EINVAL => Ok(None),
            errno => Err(errno.into()),
        },
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

fn question(to: IpAddr) -> Vec<u8> {
    let (family, octets) = match to {
        IpAddr::V4(to) => (libc::AF_INET, to.octets().to_vec()),
        IpAddr::V6(to) => (libc::AF_INET6, to.octets().to_vec()),
    };
    let bits = u8::try_from(octets.len() * 8).unwrap_or_default();
    let mut contents = vec![u8::try_from(family).unwrap_or_default(), bits];
    contents.resize(ROUTE_HEADER, 0);
    contents.extend(attribute(DESTINATION, &octets));
    netlink::question(libc::RTM_GETROUTE, 0, &contents)
}

/// A route to somebody else; none where it leads to the box itself, or is one that refuses.
fn read(message: &[u8]) -> Option<Way> {
    let [_, _, _, _, _, _, _, kind, ..] = *message.first_chunk::<ROUTE_HEADER>()?;
    let mut attributes = message.get(ROUTE_HEADER..)?;
    let (mut interface, mut router, mut source) = (None, None, None);
    while let Some((kind, value)) = next::<ATTRIBUTE_HEADER>(&mut attributes) {
        match kind {
            INTERFACE => interface = value.first_chunk().copied().map(u32::from_ne_bytes),
            GATEWAY => router = ip(value),
            SOURCE => source = ip(value),
            _ => {}
        }
    }
    let way = Way {
        interface: interface?,
        router,
        source,
    };
    (kind == libc::RTN_UNICAST).then_some(way)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use cwmpd_lab::network::{add_interface, alone, ip as run};
    use proptest::prelude::*;

    use super::*;

    fn way(to: &str) -> Option<(Option<IpAddr>, Option<IpAddr>)> {
        let way = way_to(to.parse().unwrap()).unwrap()?;
        Some((way.router, way.source))
    }

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn r38_the_router_is_the_one_of_the_way_to_somebody() {
        alone(|| {
            assert_eq!(way("198.51.100.1"), None);
            assert_eq!(way("2001:db8:9::1"), None);
            add_interface("wan0");
            add_interface("lan0");
            run("addr add 10.9.0.2/24 dev wan0");
            run("addr add 192.168.7.2/24 dev lan0");
            run("route add default via 10.9.0.1");
            run("route add 198.51.100.0/24 via 192.168.7.1");
            assert_eq!(
                way("203.0.113.1"),
                Some((address("10.9.0.1"), address("10.9.0.2")))
            );
            assert_eq!(
                way("198.51.100.1"),
                Some((address("192.168.7.1"), address("192.168.7.2")))
            );
            assert_eq!(
                way("10.9.0.7"),
                Some((None, address("10.9.0.2"))),
                "on link"
            );
            assert_eq!(way("10.9.0.2"), None, "itself");
            run("route add unreachable 192.0.2.0/24");
            assert_eq!(way("192.0.2.1"), None);
            // What a rule says counts before the table of all.
            run("route add default via 192.168.7.9 table 77");
            run("rule add to 203.0.113.0/24 table 77");
            assert_eq!(
                way("203.0.113.1"),
                Some((address("192.168.7.9"), address("192.168.7.2")))
            );
        });
    }

    #[test]
    fn r38_the_router_of_ipv6_is_one_of_the_link() {
        alone(|| {
            add_interface("wan0");
            run("-6 addr add 2001:db8::2/64 dev wan0 nodad");
            run("-6 route add default via fe80::1 dev wan0");
            let found = way_to("2001:db8:9::1".parse().unwrap()).unwrap().unwrap();
            assert_eq!(found.router, address("fe80::1"));
            let index = nix::net::if_::if_nametoindex("wan0").unwrap();
            assert_eq!(found.interface, index);
        });
    }

    #[test]
    fn the_way_to_this_machine_is_none() {
        assert_eq!(way_to(Ipv4Addr::LOCALHOST.into()).unwrap(), None);
    }

    proptest! {
        #[test]
        fn nothing_that_comes_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            read(&bytes);
        }
    }
}
