//! The Z-Wave home as the agent last saw it.

mod capabilities;
mod depth;
mod derived;
mod map;
mod parameters;
mod pulses;
mod tables;
mod taken;
mod values;
mod verdict;
mod view;
mod writes;

use std::sync::Arc;

use self::pulses::Pulse;
use self::taken::Taken;
pub use self::values::ServicesRead;
pub use self::verdict::Verdict;
pub(super) use self::verdict::first_network;
pub use self::view::HomeView;
#[cfg(test)]
pub(super) use self::writes::MAX_VALUE_BYTES;
use super::key::{Derived, FIELDS, LuupKey, LuupTable};
use super::snapshot::Changed;
use super::values::{Allowed, ServiceTable};
use super::{EngineHealth, FetchScope, LuupError, Snapshot};
use crate::base::clock::Now;
use crate::datamodel::source::{Declaration, Instance, Listed, Reading, Slot};
use crate::datamodel::types::ParamType;

/// The last good [`Snapshot`], and what the rows of the data model want of it.
#[derive(Debug, Default)]
pub struct Home {
    rows: Arc<Vec<LuupRow>>,
    /// Which variables have a value of their own, and by which action each is set.
    services: Arc<ServiceTable>,
    allowed: Allowed,
    /// `None` before the first good fetch.
    view: Option<Arc<HomeView>>,
    taken: Taken,
    /// The same with what Luup took since, for what is worked out of it; `None` where that is nothing.
    /// What changed is asked for by the one without: then a value that Luup only said to have taken is
    /// not believed for longer.
    with_taken: Option<Box<HomeView>>,
    /// It is to be made anew before it is looked at.
    is_behind: bool,
    health: EngineHealth,
    /// Values that were others for a moment, ascending.
    pulses: Vec<Pulse>,
    /// Why the home has no node, as it was logged.
    without_node: Option<String>,
}

/// A row that Luup supplies.
#[derive(Clone, Debug)]
struct LuupRow {
    key: LuupKey,
    /// The type that what Luup says must fit.
    kind: Option<ParamType>,
    in_table: bool,
    /// What it shows is configuration: it changes seldom, and means something after a reboot.
    is_configuration: bool,
}

/// A fetch on its way: its place among fetches and writes, and what its job has to know. It may
/// cross threads.
#[derive(Clone, Debug)]
pub struct Fetch {
    number: u32,
    rows: Arc<Vec<LuupRow>>,
    services: Arc<ServiceTable>,
    before: Option<Arc<HomeView>>,
    /// The home before with what was written to its configuration since: what is read then is another.
    written: Option<Arc<Snapshot>>,
}

impl Fetch {
    /// Which one it is: a later one has a higher number.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// What is wanted of Luup.
    pub fn wanted(&self) -> FetchScope<'_> {
        let is_configuration = |row: &LuupRow| row.key.in_user_data_only();
        if !self.rows.iter().any(is_configuration) {
            return FetchScope::Status;
        }
        FetchScope::All(self.written.as_deref().or(self.snapshot()))
    }

    /// The home before.
    pub fn snapshot(&self) -> Option<&Snapshot> {
        self.before.as_ref().map(|before| &before.snapshot)
    }

    /// Whether what was fetched may be the home: an engine that starts tells of its devices before it
    /// tells of their variables, which are not gone by that. `is_known` tells whether there was a home
    /// when the agent began.
    ///
    /// # Errors
    /// It has none, and the home before had.
    pub fn check(&self, fetched: &Snapshot, is_known: bool) -> Result<(), LuupError> {
        let had_some = is_known || self.snapshot().is_some_and(Snapshot::has_variables);
        match had_some && !fetched.has_variables() {
            true => Err(LuupError::NoVariables),
            false => Ok(()),
        }
    }

    /// What the rows make of what was fetched: the work that grows with the home.
    ///
    /// A value that does not fit the type of its row keeps its last good one; if there was none, it
    /// is not known. An empty value is none.
    pub fn view(&self, mut snapshot: Snapshot) -> Box<HomeView> {
        let before = self.before.as_deref();
        if let Some(before) = before {
            snapshot.mend(&before.snapshot);
        }
        Box::new(HomeView::of(snapshot, &self.rows, &self.services, before))
    }

    /// The same where the home that was there when the fetch began became this one by these changes:
    /// little work, however large the home is.
    pub fn changed_view(&self, mut snapshot: Snapshot, changed: &Changed) -> Box<HomeView> {
        let Some(before) = &self.before else {
            return self.view(snapshot);
        };
        snapshot.mend(&before.snapshot);
        let mut view = before.after(snapshot, changed, &self.rows, &self.services);
        view.pulses = pulses::within(&before.snapshot, &view.snapshot, changed);
        Box::new(view)
    }
}

impl Home {
    /// Whether the data model has a row that Luup supplies.
    pub fn is_wanted(&self) -> bool {
        !self.rows.is_empty()
    }

