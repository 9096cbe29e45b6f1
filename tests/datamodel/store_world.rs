//! What was promised, kept beside the store: a script of steps runs on both, and at every moment it
//! is known what a restart may find.

use std::collections::BTreeMap;

use cwmpd::base::xsd::XsdType;
use cwmpd::datamodel::row::{Row, RowKind};
use cwmpd::datamodel::store::{Batch, ForeignWrite, Loaded, Store, StoreError};
use cwmpd::datamodel::types::ParamType;

use crate::store_disk::{CutDisk, Medium, Trouble};

/// Where the files are.
pub const FOLDER: &str = "/etc/cwmpd";

/// A state, and what the sources are still to write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Promised {
    pub values: BTreeMap<String, String>,
    pub unfinished: Vec<ForeignWrite>,
}

/// What is done with the store.
#[derive(Clone, Debug)]
pub enum Step {
    Append(Batch),
    CarriedOut,
    TakeBack,
    Checkpoint,
    /// The program ends and starts again, and carries out what it finds to be; the power stays.
    Restart,
}

/// A store and what it has promised.
pub struct World {
    pub disk: CutDisk,
    pub store: Store,
    /// The state as the program sees it.
    pub now: Promised,
    /// What a restart may find, `now` among it unless the disk failed.
    pub may_be: Vec<Promised>,
    /// The state before the last transaction, while it can be taken back.
    before: Option<Promised>,
}

/// A row with a value.
pub fn row(name: &str, value: &str) -> Row {
    let kind = RowKind::Parameter(ParamType::of(XsdType::String));
    Row {
        value: Some(value.to_owned()),
        ..Row::new(name, kind)
    }
}

/// A transaction of these rows.
pub fn batch(rows: &[(&str, &str)], gone: &[&str], writes: &[&str]) -> Batch {
    Batch {
        rows: rows.iter().map(|(name, value)| row(name, value)).collect(),
        gone: gone.iter().map(|name| name.to_string()).collect(),
        writes: writes.iter().map(|line| write(line)).collect(),
    }
}

pub fn write(line: &str) -> ForeignWrite {
    ForeignWrite {
        kind: "uci".to_owned(),
        line: line.to_owned(),
    }
}

impl Promised {
    fn with(mut self, batch: &Batch) -> Self {
        for gone in &batch.gone {
            let branch = gone.ends_with('.');
            self.values
                .retain(|name, _| name != gone && !(branch && name.starts_with(gone)));
        }
        for row in &batch.rows {
            let value = row.value.clone().unwrap_or_default();
            self.values.insert(row.name.clone(), value);
        }
        self.unfinished.extend(batch.writes.iter().cloned());
        self
    }

    fn carried_out(mut self) -> Self {
        self.unfinished.clear();
        self
    }

    fn rows(&self) -> Vec<Row> {
        let rows = self.values.iter();
        rows.map(|(name, value)| row(name, value)).collect()
    }
}

impl From<&Loaded> for Promised {
    fn from(loaded: &Loaded) -> Self {
        let pair = |row: &Row| (row.name.clone(), row.value.clone().unwrap_or_default());
        let values: BTreeMap<_, _> = loaded.rows.iter().map(pair).collect();
        assert_eq!(values.len(), loaded.rows.len(), "a row twice");
        Self {
            values,
            unfinished: loaded.unfinished.clone(),
        }
    }
}

/// What a start finds on the medium.
pub fn found(medium: &Medium) -> Promised {
    Promised::from(&load(medium))
}

fn load(medium: &Medium) -> Loaded {
    let disk = CutDisk::new(medium, Trouble::Never);
    Store::on(Box::new(disk), FOLDER).load()
}

impl World {
    /// Starts from what is on the disk.
    pub fn start(disk: &CutDisk) -> Self {
        let mut store = Store::on(Box::new(disk.clone()), FOLDER);
        let now = Promised::from(&store.load());
        Self {
            disk: disk.clone(),
            store,
            may_be: vec![now.clone()],
            now,
            before: None,
        }
    }

