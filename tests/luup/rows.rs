//! Rows that show what Luup says.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use cwmpd::base::xsd::XsdType;
use cwmpd::datamodel::model::PendingWrite;
use cwmpd::datamodel::source::{Declaration, Instance, Reading, Slot, Source};
use cwmpd::datamodel::types::ParamType;
use cwmpd::luup::{
    Home, LuupAccess, LuupChange, LuupError, LuupOrder, LuupSource, Snapshot, fetch,
};

/// A home, and the source that serves it.
pub struct Rows {
    home: Rc<RefCell<Home>>,
    source: LuupSource,
    declared: BTreeMap<(String, usize), Slot>,
}

impl Rows {
    pub fn of(fetched: Result<Snapshot, LuupError>) -> Self {
        let home: Rc<RefCell<Home>> = Rc::default();
        let source = LuupSource(Rc::clone(&home));
        let rows = Self {
            home,
            source,
            declared: BTreeMap::new(),
        };
        rows.update(fetched);
        rows
    }

    pub fn update(&self, fetched: Result<Snapshot, LuupError>) {
        let mut home = self.home.borrow_mut();
        let fetch = home.begin_fetch();
        let view = fetched.map(|snapshot| fetch.view(snapshot));
        home.update(fetch, view);
    }

    /// Declares a row of a text in a table of devices.
    pub fn declare_text(&mut self, key: &str) {
        self.declare(key, Some(&ParamType::of(XsdType::String)), 1);
    }

    /// Fetches as the agent does, and takes what came.
    pub fn fetch(&self, access: &LuupAccess) -> Result<(), LuupError> {
        let mut home = self.home.borrow_mut();
        let begun = home.begin_fetch();
        let view = fetch(access, begun.wanted()).map(|snapshot| begun.view(snapshot));
        let told = view.as_ref().map(drop).map_err(Clone::clone);
        home.update(begun, view);
        told
    }

    /// Luup did what it was told.
    pub fn taken(&self, order: &LuupOrder) {
        self.home.borrow_mut().taken(order);
    }

    fn declare(&mut self, key: &str, kind: Option<&ParamType>, tables: usize) -> Slot {
        if let Some(slot) = self.declared.get(&(key.to_owned(), tables)) {
            return *slot;
        }
        let row = Declaration {
            kind,
            filtered: false,
            tables,
            writable: false,
        };
        let slot = self.source.declare(&row, key).unwrap();
        self.declared.insert((key.to_owned(), tables), slot);
        slot
    }

    /// The value of a row, of the devices that the instances on its path are.
    pub fn get(&mut self, key: &str, devices: &[u32]) -> Option<String> {
        let slot = self.declare(key, Some(&ParamType::of(XsdType::String)), devices.len());
        at(devices, |at| match self.source.get(slot, at) {
            Reading::Value(value) => Some(value.into_owned()),
            Reading::Absent => None,
            Reading::Unknown => panic!("{key} of {devices:?} is not known"),
        })
    }

    /// The instance numbers of a table.
    pub fn list(&mut self, key: &str, devices: &[u32]) -> Vec<u32> {
        let slot = self.declare(key, None, devices.len());
        let listed = at(devices, |at| self.source.list(slot, at, &[])).unwrap();
        let numbers = listed.iter().map(|listed| listed.number.unwrap());
        numbers.collect()
    }

    /// What the engine is told for a new value.
    pub fn change(
        &mut self,
        key: &str,
        devices: &[u32],
        value: &str,
    ) -> Result<LuupChange, LuupError> {
        let slot = self.declare(key, Some(&ParamType::of(XsdType::String)), devices.len());
        let write = PendingWrite {
            path: key.to_owned(),
            kind: "luup",
            slot,
            at: devices.iter().map(|id| id.to_string().into()).collect(),
            value: value.to_owned(),
            wanted: value.to_owned(),
        };
        let changes = self.home.borrow().changes(&[write]);
        changes
            .map(|mut changes| changes.remove(0))
            .map_err(|(_, error)| error)
    }
}

fn at<T>(devices: &[u32], then: impl FnOnce(&[Instance<'_>]) -> T) -> T {
    let names: Vec<String> = devices.iter().map(u32::to_string).collect();
    let instances: Vec<Instance<'_>> = names
        .iter()
        .map(|name| Instance {
            number: 1,
            identity: Some(name),
        })
        .collect();
    then(&instances)
}
