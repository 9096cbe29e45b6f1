//! AddObject and DeleteObject (A.3.2.6, A.3.2.7), and the instances that sources own.

use std::rc::Rc;

use crate::datamodel::key::{Key, NodeId};
use crate::datamodel::schema::{NodeKind, Schema};
use crate::datamodel::state::Removed;
use super::resolve::Place;
use super::set::Undo;
use super::{Model, ModelError, Requester};
use crate::soap::Status;

/// How many instances one table may have, whoever makes them.
pub const MAX_INSTANCES: usize = 4096;

impl Model {
    /// AddObject: makes an instance with the defaults of its rows, durable on return; gives its
    /// number, which no instance of the table had before.
    ///
    /// # Errors
    /// `InvalidName` where the path is not a table or one may not add to it, `ResourcesExceeded`,
    /// `Internal`.
    pub fn add_object(
        &mut self,
        who: Requester,
        object_name: &str,
        parameter_key: Option<&str>,
    ) -> Result<(u32, Status), ModelError> {
        let Place::Object(table) = self.resolve(object_name)? else {
            return Err(ModelError::InvalidName);
        };
        let status = self.creatable(table)?;
        let before = self.state.tables.get(&table).cloned();
        let instances = self.state.tables.entry(table).or_default();
        if instances.numbers.len() >= MAX_INSTANCES {
            return Err(ModelError::ResourcesExceeded);
        }
        let number = instances.last.checked_add(1);
        let number = number.ok_or(ModelError::ResourcesExceeded)?;
        instances.last = number;
        instances.numbers.insert(number);
        let was_dirty = std::mem::replace(&mut self.dirty, true);
        let mut undo = Undo::new();
        if let Some(parameter_key) = parameter_key {
            self.set_parameter_key(parameter_key, &mut undo);
        }
        match self.commit() {
            Ok(_) => {
                self.note_side_effects(who);
                Ok((number, status))
            }
            Err(error) => {
                match before {
                    Some(before) => self.state.tables.insert(table, before),
                    None => self.state.tables.remove(&table),
                };
                self.undo(undo);
                self.dirty = was_dirty;
                Err(error)
            }
        }
    }

    /// DeleteObject: removes an instance and all below it, durable on return.
    ///
    /// # Errors
    /// `InvalidName` where the path is not an instance or it may not be deleted, `Internal`.
    pub fn delete_object(
        &mut self,
        who: Requester,
        object_name: &str,
        parameter_key: Option<&str>,
    ) -> Result<Status, ModelError> {
        let Place::Object(instance) = self.resolve(object_name)? else {
            return Err(ModelError::InvalidName);
        };
        let (Some(number), Some(table)) = (
            instance.at.as_slice().last().copied(),
            self.schema.node(instance.node).parent,
        ) else {
            return Err(ModelError::InvalidName);
        };
        if !matches!(self.schema.node(instance.node).kind, NodeKind::Template) {
            return Err(ModelError::InvalidName);
        }
        let table = Key::new(table, instance.at.up());
        let status = self.creatable(table)?;
        let was_dirty = std::mem::replace(&mut self.dirty, true);
        let removed = self.remove_instance(table, number);
        let mut undo = Undo::new();
        if let Some(parameter_key) = parameter_key {
            self.set_parameter_key(parameter_key, &mut undo);
        }
        if let Err(error) = self.commit() {
            self.state.put_back(removed);
            if let Some(instances) = self.state.tables.get_mut(&table) {
                instances.numbers.insert(number);
            }
            self.undo(undo);
            self.dirty = was_dirty;
            return Err(error);
        }
        let state = &self.state;
        self.changed
            .retain(|key| state.parameters.contains_key(key));
        self.note_side_effects(who);
        Ok(status)
    }

    /// Whether AddObject and DeleteObject work on a table, and with which status.
    fn creatable(&self, table: Key) -> Result<Status, ModelError> {
        match self.schema.table(table.node) {
            Some(t) if t.writable && t.source.is_none() && t.template.is_some() => {
                Ok(if t.immediate {
                    Status::Applied
                } else {
                    Status::Pending
                })
            }
            _ => Err(ModelError::InvalidName),
        }
    }

    /// What the ACS did may change other parameters (`…NumberOfEntries`): it knows of these.
    fn note_side_effects(&mut self, who: Requester) {
        if who == Requester::Local {
            self.refresh();
        }
    }

    fn remove_instance(&mut self, table: Key, number: u32) -> Removed {
        if let Some(instances) = self.state.tables.get_mut(&table) {
            instances.numbers.remove(&number);
        }
        let template = self.schema.table(table.node).and_then(|t| t.template);
        match (template, table.at.down(number)) {
            (Some(template), Some(at)) => {
                let mut below = Vec::new();
                collect(&self.schema, template, &mut below);
                self.mixed
                    .retain(|key, _| !key.at.as_slice().starts_with(at.as_slice()));
                self.state.forget_below(&below, at)
            }
            _ => Removed::default(),
        }
    }

    /// Brings the tables whose instances a source owns up to date.
    pub(super) fn refresh_instances(&mut self) {
        let schema = Rc::clone(&self.schema);
        for &node in &schema.source_tables {
            let Some(reference) = schema.table(node).and_then(|t| t.source.as_ref()) else {
                continue;
            };
            self.each_instance(node, &mut |model, table| {
                let Some((kind, source)) = model.sources.get_mut(reference.source) else {
                    return;
                };
                let Some(mut rows) = source.rows(&reference.key, table.at.as_slice()) else {
                    return;
                };
                if rows.len() > MAX_INSTANCES {
                    log::warn!(
                        "{kind}: {} has {} instances, the first {MAX_INSTANCES} are shown",
                        schema.template_path(node),
                        rows.len()
                    );
                    rows.truncate(MAX_INSTANCES);
                }
                // The attributes of an instance that is gone stay: a source that reloads may
                // lose a device for a moment, and gives its number to no other.
                let instances = model.state.tables.entry(table).or_default();
                instances.numbers.clear();
                instances
                    .numbers
                    .extend(rows.into_iter().filter(|&n| n != 0));
            });
        }
        let gone = |key: &&Key| !self.is_living(**key);
        let gone: Vec<Key> = self.changed.iter().filter(gone).copied().collect();
        for key in gone {
            self.changed.remove(&key);
        }
    }
}

fn collect(schema: &Schema, node: NodeId, all: &mut Vec<NodeId>) {
    all.push(node);
    for &child in &schema.node(node).children {
        collect(schema, child, all);
    }
}
