//! One snapshot as the rows of the data model see it. Whatever has to be gone through for that is
//! gone through here, once, in the job that fetched it: a look-up is a search among sorted things.

use std::collections::BTreeMap;
use std::ops::Range;

use super::derived::WorkedOut;
use super::pulses::Pulse;
use super::tables::Tables;
use super::verdict::Verdict;
use super::{LuupRow, device_of};
use crate::datamodel::source::{Reading, Slot};
use crate::luup::Snapshot;
use crate::luup::key::{FIELDS, LuupKey};
use crate::luup::snapshot::{Changed, NameId};
use crate::luup::values::{SeenValues, ServiceTable, wall_clock};

/// What the tables are made of: a change of one of these makes them anew.
const TABLES_ARE_OF: [(&str, &str); 6] = [
    (FIELDS, "id_parent"),
    (FIELDS, "altid"),
    (FIELDS, "device_type"),
    (FIELDS, "device_file"),
    ("ZWaveDevice1", "Capabilities"),
    ("ZWaveNetwork1", "HomeID"),
];

/// What else is worked out for all nodes at once.
const WORKED_OUT_OF: [(&str, &str); 1] = [("ZWaveDevice1", "Neighbors")];

/// What [`Fetch::view`](super::Fetch::view) makes, and [`Home::update`](super::Home::update) takes.
#[derive(Clone, Debug)]
pub struct HomeView {
    pub(super) snapshot: Snapshot,
    pub(super) tables: Tables,
    pub(super) worked_out: WorkedOut,
    pub(super) values: SeenValues,
    /// In the order of the rows.
    rows: Vec<SeenRow>,
    /// What rows show in place of a value that does not fit their type, by index and device: the
    /// last good one, `None` where there was none. Of devices in the snapshot only.
    kept: BTreeMap<(usize, u32), Option<Box<str>>>,
    /// What of it does not fit: the first, for the log.
    pub(super) complaint: Option<String>,
    /// What went and came back within the answer.
    pub(super) pulses: Vec<Pulse>,
}

/// What a row is in a snapshot.
#[derive(Clone, Debug)]
struct SeenRow {
    /// What its key is called there; `None` for a table.
    names: Option<Range<NameId>>,
    /// Of a row in no table: the first device that has the value, or that had it last.
    first: Option<u32>,
}

impl HomeView {
    /// Looks at a snapshot that came after another.
    pub(super) fn of(
        snapshot: Snapshot,
        rows: &[LuupRow],
        services: &ServiceTable,
        before: Option<&Self>,
    ) -> Self {
        let known = before.map(|before| &before.values);
        let mut view = Self {
            tables: Tables::of(&snapshot, before.map(|before| &before.tables)),
            values: SeenValues::of(&snapshot, services, known, wall_clock()),
            snapshot,
            worked_out: WorkedOut::default(),
            rows: Vec::with_capacity(rows.len()),
            kept: BTreeMap::new(),
            complaint: None,
            pulses: Vec::new(),
        };
        view.worked_out = WorkedOut::of(&view);
        view.add_rows(rows, before);
        view
    }

    /// Looks at a snapshot that this one became by these changes: at what they touch, and no more. The
    /// rows are those that this one knows.
    pub(super) fn after(
        &self,
        snapshot: Snapshot,
        changed: &Changed,
        rows: &[LuupRow],
        services: &ServiceTable,
    ) -> Self {
        if !snapshot.has_the_names_of(&self.snapshot) || rows.len() != self.rows.len() {
            return Self::of(snapshot, rows, services, Some(self));
        }
        let mut devices: Vec<u32> = changed.values.iter().map(|(device, _)| *device).collect();
        devices.sort_unstable();
        devices.dedup();
        devices.retain(|device| snapshot.has(*device));
        let touches = |names: &Range<NameId>| {
            let mut values = changed.values.iter();
            values.any(|(_, name)| names.contains(name))
        };
        let mut view = Self {
            tables: match TABLES_ARE_OF
                .iter()
                .any(|(s, v)| touches(&snapshot.names(s, v)))
            {
                true => Tables::of(&snapshot, Some(&self.tables)),
                false => self.tables.clone(),
            },
            values: self
                .values
                .after(&snapshot, services, &devices, wall_clock()),
            worked_out: self.worked_out.clone(),
            snapshot,
            rows: self.rows.clone(),
            kept: self.kept.clone(),
            complaint: None,
            pulses: Vec::new(),
        };
        let of_all = TABLES_ARE_OF.iter().chain(&WORKED_OUT_OF);
        if of_all
            .into_iter()
            .any(|(s, v)| touches(&view.snapshot.names(s, v)))
        {
            view.worked_out = WorkedOut::of(&view);
        }
        for (index, row) in rows.iter().enumerate() {
            let names = self.rows.get(index).and_then(|seen| seen.names.clone());
            let Some(names) = names.filter(touches) else {
                continue;
            };
            let first = view.find_first(row, &names, Some(self), index);
            if let Some(seen) = view.rows.get_mut(index) {
                seen.first = first;
            }
            for device in &devices {
                view.kept.remove(&(index, *device));
                let told = view.snapshot.told_of(*device, &names);
                if let Some(why) = told.and_then(|told| misfit(row, told)) {
                    view.keep_misfit(index, row, (*device, why), Some(self));
                }
            }
        }
        view.complaint = view.complaint.or_else(|| {
            let known = self.complaint.clone();
            known.filter(|_| !view.kept.is_empty())
        });
        view
    }

