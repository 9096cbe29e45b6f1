//! Objects that do something when their state is set (TR-181, `DiagnosticsState`).
//!
//! The state is a parameter whose source [diagnoses](crate::datamodel::source::Source::diagnoses);
//! the other parameters that can be written beside it are what the diagnostic goes by.
//!
//! | what is set | the state becomes |
//! |---|---|
//! | the state, to `Requested` | `Requested`: what runs is to end and to begin anew |
//! | the state, to `Canceled` | `None`: what runs is to end |
//! | another parameter that can be written, and not the state | `None`, too |

use std::collections::BTreeSet;
use std::rc::Rc;

use super::deferred::writing_source;
use super::set::Entry;
use super::{Model, ModelError, PendingWrite, SetError};
use crate::datamodel::key::Key;
use crate::datamodel::schema::Parameter;
use crate::datamodel::source::Declaration;

/// The word by which something is begun.
pub const REQUESTED: &str = "Requested";

/// The word by which it is ended early.
const CANCELED: &str = "Canceled";

/// The word of one that did what was asked.
pub const COMPLETE: &str = "Complete";

/// The word for what no other says.
const OTHER: &str = "Error_Other";

/// The word where nothing was asked for.
pub const NONE: &str = "None";

/// Whether a row can be such a state.
///
/// # Errors
/// It cannot, a sentence: one that does not have the words would stay `Requested` for ever.
pub fn check_state(row: &Declaration<'_>) -> Result<(), String> {
    let Some(kind) = row.kind.filter(|_| row.writable && !row.filtered) else {
        let why = "it is a state: a value that can be written, without filters";
        return Err(why.to_owned());
    };
    for word in [NONE, REQUESTED, COMPLETE] {
        let checked = kind.check(word);
        checked.map_err(|why| format!("a state can be {word}, but not this one: {why}"))?;
    }
    Ok(())
}

impl Model {
    /// Whether a parameter is such a state: the model keeps it.
    pub(super) fn is_diagnostic(&self, parameter: &Parameter) -> bool {
        let source = writing_source(parameter).and_then(|s| self.sources.get(s.source));
        source.is_some_and(|(_, source)| source.diagnoses())
    }

    /// What setting these values does to states.
    ///
    /// # Errors
    /// A state is set to what nobody may set it to.
    pub(super) fn set_states(&self, entries: &mut Vec<Entry>) -> Result<(), SetError> {
        let mut stopped: Vec<(Key, &str)> = Vec::new();
        // One request may set thousands of values beside one another.
        let mut looked = BTreeSet::new();
        for entry in entries.iter_mut() {
            let own = self.schema.parameter(entry.key.node);
            if own.is_some_and(|own| self.is_diagnostic(own)) {
                match &*entry.value {
                    REQUESTED => {}
                    CANCELED => NONE.clone_into(&mut entry.value),
                    _ => {
                        let why = format!("only {REQUESTED} and {CANCELED} can be set");
                        return Err(SetError {
                            name: entry.name.clone(),
                            error: ModelError::InvalidValue(why),
                        });
                    }
                }
                continue;
            }
            let object = self.schema.node(entry.key.node).parent;
            let object = object.map(|object| Key::new(object, entry.key.at));
            let new = object.filter(|object| looked.insert(*object));
            stopped.extend(new.and_then(|object| self.state_in(object)));
        }
        for (key, now) in stopped {
            if now != NONE && entries.iter().all(|entry| entry.key != key) {
                entries.push(Entry {
                    name: self.path(key),
                    named: key,
                    key,
                    value: NONE.to_owned(),
                });
            }
        }
        Ok(())
    }

    /// The state that stands in an object, if one does, and its value.
    fn state_in(&self, object: Key) -> Option<(Key, &str)> {
        let inside = self.schema.node(object.node).children().iter();
        let mut states = inside.filter(|node| {
            let parameter = self.schema.parameter(**node);
            parameter.is_some_and(|parameter| self.is_diagnostic(parameter))
        });
        let state = Key::new(*states.next()?, object.at);
        let kept = self.state.parameter(&state);
        let kept = kept.and_then(|state| state.value.as_deref());
        Some((state, kept.unwrap_or(NONE)))
    }

    /// That these were set is told once by [`Model::take_set_states`].
    pub(super) fn note_states(&mut self, entries: &[Entry]) {
        let schema = Rc::clone(&self.schema);
        for entry in entries {
            let parameter = schema.parameter(entry.key.node);
            if parameter.is_some_and(|parameter| self.is_diagnostic(parameter)) {
                self.set_states.insert(entry.key);
            }
        }
    }

    /// The full paths of the states that were set since this was asked last, maybe to what they
    /// were.
    pub fn take_set_states(&mut self) -> Vec<String> {
        let set = std::mem::take(&mut self.set_states);
        set.into_iter().map(|key| self.path(key)).collect()
    }

    /// The states that were ever set, and what their sources know them by.
    pub fn states(&self) -> Vec<PendingWrite> {
        self.wanted(Self::is_diagnostic)
    }

    /// Those of them that are `Requested`.
    pub fn requested(&self) -> Vec<PendingWrite> {
        let mut requested = self.states();
        requested.retain(|state| state.wanted == REQUESTED);
        requested
    }

    /// A state that was `Requested` has come to its end, in this word; where its type does not have
    /// the word, in `Error_Other`, or `None`. Durable with the next [`Model::commit`]. `path` is full.
    pub fn end_state(&mut self, path: &str, word: &str) {
        let relative = path.strip_prefix(self.root()).unwrap_or(path).to_owned();
        for word in [word, OTHER, NONE] {
            self.tell(&relative, word);
            if self.value(&relative).as_deref() != Some(REQUESTED) {
                return;
            }
        }
    }
}
