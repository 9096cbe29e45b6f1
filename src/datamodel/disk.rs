//! The disk as the store needs it: few calls, each of which may fail or be the last before the
//! power goes. The tests put a disk of their own behind it.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::base::file;

/// Where the state lives.
pub trait Disk {
    /// The whole file; `FileTooLarge` above `limit` bytes.
    fn read(&self, path: &Path, limit: usize) -> io::Result<Vec<u8>>;

    /// The files in a folder, in any order.
    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>>;

    /// Makes an empty file, or empties it, readable by its owner alone.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Opens a file to write behind its first `length` bytes; what stands there is cut off, for
    /// good with the next [`DiskFile::sync`]. `UnexpectedEof` where the file is shorter: somebody
    /// else wrote to it.
    fn open(&self, path: &Path, length: usize) -> io::Result<Box<dyn DiskFile>>;

    /// Gives a file another name; a file that had it is gone. Durable with the next
    /// [`Disk::sync_folder`].
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file. Durable with the next [`Disk::sync_folder`].
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Returns when the names in the folder are on the medium.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
}

/// A file being written.
pub trait DiskFile {
    /// Appends all of `bytes`, or fails.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Returns when the content is on the medium, and with it the length.
    fn sync(&mut self) -> io::Result<()>;
}

/// The file system of the box.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn read(&self, path: &Path, limit: usize) -> io::Result<Vec<u8>> {
        file::read(path, limit)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        fs::read_dir(folder)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect()
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(path)?;
        Ok(Box::new(file))
    }

    fn open(&self, path: &Path, length: usize) -> io::Result<Box<dyn DiskFile>> {
        let length = u64::try_from(length).map_err(io::Error::other)?;
        let file = fs::OpenOptions::new().append(true).open(path)?;
        match file.metadata()?.len() {
            found if found < length => return Err(io::ErrorKind::UnexpectedEof.into()),
            found if found > length => file.set_len(length)?,
            _ => {}
        }
        Ok(Box::new(file))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        file::sync_folder(folder)
    }
}

impl DiskFile for fs::File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        // fdatasync(2): leaves out the times of the file, which nobody needs after a power cut.
        self.sync_data()
    }
}

#[cfg(test)]
mod tests {
    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;

    use cwmpd_lab::Folder;

    use super::*;

    #[test]
    fn a_pipe_in_the_place_of_the_state_is_not_waited_for() {
        let dir = Folder::new("disk");
        let pipe = dir.join("parameters.data");
        mkfifo(&pipe, Mode::S_IRWXU).unwrap();
        assert_eq!(RealDisk.read(&pipe, 10).unwrap(), b"");
        fs::write(dir.join("state"), "0123456789A").unwrap();
        let error = RealDisk.read(&dir.join("state"), 10).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }
}
