//! The standard's schemas and models, and answers of real peers, which are not part of this
//! project: in the folder that `CWMPD_SHARED` names, else in `../shared` beside the project.

use std::io::{Write as _, stderr};
use std::path::{Path, PathBuf};

/// The file or folder at `path` of that material, where it is at hand.
pub fn at_hand(path: &str) -> Option<PathBuf> {
    let shared = match std::env::var_os("CWMPD_SHARED") {
        Some(shared) => PathBuf::from(shared),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
    };
    let found = shared.join(path);
    found.exists().then_some(found)
}

/// The same for a test that is nothing without it, and so says that it is skipped.
pub fn find(path: &str) -> Option<PathBuf> {
    let found = at_hand(path);
    if found.is_none() {
        skip(&format!("../shared/{path} is absent"));
    }
    found
}

/// The text of such a file.
pub fn text(path: &str) -> Option<String> {
    let path = find(path)?;
    let text = std::fs::read_to_string(&path);
    Some(text.unwrap_or_else(|e| panic!("{}: {e}", path.display())))
}

/// Says what a test leaves out, past the test runner, which shows nothing of a test that passes.
pub fn skip(why: &str) {
    let _ = writeln!(stderr(), "skipped: {why}");
}
