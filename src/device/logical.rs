//! Logical interfaces, `lan` and `wan`: which device of the kernel each has, as netifd names it by
//! `/etc/config/network`.

use super::uci::{Document, Section};

/// Protocols whose device is made when the connection comes up, and is called after both.
const TUNNELS: [&str; 6] = ["pppoe", "pppoa", "ppp", "pptp", "l2tp", "3g"];

/// `device '@wan'` means that of another interface; a ring of them ends here.
const MAX_ALIASES: usize = 4;

/// The device of the interface `name`; of what is not logical, the name itself.
pub fn device_of(network: &Document, name: &str) -> String {
    let mut name = name;
    for _ in 0..MAX_ALIASES {
        let section = network.find(name).and_then(|at| network.sections().get(at));
        let Some(section) = section.filter(|section| section.kind == "interface") else {
            return name.to_owned();
        };
        let protocol = first(section, "proto").unwrap_or_default();
        if TUNNELS.contains(&protocol) {
            return format!("{protocol}-{name}");
        }
        if first(section, "type") == Some("bridge") {
            return format!("br-{name}");
        }
        // Before 21.02 it was called so.
        let device = first(section, "device").or_else(|| first(section, "ifname"));
        match device.map(|device| (device, device.strip_prefix('@'))) {
            Some((_, Some(other))) => name = other,
            Some((device, None)) => return device.to_owned(),
            None => return name.to_owned(),
        }
    }
    name.to_owned()
}

/// The first word of an option.
fn first<'s>(section: &'s Section, option: &str) -> Option<&'s str> {
    let items = section.get(option)?.items();
    items.first()?.split_whitespace().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NETWORK: &str = "\
config interface 'loopback'
\toption device 'lo'
config interface 'lan'
\toption device 'br-lan'
config interface 'guest'
\toption type 'bridge'
\toption ifname 'eth0.3 eth0.4'
config interface 'old'
\toption ifname 'eth0.2 eth0.5'
config interface 'wan'
\toption proto 'pppoe'
\toption device 'eth1'
config interface 'wan6'
\toption device '@wan'
config interface 'wg0'
\toption proto 'wireguard'
config interface 'bare'
config interface 'ring'
\toption device '@ring'
config device 'vlan'
\toption name 'eth0.7'
";

    #[test]
    fn s03_a_logical_interface_has_the_device_that_netifd_gives_it() {
        let network = Document::parse("network", NETWORK.into()).unwrap();
        for (name, device) in [
            ("loopback", "lo"),
            ("lan", "br-lan"),
            ("guest", "br-guest"),
            ("old", "eth0.2"),
            ("wan", "pppoe-wan"),
            ("wan6", "pppoe-wan"),
            ("wg0", "wg0"),
            ("bare", "bare"),
            ("ring", "ring"),
            ("vlan", "vlan"),
            ("eth0", "eth0"),
            ("br-lan", "br-lan"),
        ] {
            assert_eq!(device_of(&network, name), device);
        }
    }
}
