//! The Z-Wave home as the agent last saw it.

use std::collections::BTreeSet;
use std::ops::Range;

use super::key::{FIELDS, Key};
use super::snapshot::NameId;
use super::{LuupError, Snapshot};

/// Number of the device that is the Z-Wave network itself; Z-Wave nodes are its children.
const NETWORK: u32 = 1;

/// The last good [`Snapshot`], and what the rows of the data model want of it.
#[derive(Debug, Default)]
pub struct Home {
    snapshot: Option<Snapshot>,
    nodes: Vec<u32>,
    /// Parent and child, ascending.
    children: Vec<(u32, u32)>,
    /// Service and variable of the rows that are numbers.
    numbers: BTreeSet<(String, String)>,
    wanted: bool,
    user_data: bool,
    rejected: u32,
}

/// Where a new value goes: what [`write`](super::write) needs, free to cross threads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The key with the full name of the service, or `device.name`, `device.room`.
    pub key: String,
    /// The number of the device.
    pub device: u32,
}

impl Home {
    /// Takes what a fetch brought; a failed one leaves all as it is. Either way at most one line
    /// is logged.
    ///
    /// A variable that some row shows as a number keeps its last good value while Luup gives one
    /// that is not a number, or is negative; an empty one is none.
    pub fn update(&mut self, fetched: Result<Snapshot, LuupError>) {
        let mut new = match fetched {
            Ok(new) => new,
            Err(error) => {
                log::warn!("{error}; the last good values stay");
                return;
            }
        };
        let mut first_bad = None;
        for (service, variable) in &self.numbers {
            for name in new.names(service, variable) {
                for device in new.devices().collect::<Vec<_>>() {
                    let Some(value) = new.value(device, name..name + 1) else {
                        continue;
                    };
                    if is_number(value) {
                        continue;
                    }
                    let bad = format!("device {device} {service}/{variable} = {value:?}");
                    first_bad.get_or_insert(bad);
                    self.rejected = self.rejected.saturating_add(1);
                    let last_good = self.snapshot.as_ref().and_then(|old| {
                        old.value(device, old.names(service, variable))
                            .map(str::to_owned)
                    });
                    new.replace(device, name, &last_good.unwrap_or_default());
                }
            }
        }
        if let Some(first) = first_bad {
            log::warn!("luup: not a number, the last good value stays: {first}, and maybe more");
        }
        self.tables(&new);
        self.snapshot = Some(new);
    }

    /// How many values were not taken since they are no numbers, since the start.
    pub fn rejected(&self) -> u32 {
        self.rejected
    }

    /// Whether the data model has a row that Luup supplies.
    pub fn is_wanted(&self) -> bool {
        self.wanted
    }

    /// Whether some row needs `id=user_data` besides `id=status`.
    pub fn needs_user_data(&self) -> bool {
        self.user_data
    }

    /// Bytes on the heap of the snapshot.
    pub fn bytes(&self) -> usize {
        self.snapshot.as_ref().map_or(0, Snapshot::bytes)
    }

    /// Where a new value for the row with this key goes; `at` are the instance numbers on its
    /// path. An error where no device has it or its service, so that nobody can say where to
    /// write.
    pub fn target(&self, key: &str, at: &[u32]) -> Result<Target, LuupError> {
        let not_writable = || LuupError::NotWritable(key.to_owned());
        let parsed = Key::parse(key).map_err(|_| not_writable())?;
        let snapshot = self.snapshot.as_ref().ok_or_else(not_writable)?;
        let device = match at.last() {
            Some(device) => *device,
            None => self.first_with(parsed).ok_or_else(not_writable)?,
        };
        let key = match parsed {
            Key::Variable { service, variable } => {
                let full = snapshot.service(service).ok_or_else(not_writable)?;
                format!("{full}/{variable}")
            }
            _ if parsed.writable() => key.to_owned(),
            _ => return Err(not_writable()),
        };
        Ok(Target { key, device })
    }

    pub(super) fn declare(&mut self, key: Key<'_>, numeric: bool) {
        self.wanted = true;
        self.user_data |= key.in_user_data_only();
        if let Key::Variable { service, variable } = key {
            if numeric {
                self.numbers
                    .insert((service.to_owned(), variable.to_owned()));
            }
        }
    }

    /// The value of a variable or field, of the device that `at` ends with, or of the first that
    /// has it where the row stands in no table.
    pub(super) fn value(&self, key: Key<'_>, at: &[u32]) -> Option<&str> {
        let device = match at.last() {
            Some(device) => *device,
            None => self.first_with(key)?,
        };
        let (snapshot, names) = self.look_up(key)?;
        snapshot.value(device, names)
    }

    /// The instances of a table; `None` before the first good fetch.
    pub(super) fn rows(&self, key: Key<'_>, at: &[u32]) -> Option<Vec<u32>> {
        self.snapshot.as_ref()?;
        match (key, at.last()) {
            (Key::Nodes, _) => Some(self.nodes.clone()),
            (Key::Children, Some(parent)) => {
                let first = self.children.partition_point(|(p, _)| p < parent);
                let rest = self.children.get(first..).unwrap_or_default().iter();
                let own = rest.take_while(|(p, _)| p == parent);
                Some(own.map(|(_, child)| *child).collect())
            }
            _ => None,
        }
    }

    fn look_up(&self, key: Key<'_>) -> Option<(&Snapshot, Range<NameId>)> {
        let snapshot = self.snapshot.as_ref()?;
        let (service, variable) = key.name()?;
        Some((snapshot, snapshot.names(service, variable)))
    }

    fn first_with(&self, key: Key<'_>) -> Option<u32> {
        if let Key::Field(_) = key {
            return None;
        }
        let (snapshot, names) = self.look_up(key)?;
        snapshot
            .devices()
            .find(|device| snapshot.value(*device, names.clone()).is_some())
    }

    /// Finds the rows of the tables: a node is a device other than the network that has
    /// capabilities. Where Luup tells of parents, it is also a child of the network with a node
    /// number other than the controller's, which is not a node but carries capabilities too.
    fn tables(&mut self, new: &Snapshot) {
        let capabilities = new.names("ZWaveDevice1", "Capabilities");
        let parent = new.names(FIELDS, "id_parent");
        let altid = new.names(FIELDS, "altid");
        let controller = new
            .value(NETWORK, new.names("ZWaveNetwork1", "HomeID"))
            .and_then(controller_node);
        let number = |device, names: &Range<NameId>| -> Option<u32> {
            new.value(device, names.clone())?.trim().parse().ok()
        };
        self.nodes.clear();
        self.children.clear();
        for device in new.devices() {
            let parent = number(device, &parent);
            if let Some(parent) = parent {
                self.children.push((parent, device));
            }
            let placed = parent.is_none_or(|parent| {
                let node = number(device, &altid);
                parent == NETWORK && node.is_some() && node != controller
            });
            let capable = new.value(device, capabilities.clone()).is_some();
            if device != NETWORK && capable && placed {
                self.nodes.push(device);
            }
        }
        self.children.sort_unstable();
    }
}

/// `House: 17abfa2 Node 1 Suc 0`: the node number of the controller.
fn controller_node(home_id: &str) -> Option<u32> {
    let mut words = home_id.split_whitespace();
    words.find(|word| *word == "Node")?;
    words.next()?.parse().ok()
}

/// A number of the data model that is not negative.
fn is_number(value: &str) -> bool {
    value.bytes().all(|b| b.is_ascii_digit()) && value.parse::<u64>().is_ok()
}

#[cfg(test)]
mod tests;
