//! What is found at start.
//!
//! | `.data` | the state |
//! |---|---|
//! | whole | it, then `.journal` if that belongs to it, else `.journal~` if that does |
//! | absent, damaged, unreadable | `.data~`, then the journal that belongs to it; if that is `.journal~`, then also `.journal`, provided that it continues the same state |
//!
//! A file is absent only if the system says so (ENOENT). One that is there and cannot be read is worth
//! waiting for ([`Store::try_load`]): until all that leads to the state is read, no file is touched.
//!
//! A checkpoint that was cut short may leave the present state under `.data~`, and its journal under
//! either name. A journal that belongs to neither is older than `.data`, if its generation is; then
//! `.data` has taken it in. If not, somebody edited or replaced `.data`: it holds, and the journal
//! is put aside.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use super::checkpoint::limit_for;
use super::footprint::Footprint;
use super::found::{Found, FoundFiles, StateFile};
use super::journal::{Journal, JournalEntry, JournalHead, JournalRest};
use super::replay::Changes;
use super::{
    DATA, DataFile, ForeignWrite, JOURNAL, JOURNAL_PREVIOUS, JournalFile, PREVIOUS, Store,
    StoreError, TEMPORARY,
};
use crate::datamodel::row::{Row, RowError};

/// The most bad rows of a file that are named one by one.
const MAX_ROW_NOTICES: usize = 10;

/// What was found at start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// The rows: those of the state file in its order, then those that are newer.
    pub rows: Vec<Row>,
    /// Which file they are from.
    pub from: LoadedFrom,
    /// What the sources are to write, in this order, because it is not known to be done; then
    /// [`Store::carried_out`].
    pub unfinished: Vec<ForeignWrite>,
    /// What a person should know, already logged.
    pub notices: Vec<String>,
}

/// Which generation was loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadedFrom {
    /// `parameters.data`.
    Data,
    /// `parameters.data~`.
    Previous,
    /// There is no file: the first start.
    Nothing,
    /// There are files, but no whole state: it is lost, though this is no first start.
    Damaged,
}

impl Store {
    /// Reads the newest state. What is wrong is in the notices and in the log. To be called once,
    /// before anything else.
    ///
    /// # Errors
    /// `Unreadable`: a file is there and cannot be read now. Nothing was touched, and it may be called
    /// again.
    pub fn try_load(&mut self) -> Result<Loaded, StoreError> {
        self.readable_files().map(|files| self.load_found(files))
    }

    /// The same without what cannot be read: what else there is has to do. So it never fails.
    pub fn load(&mut self) -> Loaded {
        let files = self.find_files();
        self.load_found(files)
    }

    fn load_found(&mut self, files: FoundFiles) -> Loaded {
        let mut loaded = Loaded {
            rows: Vec::new(),
            from: LoadedFrom::Nothing,
            unfinished: Vec::new(),
            notices: Vec::new(),
        };
        // Left behind by a checkpoint that was cut short; the next one would overwrite it anyway.
        let _ = self.disk.remove(&self.path(TEMPORARY));
        let journals = (files.journal, files.journal_previous);
        match files.data {
            Found::Whole(file) => {
                self.data = DataFile::Whole(file.head());
                self.follow(file, LoadedFrom::Data, journals, &mut loaded);
            }
            other => {
                self.data = self.report_state(DATA, other, &mut loaded);
                match files.previous {
                    Found::Whole(file) => {
                        self.follow(file, LoadedFrom::Previous, journals, &mut loaded);
                    }
                    other => {
                        self.report_state(PREVIOUS, other, &mut loaded);
                        self.follow_nothing(journals.0, &mut loaded);
                    }
                }
            }
        }
        let footprint = Footprint::of(&loaded.rows);
        if let (DataFile::Whole(head), JournalFile::None) = (&mut self.data, &self.journal) {
            head.rows = footprint.sum;
        }
        self.bytes = footprint.bytes;
        self.limit = limit_for(self.bytes);
        loaded
    }

    /// The state that begins with this file.
    fn follow(
        &mut self,
        file: StateFile,
        from: LoadedFrom,
        (present, previous): (Found<Journal>, Found<Journal>),
        loaded: &mut Loaded,
    ) {
        let head = file.head();
        self.generation = head.generation;
        self.data_bytes = file.bytes;
        self.take(file, from, loaded);
        let mut misplaced = Vec::new();
        if from == LoadedFrom::Previous {
            misplaced.push((PREVIOUS, DATA));
            loaded.notice(format!(
                "{} is not there or not whole: what {} and the journals hold is used",
                self.path(DATA).display(),
                self.path(PREVIOUS).display()
            ));
        }
        let present = match present {
            Found::Whole(journal) if journal.belongs_to(&head) => {
                self.continue_with(JOURNAL, journal, loaded);
                return self.put_in_order(head, &misplaced, loaded);
            }
            present => present,
        };
        if let Found::Whole(journal) = previous {
            if journal.belongs_to(&head) {
                misplaced.push((JOURNAL_PREVIOUS, JOURNAL));
                self.continue_with(JOURNAL_PREVIOUS, journal, loaded);
            }
        }
        match present {
            Found::Whole(journal)
                if from == LoadedFrom::Previous
                    && journal.head.rows == Footprint::of(&loaded.rows).sum =>
            {
                // The checkpoint between the two came after all was carried out.
                loaded.unfinished.clear();
                self.continue_with(JOURNAL, journal, loaded);
            }
            other => {
                self.report_journal(other, loaded);
                self.put_in_order(head, &misplaced, loaded);
            }
        }
    }

