//! The model through its public calls, over a small description of its own.

mod bounds;
mod change;
mod diagnostics;
mod elsewhere;
mod known;
mod objects;
mod owned;
mod read;
mod set;
mod unknown;
mod upgrade;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::base::xsd::XsdType;
use crate::datamodel::source::{
    Declaration, Instance, Listed, Noticed, Reading, Slot, Source, SourceError, Sources, Taking,
};

/// The description that the tests share.
const CSV: &str = "\
# name;type;storage;access;immediate;notification;forced;denied;access list;default
DeviceInfo.Manufacturer;STRING:64;0;0;0;0;0;0;;Acme
DeviceInfo.SoftwareVersion;STRING:64;1;0;0;2;1;1;;;0;0;;;box:version
DeviceInfo.UpTime;UINT;1;0;0;0;0;1;;;0;0;;;box:uptime
ManagementServer.URL;STRING:256;1;1;1;0;0;0;;;0;0;;;box:url
ManagementServer.Password;STRING:256;0;1;1;0;0;0;;secret
ManagementServer.ParameterKey;STRING:32;0;0;0;0;1;0;;
ManagementServer.PeriodicInformInterval;UINT:1:;0;1;1;0;0;0;;3600
ManagementServer.PeriodicInformEnable;BOOLEAN;0;1;1;0;0;0;;1
Hidden.Row;STRING;0;0;0;0;0;0;_;x
NAT.PortMapping.;ANY;0;1;1
NAT.PortMapping..Description;STRING:16;0;1;1;0;0;0;;none
NAT.PortMapping..Enable;BOOLEAN;0;1;1;0;0;0;;0
NAT.PortMappingNumberOfEntries;UINT;3;0;0;1;0;0;;;0;0;;;#PortMapping.
Zwave.Interface.;ANY;1;0;0;0;0;0;;;0;0;;;remote:nodes
Zwave.Interface.{i}.WakeUpInterval;UINT;1;1;1;0;0;0;;;0;0;;;remote:wakeup
Zwave.Interface.{i}.BatteryLevel;UINT;1;0;0;0;0;0;;;0;0;;;remote:battery
";

/// Values of a fake source, shared with the test. Keys: `key` or `key@3`.
pub(super) type Values = Rc<RefCell<BTreeMap<String, String>>>;

/// A source of the test's making.
struct Fake {
    values: Values,
    keys: Vec<String>,
    staged: Vec<(String, Option<String>)>,
    before: BTreeMap<String, String>,
    taking: Taking,
    noticed: Noticed,
    fail: Rc<RefCell<bool>>,
}

/// A value by which the test says that nobody can tell.
pub(super) const UNKNOWN: &str = "?";

