//! Values that a source takes from a job of the agent: before the rest of a change, while the
//! requester waits for it (Luup), or after it: wanted, pending, settled (services).

use std::collections::BTreeSet;
use std::rc::Rc;

use super::change::Undo;
use super::resolve::{Place, instances};
use super::set::{Entry, with_parameters};
use super::{Model, ModelError, NewValue, PendingWrite, SetError};
use crate::datamodel::filter::Filter;
use crate::datamodel::key::{At, Key};
use crate::datamodel::row::Storage;
use crate::datamodel::schema::{Origin, Parameter, SourceRef};
use crate::datamodel::source::Taking;

impl Model {
    /// When a new value of the parameter is taken.
    pub(super) fn taking(&self, parameter: &Parameter) -> Taking {
        let source = writing_source(parameter).and_then(|s| self.sources.get(s.source));
        source.map_or(Taking::AtOnce, |(_, source)| source.taking())
    }

    /// Of values that somebody is about to set, those that have to be taken elsewhere before
    /// [`Model::set_values`] may be called for all of them. All are checked as it does, and nothing is
    /// changed. None where it can be called at once.
    ///
    /// # Errors
    /// As [`Model::set_values`].
    pub fn writes_elsewhere(
        &mut self,
        values: &[NewValue<'_>],
    ) -> Result<Vec<PendingWrite>, Vec<SetError>> {
        let schema = Rc::clone(&self.schema);
        let mut entries = self.check_entries(values)?;
        self.set_states(&mut entries).map_err(|error| vec![error])?;
        let parameters = with_parameters(&schema, &entries);
        let goes = |(_, p): &&(&Entry, &Parameter)| self.taking(p) == Taking::Elsewhere;
        let elsewhere: Vec<(&Entry, &Parameter)> =
            parameters.iter().filter(goes).copied().collect();
        if elsewhere.is_empty() {
            return Ok(Vec::new());
        }
        let used = used_sources(&parameters);
        self.refresh_sources(&used);
        let errors = self.stage_all(&parameters);
        self.rollback(&used);
        if !errors.is_empty() {
            return Err(errors);
        }
        let writes = elsewhere.into_iter().filter_map(|(entry, parameter)| {
            let path = entry.name.clone();
            self.write(entry.key, &entry.value, parameter, path)
        });
        Ok(writes.collect())
    }

    /// A value was taken elsewhere; one that waited for it until now does so no more.
    pub(super) fn taken_elsewhere(&mut self, entry: &Entry, parameter: &Parameter) {
        let Some(write) = self.write(entry.key, &entry.value, parameter, String::new()) else {
            return;
        };
        let at = instances(&self.schema, &self.state, entry.key);
        let source = writing_source(parameter).and_then(|s| self.sources.get_mut(s.source));
        if let Some((_, source)) = source {
            source.took(write.slot, at.as_slice(), &write.value);
        }
    }

    /// What was wanted of a parameter and not taken yet is wanted no more.
    pub(super) fn forget_wanted(&mut self, key: Key, undo: &mut Undo) {
        let before = self.state.parameter(&key);
        if before.is_some_and(|state| state.value.is_some()) {
            undo.push((key, before.cloned()));
            self.touched.parameter(key);
            self.state.update(key, |state| state.value = None);
        }
    }

    /// A value on its way to the source of its parameter.
    fn write(
        &self,
        key: Key,
        wanted: &str,
        parameter: &Parameter,
        path: String,
    ) -> Option<PendingWrite> {
        let first = writing_source(parameter)?;
        let (kind, _) = self.sources.get(first.source)?;
        let at = instances(&self.schema, &self.state, key);
        Some(PendingWrite {
            path,
            kind,
            slot: first.slot,
            at: at.as_slice().iter().map(|i| i.name().into()).collect(),
            value: self.inverted(wanted, first).ok()?,
            wanted: wanted.to_owned(),
        })
    }

    /// Values that were set and that their sources have not taken yet.
    pub fn pending_writes(&self) -> Vec<PendingWrite> {
        self.wanted(|model, parameter| !model.is_diagnostic(parameter))
    }

    /// The values that the model itself keeps of living parameters with a source.
    pub(super) fn wanted(&self, is_of: fn(&Self, &Parameter) -> bool) -> Vec<PendingWrite> {
        let parameters = self.state.parameters();
        let wanted = parameters.filter_map(|(&key, state)| {
            let parameter = self.schema.parameter(key.node)?;
            let wanted = state.value.as_deref()?;
            let is_it = self.is_living(key) && is_of(self, parameter);
            is_it.then(|| self.write(key, wanted, parameter, self.path(key)))?
        });
        wanted.collect()
    }

    /// The source of the parameter `path` took what was `wanted`, or refused it for good. A newer
    /// wanted value stays. Durable with the next [`Model::commit`].
    pub fn settle(&mut self, path: &str, wanted: &str) {
        let Ok(Place::Parameter(key)) = self.resolve(path) else {
            return;
        };
        let state = self.state.parameter(&key);
        if state.and_then(|state| state.value.as_deref()) == Some(wanted) {
            self.touched.parameter(key);
            self.state.update(key, |state| state.value = None);
        }
    }

    /// The value as the source spells it: the filters of its row backwards.
    pub(super) fn inverted(&self, value: &str, source: &SourceRef) -> Result<String, ModelError> {
        let mut value = value.to_owned();
        for filter in source.filters.iter().rev() {
            // A row whose filters have no way back at all is not writable from the start.
            let inverted = match filter {
                Filter::Row(rows) => rows.names(&value, |path| self.row_name(&rows.table, path)),
                filter => filter.invert(&value),
            };
            value = inverted.ok_or_else(|| {
                let why = "there is no way to write this value to where the parameter is kept";
                ModelError::InvalidValue(why.to_owned())
            })?;
        }
        Ok(value)
    }

    /// What its source calls the instance of a table that has this path, without a dot at its end.
    fn row_name(&self, table: &str, path: &str) -> Option<String> {
        let table = Key::new(self.schema.find(table)?, At::default());
        let path = path.strip_prefix(self.schema.path(table).as_str())?;
        let instances = self.state.tables.get(&table)?;
        let mut numbers = instances.numbers();
        let number = numbers.find(|number| number.to_string() == path)?;
        instances.identity(number).map(str::to_owned)
    }
}

/// The sources that new values go to.
pub(super) fn used_sources(parameters: &[(&Entry, &Parameter)]) -> BTreeSet<usize> {
    let used = parameters.iter().filter_map(|(_, p)| writing_source(p));
    used.map(|source| source.source).collect()
}

/// The source that takes new values of the parameter: the first alternative.
pub(super) fn writing_source(parameter: &Parameter) -> Option<&SourceRef> {
    match (&parameter.origin, parameter.storage) {
        (Origin::Sources(sources), Storage::System | Storage::Mixed) => sources.first(),
        _ => None,
    }
}
