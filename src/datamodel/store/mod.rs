//! What must survive a power cut, in two generations of files:
//!
//! | file | holds |
//! |---|---|
//! | `parameters.data` | the state at the last checkpoint, as rows |
//! | `parameters.journal` | what was changed since, [`journal`] |
//! | `parameters.data~`, `parameters.journal~` | the same of the generation before |
//!
//! A change is appended to the journal and synced ([`Store::append`]): a few hundred bytes, however
//! large the state is. A checkpoint ([`Store::checkpoint`]) writes the whole state to a third file,
//! syncs it, renames the present two files to their names with `~`, gives the new one its name, and
//! syncs the folder; the next change begins the next journal.
//!
//! **Which journal belongs to which state file** is never told by names alone, for a power cut may
//! keep any of the renames and lose the others. A state file begins with the comment
//! `# generation N`, so that no two have the same checksum; the first line of a journal names number
//! and checksum of its state file. Whatever a cut leaves, the present state file is there under one
//! of the two names, and so is its journal (`load.rs` lists the cases).
//!
//! **A damaged `parameters.data` loses nothing**: the generation before and its journal lead to the
//! same state, if they add up to what the head of the present journal says; then it is applied too.
//! So a file that was not read back as good never takes the name with `~`, and one that cannot be
//! read is neither renamed to it nor overwritten.
//!
//! A damaged file is kept for people to look at, as `parameters.data.corrupt` or
//! `parameters.journal.corrupt`, the one before it with `~` behind, and no more than these.
//!
//! **Other versions** read these files too. A newer one may write more words in the two first lines,
//! more columns, other types, lines of its own and further signs but those that close a transaction:
//! an older one uses what it understands and carries the rest along
//! ([`Row::parse_kept`], [`Row::unread`]).
//!
//! Together with [`disk`](super::disk) the only place of this floor that touches the disk.

mod append;
mod checkpoint;
mod error;
mod footprint;
mod found;
pub mod journal;
mod load;
mod model_files;
mod replay;

use std::io;
use std::path::PathBuf;

use self::journal::{JournalEnd, JournalHead};
use super::disk::{Disk, RealDisk};
use super::row::Row;

pub use error::StoreError;
pub use load::{Loaded, LoadedFrom};
pub use model_files::read_model;

/// The state at the last checkpoint.
pub const DATA: &str = "parameters.data";
/// The state at the checkpoint before it.
pub const PREVIOUS: &str = "parameters.data~";
/// The state being written.
pub const TEMPORARY: &str = "parameters.data.new";
/// The last damaged state file found.
pub const CORRUPT: &str = "parameters.data.corrupt";
/// The damaged state file before it.
pub const CORRUPT_PREVIOUS: &str = "parameters.data.corrupt~";
/// What was changed since the last checkpoint.
pub const JOURNAL: &str = "parameters.journal";
/// What was changed between the last two checkpoints.
pub const JOURNAL_PREVIOUS: &str = "parameters.journal~";
/// The last damaged or foreign journal found.
pub const JOURNAL_CORRUPT: &str = "parameters.journal.corrupt";
/// The one before it.
pub const JOURNAL_CORRUPT_PREVIOUS: &str = "parameters.journal.corrupt~";

/// The largest file read, model, state or journal. Versions without a journal wrote states up to
/// this size.
pub const MAX_FILE_BYTES: usize = 16 * 1024 * 1024;

/// The most bytes that the rows of the state may take as text. 20,000 stored rows take 2 MiB; a box
/// has 16 to 128 MB of flash, and there are two generations and, during a checkpoint, a third.
pub const MAX_STATE_BYTES: usize = 4 * 1024 * 1024;

/// The part of [`MAX_STATE_BYTES`] that no request may use up, see
/// [`MAX_REQUESTED_BYTES`](super::model::MAX_REQUESTED_BYTES): a box whose state an ACS has filled
/// still keeps its events, ParameterKey and what it needs to be emptied again.
pub const RESERVED_BYTES: usize = 256 * 1024;

/// A journal is taken into a checkpoint when it would grow past this, or past half the state where
/// that is more. So all that is written is at most three times what is changed, however large the
/// state; a start reads half as much again at most; and a small state, which is most of them, is
/// written once in dozens of sessions. It is the size of an erase block of small NOR flash.
const MIN_JOURNAL_BYTES: usize = 64 * 1024;

/// Where the state seems to be this near to its limit, a checkpoint counts it anew sooner.
const LITTLE_ROOM_BYTES: usize = RESERVED_BYTES / 2;

/// One transaction: what becomes durable at once. What is gone goes first, so that a name may be in
/// both lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Rows that are new or changed, without the root in their names.
    pub rows: Vec<Row>,
    /// Names of rows that are no more, without the root; one that ends in `.` takes all rows below
    /// it along.
    pub gone: Vec<String>,
    /// What the sources are to write. The store keeps it until [`Store::carried_out`].
    pub writes: Vec<ForeignWrite>,
}

impl Batch {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.gone.is_empty() && self.writes.is_empty()
    }

    /// [`Row::line_bytes`] of the new rows.
    pub fn row_bytes(&self) -> usize {
        self.rows.iter().map(Row::line_bytes).sum()
    }
}

/// What a source of the model (UCI, stub file) is to write; carried out again after a power cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignWrite {
    /// The kind of the source.
    pub kind: String,
    /// What only the source understands.
    pub line: String,
}

