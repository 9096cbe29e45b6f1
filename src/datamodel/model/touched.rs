//! What differs from what the store has.

use std::collections::BTreeSet;

use crate::datamodel::key::{Key, NodeId};

/// More rows than this at once are not journalled one by one: the whole state is written.
const MAX_TOUCHED: usize = 4096;

/// What differs from what the store has.
#[derive(Clone, Debug, Default)]
pub(super) struct Touched {
    /// Worth a write of its own; what is not goes along with the next one.
    pub urgent: bool,
    /// Too much to be told apart: the sets are empty.
    pub whole: bool,
    pub parameters: BTreeSet<Key>,
    /// Tables with other used numbers, or listed for the first time.
    pub tables: BTreeSet<Key>,
    pub instances: BTreeSet<(Key, u32)>,
    pub records: BTreeSet<String>,
    /// Tables of which instances have a number that nobody else knows, and may wait for a while.
    pub learnt: BTreeSet<NodeId>,
}

impl Touched {
    pub fn parameter(&mut self, key: Key) {
        self.urgent = true;
        if !self.whole {
            self.parameters.insert(key);
        }
        self.bound();
    }

    /// An instance came, went, or has another identity. `urgent`: its number is known to nobody
    /// else.
    pub fn instance(&mut self, table: Key, number: u32, urgent: bool) {
        self.urgent |= urgent;
        if !self.whole {
            self.tables.insert(table);
            self.instances.insert((table, number));
        }
        self.bound();
    }

    /// An instance has a number that nobody else knows, in a table whose source names as many as it
    /// likes: worth a write of its own, but not each time.
    pub fn learnt(&mut self, table: Key, number: u32) {
        self.learnt.insert(table.node);
        self.instance(table, number, false);
    }

    /// A table is known to have been listed.
    pub fn table(&mut self, table: Key) {
        if !self.whole {
            self.tables.insert(table);
        }
    }

    pub fn record(&mut self, key: &str) {
        self.urgent = true;
        if !self.whole {
            self.records.insert(key.to_owned());
        }
    }

    /// The store has another state altogether.
    pub fn everything(&mut self) {
        *self = Self {
            urgent: true,
            whole: true,
            ..Self::default()
        };
    }

    fn bound(&mut self) {
        if self.parameters.len() + self.instances.len() > MAX_TOUCHED {
            *self = Self {
                urgent: self.urgent,
                whole: true,
                learnt: std::mem::take(&mut self.learnt),
                ..Self::default()
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::datamodel::key::{At, NodeId};

    fn key(number: u32) -> Key {
        Key::new(NodeId::ROOT, At::default().down(number).unwrap())
    }

    #[test]
    fn what_nobody_else_knows_is_worth_a_write_of_its_own() {
        let after = |touch: fn(&mut Touched)| {
            let mut touched = Touched::default();
            touch(&mut touched);
            touched.urgent
        };
        assert!(after(|touched| touched.parameter(key(1))));
        assert!(after(|touched| touched.record("Events")));
        assert!(after(|touched| touched.instance(key(1), 7, true)));
        assert!(!after(|touched| touched.instance(key(1), 7, false)));
        assert!(!after(|touched| touched.table(key(1))));
        assert!(after(|touched| {
            touched.record("Events");
            touched.instance(key(1), 7, false);
        }));
    }

    #[test]
    fn an_instance_touches_its_table() {
        let mut touched = Touched::default();
        touched.instance(key(1), 7, true);
        assert_eq!(touched.tables, BTreeSet::from([key(1)]));
        assert_eq!(touched.instances, BTreeSet::from([(key(1), 7)]));
    }

    #[test]
    fn very_many_rows_are_all_of_them() {
        let mut touched = Touched::default();
        for number in 1..=MAX_TOUCHED {
            touched.instance(key(1), u32::try_from(number).unwrap(), false);
        }
        assert!(!touched.whole && touched.instances.len() == MAX_TOUCHED);
        touched.instance(key(2), 1, false);
        assert!(
            touched.whole && !touched.urgent,
            "and no more urgent for it"
        );
        assert!(touched.instances.is_empty() && touched.tables.is_empty());
        touched.parameter(key(3));
        touched.record("Events");
        assert!(touched.whole && touched.urgent);
        assert!(touched.parameters.is_empty() && touched.records.is_empty());
    }
}
