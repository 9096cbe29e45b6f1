//! The instances of tables that sources own: what becomes of what a source lists.
//!
//! A source tells what the world outside calls its things, and that may be anything, another thing
//! each time. Here it is bounded, for all sources: how long a name is, how many there are, and how
//! often what was learnt of them is written to flash.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use super::Model;
use super::evaluate::Misfit;
use super::resolve::instances;
use crate::base::bucket::Rate;
use crate::datamodel::instances::MAX_INSTANCES;
use crate::datamodel::key::{At, Key};
use crate::datamodel::schema::Table;
use crate::datamodel::source::Listed;

/// The longest that a source may call an instance, in bytes: what TR-106 has for most names. It is
/// kept for each, also on flash.
const MAX_IDENTITY_BYTES: usize = 256;

/// How often the numbers of a table's new instances are a reason to write to flash: some at once,
/// for things come together and people try things; then so seldom that a source which has other
/// instances at each look wears nothing out, be it for years. In between they go along with what is
/// written for another reason, be it that the ACS sets something of them.
const LEARNT: Rate = Rate {
    burst: 8,
    interval: Duration::from_secs(600),
};

impl Model {
    /// Brings the tables whose instances a source owns up to date.
    pub(super) fn refresh_instances(&mut self) {
        let schema = Rc::clone(&self.schema);
        for &node in &schema.source_tables {
            if let Some(table) = schema.table(node) {
                let mut forgotten = BTreeSet::new();
                self.each_instance(node, &mut |model, key| {
                    model.list_instances(key, table, &mut forgotten);
                });
                self.forget_instances(node, &forgotten);
            }
        }
        self.forget_departed();
        self.keep_learnt();
    }

    /// Instances that nobody will ask for again are added to `forgotten`.
    fn list_instances(&mut self, key: Key, table: &Table, forgotten: &mut BTreeSet<At>) {
        let Some(reference) = &table.source else {
            return;
        };
        let at = instances(&self.schema, &self.state, key);
        let known = self.state.tables.get(&key);
        let known: Vec<&str> = known.iter().flat_map(|known| known.identities()).collect();
        let Some((kind, source)) = self.sources.get_mut(reference.source) else {
            return;
        };
        let Some(mut listed) = source.list(reference.slot, at.as_slice(), &known) else {
            return;
        };
        let all = listed.len();
        listed.retain(is_fit);
        let unfit = all - listed.len();
        let why = match (unfit, listed.len()) {
            (1.., _) => Some(format!(
                "of {all} instances {unfit} are not shown: what they are called is longer than \
                 {MAX_IDENTITY_BYTES} bytes, or has control characters"
            )),
            (_, count) if count > MAX_INSTANCES => Some(format!(
                "of {all} instances the first {MAX_INSTANCES} are shown"
            )),
            _ => None,
        };
        let before = self.misfits.remove(&key);
        if let Some(why) = why {
            let path = self.schema.path(key);
            if before.is_none() {
                log::warn!("{kind}: {path}: {why}");
            }
            self.misfits.insert(key, Misfit::of_table(why));
        }
        let chosen = listed.iter().any(|item: &Listed| item.number.is_none());
        if !self.state.tables.contains_key(&key) {
            self.touched.table(key);
        }
        let followed = self.state.tables.entry(key).or_default().follow(listed);
        for number in followed.touched {
            match chosen {
                true => self.touched.learnt(key, number),
                // A number that the source itself gives needs no write of its own to be remembered.
                false => self.touched.instance(key, number, false),
            }
        }
        for number in followed.forgotten {
            self.touched.instance(key, number, false);
            forgotten.extend(key.at.down(number));
        }
    }

    /// What was learnt of a table is worth a write, unless that was so too often.
    fn keep_learnt(&mut self) {
        for node in &self.touched.learnt {
            let bucket = self.learnt.entry(*node).or_default();
            self.touched.urgent |= bucket.take(LEARNT, self.uptime);
        }
    }
}

/// Whether a source may call an instance so.
fn is_fit(item: &Listed) -> bool {
    let name = &*item.identity;
    name.len() <= MAX_IDENTITY_BYTES && !name.contains(char::is_control)
}
