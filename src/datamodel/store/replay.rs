//! A journal applied to the rows of the state file that it belongs to.

use std::collections::{BTreeMap, BTreeSet};

use super::Batch;
use crate::datamodel::row::Row;

/// What a row of the state file becomes.
enum RowChange {
    Row(Box<Row>),
    Gone,
    /// Already put in its place: another row of the same name is an older one.
    Placed,
}

/// What transactions change, taken together. Memory is in proportion to the journal.
#[derive(Default)]
pub struct Changes {
    rows: BTreeMap<String, RowChange>,
    /// Names that end in `.`: all that stood below them before is gone.
    branches: BTreeSet<String>,
}

impl Changes {
    /// Takes the next transaction in.
    pub fn add(&mut self, batch: Batch) {
        for name in batch.gone {
            if name.ends_with('.') {
                let below = self.rows.range_mut(name.clone()..);
                for (_, row) in below.take_while(|(row, _)| row.starts_with(&name)) {
                    *row = RowChange::Gone;
                }
                self.branches.insert(name);
            } else {
                self.rows.insert(name, RowChange::Gone);
            }
        }
        for row in batch.rows {
            self.rows
                .insert(row.name.clone(), RowChange::Row(Box::new(row)));
        }
    }

    /// Changes `rows`: those that stay keep their place, new ones follow by name, so that an object
    /// stands before what is in it.
    pub fn apply(mut self, rows: &mut Vec<Row>) {
        rows.retain_mut(|row| match self.rows.get_mut(&row.name) {
            Some(change) => match std::mem::replace(change, RowChange::Placed) {
                RowChange::Row(new) => {
                    *row = *new;
                    true
                }
                RowChange::Gone | RowChange::Placed => false,
            },
            None => !self.is_gone_with_its_branch(&row.name),
        });
        rows.extend(self.rows.into_values().filter_map(|change| match change {
            RowChange::Row(row) => Some(*row),
            RowChange::Gone | RowChange::Placed => None,
        }));
    }

    fn is_gone_with_its_branch(&self, name: &str) -> bool {
        let mut branches = name.match_indices('.').map(|(at, _)| name.get(..=at));
        !self.branches.is_empty()
            && branches.any(|branch| branch.is_some_and(|branch| self.branches.contains(branch)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(lines: &[&str]) -> Vec<Row> {
        let rows = lines.iter().map(|line| Row::parse(line));
        rows.collect::<Result<_, _>>().unwrap()
    }

    fn after(before: &[&str], batches: &[(&[&str], &[&str])]) -> Vec<String> {
        let mut state = rows(before);
        let mut changes = Changes::default();
        for (gone, new) in batches {
            changes.add(Batch {
                gone: gone.iter().map(|name| name.to_string()).collect(),
                rows: rows(new),
                ..Batch::default()
            });
        }
        changes.apply(&mut state);
        let text = |row: &Row| match &row.value {
            Some(value) => format!("{}={value}", row.name),
            None => row.name.clone(),
        };
        state.iter().map(text).collect()
    }

    #[test]
    fn rows_are_replaced_in_place_and_new_ones_follow() {
        let before = ["B;5;;;;;;;;1", "A;5;;;;;;;;1"];
        let changed = after(
            &before,
            &[
                (&[], &["C.D;5;;;;;;;;1", "A;5;;;;;;;;2", "C.;ANY"]),
                (&[], &["A;5;;;;;;;;3"]),
            ],
        );
        assert_eq!(changed, ["B=1", "A=3", "C.", "C.D=1"]);
    }

    #[test]
    fn a_branch_takes_all_below_it_along_and_no_namesake() {
        let before = ["T.1.;ANY", "T.1.A;5", "T.10.;ANY", "T.1.B.C;5", "T.A;5"];
        assert_eq!(after(&before, &[(&["T.1."], &[])]), ["T.10.", "T.A"]);
        assert_eq!(
            after(&before, &[(&[], &["T.1.D;5"]), (&["T.1."], &["T.1.A;5"])]),
            ["T.1.A", "T.10.", "T.A"],
            "made before and gone, gone and made again"
        );
    }

    #[test]
    fn one_name_goes_alone_and_may_come_back() {
        let before = ["A;5", "A.B;5"];
        assert_eq!(after(&before, &[(&["A"], &[])]), ["A.B"]);
        let back = after(&before, &[(&["A"], &[]), (&[], &["A;5;;;;;;;;2"])]);
        assert_eq!(back, ["A=2", "A.B"]);
        assert_eq!(after(&before, &[(&["C"], &[])]), ["A", "A.B"]);
    }

    #[test]
    fn of_rows_of_one_name_the_change_wins() {
        let before = ["A;5;;;;;;;;1", "B;5", "A;5;;;;;;;;2"];
        assert_eq!(
            after(&before, &[(&[], &["A;5;;;;;;;;3"])]),
            ["A=3", "B"],
            "a reader takes the last one"
        );
    }
}
