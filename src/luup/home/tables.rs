//! Which devices are Z-Wave nodes, and which are below which.

use std::ops::Range;

use crate::luup::Snapshot;
use crate::luup::key::FIELDS;
use crate::luup::snapshot::NameId;

/// Number of the device that is the Z-Wave network itself; Z-Wave nodes are its children.
const NETWORK: u32 = 1;

/// The tables of a snapshot.
#[derive(Clone, Debug, Default)]
pub(super) struct Tables {
    /// Ascending.
    nodes: Vec<u32>,
    /// Parent and child, ascending.
    children: Vec<(u32, u32)>,
}

impl Tables {
    /// A node is a device other than the network that has capabilities, or that had them when it
    /// was last seen: it gets them once and for all, but an engine that starts tells of devices
    /// before it tells of their variables. Where Luup tells of parents, it is also a child of the
    /// network with a node number other than the controller's, which is not a node but carries
    /// capabilities too.
    pub(super) fn of(snapshot: &Snapshot, before: Option<&Self>) -> Self {
        let capabilities = snapshot.names("ZWaveDevice1", "Capabilities");
        let parent = snapshot.names(FIELDS, "id_parent");
        let altid = snapshot.names(FIELDS, "altid");
        let controller = snapshot
            .value(NETWORK, &snapshot.names("ZWaveNetwork1", "HomeID"))
            .and_then(controller_node);
        let number = |device, names: &Range<NameId>| -> Option<u32> {
            snapshot.value(device, names)?.trim().parse().ok()
        };
        let mut tables = Self::default();
        for device in snapshot.devices() {
            let parent = number(device, &parent);
            if let Some(parent) = parent {
                tables.children.push((parent, device));
            }
            let placed = parent.is_none_or(|parent| {
                let node = number(device, &altid);
                parent == NETWORK && node.is_some() && node != controller
            });
            let capable = snapshot.value(device, &capabilities).is_some()
                || before.is_some_and(|before| before.nodes.binary_search(&device).is_ok());
            if device != NETWORK && capable && placed {
                tables.nodes.push(device);
            }
        }
        tables.children.sort_unstable();
        tables
    }

    /// The device numbers of the Z-Wave nodes, ascending.
    pub(super) fn nodes(&self) -> Vec<u32> {
        self.nodes.clone()
    }

    /// The devices below one.
    pub(super) fn children(&self, parent: u32) -> Vec<u32> {
        let first = self.children.partition_point(|(p, _)| *p < parent);
        let rest = self.children.get(first..).unwrap_or_default().iter();
        let own = rest.take_while(|(p, _)| *p == parent);
        own.map(|(_, child)| *child).collect()
    }
}

/// `House: 17abfa2 Node 1 Suc 0`: the node number of the controller.
fn controller_node(home_id: &str) -> Option<u32> {
    let mut words = home_id.split_whitespace();
    words.find(|word| *word == "Node")?;
    words.next()?.parse().ok()
}
