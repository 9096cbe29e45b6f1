//! The model through its public calls, over a small description of its own.

mod change;
mod objects;
mod read;
mod set;

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::datamodel::source::{Source, SourceError, Sources};
use crate::base::xsd::XsdType;
use crate::soap::ParameterValue;

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
    staged: Vec<(String, String)>,
    before: BTreeMap<String, String>,
    deferred: bool,
    volatile: bool,
    fail: Rc<RefCell<bool>>,
}

fn name(key: &str, at: &[u32]) -> String {
    at.last().map_or(key.to_owned(), |n| format!("{key}@{n}"))
}

impl Source for Fake {
    fn declare(&mut self, _: &str, _: bool) -> Result<(), String> {
        Ok(())
    }

    fn get(&mut self, key: &str, at: &[u32]) -> Option<Cow<'_, str>> {
        self.values
            .borrow()
            .get(&name(key, at))
            .cloned()
            .map(Cow::Owned)
    }

    fn rows(&mut self, key: &str, _: &[u32]) -> Option<Vec<u32>> {
        let values = self.values.borrow();
        let list = values.get(key)?;
        Some(list.split(',').filter_map(|n| n.parse().ok()).collect())
    }

    fn stage(&mut self, key: &str, at: &[u32], value: &str) -> Result<(), SourceError> {
        self.staged.push((name(key, at), value.to_owned()));
        Ok(())
    }

    fn commit(&mut self) -> Result<(), SourceError> {
        if *self.fail.borrow() {
            return Err(SourceError::Failed("disk full".into()));
        }
        self.before = self.values.borrow().clone();
        if !self.deferred {
            self.values.borrow_mut().extend(self.staged.drain(..));
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

    fn deferred(&self) -> bool {
        self.deferred
    }

    fn volatile(&self, _: &str) -> bool {
        self.volatile
    }
}

/// A folder with a model in it, removed in the end.
pub(super) struct Bench {
    dir: PathBuf,
    pub local: Values,
    pub remote: Values,
    pub fail: Rc<RefCell<bool>>,
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
        let fake = |values: &Values, deferred| Fake {
            values: Rc::clone(values),
            staged: Vec::new(),
            before: BTreeMap::new(),
            deferred,
            volatile: deferred,
            fail: Rc::clone(&self.fail),
        };
        let sources: Sources = vec![
            ("box", Box::new(fake(&self.local, false))),
            ("remote", Box::new(fake(&self.remote, true))),
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

pub(super) fn value(name: &str, text: &str) -> ParameterValue {
    ParameterValue {
        name: name.to_owned(),
        value: text.to_owned(),
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
