//! The files that TLS needs, in a list by which `sysupgrade` keeps them, whoever calls it: without
//! them a box does not find back to its ACS after an upgrade of its firmware.
//!
//! `sysupgrade`, of 14.07 as of today, keeps what `/etc/sysupgrade.conf` and the files in
//! `/lib/upgrade/keep.d` name, a path a line, which it hands to `find` unquoted: words are split and
//! patterns expanded, folders are taken with all in them, and links as links. The list is laid down
//! whenever the configuration was read, and written only where it says something else: a new firmware
//! has none, and the agent makes it anew.
//!
//! What the firmware itself has, and nobody changed, comes with each firmware; an old copy of it
//! would hide what is newer (the roots of a certificate bundle) from all programs of the box.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::within;
use crate::base::config::TlsConfig;
use crate::base::file::{self, Keep};

/// The folder of such lists.
const FOLDER: &str = "lib/upgrade/keep.d";

/// Ours, beside `cwmpd` of the package.
const NAME: &str = "cwmpd-files";

/// The list that belongs to the owner of the box.
const OF_OWNER: &str = "etc/sysupgrade.conf";

/// Where a box has its firmware as it was built.
const ROM: &str = "rom";

const HEAD: &str =
    "# What /etc/config/cwmpd names and a firmware upgrade has to keep; written by cwmpd.\n";

/// Links that lead on to each other: as far as Linux follows them is more than anybody has.
const MAX_LINKS: usize = 8;

/// Lists that are looked at, and the longest of them, in bytes: OpenWrt has a dozen of a few lines.
const MAX_LISTS: usize = 64;
const MAX_LIST: usize = 64 * 1024;

/// A longer file is not compared with that of the firmware, but kept, in bytes: bundles of all
/// public roots have a quarter of it.
const MAX_COMPARED: usize = 1024 * 1024;

/// A job that flashes and the agent's loop may come to it at once.
static WRITING: Mutex<()> = Mutex::new(());

/// The list as it is to be.
pub struct KeepList {
    root: PathBuf,
    named: Vec<NamedFile>,
}

/// A file or folder that an option names.
struct NamedFile {
    option: String,
    path: PathBuf,
}

impl KeepList {
    /// Of what these options of TLS, and `transfer.keep`, name. `root` is `/` of the box.
    pub fn new(root: &Path, tls: &[&TlsConfig], keep: &[PathBuf]) -> Self {
        let of_tls = tls.iter().flat_map(|tls| {
            let files = tls.files().into_iter();
            files.map(|(option, path)| (tls.option(option), path.to_owned()))
        });
        let kept = keep
            .iter()
            .map(|path| ("transfer.keep".to_owned(), path.clone()));
        let named = of_tls.chain(kept);
        Self {
            root: root.to_owned(),
            named: named
                .map(|(option, path)| NamedFile { option, path })
                .collect(),
        }
    }

    fn path(&self) -> PathBuf {
        self.root.join(FOLDER).join(NAME)
    }

    /// Makes the list say what it is to say, durably; where there is no `sysupgrade` there is nothing
    /// to do.
    ///
    /// # Errors
    /// It cannot be written, or removed.
    pub fn lay_down(&self) -> io::Result<()> {
        let _one = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
        let path = self.path();
        if !self.root.join(FOLDER).is_dir() {
            return Ok(());
        }
        let lines = self.named.iter().flat_map(|named| self.lines(&named.path));
        let lines: BTreeSet<String> = lines.collect();
        if lines.is_empty() {
            return match file::remove(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                removed => removed,
            };
        }
        let mut text = HEAD.to_owned();
        text.extend(lines.iter().flat_map(|line| [line, "\n"]));
        match file::read(&path, MAX_LIST) {
            Ok(there) if there == text.as_bytes() => Ok(()),
            _ => file::replace(&path, text.as_bytes(), 0o644, Keep::Durably),
        }
    }

