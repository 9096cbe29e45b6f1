//! Rows that are there only while their source says so (`optional` in column 4): what a box does not
//! have is not shown as an empty value of it.

use std::rc::Rc;

use super::Model;
use super::ModelError;
use super::evaluate::filtered;
use super::resolve::{Place, instances};
use crate::base::truth;
use crate::datamodel::key::Key;
use crate::datamodel::schema::{NodeKind, SourceRef, Visibility};
use crate::datamodel::source::Reading;

impl Model {
    /// What a path of an RPC names, where that is there.
    ///
    /// # Errors
    /// `InvalidName`.
    pub(super) fn resolve_present(&mut self, path: &str) -> Result<Place, ModelError> {
        let place = self.resolve(path)?;
        let is_present = match place {
            Place::Whole => true,
            Place::Object(key) | Place::Parameter(key) => self.is_present(key),
        };
        is_present.then_some(place).ok_or(ModelError::InvalidName)
    }

    /// Whether neither the place itself nor an object above it is optional and missing.
    pub(super) fn is_present(&mut self, mut key: Key) -> bool {
        let schema = Rc::clone(&self.schema);
        while self.is_present_itself(key) {
            let node = schema.node(key.node);
            let Some(parent) = node.parent else {
                return true;
            };
            let at = match node.kind {
                NodeKind::Template(_) => key.at.up(),
                _ => key.at,
            };
            key = Key::new(parent, at);
        }
        false
    }

    /// The same, whatever is above it.
    pub(super) fn is_present_itself(&mut self, key: Key) -> bool {
        let schema = Rc::clone(&self.schema);
        if let Some(parameter) = schema.parameter(key.node) {
            if parameter.shown != Visibility::WithValue {
                return true;
            }
            let mut has_value = false;
            self.evaluate(key, parameter, &mut |value| has_value = !value.is_empty());
            return has_value;
        }
        match schema.optional_objects.get(&key.node) {
            Some(sources) => self.has_object(key, sources),
            None => true,
        }
    }

    /// By the first alternative that says anything. While nobody can tell, it is there if anything is
    /// known of what is below.
    fn has_object(&mut self, key: Key, sources: &[SourceRef]) -> bool {
        let schema = Rc::clone(&self.schema);
        for reference in sources {
            let at = instances(&schema, &self.state, key);
            let Some((_, source)) = self.sources.get_mut(reference.source) else {
                continue;
            };
            match source.get(reference.slot, at.as_slice()) {
                Reading::Value(raw) => {
                    let value = filtered(&raw, &reference.filters, &|_, _| None);
                    if let Some(value) = value.filter(|value| !value.is_empty()) {
                        return truth::of_option(&value) != Some(false);
                    }
                }
                Reading::Absent => {}
                Reading::Unknown => return self.knows_below(key),
            }
        }
        false
    }

    /// Whether any table below has an instance.
    fn knows_below(&self, key: Key) -> bool {
        let below = self.schema.with_all_below(key.node);
        let mut tables = self.state.tables.iter();
        tables.any(|(table, instances)| {
            let is_below = table.at.outermost(key.at.depth()) == key.at;
            is_below && below.contains(&table.node) && instances.count() > 0
        })
    }
}
