//! What must survive a power cut, in two files of rows: `parameters.data` and, behind `~`, the
//! generation before it. Together with [`disk`](super::disk) the only place of this floor that
//! touches the disk.
//!
//! A save writes a third file, syncs it, gives the present `.data` the name `~`, then the new file
//! the name `.data`, and syncs the folder. At every moment one complete generation has one of the
//! two names; a generation that was not read back as good never takes the name `~`, so that
//! however many cuts follow each other none reaches the good one (the original agent lost both by
//! two).
//!
//! A load takes `.data`, else `~`, else nothing. A damaged file is kept for people to look at, as
//! `parameters.data.corrupt`, the one before it with `~` behind, and no more than these two.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use log::warn;

use super::csv::{self, Parsed, Trailer};
use super::disk::{Disk, RealDisk};
use super::row::Row;

/// The state.
pub const DATA: &str = "parameters.data";
/// The state before it.
pub const PREVIOUS: &str = "parameters.data~";
/// The state being written.
pub const TEMPORARY: &str = "parameters.data.new";
/// The last damaged file found.
pub const CORRUPT: &str = "parameters.data.corrupt";
/// The damaged file before it.
pub const CORRUPT_PREVIOUS: &str = "parameters.data.corrupt~";

/// The largest file read, model or state. 20,000 parameters take 2 MiB.
pub const MAX_FILE_BYTES: u64 = 16 * 1024 * 1024;
/// The most model files in one folder.
pub const MAX_MODEL_FILES: usize = 64;
/// The most bad rows of a state file that are named one by one.
const MAX_ROW_NOTICES: usize = 10;

/// The state files in one folder.
pub struct Store {
    folder: PathBuf,
    disk: Box<dyn Disk>,
    /// Whether `.data` is known to be whole, so that it may take the place of `~`.
    data_is_good: bool,
}

/// What was found at start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// The rows, in the order of the file.
    pub rows: Vec<Row>,
    /// Which file they are from.
    pub from: LoadedFrom,
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
    /// Neither file exists: the first start.
    Nothing,
    /// There are files, but none is whole: the state is lost, though this is no first start.
    Damaged,
}

/// Why the state could not be read or written.
#[derive(Debug)]
pub enum StoreError {
    /// A file or folder cannot be read.
    Unreadable(PathBuf, io::Error),
    /// Nothing was changed: the state before holds.
    NotSaved(PathBuf, io::Error),
    /// An older copy of the state could not be removed.
    NotForgotten(PathBuf, io::Error),
    /// More model files than [`MAX_MODEL_FILES`].
    TooManyFiles(PathBuf),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(path, error) => {
                write!(
                    f,
                    "cannot read {}: {error}{}",
                    path.display(),
                    advice(error)
                )
            }
            Self::NotSaved(path, error) => write!(
                f,
                "cannot save {}: {error}; the state before it is kept{}",
                path.display(),
                advice(error)
            ),
            Self::NotForgotten(path, error) => write!(
                f,
                "cannot remove {}: {error}; it still holds an older state",
                path.display()
            ),
            Self::TooManyFiles(folder) => write!(
                f,
                "more than {MAX_MODEL_FILES} csv files in {}: join some of them",
                folder.display()
            ),
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable(_, error)
            | Self::NotSaved(_, error)
            | Self::NotForgotten(_, error) => Some(error),
            Self::TooManyFiles(_) => None,
        }
    }
}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "; make the folder, or name another one",
        io::ErrorKind::PermissionDenied => "; let the agent's user write there",
        io::ErrorKind::ReadOnlyFilesystem => "; name a folder on a writable file system",
        io::ErrorKind::StorageFull => "; free some space",
        io::ErrorKind::FileTooLarge => "; it is larger than 16 MiB, which no state or model is",
        _ => "",
    }
}

/// What one of the two files turned out to be.
enum Found {
    Whole(Parsed),
    Absent,
    Damaged(String),
    Unreadable(io::Error),
}

