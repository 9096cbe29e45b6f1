//! A disk that can lose its power: it knows what is seen while it runs, what is on the medium, and
//! everything that a cut may leave of what lies between.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use cwmpd::datamodel::disk::{Disk, DiskFile};

/// What is on the medium while the power is off.
pub type Medium = BTreeMap<PathBuf, Vec<u8>>;

/// What happens at a call.
#[derive(Clone, Copy)]
pub enum Trouble {
    /// None.
    Never,
    /// The power goes before the call with this number.
    CutBefore(usize),
    /// The call with this number fails; a write fails halfway.
    FailAt(usize, io::ErrorKind),
    /// All calls from this number on fail.
    FailFrom(usize, io::ErrorKind),
}

#[derive(Clone, Default)]
struct Content {
    seen: Vec<u8>,
    synced: Vec<u8>,
    dirty: bool,
    /// The shortest it was since the last sync: what stands before is on the medium.
    kept: usize,
}

#[derive(Clone)]
enum NameChange {
    Link(PathBuf, usize),
    Rename(PathBuf, PathBuf, usize),
    Unlink(PathBuf, usize),
}

struct State {
    names: BTreeMap<PathBuf, usize>,
    durable_names: BTreeMap<PathBuf, usize>,
    unsynced_names: Vec<NameChange>,
    contents: Vec<Content>,
    calls: usize,
    written: usize,
    trouble: Trouble,
}

/// The disk; clones are the same disk.
#[derive(Clone)]
pub struct CutDisk(Rc<RefCell<State>>);

struct CutFile(CutDisk, usize);

impl CutDisk {
    pub fn new(medium: &Medium, trouble: Trouble) -> Self {
        let names = medium.keys().cloned().zip(0..).collect::<BTreeMap<_, _>>();
        let content = |bytes: &Vec<u8>| Content {
            seen: bytes.clone(),
            synced: bytes.clone(),
            dirty: false,
            kept: bytes.len(),
        };
        Self(Rc::new(RefCell::new(State {
            durable_names: names.clone(),
            names,
            unsynced_names: Vec::new(),
            contents: medium.values().map(content).collect(),
            calls: 0,
            written: 0,
            trouble,
        })))
    }

    /// Whether the run ended before its trouble came.
    pub fn was_spared(&self) -> bool {
        let state = self.0.borrow();
        match state.trouble {
            Trouble::Never => true,
            Trouble::CutBefore(n) | Trouble::FailAt(n, _) | Trouble::FailFrom(n, _) => {
                state.calls <= n
            }
        }
    }

    /// Whether no call fails any more, or yet.
    pub fn is_well(&self) -> bool {
        let state = self.0.borrow();
        match state.trouble {
            Trouble::Never => true,
            Trouble::FailAt(n, _) => state.calls > n,
            Trouble::CutBefore(_) | Trouble::FailFrom(..) => false,
        }
    }

    /// Whether there are calls that fail while the power is on.
    pub fn may_fail(&self) -> bool {
        let trouble = self.0.borrow().trouble;
        matches!(trouble, Trouble::FailAt(..) | Trouble::FailFrom(..))
    }

    /// How many calls were made so far, and how many bytes were written.
    pub fn effort(&self) -> (usize, usize) {
        let state = self.0.borrow();
        (state.calls, state.written)
    }

    /// From now on there is this trouble.
    pub fn trouble(&self, trouble: Trouble) {
        self.0.borrow_mut().trouble = trouble;
    }

    /// Ends the trouble; the disk runs on.
    pub fn heal(&self) {
        self.trouble(Trouble::Never);
    }

    /// Every medium that a cut now may leave: each name change since the last sync of the folder
    /// kept or lost; each unsynced content as it was, or with any prefix of what was written (with
    /// a few, unless `thorough`), followed by nothing, by zeros, or by what was there before.
    pub fn cuts(&self, thorough: bool) -> BTreeSet<Medium> {
        let state = self.0.borrow();
        let changes = &state.unsynced_names;
        let mut media = BTreeSet::new();
        for kept in 0_u32..1 << changes.len() {
            let mut names = state.durable_names.clone();
            for (bit, change) in changes.iter().enumerate() {
                if kept & 1 << bit != 0 {
                    change.apply(&mut names);
                }
            }
            let mut partial = vec![Medium::new()];
            for (name, inode) in names {
                let after_cut = state.contents[inode].after_cut(thorough);
                partial = partial
                    .iter()
                    .flat_map(|medium| {
                        after_cut.iter().map(|bytes| {
                            let mut medium = medium.clone();
                            medium.insert(name.clone(), bytes.clone());
                            medium
                        })
                    })
                    .collect();
            }
            media.extend(partial);
        }
        media
    }

