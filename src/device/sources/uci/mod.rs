//! The source `uci`: the configuration of the box, `/etc/config`.
//!
//! | key | value |
//! |---|---|
//! | `package.section.option` | an option. The section is a name, `@type[index]` (counted from 0, from the end if negative; `@[index]` counts all sections), or `{i}`: the section that the innermost instance is |
//! | `package.section=type.option` | the same, and of which type the section is |
//! | `package.@type` | a table: the sections of a type. New instances get a name, `type_number` |
//! | `package.@type[option={i}]` | a table in another: those whose option names the section that it is in, with which they go |
//!
//! * `{i}` may also be a part of a name, as in `net_{i}`, or the index in a table of the agent's own.
//! * What is not there is made when it is set: the option; a section with a name, of the type that
//!   the key says, else of its own name; `@type[index]` behind the last of its type; the file. A
//!   section that has the name of its type is also found where it stands once without its name.
//! * A list reads as its items with a comma between them, `%` and `,` within an item as `%25` and
//!   `%2C` (TR-106 §3.2.3). It is written so where the option is a list already, the row is one, or
//!   the key ends in `[]`.
//! * An option that is not set has no value. The empty value unsets an option, as `uci set` does.
//! * A package that cannot be read now says what it said before; if it was never read, or there is
//!   no such file, that is not known.
//! * What is staged for a package is written at once; if one of several fails, those before it are
//!   put back.
//!
//! `key` reads the keys, `package` keeps a file as it was found; `identity`, `fingerprint` and
//! `matching` know sections again; `stage` checks changes, `staged` makes them and their lines;
//! `value` codes lists.

mod fingerprint;
mod identity;
mod kept;
mod key;
mod matching;
mod package;
mod stage;
mod staged;
mod value;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use self::key::UciKey;
use self::package::{Package, Rewritten, When, refused};
use crate::datamodel::source::{
    Declaration, DeclaredKeys, Instance, Listed, Noticed, Reading, Slot, Source, SourceError,
};
use crate::device::uci::{self, Document, UciError};

/// Serves rows from the packages of a folder.
pub struct UciSource {
    dir: PathBuf,
    /// Each with the index of its package.
    keys: DeclaredKeys<(usize, UciKey)>,
    packages: Vec<Package>,
    /// What the last commit wrote.
    done: Vec<DoneWrite>,
    touched: BTreeSet<String>,
    /// Something is different since the last look: this source wrote, or read in between.
    different: bool,
}

/// What is known of a package.
pub struct KnownPackage<'a> {
    /// What it says, or what is used in its place.
    pub document: Option<&'a Document>,
    /// What is wrong with the file, what is used instead, and until when.
    pub trouble: Option<String>,
    /// Another number: something changed.
    pub revision: u64,
}

struct DoneWrite {
    package: usize,
    texts: Rewritten,
    /// The first change that [`UciSource::touched`] has not told of.
    first: bool,
}

