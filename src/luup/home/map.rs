//! What `cwmpd luup --map` tells of a home besides its rows.

use super::Home;
use crate::datamodel::source::Slot;
use crate::luup::Verdict;
use crate::luup::key::FIELDS;
use crate::luup::snapshot::NameId;

/// A device, for people.
pub struct MappedDevice {
    /// As Luup counts devices.
    pub number: u32,
    /// What people call it; empty where Luup does not tell.
    pub name: String,
    /// What it is to the Z-Wave home.
    pub verdict: Verdict,
}

/// A variable of a service that no row names.
pub struct UnnamedVariable {
    /// `SERVICE/VARIABLE`, the service in full.
    pub key: String,
    /// How many devices have it.
    pub devices: usize,
    /// What the first of them says.
    pub example: String,
}

impl Home {
    /// The key of a row, as it stands behind `luup:`.
    pub fn key(&self, slot: Slot) -> String {
        let row = self.rows.get(slot.index());
        row.map_or(String::new(), |row| row.key.to_string())
    }

    /// What Luup says to a row that cannot show it, and why; `instance` is the innermost on its path.
    pub fn misfit(&self, slot: Slot, instance: &str) -> Option<(String, String)> {
        let view = self.view.as_ref()?;
        let row = self.rows.get(slot.index())?;
        let device = view.device(slot, Some(instance).filter(|_| row.in_table))?;
        let text = view.found(slot.index(), device)?;
        let why = row.kind.as_ref()?.check(text).err()?;
        Some((text.to_owned(), why.to_string()))
    }

    /// All devices, ascending.
    pub fn devices(&self) -> Vec<MappedDevice> {
        let Some(view) = &self.view else {
            return Vec::new();
        };
        let names = view.snapshot.names(FIELDS, "name");
        let device = |(number, verdict): (u32, Verdict)| MappedDevice {
            number,
            name: view
                .snapshot
                .value(number, &names)
                .unwrap_or_default()
                .to_owned(),
            verdict,
        };
        view.verdicts().map(device).collect()
    }

    /// Variables that no row names, in the order of their short names. What is worked out of several
    /// may use one all the same.
    pub fn unnamed(&self) -> Vec<UnnamedVariable> {
        let Some(view) = &self.view else {
            return Vec::new();
        };
        let named: Vec<_> = self
            .rows
            .iter()
            .filter_map(|row| row.key.name())
            .map(|(service, variable)| view.snapshot.names(service, variable))
            .collect();
        let mut all: Vec<(NameId, usize, &str)> = Vec::new();
        for device in view.snapshot.devices() {
            for (name, text) in view.snapshot.values(device) {
                match all.binary_search_by_key(&name, |(known, ..)| *known) {
                    Ok(at) => {
                        if let Some((_, devices, _)) = all.get_mut(at) {
                            *devices += 1;
                        }
                    }
                    Err(at) => all.insert(at, (name, 1, text)),
                }
            }
        }
        let is_named = |name: NameId| named.iter().any(|names| names.contains(&name));
        let unnamed = all.into_iter().filter(|(name, ..)| !is_named(*name));
        let variable = |(name, devices, example): (NameId, usize, &str)| {
            let (service, variable) = view.snapshot.name(name);
            (service != FIELDS).then(|| UnnamedVariable {
                key: [service, "/", variable].concat(),
                devices,
                example: example.to_owned(),
            })
        };
        unnamed.filter_map(variable).collect()
    }

    /// Why no device is a node, where none is.
    pub fn why_no_node(&self) -> Option<String> {
        self.view.as_ref()?.tables.verdicts.without_node()
    }
}
