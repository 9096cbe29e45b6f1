//! What may be set beyond what the type says: rules that look at the values as the whole request
//! leaves them (A.3.2.1: the order of its list means nothing).

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
    key: Key,
    request: &'a [Entry],
}

impl<'a> Proposal<'a> {
    /// The values that the same parameter has in the other instances of its table once the request
    /// is carried out. It is one that the agent itself stores.
    pub fn in_other_rows(&self) -> impl Iterator<Item = &'a str> {
        let Self {
            model,
            key,
            request,
            ..
        } = *self;
        let others = model.others(key).into_iter();
        others.filter_map(move |other| {
            let proposed = request.iter().find(|entry| entry.key == other);
            let proposed = proposed.map(|entry| entry.value.as_str());
            proposed.or_else(|| model.stored(&other))
        })
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

    /// The error of an entry that a rule refuses.
    pub(super) fn broken_rule(&self, entry: &Entry, request: &[Entry]) -> Option<SetError> {
        let rule = self.rules.get(&entry.key.node)?;
        let proposal = Proposal {
            model: self,
            value: &entry.value,
            key: entry.key,
            request,
        };
        let why = rule(&proposal).err()?;
        Some(SetError {
            name: entry.name.clone(),
            error: ModelError::InvalidValue(why),
        })
    }

    /// The same parameter in the other instances of the table that it stands in.
    fn others(&self, key: Key) -> Vec<Key> {
        let row = self.schema.node(key.node).parent;
        let row = row.filter(|row| matches!(self.schema.node(*row).kind, NodeKind::Template));
        let Some(table) = row.and_then(|row| self.schema.node(row).parent) else {
            return Vec::new();
        };
        let above = key.at.up();
        let numbers = self.state.instances(Key::new(table, above));
        let keys = numbers.filter_map(|number| Some(Key::new(key.node, above.down(number)?)));
        keys.filter(|other| *other != key).collect()
    }

    fn stored(&self, key: &Key) -> Option<&str> {
        let value = self
            .state
            .parameter(key)
            .and_then(|state| state.value.as_deref());
        value.or_else(|| Some(self.schema.default(key, self.schema.parameter(key.node)?)))
    }
}
