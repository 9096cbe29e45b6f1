//! The files at start, each by itself: read, told of where they are wrong, put aside.

use std::io;
use std::path::PathBuf;

use super::checkpoint::generation_of;
use super::journal::{self, Journal, JournalHead, JournalRest};
use super::{
    CORRUPT, CORRUPT_PREVIOUS, DATA, DataFile, JOURNAL, JOURNAL_CORRUPT, JOURNAL_CORRUPT_PREVIOUS,
    JOURNAL_PREVIOUS, JournalFile, Loaded, LoadedFrom, MAX_FILE_BYTES, PREVIOUS, Store, StoreError,
};
use crate::datamodel::csv::{self, Parsed, Trailer};

/// Where damaged state files go.
pub(super) const STATE_ASIDE: [&str; 2] = [CORRUPT, CORRUPT_PREVIOUS];
/// Where damaged journals go.
pub(super) const JOURNAL_ASIDE: [&str; 2] = [JOURNAL_CORRUPT, JOURNAL_CORRUPT_PREVIOUS];

/// What one of the files turned out to be.
pub(super) enum Found<T> {
    Whole(T),
    Absent,
    Damaged(String),
    Unreadable(io::Error),
}

impl<T> Found<T> {
    fn not_read(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Absent,
            // No other day makes it one of ours.
            io::ErrorKind::FileTooLarge => {
                Self::Damaged(format!("it is larger than {MAX_FILE_BYTES} bytes"))
            }
            _ => Self::Unreadable(error),
        }
    }
}

/// The files at start, each read once and before any of them is touched: what leads to the state, and
/// no more.
pub(super) struct FoundFiles {
    pub(super) data: Found<StateFile>,
    /// Absent also where `data` is whole.
    pub(super) previous: Found<StateFile>,
    pub(super) journal: Found<Journal>,
    /// Absent also where `journal` belongs to the state file, or there is none.
    pub(super) journal_previous: Found<Journal>,
}

/// A state file that is whole.
pub(super) struct StateFile {
    generation: u32,
    pub(super) bytes: usize,
    pub(super) parsed: Parsed,
}

impl StateFile {
    /// How its journal begins, but for the sum of the rows.
    pub(super) fn head(&self) -> JournalHead {
        JournalHead {
            generation: self.generation,
            data: self.parsed.crc,
            rows: 0,
        }
    }
}

impl Journal {
    /// The first line of a newer version's state file may say its number in another way: then the
    /// checksum alone tells.
    pub(super) fn belongs_to(&self, head: &JournalHead) -> bool {
        let is_numbered = head.generation != 0;
        let differs = is_numbered && self.head.generation != head.generation;
        self.head.data == head.data && !differs
    }
}

impl Store {
    pub(super) fn find_files(&self) -> FoundFiles {
        let data = self.read_state(DATA);
        let previous = match data {
            Found::Whole(_) => Found::Absent,
            _ => self.read_state(PREVIOUS),
        };
        let present = self.read_journal(JOURNAL);
        let head = match (&data, &previous) {
            (Found::Whole(file), _) | (_, Found::Whole(file)) => Some(file.head()),
            _ => None,
        };
        let is_continued = match (&present, &head) {
            (Found::Whole(journal), Some(head)) => journal.belongs_to(head),
            _ => false,
        };
        let journal_previous = match head {
            Some(_) if !is_continued => self.read_journal(JOURNAL_PREVIOUS),
            _ => Found::Absent,
        };
        FoundFiles {
            data,
            previous,
            journal: present,
            journal_previous,
        }
    }

    /// The same, if all of them could be read.
    pub(super) fn readable_files(&self) -> Result<FoundFiles, StoreError> {
        let files = self.find_files();
        let failed = |name, error| Err(StoreError::Unreadable(self.path(name), error));
        match files {
            FoundFiles {
                data: Found::Unreadable(error),
                ..
            } => failed(DATA, error),
            FoundFiles {
                previous: Found::Unreadable(error),
                ..
            } => failed(PREVIOUS, error),
            FoundFiles {
                journal: Found::Unreadable(error),
                ..
            } => failed(JOURNAL, error),
            FoundFiles {
                journal_previous: Found::Unreadable(error),
                ..
            } => failed(JOURNAL_PREVIOUS, error),
            readable => Ok(readable),
        }
    }

