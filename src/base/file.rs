//! Files are read within a bound, and replaced as a whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::OFlag;

/// The permission bits of everybody but the owner.
const OF_OTHERS: u32 = 0o077;

/// Room that a read begins with: most files of a box are shorter, and so are read by one call.
const FIRST_READ: usize = 4096;

/// Opens a file to read. Never waits, as opening a pipe without a writer would.
pub fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(OFlag::O_NONBLOCK.bits());
    options.open(path)
}

/// Reads a whole file of at most `limit` bytes, also of the kinds that tell no size, as those of
/// `/proc`. Never waits.
///
/// # Errors
/// [`io::ErrorKind::FileTooLarge`] where there is more; the system's own.
pub fn read(path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    read_open(&open(path)?, limit)
}

/// Reads what an open file has from where it stands, at most `limit` bytes; errors as [`read`].
pub fn read_open(file: &File, limit: usize) -> io::Result<Vec<u8>> {
    let bytes = up_to(file, limit.saturating_add(1))?;
    if bytes.len() > limit {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}

/// Reads the first `most` bytes of a file that may have more. Never waits.
pub fn read_beginning(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    up_to(&open(path)?, most)
}

fn up_to(file: &File, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(most.min(FIRST_READ));
    let most = u64::try_from(most).unwrap_or(u64::MAX);
    file.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What [`replace`] outlives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// A power cut: it returns when the file and its name are on the medium.
    Durably,
    /// The end of the program: for what lies in memory anyway.
    UntilReboot,
}

/// Replaces `path` by `bytes`, with the permission bits `mode` and the owner of the file before, as
/// far as the system lets; a reader finds the old file or the new one, and so does whoever comes
/// after a power cut if it is kept [`Keep::Durably`].
///
/// The temporary name is hidden, and the same each time, so that what a power cut left behind is
/// used up by the next call. The caller sees to it that only one call at a time is made for `path`.
///
/// # Errors
/// The system's own; then the old file is left. Once the new one has the name it does not fail any
/// more: that its name could not be brought onto the medium is logged, for the change is in the file.
pub fn replace(path: &Path, bytes: &[u8], mode: u32, keep: Keep) -> io::Result<()> {
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?
        .to_string_lossy();
    let temporary = folder_of(path).join(format!(".{name}.cwmpd-new"));
    let owner = fs::metadata(path).ok().map(|data| (data.uid(), data.gid()));
    let written = write_new(&temporary, bytes, mode, owner, keep);
    if let Err(error) = written.and_then(|()| fs::rename(&temporary, path)) {
        // Best effort: the error that matters is the first one.
        let _ = fs::remove_file(&temporary);
        return Err(error);
    }
    if keep == Keep::Durably {
        sync_name(path);
    }
    Ok(())
}

/// Removes a file, durably: it is not there after a power cut either. As with [`replace`] it does
/// not fail any more once the name is gone.
pub fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path)?;
    sync_name(path);
    Ok(())
}

fn sync_name(path: &Path) {
    if let Err(error) = sync_folder(folder_of(path)) {
        log::error!(
            "{} is changed, but a power cut may still undo it: its folder cannot be synced: {error}",
            path.display()
        );
    }
}

/// Returns when the names in the folder are on the medium; at once where the file system does not
/// sync folders, since it cannot be had better there.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    let unknown = [
        Errno::EINVAL,
        Errno::EBADF,
        Errno::ENOSYS,
        Errno::EOPNOTSUPP,
    ];
    match File::open(folder)?.sync_all() {
        Err(error)
            if unknown
                .iter()
                .any(|e| error.raw_os_error() == Some(*e as i32)) =>
        {
            Ok(())
        }
        synced => synced,
    }
}

/// Takes the rights of group and others from a file or folder that has secrets in it; whether it had
/// any. Does not follow a link, and leaves a device or pipe as it is: that belongs to all.
///
/// # Errors
/// The system's own: it belongs to somebody else, or cannot be changed.
pub fn make_private(path: &Path) -> io::Result<bool> {
    let mut options = OpenOptions::new();
    let flags = OFlag::O_NONBLOCK | OFlag::O_NOFOLLOW;
    let file = options.read(true).custom_flags(flags.bits()).open(path)?;
    let data = file.metadata()?;
    let (kind, mode) = (data.file_type(), data.mode());
    if mode & OF_OTHERS == 0 || !(kind.is_file() || kind.is_dir()) {
        return Ok(false);
    }
    let private = fs::Permissions::from_mode(mode & 0o7777 & !OF_OTHERS);
    file.set_permissions(private)?;
    Ok(true)
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        folder => folder.unwrap_or(Path::new("/")),
    }
}

