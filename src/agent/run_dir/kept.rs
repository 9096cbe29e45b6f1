//! All that a run of the program keeps for the next one of the same boot.

use super::RunDir;
use super::live::Live;
use super::memory::Memory;
use super::spare::Spare;
use crate::agent::trouble::Trouble;
use crate::datamodel::model::Model;

/// The files of the run folder.
pub(in crate::agent) struct Kept {
    pub run_dir: RunDir,
    pub live: Live,
    memory: Memory,
    spare: Spare,
}

impl Kept {
    /// In this folder, with what was found there.
    pub(in crate::agent) fn new(run_dir: RunDir, live: Live, spare: Spare) -> Self {
        Self {
            memory: Memory::new(&run_dir.dir, &run_dir.boot),
            run_dir,
            live,
            spare,
        }
    }

    /// Follows what must not be forgotten if the program is killed now: the engine's `line`, where that
    /// is another, and the state that is not saved.
    pub(in crate::agent) fn follow(&mut self, line: Option<&str>, model: &Model) {
        if let Some(line) = line {
            self.memory.keep(line);
        }
        self.spare.follow(model);
    }

    /// What cannot be kept at present.
    pub(in crate::agent) fn troubles(&self) -> [&Trouble; 4] {
        let Self {
            run_dir,
            live,
            memory,
            spare,
        } = self;
        [
            &spare.trouble,
            &run_dir.trouble,
            &memory.trouble,
            &live.trouble,
        ]
    }

    /// Tries again what did not work; the spare state follows each attempt to save.
    pub(in crate::agent) fn mend(&mut self, model: &Model) {
        self.run_dir.mend();
        self.memory.mend();
        self.live.save(model);
    }
}
