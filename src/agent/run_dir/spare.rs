//! The state while the disk takes none: full, read-only, failing. It is kept in the run folder, which
//! lies in memory, so that a restart of the program makes no first start of it: no `0 BOOTSTRAP`, no
//! other path for connection requests, no event lost. A reboot forgets it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::agent::error::AgentError;
use crate::agent::patience::Patience;
use crate::agent::trouble::Trouble;
use crate::base::file::{self, Keep};
use crate::datamodel::csv;
use crate::datamodel::model::Model;

/// The name of the file in the run folder.
pub(super) const FILE: &str = "state.data";

/// The file, in the format of the state files.
pub(in crate::agent) struct Spare {
    file: PathBuf,
    boot: String,
    /// The attempt to save that failed when the file was written; `None` while there is no file.
    written: Option<u32>,
    pub trouble: Trouble,
}

impl Spare {
    /// Hands the state that an earlier run of the program in this boot could not save to the model,
    /// if the disk has none that is newer.
    ///
    /// # Errors
    /// `Unreadable`, while patience is left.
    pub(in crate::agent) fn restore(
        run_dir: &Path,
        boot: &str,
        model: &mut Model,
        patience: Patience,
    ) -> Result<Self, AgentError> {
        let file = run_dir.join(FILE);
        let found = patience.read_state(&file)?;
        if let Some(rows) = &found {
            if model.restore_unsaved(rows, boot) {
                log::warn!(
                    "the state is that of {}, since it is not saved",
                    file.display()
                );
            }
        }
        Ok(Self {
            file,
            boot: boot.to_owned(),
            written: found.map(|_| 0),
            trouble: Trouble::default(),
        })
    }

    /// Writes the state if it is not saved and another than that in the file; removes the file once
    /// it is saved.
    pub(in crate::agent) fn follow(&mut self, model: &Model) {
        let attempt = model.unsaved().map(|unsaved| unsaved.attempts);
        if attempt == self.written {
            return;
        }
        self.written = attempt;
        let done = match attempt {
            Some(_) => {
                let text = csv::format_file(&model.unsaved_rows(&self.boot));
                file::replace(&self.file, text.as_bytes(), 0o600, Keep::UntilReboot)
            }
            None => fs::remove_file(&self.file),
        };
        self.trouble.hear(match (done, attempt) {
            (Err(error), Some(_)) => Err(format!(
                "cannot write {}: {error}; should the agent restart, it forgets what is not saved",
                self.file.display()
            )),
            // One that stays is of an older state of the disk, and not taken.
            _ => Ok(()),
        });
    }
}
