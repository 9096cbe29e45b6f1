//! The last good text of the package that the agent cannot do without, its own: kept beside its state,
//! so that a file that is damaged, cut off, empty, gone or locked takes no setting away, not even over
//! a reboot.

use std::path::{Path, PathBuf};

use crate::base::file::{self, Keep};
use crate::base::stamp::Stamp;
use crate::device::uci::{Document, MAX_FILE_BYTES, Section};

/// It has passwords.
const MODE: u32 = 0o600;

/// The last good text, and where it is kept.
pub(super) struct Kept {
    /// `None`: it is not kept.
    path: Option<PathBuf>,
    /// As it is on the disk.
    text: Option<Vec<u8>>,
    /// That it could not be written, which the log has.
    complaint: Option<String>,
}

impl Kept {
    /// What is kept at `path` so far.
    pub(super) fn at(path: Option<&Path>) -> Self {
        Self {
            path: path.map(Path::to_owned),
            text: path.and_then(|path| file::read(path, MAX_FILE_BYTES).ok()),
            complaint: None,
        }
    }

    /// Whether there is a text.
    pub(super) fn is_there(&self) -> bool {
        self.text.is_some()
    }

    /// The last good text, read.
    pub(super) fn document(&self) -> Option<Document> {
        let file = self.path.as_ref()?.display().to_string();
        let read = Document::parse(&file, self.text.clone()?);
        read.inspect_err(|error| log::error!("{error}; it is not used"))
            .ok()
    }

    /// Why a file that can be read does not say what it has to. `last` is what was last found good,
    /// by its state too if that was in this run.
    ///
    /// A file that breaks off where the last good one goes on was cut off, be it between two lines:
    /// nobody can know what else is missing, and it may be whom to trust. A file that was put in the
    /// place of the last one is whole, since that is done by a rename.
    pub(super) fn doubt(
        &self,
        document: &Document,
        stamp: &Stamp,
        last: (Option<&Document>, Option<&Stamp>),
    ) -> Option<&'static str> {
        let (last, last_stamp) = last;
        let good = last.map(Document::bytes).or(self.text.as_deref())?;
        let text = document.bytes();
        if document.sections().is_empty() {
            return Some("it is empty");
        }
        let kept = last.is_none().then(|| self.document()).flatten();
        if last
            .or(kept.as_ref())
            .is_some_and(|good| is_foreign(document, good))
        {
            return Some("it is another file: none of its sections is in the last good settings");
        }
        let is_replaced = last_stamp.is_some_and(|last| !last.is_of_same_file(stamp));
        let is_whole = is_replaced && text.ends_with(b"\n");
        let is_shorter = text.trim_ascii_end().len() < good.trim_ascii_end().len();
        (is_shorter && !is_whole && good.starts_with(text)).then_some(
            "it is cut off: it ends where the last good settings go on (if that is meant, change \
             something before that end, too, or add a comment there)",
        )
    }

    /// Keeps a text, if it is another one.
    pub(super) fn keep(&mut self, text: &[u8]) {
        let Some(path) = &self.path else {
            return;
        };
        if self.text.as_deref() == Some(text) {
            return;
        }
        match file::replace(path, text, MODE, Keep::Durably) {
            Ok(()) => {
                self.text = Some(text.to_owned());
                self.complaint = None;
            }
            Err(error) => {
                let complaint = Some(error.to_string());
                if self.complaint != complaint {
                    log::warn!(
                        "the last good settings cannot be kept in {}: {error}",
                        path.display()
                    );
                    self.complaint = complaint;
                }
            }
        }
    }

    /// Keeps a damaged text for people to look at.
    pub(super) fn put_aside(&self, damaged: &[u8]) {
        let Some(path) = &self.path else {
            return;
        };
        let path = path.with_extension("corrupt");
        match file::replace(&path, damaged, MODE, Keep::Durably) {
            Ok(()) => log::warn!("the damaged settings are kept in {}", path.display()),
            Err(error) => log::warn!(
                "the damaged settings cannot be kept in {}: {error}",
                path.display()
            ),
        }
    }

    /// Forgets it, as a factory reset does.
    pub(super) fn forget(&mut self) {
        if let Some(path) = &self.path {
            let _ = std::fs::remove_file(path);
        }
        self.text = None;
    }
}

/// Whether no section of a file is one of the last good file, by its type or its name.
fn is_foreign(document: &Document, good: &Document) -> bool {
    let is_known = |section: &Section| {
        let name = section.name.as_deref();
        !good.of_kind(&section.kind).is_empty() || name.is_some_and(|n| good.section(n).is_some())
    };
    !document.sections().iter().any(is_known)
}
