//! Rows to state: what survived.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::Model;
use super::persist::{POSITION, Picture, RECORD_STEM, reported};
use super::resolve::{Lookup, Place};
use crate::datamodel::key::{At, Key, NodeId};
use crate::datamodel::row::{Row, RowKind, RowState, Storage};
use crate::datamodel::schema::{Origin, Parameter};
use crate::datamodel::source::Taking;
use crate::datamodel::state::FormerValue;

/// Access lists of one text are one list in memory.
type Lists = BTreeMap<Vec<String>, Rc<[String]>>;

impl Model {
    /// Takes the rows of a state file into the state.
    pub(super) fn load_rows(&mut self, rows: &[Row]) {
        // Instances first: in a file that another agent wrote their rows may stand anywhere.
        for row in rows.iter().filter(|row| row.name.ends_with('.')) {
            self.load_instance(row);
        }
        self.add_described_instances();
        let mut lists = Lists::new();
        for row in rows {
            self.load_row(row, &mut lists);
        }
    }

    /// The instances that the description itself has, unless somebody removed them.
    pub(super) fn add_described_instances(&mut self) {
        let schema = Rc::clone(&self.schema);
        for &(table, number) in &schema.instances {
            let above = self.is_living(table);
            let instances = self.state.tables.entry(table).or_default();
            if above && !instances.is_removed(number) {
                let last = instances.last();
                instances.describe(number);
                if instances.last() != last {
                    // Another description may be without it, and its number is used all the same.
                    self.touched.table(table);
                }
            }
        }
    }

    /// Makes the instances on the path of an object's row, parents first.
    fn load_instance(&mut self, row: &Row) {
        let mut here = Key::new(NodeId::ROOT, At::default());
        let mut parts = row
            .name
            .split('.')
            .filter(|part| !part.is_empty())
            .peekable();
        while let Some(part) = parts.next() {
            let last = parts.peek().is_none();
            let table = self.schema.table(here.node);
            if let (Some(table), Ok(number @ 1..)) = (table, part.parse::<u32>()) {
                let owned = table.source.is_some();
                let instances = self.state.tables.entry(here).or_default();
                // That of a table that belonged to a source is kept for the day it does again.
                let identity: Option<Box<str>> = match &row.config_key {
                    Some(identity) if last => Some(identity.as_str().into()),
                    _ if owned && instances.identity(number).is_none() => Some(part.into()),
                    _ => None,
                };
                let is_gone = last && row.state & RowState::GONE != 0;
                // The agent's own, in a table of which a source knew nothing of it for a while.
                let is_own = !owned && identity.as_deref() == Some(part);
                match (is_gone && !is_own, identity) {
                    (true, Some(identity)) => instances.leave(number, identity),
                    (true, None) => instances.set_removed(number),
                    (false, _) if !owned && instances.is_removed(number) => {}
                    (false, Some(identity)) => instances.add(number, Some(identity)),
                    (false, None) if owned || instances.contains(number) => {}
                    (false, None) => instances.add(number, None),
                }
            }
            match self.step(here, part, Lookup::Stored) {
                Some(next) => here = next,
                None => return,
            }
        }
    }

    fn load_row(&mut self, row: &Row, lists: &mut Lists) {
        if let Some(key) = row.name.strip_prefix(RECORD_STEM) {
            let value = row.value.clone().unwrap_or_default();
            self.state.records.insert(key.to_owned(), value);
            return;
        }
        match (self.locate(&row.name, Lookup::Stored), &row.kind) {
            (Some(Place::Object(key)), RowKind::Object { last_instance }) => {
                if self.schema.table(key.node).is_some() {
                    let instances = self.state.tables.entry(key).or_default();
                    instances.use_up(*last_instance);
                } else if *last_instance != 0 {
                    // It was a table.
                    self.state.orphans.push(row.to_line().into());
                }
            }
            (Some(Place::Parameter(key)), RowKind::Parameter(_)) => {
                let schema = Rc::clone(&self.schema);
                if let Some(parameter) = schema.parameter(key.node) {
                    self.load_parameter(key, parameter, row, lists);
                }
            }
            _ => self.state.orphans.push(row.to_line().into()),
        }
    }

