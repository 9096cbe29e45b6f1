//! SetParameterValues (A.3.2.1): check all, then apply all, then one commit.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::evaluate::instances;
use super::notify::{Before, reports};
use super::resolve::{Lookup, Place};
use super::{
    InForce, MAX_REQUESTED_BYTES, Model, ModelError, NewValue, PendingWrite, Requester, SetError,
};
use crate::datamodel::key::Key;
use crate::datamodel::row::Storage;
use crate::datamodel::schema::{Origin, Parameter, SourceRef};
use crate::datamodel::source::SourceError;
use crate::datamodel::state::ParameterState;
use crate::datamodel::types::TypeError;

/// Where the ParameterKey lives (A.3.2.1).
const PARAMETER_KEY: &str = "ManagementServer.ParameterKey";

/// One checked entry.
struct Entry {
    name: String,
    /// The parameter that was named.
    named: Key,
    /// The parameter that it stands for; mostly itself.
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
        values: &[NewValue<'_>],
        parameter_key: Option<&str>,
    ) -> Result<InForce, Vec<SetError>> {
        let schema = Rc::clone(&self.schema);
        let entries = self.check_entries(values)?;
        let parameters = entries.iter().filter_map(|entry| {
            let parameter = schema.parameter(entry.key.node)?;
            Some((entry, parameter))
        });
        let parameters: Vec<(&Entry, &Parameter)> = parameters.collect();
        let used = parameters.iter().filter_map(|(_, p)| writing_source(p));
        let used: BTreeSet<usize> = used.map(|source| source.source).collect();
        let before = self.before_change(who, &used);
        let mut errors = Vec::new();
        for (entry, parameter) in &parameters {
            if let Err(error) = self.stage(entry, parameter) {
                let name = entry.name.clone();
                errors.push(SetError { name, error });
            }
        }
        if errors.is_empty() {
            let applied = self.apply(who, &parameters, parameter_key, &used);
            errors.extend(applied.err().map(|error| SetError {
                name: String::new(),
                error,
            }));
        }
        if !errors.is_empty() {
            self.rollback(&used);
            return Err(errors);
        }
        let known = entries.iter().flat_map(|entry| [entry.named, entry.key]);
        self.after_change(who, before, known.collect());
        let later = |(_, p): &(&Entry, &Parameter)| !p.immediate || self.is_deferred(p);
        Ok(match parameters.iter().any(later) {
            true => InForce::Later,
            false => InForce::Now,
        })
    }