fn write_new(
    path: &Path,
    bytes: &[u8],
    mode: u32,
    owner: Option<(u32, u32)>,
    keep: Keep,
) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)?;
    let new = file.metadata()?;
    let other = owner.filter(|owner| *owner != (new.uid(), new.gid()));
    if let Some((user, group)) = other {
        // Only root may; whoever else writes the file becomes its owner.
        let _ = fchown(&file, Some(user), Some(group));
    }
    file.set_permissions(fs::Permissions::from_mode(mode & 0o7777))?;
    match keep {
        Keep::Durably => file.sync_all(),
        Keep::UntilReboot => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;

    use cwmpd_lab::Folder;

    use super::*;

    #[test]
    fn a_write_that_fails_leaves_the_old_file_and_no_other() {
        let dir = Folder::new("replace");
        fs::create_dir_all(dir.join("folder/in the way")).unwrap();
        for keep in [Keep::Durably, Keep::UntilReboot] {
            let mode = || fs::metadata(dir.join("file")).unwrap().permissions().mode() & 0o7777;
            replace(&dir.join("file"), b"old", 0o644, keep).unwrap();
            assert_eq!(mode(), 0o644);
            replace(&dir.join("file"), b"new", 0o600, keep).unwrap();
            assert_eq!(mode(), 0o600);
            assert_eq!(fs::read(dir.join("file")).unwrap(), b"new");
            assert!(replace(&dir.join("folder"), b"new", 0o600, keep).is_err());
            assert!(dir.join("folder/in the way").is_dir());
            assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
        }
    }

    #[test]
    fn s29_a_file_that_is_replaced_keeps_its_owner_and_one_that_is_made_private_its_bits() {
        let dir = Folder::new("owner");
        let file = dir.join("file");
        replace(&file, b"old", 0o644, Keep::Durably).unwrap();
        let ours = fs::metadata(&file).unwrap();
        let owner = match ours.uid() {
            0 => (1234, 2345),
            user => (user, ours.gid()),
        };
        std::os::unix::fs::chown(&file, Some(owner.0), Some(owner.1)).unwrap();
        replace(&file, b"new", 0o640, Keep::Durably).unwrap();
        let data = fs::metadata(&file).unwrap();
        assert_eq!((data.uid(), data.gid()), owner);
        assert_eq!(data.mode() & 0o7777, 0o640);
        assert!(make_private(&file).unwrap());
        assert!(!make_private(&file).unwrap());
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o7777, 0o600);
        std::os::unix::fs::symlink(&file, dir.join("link")).unwrap();
        assert!(make_private(&dir.join("link")).is_err());
        let pipe = dir.join("pipe");
        mkfifo(&pipe, Mode::S_IRWXU).unwrap();
        fs::set_permissions(&pipe, fs::Permissions::from_mode(0o740)).unwrap();
        assert!(!make_private(&pipe).unwrap());
        assert_eq!(fs::metadata(&pipe).unwrap().mode() & 0o7777, 0o740);
    }

    #[test]
    fn what_a_power_cut_left_behind_is_used_up() {
        let dir = Folder::new("leftover");
        fs::write(dir.join(".file.cwmpd-new"), "half").unwrap();
        replace(&dir.join("file"), b"whole", 0o600, Keep::Durably).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_is_read_up_to_its_bound_and_no_further() {
        let dir = Folder::new("bound");
        let file = dir.join("file");
        fs::write(&file, "1234").unwrap();
        assert_eq!(read(&file, 4).unwrap(), b"1234");
        let error = read(&file, 3).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(read_beginning(&file, 3).unwrap(), b"123");
        assert_eq!(read_beginning(&file, 9).unwrap(), b"1234");
        assert!(read(&dir, 4).is_err(), "a folder");
        let absent = read(&dir.join("absent"), 4).unwrap_err();
        assert_eq!(absent.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_file_without_size_is_read_whole_and_one_without_end_is_not() {
        let version = read(Path::new("/proc/version"), 4096).unwrap();
        assert!(version.starts_with(b"Linux"));
        let zeros = read(Path::new("/dev/zero"), 4096).unwrap_err();
        assert_eq!(zeros.kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(read_beginning(Path::new("/dev/zero"), 8).unwrap(), [0; 8]);
    }

    #[test]
    fn a_pipe_is_not_waited_for() {
        let dir = Folder::new("pipe");
        let pipe = dir.join("pipe");
        mkfifo(&pipe, Mode::S_IRWXU).unwrap();
        assert_eq!(read(&pipe, 4).unwrap(), b"");
        // With a writer that says nothing there is an error instead of an end.
        let _writer = OpenOptions::new().read(true).write(true).open(&pipe);
        let error = read(&pipe, 4).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    }
}
