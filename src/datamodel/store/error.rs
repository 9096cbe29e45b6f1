//! Why the state could not be read or written.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::MAX_STATE_BYTES;
use super::model_files::MAX_MODEL_FILES;

/// Why the state could not be read or written.
#[derive(Debug)]
pub enum StoreError {
    /// A file or folder cannot be read.
    Unreadable(PathBuf, io::Error),
    /// Nothing was changed: the state before holds.
    NotSaved(PathBuf, io::Error),
    /// The last batch could not be taken back: until the next checkpoint a restart may find it.
    NotTakenBack(PathBuf, io::Error),
    /// The state would take more bytes than the store keeps. Nothing was changed.
    TooLarge {
        /// What the state would take, or the bytes at which the count ended.
        bytes: usize,
    },
    /// The journal cannot be continued, see [`Store::wants_checkpoint`](super::Store). Nothing was
    /// changed.
    NeedsCheckpoint(PathBuf),
    /// The journal still holds what the sources are to write, so it cannot go yet. Nothing was
    /// changed.
    Unfinished(PathBuf),
    /// An older copy of the state could not be removed.
    NotForgotten(PathBuf, io::Error),
    /// More model files than are read of one folder.
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
            Self::NotTakenBack(path, error) => write!(
                f,
                "cannot take the last change out of {}: {error}; it may come back at a restart \
                 before the next change is saved{}",
                path.display(),
                advice(error)
            ),
            Self::TooLarge { bytes } => write!(
                f,
                "the state would take {bytes} bytes, and at most {MAX_STATE_BYTES} are kept: \
                 delete instances that nobody needs, or set shorter values"
            ),
            Self::NeedsCheckpoint(path) => write!(
                f,
                "{} cannot be continued after an earlier trouble: the whole state has to be saved \
                 first",
                path.display()
            ),
            Self::Unfinished(path) => write!(
                f,
                "{} still holds changes that are to be written elsewhere: they come first",
                path.display()
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
            | Self::NotTakenBack(_, error)
            | Self::NotForgotten(_, error) => Some(error),
            Self::TooLarge { .. }
            | Self::NeedsCheckpoint(_)
            | Self::Unfinished(_)
            | Self::TooManyFiles(_) => None,
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
        io::ErrorKind::UnexpectedEof => "; somebody else wrote to it",
        _ => "",
    }
}