    fn check_entries(&self, values: &[NewValue<'_>]) -> Result<Vec<Entry>, Vec<SetError>> {
        let mut entries: Vec<Entry> = Vec::with_capacity(values.len());
        let mut seen = BTreeSet::new();
        let mut errors = Vec::new();
        for wanted in values {
            match self.check_entry(wanted, &mut seen) {
                Ok(entry) => entries.push(entry),
                Err(error) => errors.push(SetError {
                    name: wanted.name.to_owned(),
                    error,
                }),
            }
        }
        match errors.is_empty() {
            true => Ok(entries),
            false => Err(errors),
        }
    }

    /// A redirect is checked as what it stands for: only that knows what it takes.
    fn check_entry(
        &self,
        wanted: &NewValue<'_>,
        seen: &mut BTreeSet<Key>,
    ) -> Result<Entry, ModelError> {
        let Place::Parameter(named) = self.resolve(wanted.name)? else {
            return Err(ModelError::InvalidName);
        };
        let key = self.redirected(named);
        let schema = &self.schema;
        let (Some(row), Some(parameter)) =
            (schema.parameter(named.node), schema.parameter(key.node))
        else {
            return Err(ModelError::InvalidName);
        };
        if !seen.insert(key) {
            let why = "the parameter is set twice in one request".to_owned();
            return Err(ModelError::InvalidArguments(why));
        }
        if !row.writable || !parameter.writable {
            return Err(ModelError::NotWritable);
        }
        let expected = row.kind.xsd();
        if wanted.xsi_type.is_some_and(|given| given != expected) {
            let why = format!("the parameter's type is {}", expected.as_str());
            return Err(ModelError::InvalidType(why));
        }
        let checked = |text| match parameter.check(text) {
            Ok(value) => Ok(value),
            Err(TypeError::Type(why)) => Err(ModelError::InvalidType(why)),
            Err(TypeError::Value(why)) => Err(ModelError::InvalidValue(why)),
        };
        let value = checked(wanted.value)?.into_owned();
        if let Err(why) = row.check(&value) {
            return Err(ModelError::InvalidValue(why.to_string()));
        }
        if let Some(rule) = self.rules.get(&key.node) {
            rule(self, &value).map_err(ModelError::InvalidValue)?;
        }
        Ok(Entry {
            name: wanted.name.to_owned(),
            named,
            key,
            value,
        })
    }

    /// Stages a value in the source that takes it, if one does.
    fn stage(&mut self, entry: &Entry, parameter: &Parameter) -> Result<(), ModelError> {
        let Some(first) = writing_source(parameter) else {
            return match parameter.origin {
                Origin::Computed(_) => Err(ModelError::NotWritable),
                _ => Ok(()),
            };
        };
        let value = inverted(&entry.value, first)?;
        let at = instances(&self.schema, &self.state, entry.key);
        let Some((_, source)) = self.sources.get_mut(first.source) else {
            return Err(ModelError::NotWritable);
        };
        let staged = source.stage(first.slot, at.as_slice(), &value);
        staged.map_err(ModelError::from)
    }

    /// The change in memory and, with what is staged, on flash; nothing of it on an error. That the
    /// ACS knows the values it sets goes along, so that no power cut brings them back to it.
    fn apply(
        &mut self,
        who: Requester,
        entries: &[(&Entry, &Parameter)],
        parameter_key: Option<&str>,
        used: &BTreeSet<usize>,
    ) -> Result<(), ModelError> {
        let (touched, bytes) = (self.touched.clone(), self.state.bytes());
        let mut undo = Undo::new();
        for (entry, parameter) in entries {
            self.mixed.remove(&entry.key);
            if parameter.is_stored() || self.is_deferred(parameter) {
                self.keep(entry.key, &entry.value, &mut undo);
            }
            if who == Requester::Acs {
                self.tell_known(entry.key, parameter, &entry.value, &mut undo);
            }
        }
        if let Some(parameter_key) = parameter_key {
            self.set_parameter_key(parameter_key, &mut undo);
        }
        let more = self.state.bytes().saturating_sub(bytes);
        let done = match Self::has_room(bytes, more) {
            true => self.transact(used).map(drop),
            false => Err(ModelError::ResourcesExceeded),
        };
        if done.is_err() {
            self.undo(undo);
            self.touched = touched;
        }
        done
    }

    /// Whether the state may grow from so many bytes by so many.
    pub(super) fn has_room(bytes: usize, more: usize) -> bool {
        more == 0 || bytes + more <= MAX_REQUESTED_BYTES
    }

    fn tell_known(&mut self, key: Key, parameter: &Parameter, value: &str, undo: &mut Undo) {
        if reports(self.notification(key, parameter)) {
            let shown = match (parameter.secret, value) {
                (true, _) => "",
                (false, "") => parameter.kind.empty(),
                (false, value) => value,
            };
            undo.push((key, self.state.parameter(&key).cloned()));
            self.set_reported(key, parameter, shown.into(), false);
        }
    }

    /// The value that somebody chose, be it the default: a new default is not for it.
    fn keep(&mut self, key: Key, value: &str, undo: &mut Undo) {
        let before = self.state.parameter(&key);
        if before.and_then(|state| state.value.as_deref()) == Some(value) {
            return;
        }
        undo.push((key, before.cloned()));
        self.touched.parameter(key);
        self.state
            .update(key, |state| state.value = Some(value.into()));
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
        self.keep(key, &value, &mut Undo::new());
        Some(key)
    }

    pub(super) fn set_parameter_key(&mut self, parameter_key: &str, undo: &mut Undo) {
        let Some(Place::Parameter(key)) = self.locate(PARAMETER_KEY, Lookup::Own) else {
            return;
        };
        let before = self.state.parameter(&key);
        let known = before.and_then(|state| state.value.as_deref());
        if known.unwrap_or_default() != parameter_key {
            let value = (!parameter_key.is_empty()).then(|| parameter_key.into());
            undo.push((key, before.cloned()));
            self.touched.parameter(key);
            self.state.update(key, |state| state.value = value);
            let schema = Rc::clone(&self.schema);
            if let Some(parameter) = schema.parameter(key.node) {
                self.tell_known(key, parameter, parameter_key, undo);
            }
        }
    }

    /// Puts parameters' states back, the last change first.
    pub(super) fn undo(&mut self, undo: Undo) {
        for (key, before) in undo.into_iter().rev() {
            self.state.restore(key, before);
        }
    }

    /// Whether a new value waits for a job to carry it out.
    pub(super) fn is_deferred(&self, parameter: &Parameter) -> bool {
        let source = writing_source(parameter).and_then(|s| self.sources.get(s.source));
        source.is_some_and(|(_, source)| source.deferred())
    }

    /// Values that deferred sources have not taken yet.
    pub fn pending_writes(&self) -> Vec<PendingWrite> {
        let parameters = self.state.parameters();
        let wanted = parameters.filter_map(|(&key, state)| {
            let parameter = self.schema.parameter(key.node)?;
            let (wanted, first) = (state.value.as_deref()?, writing_source(parameter)?);
            let (kind, _) = self.sources.get(first.source)?;
            if !self.is_living(key) {
                return None;
            }
            let at = instances(&self.schema, &self.state, key);
            Some(PendingWrite {
                path: self.path(key),
                kind,
                slot: first.slot,
                at: at.as_slice().iter().map(|i| i.name().into()).collect(),
                value: inverted(wanted, first).ok()?,
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

    /// Before a change: somebody else may have changed the same files, which is to be told from
    /// what the change does.
    pub(super) fn before_change(&mut self, who: Requester, used: &BTreeSet<usize>) -> Before {
        self.settle_store();
        let mut moved = false;
        for &index in used {
            if let Some((_, source)) = self.sources.get_mut(index) {
                moved |= source.refresh();
            }
        }
        if moved {
            self.refresh_instances();
            self.compare_all();
        }
        match who {
            Requester::Acs => self.remember(),
            Requester::Local => Before::default(),
        }
    }

    /// After a change that is done: the ACS knows what it did itself, also by consequence
    /// (entries that are counted, rows that stand for others, ParameterKey).
    pub(super) fn after_change(&mut self, who: Requester, before: Before, set: Vec<Key>) {
        self.refresh_instances();
        match who {
            Requester::Acs => self.acknowledge(before, set),
            Requester::Local => self.compare_all(),
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

impl From<SourceError> for ModelError {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::ReadOnly => Self::NotWritable,
            SourceError::BadValue(why) => Self::InvalidValue(why),
            SourceError::Full(_) => Self::ResourcesExceeded,
            SourceError::Failed(why) => Self::Internal(why),
        }
    }
}
