//! What differs from the description: instances, values, attributes, records. Sparse, so that a
//! box with a thousand untouched parameters keeps nothing for them.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::instances::Instances;
use super::key::{At, Key, NodeId};

/// What a row takes in memory and on flash beside its texts, roughly: its path, its columns, its
/// place.
pub const ROW_BYTES: usize = 128;

/// The state of the living tree.
#[derive(Clone, Debug, Default)]
pub struct State {
    parameters: BTreeMap<Key, ParameterState>,
    /// Per table (the key's `at` are the instances above it): its instances.
    pub tables: BTreeMap<Key, Instances>,
    /// Parameters whose notification somebody chose, be it the default.
    notifying: BTreeSet<Key>,
    /// The engine's own durable records.
    pub records: BTreeMap<String, String>,
    /// Rows of the state file that the description does not know, as lines: kept for the day it does
    /// again.
    pub orphans: Vec<Box<str>>,
    /// What all parameters take, by [`ParameterState::bytes`].
    bytes: usize,
    /// Counts the changes of parameters.
    changes: u64,
}

/// What one parameter has beyond its row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParameterState {
    /// Stored parameters: the value that somebody chose, be it the default. Parameters of a
    /// source that takes values later: the one wanted and not yet taken.
    pub value: Option<Box<str>>,
    /// The rest, for the few that have it.
    pub more: Option<Box<More>>,
}

/// Attributes and what the ACS knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct More {
    /// Notification that somebody chose.
    pub notification: Option<u8>,
    /// Access list that somebody chose; one for all parameters that got it together.
    pub access_list: Option<Rc<[String]>>,
    /// The value the ACS last learned, by Inform or because it set it.
    pub reported: Option<Box<str>>,
    /// The value has changed since, even if it changed back (TR-069 §3.7.1.5, VALUE CHANGE).
    pub changed: bool,
    /// A value that this description has no place for.
    pub former: Option<FormerValue>,
}

/// A value that somebody chose under another description: this one cannot take it (it has another
/// type), or has it from a source. Kept for the day that one is in force again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormerValue {
    /// As it was chosen.
    pub text: Box<str>,
    /// The source was offered it, or had a value of its own.
    pub offered: bool,
}

impl ParameterState {
    fn is_plain(&self) -> bool {
        self.value.is_none() && self.more.as_deref().is_none_or(|m| *m == More::default())
    }

    /// The notification that somebody chose.
    pub fn notification(&self) -> Option<u8> {
        self.more.as_deref()?.notification
    }

    /// The value the ACS last learned.
    pub fn reported(&self) -> Option<&str> {
        self.more.as_deref()?.reported.as_deref()
    }

    /// The value that somebody chose under another description.
    pub fn former(&self) -> Option<&FormerValue> {
        self.more.as_deref()?.former.as_ref()
    }

    /// Whether there is a change to report.
    pub fn changed(&self) -> bool {
        self.more.as_deref().is_some_and(|more| more.changed)
    }

    /// What it takes as a row, roughly, in bytes: a row spells its access list out.
    pub fn bytes(&self) -> usize {
        let length = |text: &Option<Box<str>>| text.as_deref().map_or(0, str::len);
        let more = self.more.as_deref().map_or(0, |more| {
            let list = more.access_list.iter().flat_map(|list| list.iter());
            let former = more.former.as_ref().map_or(0, |former| former.text.len());
            let list = list.map(|entity| entity.len() + 1).sum::<usize>();
            length(&more.reported) + list + former
        });
        ROW_BYTES + length(&self.value) + more
    }
}

impl State {
    /// What a parameter has beyond its row.
    pub fn parameter(&self, key: &Key) -> Option<&ParameterState> {
        self.parameters.get(key)
    }

    /// All parameters that have something beyond their row.
    pub fn parameters(&self) -> impl Iterator<Item = (&Key, &ParameterState)> {
        self.parameters.iter()
    }

    /// The parameters whose notification somebody chose, be it the default.
    pub fn notifying(&self) -> impl Iterator<Item = Key> + '_ {
        self.notifying.iter().copied()
    }

    /// What all of it takes as rows, roughly, in bytes.
    pub fn bytes(&self) -> usize {
        let instances: usize = self.tables.values().map(Instances::count).sum();
        let records = self.records.values().map(|value| ROW_BYTES + value.len());
        self.bytes + instances * ROW_BYTES + records.sum::<usize>()
    }

    /// Another number: something of the parameters was changed.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// Changes the state of one parameter and forgets it where it is as its row says again.
    pub fn update(&mut self, key: Key, change: impl FnOnce(&mut ParameterState)) {
        let known = self.parameters.contains_key(&key);
        let state = self.parameters.entry(key).or_default();
        let before = if known { state.bytes() } else { 0 };
        change(state);
        let (plain, own_notification) = (state.is_plain(), state.notification().is_some());
        let after = if plain { 0 } else { state.bytes() };
        self.bytes = self.bytes.saturating_sub(before).saturating_add(after);
        self.changes = self.changes.wrapping_add(1);
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
        instances.is_some_and(|i| i.contains(number))
    }

    /// The instance numbers of a table, ascending.
    pub fn instances(&self, table: Key) -> impl Iterator<Item = u32> + '_ {
        let instances = self.tables.get(&table);
        instances.into_iter().flat_map(Instances::numbers)
    }

    /// Moves all that stands below an instance to `removed`. `nodes` are the template and all nodes
    /// below it.
    pub fn forget_below(&mut self, nodes: &[NodeId], at: At, removed: &mut Removed) {
        for &node in nodes {
            let range = Key::new(node, at).range_below();
            let keys = self.parameters.range(range.clone()).map(|(key, _)| *key);
            for key in keys.collect::<Vec<_>>() {
                let state = self.parameters.get(&key).cloned();
                removed.parameters.extend(state.map(|state| (key, state)));
                self.restore(key, None);
            }
            let tables = self.tables.range(range).map(|(key, _)| *key);
            for table in tables.collect::<Vec<_>>() {
                let instances = self.tables.remove(&table);
                removed.tables.extend(instances.map(|i| (table, i)));
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_those_of_what_is_there() {
        let mut state = State::default();
        let key = Key::new(NodeId::ROOT, At::default());
        state.update(key, |state| state.value = Some("abc".into()));
        assert_eq!(state.bytes(), ROW_BYTES + 3);
        state.update_more(key, |more| more.reported = Some("de".into()));
        assert_eq!(state.bytes(), ROW_BYTES + 5);
        let before = state.parameter(&key).cloned();
        state.update(key, |state| *state = ParameterState::default());
        assert_eq!((state.bytes(), state.parameters().count()), (0, 0));
        state.restore(key, before);
        assert_eq!(state.bytes(), ROW_BYTES + 5);
        state.forget_below(&[NodeId::ROOT], At::default(), &mut Removed::default());
        assert_eq!(state.bytes(), 0);
    }
}
