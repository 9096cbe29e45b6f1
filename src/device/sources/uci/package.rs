//! A package of the configuration as it was last found, and what is staged for it (`stage`).

use std::path::Path;

use super::identity::Identities;
use super::kept::Kept;
use super::key::{OptionPlace, TableKey};
use super::stage::Staging;
use super::staged::{self, Staged};
use super::value;
use crate::base::stamp::Stamp;
use crate::datamodel::source::{Listed, Reading, SourceError};
use crate::device::uci::{self, Document, UciError};

/// What the last look at the file found.
#[derive(Clone, Copy)]
enum LastLook {
    /// Nobody has looked.
    Nothing,
    /// It was read.
    Good(Stamp),
    /// There is no such file.
    Missing,
    /// It could not be read, and would not be on a second try as long as it is the same.
    Broken(Option<Stamp>),
    /// It could not be read this time.
    Closed,
    /// It had text before and has none now: somebody is about to write it, or wants it so.
    Emptied(Stamp),
}

/// A file of the configuration, with what was last read of it.
pub(super) struct Package {
    pub(super) name: String,
    found: LastLook,
    /// As it was last read.
    pub(super) document: Option<Document>,
    pub(super) ids: Identities,
    /// The state of the file, and what is wrong with it, that the log has.
    complaint: Option<(Option<Stamp>, String)>,
    pub(super) staging: Staging,
    /// The last good text, where it is kept.
    kept: Option<Kept>,
    /// Counts what was found that is not as before.
    pub(super) revision: u64,
}

/// How a package is read.
type Load = fn(&Path, &str) -> Result<Option<(Document, Stamp)>, UciError>;

/// What a write did.
pub(super) struct Rewritten {
    /// The text before; `None` where there was no file.
    pub(super) before: Option<Vec<u8>>,
    pub(super) after: Vec<u8>,
}

/// When changes are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// In the change that they were staged for: they are wanted, whatever the file says.
    Now,
    /// After a power cut: those that are not made yet, and that nobody was faster than.
    Late,
}