    /// What is named and in no list, a sentence each.
    pub fn unkept(&self) -> Vec<String> {
        let folder = self.root.join(FOLDER);
        if !folder.is_dir() {
            return Vec::new();
        }
        let mut lists = within(&folder);
        lists.truncate(MAX_LISTS);
        lists.push(self.root.join(OF_OWNER));
        let texts = lists
            .iter()
            .filter_map(|list| file::read(list, MAX_LIST).ok());
        let texts: Vec<String> = texts
            .map(|text| String::from_utf8_lossy(&text).into_owned())
            .collect();
        let kept: Vec<&str> = texts
            .iter()
            .flat_map(|text| text.lines())
            .filter(|line| !line.starts_with('#'))
            .flat_map(str::split_whitespace)
            .collect();
        let is_kept = |line: &String| kept.iter().any(|kept| holds(kept, line));
        let unkept = self.named.iter().filter(|named| {
            let mut lines = self.lines(&named.path).into_iter();
            !lines.all(|line| is_kept(&line))
        });
        unkept
            .map(|NamedFile { option, path }| {
                format!(
                    "cwmpd.{option}: no list of {} names {}, so that a firmware upgrade loses it: \
                     the agent lists it when it runs with this configuration",
                    Path::new("/").join(FOLDER).display(),
                    path.display()
                )
            })
            .collect()
    }

    /// The lines that keep a file or folder: with what links lead to.
    fn lines(&self, named: &Path) -> BTreeSet<String> {
        let mut paths = BTreeSet::new();
        let is_in_rom = self.in_rom(named).is_some_and(|rom| rom.is_dir());
        let entries = fs::read_dir(named).into_iter().flatten().flatten();
        let entries = entries.take(super::MAX_KEPT).map(|entry| entry.path());
        // Of a folder that the firmware has, too, each file is another matter.
        for entry in entries.filter(|entry| is_in_rom || entry.is_symlink()) {
            follow(&entry, &mut paths);
        }
        if !is_in_rom {
            follow(named, &mut paths);
        }
        let paths = paths.iter().filter(|path| !self.is_of_firmware(path));
        paths.map(|path| line(path)).collect()
    }

    fn in_rom(&self, path: &Path) -> Option<PathBuf> {
        let path = path.strip_prefix("/").ok()?;
        Some(self.root.join(ROM).join(path))
    }

    /// Whether a file is as the firmware has it.
    fn is_of_firmware(&self, path: &Path) -> bool {
        let Some(rom) = self.in_rom(path) else {
            return false;
        };
        let (Ok(here), Ok(there)) = (path.symlink_metadata(), rom.symlink_metadata()) else {
            return false;
        };
        if here.is_symlink() && there.is_symlink() {
            return fs::read_link(path).ok() == fs::read_link(&rom).ok();
        }
        let is_alike = here.is_file() && there.is_file() && here.len() == there.len();
        let read = |path: &Path| file::read(path, MAX_COMPARED).ok();
        is_alike && read(path).is_some_and(|bytes| read(&rom) == Some(bytes))
    }
}

/// Adds a path, and where it is a link those that it leads to.
fn follow(path: &Path, found: &mut BTreeSet<PathBuf>) {
    let mut path = clean(path);
    for _ in 0..MAX_LINKS {
        let Ok(target) = fs::read_link(&path) else {
            break;
        };
        let folder = path.parent().unwrap_or(&path);
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let next = clean(&folder.join(target));
        found.insert(std::mem::replace(&mut path, next));
    }
    found.insert(path);
}

/// Without `.` and `..`, which an archive does not take.
fn clean(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            other => clean.push(other),
        }
    }
    clean
}

/// A path as it stands in a list: of what the shell would split at, or expand, any sign is taken.
fn line(path: &Path) -> String {
    let special = |c: char| c.is_whitespace() || c.is_control() || "*?[]\\\u{fffd}".contains(c);
    path.to_string_lossy().replace(special, "?")
}

/// Whether a word of a list keeps what a line of ours does: it is the same, or a folder above it.
fn holds(word: &str, line: &str) -> bool {
    let rest = line.strip_prefix(word.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
