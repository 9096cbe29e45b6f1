//! The living tree over one [`Schema`]: instances, values, attributes, changes.
//!
//! One file per thing one can do with it. Reading: `read`, `evaluate`, `resolve`. Changing: `set`,
//! `attributes`, `objects`; each such call is atomic, and durable before it returns. Value change
//! notification: `notify`. What survives a power cut: `persist`.

mod attributes;
mod check;
mod error;
mod evaluate;
mod notify;
mod objects;
mod open;
mod persist;
mod read;
mod resolve;
mod set;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

pub use check::{BadRow, describe};
pub use error::{ModelError, OpenError, SetError};

use super::key::{Key, NodeId};
use super::schema::Schema;
use super::source::Sources;
use super::state::State;
use super::store::Store;

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requester {
    /// The ACS, by an RPC: it is not told of its own changes.
    Acs,
    /// Somebody on the box, by the control socket.
    Local,
}

/// One entry of GetParameterAttributes.
#[derive(Clone, Copy, Debug)]
pub struct AttributesView<'a> {
    /// 0..=6.
    pub notification: u8,
    /// Entities besides the ACS that may write.
    pub access_list: &'a [String],
}

/// A wanted value that a deferred source (Luup) has not taken yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingWrite {
    /// Full path, to report it back with [`Model::settle`].
    pub path: String,
    /// Kind of the source, e.g. `luup`.
    pub kind: &'static str,
    /// Key of the source, without filters.
    pub key: String,
    /// Instance numbers on the path.
    pub at: Vec<u32>,
    /// The wanted value, as the source spells it.
    pub value: String,
    /// The wanted value, as the model spells it: what [`Model::settle`] wants back.
    pub wanted: String,
}

/// A check of a value beyond its type, see [`Model::add_rule`].
type Rule = fn(&Model, &str) -> Result<(), String>;

/// The data model of the box.
pub struct Model {
    schema: Rc<Schema>,
    state: State,
    sources: Sources,
    store: Store,
    /// Something durable differs from what the store has.
    dirty: bool,
    /// Values of MIXED rows, read once.
    mixed: BTreeMap<Key, Box<str>>,
    /// Parameters with an unreported change.
    changed: BTreeSet<Key>,
    /// The newest value that was noticed of each of them.
    newest: BTreeMap<Key, Box<str>>,
    /// A change with active notification was noticed since that was asked for last.
    news: bool,
    /// What `changes` gave last, not yet known to be delivered.
    sent: Vec<(Key, Box<str>)>,
    /// Checks beyond the type.
    rules: BTreeMap<NodeId, Rule>,
    /// Parameters whose source gives no fitting value, or that cannot be computed: told of once.
    misfits: BTreeSet<Key>,
    /// Wall clock for expressions, seconds since 1970.
    unix: i64,
}

impl Model {
    /// The root object, `Device.` or `InternetGatewayDevice.`.
    pub fn root(&self) -> &str {
        self.schema.root_name()
    }

    /// How many parameters the description has, instances not counted.
    pub fn described_parameters(&self) -> usize {
        self.schema.parameter_count()
    }

    /// Tells the time that expressions see.
    pub fn set_time(&mut self, now: crate::base::clock::Now) {
        self.unix = now.unix;
    }

    /// Adds a check of what may be set, beyond the type, for the parameter `path` (without root,
    /// `{i}` for instances). The text of `Err` goes into a fault 9007.
    pub fn add_rule(&mut self, path: &'static str, rule: Rule) {
        if let Some(node) = self.schema.find(path) {
            self.rules.insert(node, rule);
        }
    }

    /// A durable record of the engine (events, schedule, last ACS URL).
    pub fn record(&self, key: &str) -> Option<&str> {
        self.state.records.get(key).map(String::as_str)
    }

    /// Sets or removes a record; durable with the next [`Model::commit`]. Keys are `[A-Za-z0-9.]+`.
    pub fn set_record(&mut self, key: &str, value: Option<&str>) {
        if self.record(key) == value {
            return;
        }
        self.dirty = true;
        match value {
            Some(value) => {
                self.state.records.insert(key.to_owned(), value.to_owned());
            }
            None => {
                self.state.records.remove(key);
            }
        }
    }

    /// All records whose key begins with `prefix`, ascending by key.
    pub fn records(&self, prefix: &str) -> Vec<(String, String)> {
        let from = self.state.records.range(prefix.to_owned()..);
        from.take_while(|(key, _)| key.starts_with(prefix))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }
}
