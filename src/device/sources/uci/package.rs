//! A package of the configuration as it was last found, and what is staged for it (`stage`).

use std::path::Path;

use super::identity::Identities;
use super::key::OptionPlace;
use super::stage::Staging;
use super::staged::{self, Staged};
use super::value;
use crate::datamodel::source::{Listed, Reading, SourceError};
use crate::device::uci::{self, Document, Stamp, UciError};

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
}

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
        }
    }

    /// Looks whether the file is another one, and reads it then. Whether anything may be different
    /// from what was told.
    pub(super) fn look(&mut self, dir: &Path) -> bool {
        let stamp = Stamp::of(dir, &self.name);
        let is_known = match self.found {
            LastLook::Nothing | LastLook::Closed => false,
            LastLook::Good(known) => stamp == Some(known),
            LastLook::Missing => stamp.is_none(),
            LastLook::Broken(known) => stamp == known,
        };
        if is_known {
            return false;
        }
        // A lock is waited for only once.
        let read = match self.found {
            LastLook::Closed => uci::load_unless_busy(dir, &self.name),
            _ => uci::load(dir, &self.name),
        };
        match read {
            Ok(Some((document, stamp))) => {
                self.ids = self.ids.again(self.document.as_ref(), &document);
                self.take(document, stamp);
                true
            }
            Ok(None) => self.lose(),
            Err(error) => self.complain(&error, stamp),
        }
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
    }

    fn lose(&mut self) -> bool {
        self.document = None;
        self.complaint = None;
        match self.found {
            LastLook::Missing => return false,
            LastLook::Nothing => {}
            LastLook::Good(_) | LastLook::Broken(_) | LastLook::Closed => log::warn!(
                "{}: the file is gone; what it said is not known now",
                self.name
            ),
        }
        self.found = LastLook::Missing;
        true
    }

    fn complain(&mut self, error: &UciError, stamp: Option<Stamp>) -> bool {
        let was_bad = matches!(self.found, LastLook::Broken(_) | LastLook::Closed);
        self.found = match error {
            UciError::Syntax { .. } | UciError::TooLarge { .. } => LastLook::Broken(stamp),
            _ => LastLook::Closed,
        };
        let complaint = Some((stamp, error.to_string()));
        if self.complaint != complaint {
            log::error!("{error}");
            self.complaint = complaint;
        }
        !was_bad
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

    /// The section that is meant.
    pub(super) fn find(&self, document: &Document, place: &OptionPlace<'_>) -> Option<usize> {
        let found = self.ids.find(document, &place.section);
        found.or_else(|| document.find_meant(&place.section, place.kind?))
    }

    /// The sections of a type; `None` where the file does not tell now.
    pub(super) fn list(&mut self, kind: &str, known: &[&str]) -> Option<Vec<Listed>> {
        match (&self.document, self.found) {
            (Some(document), LastLook::Good(_)) => Some(self.ids.list(document, kind, known)),
            _ => None,
        }
    }

    /// A file that cannot be read now cannot be changed.
    pub(super) fn must_be_open(&mut self, dir: &Path) -> Result<(), SourceError> {
        self.open(dir);
        match (&self.complaint, self.found) {
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

/// What the model is told of an error.
pub(super) fn refused(error: &UciError) -> SourceError {
    match error {
        UciError::BadValue { .. } => SourceError::BadValue(error.to_string()),
        UciError::TooLarge { .. } => SourceError::Full(error.to_string()),
        _ => SourceError::Failed(error.to_string()),
    }
}