    /// Whether the box has an engine at all: without one there is no home, though one was known.
    pub fn set_enabled(&mut self, enabled: bool) {
        self.health.enable(enabled);
    }

    /// The home as it was seen last, and its nodes; `None` before the first good fetch.
    pub fn seen(&self) -> Option<(&Snapshot, Vec<u32>)> {
        let view = self.view.as_deref()?;
        Some((&view.snapshot, view.tables.verdicts.nodes().collect()))
    }

    /// Why the engine gives nothing that can be used; `None` where it does.
    pub fn failure(&self) -> Option<&LuupError> {
        self.health.failure()
    }

    /// To be called before a fetch begins; [`Home::update`] wants it back.
    pub fn begin_fetch(&mut self) -> Fetch {
        let written = self.taken.written();
        let written: Vec<_> = written.filter(|(_, of, ..)| *of == FIELDS).collect();
        let view = self.view.as_deref().filter(|_| !written.is_empty());
        let written = view.map(|view| Arc::new(view.snapshot.patched(&written)));
        Fetch {
            number: self.taken.begin_fetch(),
            rows: Arc::clone(&self.rows),
            services: Arc::clone(&self.services),
            before: self.view.clone(),
            written,
        }
    }

    /// Takes what a fetch brought; a failed one, or one that began before the one that came last,
    /// leaves all as it is. Either way at most one line is logged, and none again and again: that it
    /// fails is logged once until [`Home::answered`].
    pub fn update(&mut self, fetch: Fetch, fetched: Result<Box<HomeView>, LuupError>) {
        let mut new = match fetched {
            Ok(new) => new,
            Err(error) => {
                self.health.failed(error);
                return;
            }
        };
        if self.taken.is_late(fetch.number) || self.is_newer(&fetch, &new.snapshot) {
            return;
        }
        let before = self.view.as_deref();
        let is_known = before.is_some_and(|before| before.complaint.is_some());
        if let Some(why) = new.complaint.as_ref().filter(|_| !is_known) {
            log::warn!("luup: {why}, maybe others too; the last good values stay");
        }
        let lacks = new.snapshot.lacks();
        let lacked = before.and_then(|before| before.snapshot.lacks());
        if let Some(why) = lacks.filter(|_| lacks != lacked) {
            log::warn!("{why}; names, rooms and the like are as they were before, or missing");
        }
        let without_node = new.tables.verdicts.without_node();
        if let Some(why) = without_node
            .as_ref()
            .filter(|_| without_node != self.without_node)
        {
            log::warn!("luup: {why}");
        }
        self.without_node = without_node;
        log::debug!(
            "luup: {} devices in {} kB",
            new.snapshot.devices().count(),
            new.snapshot.bytes() / 1024
        );
        // Rows that were declared since, of which there are none in a running agent.
        new.add_rows(&self.rows, before);
        for (device, key, text) in self.taken.iter() {
            new.keep_taken(&self.rows, device, key, text);
        }
        if let Some(before) = before {
            let has_moved = |device, key: &LuupKey| {
                key.name().is_some_and(|(service, variable)| {
                    !pulses::is_same(&before.snapshot, &new.snapshot, device, service, variable)
                })
            };
            self.taken.end_deeds(fetch.number, &has_moved);
        }
        self.taken.came(fetch.number);
        self.is_behind = true;
        self.note_pulses(&mut new);
        self.view = Some(new.into());
    }

    /// Whether a change that came since a fetch began is newer than what that read.
    fn is_newer(&self, fetch: &Fetch, fetched: &Snapshot) -> bool {
        let began_with = fetch.before.as_ref();
        self.view.as_ref().is_some_and(|view| {
            let came_since = began_with.is_none_or(|before| !Arc::ptr_eq(before, view));
            came_since && fetched.is_older_than(&view.snapshot)
        })
    }

    /// The engine answered, be it that nothing is new.
    pub fn answered(&mut self, now: Now) {
        self.health.answered(now);
    }

    /// Nothing changed until an answer to what began so: what was written before it began is known.
    /// Whether something was, which is shown no longer if nothing came of it.
    pub fn is_as_before(&mut self, fetch: &Fetch) -> bool {
        if self.taken.is_late(fetch.number) {
            return false;
        }
        self.is_behind = true;
        self.taken.came(fetch.number)
    }

    /// Whether the engine says where it stands, so that changes since can be asked for.
    pub fn has_place(&self) -> bool {
        let view = self.view.as_ref();
        view.is_some_and(|view| view.snapshot.position().is_some())
    }

    /// Whether the configuration of what is known is that of now.
    pub fn is_whole(&self) -> bool {
        let view = self.view.as_ref();
        view.is_none_or(|view| view.snapshot.lacks().is_none())
    }

