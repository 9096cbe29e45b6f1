//! What all changes have in common: the look before, the room, the way back, what follows.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::notify::Before;
use super::resolve::{Lookup, Place};
use super::{MAX_REQUESTED_BYTES, Model, ModelError, Requester};
use crate::datamodel::key::Key;
use crate::datamodel::state::ParameterState;

/// Where the ParameterKey lives (A.3.2.1).
const PARAMETER_KEY: &str = "ManagementServer.ParameterKey";

/// What undoes a change that could not be finished.
pub(super) type Undo = Vec<(Key, Option<ParameterState>)>;

impl Model {
    /// Before a change: somebody else may have changed the same files, which is to be told from
    /// what the change does.
    pub(super) fn before_change(&mut self, who: Requester, used: &BTreeSet<usize>) -> Before {
        self.settle_store();
        self.refresh_sources(used);
        match who {
            Requester::Acs => {
                self.compare_all();
                self.remember(used)
            }
            Requester::Local => Before::default(),
        }
    }

    /// Looks anew at the sources `used`.
    pub(super) fn refresh_sources(&mut self, used: &BTreeSet<usize>) {
        let mut moved = false;
        for &index in used {
            if let Some((_, source)) = self.sources.get_mut(index) {
                moved |= source.refresh();
            }
        }
        if moved {
            self.refresh_instances();
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

    /// Refuses to let the state grow from so many bytes by so many, where that is too much.
    pub(super) fn check_room(bytes: usize, more: usize) -> Result<(), ModelError> {
        match more == 0 || bytes + more <= MAX_REQUESTED_BYTES {
            true => Ok(()),
            false => Err(ModelError::state_is_full()),
        }
    }

    /// Puts parameters' states back, the last change first.
    pub(super) fn undo(&mut self, undo: Undo) {
        for (key, before) in undo.into_iter().rev() {
            self.state.restore(key, before);
        }
    }

    /// Sets ParameterKey along with the change that it is the key of: the ACS knows it.
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
}
