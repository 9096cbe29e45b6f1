//! The living tree over one [`Schema`]: instances, values, attributes, changes.
//!
//! One file per thing one can do with it; `request` is the language of all these calls.
//!
//! | file | duty |
//! |---|---|
//! | `check`, `root`, `open` | a folder of csv files to a model |
//! | `resolve`, `read`, `evaluate` | paths, the RPCs that read, the value of a parameter |
//! | `explain` | what sources say to each row, and why it is empty |
//! | `set`, `attributes`, `objects` | the RPCs that change; each is atomic, and durable on return |
//! | `listed` | the instances of tables that sources own |
//! | `change`, `transact`, `touched` | what they have in common: before and after, journal and sources |
//! | `deferred`, `former` | values that a job brings to their source; those of rows that had none before |
//! | `diagnostics` | states by which something is begun |
//! | `present` | whether what is optional is there |
//! | `own` | what the agent itself has to say |
//! | `notify` | value change notification |
//! | `persist`, `load`, `unsaved` | state to rows and back; a disk that takes none |

mod attributes;
mod change;
mod check;
mod deferred;
mod diagnostics;
mod error;
mod evaluate;
mod explain;
mod former;
mod listed;
mod load;
mod notify;
mod objects;
mod open;
mod own;
mod pattern;
mod persist;
mod present;
mod read;
mod request;
mod resolve;
mod root;
mod rule;
mod set;
#[cfg(test)]
mod tests;
mod touched;
mod transact;
mod unsaved;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

pub use attributes::MAX_NOTIFICATION;
pub use check::{Finding, describe};
pub use diagnostics::{COMPLETE, NONE, REQUESTED, check_state};
pub use error::{ModelError, OpenError, SetError};
pub use explain::NothingShown;
pub use notify::ActiveChange;
pub use pattern::Named;
pub use request::{AttributesView, InForce, NewAttributes, NewValue, PendingWrite, Requester};
pub use rule::Proposal;
pub use unsaved::Unsaved;

use super::key::{Key, NodeId};
use super::schema::Schema;
use super::source::Sources;
use super::state::State;
use super::store::{self, Store};
use crate::base::bucket::Bucket;
use crate::base::clock::Now;
use evaluate::Misfit;
use notify::SentValue;
use rule::Rule;
use touched::Touched;

/// What requests may make of the state, in bytes, in memory and as rows on flash: 20,000 values that
/// were set are 3 MiB. Beyond, a request that adds to it is refused with 9004.
pub const MAX_REQUESTED_BYTES: usize = store::MAX_STATE_BYTES - store::RESERVED_BYTES;

/// The data model of the box.
pub struct Model {
    schema: Rc<Schema>,
    state: State,
    sources: Sources,
    store: Store,
    /// What differs from what the store has.
    touched: Touched,
    /// The store took a change for too large, and has to count anew.
    recount: bool,
    /// Values of MIXED rows, read once.
    mixed: BTreeMap<Key, Box<str>>,
    /// Parameters with an unreported change, with their newest value where it is known.
    changed: BTreeMap<Key, Option<Box<str>>>,
    /// Of these, which are notified actively, a change was found since [`Model::take_news`].
    news: BTreeSet<Key>,
    /// What `changes` gave last, not yet known to be delivered.
    sent: Vec<SentValue>,
    /// States by which something is begun that were set since [`Model::take_set_states`].
    set_states: BTreeSet<Key>,
    /// Checks beyond the type.
    rules: BTreeMap<NodeId, Rule>,
    /// Parameters whose source gives no fitting value, and tables whose source lists too many
    /// instances, or such that cannot be shown, with why: logged once.
    misfits: BTreeMap<Key, Misfit>,
    /// Wall clock for expressions, seconds since 1970.
    unix: i64,
    /// How often the instances of a table were a reason to write, and the uptime by which that counts.
    learnt: BTreeMap<NodeId, Bucket>,
    uptime: Duration,
    /// What the store refused, until it takes something again.
    unsaved: Option<Unsaved>,
}

impl Model {
    /// The root object, `Device.` or `InternetGatewayDevice.`.
    pub fn root(&self) -> &str {
        self.schema.root_name()
    }

    /// Tells the time that expressions see, and by which writes are spread.
    pub fn set_time(&mut self, now: Now) {
        self.unix = now.unix;
        self.uptime = now.uptime;
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
        self.touched.record(key);
        match value {
            Some(value) => {
                self.state.records.insert(key.to_owned(), value.to_owned());
            }
            None => {
                self.state.records.remove(key);
            }
        }
    }
}
