//! What an archive has is put in the place of what is there, file by file, each as a whole and durably;
//! what is there is kept before.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, fchown, symlink};
use std::path::{Path, PathBuf};

use super::archive::{ABSENT, ArchiveEntry, EntryKind, Unpack, damaged};
use super::pack::{self, TapeHead};
use super::{closed_file, unfinished};
use crate::base::{file, room};
use crate::device::uci::{self, Document, MAX_FILE_BYTES, is_package};

/// Where the packages of UCI are in an archive of the configuration.
const PACKAGES: &str = "etc/config/";

/// The agent's own package.
const OWN_PACKAGE: &str = "cwmpd";

/// The folders of its state, one for each root of the data model, as an archive has them.
const OWN_FOLDERS: [&str; 2] = ["etc/cwmpd", "etc/cwmpd-igd"];

/// Bytes of the names of all that an archive replaces: a box keeps some hundred files.
const MAX_NAMES: usize = 512 << 10;

/// Where the files of an archive go.
pub(super) struct Targets<'t> {
    /// Where its names begin.
    pub root: &'t Path,
    /// Where its packages of UCI go.
    pub config_dir: &'t Path,
    /// Where the state of the agent is.
    pub model_dir: &'t Path,
    /// It is of our own making: its names are paths of the box, and all of it is taken.
    pub is_own: bool,
}

impl Targets<'_> {
    /// Where an entry goes; `None` where it is the agent's own, which no archive replaces: its state
    /// and its settings are of this box and of now.
    fn of(&self, name: &str) -> Option<PathBuf> {
        if self.is_own {
            return Some(Path::new("/").join(name));
        }
        let package = name
            .strip_prefix(PACKAGES)
            .filter(|rest| !rest.contains('/'));
        let path = match package {
            Some(package) => self.config_dir.join(package),
            None => self.root.join(name),
        };
        let real = real(&path);
        let folders = OWN_FOLDERS.map(|folder| self.root.join(folder));
        let mut own = folders.iter().map(PathBuf::as_path).chain([self.model_dir]);
        let is_own = own.any(|own| real.starts_with(self::real(own)))
            || real == self::real(&self.config_dir.join(OWN_PACKAGE));
        (!is_own).then_some(path)
    }

    /// The package of UCI that a file is. What else stands beside the packages, such as `network.bak` or
    /// what a package manager left there, is none, and need not be UCI.
    fn package<'p>(&self, path: &'p Path) -> Option<&'p str> {
        let name = path.strip_prefix(self.config_dir).ok()?.to_str()?;
        is_package(name.as_bytes()).then_some(name)
    }
}

/// The path without links in the folders that are there.
fn real(path: &Path) -> PathBuf {
    let mut above = path.ancestors();
    let there = above.find_map(|folder| Some((folder, folder.canonicalize().ok()?)));
    let joined = there.and_then(|(folder, real)| Some(real.join(path.strip_prefix(folder).ok()?)));
    // Nothing behind a name that is whole.
    joined.map_or_else(|| path.to_owned(), |path| path.components().collect())
}

/// Looks through an archive before anything is changed: what it is to replace.
pub(super) struct Survey<'t> {
    pub targets: Targets<'t>,
    /// The paths that are to be replaced, or made.
    pub paths: Vec<PathBuf>,
    /// Bytes of their names.
    names: usize,
    /// Links that come: what was kept could not be put back through them.
    links: Vec<PathBuf>,
    /// Bytes that come.
    pub bytes: u64,
    /// The text of a package, which has to be one.
    package: Option<(String, Vec<u8>)>,
}

impl<'t> Survey<'t> {
    pub(super) fn new(targets: Targets<'t>) -> Self {
        Self {
            targets,
            paths: Vec::new(),
            names: 0,
            links: Vec::new(),
            bytes: 0,
            package: None,
        }
    }
}

