//! State to rows and back: what survives a power cut, and what survives a restart of the program.

use std::rc::Rc;

use crate::datamodel::key::{Key, NodeId};
use crate::datamodel::row::{Row, RowKind};
use crate::datamodel::schema::{Origin, Parameter};
use crate::datamodel::state::ParameterState;
use crate::datamodel::store::StoreError;
use crate::datamodel::types::ParamType;
use super::resolve::{Lookup, Place};
use super::{Model, ModelError};
use crate::base::xsd::XsdType;

/// Hidden rows of this stem keep the engine's records.
const RECORD_STEM: &str = "X_CWMPD_Record.";

/// STATE bit of a row: the value has changed and is not yet reported.
const STATE_CHANGED: u16 = 1;

/// STATE bit of a row: the value is wanted, the device does not have it yet.
const STATE_REQUESTED: u16 = 2;

/// STATE bit of a row, ours: the value last reported is the empty one, which a column cannot tell
/// from none.
const STATE_REPORTED_EMPTY: u16 = 32;

/// How many rows of an unknown name a state file may carry along.
const MAX_ORPHANS: usize = 10_000;

impl Model {
    /// Writes the store if anything durable changed since the last commit; says whether it wrote.
    ///
    /// # Errors
    /// `Internal`, `ResourcesExceeded` above the bytes that the store keeps: the old state stays on
    /// disk, and the change in memory.
    pub fn commit(&mut self) -> Result<bool, ModelError> {
        if !self.dirty {
            return Ok(false);
        }
        let rows = self.durable_rows();
        let saved = self.store.checkpoint(&mut rows.into_iter());
        saved.map_err(|error| match error {
            StoreError::TooLarge { .. } => ModelError::ResourcesExceeded,
            error => ModelError::Internal(error.to_string()),
        })?;
        self.dirty = false;
        Ok(true)
    }

    /// FactoryReset (A.4.1.6): all stored values, attributes, instances and records are gone, the
    /// defaults of the csv files hold again, beside these `records`; durable on return.
    ///
    /// # Errors
    /// `Internal`: nothing is reset.
    pub fn factory_reset(&mut self, records: &[(&str, &str)]) -> Result<(), ModelError> {
        let before = std::mem::take(&mut self.state);
        self.dirty = true;
        self.load_factory();
        for (key, value) in records {
            self.set_record(key, Some(value));
        }
        if let Err(error) = self.commit() {
            self.state = before;
            return Err(error);
        }
        if let Err(error) = self.store.forget_older() {
            log::warn!("after the factory reset an older state file stays: {error}");
        }
        self.changed.clear();
        self.newest.clear();
        self.news = false;
        self.sent.clear();
        self.mixed.clear();
        Ok(())
    }

    /// The instances that a factory-fresh box has.
    pub(super) fn load_factory(&mut self) {
        let schema = Rc::clone(&self.schema);
        for row in &schema.factory {
            self.load_row(row, true);
        }
    }

    /// Takes one row of a state file (or, with `create`, of a description) into the state.
    pub(super) fn load_row(&mut self, row: &Row, create: bool) {
        if let Some(key) = row.name.strip_prefix(RECORD_STEM) {
            let value = row.value.clone().unwrap_or_default();
            self.state.records.insert(key.to_owned(), value);
            return;
        }
        if create {
            self.create_instances(&row.name);
        }
        match (self.locate(&row.name, Lookup::Stored), &row.kind) {
            (Some(Place::Object(key)), RowKind::Object { last_instance }) => {
                self.load_object(key, *last_instance);
            }
            (Some(Place::Parameter(key)), RowKind::Parameter(_)) => {
                let schema = Rc::clone(&self.schema);
                if let Some(parameter) = schema.parameter(key.node) {
                    let access_list = match (&row.access_list, create) {
                        (Some(list), _) => list.clone(),
                        (None, true) => parameter.access_list().to_vec(),
                        (None, false) => Vec::new(),
                    };
                    self.load_parameter(key, parameter, row, access_list);
                }
            }
            _ if self.state.orphans.len() < MAX_ORPHANS => self.state.orphans.push(row.clone()),
            _ => log::warn!("{}: not in the model, and too many such rows", row.name),
        }
    }

    fn load_object(&mut self, key: Key, last_instance: u32) {
        let owned = self
            .schema
            .table(key.node)
            .is_some_and(|t| t.source.is_some());
        if self.schema.table(key.node).is_some() && !owned {
            let instances = self.state.tables.entry(key).or_default();
            instances.last = instances.last.max(last_instance);
        }
    }

    fn load_parameter(
        &mut self,
        key: Key,
        parameter: &Parameter,
        row: &Row,
        access_list: Vec<String>,
    ) {
        let mut value = None;
        if let Some(text) = &row.value {
            let requested = row.state & STATE_REQUESTED != 0 && self.is_deferred(parameter);
            if parameter.is_stored() || requested {
                match parameter.check(text) {
                    Ok(canonical) if parameter.is_stored() && canonical == *parameter.default => {}
                    Ok(canonical) => value = Some(canonical.into()),
                    Err(why) => log::warn!("{}: the stored value is dropped: {why}", row.name),
                }
            }
        } else if parameter.is_stored() && !parameter.default.is_empty() {
            value = Some("".into());
        }
        let notification =
            row.notification != parameter.notification && !parameter.notification_is_fixed();
        let own_access_list = access_list != parameter.access_list();
        let changed = row.state & STATE_CHANGED != 0 && reported(row).is_some();
        self.state.update(key, |state| {
            state.value = value;
            let more = state.more.get_or_insert_default();
            more.notification = notification.then_some(row.notification);
            more.access_list = own_access_list.then_some(access_list);
            more.reported = reported(row);
            more.changed = changed;
        });
        if changed {
            self.changed.insert(key);
        }
    }

