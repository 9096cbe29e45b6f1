//! An ACS outside, gateways, and a box inside.

use std::net::Ipv4Addr;
use std::time::Duration;

use super::{Place, rules};
use crate::tools::works;

/// Who has which address. Nothing of it leaves the world, so that it may be of the sort that gateways
/// and agents take for public.
pub mod addresses {
    use std::net::{Ipv4Addr, Ipv6Addr};

    /// The ACS, and the STUN server and the XMPP server beside it.
    pub const ACS: Ipv4Addr = Ipv4Addr::new(11, 0, 0, 1);
    /// The same, another address: a classic STUN server needs two, and an attacker is one.
    pub const ACS_SECOND: Ipv4Addr = Ipv4Addr::new(11, 0, 0, 2);
    /// The gateway that has a public address: the only one, or that of the carrier.
    pub const PUBLIC: Ipv4Addr = Ipv4Addr::new(11, 0, 0, 10);
    /// The carrier's gateway, towards the homes.
    pub const CARRIER: Ipv4Addr = Ipv4Addr::new(100, 64, 0, 1);
    /// The home's gateway behind that of the carrier.
    pub const BEHIND_CARRIER: Ipv4Addr = Ipv4Addr::new(100, 64, 0, 10);
    /// The home's gateway, towards the box.
    pub const GATEWAY: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 1);
    /// Its address in the home.
    pub const BOX: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 2);

    /// That of the ACS.
    pub const ACS_V6: Ipv6Addr = Ipv6Addr::new(0x2600, 9, 0, 1, 0, 0, 0, 1);
    /// The gateway, towards the box.
    pub const GATEWAY_V6: Ipv6Addr = Ipv6Addr::new(0x2600, 9, 0, 2, 0, 0, 0, 1);
    /// A global one, of the box.
    pub const BOX_V6: Ipv6Addr = Ipv6Addr::new(0x2600, 9, 0, 2, 0, 0, 0, 2);

    /// The outer port of [`super::Nat::FullCone`].
    pub const FORWARDED_PORT: u16 = 40_547;
    /// The outer ports of the other kinds, first and last.
    pub const MAPPED_PORTS: (u16, u16) = (20_000, 29_999);
}

/// What a gateway does with UDP. The outer port is another one than the inner port always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nat {
    /// Nothing: it is a router and a firewall.
    None,
    /// One outer port leads to this port of the box, whoever sends, and is its outer port for
    /// whomever it speaks to (full cone).
    FullCone {
        /// The inner port.
        port: u16,
    },
    /// An inner port has one outer port, which lets in only addresses and ports that were spoken to.
    PortRestricted,
    /// An inner port has an outer port for each that it speaks to, and lets in only that.
    Symmetric,
}

/// What is between the box and its ACS.
#[derive(Clone, Copy, Debug)]
pub struct WorldOptions {
    /// The home's gateway.
    pub nat: Nat,
    /// How long a UDP binding lives without traffic; `None`: as the kernel has it, 30 s and 120 s.
    pub binding_life: Option<Duration>,
    /// Whether there is a carrier's gateway, with a NAT of the port-restricted kind, before that of
    /// the home.
    pub has_carrier: bool,
    /// Whether there is IPv6 too, with a global address for the box and a firewall that lets in what
    /// belongs to something begun inside.
    pub has_ipv6: bool,
}

impl WorldOptions {
    /// One gateway of this kind, and no IPv6.
    pub fn new(nat: Nat) -> Self {
        Self {
            nat,
            binding_life: None,
            has_carrier: false,
            has_ipv6: false,
        }
    }
}

/// A world; it goes with this value.
pub struct World {
    /// ACS, STUN server, XMPP server.
    pub outside: Place,
    /// The carrier's gateway, where there is one.
    pub carrier: Option<Place>,
    /// The home's gateway: `lan0` and `wan0`.
    pub gateway: Place,
    /// The box: `eth0`.
    pub inside: Place,
}

