//! One change, whole after any power cut: what is to be written anywhere is in the journal of the
//! store before the first file of a source changes.

use std::collections::BTreeSet;

use super::persist::{Picture, RECORD_STEM};
use super::touched::Touched;
use super::{Model, ModelError};
use crate::datamodel::key::NodeId;
use crate::datamodel::source::SourceError;
use crate::datamodel::store::{Batch, ForeignWrite, StoreError};

impl Model {
    /// Makes durable what differs from the store since the last commit; says whether it wrote.
    ///
    /// # Errors
    /// `ResourcesExceeded` or `Internal`: the old state stays on disk, and the change in memory.
    pub fn commit(&mut self) -> Result<bool, ModelError> {
        self.transact(&BTreeSet::new())
    }

    /// The same with what is staged in the sources `used`. On an error the sources are as they
    /// were.
    pub(super) fn transact(&mut self, used: &BTreeSet<usize>) -> Result<bool, ModelError> {
        let writes = self.staged(used);
        if writes.is_empty() && !self.touched.urgent {
            return Ok(false);
        }
        let touched = std::mem::take(&mut self.touched);
        let done = match touched.whole && writes.is_empty() {
            true => self.checkpoint(),
            false => self.carry_out(&touched, writes, used),
        };
        match done {
            Ok(()) => {
                self.settle_store();
                Ok(true)
            }
            Err(error) => {
                self.rollback(used);
                self.touched = touched;
                Err(error)
            }
        }
    }

    /// Journal, sources, mark.
    fn carry_out(
        &mut self,
        touched: &Touched,
        writes: Vec<ForeignWrite>,
        used: &BTreeSet<usize>,
    ) -> Result<(), ModelError> {
        let batch = self.batch(touched, writes);
        match self.store.append(&batch) {
            // What is not journalled is in the whole state as well.
            Err(StoreError::NeedsCheckpoint(_) | StoreError::TooLarge { .. })
                if batch.writes.is_empty() =>
            {
                return self.checkpoint();
            }
            appended => {
                self.recount |= appended.is_err();
                self.hear(appended)?;
            }
        }
        if batch.writes.is_empty() {
            return Ok(());
        }
        match self.commit_sources(used) {
            Ok(()) => {
                // Carried out once more after a power cut, at the worst.
                if let Err(error) = self.store.carried_out() {
                    log::warn!("{error}");
                }
                Ok(())
            }
            Err(why) => {
                if let Err(error) = self.store.take_back() {
                    log::error!("{error}");
                }
                Err(ModelError::Internal(why))
            }
        }
    }

    /// Does the store's own work, where it has some: the state is as it was promised.
    pub(super) fn settle_store(&mut self) {
        if !self.recount && !self.store.wants_checkpoint(0) {
            return;
        }
        // What was promised is durable already.
        match self.write_state() {
            Err(error) if self.store.goes_on() => log::warn!("{error}; the journal goes on"),
            written => self.recount &= self.hear(written).is_err(),
        }
    }

    /// Brings all of the state into one file, for people to find; at the end of the program.
    ///
    /// # Errors
    /// As [`Model::commit`].
    pub fn close(&mut self) -> Result<(), ModelError> {
        self.touched.urgent |= !self.touched.learnt.is_empty();
        match self.store.has_journal() {
            true => self.checkpoint(),
            false => self.commit().map(drop),
        }
    }

    /// Writes the whole state, so that the journal is empty.
    ///
    /// # Errors
    /// As [`Model::commit`].
    pub fn checkpoint(&mut self) -> Result<(), ModelError> {
        let written = self.write_state();
        self.hear(written)
    }

    fn write_state(&mut self) -> Result<(), StoreError> {
        let Self {
            schema,
            state,
            sources,
            store,
            ..
        } = self;
        let picture = Picture {
            schema,
            state,
            sources,
        };
        store.checkpoint(&mut picture.rows())?;
        self.touched = Touched::default();
        Ok(())
    }

    fn batch(&self, touched: &Touched, writes: Vec<ForeignWrite>) -> Batch {
        let picture = self.picture();
        let mut batch = Batch {
            writes,
            ..Batch::default()
        };
        if touched.whole {
            // In place of all that stood there before.
            let top = self.schema.node(NodeId::ROOT).children().iter();
            let top = top.map(|node| self.schema.template_path(*node));
            batch.gone = top.chain([RECORD_STEM.to_owned()]).collect();
            batch.rows = picture.rows().collect();
            return batch;
        }
        for &table in &touched.tables {
            batch.rows.extend(picture.table_row(table));
        }
        for &(table, number) in &touched.instances {
            match picture.instance_row(table, number) {
                Some(row) => batch.rows.push(row),
                // What the description itself has needs no row.
                None if self.state.has_instance(table, number) => {}
                None => batch.gone.push(picture.instance_name(table, number)),
            }
        }
        for &key in &touched.parameters {
            match picture.durable_row(key) {
                Some(row) => batch.rows.push(row),
                None => batch.gone.push(self.schema.relative_path(key)),
            }
        }
        for key in &touched.records {
            match self.record(key) {
                Some(value) => batch.rows.push(Picture::record_row(key, value)),
                None => batch.gone.push(Picture::record_name(key)),
            }
        }
        batch
    }

    fn staged(&self, used: &BTreeSet<usize>) -> Vec<ForeignWrite> {
        let sources = used.iter().filter_map(|&index| self.sources.get(index));
        let writes = sources.flat_map(|(kind, source)| {
            let lines = source.staged().into_iter();
            lines.map(|line| ForeignWrite {
                kind: (*kind).to_owned(),
                line,
            })
        });
        writes.collect()
    }

    pub(super) fn rollback(&mut self, used: &BTreeSet<usize>) {
        for &index in used {
            if let Some((_, source)) = self.sources.get_mut(index) {
                source.rollback();
            }
        }
    }

    /// Commits the sources one after the other; the first failure takes all back.
    fn commit_sources(&mut self, used: &BTreeSet<usize>) -> Result<(), String> {
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
        Ok(())
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

    /// Carries out what a power cut kept the sources from writing.
    pub(super) fn replay(&mut self, writes: &[ForeignWrite]) {
        for write in writes {
            let source = self
                .sources
                .iter_mut()
                .find(|(kind, _)| *kind == write.kind);
            let done = match source {
                Some((_, source)) => source.replay(&write.line),
                None => Err(SourceError::Failed("there is no such source".to_owned())),
            };
            match done {
                Ok(()) => log::info!("{}: a change cut short by a power cut is done", write.kind),
                Err(error) => log::error!(
                    "{}: a change cut short by a power cut cannot be carried out: {error}",
                    write.kind
                ),
            }
        }
        if !writes.is_empty() {
            if let Err(error) = self.store.carried_out() {
                log::warn!("{error}");
            }
        }
    }
}
