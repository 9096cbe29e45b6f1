//! SetParameterValues (A.3.2.1): check all, then apply all, then one commit.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::change::Undo;
use super::deferred::{used_sources, writing_source};
use super::notify::reports;
use super::resolve::{Place, instances};
use super::{InForce, Model, ModelError, NewValue, Requester, SetError};
use crate::datamodel::key::Key;
use crate::datamodel::schema::{Origin, Parameter, Schema};
use crate::datamodel::source::Taking;
use crate::datamodel::types::TypeError;

/// One checked entry.
pub(super) struct Entry {
    pub(super) name: String,
    /// The parameter that was named.
    pub(super) named: Key,
    /// The parameter that it stands for; mostly itself.
    pub(super) key: Key,
    pub(super) value: String,
}

impl Model {
    /// SetParameterValues: all or nothing, durable on return. `parameter_key` is set with it;
    /// `None` leaves it alone (local changes). Values of [`Model::writes_elsewhere`] have been taken
    /// there.
    ///
    /// # Errors
    /// Every refused entry; those that a rule refuses come last.
    pub fn set_values(
        &mut self,
        who: Requester,
        values: &[NewValue<'_>],
        parameter_key: Option<&str>,
    ) -> Result<InForce, Vec<SetError>> {
        let schema = Rc::clone(&self.schema);
        let mut entries = self.check_entries(values)?;
        self.set_states(&mut entries).map_err(|error| vec![error])?;
        let parameters = with_parameters(&schema, &entries);
        let used = used_sources(&parameters);
        let before = self.before_change(who, &used);
        let mut errors = self.stage_all(&parameters);
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
        for (entry, parameter) in &parameters {
            if self.taking(parameter) == Taking::Elsewhere {
                self.taken_elsewhere(entry, parameter);
            }
        }
        let known = entries.iter().flat_map(|entry| [entry.named, entry.key]);
        self.after_change(who, before, known.collect());
        self.note_states(&entries);
        let later = |(_, p): &(&Entry, &Parameter)| !p.immediate || self.taking(p) == Taking::Later;
        Ok(match parameters.iter().any(later) {
            true => InForce::Later,
            false => InForce::Now,
        })
    }

    pub(super) fn check_entries(
        &mut self,
        values: &[NewValue<'_>],
    ) -> Result<Vec<Entry>, Vec<SetError>> {
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
        errors.extend(self.broken_rules(&entries));
        match errors.is_empty() {
            true => Ok(entries),
            false => Err(errors),
        }
    }

    /// A redirect is checked as what it stands for: only that knows what it takes.
    fn check_entry(
        &mut self,
        wanted: &NewValue<'_>,
        seen: &mut BTreeSet<Key>,
    ) -> Result<Entry, ModelError> {
        let Place::Parameter(named) = self.resolve_present(wanted.name)? else {
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
        if !self.takes_values(named, row) {
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
        Ok(Entry {
            name: wanted.name.to_owned(),
            named,
            key,
            value,
        })
    }

    /// Whether SetParameterValues may set a parameter that is there: it and what it stands for are
    /// writable, and that is there too.
    pub(super) fn takes_values(&self, key: Key, row: &Parameter) -> bool {
        if !row.writable || row.redirect().is_none() {
            return row.writable;
        }
        let target = self.redirected(key);
        let parameter = self.schema.parameter(target.node);
        parameter.is_some_and(|parameter| parameter.writable) && self.is_living(target)
    }

    /// Stages values in the sources that take them; which of them do not.
    pub(super) fn stage_all(&mut self, parameters: &[(&Entry, &Parameter)]) -> Vec<SetError> {
        let staged = parameters.iter().filter_map(|(entry, parameter)| {
            let error = self.stage(entry, parameter).err()?;
            let name = entry.name.clone();
            Some(SetError { name, error })
        });
        staged.collect()
    }

    /// Stages a value in the source that takes it, if one does.
    pub(super) fn stage(&mut self, entry: &Entry, parameter: &Parameter) -> Result<(), ModelError> {
        let Some(first) = writing_source(parameter) else {
            return match parameter.origin {
                Origin::Computed(_) => Err(ModelError::NotWritable),
                _ => Ok(()),
            };
        };
        let value = self.inverted(&entry.value, first)?;
        if value.is_empty() {
            self.check_unset(entry, parameter)?;
        }
        let at = instances(&self.schema, &self.state, entry.key);
        let Some((_, source)) = self.sources.get_mut(first.source) else {
            return Err(ModelError::NotWritable);
        };
        let staged = source.stage(first.slot, at.as_slice(), &value);
        staged.map_err(ModelError::from)
    }

    /// The empty text unsets what is kept in a source: then the next alternative shows, or the
    /// default. Where that is not what was asked for, the value cannot be kept.
    fn check_unset(&mut self, entry: &Entry, parameter: &Parameter) -> Result<(), ModelError> {
        let Origin::Sources(sources) = &parameter.origin else {
            return Ok(());
        };
        let (other, _) = self.read(entry.key, parameter, sources.get(1..).unwrap_or_default());
        let default = self.schema.default(&entry.key, parameter);
        let shown = other.as_deref().unwrap_or(default);
        if shown == entry.value {
            return Ok(());
        }
        let shown = match parameter.secret {
            true => "another value".to_owned(),
            false => format!("{shown:?}"),
        };
        Err(ModelError::InvalidValue(format!(
            "where the parameter is kept, an empty value is one that is not set: {shown} would \
             show in its place"
        )))
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
            let is_kept = parameter.is_stored() || self.is_diagnostic(parameter);
            match self.taking(parameter) {
                Taking::Elsewhere => self.forget_wanted(entry.key, &mut undo),
                Taking::AtOnce if !is_kept => {}
                Taking::AtOnce | Taking::Later => self.keep(entry.key, &entry.value, &mut undo),
            }
            if who == Requester::Acs {
                self.tell_known(entry.key, parameter, &entry.value, &mut undo);
            }
        }
        if let Some(parameter_key) = parameter_key {
            self.set_parameter_key(parameter_key, &mut undo);
        }
        let more = self.state.bytes().saturating_sub(bytes);
        let room = Self::check_room(bytes, more);
        let done = room.and_then(|()| self.transact(used).map(drop));
        if done.is_err() {
            self.undo(undo);
            self.touched = touched;
        }
        done
    }

    /// The value that somebody chose, be it the default: a new default is not for it.
    pub(super) fn keep(&mut self, key: Key, value: &str, undo: &mut Undo) {
        let before = self.state.parameter(&key);
        if before.and_then(|state| state.value.as_deref()) == Some(value) {
            return;
        }
        undo.push((key, before.cloned()));
        self.touched.parameter(key);
        self.state.update(key, |state| {
            state.value = Some(value.into());
            if let Some(more) = &mut state.more {
                more.former = None;
            }
        });
    }

    /// Notes that the ACS knows a value that it sets itself.
    pub(super) fn tell_known(
        &mut self,
        key: Key,
        parameter: &Parameter,
        value: &str,
        undo: &mut Undo,
    ) {
        if reports(self.notification(key, parameter)) {
            let shown = match parameter.secret || value.is_empty() {
                true => parameter.kind.empty(),
                false => value,
            };
            undo.push((key, self.state.parameter(&key).cloned()));
            self.set_reported(key, parameter, shown.into(), false);
        }
    }
}

/// The entries, each with the parameter that it stands for.
pub(super) fn with_parameters<'a>(
    schema: &'a Schema,
    entries: &'a [Entry],
) -> Vec<(&'a Entry, &'a Parameter)> {
    let parameters = entries.iter().filter_map(|entry| {
        let parameter = schema.parameter(entry.key.node)?;
        Some((entry, parameter))
    });
    parameters.collect()
}
