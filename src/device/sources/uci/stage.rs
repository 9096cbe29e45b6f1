//! Changes of a package are checked and remembered.

use std::path::Path;

use super::package::{Package, refused};
use super::staged::{Alike, SectionRef, Staged};
use super::value;
use crate::datamodel::source::SourceError;
use crate::device::uci::{self, Document, MAX_FILE_BYTES, UciError};

impl Package {
    /// Stages a value.
    pub(super) fn set(
        &mut self,
        dir: &Path,
        (section, option): (&str, &str),
        text: &str,
        is_list: bool,
    ) -> Result<(), SourceError> {
        self.must_be_open(dir)?;
        let (target, old) = if self.adds(section) {
            (SectionRef::named(section), None)
        } else {
            let (at, target) = self.target(dir, section)?;
            let sections = self.document.as_ref().map(Document::sections);
            let found = sections.and_then(|sections| sections.get(at));
            (target, found.and_then(|found| found.get(option)).cloned())
        };
        let new = value::written(text, old.as_ref(), is_list);
        uci::check_option(option, &new).map_err(|error| refused(&error))?;
        self.grow(dir, option.len() + text.len())?;
        self.staged.push(Staged::Set {
            section: target,
            option: option.to_owned(),
            old,
            new,
        });
        Ok(())
    }

    /// Stages a new section; gives its name.
    pub(super) fn add(
        &mut self,
        dir: &Path,
        kind: &str,
        number: u32,
    ) -> Result<Box<str>, SourceError> {
        self.must_be_open(dir)?;
        let letter = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
        let stem: String = kind.chars().map(letter).collect();
        let mut name = format!("{stem}_{number}");
        let mut nth = 1_u32;
        while self.knows(&name) {
            nth += 1;
            name = format!("{stem}_{number}_{nth}");
        }
        self.grow(dir, kind.len() + name.len())?;
        self.staged.push(Staged::Add {
            kind: kind.to_owned(),
            name: name.clone(),
        });
        Ok(name.into())
    }

    /// Stages the removal of a section.
    pub(super) fn remove(&mut self, dir: &Path, section: &str) -> Result<(), SourceError> {
        self.must_be_open(dir)?;
        if self.adds(section) {
            self.staged.retain(|staged| match staged {
                Staged::Add { name, .. } => name != section,
                Staged::Set { section: of, .. } => *of != SectionRef::named(section),
                Staged::Remove { .. } => true,
            });
            return Ok(());
        }
        let (_, section) = self.target(dir, section)?;
        self.staged.push(Staged::Remove { section });
        Ok(())
    }

    /// A section that is there and stays.
    fn target(&mut self, dir: &Path, section: &str) -> Result<(usize, SectionRef), SourceError> {
        let none = || {
            let file = dir.join(&self.name).display().to_string();
            let section = section.to_owned();
            refused(&UciError::NoSection { file, section })
        };
        let document = self.document.as_ref().ok_or_else(none)?;
        let at = self.ids.find(document, section).ok_or_else(none)?;
        let alike = self.alike.get_or_insert_with(|| Alike::of(document));
        let target = SectionRef::at(at, document, &mut self.ids, alike).ok_or_else(none)?;
        let is_removed = |staged: &Staged| match staged {
            Staged::Remove { section } => *section == target,
            Staged::Add { .. } | Staged::Set { .. } => false,
        };
        if self.staged.iter().any(is_removed) {
            return Err(none());
        }
        Ok((at, target))
    }

    fn adds(&self, section: &str) -> bool {
        let is_it = |staged: &Staged| matches!(staged, Staged::Add { name, .. } if name == section);
        self.staged.iter().any(is_it)
    }

    fn knows(&self, name: &str) -> bool {
        let document = self.document.as_ref();
        self.adds(name) || document.is_some_and(|document| document.find(name).is_some())
    }

    /// Makes room for a line.
    fn grow(&mut self, dir: &Path, bytes: usize) -> Result<(), SourceError> {
        let size = self.document.as_ref().map_or(0, |d| d.bytes().len());
        let growth = self.growth.saturating_add(bytes);
        if size.saturating_add(growth) > MAX_FILE_BYTES {
            let file = dir.join(&self.name).display().to_string();
            return Err(refused(&UciError::TooLarge { file }));
        }
        self.growth = growth;
        Ok(())
    }
}
