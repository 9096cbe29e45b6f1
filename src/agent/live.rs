//! What the ACS last heard of values that change too often for flash (Luup, addresses, counters).
//!
//! Kept in the run folder, which lies in memory: so a restart of the program loses no value change,
//! and a reboot forgets them all (TR-069 §3.7.1.5 lets VALUE CHANGE go with a reboot).

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use log::warn;

use crate::datamodel::csv::{self, Trailer};
use crate::datamodel::model::Model;

/// The file in the run folder, in the format of the state files.
pub(super) struct Live {
    file: PathBuf,
    /// What is in it, so that what is the same is not written again.
    written: String,
}

impl Live {
    /// Hands what the last run of the program left to the model. A damaged file is as good as
    /// none.
    pub(super) fn restore(run_dir: &Path, model: &mut Model) -> Self {
        let file = run_dir.join("live.data");
        if let Ok(bytes) = fs::read(&file) {
            let parsed = csv::parse(&bytes);
            if parsed.trailer == Trailer::Good {
                let rows: Vec<_> = parsed.rows.into_iter().map(|(_, row)| row).collect();
                model.restore_volatile(&rows);
            }
        }
        Self {
            file,
            written: String::new(),
        }
    }

    /// Writes what the ACS heard, if that is something new.
    pub(super) fn save(&mut self, model: &Model) {
        let text = csv::format_file(&model.volatile_rows());
        if text == self.written {
            return;
        }
        if let Err(e) = self.write(&text) {
            let file = self.file.display();
            warn!("{file}: {e}; after a restart of the agent changes may go unnoticed");
        }
        self.written = text;
    }

    /// By way of a new file, so that a reader finds the old or the new one.
    fn write(&self, text: &str) -> io::Result<()> {
        let new = self.file.with_extension("new");
        let _ = fs::remove_file(&new);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        options.open(&new)?.write_all(text.as_bytes())?;
        fs::rename(&new, &self.file)
    }
}
