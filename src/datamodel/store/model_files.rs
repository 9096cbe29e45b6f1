//! The csv files that describe the model. They are only read.

use std::path::{Path, PathBuf};

use super::{MAX_FILE_BYTES, StoreError};
use crate::datamodel::csv::{self, Parsed};
use crate::datamodel::disk::{Disk as _, RealDisk};

/// The most model files in one folder.
pub const MAX_MODEL_FILES: usize = 64;

/// Reads all model files (`*.csv`) of a folder, in the order of their names. Bad rows are in the
/// [`Parsed`] of their file.
///
/// # Errors
/// `Unreadable` names the folder or the first file that cannot be read; `TooManyFiles`.
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
