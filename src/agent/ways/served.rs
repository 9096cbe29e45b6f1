//! Which requests over UDP were served, for the program's next life: one that somebody recorded must
//! not be served again then. It lies in the run folder, and so is gone after a reboot, over which less
//! is remembered ([`SERVED_RECORD`](super::SERVED_RECORD)).

use std::path::{Path, PathBuf};

use crate::agent::trouble::Trouble;
use crate::base::file::{self, Keep};

/// The name of the file in the run folder.
const FILE: &str = "udp.served";

/// The most that is read of it.
const MAX_BYTES: usize = 4096;

/// The file.
pub(in crate::agent) struct ServedFile {
    path: PathBuf,
    /// What could not be written.
    unwritten: Option<String>,
    pub trouble: Trouble,
}

impl ServedFile {
    pub(in crate::agent) fn new(run_dir: &Path) -> Self {
        Self {
            path: run_dir.join(FILE),
            unwritten: None,
            trouble: Trouble::default(),
        }
    }

    /// What a former life left.
    pub(in crate::agent) fn read(&self) -> Option<String> {
        String::from_utf8(file::read(&self.path, MAX_BYTES).ok()?).ok()
    }

    /// Keeps this in place of what was kept.
    pub(in crate::agent) fn keep(&mut self, line: String) {
        let written = file::replace(&self.path, line.as_bytes(), 0o600, Keep::UntilReboot);
        if written.is_err() {
            self.unwritten = Some(line);
        }
        self.trouble.hear(written.map_err(|e| {
            let path = self.path.display();
            format!(
                "cannot write {path}: {e}; after a restart of the agent a request over UDP may be \
                 served twice"
            )
        }));
    }

    /// Tries again what could not be written.
    pub(in crate::agent) fn mend(&mut self) {
        if let Some(line) = self.unwritten.take() {
            self.keep(line);
        }
    }
}