impl UciSource {
    /// Serves the packages in `dir`, normally [`CONFIG_DIR`](uci::CONFIG_DIR).
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            keys: DeclaredKeys::default(),
            packages: Vec::new(),
            done: Vec::new(),
            touched: BTreeSet::new(),
            different: false,
        }
    }

    /// The packages written since the last call, in order of their names: those whose services
    /// must be told.
    pub fn touched(&mut self) -> Vec<String> {
        std::mem::take(&mut self.touched).into_iter().collect()
    }

    /// Keeps the last good text of a package at `path`, and goes on with that whenever the file itself
    /// is damaged, empty, cut off, gone or cannot be read. A change that is written to it then
    /// mends it. Without a path it is only as lenient. Reads it at once.
    pub fn keep_last_good(&mut self, package: &str, path: Option<&Path>) {
        let index = self.package(package);
        if let Some(package) = self.packages.get_mut(index) {
            package.keep_at(path, &self.dir);
        }
    }

    /// Writes down the last good text of each package that is kept, where it is another one. It
    /// writes to the disk: not for the middle of a change.
    pub fn keep(&mut self) {
        self.packages.iter_mut().for_each(Package::keep);
    }

    /// Forgets what is kept, as a factory reset does.
    pub fn forget_kept(&mut self) {
        self.packages.iter_mut().for_each(Package::forget_kept);
    }

    /// Looks at one package now; whether it says something else, which the next
    /// [`Source::refresh`] tells too.
    pub fn look_at(&mut self, package: &str) -> bool {
        let index = self.package(package);
        let package = self.packages.get_mut(index);
        let different = package.is_some_and(|package| package.look(&self.dir));
        self.different |= different;
        different
    }

    /// Whether a package could not be read for a reason that may pass without a change of it: then
    /// [`UciSource::try_again`] is called after a while.
    pub fn is_to_be_tried_again(&self) -> bool {
        self.packages.iter().any(Package::is_to_be_tried_again)
    }

    /// Reads those packages again.
    pub fn try_again(&mut self) {
        let failed = self.packages.iter_mut();
        for package in failed.filter(|package| package.is_to_be_tried_again()) {
            self.different |= package.try_again(&self.dir);
        }
    }

    /// What is known of a package, as it is used.
    pub fn known(&self, package: &str) -> Option<KnownPackage<'_>> {
        let mut packages = self.packages.iter();
        let package = packages.find(|known| known.name == package)?;
        Some(KnownPackage {
            document: package.document.as_ref(),
            trouble: package.trouble(),
            revision: package.revision,
        })
    }

    /// Section and option of each row of a package, where that depends on no instance.
    pub fn options_of(&self, package: &str) -> Vec<(String, String)> {
        let of = self.packages.iter().position(|known| known.name == package);
        let keys = self.keys.iter().filter(|(at, _)| Some(*at) == of);
        let options = keys.filter_map(|(_, key)| match key {
            UciKey::Option(key) => key.fixed(),
            UciKey::Table(_) => None,
        });
        options
            .map(|(section, option)| (section.to_owned(), option.to_owned()))
            .collect()
    }

    /// The index of a package, which is made known if it is not.
    fn package(&mut self, name: &str) -> usize {
        let known = self.packages.iter().position(|known| known.name == name);
        known.unwrap_or_else(|| {
            self.packages.push(Package::new(name));
            self.packages.len() - 1
        })
    }

    /// Remembers what was written.
    fn note(&mut self, package: usize, texts: Option<Rewritten>) {
        self.different = true;
        let Some((texts, written)) = texts.zip(self.packages.get(package)) else {
            return;
        };
        self.done.push(DoneWrite {
            package,
            texts,
            first: self.touched.insert(written.name.clone()),
        });
    }

    fn write_all(&mut self) -> Result<(), UciError> {
        for index in 0..self.packages.len() {
            let Some(package) = self.packages.get_mut(index) else {
                continue;
            };
            let staged = package.unstage();
            if !staged.is_empty() {
                let texts = package.write(&self.dir, &staged, When::Now)?;
                self.note(index, texts);
            }
        }
        Ok(())
    }

    /// Puts back what was written last, the last package first.
    fn take_back(&mut self) -> Result<(), UciError> {
        let mut result = Ok(());
        while let Some(DoneWrite {
            package,
            texts,
            first,
        }) = self.done.pop()
        {
            let Some(package) = self.packages.get_mut(package) else {
                continue;
            };
            package.forget();
            let before = texts.before.as_deref();
            match uci::restore(&self.dir, &package.name, &texts.after, before) {
                Ok(()) if first => {
                    self.touched.remove(&package.name);
                }
                Ok(()) => {}
                Err(error) => {
                    log::error!("{error}");
                    result = result.and(Err(error));
                }
            }
        }
        result
    }

    fn at(&mut self, slot: Slot) -> Option<(&UciKey, &mut Package, &Path)> {
        let (package, key) = self.keys.get(slot)?;
        Some((key, self.packages.get_mut(*package)?, &self.dir))
    }
}

impl Source for UciSource {
    fn declare(&mut self, row: &Declaration<'_>, key: &str) -> Result<Slot, String> {
        let (package, key) = key::read(row, key)?;
        let package = self.package(package);
        Ok(self.keys.keep((package, key)))
    }

    fn refresh(&mut self) -> bool {
        let mut different = std::mem::take(&mut self.different);
        for package in &mut self.packages {
            different |= package.look(&self.dir);
        }
        different
    }

