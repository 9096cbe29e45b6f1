//! The csv files of a folder as a description, with what is wrong in them by file, line and column.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::{OpenError, root};
use crate::base::sort::sort_by_key;
use crate::datamodel::row::RowError;
use crate::datamodel::schema::Schema;
use crate::datamodel::source::Sources;
use crate::datamodel::store::{self, StoreError};

/// What there is to say of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The csv file.
    pub file: PathBuf,
    /// 1 for the first line; 0: the whole file.
    pub line: u32,
    /// Column and reason.
    pub error: RowError,
    /// The row is good; what is not a note is to be mended.
    pub is_note: bool,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let note = if self.is_note { "note: " } else { "" };
        let file = self.file.display();
        match self.line {
            0 => write!(f, "{file}: {note}{}", self.error),
            line => write!(f, "{file}:{line}: {note}{}", self.error),
        }
    }
}

/// Reads the model that the csv files in `dir` describe: the description, and what there is to say of
/// its rows, in the order of files and lines. Its root is `root`, the configured one, unless the rows
/// are beyond doubt for the other one.
///
/// # Errors
/// Where the folder cannot be read, or describes nothing at all.
pub fn describe(
    dir: &Path,
    root: &str,
    sources: &mut Sources,
) -> Result<(Schema, Vec<Finding>), OpenError> {
    let files = store::read_model(dir).map_err(|error| match &error {
        StoreError::Unreadable(_, cause) if cause.kind() != io::ErrorKind::NotFound => {
            OpenError::Unreadable(error.to_string())
        }
        _ => OpenError::Folder(error.to_string()),
    })?;
    let mut found = Vec::new();
    let mut rows = Vec::new();
    let mut places = Vec::new();
    let mut names = Vec::new();
    for (nth, (file, parsed)) in files.into_iter().enumerate() {
        let errors = parsed.errors.into_iter();
        found.extend(errors.map(|(line, error)| ((nth, line), error, false)));
        let behind = |line| {
            let why = "stands behind the line with `*` that ends the file, and is not read";
            let why = why.to_owned();
            ((nth, line), RowError { column: 0, why }, false)
        };
        found.extend(parsed.unread.map(behind));
        places.reserve_exact(parsed.rows.len());
        rows.reserve_exact(parsed.rows.len());
        for (line, row) in parsed.rows {
            places.push((nth, line));
            rows.push(row);
        }
        names.push(file);
    }
    let (root, misfit) = root::choose(root, &rows);
    if let Some((row, why)) = misfit {
        let place = places.get(row).copied().unwrap_or_default();
        found.push((place, RowError { column: 1, why }, false));
    }
    let (schema, errors) = Schema::build(root, rows, sources);
    for error in errors {
        if let Some(place) = places.get(error.row) {
            found.push((*place, error.error, error.is_note));
        }
    }
    sort_by_key(&mut found, |(place, error, _)| (*place, error.column));
    let named = |((nth, line), error, is_note): ((usize, u32), RowError, bool)| {
        Some(Finding {
            file: names.get(nth)?.clone(),
            line,
            error,
            is_note,
        })
    };
    let found: Vec<Finding> = found.into_iter().filter_map(named).collect();
    if schema.parameter_count() == 0 && found.iter().all(|finding| finding.is_note) {
        return Err(OpenError::NoModel(dir.to_owned()));
    }
    Ok((schema, found))
}