impl World {
    /// A new one. `None` where namespaces are not permitted or the programs for it are absent, which
    /// is said.
    pub fn new(options: WorldOptions) -> Option<Self> {
        if !works(&["nft", "-v"]) {
            return None;
        }
        let world = Self {
            outside: Place::new()?,
            carrier: match options.has_carrier {
                true => Some(Place::new()?),
                false => None,
            },
            gateway: Place::new()?,
            inside: Place::new()?,
        };
        world.join();
        if options.has_ipv6 {
            world.join_ipv6();
        }
        let nat = rules::of(options.nat, addresses::BOX, world.outer());
        open_gateway(&world.gateway, &nat, options.binding_life);
        if let Some(carrier) = &world.carrier {
            let nat = rules::of(
                Nat::PortRestricted,
                addresses::BEHIND_CARRIER,
                addresses::PUBLIC,
            );
            open_gateway(carrier, &nat, options.binding_life);
        }
        Some(world)
    }

    /// The outer address of the home's gateway.
    pub fn outer(&self) -> Ipv4Addr {
        match self.carrier {
            Some(_) => addresses::BEHIND_CARRIER,
            None => addresses::PUBLIC,
        }
    }

    fn join(&self) {
        let next = self.carrier.as_ref().unwrap_or(&self.outside);
        let (next_name, next_address) = match self.carrier {
            Some(_) => ("lan0", addresses::CARRIER),
            None => ("net0", addresses::ACS),
        };
        link((&self.inside, "eth0"), (&self.gateway, "lan0"));
        link((&self.gateway, "wan0"), (next, next_name));
        if let Some(carrier) = &self.carrier {
            link((carrier, "wan0"), (&self.outside, "net0"));
            let address = next_address;
            carrier.ip(&format!(
                "addr add {address}/24 dev lan0\n\
                 addr add {}/24 dev wan0\n\
                 route add default via {}\n",
                addresses::PUBLIC,
                addresses::ACS
            ));
        }
        self.outside.ip(&format!(
            "addr add {}/24 dev net0\naddr add {}/24 dev net0\n",
            addresses::ACS,
            addresses::ACS_SECOND
        ));
        self.gateway.ip(&format!(
            "addr add {}/24 dev wan0\n\
             addr add {}/24 dev lan0\n\
             route add default via {next_address}\n",
            self.outer(),
            addresses::GATEWAY,
        ));
        self.inside.ip(&format!(
            "addr add {}/24 dev eth0\nroute add default via {}\n",
            addresses::BOX,
            addresses::GATEWAY
        ));
    }

    /// The homes of a carrier have no IPv6 here: the gateway has to be next to the ACS.
    fn join_ipv6(&self) {
        assert!(
            self.carrier.is_none(),
            "IPv6 behind a carrier is not built yet"
        );
        let (acs, gateway, inner) = (addresses::ACS_V6, addresses::GATEWAY_V6, addresses::BOX_V6);
        self.outside.ip(&format!(
            "addr add {acs}/64 dev net0 nodad\n\
             addr add fe80::1/64 dev net0 nodad\n\
             route add {inner}/128 via fe80::10 dev net0\n"
        ));
        self.gateway.sysctl("ipv6/conf/all/forwarding", "1");
        self.gateway.ip(&format!(
            "addr add fe80::10/64 dev wan0 nodad\n\
             addr add 2600:9:0:1::10/64 dev wan0 nodad\n\
             route add default via fe80::1 dev wan0\n\
             addr add {gateway}/64 dev lan0 nodad\n\
             addr add fe80::1/64 dev lan0 nodad\n"
        ));
        self.inside.ip(&format!(
            "addr add {inner}/64 dev eth0 nodad\n\
             addr add fe80::2/64 dev eth0 nodad\n\
             route add default via fe80::1 dev eth0\n"
        ));
    }
}

/// Joins two places by a wire. Addresses of IPv6 are given by hand: those that come by themselves
/// take seconds until they are sure.
fn link((one, name): (&Place, &str), (other, other_name): (&Place, &str)) {
    let path = other.path();
    one.ip(&format!(
        "link add {name} type veth peer name {other_name} netns {path}\n\
         link set {name} addrgenmode none\n\
         link set {name} up\n"
    ));
    other.ip(&format!(
        "link set {other_name} addrgenmode none\nlink set {other_name} up\n"
    ));
}

fn open_gateway(gateway: &Place, rules: &str, binding_life: Option<Duration>) {
    gateway.nft(rules);
    gateway.sysctl("ipv4/ip_forward", "1");
    let Some(life) = binding_life else { return };
    let seconds = life.as_secs().to_string();
    for name in ["udp_timeout", "udp_timeout_stream"] {
        gateway.sysctl(&format!("netfilter/nf_conntrack_{name}"), &seconds);
    }
}