    fn get(&mut self, slot: Slot, at: &[Instance<'_>]) -> Reading<'_> {
        let Some((UciKey::Option(key), package, dir)) = self.at(slot) else {
            return Reading::Absent;
        };
        package.open(dir);
        match key.at(at) {
            Some(place) => package.get(&place),
            None => Reading::Absent,
        }
    }

    fn place(&self, slot: Slot, at: &[Instance<'_>]) -> Option<String> {
        let (package, UciKey::Option(key)) = self.keys.get(slot)? else {
            return None;
        };
        self.packages.get(*package)?.place(&key.at(at)?)
    }

    fn list(&mut self, slot: Slot, at: &[Instance<'_>], known: &[&str]) -> Option<Vec<Listed>> {
        let Some((UciKey::Table(table), package, dir)) = self.at(slot) else {
            return None;
        };
        package.open(dir);
        package.list(&table.kind, table.owned(at), known)
    }

    fn noticed(&self, _slot: Slot) -> Noticed {
        Noticed::Pushed
    }

    fn keeps_reports(&self, _slot: Slot) -> bool {
        true
    }

    fn stage(&mut self, slot: Slot, at: &[Instance<'_>], value: &str) -> Result<(), SourceError> {
        let Some((UciKey::Option(key), package, dir)) = self.at(slot) else {
            return Err(SourceError::ReadOnly);
        };
        let place = key.at(at).ok_or(SourceError::ReadOnly)?;
        package.set(dir, &place, value, key.is_list)
    }

    fn stage_add(
        &mut self,
        slot: Slot,
        at: &[Instance<'_>],
        number: u32,
    ) -> Result<Box<str>, SourceError> {
        match self.at(slot) {
            Some((UciKey::Table(table), package, dir)) => {
                package.add(dir, &table.kind, table.owned(at), number)
            }
            _ => Err(SourceError::ReadOnly),
        }
    }

    fn stage_remove(&mut self, slot: Slot, at: &[Instance<'_>]) -> Result<(), SourceError> {
        let Self {
            keys,
            packages,
            dir,
            ..
        } = self;
        let section = at.last().and_then(|instance| instance.identity);
        let (Some((of, UciKey::Table(_))), Some(section)) = (keys.get(slot), section) else {
            return Err(SourceError::ReadOnly);
        };
        let package = packages.get_mut(*of).ok_or(SourceError::ReadOnly)?;
        package.remove(dir, section)?;
        for (_, key) in keys.iter().filter(|(package, _)| package == of) {
            if let UciKey::Table(table) = key {
                for owned in package.owned_by(table, section) {
                    package.remove(dir, &owned)?;
                }
            }
        }
        Ok(())
    }

    fn staged(&self) -> Vec<String> {
        self.packages.iter().filter_map(Package::line).collect()
    }

    fn commit(&mut self) -> Result<(), SourceError> {
        self.done.clear();
        let written = self.write_all();
        self.rollback();
        written.map_err(|error| {
            // An error of this, too, is in the log; the first one is what the caller must know.
            let _ = self.take_back();
            refused(&error)
        })
    }

    fn rollback(&mut self) {
        for package in &mut self.packages {
            package.unstage();
        }
    }

    fn undo(&mut self) -> Result<(), SourceError> {
        self.different = true;
        self.take_back().map_err(|error| refused(&error))
    }

    fn replay(&mut self, line: &str) -> Result<(), SourceError> {
        let (package, staged) = staged::parse(line).ok_or_else(|| {
            SourceError::Failed("a change that was written down cannot be read".to_owned())
        })?;
        let index = self.package(package);
        let Some(package) = self.packages.get_mut(index) else {
            return Ok(());
        };
        match package.write(&self.dir, &staged, When::Late) {
            Ok(texts) => {
                self.note(index, texts);
                self.done.clear();
                Ok(())
            }
            Err(UciError::Io { file, error, .. }) if error.kind() == io::ErrorKind::NotFound => {
                log::warn!("{file}: it is gone, and with it a change that was not finished");
                Ok(())
            }
            Err(error) => Err(refused(&error)),
        }
    }
}