impl Unpack for Survey<'_> {
    fn entry(&mut self, entry: ArchiveEntry) -> io::Result<()> {
        self.package = None;
        let Some(path) = self.targets.of(&entry.name) else {
            return Ok(());
        };
        let is_folder = fs::metadata(&path).is_ok_and(|data| data.is_dir());
        let in_the_way = path.ancestors().skip(1).find(|above| above.exists());
        if in_the_way.is_some_and(|above| !above.is_dir()) {
            let name = &entry.name;
            return Err(damaged(format!(
                "{name}: it is below something that is no folder"
            )));
        }
        let mut above = path.ancestors().skip(1);
        if above.any(|above| self.links.iter().any(|link| link == above)) {
            let name = &entry.name;
            return Err(damaged(format!("{name}: it is below a link")));
        }
        if entry.kind == EntryKind::Link {
            self.links.push(path.clone());
        }
        match entry.kind {
            EntryKind::Folder if is_folder => return Ok(()),
            EntryKind::Folder if path.symlink_metadata().is_err() => {}
            EntryKind::File | EntryKind::Link if !is_folder => {}
            EntryKind::Absent => {}
            _ => {
                let name = &entry.name;
                return Err(damaged(format!(
                    "{name}: a file takes the place of a folder, or the reverse"
                )));
            }
        }
        self.bytes = self.bytes.saturating_add(entry.size);
        if let (EntryKind::File, Some(package)) = (entry.kind, self.targets.package(&path)) {
            self.package = Some((package.to_owned(), Vec::new()));
        }
        self.names = self.names.saturating_add(path.as_os_str().len());
        if self.names > MAX_NAMES {
            return Err(damaged(format!(
                "the names in it are longer than {MAX_NAMES} bytes together"
            )));
        }
        self.paths.push(path);
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some((name, text)) = &mut self.package else {
            return Ok(());
        };
        if text.len().saturating_add(bytes.len()) > MAX_FILE_BYTES {
            return Err(damaged(format!(
                "{name}: longer than {MAX_FILE_BYTES} bytes"
            )));
        }
        text.extend_from_slice(bytes);
        Ok(())
    }

    fn whole(&mut self) -> io::Result<()> {
        if let Some((name, text)) = self.package.take() {
            Document::parse(&name, text).map_err(|error| damaged(error.to_string()))?;
        }
        Ok(())
    }
}

/// Keeps what is at these paths, durably, as an archive at `to`. What is not there is noted, so that
/// it goes again when the archive is put back.
pub(super) fn keep(paths: &[PathBuf], to: &Path) -> io::Result<()> {
    let new = to.with_extension("new");
    let lengths = paths
        .iter()
        .filter_map(|path| fs::symlink_metadata(path).ok());
    let bytes = lengths.map(|data| data.len()).sum();
    let folder = to.parent().unwrap_or(Path::new("/"));
    room::check(folder, bytes).map_err(io::Error::other)?;
    let mut archive = BufWriter::new(closed_file(&new)?);
    // What is below a folder comes before it: so it is removed before it.
    for path in paths.iter().rev() {
        let name = path.to_str().ok_or_else(|| damaged("a name is no text"))?;
        let name = name.trim_start_matches('/');
        match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                pack::head(&mut archive, &TapeHead::empty(name, ABSENT, ""))?;
            }
            Err(error) => return Err(error),
            Ok(data) if data.is_symlink() => {
                let target = fs::read_link(path)?;
                let target = target
                    .to_str()
                    .ok_or_else(|| damaged("a name is no text"))?;
                pack::head(&mut archive, &TapeHead::empty(name, b'2', target))?;
            }
            Ok(data) if data.is_file() => {
                let head = TapeHead::of_file(name, &data);
                pack::head(&mut archive, &head)?;
                pack::content(&mut archive, &mut file::open(path)?, head.size)?;
            }
            Ok(_) => {
                return Err(damaged(format!(
                    "{name}: it is no file that can be replaced"
                )));
            }
        }
    }
    pack::end(&mut archive)?;
    archive.into_inner().map_err(io::Error::other)?.sync_all()?;
    fs::rename(&new, to)?;
    file::sync_folder(folder)
}

/// Puts what is in an archive in its place.
pub(super) struct Replace<'t> {
    pub targets: Targets<'t>,
    /// The packages of UCI that are others now.
    pub packages: Vec<String>,
    /// Whether anything else is another.
    pub others: bool,
    writing: Writing,
}

impl Drop for Replace<'_> {
    fn drop(&mut self) {
        self.drop_unfinished();
    }
}

/// The file whose bytes come.
enum Writing {
    /// None, or one that is passed over.
    Nothing,
    Package(String, Vec<u8>),
    Plain(ArchiveEntry, PathBuf, BufWriter<File>),
}

impl<'t> Replace<'t> {
    pub(super) fn new(targets: Targets<'t>) -> Self {
        Self {
            targets,
            packages: Vec::new(),
            others: false,
            writing: Writing::Nothing,
        }
    }

    /// Puts a text in the place of a package, under the lock that libuci keeps.
    pub(super) fn put_package(&mut self, name: &str, text: &[u8]) -> io::Result<()> {
        let path = self.targets.config_dir.join(name);
        if file::read(&path, MAX_FILE_BYTES).is_ok_and(|before| before == text) {
            return Ok(());
        }
        let put = uci::mend(self.targets.config_dir, name, text);
        put.map_err(|error| io::Error::other(error.to_string()))?;
        self.packages.push(name.to_owned());
        Ok(())
    }

