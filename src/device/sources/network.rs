//! `net:INTERFACE:what`: addresses and state of the network interfaces.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

use super::file::read;
use crate::datamodel::source::{
    Declaration, DeclaredKeys, Instance, KeyTemplate, Noticed, Reading, Slot, Source,
};
use crate::device::addresses::{self, InterfaceAddress};

/// What can be asked of an interface.
pub const WHAT: [&str; 13] = [
    "ipv4",
    "netmask",
    "ipv6",
    "mac",
    "status",
    "mtu",
    "name",
    "rx_bytes",
    "tx_bytes",
    "rx_packets",
    "tx_packets",
    "rx_errors",
    "tx_errors",
];

/// In `flags` of `/sys/class/net` (`linux/if.h`).
const IFF_UP: u32 = 1;

/// What the kernel tells of an interface without a hardware address, such as the loopback.
const NO_MAC: &str = "00:00:00:00:00:00";

/// The interface that stands for the box itself.
const HARDWARE: &str = "*";

/// The source `net`. The key is `INTERFACE:what`; the interface `@` is the configured one, and `*`
/// the one whose hardware address says which box this is: of the devices that are hardware (they have
/// a `device` in `/sys/class/net`) the one with the lowest address, one that its maker gave before
/// one that was made up; where there is none, of all others. No interface has to be up for it.
///
/// | what | value |
/// |---|---|
/// | `ipv4`, `netmask` | the first IPv4 address and its mask |
/// | `ipv6` | the first IPv6 address that is not link-local, else the link-local one |
/// | `mac` | `00:11:22:33:44:55`, as it is told |
/// | `status` | a word of TR-181's `Status`: `Up`, `Down`, `LowerLayerDown`, `NotPresent`, ... |
/// | `mtu` | bytes |
/// | `name` | the interface's own name |
/// | `rx_bytes`, ... | the kernel's counters |
pub struct NetSource {
    default: String,
    keys: DeclaredKeys<NetKey>,
    sys: PathBuf,
    addresses: Option<Vec<InterfaceAddress>>,
}

/// A key, read: `what` is an index of [`WHAT`].
struct NetKey {
    interface: KeyTemplate,
    what: usize,
}

impl NetSource {
    /// `default` is the interface that `@` means.
    pub fn new(default: impl Into<String>) -> Self {
        Self {
            default: default.into(),
            keys: DeclaredKeys::default(),
            sys: PathBuf::from("/sys/class/net"),
            addresses: None,
        }
    }

    fn what(&self, slot: Slot) -> &'static str {
        let key = self.keys.get(slot);
        key.and_then(|key| WHAT.get(key.what))
            .copied()
            .unwrap_or_default()
    }

    fn look_at(&mut self, interface: &str, what: &str) -> Option<String> {
        match what {
            "ipv4" => self.ipv4(interface).map(|(ip, _)| ip.to_string()),
            "netmask" => self.ipv4(interface).map(|(_, mask)| mask.to_string()),
            "ipv6" => self.ipv6(interface).map(|ip| ip.to_string()),
            "mac" => self
                .attribute(interface, "address")
                .filter(|mac| mac != NO_MAC),
            "status" => Some(self.status(interface).to_owned()),
            "mtu" => self.attribute(interface, "mtu"),
            "name" => Some(interface.to_owned()),
            counter => self.attribute(interface, &format!("statistics/{counter}")),
        }
    }

    fn hardware(&self) -> Option<String> {
        let devices = fs::read_dir(&self.sys).ok()?.flatten();
        let ranked = devices.filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let address = self.attribute(&name, "address")?;
            let first = u8::from_str_radix(address.get(..2)?, 16).ok()?;
            let is_ethernet = address.len() == NO_MAC.len() && address != NO_MAC && first & 1 == 0;
            let is_virtual = !entry.path().join("device").exists();
            // IEEE 802: this bit says that no maker gave the address.
            let is_made_up = first & 2 != 0;
            is_ethernet.then_some((is_virtual, is_made_up, address, name))
        });
        ranked.min().map(|(.., name)| name)
    }

    fn addresses(&mut self, interface: &str) -> impl Iterator<Item = &InterfaceAddress> {
        let all = self.addresses.get_or_insert_with(|| {
            addresses::all().unwrap_or_else(|error| {
                log::warn!("cannot read the addresses of this machine: {error}");
                Vec::new()
            })
        });
        all.iter().filter(move |a| a.interface == interface)
    }

    fn attribute(&self, interface: &str, name: &str) -> Option<String> {
        let path = self.sys.join(interface).join(name);
        read(path.to_str()?).map(|text| text.trim().to_owned())
    }

    fn ipv4(&mut self, interface: &str) -> Option<(Ipv4Addr, Ipv4Addr)> {
        self.addresses(interface).find_map(|a| match a.address {
            IpAddr::V4(address) => Some((address, mask(a.prefix))),
            IpAddr::V6(_) => None,
        })
    }

    fn ipv6(&mut self, interface: &str) -> Option<Ipv6Addr> {
        let all: Vec<Ipv6Addr> = self
            .addresses(interface)
            .filter_map(|a| match a.address {
                IpAddr::V6(address) => Some(address),
                IpAddr::V4(_) => None,
            })
            .collect();
        let local = |a: &&Ipv6Addr| !a.is_unicast_link_local();
        all.iter().find(local).or(all.first()).copied()
    }

    fn is_up(&self, interface: &str) -> bool {
        let flags = self.attribute(interface, "flags");
        let flags = flags.and_then(|flags| u32::from_str_radix(flags.strip_prefix("0x")?, 16).ok());
        flags.is_some_and(|flags| flags & IFF_UP != 0)
    }

    fn status(&self, interface: &str) -> &'static str {
        let Some(state) = self.attribute(interface, "operstate") else {
            return "NotPresent";
        };
        match state.as_str() {
            "up" => "Up",
            "down" => "Down",
            "lowerlayerdown" => "LowerLayerDown",
            "dormant" => "Dormant",
            "notpresent" => "NotPresent",
            // PPP, tunnels and the loopback do not tell; they run when they are up.
            _ if self.is_up(interface) => "Up",
            _ => "Unknown",
        }
    }
}

