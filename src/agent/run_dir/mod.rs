//! The run folder: what one run of the agent, or one boot of the box, has to say to the next.
//! It lies in memory (`/var/run`) and is gone after a reboot.
//!
//! Nobody but the agent's user has a way in: see [`lock`]. Where there is no room for a file, the agent
//! goes on with what it knows.
//!
//! * `live` is what the ACS heard of values that never touch flash, `memory` what it has not heard yet,
//!   should the program be killed, `spare` the state while the disk takes none; `kept` has them all.

mod kept;
mod live;
mod lock;
mod memory;
mod spare;

use std::fs::File;
use std::path::{Path, PathBuf};

use nix::fcntl::Flock;

use super::error::AgentError;
use super::patience::Patience;
use super::trouble::Trouble;
use crate::base::digest::hex;
use crate::base::file::{self, Keep};
use crate::cwmp::Boot;
pub(super) use kept::Kept;
pub(super) use live::Live;
use memory::Memory;
pub(super) use spare::Spare;

/// A number that the kernel draws at each boot.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// The most that is read of a file with the number of a boot; they have 54 bytes.
const MAX_BOOT: usize = 256;

/// The run folder, held: no second agent gets it before this value is dropped, and the kernel
/// drops it with the process, however that ends.
pub(super) struct RunDir {
    dir: PathBuf,
    _lock: Option<Flock<File>>,
    /// The boot that this run is in, once it is known.
    boot: String,
    /// Files that could not be written: name and text.
    unwritten: Vec<(&'static str, String)>,
    pub trouble: Trouble,
}

const BOOT: &str = "boot";
const TOLD: &str = "boot.told";

impl RunDir {
    /// Makes the folder if it is not there, and holds it.
    pub(super) fn take(dir: &Path) -> Result<Self, AgentError> {
        let mut trouble = Trouble::default();
        let lock = match lock::take(dir) {
            Ok(lock) => Some(lock),
            Err(AgentError::File { path, verb, error }) if lock::may_pass(&error) => {
                trouble.hear(Err(format!(
                    "cannot {verb} {}: {error}; nothing keeps a second agent away, and a restart of \
                     this one counts as a boot",
                    path.display()
                )));
                None
            }
            Err(error) => return Err(error),
        };
        Ok(Self {
            dir: dir.to_owned(),
            _lock: lock,
            boot: String::new(),
            unwritten: Vec::new(),
            trouble,
        })
    }

    /// The boot of the box, and whether the ACS heard of it already.
    ///
    /// # Errors
    /// `Unreadable`, while patience is left.
    pub(super) fn boot(&mut self, patience: Patience) -> Result<Boot, AgentError> {
        let kernel = patience.read_text(Path::new(BOOT_ID), MAX_BOOT)?;
        let kernel = kernel.unwrap_or_default().trim().to_owned();
        let known = patience.read_text(&self.dir.join(BOOT), MAX_BOOT)?;
        // The boot that an earlier run of the program was in, if it is this one.
        let is_this = |id: &String| id.split_once(' ').is_some_and(|(of, _)| of == kernel);
        let known = known.filter(|id| !kernel.is_empty() && is_this(id));
        let told = patience.read_text(&self.dir.join(TOLD), MAX_BOOT)?;
        let is_new = known.is_none();
        let id = known.unwrap_or_else(|| new_boot(&kernel));
        let kept = Memory::read(&self.dir, &id, patience)?;
        if is_new {
            self.write(BOOT, id.clone());
        }
        self.boot.clone_from(&id);
        let told = told.is_some_and(|told| told == id);
        Ok(Boot { id, told, kept })
    }

    /// Remembers that the ACS heard of this boot.
    pub(super) fn boot_told(&mut self) {
        self.write(TOLD, self.boot.clone());
    }

    /// Tries again what could not be written.
    pub(super) fn mend(&mut self) {
        for (name, text) in std::mem::take(&mut self.unwritten) {
            self.write(name, text);
        }
    }

    fn write(&mut self, name: &'static str, text: String) {
        let path = self.dir.join(name);
        let written = file::replace(&path, text.as_bytes(), 0o600, Keep::UntilReboot);
        if written.is_err() {
            self.unwritten.push((name, text));
        }
        self.trouble.hear(written.map_err(|e| {
            let path = path.display();
            format!("cannot write {path}: {e}; a restart of the agent counts as a boot")
        }));
    }
}

/// A new run folder is a new boot, also where the kernel's number for it cannot be read: better
/// one `1 BOOT` too many than a reboot that is taken for one still to come, again and again.
fn new_boot(kernel: &str) -> String {
    let mut random = [0; 8];
    // Without random bytes it still differs from all boots with another number of the kernel.
    let _ = getrandom::fill(&mut random);
    format!("{kernel} {}", hex(&random))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use cwmpd_lab::Folder;

    use super::*;

    #[test]
    fn w12_the_folder_is_held_by_one_and_free_once_that_is_gone() {
        let folder = Folder::new("hold");
        let dir = folder.join("run");
        let first = RunDir::take(&dir).unwrap();
        let error = RunDir::take(&dir).map(drop).unwrap_err().to_string();
        assert!(
            error.contains(&format!("process {}", std::process::id())),
            "{error}"
        );
        drop(first);
        // The file is still there, as after a crash, and does no harm.
        assert!(dir.join("cwmpd.lock").exists());
        RunDir::take(&dir).unwrap();
    }

    #[test]
    fn a_boot_is_told_until_the_next_boot() {
        let folder = Folder::new("boot");
        let dir = folder.join("run");
        let mut run = RunDir::take(&dir).unwrap();
        let first = run.boot(Patience::Left).unwrap();
        assert!(!first.told);
        run.boot_told();
        let told = Boot {
            told: true,
            ..first.clone()
        };
        assert_eq!(
            run.boot(Patience::Left).unwrap(),
            told,
            "a restart of the program"
        );
        fs::write(dir.join(BOOT), "another-boot 0123").unwrap();
        let second = run.boot(Patience::Left).unwrap();
        assert!(!second.told && second.id != first.id);
        assert_eq!(run.boot(Patience::Left).unwrap(), second);
        fs::remove_dir_all(&dir).unwrap();
        let third = RunDir::take(&dir).unwrap().boot(Patience::Left).unwrap();
        assert!(!third.told && third.id != second.id);
    }
}