    fn read_state(&self, name: &str) -> Found<StateFile> {
        let bytes = match self.disk.read(&self.path(name), MAX_FILE_BYTES) {
            Ok(bytes) => bytes,
            Err(error) => return Found::not_read(error),
        };
        let parsed = csv::parse_kept(&bytes);
        match parsed.trailer {
            Trailer::Good | Trailer::Unchecked => Found::Whole(StateFile {
                generation: generation_of(&bytes),
                bytes: bytes.len(),
                parsed,
            }),
            Trailer::Missing => Found::Damaged("its end is missing".to_owned()),
            Trailer::Bad { .. } => Found::Damaged(
                "its checksum is wrong (after editing by hand, end the file with a line **)"
                    .to_owned(),
            ),
        }
    }

    /// Absent is also a journal whose first transaction was never promised.
    fn read_journal(&self, name: &str) -> Found<Journal> {
        let bytes = match self.disk.read(&self.path(name), MAX_FILE_BYTES) {
            Ok(bytes) => bytes,
            Err(error) => return Found::not_read(error),
        };
        match journal::parse(&bytes) {
            Ok(journal) => Found::Whole(journal),
            Err(JournalRest::Damaged { .. }) => {
                Found::Damaged("its first line is wrong".to_owned())
            }
            Err(JournalRest::Nothing | JournalRest::Torn) => Found::Absent,
        }
    }

    /// Tells of a state file that is not whole, and puts a damaged one aside.
    pub(super) fn report_state(
        &self,
        name: &str,
        found: Found<StateFile>,
        loaded: &mut Loaded,
    ) -> DataFile {
        let path = self.path(name);
        match found {
            Found::Whole(_) | Found::Absent => DataFile::None,
            Found::Unreadable(error) => {
                loaded.from = LoadedFrom::Damaged;
                loaded.notice(StoreError::Unreadable(path, error).to_string());
                DataFile::Kept
            }
            Found::Damaged(why) => {
                loaded.from = LoadedFrom::Damaged;
                let aside = self.set_aside(name, STATE_ASIDE);
                let kept = if aside.is_ok() {
                    DataFile::None
                } else {
                    DataFile::Kept
                };
                loaded.damaged(&path, &why, aside);
                kept
            }
        }
    }

    /// Whether the journal is older than the state file.
    fn has_taken_in(&self, journal: &Journal) -> bool {
        matches!(self.data, DataFile::Whole(head) if journal.head.generation < head.generation)
    }

    /// Tells of a present journal that cannot be used, and puts it aside; one that the state file
    /// has taken in quietly becomes the one before.
    pub(super) fn report_journal(&mut self, found: Found<Journal>, loaded: &mut Loaded) {
        let path = self.path(JOURNAL);
        let why = match found {
            Found::Absent => return,
            Found::Unreadable(error) => {
                loaded.notice(StoreError::Unreadable(path, error).to_string());
                self.journal = JournalFile::Kept;
                return;
            }
            Found::Whole(journal) if self.has_taken_in(&journal) => {
                log::debug!("{}: taken in already", path.display());
                let _ = self.disk.rename(&path, &self.path(JOURNAL_PREVIOUS));
                return;
            }
            Found::Whole(_) if matches!(self.data, DataFile::Kept) => {
                // It belongs to what cannot be read.
                self.journal = JournalFile::Kept;
                return;
            }
            Found::Whole(journal) => format!(
                "it belongs to another {DATA}, of generation {}; was that edited or replaced while \
                 there was a journal?",
                journal.head.generation
            ),
            Found::Damaged(why) => why,
        };
        let aside = self.set_aside(JOURNAL, JOURNAL_ASIDE);
        if aside.is_err() {
            self.journal = JournalFile::Kept;
        }
        loaded.damaged(&path, &why, aside);
    }

    /// Puts a file aside under the first of two names; what had it takes the second. Where it is
    /// now.
    pub(super) fn set_aside(&self, name: &str, [aside, before]: [&str; 2]) -> io::Result<PathBuf> {
        let aside = self.path(aside);
        let _ = self.disk.rename(&aside, &self.path(before));
        self.disk.rename(&self.path(name), &aside)?;
        Ok(aside)
    }

    /// Keeps a copy of a journal that itself goes on from its good part. Where it is.
    pub(super) fn copy_aside(&self, name: &str) -> io::Result<PathBuf> {
        let bytes = self.disk.read(&self.path(name), MAX_FILE_BYTES)?;
        let [aside, before] = JOURNAL_ASIDE.map(|name| self.path(name));
        let _ = self.disk.rename(&aside, &before);
        let mut file = self.disk.create(&aside)?;
        file.write(&bytes)?;
        file.sync()?;
        Ok(aside)
    }
}
