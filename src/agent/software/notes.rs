//! What is noted of each package, in the store before the package manager is let at it: so a unit that
//! is installed is told apart from one of which that was begun, and what others install from what the
//! ACS did.

use std::rc::Rc;

use super::units::DONE;
use crate::agent::poll_loop::Agent;
use crate::base::clock::Now;
use crate::cwmp::{DuKind, DuOutcome, DuTask};
use crate::datamodel::source::Source as _;
use crate::device::software::{UnitNote, UnitNotes};

/// The durable record of the notes.
const NOTES: &str = "software.units";

/// The record where there are none, but were once looked for.
const NO_NOTES: &str = ",";

impl Agent {
    /// Reads what earlier runs noted.
    pub(in crate::agent) fn recall_units(&mut self, now: Now) {
        let mut source = self.software.source.borrow_mut();
        if let Some(record) = self.model.record(NOTES) {
            source.notes = UnitNotes::from_record(record);
        }
        source.refresh();
        drop(source);
        self.follow_units(now);
    }

    /// Units that came, went or changed without a ChangeDUState: the engine hears of them, once.
    pub(in crate::agent) fn follow_units(&mut self, now: Now) {
        let is_first = self.model.record(NOTES).is_none();
        let mut source = self.software.source.borrow_mut();
        let inventory = source.inventory();
        if self.software.work.is_some() || !inventory.is_known() || !source.is_wanted() {
            return;
        }
        let mut news = Vec::new();
        for unit in inventory.units() {
            let package = &unit.package;
            let note = source.notes.of(&package.name);
            match note {
                Some(note) if *note.version == *package.version || !note.by.is_empty() => {}
                Some(_) => news.push((DuKind::Update, package.name.clone())),
                None => news.push((DuKind::Install, package.name.clone())),
            }
        }
        for note in source.notes.iter().filter(|note| note.by.is_empty()) {
            if source.inventory().unit(&note.name).is_none() {
                news.push((DuKind::Uninstall, note.name.clone().into()));
            }
        }
        for (kind, name) in &news {
            let unit = source.inventory().unit(name);
            let version = unit.map(|unit| unit.package.version.to_string());
            let mut note = source.notes.of(name).cloned().unwrap_or_default();
            match version {
                _ if *kind == DuKind::Uninstall => {}
                version => {
                    note.name = name.to_string();
                    note.version = version.unwrap_or_default();
                    source.notes.put(note);
                }
            }
        }
        drop(source);
        if news.is_empty() && !is_first {
            return;
        }
        for (kind, name) in news {
            let result = self.told_of(&name, DONE, "");
            if kind == DuKind::Uninstall {
                self.software.source.borrow_mut().notes.forget(&name);
            }
            if !is_first {
                log::info!("{name}: somebody on the box did {}", kind.as_str());
                self.engine
                    .software_changed(kind, result, &mut self.model, now);
            }
        }
        self.keep_notes();
    }

    /// Whether what is noted is on the flash.
    pub(super) fn keep_notes(&mut self) -> bool {
        let record = self.software.source.borrow().notes.to_record();
        let record = if record.is_empty() { NO_NOTES } else { &record };
        self.model.set_record(NOTES, Some(record));
        self.model.commit().is_ok()
    }

    /// What became of an operation that was cut short: the notes say which package it was about, and
    /// the lists whether it came, or went.
    pub(in crate::agent) fn judge_unit(
        &mut self,
        change: u32,
        operation: u32,
        task: &DuTask,
        now: Now,
    ) {
        if self.waits_for_manager(change, operation, now) {
            return;
        }
        self.look(now);
        let by = format!("{change}.{operation}");
        let is_gone = matches!(task, DuTask::Uninstall { .. });
        let is_one = !matches!(task, DuTask::Update { uuid: None, url, .. } if url.is_empty());
        let source = Rc::clone(&self.software.source);
        let begun = source
            .borrow()
            .notes
            .iter()
            .find(|note| note.by == by)
            .cloned();
        let mut outcome = DuOutcome::NotDone;
        if let Some(mut note) = begun {
            let name = std::mem::take(&mut note.name);
            let mut source = source.borrow_mut();
            let unit = source.inventory().unit(&name);
            let version = unit.map(|unit| unit.package.version.to_string());
            let is_known = source.inventory().is_known();
            let is_done = match is_gone {
                true => version.is_none() && is_known,
                false => version.as_deref() == Some(&*note.version),
            };
            let uuid = source.uuid(&name);
            match version {
                None if is_known => source.notes.forget(&name),
                version => {
                    if is_done {
                        touch(&mut note, matches!(task, DuTask::Install { .. }), now);
                    }
                    source.notes.put(UnitNote {
                        name: name.clone(),
                        version: version.unwrap_or_default(),
                        by: String::new(),
                        ..note
                    });
                }
            }
            drop(source);
            self.keep_notes();
            if is_done && is_one {
                let mut result = self.told_of(&name, DONE, "");
                result.uuid = uuid.to_string();
                outcome = DuOutcome::Ended(vec![result]);
            }
        }
        self.engine
            .unit_changed(change, operation, outcome, &mut self.model, now);
        self.commit();
    }

    /// Brings the note of a package in line with what is installed.
    pub(super) fn settle_note(&mut self, name: &str, done: Option<DuKind>, now: Now) {
        let mut source = self.software.source.borrow_mut();
        let unit = source.inventory().unit(name);
        let version = unit.map(|unit| unit.package.version.to_string());
        match (version, source.notes.of(name).cloned()) {
            (Some(version), Some(mut note)) => {
                if let (Some(kind), false) = (done, note.by.is_empty()) {
                    touch(&mut note, kind == DuKind::Install, now);
                }
                note.by = String::new();
                source.notes.put(UnitNote { version, ..note });
            }
            (None, Some(_)) => source.notes.forget(name),
            (_, None) => {}
        }
        drop(source);
        self.keep_notes();
    }
}

/// The package came just now: as a new one, or in another version.
fn touch(note: &mut UnitNote, is_new: bool, now: Now) {
    match (now.wall_is_set(), is_new) {
        (true, true) => note.installed = now.unix,
        (true, false) => note.updated = now.unix,
        (false, _) => {}
    }
}
