//! Files in the configuration folder: load, change, put back.
//!
//! libuci locks the file itself (`flock`, shared to read, exclusive to write) and replaces it by
//! rename; so does this. A writer that waited for the lock looks whether the file was replaced
//! meanwhile, and keeps the lock until its own rename is done. libuci does not look: an `uci
//! commit` that waits in the very moment of a rename overwrites the change, be it of this program
//! or of another `uci`.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag};

use super::{Document, MAX_FILE_BYTES, UciError, is_package};
use crate::base::file::{self, Keep};
use crate::base::stamp::Stamp;

/// Where OpenWrt keeps its configuration.
pub const CONFIG_DIR: &str = "/etc/config";

/// How often, and after how long each time, a lock is asked for that another program holds: `uci`
/// holds it for as long as one file takes to write.
const LOCK_TRIES: u32 = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(25);

/// Permissions of a file that is made, as libuci's.
const NEW_FILE_MODE: u32 = 0o600;

/// What a change did.
pub struct Written {
    /// The text before; `None` where there was no file.
    pub before: Option<Vec<u8>>,
    /// The file now.
    pub document: Document,
    /// Its state.
    pub stamp: Stamp,
}

/// Reads a package; `None` where there is no such file. A lock that another program holds is waited
/// for, half a second at most.
///
/// # Errors
/// The file is not UCI, is busy, or cannot be read.
pub fn load(dir: &Path, package: &str) -> Result<Option<(Document, Stamp)>, UciError> {
    load_within(dir, package, LOCK_TRIES)
}

/// The same, but a file that is locked is busy at once.
///
/// # Errors
/// As [`load`].
pub fn load_unless_busy(dir: &Path, package: &str) -> Result<Option<(Document, Stamp)>, UciError> {
    load_within(dir, package, 1)
}

/// What can be read of a package that [`load`] refuses for its grammar.
///
/// # Errors
/// It is garbage, is busy, is not there, or cannot be read.
pub fn salvage(dir: &Path, package: &str) -> Result<Document, UciError> {
    let path = path_of(dir, package)?;
    let open = Locked::open(&path, false, 1)?.ok_or_else(|| not_there(&path))?;
    Document::salvage(&open.file, &open.read()?.0)
}

/// Puts `text` in the place of a package, whatever is there; gives what that was.
///
/// # Errors
/// It is busy, or cannot be read or written.
pub fn mend(dir: &Path, package: &str, text: &[u8]) -> Result<Vec<u8>, UciError> {
    let path = path_of(dir, package)?;
    make(&path)?;
    let open = Locked::open_existing(&path)?;
    // One that is too large to be read is too large to be kept.
    let damaged = match open.read() {
        Err(UciError::TooLarge { .. }) => Vec::new(),
        read => read?.0,
    };
    open.replace(text)?;
    Ok(damaged)
}

fn load_within(
    dir: &Path,
    package: &str,
    tries: u32,
) -> Result<Option<(Document, Stamp)>, UciError> {
    let path = path_of(dir, package)?;
    let Some(open) = Locked::open(&path, false, tries)? else {
        return Ok(None);
    };
    let (text, stamp) = open.read()?;
    Ok(Some((Document::parse(&open.file, text)?, stamp)))
}

/// Changes a package by `edit`, durably and under its lock. Where there is no such file, it is
/// made if it `may_make` one. Where `edit` fails or changes nothing, nothing is written.
///
/// # Errors
/// That of `edit`; the file is not UCI, is busy, or cannot be written.
pub fn update(
    dir: &Path,
    package: &str,
    may_make: bool,
    edit: &mut dyn FnMut(&mut Document) -> Result<(), UciError>,
) -> Result<Written, UciError> {
    let path = path_of(dir, package)?;
    let made = may_make && make(&path)?;
    let open = Locked::open_existing(&path)?;
    let written = open.change(edit);
    match written {
        Ok(mut written) if made => {
            written.before = None;
            Ok(written)
        }
        Err(error) if made => {
            // An empty file would be left, which says the same as none.
            let _ = std::fs::remove_file(&open.path);
            Err(error)
        }
        other => other,
    }
}

/// Puts an older text of a package back, or removes a file that was made, if it still has the text
/// `now`.
///
/// # Errors
/// Another program changed it in between; it is busy, or cannot be written.
pub fn restore(
    dir: &Path,
    package: &str,
    now: &[u8],
    older: Option<&[u8]>,
) -> Result<(), UciError> {
    let path = path_of(dir, package)?;
    let open = Locked::open_existing(&path)?;
    if open.read()?.0 != now {
        return Err(UciError::Changed { file: open.file });
    }
    match older {
        Some(older) => open.replace(older).map(|_| ()),
        None => open.remove(),
    }
}

