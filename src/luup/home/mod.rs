//! The Z-Wave home as the agent last saw it.

mod tables;
mod taken;

use std::collections::BTreeMap;

use self::tables::Tables;
use self::taken::Taken;
use super::key::LuupKey;
use super::{LuupError, Snapshot};
use crate::datamodel::source::{Declaration, Instance, Listed, Reading, Slot};
use crate::datamodel::types::ParamType;

/// The last good [`Snapshot`], and what the rows of the data model want of it.
#[derive(Debug, Default)]
pub struct Home {
    rows: Vec<LuupRow>,
    snapshot: Option<Snapshot>,
    tables: Tables,
    /// What rows show in place of a value that does not fit their type, by index and device: the
    /// last good one, `None` where there was none. Of devices in the snapshot only.
    kept: BTreeMap<(usize, u32), Option<Box<str>>>,
    taken: Taken,
    /// What did not fit at the last fetch, as it was logged.
    complaint: Option<String>,
}

/// A row that Luup supplies.
#[derive(Debug)]
struct LuupRow {
    key: LuupKey,
    /// The type that what Luup says must fit.
    kind: Option<ParamType>,
    /// Of a row in no table: the first device that has the value, or that had it last.
    first: Option<u32>,
    in_table: bool,
}

/// Where a new value goes: what [`write`](super::write) needs, free to cross threads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The key with the full name of the service, or `device.name`, `device.room`.
    pub key: String,
    /// The number of the device.
    pub device: u32,
}

/// A fetch on its way: its place among fetches and writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fetch(u32);

impl Home {
    /// Whether the data model has a row that Luup supplies.
    pub fn is_wanted(&self) -> bool {
        !self.rows.is_empty()
    }

    /// Whether some row needs `id=user_data` besides `id=status`.
    pub fn needs_user_data(&self) -> bool {
        self.rows.iter().any(|row| row.key.in_user_data_only())
    }

    /// Whether the engine has answered once.
    pub(super) fn is_known(&self) -> bool {
        self.snapshot.is_some()
    }

    /// To be called before a fetch begins; [`Home::update`] wants it back.
    pub fn begin_fetch(&mut self) -> Fetch {
        self.taken.begin_fetch()
    }

    /// Takes what a fetch brought; a failed one, or one that began before the one that came last,
    /// leaves all as it is. Either way at most one line is logged.
    ///
    /// A value that does not fit the type of its row keeps its last good one; if there was none, it
    /// is not known. An empty value is none.
    pub fn update(&mut self, fetch: Fetch, fetched: Result<Snapshot, LuupError>) {
        let new = match fetched {
            Ok(new) => new,
            Err(error) => {
                log::warn!("{error}; the last good values stay");
                return;
            }
        };
        if self.taken.is_late(fetch) {
            return;
        }
        let mut kept = BTreeMap::new();
        let mut complaint = None;
        for index in 0..self.rows.len() {
            for (device, why) in self.misfits(index, &new) {
                kept.insert((index, device), self.last_good(index, device));
                complaint.get_or_insert(why);
            }
        }
        if let Some(why) = complaint.as_ref().filter(|_| complaint != self.complaint) {
            log::warn!("luup: {why}, maybe others too; the last good values stay");
        }
        log::debug!(
            "luup: {} devices in {} kB",
            new.devices().count(),
            new.bytes() / 1024
        );
        self.taken.came(fetch);
        self.complaint = complaint;
        self.kept = kept;
        self.tables = Tables::of(&new, &self.tables);
        for row in &mut self.rows {
            row.first = first_with(&row.key, &new).or(row.first);
        }
        self.snapshot = Some(new);
    }

    /// What a write has changed: it is shown until a fetch that began after it comes.
    pub fn taken(&mut self, target: &Target, value: &str) {
        if let Ok(key) = LuupKey::parse(&target.key) {
            self.taken.add(target.device, key, value);
        }
    }

    /// Where a new value for a row goes; `at` is what the instances on its path are called.
    ///
    /// # Errors
    /// [`LuupError::NotWritable`]: Luup does not take it, or no device has it or its service, so
    /// that nobody can say where to write.
    pub fn target(&self, slot: Slot, at: &[Box<str>]) -> Result<Target, LuupError> {
        let row = self.rows.get(slot.index());
        let row = row.ok_or_else(|| LuupError::NotWritable("an unknown row".to_owned()))?;
        let not_writable = || LuupError::NotWritable(row.key.to_string());
        let snapshot = self.snapshot.as_ref().ok_or_else(not_writable)?;
        let device = match at.last() {
            Some(name) => name.parse().ok(),
            None => row.first,
        };
        let key = match &row.key {
            LuupKey::Variable { service, variable } => {
                let full = snapshot.service(service).ok_or_else(not_writable)?;
                format!("{full}/{variable}")
            }
            key if key.writable() => key.to_string(),
            _ => return Err(not_writable()),
        };
        Ok(Target {
            key,
            device: device.ok_or_else(not_writable)?,
        })
    }

