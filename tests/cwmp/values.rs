//! The sources of the box without wires.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use cwmpd::datamodel::source::{
    Declaration, Instance, Reading, Slot, Source, SourceError, Sources, Taking,
};

/// Values that change behind the agent's back.
#[derive(Clone, Default)]
pub struct Live {
    values: Rc<RefCell<BTreeMap<String, String>>>,
    keys: Rc<RefCell<Vec<String>>>,
}

impl Live {
    pub fn set(&self, key: &str, value: &str) {
        let mut values = self.values.borrow_mut();
        values.insert(key.to_owned(), value.to_owned());
    }
}

impl Source for Live {
    fn declare(&mut self, _: &Declaration<'_>, key: &str) -> Result<Slot, String> {
        let mut keys = self.keys.borrow_mut();
        keys.push(key.to_owned());
        Ok(Slot::new(keys.len() - 1))
    }

    fn get(&mut self, slot: Slot, _: &[Instance<'_>]) -> Reading<'_> {
        let keys = self.keys.borrow();
        let value = keys
            .get(slot.index())
            .and_then(|key| self.values.borrow().get(key).cloned());
        Reading::of(value)
    }
}

/// Values that somebody else takes before the rest of a change is made.
struct Elsewhere(Live);

impl Source for Elsewhere {
    fn declare(&mut self, row: &Declaration<'_>, key: &str) -> Result<Slot, String> {
        self.0.declare(row, key)
    }

    fn get(&mut self, slot: Slot, at: &[Instance<'_>]) -> Reading<'_> {
        self.0.get(slot, at)
    }

    fn stage(&mut self, _: Slot, _: &[Instance<'_>], value: &str) -> Result<(), SourceError> {
        match value {
            "nowhere" => Err(SourceError::Failed("there is no such place".to_owned())),
            _ => Ok(()),
        }
    }

    fn taking(&self) -> Taking {
        Taking::Elsewhere
    }

    fn took(&mut self, slot: Slot, _: &[Instance<'_>], value: &str) {
        let key = self.0.keys.borrow().get(slot.index()).cloned();
        self.0.set(&key.unwrap(), value);
    }
}

/// The sources of a model that is opened: both show the same values.
pub fn sources(live: &Live) -> Sources {
    let again = || Live {
        values: Rc::clone(&live.values),
        ..Live::default()
    };
    vec![
        ("live", Box::new(again())),
        ("elsewhere", Box::new(Elsewhere(again()))),
    ]
}