/// Of a network whose addresses begin with so many bits in common.
fn mask(prefix: u8) -> Ipv4Addr {
    let others = u32::from(32_u8.saturating_sub(prefix));
    Ipv4Addr::from(u32::MAX.checked_shl(others).unwrap_or(0))
}

impl Source for NetSource {
    fn declare(&mut self, row: &Declaration<'_>, key: &str) -> Result<Slot, String> {
        let (interface, what) = key.split_once(':').unwrap_or_default();
        let known = WHAT.iter().position(|known| *known == what);
        let what = known.filter(|_| !interface.is_empty() && !interface.contains('/'));
        let what = what.ok_or_else(|| {
            format!(
                "'{key}' is not INTERFACE:what; what is one of {}",
                WHAT.join(", ")
            )
        })?;
        if row.writable || row.kind.is_none() {
            return Err("an interface gives values and takes none".to_owned());
        }
        Ok(self.keys.keep(NetKey {
            interface: KeyTemplate::parse(interface, row.tables)?,
            what,
        }))
    }

    fn refresh(&mut self) -> bool {
        self.addresses = None;
        true
    }

    /// What an interface does not have now it may have soon: unknown, not absent.
    fn get(&mut self, slot: Slot, at: &[Instance<'_>]) -> Reading<'_> {
        let Some(key) = self.keys.get(slot) else {
            return Reading::Absent;
        };
        let interface = match key.interface.fill(at) {
            name if name == "@" => Some(self.default.clone()),
            name if name == HARDWARE => self.hardware(),
            name => Some(name.into_owned()),
        };
        let what = WHAT.get(key.what).copied().unwrap_or_default();
        let value = interface.and_then(|interface| self.look_at(&interface, what));
        value.map_or(Reading::Unknown, |value| Reading::Value(value.into()))
    }

    /// The kernel tells of addresses; of the rest nobody does.
    fn noticed(&self, slot: Slot) -> Noticed {
        match self.what(slot) {
            "ipv4" | "netmask" | "ipv6" | "name" => Noticed::Pushed,
            _ => Noticed::Polled,
        }
    }

    /// Addresses are few and say much: a new one is told also if it came with a reboot.
    fn keeps_reports(&self, slot: Slot) -> bool {
        let kept = ["ipv4", "netmask", "ipv6", "mac", "mtu", "name"];
        kept.contains(&self.what(slot))
    }
}

#[cfg(test)]
mod tests {
    use cwmpd_lab::Folder;

    use super::*;
    use crate::base::xsd::XsdType;
    use crate::datamodel::types::ParamType;

    fn declared(source: &mut NetSource, key: &str) -> Result<Slot, String> {
        let row = Declaration {
            kind: Some(&ParamType::of(XsdType::String)),
            filtered: false,
            tables: 1,
            writable: false,
        };
        source.declare(&row, key)
    }

    fn get(key: &str) -> Option<String> {
        let mut source = NetSource::new("lo");
        let slot = declared(&mut source, key).unwrap();
        let at = Instance {
            number: 1,
            identity: Some("lo"),
        };
        source.get(slot, &[at]).value().map(str::to_owned)
    }

    #[test]
    fn the_loopback_is_known_by_name_by_instance_and_as_the_configured_interface() {
        for interface in ["lo", "@", "{i}"] {
            let value = |what: &str| get(&format!("{interface}:{what}"));
            assert_eq!(value("ipv4").as_deref(), Some("127.0.0.1"));
            assert_eq!(value("netmask").as_deref(), Some("255.0.0.0"));
            assert_eq!(value("mac"), None);
            assert_eq!(value("status").as_deref(), Some("Up"));
            assert_eq!(value("name").as_deref(), Some("lo"));
            assert!(value("mtu").unwrap().parse::<u32>().is_ok());
            assert!(value("rx_bytes").unwrap().parse::<u64>().is_ok());
        }
    }

    #[test]
    fn f06_the_hardware_of_the_box_is_the_same_whichever_interface_is_up() {
        let sys = Folder::new("net");
        let mut source = NetSource {
            sys: sys.path().to_owned(),
            ..NetSource::new("br-lan")
        };
        let mac = declared(&mut source, "*:mac").unwrap();
        let name = declared(&mut source, "*:name").unwrap();
        let mut add = |name: &str, address: &str, is_hardware: bool| {
            let dir = sys.join(name);
            fs::create_dir_all(&dir).unwrap();
            fs::write(dir.join("address"), format!("{address}\n")).unwrap();
            if is_hardware {
                fs::create_dir_all(dir.join("device")).unwrap();
            }
            source.get(mac, &[]).value().map(str::to_owned)
        };
        assert_eq!(add("lo", NO_MAC, false), None);
        assert_eq!(add("ppp0", "", false), None);
        let bridge = add("br-lan", "00:00:5e:00:00:01", false);
        assert_eq!(bridge.as_deref(), Some("00:00:5e:00:00:01"));
        let wifi = add("wlan0", "02:00:5e:00:00:02", true);
        assert_eq!(wifi.as_deref(), Some("02:00:5e:00:00:02"));
        for name in ["eth1", "eth0", "eth0.2"] {
            let address = add(name, "00:d0:9e:00:00:09", name != "eth0.2");
            assert_eq!(address.as_deref(), Some("00:d0:9e:00:00:09"), "{name}");
        }
        let lower = add("eth2", "00:d0:9e:00:00:08", true);
        assert_eq!(lower.as_deref(), Some("00:d0:9e:00:00:08"));
        assert_eq!(source.get(name, &[]).value(), Some("eth2"));
    }

    #[test]
    fn an_interface_that_is_not_there_has_no_address_and_says_so() {
        assert_eq!(get("none0:ipv4"), None);
        assert_eq!(get("none0:mac"), None);
        assert_eq!(get("none0:status").as_deref(), Some("NotPresent"));
        let mut source = NetSource::new("none0");
        let slot = declared(&mut source, "@:ipv4").unwrap();
        assert_eq!(source.get(slot, &[]), Reading::Unknown);
    }

    #[test]
    fn keys_are_checked_and_counters_are_not_kept() {
        let mut source = NetSource::new("br-lan");
        let address = declared(&mut source, "@:ipv4").unwrap();
        let counter = declared(&mut source, "eth0.2:rx_bytes").unwrap();
        for bad in [
            "ipv4",
            ":ipv4",
            "lo:speed",
            "../x:mtu",
            "lo:statistics/rx_bytes",
            "{i}{i}:mtu",
        ] {
            assert!(declared(&mut source, bad).is_err(), "{bad}");
        }
        assert!(!source.keeps_reports(counter) && source.keeps_reports(address));
        assert_eq!(source.noticed(counter), Noticed::Polled);
        assert_eq!(source.noticed(address), Noticed::Pushed);
    }
}
