//! Changes of a package are checked and remembered.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::Path;

use super::identity::nameless;
use super::key::OptionPlace;
use super::package::{Package, refused};
use super::staged::{Alike, SectionRef, Staged};
use super::value;
use crate::datamodel::source::SourceError;
use crate::device::uci::{self, MAX_FILE_BYTES, UciError};

/// What is staged for a package.
#[derive(Default)]
pub(super) struct Staging {
    changes: Vec<Staged>,
    /// What the sections are called that come.
    added: BTreeSet<String>,
    /// What those are called that go.
    removed: BTreeSet<String>,
    /// The sections of the document without a name, once one is changed.
    alike: Option<Alike>,
    /// Bytes that come, quotes and the like not counted.
    growth: usize,
}

impl Staging {
    /// The changes, in order.
    pub(super) fn changes(&self) -> &[Staged] {
        &self.changes
    }

    /// The same, for good.
    pub(super) fn into_changes(self) -> Vec<Staged> {
        self.changes
    }

    fn add(&mut self, kind: &str, name: &str) {
        self.added.insert(name.into());
        self.changes.push(Staged::Add {
            kind: kind.to_owned(),
            name: name.to_owned(),
        });
    }
}

impl Package {
    /// Stages a value.
    pub(super) fn set(
        &mut self,
        dir: &Path,
        place: &OptionPlace<'_>,
        text: &str,
        is_list: bool,
    ) -> Result<(), SourceError> {
        self.must_be_open(dir)?;
        let OptionPlace {
            section, option, ..
        } = place;
        let document = self.document.as_ref();
        let at = document.and_then(|document| self.find(document, place));
        let found = document.and_then(|document| document.sections().get(at?));
        let old = found.and_then(|found| found.get(option)).cloned();
        let new = value::written(text, old.as_ref(), is_list);
        uci::check_option(option, &new).map_err(|error| refused(&error))?;
        let target = match at {
            _ if self.staging.added.contains(&**section) => SectionRef::named(section),
            Some(at) => self.target(dir, at, section)?,
            None if value::is_unset(&new) => return Ok(()),
            None => self.make(dir, place)?,
        };
        self.grow(dir, option.len() + text.len())?;
        self.staging.changes.push(Staged::Set {
            section: target,
            option: option.to_string(),
            old,
            new,
        });
        Ok(())
    }

    /// Stages the section that an option is to stand in.
    fn make(&mut self, dir: &Path, place: &OptionPlace<'_>) -> Result<SectionRef, SourceError> {
        let section = &*place.section;
        let kind = match section.strip_prefix('@') {
            Some(_) => self.next_of_kind(section),
            None => place.kind,
        };
        let kind = kind.ok_or_else(|| self.no_section(dir, section))?;
        self.grow(dir, kind.len() + section.len())?;
        self.staging.add(kind, section);
        Ok(SectionRef::named(section))
    }

    /// The type of `@type[index]`, where that is the one behind the last of this type.
    fn next_of_kind<'s>(&self, section: &'s str) -> Option<&'s str> {
        let (kind, index) = section
            .strip_prefix('@')?
            .strip_suffix(']')?
            .split_once('[')?;
        let document = self.document.as_ref();
        let there = document.map_or(0, |document| document.of_kind(kind).len());
        let is_one =
            |change: &&Staged| matches!(change, Staged::Add { kind: of, .. } if of == kind);
        let next = there + self.staging.changes.iter().filter(is_one).count();
        let is_next = match index.parse::<isize>().ok()? {
            -1 => next == 0,
            index => usize::try_from(index) == Ok(next),
        };
        (is_next && !kind.is_empty()).then_some(kind)
    }

    /// Stages a new section, whose option says whose it is; gives its name.
    pub(super) fn add(
        &mut self,
        dir: &Path,
        kind: &str,
        owned: Option<(&str, &str)>,
        number: u32,
    ) -> Result<Box<str>, SourceError> {
        self.must_be_open(dir)?;
        if let Some((_, owner)) = owned.filter(|(_, owner)| nameless(owner).is_some()) {
            let why = format!("section {owner} has no name that another could name it by");
            return Err(SourceError::Failed(why));
        }
        let letter = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
        let stem: String = kind.chars().map(letter).collect();
        let mut name = format!("{stem}_{number}");
        let mut nth = 1_u32;
        while self.knows(&name) {
            nth += 1;
            name = format!("{stem}_{number}_{nth}");
        }
        self.grow(dir, kind.len() + name.len())?;
        self.staging.add(kind, &name);
        if let Some((option, owner)) = owned {
            let place = OptionPlace {
                section: Cow::Borrowed(&*name),
                option: Cow::Borrowed(option),
                kind: None,
            };
            self.set(dir, &place, owner, false)?;
        }
        Ok(name.into())
    }

    /// Stages the removal of a section.
    pub(super) fn remove(&mut self, dir: &Path, section: &str) -> Result<(), SourceError> {
        self.must_be_open(dir)?;
        if self.staging.added.remove(section) {
            self.staging.changes.retain(|staged| match staged {
                Staged::Add { name, .. } => name != section,
                Staged::Set { section: of, .. } => *of != SectionRef::named(section),
                Staged::Remove { .. } => true,
            });
            return Ok(());
        }
        let document = self.document.as_ref();
        let at = document.and_then(|document| self.ids.find(document, section));
        let at = at.ok_or_else(|| self.no_section(dir, section))?;
        let target = self.target(dir, at, section)?;
        self.staging.removed.insert(target.identity.to_string());
        self.staging
            .changes
            .push(Staged::Remove { section: target });
        Ok(())
    }

    /// A section that is there and stays.
    fn target(&mut self, dir: &Path, at: usize, section: &str) -> Result<SectionRef, SourceError> {
        let target = self.document.as_ref().and_then(|document| {
            let alike = self
                .staging
                .alike
                .get_or_insert_with(|| Alike::of(document));
            SectionRef::at(at, document, &mut self.ids, alike)
        });
        let stays = |target: &SectionRef| !self.staging.removed.contains(&*target.identity);
        target
            .filter(stays)
            .ok_or_else(|| self.no_section(dir, section))
    }

    fn no_section(&self, dir: &Path, section: &str) -> SourceError {
        refused(&UciError::NoSection {
            file: dir.join(&self.name).display().to_string(),
            section: section.to_owned(),
        })
    }

    fn knows(&self, name: &str) -> bool {
        let document = self.document.as_ref();
        self.staging.added.contains(name)
            || document.is_some_and(|document| document.find(name).is_some())
    }

    /// Makes room for a line.
    fn grow(&mut self, dir: &Path, bytes: usize) -> Result<(), SourceError> {
        let size = self.document.as_ref().map_or(0, |d| d.bytes().len());
        let growth = self.staging.growth.saturating_add(bytes);
        if size.saturating_add(growth) > MAX_FILE_BYTES {
            let file = dir.join(&self.name).display().to_string();
            return Err(refused(&UciError::TooLarge { file }));
        }
        self.staging.growth = growth;
        Ok(())
    }
}
