//! Values that were chosen while the agent kept them itself, of rows that have a source by now.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::deferred::writing_source;
use super::resolve::instances;
use super::set::Entry;
use super::{Model, ModelError, NewValue};
use crate::datamodel::key::Key;
use crate::datamodel::schema::Parameter;
use crate::datamodel::source::{Reading, Taking};

impl Model {
    /// Gives those values to their sources, once, where these have none: what the source has is what
    /// the box does, and stands. To be called before values are compared, since a value that only
    /// moves has not changed. Whether any source was written.
    pub fn carry_over(&mut self) -> bool {
        let waiting = self.not_offered();
        if waiting.is_empty() {
            return false;
        }
        self.refresh_instances();
        let schema = Rc::clone(&self.schema);
        let (mut entries, mut others) = (Vec::new(), Vec::new());
        for key in waiting {
            let Some(parameter) = schema.parameter(key.node) else {
                continue;
            };
            match self.offered(key, parameter) {
                Offered::Later => {}
                Offered::No => others.push(key),
                Offered::Yes(entry) => entries.push((entry, parameter)),
            }
        }
        let mut used = BTreeSet::new();
        entries.retain(|(entry, parameter)| match self.stage(entry, parameter) {
            Ok(()) => {
                used.extend(writing_source(parameter).map(|source| source.source));
                true
            }
            Err(error) => {
                let name = &entry.name;
                log::warn!(
                    "{name}: the value chosen before is not taken where it is kept now: {error}"
                );
                others.push(entry.key);
                false
            }
        });
        let keys = entries.iter().map(|(entry, _)| entry.key);
        let settled: Vec<Key> = keys.chain(others).collect();
        if settled.is_empty() {
            return false;
        }
        self.set_offered(&settled, true);
        match self.transact(&used) {
            Ok(_) => {
                for (entry, _) in &entries {
                    log::info!("{}: the value chosen before is carried over", entry.name);
                    self.mixed.remove(&entry.key);
                }
                !entries.is_empty()
            }
            Err(error) => {
                log::warn!("values chosen before are not carried over now: {error}");
                self.set_offered(&settled, false);
                false
            }
        }
    }

    fn not_offered(&self) -> Vec<Key> {
        let parameters = self.state.parameters();
        let waits = parameters.filter(|(_, state)| state.former().is_some_and(|f| !f.offered));
        waits.map(|(key, _)| *key).collect()
    }

    fn offered(&mut self, key: Key, parameter: &Parameter) -> Offered {
        let source = writing_source(parameter).filter(|_| parameter.writable);
        let is_kept = self.taking(parameter) != Taking::AtOnce || self.is_diagnostic(parameter);
        let (Some(source), false) = (source, is_kept) else {
            return Offered::Later;
        };
        if !self.is_living(key) {
            return Offered::Later;
        }
        let at = instances(&self.schema, &self.state, key);
        let Some((_, from)) = self.sources.get_mut(source.source) else {
            return Offered::Later;
        };
        match from.get(source.slot, at.as_slice()) {
            Reading::Unknown => return Offered::Later,
            Reading::Value(_) => return Offered::No,
            Reading::Absent => {}
        }
        let name = self.path(key);
        let former = self.state.parameter(&key).and_then(|state| state.former());
        let value = former.map(|former| former.text.to_string());
        let wanted = NewValue {
            name: &name,
            value: value.as_deref().unwrap_or_default(),
            xsi_type: None,
        };
        match self.check_entries(&[wanted]) {
            Ok(entries) => entries.into_iter().next().map_or(Offered::No, Offered::Yes),
            Err(errors) => {
                for refused in errors {
                    let why = match refused.error {
                        // Without the value: it may have been a secret when it was chosen.
                        ModelError::InvalidType(_) | ModelError::InvalidValue(_) => {
                            format!("not a {}", parameter.kind.describe())
                        }
                        error => error.to_string(),
                    };
                    log::warn!("{name}: the value chosen before is not used: {why}");
                }
                Offered::No
            }
        }
    }

    fn set_offered(&mut self, keys: &[Key], offered: bool) {
        for &key in keys {
            self.touched.parameter(key);
            self.state.update_more(key, |more| {
                if let Some(former) = &mut more.former {
                    former.offered = offered;
                }
            });
        }
    }
}

/// What becomes of a former value.
enum Offered {
    /// The source takes it.
    Yes(Entry),
    /// It has one of its own, or can do nothing with this one.
    No,
    /// Nobody can tell now.
    Later,
}