    /// Makes the instances on the path of a row, parents first.
    pub(super) fn create_instances(&mut self, name: &str) {
        let mut here = Key::new(NodeId::ROOT, Default::default());
        for part in name.split('.') {
            let own = self
                .schema
                .table(here.node)
                .is_some_and(|t| t.source.is_none());
            match part.parse::<u32>() {
                Ok(number) if own && number != 0 => {
                    let instances = self.state.tables.entry(here).or_default();
                    instances.numbers.insert(number);
                    instances.last = instances.last.max(number);
                }
                _ => {}
            }
            match self.step(here, part, Lookup::Stored) {
                Some(next) => here = next,
                None => return,
            }
        }
    }

    /// What must survive a power cut.
    fn durable_rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        // Parents before children, so that a reader can make them in order: so are nodes numbered.
        for (table, instances) in &self.state.tables {
            if self
                .schema
                .table(table.node)
                .is_none_or(|t| t.source.is_some())
            {
                continue;
            }
            let name = self.relative_path(*table);
            rows.push(object_row(name.clone(), instances.last));
            let numbers = instances.numbers.iter();
            rows.extend(numbers.map(|n| object_row(format!("{name}{n}."), 0)));
        }
        for (key, state) in &self.state.parameters {
            if let Some(parameter) = self.schema.parameter(key.node) {
                rows.extend(self.durable_row(*key, parameter, state));
            }
        }
        rows.extend(
            self.state
                .records
                .iter()
                .map(|(key, value)| record_row(key, value)),
        );
        rows.extend(self.state.orphans.iter().cloned());
        rows
    }

    fn durable_row(&self, key: Key, parameter: &Parameter, state: &ParameterState) -> Option<Row> {
        let mut row = self.row(key, parameter, state);
        if self.is_volatile(parameter) {
            row.backup = None;
            row.state &= !(STATE_CHANGED | STATE_REPORTED_EMPTY);
        }
        let more = state.more.as_deref();
        let own_attributes =
            more.is_some_and(|m| m.notification.is_some() || m.access_list.is_some());
        let worth_keeping = own_attributes || state.value.is_some() || reported(&row).is_some();
        worth_keeping.then_some(row)
    }

    fn row(&self, key: Key, parameter: &Parameter, state: &ParameterState) -> Row {
        let more = state.more.as_deref();
        let own_list = more.and_then(|more| more.access_list.as_deref());
        let requested = state.value.is_some() && !parameter.is_stored();
        let value = match (&state.value, &parameter.origin) {
            (Some(value), _) => Some(value.to_string()),
            (None, Origin::Stored) => Some(parameter.default.to_string()),
            (None, _) => None,
        };
        Row {
            name: self.relative_path(key),
            kind: RowKind::Parameter(parameter.kind.clone()),
            storage: parameter.storage,
            writable: parameter.writable,
            immediate: u8::from(parameter.immediate),
            notification: self.notification(key, parameter),
            forced: parameter.forced,
            denied: parameter.denied,
            access_list: Some(own_list.unwrap_or(parameter.access_list()).to_vec()),
            hidden: parameter.hidden,
            value,
            loading: 0,
            state: if state.changed() { STATE_CHANGED } else { 0 }
                | if requested { STATE_REQUESTED } else { 0 }
                | if state.reported() == Some("") {
                    STATE_REPORTED_EMPTY
                } else {
                    0
                },
            backup: state.reported().map(str::to_owned),
            config_key: None,
            definition: None,
        }
    }

    fn relative_path(&self, key: Key) -> String {
        let path = self.path(key);
        path.strip_prefix(self.root())
            .unwrap_or_default()
            .to_owned()
    }

    /// What was last reported of values that must not be written to flash, for a file on tmpfs:
    /// so that a restart of the program forgets no change.
    pub fn volatile_rows(&self) -> Vec<Row> {
        let parameters = self.state.parameters.iter();
        parameters
            .filter(|(_, state)| state.reported().is_some())
            .filter_map(|(key, state)| {
                let parameter = self.schema.parameter(key.node)?;
                let volatile = self.is_volatile(parameter);
                volatile.then(|| self.row(*key, parameter, state))
            })
            .collect()
    }

    /// Takes back what [`Model::volatile_rows`] gave.
    pub fn restore_volatile(&mut self, rows: &[Row]) {
        for row in rows {
            let Some(Place::Parameter(key)) = self.locate(&row.name, Lookup::Stored) else {
                continue;
            };
            let parameter = self.schema.parameter(key.node);
            if !parameter.is_some_and(|p| self.is_volatile(p)) {
                continue;
            }
            let changed = row.state & STATE_CHANGED != 0;
            self.state.update_more(key, |more| {
                more.reported = reported(row);
                more.changed = changed;
            });
            if changed {
                self.changed.insert(key);
            }
        }
    }
}

/// The value last reported, as a row tells it.
fn reported(row: &Row) -> Option<Box<str>> {
    match &row.backup {
        Some(value) => Some(value.as_str().into()),
        None => (row.state & STATE_REPORTED_EMPTY != 0).then(Box::default),
    }
}

fn object_row(name: String, last_instance: u32) -> Row {
    Row::new(name, RowKind::Object { last_instance })
}

fn record_row(key: &str, value: &str) -> Row {
    let kind = RowKind::Parameter(ParamType::of(XsdType::String));
    Row {
        hidden: true,
        value: Some(value.to_owned()),
        ..Row::new(format!("{RECORD_STEM}{key}"), kind)
    }
}