    pub(super) fn declare(&mut self, row: &Declaration<'_>, key: &str) -> Result<Slot, String> {
        let key = LuupKey::parse(key)?;
        match (key.name(), row.kind) {
            (None, Some(_)) => return Err(format!("luup:{key} is a table and has no value")),
            (Some(_), None) => return Err(format!("luup:{key} is a value and lists no instances")),
            _ if key == LuupKey::Children && row.tables == 0 => {
                return Err("luup:children stands in a table of devices".to_owned());
            }
            _ if row.writable && !key.writable() => {
                return Err(format!("Luup takes no new value for {key}"));
            }
            _ => {}
        }
        let first = self.snapshot.as_ref().and_then(|now| first_with(&key, now));
        self.rows.push(LuupRow {
            key,
            kind: row.kind.filter(|_| !row.filtered).cloned(),
            first,
            in_table: row.tables > 0,
        });
        let index = self.rows.len() - 1;
        if let Some(snapshot) = &self.snapshot {
            let misfits = self.misfits(index, snapshot).into_iter();
            let unknown = misfits.map(|(device, _)| ((index, device), None));
            self.kept.extend(unknown.collect::<Vec<_>>());
        }
        Ok(Slot::new(index))
    }

    /// The value of a variable or field, of the device that is the innermost instance, or of the
    /// first that has it where the row stands in no table.
    pub(super) fn value(&self, slot: Slot, at: &[Instance<'_>]) -> Reading<'_> {
        let Some(row) = self.rows.get(slot.index()) else {
            return Reading::Absent;
        };
        let Some(snapshot) = &self.snapshot else {
            return Reading::Unknown;
        };
        let device = match row.in_table {
            true => innermost(at),
            false => row.first,
        };
        match device {
            Some(device) => self.value_of(slot.index(), row, snapshot, device),
            None => Reading::Absent,
        }
    }

    fn value_of<'h>(
        &'h self,
        index: usize,
        row: &LuupRow,
        snapshot: &'h Snapshot,
        device: u32,
    ) -> Reading<'h> {
        let value = match self.taken.get(device, &row.key) {
            Some("") => None,
            Some(taken) => Some(taken),
            None if !snapshot.has(device) => return Reading::Unknown,
            None => match self.kept.get(&(index, device)) {
                Some(None) => return Reading::Unknown,
                Some(Some(kept)) => Some(&**kept),
                None => value_in(snapshot, &row.key, device),
            },
        };
        Reading::of(value)
    }

    /// The instances of a table; `None` before the first good fetch, and while the device that it
    /// stands in is not there.
    pub(super) fn list(&self, slot: Slot, at: &[Instance<'_>]) -> Option<Vec<Listed>> {
        let snapshot = self.snapshot.as_ref()?;
        let devices = match self.rows.get(slot.index())?.key {
            LuupKey::Nodes => self.tables.nodes(),
            LuupKey::Children => {
                let parent = innermost(at).filter(|parent| snapshot.has(*parent))?;
                self.tables.children(parent)
            }
            LuupKey::Variable { .. } | LuupKey::Field(_) => return None,
        };
        let listed = devices.into_iter().map(|device| Listed {
            identity: device.to_string().into(),
            number: Some(device),
            was: None,
        });
        Some(listed.collect())
    }

    /// The devices for which a snapshot says something that does not fit the row, and what.
    fn misfits(&self, index: usize, snapshot: &Snapshot) -> Vec<(u32, String)> {
        let Some(LuupRow {
            key,
            kind: Some(kind),
            ..
        }) = self.rows.get(index)
        else {
            return Vec::new();
        };
        let misfit = |device| {
            let why = kind.check(value_in(snapshot, key, device)?).err()?;
            Some((device, format!("{key} of device {device}: {why}")))
        };
        snapshot.devices().filter_map(misfit).collect()
    }

    fn last_good(&self, index: usize, device: u32) -> Option<Box<str>> {
        let (row, snapshot) = (self.rows.get(index)?, self.snapshot.as_ref()?);
        let known = self.value_of(index, row, snapshot, device);
        known.value().map(Box::from)
    }
}

fn innermost(at: &[Instance<'_>]) -> Option<u32> {
    at.last()?.name().parse().ok()
}

fn value_in<'s>(snapshot: &'s Snapshot, key: &LuupKey, device: u32) -> Option<&'s str> {
    let (service, variable) = key.name()?;
    snapshot.value(device, snapshot.names(service, variable))
}

fn first_with(key: &LuupKey, snapshot: &Snapshot) -> Option<u32> {
    let (service, variable) = key.name()?;
    let names = snapshot.names(service, variable);
    let has = |device: &u32| snapshot.value(*device, names.clone()).is_some();
    snapshot.devices().find(has)
}

#[cfg(test)]
mod tests;