fn name(key: &str, at: &[Instance<'_>]) -> String {
    at.last()
        .map_or(key.to_owned(), |i| format!("{key}@{}", i.name()))
}

impl Fake {
    fn key(&self, slot: Slot) -> &str {
        self.keys.get(slot.index()).map_or("", String::as_str)
    }

    fn rows(&self, slot: Slot) -> Option<Vec<String>> {
        let values = self.values.borrow();
        let list = values.get(self.key(slot))?;
        let rows = list.split(',').filter(|row| !row.is_empty());
        Some(rows.map(str::to_owned).collect())
    }

    fn stage_rows(&mut self, slot: Slot, rows: &[String]) {
        let key = self.key(slot).to_owned();
        self.staged.push((key, Some(rows.join(","))));
    }
}

impl Source for Fake {
    fn declare(&mut self, row: &Declaration<'_>, key: &str) -> Result<Slot, String> {
        if row.writable && key == "battery" {
            return Err("nobody charges by remote".to_owned());
        }
        self.keys.push(key.to_owned());
        Ok(Slot::new(self.keys.len() - 1))
    }

    fn get(&mut self, slot: Slot, at: &[Instance<'_>]) -> Reading<'_> {
        let value = self.values.borrow().get(&name(self.key(slot), at)).cloned();
        match value {
            Some(value) if value == UNKNOWN => Reading::Unknown,
            value => Reading::of(value),
        }
    }

    fn list(&mut self, slot: Slot, _: &[Instance<'_>], _: &[&str]) -> Option<Vec<Listed>> {
        let listed = self.rows(slot)?.into_iter().map(|row| Listed {
            number: row.parse().ok(),
            ..Listed::new(row)
        });
        Some(listed.collect())
    }

    fn stage(&mut self, slot: Slot, at: &[Instance<'_>], value: &str) -> Result<(), SourceError> {
        let name = name(self.key(slot), at);
        self.staged.push((name, Some(value.to_owned())));
        Ok(())
    }

    fn stage_add(
        &mut self,
        slot: Slot,
        _: &[Instance<'_>],
        number: u32,
    ) -> Result<Box<str>, SourceError> {
        if self.key(slot) == "full" {
            return Err(SourceError::Full("no room".into()));
        }
        let mut rows = self.rows(slot).unwrap_or_default();
        let identity = format!("new{number}");
        rows.push(identity.clone());
        self.stage_rows(slot, &rows);
        Ok(identity.into())
    }

    fn stage_remove(&mut self, slot: Slot, at: &[Instance<'_>]) -> Result<(), SourceError> {
        let mut rows = self.rows(slot).unwrap_or_default();
        let gone = at.last().map(|i| i.name().into_owned());
        rows.retain(|row| Some(row) != gone.as_ref());
        self.stage_rows(slot, &rows);
        Ok(())
    }

    fn staged(&self) -> Vec<String> {
        let staged = self.staged.iter().filter(|_| self.taking == Taking::AtOnce);
        staged
            .map(|(name, value)| format!("{name}={}", value.as_deref().unwrap_or_default()))
            .collect()
    }

    fn commit(&mut self) -> Result<(), SourceError> {
        if *self.fail.borrow() {
            return Err(SourceError::Failed("disk full".into()));
        }
        self.before = self.values.borrow().clone();
        if self.taking == Taking::AtOnce {
            let mut values = self.values.borrow_mut();
            for (name, value) in self.staged.drain(..) {
                values.extend(value.map(|value| (name, value)));
            }
        }
        self.staged.clear();
        Ok(())
    }

    fn replay(&mut self, line: &str) -> Result<(), SourceError> {
        if let Some((name, value)) = line.split_once('=') {
            self.values.borrow_mut().insert(name.into(), value.into());
        }
        Ok(())
    }

    fn rollback(&mut self) {
        self.staged.clear();
    }

    fn undo(&mut self) -> Result<(), SourceError> {
        *self.values.borrow_mut() = self.before.clone();
        Ok(())
    }

    fn taking(&self) -> Taking {
        self.taking
    }

    fn took(&mut self, slot: Slot, at: &[Instance<'_>], value: &str) {
        let name = name(self.key(slot), at);
        self.values.borrow_mut().insert(name, value.to_owned());
    }

    fn noticed(&self, _: Slot) -> Noticed {
        self.noticed
    }

    fn keeps_reports(&self, _: Slot) -> bool {
        self.noticed == Noticed::Pushed
    }
}

/// States by which something is begun; `refuse` of the box says why it is not.
struct FakeTasks(Values);

impl Source for FakeTasks {
    fn declare(&mut self, _: &Declaration<'_>, _: &str) -> Result<Slot, String> {
        Ok(Slot::new(0))
    }

    fn get(&mut self, _: Slot, _: &[Instance<'_>]) -> Reading<'_> {
        Reading::Absent
    }

    fn stage(&mut self, _: Slot, _: &[Instance<'_>], _: &str) -> Result<(), SourceError> {
        match self.0.borrow().get("refuse") {
            Some(why) => Err(SourceError::BadValue(why.clone())),
            None => Ok(()),
        }
    }

    fn diagnoses(&self) -> bool {
        true
    }
}

/// A folder with a model in it, removed in the end.
pub(super) struct Bench {
    dir: PathBuf,
    pub local: Values,
    pub remote: Values,
    pub fail: Rc<RefCell<bool>>,
    /// When `remote` takes new values.
    pub taking: Taking,
}

impl Bench {
    pub fn new() -> Self {
        Self::with(CSV)
    }

    pub fn with(csv: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("cwmpd-model-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join("parameters.csv"), csv).unwrap();
        let bench = Self {
            dir,
            local: Values::default(),
            remote: Values::default(),
            fail: Rc::default(),
            taking: Taking::Later,
        };
        for (key, value) in [("version", "1.0"), ("uptime", "5"), ("url", "http://a/")] {
            bench.local.borrow_mut().insert(key.into(), value.into());
        }
        for (key, value) in [
            ("nodes", "3,20"),
            ("wakeup@20", "720"),
            ("battery@20", "70"),
        ] {
            bench.remote.borrow_mut().insert(key.into(), value.into());
        }
        bench
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    pub fn open(&self) -> Model {
        let fake = |values: &Values, taking| Fake {
            values: Rc::clone(values),
            keys: Vec::new(),
            staged: Vec::new(),
            before: BTreeMap::new(),
            taking,
            noticed: match taking {
                Taking::AtOnce => Noticed::Pushed,
                Taking::Elsewhere | Taking::Later => Noticed::Polled,
            },
            fail: Rc::clone(&self.fail),
        };
        let sources: Sources = vec![
            ("box", Box::new(fake(&self.local, Taking::AtOnce))),
            ("remote", Box::new(fake(&self.remote, self.taking))),
            ("task", Box::new(FakeTasks(Rc::clone(&self.local)))),
        ];
        let mut model = Model::open(&self.dir, "Device.", sources).unwrap();
        model.refresh();
        model
    }

    pub fn put_local(&self, key: &str, value: &str) {
        self.local.borrow_mut().insert(key.into(), value.into());
    }

    pub fn put_remote(&self, key: &str, value: &str) {
        self.remote.borrow_mut().insert(key.into(), value.into());
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

pub(super) fn get(model: &mut Model, path: &str) -> String {
    let mut text = String::new();
    model
        .values(path, &mut |_, _, value| text.push_str(value))
        .unwrap();
    text
}

pub(super) fn names(model: &mut Model, path: &str, next_level: bool) -> Vec<String> {
    let mut all = Vec::new();
    model
        .names(path, next_level, &mut |path, writable| {
            all.push(format!("{path}{}", if writable { " W" } else { "" }));
        })
        .unwrap();
    all
}

pub(super) fn value<'a>(name: &'a str, text: &'a str) -> NewValue<'a> {
    NewValue {
        name,
        value: text,
        xsi_type: None,
    }
}

pub(super) fn changes(model: &mut Model) -> Vec<String> {
    let mut all = Vec::new();
    model.changes(&mut |path, _: XsdType, value| {
        all.push(format!("{path}={value}"));
        true
    });
    all
}