    /// Whether the engine warns of something.
    pub fn warns(&self) -> bool {
        let view = self.view.as_ref();
        view.is_some_and(|view| !view.snapshot.alerts().is_empty())
    }

    /// How the engine is.
    pub fn health(&self) -> &EngineHealth {
        &self.health
    }

    pub(super) fn declare(&mut self, row: &Declaration<'_>, key: &str) -> Result<Slot, String> {
        let key = LuupKey::parse(key)?;
        if row.tables < key.tables() {
            return Err(format!("luup:{key} stands in a table of devices"));
        }
        match (matches!(key, LuupKey::Table(_)), row.kind) {
            (true, Some(_)) => return Err(format!("luup:{key} is a table and has no value")),
            (false, None) => return Err(format!("luup:{key} is a value and lists no instances")),
            _ if row.writable && !key.writable() => {
                return Err(format!("Luup takes no new value for {key}"));
            }
            _ => {}
        }
        let slot = Slot::new(self.rows.len());
        let is_configuration = match &key {
            LuupKey::Variable { .. } => row.writable,
            LuupKey::Field(_) => key.in_user_data_only(),
            _ => false,
        };
        Arc::make_mut(&mut self.rows).push(LuupRow {
            key,
            kind: row.kind.filter(|_| !row.filtered).cloned(),
            in_table: row.tables > 0,
            is_configuration,
        });
        if let Some(view) = &mut self.view {
            Arc::make_mut(view).add_rows(&self.rows, None);
        }
        Ok(slot)
    }

    /// Whether what was last reported of a row may be kept on flash.
    pub(super) fn keeps_reports(&self, slot: Slot) -> bool {
        let row = self.rows.get(slot.index());
        row.is_some_and(|row| row.is_configuration)
    }

    /// The value of a variable or field, of the device that is the innermost instance, or of the
    /// first that has it where the row stands in no table. What only the configuration would tell is
    /// not gone while that cannot be read.
    pub(super) fn value(&self, slot: Slot, at: &[Instance<'_>]) -> Reading<'_> {
        let Some(row) = self.rows.get(slot.index()) else {
            return Reading::Absent;
        };
        match self.told(slot, row, at) {
            Reading::Absent if row.key.in_user_data_only() && !self.is_whole() => Reading::Unknown,
            told => told,
        }
    }

    fn told(&self, slot: Slot, row: &LuupRow, at: &[Instance<'_>]) -> Reading<'_> {
        if self.health.is_disabled() && row.key == LuupKey::Derived(Derived::Present) {
            return Reading::Absent;
        }
        if let LuupKey::Engine(key) = row.key {
            let home = self.view.as_ref().map(|view| &view.snapshot);
            return self.health.value(key, home);
        }
        let Some(view) = &self.view else {
            return Reading::Unknown;
        };
        match &row.key {
            LuupKey::Derived(derived) => return self.newest(view).derived(*derived, at),
            LuupKey::Value(key) => return self.of_value(view, *key, at),
            LuupKey::Top(field) => return Reading::of(view.snapshot.top(field)),
            _ => {}
        }
        let own = at.last().map(Instance::name);
        let Some(device) = view.device(slot, own.as_deref()) else {
            return Reading::Absent;
        };
        match self.taken.get(device, &row.key) {
            Some("") => Reading::Absent,
            Some(taken) => Reading::of(Some(taken)),
            None => view.value(slot.index(), device),
        }
    }

    /// The instances of a table; `None` before the first good fetch, and while the device that it
    /// stands in is not there.
    pub(super) fn list(&self, slot: Slot, at: &[Instance<'_>]) -> Option<Vec<Listed>> {
        let view = self.newest(self.view.as_deref()?);
        let LuupKey::Table(table) = self.rows.get(slot.index())?.key else {
            return None;
        };
        // Of a device that Luup does not tell of nobody knows what is below it.
        let own = || innermost(at).filter(|own| view.snapshot.has(*own));
        let device = |device: u32| Listed {
            identity: device.to_string().into(),
            number: Some(device),
            was: None,
        };
        Some(match table {
            LuupTable::Nodes => view.tables.verdicts.nodes().map(device).collect(),
            LuupTable::Networks => view.tables.networks().map(device).collect(),
            LuupTable::Children => view.tables.children(own()?).map(device).collect(),
            LuupTable::Devices { category } => view.devices(category).map(device).collect(),
            LuupTable::Values => view.values.list(&self.services),
            LuupTable::Parameters => view.parameters(own()?),
        })
    }
}

/// The device that the innermost instance is, or whose value it is.
fn innermost(at: &[Instance<'_>]) -> Option<u32> {
    device_of(&at.last()?.name())
}

fn device_of(identity: &str) -> Option<u32> {
    let (device, _) = identity.split_once('/').unwrap_or((identity, ""));
    device.parse().ok()
}

#[cfg(test)]
mod tests;
