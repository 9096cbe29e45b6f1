//! The files of the project.

use std::fs;
use std::path::{Path, PathBuf};

/// What is built or fetched, not written.
const NOT_OURS: [&str; 6] = [
    ".git",
    "target",
    "corpus",
    "artifacts",
    "coverage",
    "Cargo.lock",
];

/// A text file of the project.
#[derive(Clone)]
pub struct TextFile {
    /// Its path from the root of the project.
    pub path: String,
    /// All of it.
    pub text: String,
}

impl TextFile {
    /// Whether its name ends in one of these.
    pub fn is(&self, endings: &[&str]) -> bool {
        endings.iter().any(|ending| self.path.ends_with(ending))
    }
}

/// The text files below `folder` (from the root; "" is all of it), sorted by path.
pub fn files(folder: &str) -> Vec<TextFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    collect(&root.join(folder), &mut found);
    found.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).ok()?;
        let path = path.strip_prefix(root).unwrap().to_str()?.to_owned();
        Some(TextFile { path, text })
    };
    let files: Vec<_> = found.into_iter().filter_map(read).collect();
    assert!(!files.is_empty(), "no files in {folder:?}");
    files
}

/// The text of one file, by its path from the root.
pub fn read(path: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of the project") {
        let entry = entry.unwrap();
        let name = entry.file_name();
        if NOT_OURS.iter().any(|ours| name == *ours) {
            continue;
        }
        match entry.file_type().unwrap().is_dir() {
            true => collect(&entry.path(), found),
            false => found.push(entry.path()),
        }
    }
}

/// Fails, with what was found against a rule, if that is anything.
pub fn assert_none(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}\n{}", found.join("\n"));
}

/// A file that a rule is tried on.
pub fn one(path: &str, text: &str) -> TextFile {
    let (path, text) = (path.to_owned(), text.to_owned());
    TextFile { path, text }
}
