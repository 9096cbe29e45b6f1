//! What the ACS last heard of values that change too often for flash (Luup, addresses, counters).
//!
//! Kept in the run folder, which lies in memory: so a restart of the program loses no value change,
//! and a reboot forgets them all (TR-069 §3.7.1.5 lets VALUE CHANGE go with a reboot).

use std::path::{Path, PathBuf};

use crate::agent::error::AgentError;
use crate::agent::patience::Patience;
use crate::agent::trouble::Trouble;
use crate::base::file::{self, Keep};
use crate::datamodel::csv;
use crate::datamodel::model::Model;

/// The name of the file in the run folder.
pub(super) const FILE: &str = "live.data";

/// The file, in the format of the state files.
pub(in crate::agent) struct Live {
    file: PathBuf,
    /// Of which state it is, so that what is the same is not written again.
    written: Option<(String, u64)>,
    pub trouble: Trouble,
}

impl Live {
    /// Hands what the last run of the program left to the model. A damaged file is as good as
    /// none.
    ///
    /// # Errors
    /// `Unreadable`, while patience is left.
    pub(in crate::agent) fn restore(
        run_dir: &Path,
        model: &mut Model,
        patience: Patience,
    ) -> Result<Self, AgentError> {
        let file = run_dir.join(FILE);
        if let Some(rows) = patience.read_state(&file)? {
            model.restore_volatile(&rows);
        }
        Ok(Self {
            file,
            written: None,
            trouble: Trouble::default(),
        })
    }

    /// Writes what the ACS heard, if that is something new.
    pub(in crate::agent) fn save(&mut self, model: &Model) {
        let mark = Some(model.volatile_mark());
        if mark == self.written {
            return;
        }
        let text = csv::format_file(&model.volatile_rows());
        let saved = file::replace(&self.file, text.as_bytes(), 0o600, Keep::UntilReboot);
        if saved.is_ok() {
            self.written = mark;
        }
        self.trouble.hear(saved.map_err(|e| {
            let file = self.file.display();
            format!(
                "cannot write {file}: {e}; after a restart of the agent changes may go unnoticed"
            )
        }));
    }
}
