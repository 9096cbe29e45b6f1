//! The run folder: what one run of the agent, or one boot of the box, has to say to the next.
//! It lies in memory (`/var/run`) and is gone after a reboot.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};

use super::error::AgentError;
use super::memory::Memory;
use crate::base::digest::hex;
use crate::cwmp::Boot;

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

    /// The boot of the box, and whether the ACS heard of it already.
    pub(super) fn boot(&self) -> Boot {
        let id = self.known_boot().unwrap_or_else(|| self.new_boot());
        let told = fs::read_to_string(self.told_file()).is_ok_and(|told| told == id);
        let kept = Memory::read(&self.dir, &id);
        Boot { id, told, kept }
    }

    /// Remembers that the ACS heard of this boot.
    pub(super) fn boot_told(&self) {
        let id = self.known_boot().unwrap_or_default();
        if let Err(e) = fs::write(self.told_file(), id) {
            let file = self.told_file();
            log::warn!(
                "{}: {e}; the next start will be reported as a boot",
                file.display()
            );
        }
    }

    /// The boot that an earlier run of the program was in, if it is this one.
    fn known_boot(&self) -> Option<String> {
        let kernel = kernel_boot();
        let id = fs::read_to_string(self.boot_file()).ok()?;
        let (of, _) = id.split_once(' ')?;
        (!kernel.is_empty() && of == kernel).then_some(id)
    }

    /// A new run folder is a new boot, also where the kernel's number for it cannot be read: better
    /// one `1 BOOT` too many than a reboot that is taken for one still to come, again and again.
    fn new_boot(&self) -> String {
        let mut random = [0; 8];
        // Without random bytes it still differs from all boots with another number of the kernel.
        let _ = getrandom::fill(&mut random);
        let id = format!("{} {}", kernel_boot(), hex(&random));
        if let Err(e) = fs::write(self.boot_file(), &id) {
            let file = self.boot_file();
            log::warn!("{}: {e}; the next start will be a boot", file.display());
        }
        id
    }

    fn boot_file(&self) -> PathBuf {
        self.dir.join("boot")
    }

    fn told_file(&self) -> PathBuf {
        self.dir.join("boot.told")
    }
}

fn kernel_boot() -> String {
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
    fn a_boot_is_told_until_the_next_boot() {
        let dir = folder("boot");
        let run = RunDir::take(&dir).unwrap();
        let first = run.boot();
        assert!(!first.told);
        run.boot_told();
        let told = Boot {
            told: true,
            ..first.clone()
        };
        assert_eq!(run.boot(), told, "a restart of the program");
        fs::write(run.boot_file(), "another-boot 0123").unwrap();
        let second = run.boot();
        assert!(!second.told && second.id != first.id);
        assert_eq!(run.boot(), second);
        fs::remove_dir_all(&dir).unwrap();
        let third = RunDir::take(&dir).unwrap().boot();
        assert!(!third.told && third.id != second.id);
        fs::remove_dir_all(&dir).unwrap();
    }
}