    /// What each device is to the Z-Wave home, ascending by number.
    pub fn verdicts(&self) -> impl Iterator<Item = (u32, Verdict)> + '_ {
        self.tables.verdicts.iter()
    }

    /// Looks at it for the rows that it does not know yet; `rows` are all.
    pub(super) fn add_rows(&mut self, rows: &[LuupRow], before: Option<&Self>) {
        for (index, row) in rows.iter().enumerate().skip(self.rows.len()) {
            let key = row.key.name();
            let names = key.map(|(service, variable)| self.snapshot.names(service, variable));
            let first = names
                .as_ref()
                .and_then(|names| self.find_first(row, names, before, index));
            self.rows.push(SeenRow {
                names: names.clone(),
                first,
            });
            if row.kind.is_some() {
                let names = names.unwrap_or_default();
                let misfits: Vec<_> = self
                    .snapshot
                    .told(&names)
                    .filter_map(|(device, told)| Some((device, misfit(row, told)?)))
                    .collect();
                for (device, why) in misfits {
                    self.keep_misfit(index, row, (device, why), before);
                }
            }
        }
    }

    /// The device of a row in no table.
    fn find_first(
        &self,
        row: &LuupRow,
        names: &Range<NameId>,
        before: Option<&Self>,
        index: usize,
    ) -> Option<u32> {
        if row.in_table {
            return None;
        }
        let mut devices = self.snapshot.devices();
        let found = devices.find(|device| self.snapshot.value(*device, names).is_some());
        found.or_else(|| before?.first(index))
    }

    /// Keeps the last good value in place of what a device has, which does not fit the row.
    fn keep_misfit(
        &mut self,
        index: usize,
        row: &LuupRow,
        (device, why): (u32, String),
        before: Option<&Self>,
    ) {
        let known = before.map(|before| before.value(index, device));
        let last_good = known.as_ref().and_then(Reading::value).map(Box::from);
        self.kept.insert((index, device), last_good);
        if self.complaint.is_none() {
            let key = &row.key;
            self.complaint = Some(format!("{key} of device {device}: {why}"));
        }
    }

    /// A value that was written is the last good one of each row that shows it.
    pub(super) fn keep_taken(&mut self, rows: &[LuupRow], device: u32, key: &LuupKey, text: &str) {
        for (index, row) in rows.iter().enumerate() {
            if let Some(kept) = self.kept.get_mut(&(index, device)) {
                if row.key.means(key) {
                    *kept = Some(text).filter(|text| !text.is_empty()).map(Box::from);
                }
            }
        }
    }

    /// The device of a row: that which the innermost instance on its path is called by, or where it
    /// stands in no table the first that has its variable.
    pub(super) fn device(&self, row: Slot, innermost: Option<&str>) -> Option<u32> {
        match innermost {
            Some(name) => device_of(name),
            None => self.first(row.index()),
        }
    }

    /// Of a row in no table: its device.
    pub(super) fn first(&self, index: usize) -> Option<u32> {
        self.rows.get(index)?.first
    }

    /// What a row shows of a device.
    pub(super) fn value(&self, index: usize, device: u32) -> Reading<'_> {
        if !self.snapshot.has(device) {
            return Reading::Unknown;
        }
        match self.kept.get(&(index, device)) {
            Some(None) => Reading::Unknown,
            Some(Some(kept)) => Reading::of(Some(&**kept)),
            None => Reading::of(self.found(index, device)),
        }
    }

    pub(super) fn found(&self, index: usize, device: u32) -> Option<&str> {
        let names = self.rows.get(index)?.names.as_ref()?;
        self.snapshot.value(device, names)
    }
}

/// Why what is told does not fit the row; nothing is told where it cannot be read.
fn misfit(row: &LuupRow, told: Option<&str>) -> Option<String> {
    let kind = row.kind.as_ref()?;
    match told.map(|value| kind.check(value)) {
        Some(Ok(_)) => None,
        Some(Err(why)) => Some(why.to_string()),
        None => Some("it cannot be read".to_owned()),
    }
}
