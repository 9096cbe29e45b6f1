//! The rows of `etc/cwmpd` and `etc/cwmpd-igd`.

use std::ops::Deref;
use std::path::{Path, PathBuf};

use cwmpd::datamodel::row::{Row, RowKind};
use cwmpd::datamodel::types::ParamType;

/// A row of a file.
pub struct Shipped {
    pub file: String,
    /// Column 1, instance numbers as `{i}`.
    pub path: String,
    row: Row,
}

impl Deref for Shipped {
    type Target = Row;

    fn deref(&self) -> &Row {
        &self.row
    }
}

impl Shipped {
    /// Column 2; nothing for an object.
    pub fn param_type(&self) -> Option<&ParamType> {
        match &self.row.kind {
            RowKind::Parameter(kind) => Some(kind),
            RowKind::Object { .. } => None,
        }
    }
}

/// The folder that is shipped for the root `Device.`.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("etc/cwmpd")
}

/// The folder that is shipped for the root `InternetGatewayDevice.`.
pub fn igd_folder() -> PathBuf {
    folder().with_file_name("cwmpd-igd")
}

/// All rows of all files for the root `Device.`.
pub fn rows() -> Vec<Shipped> {
    rows_of(&folder())
}

/// All rows of all files of a folder.
pub fn rows_of(folder: &Path) -> Vec<Shipped> {
    let mut rows = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "csv") {
            continue;
        }
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let mut lines = text.lines();
        let (what, help) = (lines.next().unwrap(), lines.next().unwrap());
        assert!(what.starts_with("# "), "{file} does not say what it is for");
        assert!(
            help.contains("cwmpd help rows"),
            "{file} does not say what explains it"
        );
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let row = Row::parse(line).unwrap_or_else(|why| panic!("{file}: {line}: {why}"));
            let parts = row.name.split('.').map(|part| match part.parse::<u32>() {
                Ok(_) => "{i}",
                Err(_) => part,
            });
            rows.push(Shipped {
                file: file.clone(),
                path: parts.collect::<Vec<_>>().join("."),
                row,
            });
        }
    }
    assert!(rows.len() > 100);
    rows
}