    /// A row that says what was chosen is taken at its word; in one that does not (another agent
    /// wrote it), what differs from the description was.
    fn load_parameter(&mut self, key: Key, parameter: &Parameter, row: &Row, lists: &mut Lists) {
        let schema = Rc::clone(&self.schema);
        let exact = row.state & RowState::EXACT != 0;
        let chosen = |bit: u16, differs: bool| match exact {
            true => row.state & bit != 0,
            false => differs,
        };
        let default = schema.default(&key, parameter);
        let text = row.value.as_deref().unwrap_or_default();
        let is_wish = row.state & RowState::REQUESTED != 0;
        // Of another agent's rows only those that it kept itself, and an ACS could set.
        let differs = text != default
            && (parameter.is_stored() || row.storage == Storage::Stored && row.writable);
        let is_chosen = chosen(RowState::VALUE_CHOSEN, differs);
        let wanted = match parameter.is_stored() {
            true => is_chosen || is_wish,
            false => {
                let is_kept = self.taking(parameter) != Taking::AtOnce;
                is_wish && (is_kept || self.is_diagnostic(parameter))
            }
        };
        let mut fits = parameter.is_stored();
        let value = match parameter.check(text) {
            _ if !wanted => None,
            Ok(canonical) if !exact && canonical == default => None,
            Ok(canonical) => Some(canonical.into()),
            Err(_) if text.is_empty() => Some("".into()),
            Err(why) => {
                // It may have been a secret when it was chosen.
                let why = match row.secret {
                    true => parameter.unshown(why),
                    false => why,
                };
                log::warn!(
                    "{}: the stored value is kept, and not used: {why}",
                    row.name
                );
                fits = false;
                None
            }
        };
        let former = (is_chosen && !fits).then(|| FormerValue {
            text: text.into(),
            offered: text.is_empty() || row.state & RowState::OFFERED != 0,
        });
        let fixed = schema.notification_is_fixed(&key, parameter);
        let differs = row.notification != schema.notification(&key, parameter);
        let notification = chosen(RowState::NOTIFICATION_CHOSEN, differs) && !fixed;
        let access_list = row.access_list.as_deref().unwrap_or_default();
        let differs = access_list != schema.access_list(&key, parameter);
        let own_list = chosen(RowState::ACCESS_CHOSEN, differs).then(|| {
            let list = lists.entry(access_list.to_vec());
            Rc::clone(list.or_insert_with(|| access_list.into()))
        });
        let reported = reported(row, parameter);
        let changed = row.state & RowState::CHANGED != 0 && reported.is_some();
        self.state.update(key, |state| {
            state.value = value;
            let more = state.more.get_or_insert_default();
            more.former = former;
            more.notification = notification.then_some(row.notification);
            more.access_list = own_list;
            more.reported = reported;
            more.changed = changed;
        });
        if changed {
            self.changed.insert(key, None);
        }
    }

    /// Takes back what [`Model::volatile_rows`] gave. Where the state has been changed since, the
    /// program was killed before it could note what the ACS had learned by its own change: of
    /// values that may follow from one, those of now count as known.
    pub fn restore_volatile(&mut self, rows: &[Row]) {
        let position = Picture::record_row(POSITION, &self.store.position());
        let is_up_to_date = rows.contains(&position);
        for row in rows {
            let Some(Place::Parameter(key)) = self.locate(&row.name, Lookup::Stored) else {
                continue;
            };
            let schema = Rc::clone(&self.schema);
            let Some(parameter) = schema.parameter(key.node) else {
                continue;
            };
            if self.picture().keeps_reports(parameter) {
                continue;
            }
            let is_wanted = self
                .state
                .parameter(&key)
                .is_some_and(|s| s.value.is_some());
            let follows = matches!(parameter.origin, Origin::Computed(_));
            if !is_up_to_date && (is_wanted || follows) {
                continue;
            }
            let reported = reported(row, parameter);
            let changed = row.state & RowState::CHANGED != 0 && reported.is_some();
            self.state.update_more(key, |more| {
                more.reported = reported;
                more.changed = changed;
            });
            if changed {
                self.changed.insert(key, None);
            }
        }
    }
}