    /// What was being written stays unwritten, and takes no room.
    fn drop_unfinished(&mut self) {
        let writing = std::mem::replace(&mut self.writing, Writing::Nothing);
        if let Writing::Plain(_, path, file) = writing {
            // Nothing of it is to be written any more.
            let _ = file.into_parts();
            let _ = fs::remove_file(unfinished(&path));
        }
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        // What a power cut left.
        let _ = fs::remove_file(unfinished(path));
        let removed = match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => Err(error),
            Ok(data) if data.is_dir() => {
                // One in which somebody put something meanwhile stays.
                let _ = fs::remove_dir(path);
                return Ok(());
            }
            Ok(_) => file::remove(path),
        };
        match self.targets.package(path) {
            Some(package) => self.packages.push(package.to_owned()),
            None => self.others = true,
        }
        removed
    }
}

impl Unpack for Replace<'_> {
    fn entry(&mut self, entry: ArchiveEntry) -> io::Result<()> {
        self.writing = Writing::Nothing;
        let Some(path) = self.targets.of(&entry.name) else {
            log::info!("{}: the agent's own is left as it is", entry.name);
            return Ok(());
        };
        let folder = path.parent().unwrap_or(Path::new("/"));
        match entry.kind {
            EntryKind::Absent => return self.remove(&path),
            EntryKind::Folder => {
                fs::create_dir_all(&path)?;
                self.others = true;
                return file::sync_folder(folder);
            }
            EntryKind::File | EntryKind::Link => fs::create_dir_all(folder)?,
        }
        if entry.kind == EntryKind::Link {
            if fs::read_link(&path).is_ok_and(|target| target == Path::new(&entry.target)) {
                return Ok(());
            }
            let new = unfinished(&path);
            let _ = fs::remove_file(&new);
            symlink(&entry.target, &new)?;
            self.others = true;
            return named(&new, &path);
        }
        self.writing = match self.targets.package(&path) {
            Some(package) => Writing::Package(package.to_owned(), Vec::new()),
            None => {
                let new = unfinished(&path);
                let _ = fs::remove_file(&new);
                let mut options = OpenOptions::new();
                let options = options.write(true).create_new(true).mode(0o600);
                Writing::Plain(entry, path, BufWriter::new(options.open(new)?))
            }
        };
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.writing {
            Writing::Nothing => Ok(()),
            Writing::Package(_, text) => {
                text.extend_from_slice(bytes);
                Ok(())
            }
            Writing::Plain(.., file) => file.write_all(bytes),
        }
    }

    fn whole(&mut self) -> io::Result<()> {
        match std::mem::replace(&mut self.writing, Writing::Nothing) {
            Writing::Nothing => Ok(()),
            Writing::Package(name, text) => self.put_package(&name, &text),
            Writing::Plain(entry, path, file) => {
                let new = unfinished(&path);
                let named = finished(file, &entry).and_then(|()| named(&new, &path));
                match named {
                    Ok(()) => self.others = true,
                    Err(_) => drop(fs::remove_file(new)),
                }
                named
            }
        }
    }
}

/// Brings back as much as can be: what fails is passed over, and told at the end.
pub(super) struct BringBack<'t> {
    pub replace: Replace<'t>,
    /// The first failure.
    pub failed: Option<io::Error>,
}

impl BringBack<'_> {
    fn note(&mut self, outcome: io::Result<()>) -> io::Result<()> {
        if let Err(error) = outcome {
            log::error!("a file of the former configuration does not come back: {error}");
            self.replace.drop_unfinished();
            self.failed.get_or_insert(error);
        }
        Ok(())
    }
}

impl Unpack for BringBack<'_> {
    fn entry(&mut self, entry: ArchiveEntry) -> io::Result<()> {
        let taken = self.replace.entry(entry);
        self.note(taken)
    }

    fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        let taken = self.replace.bytes(bytes);
        self.note(taken)
    }

    fn whole(&mut self) -> io::Result<()> {
        let taken = self.replace.whole();
        self.note(taken)
    }
}

/// The file of an entry, with its rights and on the medium.
fn finished(file: BufWriter<File>, entry: &ArchiveEntry) -> io::Result<()> {
    let file = file.into_inner().map_err(io::Error::other)?;
    let (user, group) = entry.owner;
    // Only root may; whoever else restores becomes the owner.
    let _ = fchown(&file, Some(user), Some(group));
    file.set_permissions(fs::Permissions::from_mode(entry.mode))?;
    file.sync_all()
}

fn named(new: &Path, path: &Path) -> io::Result<()> {
    fs::rename(new, path)?;
    file::sync_folder(path.parent().unwrap_or(Path::new("/")))
}
