//! What the gateways do with packets, in the language of nftables.

use std::net::Ipv4Addr;

use super::world::{Nat, addresses};

/// The rules of a gateway between `lan0` and `wan0` for the box at `inside`. What comes from outside
/// and belongs to nothing that was begun inside gets no answer, as from most routers. A port-mapping
/// daemon has its chains ready.
pub(super) fn of(nat: Nat, inside: Ipv4Addr, outside: Ipv4Addr) -> String {
    let (first, last) = addresses::MAPPED_PORTS;
    let (to_inside, to_outside) = match nat {
        Nat::None => (String::new(), String::new()),
        Nat::FullCone { port } => {
            let forwarded = addresses::FORWARDED_PORT;
            (
                format!("iifname wan0 udp dport {forwarded} dnat ip to {inside}:{port}"),
                format!(
                    "oifname wan0 ip saddr {inside} udp sport {port} snat ip to {outside}:{forwarded}
                     oifname wan0 meta nfproto ipv4 masquerade"
                ),
            )
        }
        // With a range that the port is not in, each inner port gets one outer port for all whom it
        // speaks to.
        Nat::PortRestricted => (
            String::new(),
            format!(
                "oifname wan0 meta nfproto ipv4 meta l4proto udp masquerade to :{first}-{last}
                 oifname wan0 meta nfproto ipv4 masquerade"
            ),
        ),
        Nat::Symmetric => (
            String::new(),
            format!(
                "oifname wan0 meta nfproto ipv4 meta l4proto udp masquerade to :{first}-{last} fully-random
                 oifname wan0 meta nfproto ipv4 masquerade"
            ),
        ),
    };
    format!(
        "table inet nat {{
             chain prerouting {{
                 type nat hook prerouting priority -100
                 jump mapped_prerouting
                 {to_inside}
             }}
             chain postrouting {{
                 type nat hook postrouting priority 100
                 jump mapped_postrouting
                 {to_outside}
             }}
             chain mapped_prerouting {{
             }}
             chain mapped_postrouting {{
             }}
         }}
         table inet filter {{
             chain input {{
                 type filter hook input priority 0
                 iifname wan0 meta l4proto {{ tcp, udp }} ct state new drop
             }}
             chain forward {{
                 type filter hook forward priority 0
                 policy drop
                 ct state established,related accept
                 ct status dnat accept
                 iifname lan0 accept
                 meta l4proto icmpv6 accept
                 jump mapped
             }}
             chain mapped {{
             }}
         }}
        "
    )
}
