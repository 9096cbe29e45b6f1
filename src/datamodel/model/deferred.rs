//! Values that a source takes later, by a job (Luup): wanted, pending, settled.

use super::resolve::{Place, instances};
use super::{Model, ModelError, PendingWrite};
use crate::datamodel::filter::Filter;
use crate::datamodel::key::{At, Key};
use crate::datamodel::row::Storage;
use crate::datamodel::schema::{Origin, Parameter, SourceRef};

impl Model {
    /// Whether a new value waits for a job to carry it out.
    pub(super) fn is_deferred(&self, parameter: &Parameter) -> bool {
        let source = writing_source(parameter).and_then(|s| self.sources.get(s.source));
        source.is_some_and(|(_, source)| source.deferred())
    }

    /// Values that deferred sources have not taken yet.
    pub fn pending_writes(&self) -> Vec<PendingWrite> {
        self.wanted(|model, parameter| !model.is_diagnostic(parameter))
    }

    /// The values that the model itself keeps of living parameters with a source.
    pub(super) fn wanted(&self, is_of: fn(&Self, &Parameter) -> bool) -> Vec<PendingWrite> {
        let parameters = self.state.parameters();
        let wanted = parameters.filter_map(|(&key, state)| {
            let parameter = self.schema.parameter(key.node)?;
            let (wanted, first) = (state.value.as_deref()?, writing_source(parameter)?);
            let (kind, _) = self.sources.get(first.source)?;
            if !self.is_living(key) || !is_of(self, parameter) {
                return None;
            }
            let at = instances(&self.schema, &self.state, key);
            Some(PendingWrite {
                path: self.path(key),
                kind,
                slot: first.slot,
                at: at.as_slice().iter().map(|i| i.name().into()).collect(),
                value: self.inverted(wanted, first).ok()?,
                wanted: wanted.to_owned(),
            })
        });
        wanted.collect()
    }

    /// A deferred source took `wanted` for the parameter `path`, or refused it for good. A newer
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

/// The source that takes new values of the parameter: the first alternative.
pub(super) fn writing_source(parameter: &Parameter) -> Option<&SourceRef> {
    match (&parameter.origin, parameter.storage) {
        (Origin::Sources(sources), Storage::System | Storage::Mixed) => sources.first(),
        _ => None,
    }
}
