//! The tables of a snapshot: which devices, and in which order.

use super::verdict::Verdicts;
use crate::base::sort::sort;
use crate::luup::Snapshot;
use crate::luup::key::FIELDS;

/// What the tables list, found once.
#[derive(Clone, Debug, Default)]
pub(super) struct Tables {
    pub verdicts: Verdicts,
    /// Parent and child, ascending.
    children: Vec<(u32, u32)>,
}

impl Tables {
    pub(super) fn of(snapshot: &Snapshot, before: Option<&Self>) -> Self {
        let parent = snapshot.names(FIELDS, "id_parent");
        let child = |device| {
            let parent = snapshot.value(device, &parent)?.trim().parse().ok()?;
            Some((parent, device))
        };
        let mut children: Vec<(u32, u32)> = snapshot.devices().filter_map(child).collect();
        sort(&mut children);
        Self {
            verdicts: Verdicts::of(snapshot, before.map(|before| &before.verdicts)),
            children,
        }
    }

    /// The devices directly below one, ascending.
    pub(super) fn children(&self, parent: u32) -> impl Iterator<Item = u32> + '_ {
        let first = self.children.partition_point(|(p, _)| *p < parent);
        let rest = self.children.get(first..).unwrap_or_default().iter();
        let own = rest.take_while(move |(p, _)| *p == parent);
        own.map(|(_, child)| *child)
    }

    /// The networks, ascending.
    pub(super) fn networks(&self) -> impl Iterator<Item = u32> + '_ {
        self.verdicts.networks.iter().map(|(device, _)| *device)
    }
}
