//! The csv files of a folder as a description, with every bad row by file, line and column.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::datamodel::row::RowError;
use crate::datamodel::schema::Schema;
use crate::datamodel::source::Sources;
use crate::datamodel::store;
use super::OpenError;

/// One bad row. It is left out of the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// The csv file.
    pub file: PathBuf,
    /// 1 for the first line.
    pub line: u32,
    /// Column and reason.
    pub error: RowError,
}

impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.error)
    }
}

/// Reads the model that the csv files in `dir` describe below `root`: the description, and every
/// bad row in the order of files and lines.
///
/// # Errors
/// Where the folder cannot be read, or describes nothing at all.
pub fn describe(
    dir: &Path,
    root: &str,
    sources: &mut Sources,
) -> Result<(Schema, Vec<BadRow>), OpenError> {
    let files = store::read_model(dir).map_err(|error| OpenError::Folder(error.to_string()))?;
    let mut bad = Vec::new();
    let mut rows = Vec::new();
    let mut places = Vec::new();
    let mut names = Vec::new();
    for (nth, (file, parsed)) in files.into_iter().enumerate() {
        let errors = parsed.errors.into_iter();
        bad.extend(errors.map(|(line, error)| ((nth, line), error)));
        for (line, row) in parsed.rows {
            places.push((nth, line));
            rows.push(row);
        }
        names.push(file);
    }
    let (schema, errors) = Schema::build(root, rows, sources);
    for error in errors {
        if let Some(place) = places.get(error.row) {
            bad.push((*place, error.error));
        }
    }
    bad.sort_unstable_by_key(|(place, _)| *place);
    let named = |((nth, line), error): ((usize, u32), RowError)| {
        let file = names.get(nth)?.clone();
        Some(BadRow { file, line, error })
    };
    let bad: Vec<BadRow> = bad.into_iter().filter_map(named).collect();
    if schema.parameter_count() == 0 && bad.is_empty() {
        return Err(OpenError::NoModel(dir.to_owned()));
    }
    Ok((schema, bad))
}