/// The state files in one folder.
pub struct Store {
    folder: PathBuf,
    disk: Box<dyn Disk>,
    data: DataFile,
    journal: JournalFile,
    /// What [`Store::take_back`] goes back to: the journal and [`Store::bytes`] before the last
    /// batch.
    before: Option<(JournalFile, usize)>,
    /// What the sources were to write is written, but the journal could not be told.
    mark_is_due: bool,
    /// The highest generation seen.
    generation: u32,
    bytes: usize,
    /// What the state took at the last checkpoint.
    data_bytes: usize,
    /// How long the journal has to be for a checkpoint after one that failed, as on a full disk: each
    /// may write all of the state.
    put_off: usize,
    /// At most so many may they become: [`MAX_STATE_BYTES`], unless an older version left more.
    limit: usize,
}

/// What is at the name `parameters.data`.
#[derive(Clone, Copy, Debug)]
enum DataFile {
    /// Nothing that is needed.
    None,
    /// The present generation, whole. The head is that of its journal.
    Whole(JournalHead),
    /// What could not be read, or not be put aside: to be kept when it is replaced.
    Kept,
}

/// What is at the name `parameters.journal`.
#[derive(Clone, Copy, Debug)]
enum JournalFile {
    /// Nothing that is needed: the next change begins a journal.
    None,
    /// The journal of the present generation; the next change goes to its end.
    At(JournalEnd),
    /// No journal that can be continued: a checkpoint has to come first. Perhaps one that ends in
    /// what was never promised, which the checkpoint removes.
    Closed {
        /// Whether there are writes that are not known to be carried out.
        unfinished: bool,
    },
    /// What could not be read. The same, but it is put aside.
    Kept,
}

impl Store {
    /// The store in a folder of the box.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self::on(Box::new(RealDisk), folder)
    }

    /// The store in a folder of any disk. To be loaded before anything else is done with it.
    pub fn on(disk: Box<dyn Disk>, folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            disk,
            data: DataFile::None,
            journal: JournalFile::None,
            before: None,
            mark_is_due: false,
            generation: 0,
            bytes: 0,
            data_bytes: 0,
            put_off: 0,
            limit: MAX_STATE_BYTES,
        }
    }

    /// The bytes that the rows of the state take as text. Exact after [`Store::load`] and
    /// [`Store::checkpoint`]; in between rows that are replaced or gone still count.
    #[cfg(feature = "inside")]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether a checkpoint is due, with `more_bytes` of journal to come: because the journal is
    /// long, in particular if the state seems nearly full, or because nothing can be appended
    /// otherwise. To be asked when the rows at hand are
    /// the state as it was promised: after a load, and after each change that was made or undone.
    pub fn wants_checkpoint(&self, more_bytes: usize) -> bool {
        if self.is_unfinished() {
            return false;
        }
        match (&self.journal, &self.data) {
            (JournalFile::At(end), _) => {
                let longest = match self.limit.saturating_sub(self.bytes) {
                    // Rows that are replaced still count: the state may be smaller than it seems.
                    ..=LITTLE_ROOM_BYTES => MIN_JOURNAL_BYTES,
                    _ => MIN_JOURNAL_BYTES.max(self.data_bytes / 2),
                };
                end.length.saturating_add(more_bytes) > longest.max(self.put_off)
            }
            (JournalFile::None, DataFile::Whole(_) | DataFile::None) => false,
            _ => true,
        }
    }

    /// Whether there is anything in the journal, so that `parameters.data` alone is not the state:
    /// at a clean stop a checkpoint brings it there, for people to find.
    pub fn has_journal(&self) -> bool {
        !matches!(self.journal, JournalFile::None)
    }

    /// Whether all changes are durable in the journal, and the next one can follow there.
    pub fn goes_on(&self) -> bool {
        matches!(self.journal, JournalFile::At(_))
    }

    /// Tells one durable state from another: differs after every change.
    pub fn position(&self) -> String {
        let length = match self.journal {
            JournalFile::At(end) => end.length,
            JournalFile::None | JournalFile::Closed { .. } | JournalFile::Kept => 0,
        };
        format!("{}.{length}", self.generation)
    }

    /// Whether the journal holds writes that are not known to be carried out.
    fn is_unfinished(&self) -> bool {
        match self.journal {
            JournalFile::At(end) => end.unfinished && !self.mark_is_due,
            JournalFile::Closed { unfinished } => unfinished,
            JournalFile::None | JournalFile::Kept => false,
        }
    }

    /// Removes every older copy of the state, so that after a factory reset nothing of the owner
    /// before is left; to be called right after the [`Store::checkpoint`] of the new state.
    ///
    /// # Errors
    /// `NotForgotten` names the first file that stays.
    pub fn forget_older(&mut self) -> Result<(), StoreError> {
        let mut older = vec![
            PREVIOUS,
            CORRUPT,
            CORRUPT_PREVIOUS,
            JOURNAL_PREVIOUS,
            JOURNAL_CORRUPT,
            JOURNAL_CORRUPT_PREVIOUS,
        ];
        if !self.has_journal() {
            older.push(JOURNAL);
        }
        for name in older {
            match self.disk.remove(&self.path(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(StoreError::NotForgotten(self.path(name), error));
                }
                _ => {}
            }
        }
        self.disk
            .sync_folder(&self.folder)
            .map_err(|error| StoreError::NotForgotten(self.folder.clone(), error))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}
