//! Description, sources and store to a model.

use std::path::Path;
use std::rc::Rc;

use crate::datamodel::source::Sources;
use crate::datamodel::state::State;
use crate::datamodel::store::{LoadedFrom, Store};
use super::{Model, OpenError, describe};

impl Model {
    /// Opens the model that the csv files in `dir` describe, below `root` (`Device.`), in the state
    /// that the store in `dir` keeps. What is wrong but can be lived with is logged: bad rows are
    /// left out, a torn state file gives way to its previous generation.
    ///
    /// # Errors
    /// Where there is no description at all, or the folder cannot be read.
    pub fn open(dir: &Path, root: &str, mut sources: Sources) -> Result<Self, OpenError> {
        let (schema, bad) = describe(dir, root, &mut sources)?;
        for row in bad {
            log::warn!("{row}");
        }
        let mut model = Self {
            schema: Rc::new(schema),
            state: State::default(),
            sources,
            store: Store::new(dir),
            dirty: false,
            mixed: Default::default(),
            changed: Default::default(),
            newest: Default::default(),
            news: false,
            sent: Vec::new(),
            rules: Default::default(),
            misfits: Default::default(),
            unix: 0,
        };
        model.load();
        Ok(model)
    }

    fn load(&mut self) {
        let loaded = self.store.load();
        if !matches!(loaded.from, LoadedFrom::Data | LoadedFrom::Previous) {
            self.load_factory();
            return;
        }
        let rows = loaded.rows;
        // Instances first: in a file that another agent wrote their rows may stand anywhere.
        for row in rows.iter().filter(|row| row.name.ends_with('.')) {
            self.create_instances(&row.name);
        }
        for row in &rows {
            self.load_row(row, false);
        }
    }
}
