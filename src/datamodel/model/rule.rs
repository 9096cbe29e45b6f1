//! What may be set beyond what the type says: rules that look at the values as the whole request
//! leaves them (A.3.2.1: the order of its list means nothing).

use std::collections::BTreeMap;

use super::set::Entry;
use super::{Model, ModelError, SetError};
use crate::datamodel::key::Key;
use crate::datamodel::schema::NodeKind;

/// A check of a value beyond its type, see [`Model::add_rule`].
pub(super) type Rule = fn(&Proposal<'_>) -> Result<(), String>;

/// One value of a request, and what would be beside it.
pub struct Proposal<'a> {
    /// Without the request, which is not carried out yet.
    pub model: &'a Model,
    /// The new value, in the canonical form of its type.
    pub value: &'a str,
    column: &'a Column<'a>,
}

/// How many rows of a table have each value of a parameter, once a request is carried out.
type Column<'a> = BTreeMap<&'a str, u32>;

impl Proposal<'_> {
    /// Whether the same parameter has this value in another instance of its table, too, once the
    /// request is carried out. It is one that the agent itself stores.
    pub fn is_in_another_row(&self) -> bool {
        self.column.get(self.value).is_some_and(|rows| *rows > 1)
    }
}

impl Model {
    /// Adds a check of what may be set, beyond the type, for the parameter `path` (without root,
    /// `{i}` for instances). The text of `Err` goes into a fault 9007.
    pub fn add_rule(&mut self, path: &'static str, rule: Rule) {
        if let Some(node) = self.schema.find(path) {
            self.rules.insert(node, rule);
        }
    }

    /// The errors of the entries that a rule refuses. Each table is gone through once, however many of
    /// its rows are set.
    pub(super) fn broken_rules(&self, request: &[Entry]) -> Vec<SetError> {
        let ruled = || {
            let rule = |entry: &Entry| self.rules.get(&entry.key.node).copied();
            request
                .iter()
                .filter_map(move |entry| Some((entry, rule(entry)?)))
        };
        let proposed: BTreeMap<Key, &str> = ruled()
            .map(|(entry, _)| (entry.key, &*entry.value))
            .collect();
        let mut columns = BTreeMap::new();
        let mut errors = Vec::new();
        for (entry, rule) in ruled() {
            let place = Key::new(entry.key.node, entry.key.at.up());
            let column = columns
                .entry(place)
                .or_insert_with(|| self.column(entry.key, &proposed));
            let proposal = Proposal {
                model: self,
                value: &entry.value,
                column,
            };
            if let Err(why) = rule(&proposal) {
                errors.push(SetError {
                    name: entry.name.clone(),
                    error: ModelError::InvalidValue(why),
                });
            }
        }
        errors
    }

    /// What a parameter has in all instances of the table that it stands in; empty outside of tables.
    fn column<'a>(&'a self, key: Key, proposed: &BTreeMap<Key, &'a str>) -> Column<'a> {
        let mut column = Column::new();
        let row = self.schema.node(key.node).parent;
        let row = row.filter(|row| matches!(self.schema.node(*row).kind, NodeKind::Template(_)));
        let Some(table) = row.and_then(|row| self.schema.node(row).parent) else {
            return column;
        };
        let above = key.at.up();
        for number in self.state.instances(Key::new(table, above)) {
            let Some(at) = above.down(number) else {
                continue;
            };
            let key = Key::new(key.node, at);
            let value = proposed.get(&key).copied().or_else(|| self.stored(&key));
            *column.entry(value.unwrap_or_default()).or_default() += 1;
        }
        column
    }

    fn stored(&self, key: &Key) -> Option<&str> {
        let value = self
            .state
            .parameter(key)
            .and_then(|state| state.value.as_deref());
        value.or_else(|| Some(self.schema.default(key, self.schema.parameter(key.node)?)))
    }
}
