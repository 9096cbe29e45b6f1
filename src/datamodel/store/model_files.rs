//! The csv files that describe the model. They are only read.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::{MAX_FILE_BYTES, StoreError};
use crate::base::parts;
use crate::base::sort::sort;
use crate::datamodel::csv::{self, Parsed};
use crate::datamodel::disk::{Disk as _, RealDisk};

/// The most model files in one folder.
pub const MAX_MODEL_FILES: usize = 64;

/// Reads all model files of a folder, in the order of their names: what a shell takes `*.csv` for, so
/// neither what a package manager puts beside an edited file, nor what an editor does. Bad rows are in the
/// [`Parsed`] of their file. A file that has the name of a part (`software.csv`) is of no use to a build
/// without it.
///
/// # Errors
/// `Unreadable` names the folder or the first file that cannot be read; `TooManyFiles`.
pub fn read_model(folder: &Path) -> Result<Vec<(PathBuf, Parsed)>, StoreError> {
    let disk = RealDisk;
    let listed = disk.list(folder);
    let mut files = listed.map_err(|error| StoreError::Unreadable(folder.to_owned(), error))?;
    files.retain(|path| path.file_name().is_some_and(is_model_file));
    sort(&mut files);
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

fn is_model_file(name: &OsStr) -> bool {
    let Some(stem) = name.as_encoded_bytes().strip_suffix(b".csv") else {
        return false;
    };
    let part = std::str::from_utf8(stem).unwrap_or_default();
    !stem.starts_with(b".") && parts::left_out(part).is_none()
}