    /// Runs all steps, or those before the first error.
    pub fn run(&mut self, steps: &[Step]) -> Result<(), StoreError> {
        steps.iter().try_for_each(|step| self.step(step))
    }

    /// Does one step as the model does it: with a checkpoint before, where the store wants one.
    pub fn step(&mut self, step: &Step) -> Result<(), StoreError> {
        match step {
            Step::Append(batch) if batch.is_empty() => self.store.append(batch),
            Step::Append(batch) => {
                if self.store.wants_checkpoint(0) {
                    self.checkpoint()?;
                }
                self.append(batch)
            }
            Step::CarriedOut => {
                self.before = None;
                self.now = self.now.clone().carried_out();
                self.may_be.push(self.now.clone());
                self.store.carried_out()
            }
            Step::TakeBack => {
                let Some(before) = self.before.take() else {
                    return self.store.take_back();
                };
                self.may_be.push(before.clone());
                self.now = before;
                self.store.take_back()?;
                self.may_be = vec![self.now.clone()];
                Ok(())
            }
            Step::Checkpoint if !self.now.unfinished.is_empty() => {
                let refused = self.checkpoint().unwrap_err();
                assert!(matches!(refused, StoreError::Unfinished(_)), "{refused}");
                Ok(())
            }
            Step::Checkpoint => self.checkpoint(),
            // What a start does that cannot read everything is a test of its own.
            Step::Restart if !self.disk.is_well() => Ok(()),
            Step::Restart => {
                let mut again = Self::start(&self.disk);
                let found = &again.now;
                assert!(
                    self.may_be.contains(found),
                    "{found:?} of {:?}",
                    self.may_be
                );
                // What was not synced before is not by this.
                again.may_be = std::mem::take(&mut self.may_be);
                *self = again;
                self.step(&Step::CarriedOut)
            }
        }
    }

    fn append(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let before = self.now.clone();
        let after = before.clone().with(batch);
        self.may_be.push(after.clone());
        self.before = None;
        match self.store.append(batch) {
            Ok(()) => {
                self.now = after.clone();
                self.may_be = vec![after];
                self.before = Some(before);
                Ok(())
            }
            Err(error) => {
                // One failure leaves nothing of it; more may keep it from being taken back.
                if self.disk.is_well() {
                    self.may_be.pop();
                }
                Err(error)
            }
        }
    }

    fn checkpoint(&mut self) -> Result<(), StoreError> {
        self.may_be.push(self.now.clone());
        let rows = self.now.rows();
        self.store.checkpoint(&mut rows.into_iter())?;
        self.before = None;
        self.may_be = vec![self.now.clone()];
        Ok(())
    }

    /// Every medium that a cut now may leave holds what it may. A power cut is nothing to alarm
    /// people with: all that is told then is that `parameters.data` has not got its name yet.
    pub fn check_cuts(&self, thorough: bool, what: &str) -> Vec<Medium> {
        let media = self.disk.cuts(thorough);
        for medium in &media {
            let loaded = load(medium);
            let found = Promised::from(&loaded);
            assert!(
                self.may_be.contains(&found),
                "{what}\nfound {found:?}\nof {:?}\non {}",
                self.may_be,
                readable(medium)
            );
            let mut alarms = loaded.notices.iter();
            let no_name = |notice: &String| notice.contains("is not there or not whole");
            assert!(
                self.disk.may_fail() || alarms.all(no_name),
                "{what}\n{:?}\non {}",
                loaded.notices,
                readable(medium)
            );
        }
        media.into_iter().collect()
    }
}

/// The files as a person reads them.
pub fn readable(medium: &Medium) -> String {
    let file = |(path, bytes): (&std::path::PathBuf, &Vec<u8>)| {
        format!("{}:\n{}\n", path.display(), String::from_utf8_lossy(bytes))
    };
    medium.iter().map(file).collect()
}