impl Store {
    /// The store in a folder of the box.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self::on(Box::new(RealDisk), folder)
    }

    /// The store in a folder of any disk.
    pub fn on(disk: Box<dyn Disk>, folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            disk,
            data_is_good: false,
        }
    }

    /// Reads the newest whole generation. Never fails: what is wrong is in the notices and in the
    /// log. To be called once, before the first [`Store::save`].
    pub fn load(&mut self) -> Loaded {
        let mut loaded = Loaded {
            rows: Vec::new(),
            from: LoadedFrom::Nothing,
            notices: Vec::new(),
        };
        self.data_is_good = false;
        for (name, from) in [(DATA, LoadedFrom::Data), (PREVIOUS, LoadedFrom::Previous)] {
            match self.look_at(name) {
                Found::Whole(parsed) => {
                    self.data_is_good = from == LoadedFrom::Data;
                    if from == LoadedFrom::Previous {
                        loaded.notice(format!(
                            "{}: the last state was not saved whole; the one before it holds",
                            self.path(DATA).display()
                        ));
                    }
                    loaded.take(parsed, from, &self.path(name));
                    break;
                }
                Found::Absent => {}
                Found::Unreadable(error) => {
                    loaded.from = LoadedFrom::Damaged;
                    loaded.notice(StoreError::Unreadable(self.path(name), error).to_string());
                }
                Found::Damaged(why) => {
                    loaded.from = LoadedFrom::Damaged;
                    loaded.notice(self.keep_damaged(name, &why));
                }
            }
        }
        // Left behind by a save that was cut short; the next save would overwrite it anyway.
        let _ = self.disk.remove(&self.path(TEMPORARY));
        loaded
    }

    fn look_at(&self, name: &str) -> Found {
        let bytes = match self.disk.read(&self.path(name), MAX_FILE_BYTES) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Found::Absent,
            Err(error) => return Found::Unreadable(error),
        };
        let parsed = csv::parse(&bytes);
        match parsed.trailer {
            Trailer::Good | Trailer::Unchecked => Found::Whole(parsed),
            Trailer::Missing => Found::Damaged("its end is missing".to_owned()),
            Trailer::Bad { .. } => Found::Damaged(
                "its checksum is wrong (after editing by hand, end the file with a line **)"
                    .to_owned(),
            ),
        }
    }

    /// Puts a damaged file aside and says so.
    fn keep_damaged(&self, name: &str, why: &str) -> String {
        let path = self.path(name);
        let aside = self.path(CORRUPT);
        let _ = self.disk.rename(&aside, &self.path(CORRUPT_PREVIOUS));
        let kept = match self.disk.rename(&path, &aside) {
            Ok(()) => format!("it is kept as {}", aside.display()),
            Err(error) => format!("it could not be put aside: {error}"),
        };
        format!("{} is damaged: {why}; {kept}", path.display())
    }

    /// Makes `rows` the state, durably; on an error the state before holds, on disk too.
    pub fn save<'a>(&mut self, rows: impl IntoIterator<Item = &'a Row>) -> Result<(), StoreError> {
        let text = csv::format_file(rows);
        // What could not be read again must not take the place of what can.
        let fits = u64::try_from(text.len()).is_ok_and(|bytes| bytes <= MAX_FILE_BYTES);
        let saved = match fits {
            true => self.replace(text.as_bytes()),
            false => Err(io::ErrorKind::FileTooLarge.into()),
        };
        saved.map_err(|error| StoreError::NotSaved(self.path(DATA), error))
    }

    fn replace(&mut self, bytes: &[u8]) -> io::Result<()> {
        let (data, previous) = (self.path(DATA), self.path(PREVIOUS));
        let temporary = self.path(TEMPORARY);
        let rotate = self.data_is_good;
        let mut ready = self.write_temporary(&temporary, bytes);
        if rotate && ready.is_ok() {
            ready = self.disk.rename(&data, &previous);
        }
        if let Err(error) = ready {
            let _ = self.disk.remove(&temporary);
            return Err(error);
        }
        let placed = self
            .disk
            .rename(&temporary, &data)
            .and_then(|()| self.disk.sync_folder(&self.folder));
        if let Err(error) = placed {
            let restored = if rotate {
                self.disk.rename(&previous, &data)
            } else {
                self.disk.remove(&data)
            };
            self.data_is_good = rotate && restored.is_ok();
            let _ = self.disk.remove(&temporary);
            return Err(error);
        }
        self.data_is_good = true;
        Ok(())
    }

    fn write_temporary(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = self.disk.create(path)?;
        file.write(bytes)?;
        file.sync()
    }

    /// Removes every older copy of the state, so that after a factory reset nothing of the owner
    /// before is left; to be called after the [`Store::save`] of the new state.
    pub fn forget_older(&mut self) -> Result<(), StoreError> {
        for name in [PREVIOUS, CORRUPT, CORRUPT_PREVIOUS] {
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

impl Loaded {
    fn notice(&mut self, text: String) {
        warn!("{text}");
        self.notices.push(text);
    }

    fn take(&mut self, parsed: Parsed, from: LoadedFrom, path: &Path) {
        for (line, error) in parsed.errors.iter().take(MAX_ROW_NOTICES) {
            self.notice(format!(
                "{}:{line}: {error}; the row is left out",
                path.display()
            ));
        }
        if let Some(more @ 1..) = parsed.errors.len().checked_sub(MAX_ROW_NOTICES) {
            self.notice(format!("{}: {more} more bad rows", path.display()));
        }
        self.rows = parsed.rows.into_iter().map(|(_, row)| row).collect();
        self.from = from;
    }
}

/// Reads all model files (`*.csv`) of a folder, in the order of their names. Bad rows are in the
/// [`Parsed`] of their file.
pub fn read_model(folder: &Path) -> Result<Vec<(PathBuf, Parsed)>, StoreError> {
    let disk = RealDisk;
    let listed = disk.list(folder);
    let mut files = listed.map_err(|error| StoreError::Unreadable(folder.to_owned(), error))?;
    files.retain(|path| path.extension().is_some_and(|e| e == "csv"));
    files.sort_unstable();
    if files.len() > MAX_MODEL_FILES {
        return Err(StoreError::TooManyFiles(folder.to_owned()));
    }
    files
        .into_iter()
        .map(|path| match disk.read(&path, MAX_FILE_BYTES) {
            Ok(bytes) => Ok((path, csv::parse(&bytes))),
            Err(error) => Err(StoreError::Unreadable(path, error)),
        })
        .collect()
}
