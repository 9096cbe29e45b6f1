//! The whole state, written anew.

use std::io;

use super::footprint::Footprint;
use super::found::{JOURNAL_ASIDE, STATE_ASIDE};
use super::journal::JournalHead;
use super::{
    DATA, DataFile, JOURNAL, JOURNAL_PREVIOUS, JournalFile, MAX_STATE_BYTES, MIN_JOURNAL_BYTES,
    PREVIOUS, RESERVED_BYTES, Store, StoreError, TEMPORARY,
};
use crate::datamodel::csv::FileWriter;
use crate::datamodel::row::Row;

/// So much text is gathered before it is written.
const CHUNK_BYTES: usize = 64 * 1024;

/// Why there is no new state file.
enum Refused {
    TooLarge(usize),
    Failed(io::Error),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

impl Store {
    /// Makes `rows` the state, durably, with no journal behind it. They are written one by one, so
    /// that there is no second copy of all of them in memory.
    ///
    /// A checkpoint may also change the state. But then a `parameters.data` that is damaged later
    /// is lost with all that follows: only where the rows are what the journal leads to, can it be
    /// made up for from the generation before.
    ///
    /// # Errors
    /// `Unfinished` while there are writes that are not carried out; `TooLarge`; `NotSaved`. The
    /// state before holds, on disk too.
    pub fn checkpoint(&mut self, rows: &mut dyn Iterator<Item = Row>) -> Result<(), StoreError> {
        if self.is_unfinished() {
            return Err(StoreError::Unfinished(self.path(JOURNAL)));
        }
        let generation = self.generation.saturating_add(1);
        let written = self.write_state(generation, rows).and_then(|written| {
            self.put_in_place()?;
            Ok(written)
        });
        let (footprint, data) = match written {
            Ok(written) => written,
            Err(refused) => {
                let _ = self.disk.remove(&self.path(TEMPORARY));
                if let JournalFile::At(end) = self.journal {
                    self.put_off = end.length.saturating_add(MIN_JOURNAL_BYTES);
                }
                return Err(match refused {
                    Refused::TooLarge(bytes) => StoreError::TooLarge { bytes },
                    Refused::Failed(error) => StoreError::NotSaved(self.path(DATA), error),
                });
            }
        };
        self.data = DataFile::Whole(JournalHead {
            generation,
            data,
            rows: footprint.sum,
        });
        self.journal = self.clear_journal();
        self.before = None;
        self.mark_is_due = false;
        self.put_off = 0;
        self.generation = generation;
        self.bytes = footprint.bytes;
        self.data_bytes = footprint.bytes;
        self.limit = limit_for(footprint.bytes).min(self.limit);
        Ok(())
    }

    /// Writes the new state file under its temporary name, synced; its size and its checksum.
    fn write_state(
        &self,
        generation: u32,
        rows: &mut dyn Iterator<Item = Row>,
    ) -> Result<(Footprint, u32), Refused> {
        let mut file = self.disk.create(&self.path(TEMPORARY))?;
        let (mut text, mut lines) = (String::new(), FileWriter::default());
        let mut footprint = Footprint::default();
        lines.line(&generation_line(generation), &mut text);
        for row in rows {
            let line = row.to_line();
            footprint.add(&line);
            if footprint.bytes > self.limit.max(self.bytes) {
                return Err(Refused::TooLarge(footprint.bytes));
            }
            lines.line(&line, &mut text);
            if text.len() >= CHUNK_BYTES {
                file.write(text.as_bytes())?;
                text.clear();
            }
        }
        let data = lines.end(&mut text);
        file.write(text.as_bytes())?;
        file.sync()?;
        Ok((footprint, data))
    }

    /// Gives the files their new names. On an error they have the old ones again.
    fn put_in_place(&mut self) -> io::Result<()> {
        let mut renames = Vec::new();
        match self.data {
            DataFile::Whole(_) => renames.push((DATA, PREVIOUS)),
            DataFile::Kept => {
                let [aside, before] = STATE_ASIDE;
                let _ = self.disk.rename(&self.path(aside), &self.path(before));
                renames.push((DATA, aside));
            }
            DataFile::None => {}
        }
        if let JournalFile::At(_) = self.journal {
            renames.push((JOURNAL, JOURNAL_PREVIOUS));
        }
        renames.push((TEMPORARY, DATA));
        let mut done = Vec::new();
        let mut placed = Ok(());
        for (from, to) in renames {
            placed = self.disk.rename(&self.path(from), &self.path(to));
            if placed.is_err() {
                break;
            }
            done.push((from, to));
        }
        if placed.is_ok() {
            placed = self.disk.sync_folder(&self.folder);
        }
        if placed.is_err() && !done.is_empty() {
            self.rename_back(&done);
        }
        placed
    }

    /// Until the old names are durable again, a power cut might leave the new file under the name
    /// of the state, without what is appended to the old journal from now on. So where they are
    /// not, only a checkpoint can follow.
    fn rename_back(&mut self, done: &[(&str, &str)]) {
        let back = done
            .iter()
            .rev()
            .try_for_each(|(from, to)| self.disk.rename(&self.path(to), &self.path(from)))
            .and_then(|()| self.disk.sync_folder(&self.folder));
        if back.is_err() {
            self.data = DataFile::None;
            self.journal = JournalFile::Closed { unfinished: false };
        }
    }

    /// Removes what is left at the name of the journal after a checkpoint that could not continue
    /// it. Where that fails, the generation in its first line still tells that it is an old one.
    fn clear_journal(&self) -> JournalFile {
        let path = self.path(JOURNAL);
        match self.journal {
            JournalFile::None | JournalFile::At(_) => {}
            JournalFile::Closed { .. } => match self.disk.remove(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    log::debug!("{}: {error}", path.display());
                }
                _ => {}
            },
            JournalFile::Kept => {
                if let Err(error) = self.set_aside(JOURNAL, JOURNAL_ASIDE) {
                    log::warn!("cannot put {} aside: {error}", path.display());
                    return JournalFile::Kept;
                }
            }
        }
        JournalFile::None
    }
}

/// The first line of a state file.
pub(super) fn generation_line(generation: u32) -> String {
    format!("{GENERATION}{generation}")
}

/// The number in the first line of a state file, behind which a newer version may say more; 0 where
/// the 2008 agent, an older version or a person wrote it.
pub(super) fn generation_of(file: &[u8]) -> u32 {
    let line = file.split(|b| *b < b' ').next().unwrap_or_default();
    let text = std::str::from_utf8(line).unwrap_or_default();
    let words = text.strip_prefix(GENERATION).map(|rest| rest.split(' '));
    let number = words.and_then(|mut words| words.next()?.parse().ok());
    number.unwrap_or(0)
}

const GENERATION: &str = "# generation ";

/// The most bytes that a state of so many may grow to. One that an older version let grow past the
/// bound must still take events and what empties it.
pub(super) fn limit_for(bytes: usize) -> usize {
    MAX_STATE_BYTES.max(bytes.saturating_add(RESERVED_BYTES))
}
