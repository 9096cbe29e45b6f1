//! What the agent itself has to say in the model.

use std::rc::Rc;

use super::Model;
use super::change::Undo;
use super::resolve::{Lookup, Place};
use crate::datamodel::key::Key;

impl Model {
    /// Tells the ACS something: sets a stored parameter that only the agent writes, or a state. `path` is
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
        let parameter = self.schema.parameter(key.node);
        let own = parameter.filter(|p| p.is_stored() || self.is_diagnostic(p))?;
        let value = own.check(value).ok()?.into_owned();
        self.keep(key, &value, &mut Undo::new());
        Some(key)
    }
}