    fn call(&self) -> io::Result<()> {
        let mut state = self.0.borrow_mut();
        let number = state.calls;
        state.calls += 1;
        match state.trouble {
            Trouble::CutBefore(n) if number >= n => Err(io::Error::other("the power is off")),
            Trouble::FailAt(n, kind) if number == n => Err(kind.into()),
            Trouble::FailFrom(n, kind) if number >= n => Err(kind.into()),
            _ => Ok(()),
        }
    }
}

impl Content {
    fn cut(&mut self, length: usize) {
        if length < self.seen.len() {
            self.seen.truncate(length);
            self.kept = self.kept.min(length);
            self.dirty = true;
        }
    }

    fn after_cut(&self, thorough: bool) -> BTreeSet<Vec<u8>> {
        if !self.dirty {
            return BTreeSet::from([self.synced.clone()]);
        }
        let (kept, whole) = (self.kept, self.seen.len());
        let lengths = match thorough {
            true => (kept..=whole).collect(),
            false => {
                let few = [kept, kept + 1, (kept + whole) / 2, whole.max(1) - 1, whole];
                BTreeSet::from(few.map(|length| length.clamp(kept, whole)))
            }
        };
        let mut contents = BTreeSet::from([self.synced.clone()]);
        for length in lengths {
            let mut bytes = self.seen[..length].to_vec();
            contents.insert(bytes.clone());
            let mut over = bytes.clone();
            over.extend_from_slice(self.synced.get(length..).unwrap_or_default());
            contents.insert(over);
            bytes.resize(whole, 0);
            contents.insert(bytes);
        }
        contents
    }
}

impl NameChange {
    fn apply(&self, names: &mut BTreeMap<PathBuf, usize>) {
        match self {
            Self::Link(name, inode) => {
                names.insert(name.clone(), *inode);
            }
            Self::Rename(from, to, inode) => {
                if names.get(from) == Some(inode) {
                    names.remove(from);
                }
                names.insert(to.clone(), *inode);
            }
            Self::Unlink(name, inode) => {
                if names.get(name) == Some(inode) {
                    names.remove(name);
                }
            }
        }
    }
}

impl Disk for CutDisk {
    fn read(&self, path: &Path, _limit: usize) -> io::Result<Vec<u8>> {
        self.call()?;
        let state = self.0.borrow();
        let inode = state.names.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(state.contents[*inode].seen.clone())
    }

    fn list(&self, _folder: &Path) -> io::Result<Vec<PathBuf>> {
        self.call()?;
        Ok(self.0.borrow().names.keys().cloned().collect())
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.call()?;
        let mut state = self.0.borrow_mut();
        let inode = match state.names.get(path) {
            Some(&inode) => {
                state.contents[inode].cut(0);
                inode
            }
            None => {
                state.contents.push(Content::default());
                let inode = state.contents.len() - 1;
                state.names.insert(path.to_owned(), inode);
                let change = NameChange::Link(path.to_owned(), inode);
                state.unsynced_names.push(change);
                inode
            }
        };
        Ok(Box::new(CutFile(self.clone(), inode)))
    }

    fn open(&self, path: &Path, length: usize) -> io::Result<Box<dyn DiskFile>> {
        self.call()?;
        let mut state = self.0.borrow_mut();
        let inode = *state.names.get(path).ok_or(io::ErrorKind::NotFound)?;
        if state.contents[inode].seen.len() < length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        state.contents[inode].cut(length);
        Ok(Box::new(CutFile(self.clone(), inode)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call()?;
        let mut state = self.0.borrow_mut();
        let inode = state.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        state.names.insert(to.to_owned(), inode);
        let change = NameChange::Rename(from.to_owned(), to.to_owned(), inode);
        state.unsynced_names.push(change);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.call()?;
        let mut state = self.0.borrow_mut();
        let inode = state.names.remove(path).ok_or(io::ErrorKind::NotFound)?;
        let change = NameChange::Unlink(path.to_owned(), inode);
        state.unsynced_names.push(change);
        Ok(())
    }

    fn sync_folder(&self, _folder: &Path) -> io::Result<()> {
        self.call()?;
        let mut state = self.0.borrow_mut();
        state.durable_names = state.names.clone();
        state.unsynced_names.clear();
        Ok(())
    }
}

impl DiskFile for CutFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let result = self.0.call();
        let written = match (&result, self.0.0.borrow().trouble) {
            (Err(_), Trouble::CutBefore(_)) => 0,
            (Err(_), _) => bytes.len() / 2,
            (Ok(()), _) => bytes.len(),
        };
        let mut state = self.0.0.borrow_mut();
        state.written += written;
        let content = &mut state.contents[self.1];
        content.seen.extend_from_slice(&bytes[..written]);
        content.dirty = true;
        result
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.call()?;
        let mut state = self.0.0.borrow_mut();
        let content = &mut state.contents[self.1];
        content.synced = content.seen.clone();
        content.kept = content.seen.len();
        content.dirty = false;
        Ok(())
    }
}
