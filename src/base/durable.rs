//! A file is replaced as a whole: temporary file beside it, fsync, rename, fsync of the folder.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Replaces `path` by `bytes`, with the permission bits `mode`; after a power cut at any instant
/// there is the old file or the new one. The temporary name is hidden, and the same each time, so
/// that what a power cut left behind is used up by the next call. The caller sees to it that only
/// one call at a time is made for `path`.
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?
        .to_string_lossy();
    let folder = path.parent().unwrap_or(Path::new("/"));
    let temporary = folder.join(format!(".{name}.cwmpd-new"));
    let written = write_new(&temporary, bytes, mode).and_then(|()| fs::rename(&temporary, path));
    if let Err(error) = written {
        // Best effort: the error that matters is the first one.
        let _ = fs::remove_file(&temporary);
        return Err(error);
    }
    File::open(folder)?.sync_all()
}

fn write_new(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)?;
    file.set_permissions(fs::Permissions::from_mode(mode & 0o7777))?;
    file.sync_all()
}

/// Reads at most `limit` bytes; `None` where there are more.
pub fn read_bounded(file: &File, limit: usize) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let more = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    file.take(more).read_to_end(&mut bytes)?;
    Ok((bytes.len() <= limit).then_some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_that_fails_leaves_the_old_file_and_no_other() {
        let dir = std::env::temp_dir().join(format!("cwmpd-durable-{}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(dir.join("folder/in the way")).unwrap();
        replace(&dir.join("file"), b"old", 0o640).unwrap();
        replace(&dir.join("file"), b"new", 0o600).unwrap();
        assert_eq!(fs::read(dir.join("file")).unwrap(), b"new");
        assert!(replace(&dir.join("folder"), b"new", 0o600).is_err());
        assert!(dir.join("folder/in the way").is_dir());
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 2);
        let file = File::open(dir.join("file")).unwrap();
        assert_eq!(read_bounded(&file, 2).unwrap(), None);
        fs::remove_dir_all(&dir).unwrap();
    }
}