fn path_of(dir: &Path, package: &str) -> Result<PathBuf, UciError> {
    if is_package(package.as_bytes()) {
        return Ok(dir.join(package));
    }
    Err(UciError::BadName {
        what: "package",
        name: package.to_owned(),
    })
}

/// Makes an empty file, as libuci does before it locks it; `false` where there is one.
fn make(path: &Path) -> Result<bool, UciError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(NEW_FILE_MODE);
    match options.open(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(UciError::Io {
            file: path.display().to_string(),
            doing: "make",
            error,
        }),
    }
}

fn not_there(path: &Path) -> UciError {
    UciError::Io {
        file: path.display().to_string(),
        doing: "open",
        error: io::ErrorKind::NotFound.into(),
    }
}

/// An open file with libuci's lock upon it.
struct Locked {
    lock: Flock<File>,
    /// Where it really is: a link stays a link.
    path: PathBuf,
    /// For messages.
    file: String,
}

impl Locked {
    fn open_existing(path: &Path) -> Result<Self, UciError> {
        Self::open(path, true, LOCK_TRIES)?.ok_or_else(|| not_there(path))
    }

    fn open(path: &Path, write: bool, tries: u32) -> Result<Option<Self>, UciError> {
        let file = path.display().to_string();
        let failed = |doing, error| UciError::Io {
            file: file.clone(),
            doing,
            error,
        };
        let kind = if write {
            FlockArg::LockExclusiveNonblock
        } else {
            FlockArg::LockSharedNonblock
        };
        for after in 0..tries {
            if after > 0 {
                std::thread::sleep(LOCK_PAUSE);
            }
            let real = match path.canonicalize() {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                other => other.map_err(|error| failed("open", error))?,
            };
            let mut options = OpenOptions::new();
            options.read(true).write(write);
            // A pipe in the place of the file is not waited for.
            options.custom_flags(OFlag::O_NONBLOCK.bits());
            let open = options.open(&real).map_err(|error| failed("open", error))?;
            let ours = open.metadata().map_err(|error| failed("open", error))?;
            if !ours.is_file() {
                // Nor would a file be put in the place of a device that a link leads to.
                return Err(failed("open", io::Error::other("it is no regular file")));
            }
            match Flock::lock(open, kind) {
                Ok(lock) => {
                    let there = std::fs::metadata(&real);
                    if there.is_ok_and(|m| Stamp::from(&m).is_of_same_file(&Stamp::from(&ours))) {
                        return Ok(Some(Self {
                            lock,
                            path: real,
                            file,
                        }));
                    }
                }
                Err((_, Errno::EWOULDBLOCK)) => {}
                Err((_, error)) => return Err(failed("lock", error.into())),
            }
        }
        Err(UciError::Busy { file })
    }

    fn failed(&self, doing: &'static str, error: io::Error) -> UciError {
        UciError::Io {
            file: self.file.clone(),
            doing,
            error,
        }
    }

    fn read(&self) -> Result<(Vec<u8>, Stamp), UciError> {
        let metadata = self.lock.metadata();
        let metadata = metadata.map_err(|error| self.failed("read", error))?;
        match file::read_open(&self.lock, MAX_FILE_BYTES) {
            Ok(text) => Ok((text, Stamp::from(&metadata))),
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => Err(UciError::TooLarge {
                file: self.file.clone(),
            }),
            Err(error) => Err(self.failed("read", error)),
        }
    }

    fn change(
        &self,
        edit: &mut dyn FnMut(&mut Document) -> Result<(), UciError>,
    ) -> Result<Written, UciError> {
        let (before, stamp) = self.read()?;
        let mut document = Document::parse(&self.file, before.clone())?;
        edit(&mut document)?;
        let stamp = if document.bytes() == before {
            stamp
        } else {
            self.replace(document.bytes())?
        };
        Ok(Written {
            before: Some(before),
            document,
            stamp,
        })
    }

    fn remove(&self) -> Result<(), UciError> {
        file::remove(&self.path).map_err(|error| self.failed("remove", error))
    }

    fn replace(&self, text: &[u8]) -> Result<Stamp, UciError> {
        let mode = self.lock.metadata().map(|m| m.mode());
        let written = mode
            .and_then(|mode| file::replace(&self.path, text, mode, Keep::Durably))
            .and_then(|()| std::fs::metadata(&self.path));
        match written {
            Ok(metadata) => Ok(Stamp::from(&metadata)),
            Err(error) => Err(self.failed("write", error)),
        }
    }
}
