//! A disk that takes no state: the model goes on in memory, says so once, and hands the state out for
//! another place.

use super::persist::Picture;
use super::{Model, ModelError};
use crate::datamodel::row::Row;
use crate::datamodel::state::State;
use crate::datamodel::store::StoreError;

/// The record that is only in [`Model::unsaved_rows`]: which durable state they follow, and in whose
/// eyes.
const FOLLOWS: &str = "store.follows";

/// What the store refused, until it takes something again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsaved {
    /// The store's sentence.
    pub why: String,
    /// How often it refused since it last took something.
    pub attempts: u32,
    /// How often [`Model::save_again`] was called meanwhile.
    asked: u32,
}

/// Of so many calls of [`Model::save_again`] one tries at least.
const MOST_SKIPPED: u32 = 360;

impl Model {
    /// Whether the store refused the last change that it was given, and why: the state in memory may
    /// be newer.
    pub fn unsaved(&self) -> Option<&Unsaved> {
        self.unsaved.as_ref()
    }

    /// Tries again what the store refused, to be called every few seconds. Each try is about as long after
    /// the one before as that was after the first: on a full disk each wears the flash out.
    pub fn save_again(&mut self) {
        let Some(unsaved) = &mut self.unsaved else {
            return;
        };
        unsaved.asked = unsaved.asked.saturating_add(1);
        if !(unsaved.asked.is_power_of_two() || unsaved.asked % MOST_SKIPPED == 0) {
            return;
        }
        // Where nothing waits the whole state, so that it is known whether the disk takes anything.
        if let Ok(false) = self.commit() {
            let _ = self.checkpoint();
        }
    }

    /// Takes in how the store ended an attempt. What is new of that is logged, so that callers need
    /// not.
    pub(super) fn hear<T>(&mut self, attempt: Result<T, StoreError>) -> Result<T, ModelError> {
        let before = self.unsaved.take();
        match attempt {
            Ok(done) => {
                if before.is_some() {
                    log::info!("the state is saved again");
                }
                Ok(done)
            }
            Err(error) => {
                let why = error.to_string();
                if before.as_ref().is_none_or(|before| before.why != why) {
                    log::error!("{why}; going on, and trying again");
                }
                let (attempts, asked) = before.map_or((0, 0), |b| (b.attempts, b.asked));
                self.unsaved = Some(Unsaved {
                    why,
                    attempts: attempts.saturating_add(1),
                    asked,
                });
                Err(ModelError::of(&error))
            }
        }
    }

    /// The whole state, for a place that outlives the program but not the box; `owner` is whoever may
    /// have it back.
    pub fn unsaved_rows(&self, owner: &str) -> Vec<Row> {
        let rows = [self.mark(owner)].into_iter().chain(self.picture().rows());
        rows.collect()
    }

    /// Takes back what [`Model::unsaved_rows`] gave, in place of the state: if the store still is where
    /// it was then. Whether it did. It is saved with the next [`Model::commit`].
    pub fn restore_unsaved(&mut self, rows: &[Row], owner: &str) -> bool {
        let mark = self.mark(owner);
        let is_ours = rows
            .first()
            .is_some_and(|row| row.name == mark.name && row.value == mark.value);
        if let (true, Some(rows)) = (is_ours, rows.get(1..)) {
            self.state = State::default();
            self.changed.clear();
            self.load_rows(rows);
            self.touched.everything();
        }
        is_ours
    }

    fn mark(&self, owner: &str) -> Row {
        Picture::record_row(FOLLOWS, &format!("{} {owner}", self.store.position()))
    }
}
