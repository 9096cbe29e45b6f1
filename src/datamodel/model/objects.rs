//! AddObject (A.3.2.6) and DeleteObject (A.3.2.7).

use std::collections::BTreeSet;
use std::rc::Rc;

use super::change::Undo;
use super::resolve::{Place, instances};
use super::touched::Touched;
use super::{InForce, Model, ModelError, Requester};
use crate::datamodel::instances::{Instances, MAX_INSTANCES};
use crate::datamodel::key::{At, Key, NodeId};
use crate::datamodel::schema::{NodeKind, Table};
use crate::datamodel::state::{ROW_BYTES, Removed};

/// What a table was before it is changed.
struct TableBefore {
    table: Key,
    instances: Option<Instances>,
    touched: Touched,
}

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
    ) -> Result<(u32, InForce), ModelError> {
        let Place::Object(table) = self.resolve_present(object_name)? else {
            return Err(ModelError::InvalidName);
        };
        let schema = Rc::clone(&self.schema);
        let row = schema.table(table.node).filter(|t| t.is_creatable());
        let row = row.ok_or(ModelError::InvalidName)?;
        let used: BTreeSet<usize> = row.source.iter().map(|source| source.source).collect();
        let before = self.before_change(who, &used);
        // The look before it may have found that what the table stands in is gone.
        if !self.is_living(table) {
            return Err(ModelError::InvalidName);
        }
        Self::check_room(self.state.bytes(), ROW_BYTES)?;
        let known = self.table_before(table);
        let mut with_it = known.instances.clone().unwrap_or_default();
        with_it.use_up(row.used_up);
        let number = with_it.next().ok_or_else(|| no_number(&with_it))?;
        let identity = match &row.source {
            None => None,
            Some(reference) => {
                let at = instances(&self.schema, &self.state, table);
                let source = self.sources.get_mut(reference.source);
                let (_, source) = source.ok_or(ModelError::InvalidName)?;
                Some(source.stage_add(reference.slot, at.as_slice(), number)?)
            }
        };
        with_it.add(number, identity);
        self.state.tables.insert(table, with_it);
        self.touched.instance(table, number, true);
        self.add_described_instances();
        self.finish(known, parameter_key, &used)?;
        self.after_change(who, before, Vec::new());
        Ok((number, row.in_force()))
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
    ) -> Result<InForce, ModelError> {
        let Place::Object(instance) = self.resolve_present(object_name)? else {
            return Err(ModelError::InvalidName);
        };
        let schema = Rc::clone(&self.schema);
        let node = schema.node(instance.node);
        let (NodeKind::Template(_), Some(&number), Some(parent)) =
            (&node.kind, instance.at.as_slice().last(), node.parent)
        else {
            return Err(ModelError::InvalidName);
        };
        let table = Key::new(parent, instance.at.up());
        let row = schema.table(parent).filter(|t| t.is_creatable());
        let row = row.ok_or(ModelError::InvalidName)?;
        let used: BTreeSet<usize> = row.source.iter().map(|source| source.source).collect();
        let before = self.before_change(who, &used);
        if !self.is_living(instance) {
            return Err(ModelError::InvalidName);
        }
        if let Some(reference) = &row.source {
            let at = instances(&self.schema, &self.state, instance);
            if let Some((_, source)) = self.sources.get_mut(reference.source) {
                source.stage_remove(reference.slot, at.as_slice())?;
            }
        }
        let known = self.table_before(table);
        let removed = self.remove_instance(table, number);
        if let Err(error) = self.finish(known, parameter_key, &used) {
            self.state.put_back(removed);
            return Err(error);
        }
        self.forget_departed();
        self.after_change(who, before, Vec::new());
        Ok(row.in_force())
    }

    fn table_before(&self, table: Key) -> TableBefore {
        TableBefore {
            table,
            instances: self.state.tables.get(&table).cloned(),
            touched: self.touched.clone(),
        }
    }

    /// Makes a change of a table durable, with its ParameterKey; on an error both are as before.
    fn finish(
        &mut self,
        before: TableBefore,
        parameter_key: Option<&str>,
        used: &BTreeSet<usize>,
    ) -> Result<(), ModelError> {
        let mut undo = Undo::new();
        if let Some(parameter_key) = parameter_key {
            self.set_parameter_key(parameter_key, &mut undo);
        }
        self.transact(used).map(drop).inspect_err(|_| {
            self.undo(undo);
            self.touched = before.touched;
            match before.instances {
                Some(instances) => self.state.tables.insert(before.table, instances),
                None => self.state.tables.remove(&before.table),
            };
        })
    }

    fn remove_instance(&mut self, table: Key, number: u32) -> Removed {
        let described = self.schema.has_instance(table, number);
        if let Some(instances) = self.state.tables.get_mut(&table) {
            match described {
                true => instances.set_removed(number),
                false => instances.remove(number),
            }
        }
        self.touched.instance(table, number, true);
        self.forget_instances(table.node, &table.at.down(number).into_iter().collect())
    }

    /// Forgets all that is kept below these instances of the tables of a node, of all of them in one
    /// go: a source may lose any number at once.
    pub(super) fn forget_instances(&mut self, table: NodeId, gone: &BTreeSet<At>) -> Removed {
        let template = self.schema.table(table).and_then(|t| t.template);
        let (Some(template), Some(one)) = (template, gone.first()) else {
            return Removed::default();
        };
        let mut below = self.schema.with_all_below(template);
        below.sort_unstable();
        let depth = one.depth();
        let is_below = |key: &Key| {
            let is_gone = gone.contains(&key.at.outermost(depth));
            is_gone && below.binary_search(&key.node).is_ok()
        };
        self.mixed.retain(|key, _| !is_below(key));
        self.misfits.retain(|key, _| !is_below(key));
        let mut removed = Removed::default();
        for at in gone {
            self.state.forget_below(&below, *at, &mut removed);
        }
        removed
    }

    /// Drops changes of what is not there any more.
    pub(super) fn forget_departed(&mut self) {
        let known: Vec<Key> = self.changed.keys().copied().collect();
        for key in known {
            if !self.is_living(key) || !self.is_present(key) {
                self.changed.remove(&key);
            }
        }
    }
}

fn no_number(instances: &Instances) -> ModelError {
    ModelError::ResourcesExceeded(match instances.count() {
        MAX_INSTANCES.. => format!(
            "the table has {MAX_INSTANCES} instances, and no room for more: delete some that \
             nobody needs"
        ),
        _ => "the table has used up all instance numbers, of which none is used twice: only a \
              factory reset brings them back"
            .to_owned(),
    })
}

impl Table {
    /// Whether AddObject and DeleteObject work on it.
    pub(super) fn is_creatable(&self) -> bool {
        self.writable && self.template.is_some()
    }

    fn in_force(&self) -> InForce {
        match self.immediate {
            true => InForce::Now,
            false => InForce::Later,
        }
    }
}
