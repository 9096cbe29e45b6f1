//! Description, sources and store to a model.

use std::collections::BTreeSet;
use std::path::Path;
use std::rc::Rc;

use super::{Model, OpenError, describe};
use crate::datamodel::schema::Schema;
use crate::datamodel::source::Sources;
use crate::datamodel::state::State;
use crate::datamodel::store::{Loaded, LoadedFrom, Store};

impl Model {
    /// Opens the model that the csv files in `dir` describe, below `root` (`Device.`; see
    /// [`describe`] for when it is not), in the state that the store in `dir` keeps. What is wrong but can be lived with is logged: bad rows are
    /// left out, a torn state file gives way to its previous generation, and a change that a power
    /// cut stopped half-way is carried out.
    ///
    /// # Errors
    /// Where there is no description at all, or no such folder; `Unreadable` where a csv file or a
    /// state file is there and cannot be read now. Then nothing was touched.
    pub fn open(dir: &Path, root: &str, sources: Sources) -> Result<Self, OpenError> {
        let mut model = Self::describe(dir, root, sources)?;
        let loaded = model.store.try_load();
        model.take(loaded.map_err(|error| OpenError::Unreadable(error.to_string()))?);
        Ok(model)
    }

    /// The same without the state files that cannot be read; they are kept, and not read again.
    ///
    /// # Errors
    /// As [`Model::open`], but for the state.
    pub fn open_in_part(dir: &Path, root: &str, sources: Sources) -> Result<Self, OpenError> {
        let mut model = Self::describe(dir, root, sources)?;
        let loaded = model.store.load();
        model.take(loaded);
        Ok(model)
    }

    fn describe(dir: &Path, root: &str, mut sources: Sources) -> Result<Self, OpenError> {
        let (schema, found) = describe(dir, root, &mut sources)?;
        for finding in found {
            match finding.is_note {
                true => log::debug!("{finding}"),
                false => log::warn!("{finding}"),
            }
        }
        Ok(Self::with_nothing_kept(schema, sources, dir))
    }

    /// As it comes from the factory, whatever is kept in `dir`; to look at it.
    pub fn from_factory(schema: Schema, sources: Sources, dir: &Path) -> Self {
        let mut model = Self::with_nothing_kept(schema, sources, dir);
        model.add_described_instances();
        model
    }

    fn with_nothing_kept(schema: Schema, sources: Sources, dir: &Path) -> Self {
        Self {
            schema: Rc::new(schema),
            state: State::default(),
            sources,
            store: Store::new(dir),
            touched: Default::default(),
            recount: false,
            mixed: Default::default(),
            changed: Default::default(),
            news: BTreeSet::new(),
            sent: Vec::new(),
            set_states: BTreeSet::new(),
            rules: Default::default(),
            misfits: Default::default(),
            unix: 0,
            learnt: Default::default(),
            uptime: Default::default(),
            unsaved: None,
        }
    }

    fn take(&mut self, loaded: Loaded) {
        match loaded.from {
            LoadedFrom::Data | LoadedFrom::Previous => self.load_rows(&loaded.rows),
            LoadedFrom::Nothing | LoadedFrom::Damaged => self.add_described_instances(),
        }
        self.replay(&loaded.unfinished);
        self.settle_store();
    }
}
