//! The agent's own package, `cwmpd`: what of it is in force, and what is wrong with it.
//!
//! Whatever reads it, the settings here and the rows `uci:cwmpd…` of the model, reads it through one
//! [`UciSource`], which goes on with the last good text while the file cannot be used. That text is
//! kept in the `-p` folder as `cwmpd.good`.
//!
//! | the file | with a last good text | without |
//! |---|---|---|
//! | cannot be read now: locked, EIO, no descriptors | that goes on | defaults: no ACS |
//! | breaks the grammar | that goes on | the good lines count; no TLS if a bad one may be about it |
//! | has no section, or none of those, or ends where that goes on | that goes on | it is taken as it is |
//! | is gone | that goes on | defaults: no ACS |
//!
//! It is tried again when the kernel tells of a change, and by a timer. A change by the ACS, or by
//! `cwmpd set`, puts the last good text in the place of a damaged file, and that aside as
//! `cwmpd.corrupt`.

use std::path::Path;

use super::start::Folders;
use crate::base::config::{Config, ConfigReading, OptionName, Remark, WrittenConfig, review};
use crate::base::file;
use crate::base::sort::sort_by_key;
use crate::device::sources::uci::UciSource;
use crate::device::uci::Document;
use crate::http::HttpError;

/// Its name.
pub(super) const OWN_PACKAGE: &str = "cwmpd";

/// Where its last good text is kept, in the `-p` folder.
const LAST_GOOD: &str = "cwmpd.good";

/// The source of all packages, which keeps the last good text of this one.
pub(super) fn source(folders: &Folders) -> UciSource {
    let mut source = UciSource::new(&folders.config_dir);
    source.keep_last_good(OWN_PACKAGE, Some(&folders.model_dir.join(LAST_GOOD)));
    source
}

/// The same for who wants to know of the file alone, whatever was good before.
pub(super) fn source_without_last_good(folders: &Folders) -> UciSource {
    let mut source = UciSource::new(&folders.config_dir);
    source.keep_last_good(OWN_PACKAGE, None);
    source
}

/// Nobody but its owner is to read the passwords in `/etc/config/cwmpd`: a file that somebody copied
/// there, or wrote with an editor, is often open to all.
pub(super) fn close(config_dir: &Path) {
    // A link stays a link.
    let Ok(path) = config_dir.join(OWN_PACKAGE).canonicalize() else {
        return;
    };
    let closed = file::make_private(&path);
    let path = path.display();
    match closed {
        Ok(true) => log::warn!(
            "{path}: every user of the box could read the passwords in it; it is closed to others"
        ),
        Ok(false) => {}
        Err(e) => log::warn!(
            "{path}: cannot be closed to other users, who may read the passwords in it: {e}"
        ),
    }
}

/// What is wrong with the package as it was read last.
#[derive(Default)]
pub(super) struct Complaints {
    /// A line for each thing: where, what, and what to do or what is done about it.
    pub lines: Vec<String>,
    /// What is no mistake, and nobody would guess.
    pub notes: Vec<String>,
    revision: u64,
}

/// The settings in force by what `source` knows of the package now, and what is wrong with it. For when
/// the rows of the model have told `source` what they read: what nobody reads is told.
pub(super) fn read(source: &UciSource, config_dir: &Path) -> (Config, Complaints) {
    read_by(source, config_dir, &|written, looked_for| {
        let names = [looked_for, &source.options_of(OWN_PACKAGE)].concat();
        review(written, &names)
    })
}

/// The same for before that: nobody can tell yet what nobody reads.
pub(super) fn settings(source: &UciSource, config_dir: &Path) -> (Config, Complaints) {
    read_by(source, config_dir, &|_, _| Vec::new())
}

fn read_by(
    source: &UciSource,
    config_dir: &Path,
    unread: &dyn Fn(&WrittenConfig, &[OptionName]) -> Vec<Remark>,
) -> (Config, Complaints) {
    let known = source.known(OWN_PACKAGE);
    let written = known.as_ref().and_then(|known| known.document);
    let written = written.map(Document::written).unwrap_or_default();
    let ConfigReading {
        config,
        remarks,
        looked_for,
    } = Config::read(&written);
    let file = config_dir.join(OWN_PACKAGE).display().to_string();
    let trouble = known.as_ref().and_then(|known| known.trouble.clone());
    let mut remarks = [remarks, unread(&written, &looked_for)].concat();
    sort_by_key(&mut remarks, |remark| remark.line.unwrap_or(u32::MAX));
    let remarks = remarks.iter().map(|remark| placed(&file, remark));
    let defaults = "defaults hold, and there is no ACS";
    let is_there = known.as_ref().is_some_and(|known| known.document.is_some());
    let note = match (&trouble, is_there) {
        (Some(_), _) => None,
        (None, false) => Some(format!("no {file}: {defaults}")),
        (None, true) if written.sections.is_empty() => {
            Some(format!("{file} says nothing: {defaults}"))
        }
        (None, true) => None,
    };
    let complaints = Complaints {
        lines: trouble.into_iter().chain(remarks).collect(),
        notes: note.into_iter().collect(),
        revision: known.map_or(0, |known| known.revision),
    };
    (config, complaints)
}

impl Complaints {
    /// Whether `source` knows something else by now.
    pub(super) fn are_outdated(&self, source: &UciSource) -> bool {
        let known = source.known(OWN_PACKAGE);
        known.is_some_and(|known| known.revision != self.revision)
    }

    /// Logs what is wrong, or worth a note, and was not `before`.
    pub(super) fn log(&self, before: &Self) {
        for (now, before) in [(&self.lines, &before.lines), (&self.notes, &before.notes)] {
            for line in now.iter().filter(|line| !before.contains(line)) {
                log::warn!("{line}");
            }
        }
    }
}

/// What is wrong with a file that the package names, and where it does.
pub(super) fn placed_error(source: &UciSource, config_dir: &Path, error: &HttpError) -> String {
    let known = source.known(OWN_PACKAGE).and_then(|known| known.document);
    let line = match error {
        HttpError::File { option, .. } => {
            let name = option.split_once('.');
            known.zip(name).and_then(|(document, (section, option))| {
                document.written().line_of(section, option)
            })
        }
        _ => None,
    };
    let text = error.to_string();
    let file = config_dir.join(OWN_PACKAGE).display().to_string();
    placed(&file, &Remark { line, text })
}

fn placed(file: &str, Remark { line, text }: &Remark) -> String {
    match line {
        Some(line) => format!("{file}:{line}: {text}"),
        None => format!("{file}: {text}"),
    }
}
