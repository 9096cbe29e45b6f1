//! Who holds the run folder. It is the agent's user alone who may: another could keep the agent from
//! starting, for as long as he likes, or put files of his own in the place of the agent's.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag};
use nix::unistd::geteuid;

use super::{BOOT, TOLD};
use super::{live, memory, spare};
use crate::agent::error::AgentError;
use crate::agent::{clocks, control, discovery, transfers};
use crate::base::file;

const LOCK: &str = "cwmpd.lock";

/// What an agent leaves in the folder, and what the scripts of NTP and DHCP do.
const OWN_FILES: [&str; 9] = [
    LOCK,
    BOOT,
    TOLD,
    clocks::SYNCED,
    control::SOCKET,
    discovery::FOLDER,
    live::FILE,
    memory::FILE,
    spare::FILE,
];

/// Everybody may make files in it, and remove his own: `/tmp`.
const STICKY: u32 = 0o1000;
const WRITE_OF_OTHERS: u32 = 0o022;

/// Whether an error is of a kind that passes and is no reason not to start: no room, too many open
/// files, a medium that takes nothing.
pub(super) fn may_pass(error: &io::Error) -> bool {
    let passing = [
        Errno::ENOSPC,
        Errno::EDQUOT,
        Errno::EROFS,
        Errno::EIO,
        Errno::EMFILE,
        Errno::ENFILE,
        Errno::ENOMEM,
    ];
    let code = error.raw_os_error();
    passing.iter().any(|errno| code == Some(*errno as i32))
}

/// Makes the folder if it is not there, closes it to others, and takes its lock.
pub(super) fn take(dir: &Path) -> Result<Flock<File>, AgentError> {
    make_safe(dir)?;
    let path = dir.join(LOCK);
    // Once more where the lock was another user's.
    for _ in 0..2 {
        let file = open(&path)?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(mut lock) => {
                let pid = std::process::id();
                // Only for people.
                let _ = lock.set_len(0).and_then(|()| writeln!(lock, "{pid}"));
                return Ok(lock);
            }
            Err((mut file, Errno::EWOULDBLOCK)) => {
                if is_foreign(&file) {
                    log::warn!("{}: another user held it; it is made anew", path.display());
                    fs::remove_file(&path).map_err(|e| failed("remove", &path, e))?;
                    continue;
                }
                let mut pid = String::new();
                let _ = file.read_to_string(&mut pid);
                return Err(AgentError::Running {
                    dir: dir.to_owned(),
                    pid: pid.trim().to_owned(),
                });
            }
            Err((_, errno)) => return Err(failed("lock", &path, errno.into())),
        }
    }
    Err(failed("lock", &path, io::ErrorKind::WouldBlock.into()))
}

fn failed(verb: &'static str, path: &Path, error: io::Error) -> AgentError {
    AgentError::File {
        path: path.to_owned(),
        verb,
        error,
    }
}

/// Makes the folder for its owner alone. One that is there is mended if only the agent's own files
/// are in it; a folder of more than that stays as it is, unless others may write there.
fn make_safe(dir: &Path) -> Result<(), AgentError> {
    if let Some(parent) = dir.parent() {
        fs::create_dir_all(parent).map_err(|e| failed("create", parent, e))?;
    }
    match DirBuilder::new().mode(0o700).create(dir) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(failed("create", dir, e)),
        _ => {}
    }
    let refused = |why| AgentError::Unsafe {
        path: dir.to_owned(),
        why,
    };
    let data = fs::symlink_metadata(dir).map_err(|e| failed("open", dir, e))?;
    if !data.is_dir() {
        return Err(refused(
            "the run folder is a link or a file, which may lead to another user; remove it, or give \
             another folder by -r",
        ));
    }
    if data.uid() != geteuid().as_raw() {
        return Err(refused(
            "the run folder belongs to another user, who could stop the agent; remove it, or give \
             another folder by -r",
        ));
    }
    let is_shared = data.mode() & (STICKY | WRITE_OF_OTHERS) != 0;
    if data.mode() & STICKY == 0 && has_only_own(dir) {
        match file::make_private(dir) {
            Ok(true) => log::info!("{}: closed to other users", dir.display()),
            Ok(false) => {}
            Err(e) if is_shared => return Err(failed("close to others", dir, e)),
            Err(e) => log::warn!("{}: cannot be closed to other users: {e}", dir.display()),
        }
    } else if is_shared {
        return Err(refused(
            "other users may write to the run folder, and there is more in it than the agent's own; \
             give a folder of its own by -r",
        ));
    }
    Ok(())
}

fn has_only_own(dir: &Path) -> bool {
    let own = |name: &OsStr| {
        let name = name.to_string_lossy();
        let temporary = name.starts_with('.') && name.ends_with(".cwmpd-new");
        let of_transfer = transfers::number_of(&name).is_some();
        temporary || of_transfer || OWN_FILES.contains(&&*name)
    };
    fs::read_dir(dir).is_ok_and(|entries| {
        let mut entries = entries.flatten();
        entries.all(|entry| own(&entry.file_name()))
    })
}

/// Opens the lock file, or makes it; one that is not the agent's own is made anew.
fn open(path: &Path) -> Result<File, AgentError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).mode(0o600);
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    options.custom_flags(flags.bits());
    let open = || options.open(path);
    let is_own = |file: &File| {
        let data = file.metadata();
        data.is_ok_and(|data| data.is_file() && data.uid() == geteuid().as_raw())
    };
    let file = match open() {
        Ok(file) if is_own(&file) => file,
        Err(error) if error.raw_os_error() != Some(Errno::ELOOP as i32) => {
            return Err(failed("open", path, error));
        }
        _ => {
            log::warn!("{}: not the agent's own; it is made anew", path.display());
            fs::remove_file(path).map_err(|e| failed("remove", path, e))?;
            open().map_err(|e| failed("open", path, e))?
        }
    };
    file::make_private(path).map_err(|e| failed("close to others", path, e))?;
    Ok(file)
}

/// Whether the lock upon the file is another user's, who got at it while it was open to all: or that
/// of a process that is no more, which an agent's never is. What `/proc/locks` does not tell counts as
/// an agent's.
fn is_foreign(file: &File) -> bool {
    let Ok(data) = file.metadata() else {
        return false;
    };
    let locks = fs::read_to_string("/proc/locks").unwrap_or_default();
    // 1: FLOCK  ADVISORY  WRITE 1234 00:1f:5678 0 EOF
    let inode = format!(":{}", data.ino());
    let holders = locks.lines().filter_map(|line| {
        let mut words = line.split_ascii_whitespace();
        let kind = words.nth(1)?;
        let holder: u32 = words.nth(2)?.parse().ok()?;
        (kind == "FLOCK" && words.next()?.ends_with(&inode)).then_some(holder)
    });
    let holders: Vec<u32> = holders.collect();
    !holders.is_empty() && holders.iter().all(|holder| !is_of_our_user(*holder))
}

fn is_of_our_user(process: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let user = status.lines().find_map(|line| line.strip_prefix("Uid:"));
    let user = user.and_then(|user| user.split_ascii_whitespace().next()?.parse().ok());
    user == Some(geteuid().as_raw())
}