    /// Gives the present generation its names, so that its journal can be continued.
    fn put_in_order(&mut self, head: JournalHead, misplaced: &[(&str, &str)], loaded: &Loaded) {
        if misplaced.is_empty() || matches!(self.journal, JournalFile::Kept) {
            return;
        }
        // What cannot be read is perhaps newer, and has taken the journal in.
        let kept = matches!(self.data, DataFile::Kept);
        let rename = |(from, to): &(&str, &str)| self.disk.rename(&self.path(from), &self.path(to));
        let placed = |()| self.disk.sync_folder(&self.folder);
        if !kept
            && misplaced
                .iter()
                .try_for_each(rename)
                .and_then(placed)
                .is_ok()
        {
            self.data = DataFile::Whole(head);
        } else {
            self.journal = JournalFile::Closed {
                unfinished: !loaded.unfinished.is_empty(),
            };
        }
    }

    fn follow_nothing(&mut self, journal: Found<Journal>, loaded: &mut Loaded) {
        if !matches!(journal, Found::Absent) {
            loaded.from = LoadedFrom::Damaged;
        }
        self.report_journal(journal, loaded);
    }

    fn take(&self, file: StateFile, from: LoadedFrom, loaded: &mut Loaded) {
        let name = match from {
            LoadedFrom::Previous => PREVIOUS,
            _ => DATA,
        };
        let parsed = file.parsed;
        let carried: BTreeSet<u32> = parsed.rows.iter().map(|(line, _)| *line).collect();
        let is_kept = |line| carried.contains(&line);
        loaded.bad_rows(&self.path(name), &parsed.errors, is_kept);
        loaded.rows = parsed.rows.into_iter().map(|(_, row)| row).collect();
        loaded.from = from;
    }

    /// Takes in what a journal holds, and makes its end ready for the next change.
    fn continue_with(&mut self, name: &str, journal: Journal, loaded: &mut Loaded) {
        let path = self.path(name);
        loaded.bad_rows(&path, &journal.errors, |_| true);
        if !journal.errors.is_empty() {
            // Who wrote them meant something by their order.
            match self.copy_aside(name) {
                Ok(copy) => loaded.notice(format!("a copy is kept as {}", copy.display())),
                Err(error) => log::debug!("{}: {error}", path.display()),
            }
        }
        let mut changes = Changes::default();
        for entry in journal.entries {
            match entry {
                JournalEntry::Batch(mut batch) => {
                    loaded.unfinished.append(&mut batch.writes);
                    changes.add(batch);
                }
                JournalEntry::CarriedOut => loaded.unfinished.clear(),
            }
        }
        changes.apply(&mut loaded.rows);
        self.generation = self.generation.max(journal.head.generation);
        self.journal = JournalFile::At(journal.end);
        match journal.rest {
            JournalRest::Nothing => return,
            JournalRest::Torn => {
                log::debug!("{}: its end was never promised", path.display());
            }
            JournalRest::Damaged { line } => {
                let kept = match self.copy_aside(name) {
                    Ok(copy) => format!("all of it is kept as {}", copy.display()),
                    Err(error) => format!("it could not be copied: {error}"),
                };
                loaded.notice(format!(
                    "{} is damaged from line {line} on: what stands before is used, the rest is \
                     not; {kept}",
                    path.display()
                ));
            }
        }
        // At once: bytes of the next change between those of an older one would read as damage.
        let cut = self.disk.open(&path, journal.end.length);
        if let Err(error) = cut.and_then(|mut file| file.sync()) {
            log::debug!("{}: {error}", path.display());
        }
    }
}

impl Loaded {
    pub(super) fn notice(&mut self, text: String) {
        log::warn!("{text}");
        self.notices.push(text);
    }

    pub(super) fn damaged(&mut self, path: &Path, why: &str, aside: io::Result<impl AsRef<Path>>) {
        let kept = match aside {
            Ok(aside) => format!("it is kept as {}", aside.as_ref().display()),
            Err(error) => format!("it could not be put aside: {error}"),
        };
        self.notice(format!("{} is not used: {why}; {kept}", path.display()));
    }

    /// One that is too long, or no text, is not carried along.
    fn bad_rows(&mut self, path: &Path, errors: &[(u32, RowError)], is_kept: impl Fn(u32) -> bool) {
        for (line, error) in errors.iter().take(MAX_ROW_NOTICES) {
            let what = match is_kept(*line) {
                true => "is kept, and not used",
                false => "is not used, and is gone when the file is next written",
            };
            self.notice(format!(
                "{}:{line}: {error}; the line {what}",
                path.display()
            ));
        }
        if let Some(more @ 1..) = errors.len().checked_sub(MAX_ROW_NOTICES) {
            self.notice(format!("{}: {more} more bad rows", path.display()));
        }
    }
}