impl Package {
    /// A package that nobody has looked at.
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            found: LastLook::Nothing,
            document: None,
            ids: Identities::default(),
            complaint: None,
            staging: Staging::default(),
            kept: None,
            revision: 0,
        }
    }

    /// Keeps its last good text at `path`, and reads it; before the agent's loop, so that a lock may
    /// be waited for where nothing is kept yet.
    pub(super) fn keep_at(&mut self, path: Option<&Path>, dir: &Path) {
        let kept = Kept::at(path);
        let load = match kept.is_there() {
            true => uci::load_unless_busy,
            false => uci::load,
        };
        self.kept = Some(kept);
        self.read(dir, load);
    }

    /// Keeps the text, if it is a good one and another than is kept.
    pub(super) fn keep(&mut self) {
        if let (Some(kept), Some(document), LastLook::Good(_)) =
            (&mut self.kept, &self.document, self.found)
        {
            if !document.sections().is_empty() {
                kept.keep(document.bytes());
            }
        }
    }

    /// Forgets what is kept.
    pub(super) fn forget_kept(&mut self) {
        if let Some(kept) = &mut self.kept {
            kept.forget();
        }
    }

    /// What is wrong with the file, and what is used instead; `None` where all is well.
    pub(super) fn trouble(&self) -> Option<String> {
        let (_, why) = self.complaint.as_ref()?;
        let used = match &self.document {
            Some(document) if !document.lost().is_empty() => {
                return Some(format!(
                    "{}: it has lines that cannot be read; the others are used",
                    document.file()
                ));
            }
            Some(_) => "the last good settings go on",
            None => "the defaults are used",
        };
        Some(format!("{why}; {used} until that is over"))
    }

    /// Whether it has to be tried again though nobody changes it.
    pub(super) fn is_to_be_tried_again(&self) -> bool {
        let is_damaged = matches!(self.found, LastLook::Broken(_));
        let is_passing = matches!(self.found, LastLook::Closed | LastLook::Emptied(_));
        is_passing || is_damaged && self.kept.is_some()
    }

    /// Looks whether the file is another one, and reads it then. Whether anything may be different
    /// from what was told.
    pub(super) fn look(&mut self, dir: &Path) -> bool {
        let stamp = Stamp::of(&dir.join(&self.name));
        let is_known = match self.found {
            LastLook::Nothing | LastLook::Closed | LastLook::Emptied(_) => false,
            LastLook::Good(known) => stamp == Some(known),
            LastLook::Missing => stamp.is_none(),
            LastLook::Broken(known) => stamp == known,
        };
        !is_known && self.try_again(dir)
    }

    /// Reads it again though it may be the same.
    pub(super) fn try_again(&mut self, dir: &Path) -> bool {
        // No lock is waited for: this is done on the agent's loop.
        self.read(dir, uci::load_unless_busy)
    }

    fn read(&mut self, dir: &Path, load: Load) -> bool {
        let stamp = Stamp::of(&dir.join(&self.name));
        let damaged = |why| UciError::Damaged {
            file: dir.join(&self.name).display().to_string(),
            why,
        };
        match load(dir, &self.name) {
            Ok(Some((document, stamp))) => {
                let last_stamp = match &self.found {
                    LastLook::Good(stamp) => Some(stamp),
                    _ => None,
                };
                let last = self.document.as_ref().filter(|last| last.lost().is_empty());
                let last = (last, last_stamp);
                let kept = self.kept.as_ref();
                match kept.and_then(|kept| kept.doubt(&document, &stamp, last)) {
                    Some(why) => self.complain(&damaged(why), Some(stamp), dir),
                    None if self.is_just_emptied(&document, stamp) => {
                        self.found = LastLook::Emptied(stamp);
                        false
                    }
                    // Another mode, owner or time is no change.
                    None if self.says_the_same(&document) => {
                        self.found = LastLook::Good(stamp);
                        false
                    }
                    None => {
                        self.ids = self.ids.again(self.document.as_ref(), &document);
                        self.take(document, stamp);
                        true
                    }
                }
            }
            Ok(None) if self.has_last_good() => self.complain(&damaged("it is gone"), None, dir),
            Ok(None) => self.lose(),
            Err(error) => self.complain(&error, stamp, dir),
        }
    }

    fn says_the_same(&self, document: &Document) -> bool {
        let known = self.document.as_ref();
        matches!(self.found, LastLook::Good(_))
            && known.is_some_and(|known| known.bytes() == document.bytes())
    }

    /// Whether a file that had text has none, for the first time. Who writes it in place empties it
    /// first, and what is in it then is no news.
    fn is_just_emptied(&self, document: &Document, stamp: Stamp) -> bool {
        let had_text = self
            .document
            .as_ref()
            .is_some_and(|d| !d.bytes().is_empty());
        let is_news = !matches!(self.found, LastLook::Emptied(known) if known == stamp);
        document.bytes().is_empty() && had_text && is_news
    }

    fn has_last_good(&self) -> bool {
        let kept = self.kept.as_ref();
        kept.is_some_and(|kept| self.document.is_some() || kept.is_there())
    }

    /// Looks if nobody has.
    pub(super) fn open(&mut self, dir: &Path) {
        if matches!(self.found, LastLook::Nothing) {
            self.look(dir);
        }
    }

    /// What was told of it does not count any more.
    pub(super) fn forget(&mut self) {
        self.found = LastLook::Nothing;
        self.document = None;
    }

    fn take(&mut self, document: Document, stamp: Stamp) {
        self.document = Some(document);
        self.found = LastLook::Good(stamp);
        self.complaint = None;
        self.revision += 1;
    }

    fn lose(&mut self) -> bool {
        self.document = None;
        self.complaint = None;
        self.revision += 1;
        match self.found {
            LastLook::Missing => return false,
            LastLook::Nothing => {}
            LastLook::Good(_) | LastLook::Broken(_) | LastLook::Closed | LastLook::Emptied(_) => {
                log::warn!(
                    "{}: the file is gone; what it said is not known now",
                    self.name
                )
            }
        }
        self.found = LastLook::Missing;
        true
    }

    fn complain(&mut self, error: &UciError, stamp: Option<Stamp>, dir: &Path) -> bool {
        let was_bad = matches!(self.found, LastLook::Broken(_) | LastLook::Closed);
        self.found = match error {
            UciError::Syntax { .. } | UciError::TooLarge { .. } | UciError::Damaged { .. } => {
                LastLook::Broken(stamp)
            }
            _ => LastLook::Closed,
        };
        let has_replacement = self.replace_by_last_good(error, dir);
        let complaint = Some((stamp, error.to_string()));
        if self.complaint != complaint {
            self.revision += 1;
            self.complaint = complaint;
            // Of the package that is kept the agent tells more.
            if self.kept.is_none() {
                log::error!("{error}");
            }
        }
        !was_bad || has_replacement
    }

    /// The last good text in the place of a damaged one; where there is none, what can be read of the
    /// damaged one.
    fn replace_by_last_good(&mut self, error: &UciError, dir: &Path) -> bool {
        let Some(kept) = &self.kept else {
            return false;
        };
        let is_salvaged = |document: &Document| !document.lost().is_empty();
        if self.document.as_ref().is_some_and(|d| !is_salvaged(d)) {
            return false;
        }
        let last_good = kept.document().or_else(|| match error {
            UciError::Syntax { .. } => uci::salvage(dir, &self.name)
                .ok()
                .filter(|salvaged| !salvaged.sections().is_empty()),
            _ => None,
        });
        if let Some(document) = last_good {
            self.ids = self.ids.again(self.document.as_ref(), &document);
            self.document = Some(document);
            self.revision += 1;
            return true;
        }
        false
    }

    /// Puts the last good text in the place of a file that is damaged, which is kept aside: a change
    /// is wanted, and the ACS must not be locked out.
    fn mend(&mut self, dir: &Path) -> Result<(), UciError> {
        if let (Some(kept), Some(document), LastLook::Broken(_)) =
            (&self.kept, &self.document, self.found)
        {
            let damaged = uci::mend(dir, &self.name, document.bytes())?;
            kept.put_aside(&damaged);
        }
        Ok(())
    }

    /// What an option says. Of a file that is not there nobody can tell whether it is to come, or
    /// was there before the agent.
    pub(super) fn get(&self, place: &OptionPlace<'_>) -> Reading<'_> {
        let Some(document) = &self.document else {
            return Reading::Unknown;
        };
        let section = self.find(document, place);
        let section = section.and_then(|at| document.sections().get(at));
        let value = section.and_then(|section| section.get(&place.option));
        Reading::of(value.map(value::shown))
    }

    /// Where an option is set: file and line, and what it is called.
    pub(super) fn place(&self, place: &OptionPlace<'_>) -> Option<String> {
        let document = self.document.as_ref()?;
        let at = self.find(document, place)?;
        let line = document.line_of(at, &place.option)?;
        let section = document.sections().get(at)?;
        // One without a name is called by its type, as in the file.
        let called = section.name.as_deref().unwrap_or(&section.kind);
        let (file, package, option) = (document.file(), &self.name, &place.option);
        Some(format!("{file}:{line}: {package}.{called}.{option}"))
    }

    /// The section that is meant.
    pub(super) fn find(&self, document: &Document, place: &OptionPlace<'_>) -> Option<usize> {
        let found = self.ids.find(document, &place.section);
        found.or_else(|| document.find_meant(&place.section, place.kind?))
    }

    /// The sections of a type, or those whose option says so; `None` where the file does not tell now.
    pub(super) fn list(
        &mut self,
        kind: &str,
        owned: Option<(&str, &str)>,
        known: &[&str],
    ) -> Option<Vec<Listed>> {
        let (Some(document), LastLook::Good(_)) = (&self.document, self.found) else {
            return None;
        };
        let Some((option, owner)) = owned else {
            return Some(self.ids.list(document, kind, known));
        };
        // What is in other tables of the kind stays what it is, too.
        let others = self.ids.others(kind, known);
        let all = known
            .iter()
            .copied()
            .chain(others.iter().map(|other| &**other));
        let mut listed = self.ids.list(document, kind, &all.collect::<Vec<_>>());
        listed.retain(|one| is_owned(document, &self.ids, &one.identity, option, owner));
        Some(listed)
    }

    /// The sections of a table in the table that has this one.
    pub(super) fn owned_by(&self, table: &TableKey, owner: &str) -> Vec<Box<str>> {
        let (Some(document), Some(option)) = (&self.document, &table.owner) else {
            return Vec::new();
        };
        let mut ids = self.ids.clone();
        let sections = document.of_kind(&table.kind).iter();
        let names = sections.filter_map(|at| ids.name(*at, document));
        let names: Vec<Box<str>> = names.collect();
        let is_owned = |name: &str| is_owned(document, &ids, name, option, owner);
        names.into_iter().filter(|name| is_owned(name)).collect()
    }

    /// A file that cannot be read now cannot be changed.
    pub(super) fn must_be_open(&mut self, dir: &Path) -> Result<(), SourceError> {
        self.open(dir);
        let is_mendable = self.kept.is_some() && self.document.is_some();
        match (&self.complaint, self.found) {
            (_, LastLook::Broken(_)) if is_mendable => Ok(()),
            (Some((_, why)), LastLook::Broken(_) | LastLook::Closed) => {
                Err(SourceError::Failed(why.clone()))
            }
            _ => Ok(()),
        }
    }

    /// What is staged, as a line.
    pub(super) fn line(&self) -> Option<String> {
        let changes = self.staging.changes();
        (!changes.is_empty()).then(|| staged::format(&self.name, changes))
    }

    /// What is staged, which is forgotten.
    pub(super) fn unstage(&mut self) -> Vec<Staged> {
        std::mem::take(&mut self.staging).into_changes()
    }

    /// Makes the changes in the file as it is now; `None` where nothing is to be done.
    pub(super) fn write(
        &mut self,
        dir: &Path,
        staged: &[Staged],
        when: When,
    ) -> Result<Option<Rewritten>, UciError> {
        if self.kept.is_some() {
            self.open(dir);
            self.mend(dir)?;
        }
        let adds = |staged: &Staged| matches!(staged, Staged::Add { .. });
        let may_make = staged.iter().any(adds);
        let mut ids = Identities::default();
        let written = uci::update(dir, &self.name, may_make, &mut |document| {
            let now = match &self.document {
                Some(known) if known.bytes() == document.bytes() => self.ids.clone(),
                known => self.ids.again(known.as_ref(), document),
            };
            let edits = match when {
                When::Now => staged::wanted(staged, document, &now)?,
                When::Late => staged::missing(staged, document),
            };
            ids = now.without(&uci::removed(&edits));
            document.apply(&edits)
        })?;
        let after = written.document.bytes().to_vec();
        self.ids = ids;
        self.take(written.document, written.stamp);
        let is_new = written.before.as_ref() != Some(&after);
        Ok(is_new.then_some(Rewritten {
            before: written.before,
            after,
        }))
    }
}

/// Whether an option of a section names another one.
fn is_owned(document: &Document, ids: &Identities, name: &str, option: &str, owner: &str) -> bool {
    let section = ids.find(document, name);
    let section = section.and_then(|at| document.sections().get(at));
    let said = section.and_then(|section| section.get(option));
    said.is_some_and(|said| value::shown(said) == owner)
}

/// What the model is told of an error.
pub(super) fn refused(error: &UciError) -> SourceError {
    match error {
        UciError::BadValue { .. } => SourceError::BadValue(error.to_string()),
        UciError::TooLarge { .. } => SourceError::Full(error.to_string()),
        _ => SourceError::Failed(error.to_string()),
    }
}
