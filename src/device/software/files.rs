//! Where the package manager of the box keeps what it knows.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::package::InstalledPackage;
use super::{MAX_LIST_BYTES, apk, opkg};
use crate::base::file;

/// Where apk has its list of what is installed, and of what somebody asked for.
const APK: (&str, &str) = ("lib/apk/db/installed", "etc/apk/world");

/// Where opkg has its list: OpenWrt's place, and that of builds without it.
const OPKG: [&str; 2] = ["usr/lib/opkg", "var/lib/opkg"];

/// What opkg locks (fcntl), and apk (flock), while they change anything.
const OPKG_LOCK: &str = "var/lock/opkg.lock";
const APK_LOCK: &str = "lib/apk/db/lock";

/// Where an OpenWrt on squashfs shows the firmware as it was made, without what came later.
const FIRMWARE: &str = "rom";

/// Which package manager it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ManagerKind {
    /// opkg, OpenWrt 14.07 to 24.10.
    Opkg,
    /// apk, since 25.12.
    Apk,
}

impl ManagerKind {
    /// What a list says, with apk's of what somebody asked for.
    ///
    /// # Errors
    /// opkg is writing it: it does so in its place, and only the beginning is there.
    pub fn packages(self, list: &[u8], world: &[u8]) -> io::Result<Vec<InstalledPackage>> {
        match self {
            Self::Apk => Ok(apk::packages(list, world)),
            Self::Opkg if !opkg::is_whole(list) => Err(io::ErrorKind::UnexpectedEof.into()),
            Self::Opkg => Ok(opkg::packages(list)),
        }
    }
}

/// The folders in which all else is.
#[derive(Clone, Debug)]
pub struct SoftwareFiles {
    root: PathBuf,
}

impl SoftwareFiles {
    /// Those of the box; with `command_dir` (`cpe.command_dir`) below that folder.
    pub fn new(command_dir: Option<&Path>) -> Self {
        let root = command_dir.unwrap_or(Path::new("/"));
        Self {
            root: root.to_owned(),
        }
    }

    /// Whose lists there are: apk's before opkg's, which an upgrade may have left.
    pub fn kind(&self) -> Option<ManagerKind> {
        if self.root.join(APK.0).exists() {
            return Some(ManagerKind::Apk);
        }
        let dirs = OPKG.iter();
        let mut lists = dirs.map(|dir| self.root.join(dir).join("status"));
        lists.any(|list| list.exists()).then_some(ManagerKind::Opkg)
    }

    /// Whether a package manager is at work, so that the lists are about to be others.
    pub fn are_changing(&self) -> bool {
        let lock = match self.kind() {
            Some(ManagerKind::Apk) => APK_LOCK,
            Some(ManagerKind::Opkg) => OPKG_LOCK,
            None => return false,
        };
        is_locked(&self.root.join(lock))
    }

    /// The folders whose changes tell of another list.
    pub fn watched(&self) -> Vec<PathBuf> {
        match self.kind() {
            Some(ManagerKind::Apk) => vec![self.root.join("lib/apk/db")],
            Some(ManagerKind::Opkg) => vec![self.opkg_dir(&self.root)],
            None => Vec::new(),
        }
    }

    /// The list that says what is installed, to see whether it is another one.
    pub(super) fn list(&self, kind: ManagerKind) -> PathBuf {
        match kind {
            ManagerKind::Apk => self.root.join(APK.0),
            ManagerKind::Opkg => self.opkg_dir(&self.root).join("status"),
        }
    }

    /// All packages that are installed.
    ///
    /// # Errors
    /// The list cannot be read, or is being written.
    pub(super) fn installed(&self, kind: ManagerKind) -> io::Result<Vec<InstalledPackage>> {
        // apk puts a whole list in the place of the former one.
        if kind == ManagerKind::Opkg && self.are_changing() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.packages(kind, &self.root)
    }

    /// The packages of the firmware; none where it does not show itself.
    pub(super) fn of_firmware(&self, kind: ManagerKind) -> Vec<InstalledPackage> {
        let firmware = self.root.join(FIRMWARE);
        self.packages(kind, &firmware).unwrap_or_default()
    }

    /// Adds to a package what is kept elsewhere than in the list.
    pub(super) fn complete(&self, kind: ManagerKind, package: &mut InstalledPackage) {
        if kind == ManagerKind::Opkg {
            opkg::complete(package, &self.opkg_dir(&self.root).join("info"));
        }
    }

    fn packages(&self, kind: ManagerKind, root: &Path) -> io::Result<Vec<InstalledPackage>> {
        let read = |path: PathBuf| file::read(&path, MAX_LIST_BYTES);
        let (list, world) = match kind {
            ManagerKind::Apk => (read(root.join(APK.0))?, read(root.join(APK.1))?),
            ManagerKind::Opkg => (read(self.opkg_dir(root).join("status"))?, Vec::new()),
        };
        kind.packages(&list, &world)
    }

    fn opkg_dir(&self, root: &Path) -> PathBuf {
        let [usual, other] = OPKG.map(|dir| root.join(dir));
        match !usual.join("status").exists() && other.join("status").exists() {
            true => other,
            false => usual,
        }
    }
}

/// Whether somebody holds a lock on the file, as the kernel lists them: opkg and apk do from their
/// start to their end. opkg's cannot be asked for on all of our machines without a word of C.
fn is_locked(path: &Path) -> bool {
    let Ok(lock) = fs::metadata(path) else {
        return false;
    };
    let held = file::read(Path::new("/proc/locks"), MAX_LIST_BYTES).unwrap_or_default();
    let of_lock = format!(":{} ", lock.ino());
    String::from_utf8_lossy(&held).contains(&of_lock)
}
