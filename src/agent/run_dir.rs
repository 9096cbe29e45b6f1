//! The run folder: what one run of the agent, or one boot of the box, has to say to the next.
//! It lies in memory (`/var/run`) and is gone after a reboot.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use log::warn;
use nix::fcntl::{Flock, FlockArg};

use super::error::AgentError;

/// A number that the kernel draws at each boot.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// The run folder, held: no second agent gets it before this value is dropped, and the kernel
/// drops it with the process, however that ends.
pub(super) struct RunDir {
    dir: PathBuf,
    _lock: Flock<File>,
}

impl RunDir {
    /// Makes the folder if it is not there, and holds it.
    pub(super) fn take(dir: &Path) -> Result<Self, AgentError> {
        let failed = |verb, path: &Path, error| AgentError::File {
            path: path.to_owned(),
            verb,
            error,
        };
        fs::create_dir_all(dir).map_err(|e| failed("create", dir, e))?;
        let path = dir.join("cwmpd.lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(|e| failed("open", &path, e))?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(mut lock) => {
                let pid = std::process::id();
                let written = lock.set_len(0).and_then(|()| writeln!(lock, "{pid}"));
                written.map_err(|e| failed("write", &path, e))?;
                let dir = dir.to_owned();
                Ok(Self { dir, _lock: lock })
            }
            Err((mut file, nix::errno::Errno::EWOULDBLOCK)) => {
                let mut pid = String::new();
                let _ = file.read_to_string(&mut pid);
                Err(AgentError::Running {
                    dir: dir.to_owned(),
                    pid: pid.trim().to_owned(),
                })
            }
            Err((_, errno)) => Err(failed("lock", &path, errno.into())),
        }
    }

    /// Whether the ACS heard of this boot of the box already, so that this start of the agent is
    /// a restart of the program only (no `1 BOOT`).
    pub(super) fn boot_is_delivered(&self) -> bool {
        let this = boot_id();
        !this.is_empty() && fs::read_to_string(self.boot_file()).is_ok_and(|id| id.trim() == this)
    }

    /// Remembers that the ACS heard of this boot.
    pub(super) fn boot_delivered(&self) {
        if let Err(e) = fs::write(self.boot_file(), boot_id()) {
            let file = self.boot_file();
            warn!(
                "{}: {e}; the next start will be reported as a boot",
                file.display()
            );
        }
    }

    /// Forgets that: the box is about to start anew.
    pub(super) fn forget_boot(&self) {
        let _ = fs::remove_file(self.boot_file());
    }

    fn boot_file(&self) -> PathBuf {
        self.dir.join("boot")
    }
}

fn boot_id() -> String {
    let id = fs::read_to_string(BOOT_ID).unwrap_or_default();
    id.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("cwmpd-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        dir
    }

    #[test]
    fn w12_the_folder_is_held_by_one_and_free_once_that_is_gone() {
        let dir = folder("hold");
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
        fs::remove_dir_all(&dir).unwrap();
    }

    #[test]
    fn a_boot_is_delivered_until_the_next_boot() {
        let dir = folder("boot");
        let run = RunDir::take(&dir).unwrap();
        assert!(!run.boot_is_delivered());
        run.boot_delivered();
        assert!(run.boot_is_delivered());
        fs::write(run.boot_file(), "another boot").unwrap();
        assert!(!run.boot_is_delivered());
        fs::remove_dir_all(&dir).unwrap();
    }
}
