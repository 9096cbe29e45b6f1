//! SetParameterValues (A.3.2.1): check all, then apply all, then one commit.

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::datamodel::key::Key;
use crate::datamodel::row::Storage;
use crate::datamodel::schema::{Origin, Parameter, SourceRef};
use crate::datamodel::source::SourceError;
use crate::datamodel::state::ParameterState;
use crate::datamodel::types::TypeError;
use super::resolve::{Lookup, Place};
use super::{Model, ModelError, PendingWrite, Requester, SetError};
use crate::soap::{ParameterValue, Status};

/// Where the ParameterKey lives (A.3.2.1).
const PARAMETER_KEY: &str = "ManagementServer.ParameterKey";

/// One checked entry.
struct Entry {
    name: String,
    key: Key,
    value: String,
}

/// What undoes a change that could not be finished.
pub(super) type Undo = Vec<(Key, Option<ParameterState>)>;

impl Model {
    /// SetParameterValues: all or nothing, durable on return. `parameter_key` is set with it;
    /// `None` leaves it alone (local changes).
    ///
    /// # Errors
    /// Every refused entry, in the order of the request.
    pub fn set_values(
        &mut self,
        who: Requester,
        values: &[ParameterValue],
        parameter_key: Option<&str>,
    ) -> Result<Status, Vec<SetError>> {
        let schema = Rc::clone(&self.schema);
        let mut entries: Vec<Entry> = Vec::with_capacity(values.len());
        let mut seen = BTreeSet::new();
        let mut errors = Vec::new();
        for wanted in values {
            match self.check_entry(wanted, &mut seen) {
                Ok(entry) => entries.push(entry),
                Err(error) => errors.push(SetError {
                    name: wanted.name.clone(),
                    error,
                }),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let mut status = Status::Applied;
        let mut used = BTreeSet::new();
        for entry in &entries {
            let Some(parameter) = schema.parameter(entry.key.node) else {
                continue;
            };
            if !parameter.immediate || self.is_deferred(parameter) {
                status = Status::Pending;
            }
            match self.stage(entry, parameter) {
                Ok(source) => used.extend(source),
                Err(error) => errors.push(SetError {
                    name: entry.name.clone(),
                    error,
                }),
            }
        }
        if !errors.is_empty() {
            self.rollback(&used);
            return Err(errors);
        }
        let failed = |why: String| {
            let error = ModelError::Internal(why);
            let name = String::new();
            vec![SetError { name, error }]
        };
        let committed = self.commit_sources(&used).map_err(&failed)?;
        let was_dirty = self.dirty;
        let mut undo = Undo::new();
        for entry in &entries {
            if let Some(parameter) = schema.parameter(entry.key.node) {
                undo.push((entry.key, self.state.parameters.get(&entry.key).cloned()));
                self.apply(who, entry, parameter);
            }
        }
        if let Some(parameter_key) = parameter_key {
            self.set_parameter_key(parameter_key, &mut undo);
        }
        if let Err(error) = self.commit() {
            self.undo(undo);
            self.dirty = was_dirty;
            self.undo_sources(&committed);
            return Err(failed(error.to_string()));
        }
        Ok(status)
    }

    fn check_entry(
        &self,
        wanted: &ParameterValue,
        seen: &mut BTreeSet<Key>,
    ) -> Result<Entry, ModelError> {
        let Place::Parameter(named) = self.resolve(&wanted.name)? else {
            return Err(ModelError::InvalidName);
        };
        let (Some(parameter), key) = (self.schema.parameter(named.node), self.redirected(named))
        else {
            return Err(ModelError::InvalidName);
        };
        if !seen.insert(key) {
            let why = "the parameter is set twice in one request".to_owned();
            return Err(ModelError::InvalidArguments(why));
        }
        if !parameter.writable {
            return Err(ModelError::NotWritable);
        }
        let expected = parameter.kind.xsd();
        if wanted.xsi_type.is_some_and(|given| given != expected) {
            let why = format!("the parameter's type is {}", expected.as_str());
            return Err(ModelError::InvalidType(why));
        }
        let value = match parameter.check(&wanted.value) {
            Ok(value) => value.into_owned(),
            Err(TypeError::Type(why)) => return Err(ModelError::InvalidType(why)),
            Err(TypeError::Value(why)) => return Err(ModelError::InvalidValue(why)),
        };
        if let Some(rule) = self.rules.get(&key.node) {
            rule(self, &value).map_err(ModelError::InvalidValue)?;
        }
        Ok(Entry {
            name: wanted.name.clone(),
            key,
            value,
        })
    }

    /// Stages a value in the source that takes it; gives the source's index, if one does.
    fn stage(&mut self, entry: &Entry, parameter: &Parameter) -> Result<Option<usize>, ModelError> {
        let Some(first) = writing_source(parameter) else {
            return match parameter.origin {
                Origin::Computed(_) => Err(ModelError::NotWritable),
                _ => Ok(None),
            };
        };
        let value = inverted(&entry.value, first)?;
        let Some((_, source)) = self.sources.get_mut(first.source) else {
            return Err(ModelError::NotWritable);
        };
        match source.stage(&first.key, entry.key.at.as_slice(), &value) {
            Ok(()) => Ok(Some(first.source)),
            Err(SourceError::ReadOnly) => Err(ModelError::NotWritable),
            Err(SourceError::BadValue(why)) => Err(ModelError::InvalidValue(why)),
            Err(SourceError::Failed(why)) => Err(ModelError::Internal(why)),
        }
    }

    /// The change in memory, after the sources took theirs.
    fn apply(&mut self, who: Requester, entry: &Entry, parameter: &Parameter) {
        let key = entry.key;
        let value: Box<str> = entry.value.as_str().into();
        self.mixed.remove(&key);
        let kept = parameter.is_stored() || self.is_deferred(parameter);
        if kept {
            let is_default = parameter.is_stored() && *value == *parameter.default;
            let value = (!is_default).then_some(value);
            let known = self.state.parameters.get(&key);
            if known.and_then(|state| state.value.as_deref()) != value.as_deref() {
                self.dirty = true;
                self.state.update(key, |state| state.value = value);
            }
        }
        if self.notification(key, parameter) != 0 {
            match who {
                Requester::Acs => self.learned(key, parameter),
                Requester::Local => self.compare(key, parameter),
            }
        }
    }

    /// Tells the ACS something: sets a stored parameter that only the agent writes. `path` is
    /// without the root. Durable with the next [`Model::commit`]; an active notification of it is
    /// found by the next search for changes.
    pub fn tell(&mut self, path: &str, value: &str) {
        self.set_own(path, value);
    }

    /// The same, without news for the ACS.
    pub fn tell_quietly(&mut self, path: &str, value: &str) {
        if let Some(key) = self.set_own(path, value) {
            let schema = Rc::clone(&self.schema);
            if let Some(parameter) = schema.parameter(key.node) {
                self.learned(key, parameter);
            }
        }
    }

    fn set_own(&mut self, path: &str, value: &str) -> Option<Key> {
        let Some(Place::Parameter(key)) = self.locate(path, Lookup::Own) else {
            return None;
        };
        let stored = self.schema.parameter(key.node).filter(|p| p.is_stored())?;
        let value = stored.check(value).ok()?.into_owned();
        let value = (value != *stored.default).then(|| value.into());
        self.dirty = true;
        self.state.update(key, |state| state.value = value);
        Some(key)
    }

    pub(super) fn set_parameter_key(&mut self, parameter_key: &str, undo: &mut Undo) {
        let Some(Place::Parameter(key)) = self.locate(PARAMETER_KEY, Lookup::Own) else {
            return;
        };
        let before = self.state.parameters.get(&key).cloned();
        let known = before.as_ref().and_then(|state| state.value.as_deref());
        if known.unwrap_or_default() != parameter_key {
            self.dirty = true;
            let value = (!parameter_key.is_empty()).then(|| parameter_key.into());
            undo.push((key, before));
            self.state.update(key, |state| state.value = value);
        }
    }

    /// Puts parameters' states back, the last change first.
    pub(super) fn undo(&mut self, undo: Undo) {
        for (key, before) in undo.into_iter().rev() {
            self.state.restore(key, before);
            if self
                .state
                .parameters
                .get(&key)
                .is_some_and(ParameterState::changed)
            {
                self.changed.insert(key);
            } else {
                self.changed.remove(&key);
            }
        }
    }

    /// Whether a new value waits for a job to carry it out.
    pub(super) fn is_deferred(&self, parameter: &Parameter) -> bool {
        let source = writing_source(parameter).and_then(|s| self.sources.get(s.source));
        source.is_some_and(|(_, source)| source.deferred())
    }

    fn rollback(&mut self, used: &BTreeSet<usize>) {
        for &index in used {
            if let Some((_, source)) = self.sources.get_mut(index) {
                source.rollback();
            }
        }
    }

    /// Commits the sources one after the other; the first failure takes all back.
    fn commit_sources(&mut self, used: &BTreeSet<usize>) -> Result<Vec<usize>, String> {
        let mut committed = Vec::new();
        for &index in used {
            let Some((kind, source)) = self.sources.get_mut(index) else {
                continue;
            };
            if let Err(error) = source.commit() {
                let why = format!("{kind}: {error}");
                self.rollback(used);
                self.undo_sources(&committed);
                return Err(why);
            }
            committed.push(index);
        }
        Ok(committed)
    }

    fn undo_sources(&mut self, committed: &[usize]) {
        for &index in committed.iter().rev() {
            let Some((kind, source)) = self.sources.get_mut(index) else {
                continue;
            };
            if let Err(error) = source.undo() {
                log::error!("{kind}: a failed change could not be taken back: {error}");
            }
        }
    }

    /// Values that deferred sources have not taken yet.
    pub fn pending_writes(&self) -> Vec<PendingWrite> {
        let mut pending = Vec::new();
        for (key, state) in &self.state.parameters {
            let Some(parameter) = self.schema.parameter(key.node) else {
                continue;
            };
            if !self.is_living(*key) {
                continue;
            }
            let (Some(wanted), Some(first)) = (&state.value, writing_source(parameter)) else {
                continue;
            };
            let (Some((kind, _)), Ok(value)) =
                (self.sources.get(first.source), inverted(wanted, first))
            else {
                continue;
            };
            pending.push(PendingWrite {
                path: self.path(*key),
                kind,
                key: first.key.to_string(),
                at: key.at.as_slice().to_vec(),
                value,
                wanted: wanted.to_string(),
            });
        }
        pending
    }

    /// A deferred source took `wanted` for the parameter `path`, or refused it for good. A newer
    /// wanted value stays. Durable with the next [`Model::commit`].
    pub fn settle(&mut self, path: &str, wanted: &str) {
        let Ok(Place::Parameter(key)) = self.resolve(path) else {
            return;
        };
        let state = self.state.parameters.get(&key);
        if state.and_then(|state| state.value.as_deref()) == Some(wanted) {
            self.dirty = true;
            self.state.update(key, |state| state.value = None);
        }
    }
}

/// The source that takes new values of the parameter: the first alternative.
fn writing_source(parameter: &Parameter) -> Option<&SourceRef> {
    match (&parameter.origin, parameter.storage) {
        (Origin::Sources(sources), Storage::System | Storage::Mixed) => sources.first(),
        _ => None,
    }
}

fn inverted(value: &str, source: &SourceRef) -> Result<String, ModelError> {
    let mut value = value.to_owned();
    for filter in source.filters.iter().rev() {
        let inverted = filter.invert(&value);
        value = inverted.ok_or(ModelError::NotWritable)?;
    }
    Ok(value)
}
