//! What differs from the description: instances, values, attributes, records. Sparse, so that a
//! box with a thousand untouched parameters keeps nothing for them.

use std::collections::{BTreeMap, BTreeSet};

use super::key::{At, Key, NodeId};
use super::row::Row;

/// The state of the living tree.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Per parameter: what differs from its row.
    pub parameters: BTreeMap<Key, ParameterState>,
    /// Per table (the key's `at` are the instances above it): its instances.
    pub tables: BTreeMap<Key, Instances>,
    /// Parameters whose notification differs from their row's.
    pub notifying: BTreeSet<Key>,
    /// The engine's own durable records.
    pub records: BTreeMap<String, String>,
    /// Rows of the state file that the description does not know: kept for the day it does again.
    pub orphans: Vec<Row>,
}

/// The instances of one table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Instances {
    /// The highest number ever given out; none is given twice (TR-069 A.2.2.1).
    pub last: u32,
    /// The numbers there are.
    pub numbers: BTreeSet<u32>,
}

/// What one parameter has beyond its row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParameterState {
    /// Stored parameters: the value, where it is not the default. Parameters of a deferred
    /// source: the value wanted and not yet taken.
    pub value: Option<Box<str>>,
    /// The rest, for the few that have it.
    pub more: Option<Box<More>>,
}

/// Attributes and what the ACS knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct More {
    /// Notification set by the ACS.
    pub notification: Option<u8>,
    /// Access list set by the ACS.
    pub access_list: Option<Vec<String>>,
    /// The value the ACS last learned, by Inform or because it set it.
    pub reported: Option<Box<str>>,
    /// The value has changed since, even if it changed back (TR-069 §3.7.1.5, VALUE CHANGE).
    pub changed: bool,
}

impl ParameterState {
    fn is_plain(&self) -> bool {
        self.value.is_none() && self.more.as_deref().is_none_or(|m| *m == More::default())
    }

    /// The notification set by the ACS.
    pub fn notification(&self) -> Option<u8> {
        self.more.as_deref()?.notification
    }

    /// The value the ACS last learned.
    pub fn reported(&self) -> Option<&str> {
        self.more.as_deref()?.reported.as_deref()
    }

    /// Whether there is a change to report.
    pub fn changed(&self) -> bool {
        self.more.as_deref().is_some_and(|more| more.changed)
    }
}

impl State {
    /// Changes the state of one parameter and forgets it where it is as its row says again.
    pub fn update(&mut self, key: Key, change: impl FnOnce(&mut ParameterState)) {
        let state = self.parameters.entry(key).or_default();
        change(state);
        let (plain, own_notification) = (state.is_plain(), state.notification().is_some());
        if plain {
            self.parameters.remove(&key);
        }
        if own_notification {
            self.notifying.insert(key);
        } else {
            self.notifying.remove(&key);
        }
    }

    /// As [`State::update`], for what only a few parameters have.
    pub fn update_more(&mut self, key: Key, change: impl FnOnce(&mut More)) {
        self.update(key, |state| change(state.more.get_or_insert_default()));
    }

    /// Puts a parameter's state back as it was.
    pub fn restore(&mut self, key: Key, state: Option<ParameterState>) {
        self.update(key, |now| *now = state.unwrap_or_default());
    }

    /// Whether the table has this instance.
    pub fn has_instance(&self, table: Key, number: u32) -> bool {
        let instances = self.tables.get(&table);
        instances.is_some_and(|i| i.numbers.contains(&number))
    }

    /// The instance numbers of a table, ascending.
    pub fn instances(&self, table: Key) -> impl Iterator<Item = u32> + '_ {
        let instances = self.tables.get(&table);
        instances
            .into_iter()
            .flat_map(|i| i.numbers.iter().copied())
    }

    /// Forgets all that stands below an instance. `nodes` are the template and all nodes below it.
    pub fn forget_below(&mut self, nodes: &[NodeId], at: At) -> Removed {
        let mut removed = Removed::default();
        for &node in nodes {
            let range = Key::new(node, at).range_below();
            let keys = self.parameters.range(range.clone()).map(|(key, _)| *key);
            for key in keys.collect::<Vec<_>>() {
                self.notifying.remove(&key);
                let state = self.parameters.remove(&key);
                removed.parameters.extend(state.map(|state| (key, state)));
            }
            let tables = self.tables.range(range).map(|(key, _)| *key);
            for table in tables.collect::<Vec<_>>() {
                let instances = self.tables.remove(&table);
                removed.tables.extend(instances.map(|i| (table, i)));
            }
        }
        removed
    }

    /// Takes a [`State::forget_below`] back.
    pub fn put_back(&mut self, removed: Removed) {
        for (key, state) in removed.parameters {
            self.restore(key, Some(state));
        }
        self.tables.extend(removed.tables);
    }
}

/// What stood below a removed instance.
#[derive(Debug, Default)]
pub struct Removed {
    parameters: Vec<(Key, ParameterState)>,
    tables: Vec<(Key, Instances)>,
}
