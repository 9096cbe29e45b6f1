//! State to rows: what survives a power cut, and what survives a restart of the program.

use super::{Model, ModelError};
use crate::base::xsd::XsdType;
use crate::datamodel::key::Key;
use crate::datamodel::row::{Row, RowKind, RowState};
use crate::datamodel::schema::{Origin, Parameter, Schema, Visibility};
use crate::datamodel::source::Sources;
use crate::datamodel::state::{ParameterState, State};
use crate::datamodel::types::ParamType;

/// Hidden rows of this stem keep the engine's records.
pub(super) const RECORD_STEM: &str = "X_CWMPD_Record.";

/// The record that is only in [`Model::volatile_rows`]: beside which durable state they were.
pub(super) const POSITION: &str = "store.position";

/// The state with all that it takes to write it down.
#[derive(Clone, Copy)]
pub(super) struct Picture<'a> {
    pub schema: &'a Schema,
    pub state: &'a State,
    pub sources: &'a Sources,
}

impl Model {
    /// FactoryReset (A.4.1.6): all stored values, attributes, instances and records are gone, the
    /// defaults of the csv files hold again, beside these `records`; durable on return.
    ///
    /// # Errors
    /// `Internal`: nothing is reset.
    pub fn factory_reset(&mut self, records: &[(&str, &str)]) -> Result<(), ModelError> {
        let before = std::mem::take(&mut self.state);
        self.add_described_instances();
        for (key, value) in records {
            self.set_record(key, Some(value));
        }
        if let Err(error) = self.checkpoint() {
            self.state = before;
            return Err(error);
        }
        if let Err(error) = self.store.forget_older() {
            log::warn!("after the factory reset an older state file stays: {error}");
        }
        self.changed.clear();
        self.news.clear();
        self.sent.clear();
        self.mixed.clear();
        Ok(())
    }

    pub(super) fn picture(&self) -> Picture<'_> {
        Picture {
            schema: &self.schema,
            state: &self.state,
            sources: &self.sources,
        }
    }

    /// Tells whether [`Model::volatile_rows`] may give others than before.
    pub fn volatile_mark(&self) -> (String, u64) {
        (self.store.position(), self.state.changes())
    }

    /// What was last reported of values that must not be written to flash, for a file on tmpfs:
    /// so that a restart of the program forgets no change. The first row says beside which durable
    /// state.
    pub fn volatile_rows(&self) -> Vec<Row> {
        let picture = self.picture();
        let position = Picture::record_row(POSITION, &self.store.position());
        let parameters = self.state.parameters();
        let parameters = parameters
            .filter(|(_, state)| state.reported().is_some())
            .filter_map(|(key, state)| {
                let parameter = self.schema.parameter(key.node)?;
                let volatile = !picture.keeps_reports(parameter);
                volatile.then(|| picture.row(*key, parameter, state))
            });
        [position].into_iter().chain(parameters).collect()
    }
}

impl<'a> Picture<'a> {
    /// All that must survive a power cut. Instances come before what stands below them, so that a
    /// reader can make them in order.
    pub fn rows(self) -> impl Iterator<Item = Row> + 'a {
        let tables = self.state.tables.iter();
        let instances = tables.flat_map(move |(&table, instances)| {
            let numbers = instances.numbers().chain(instances.departed());
            let rows = numbers.filter_map(move |number| self.instance_row(table, number));
            self.table_row(table).into_iter().chain(rows)
        });
        let parameters = self.state.parameters();
        let parameters = parameters.filter_map(move |(&key, _)| self.durable_row(key));
        let records = self.state.records.iter();
        let records = records.map(|(key, value)| Self::record_row(key, value));
        let orphans = self.state.orphans.iter();
        let orphans = orphans.filter_map(|line| Row::parse_kept(line).ok());
        instances.chain(parameters).chain(records).chain(orphans)
    }

    /// The row of a table: which numbers were used.
    pub fn table_row(self, table: Key) -> Option<Row> {
        let instances = self.state.tables.get(&table)?;
        let last_instance = instances.last();
        let name = self.schema.relative_path(table);
        Some(Row::new(name, RowKind::Object { last_instance }))
    }

    /// The row of an instance; none for one that only the description has, or that is no more.
    pub fn instance_row(self, table: Key, number: u32) -> Option<Row> {
        let instances = self.state.tables.get(&table)?;
        let described = instances.is_described(number);
        let departed = !instances.contains(number);
        let known = match departed {
            false => !described,
            true => instances.is_removed(number) || instances.gone_identity(number).is_some(),
        };
        known.then(|| Row {
            state: if departed { RowState::GONE } else { 0 },
            config_key: instances.identity(number).map(str::to_owned),
            ..Row::new(
                self.instance_name(table, number),
                RowKind::Object { last_instance: 0 },
            )
        })
    }

    /// The name of an instance, without the root.
    pub fn instance_name(self, table: Key, number: u32) -> String {
        format!("{}{number}.", self.schema.relative_path(table))
    }

    /// The row of a parameter; none where it is as the description says.
    pub fn durable_row(self, key: Key) -> Option<Row> {
        let parameter = self.schema.parameter(key.node)?;
        let state = self.state.parameter(&key)?;
        let mut row = self.row(key, parameter, state);
        if !self.keeps_reports(parameter) {
            row.backup = None;
            row.state &= !(RowState::CHANGED | RowState::REPORTED_EMPTY);
        }
        let worth_keeping = row.state & !RowState::EXACT != 0 || row.backup.is_some();
        worth_keeping.then_some(row)
    }

    fn row(self, key: Key, parameter: &Parameter, state: &ParameterState) -> Row {
        let more = state.more.as_deref();
        let own_list = more.and_then(|more| more.access_list.as_deref());
        let access_list = own_list.unwrap_or(self.schema.access_list(&key, parameter));
        let own_notification = state.notification();
        let notification = own_notification.unwrap_or(self.schema.notification(&key, parameter));
        let stored = parameter.is_stored();
        let former = state.former().filter(|_| state.value.is_none());
        let value = match (&state.value, former, &parameter.origin) {
            (Some(value), ..) => Some(value.to_string()),
            (None, Some(former), _) => Some(former.text.to_string()),
            (None, None, Origin::Stored) => Some(self.schema.default(&key, parameter).to_owned()),
            (None, None, _) => None,
        };
        let is_chosen = (state.value.is_some() && stored) || former.is_some();
        let bits = [
            (RowState::EXACT, true),
            (RowState::CHANGED, state.changed()),
            (RowState::REQUESTED, state.value.is_some() && !stored),
            (RowState::REPORTED_EMPTY, state.reported() == Some("")),
            (RowState::VALUE_CHOSEN, is_chosen),
            (
                RowState::OFFERED,
                former.is_some_and(|former| former.offered),
            ),
            (RowState::NOTIFICATION_CHOSEN, own_notification.is_some()),
            (RowState::ACCESS_CHOSEN, own_list.is_some()),
        ];
        let bits = bits.iter().filter(|(_, set)| *set);
        Row {
            storage: parameter.storage,
            writable: parameter.writable,
            secret: parameter.secret,
            immediate: u8::from(parameter.immediate),
            notification,
            forced: parameter.forced,
            denied: parameter.denied,
            access_list: Some(access_list.to_vec()),
            hidden: parameter.shown == Visibility::Hidden,
            value,
            state: bits.fold(0, |bits, (bit, _)| bits | bit),
            backup: state.reported().map(str::to_owned),
            ..Row::new(
                self.schema.relative_path(key),
                RowKind::Parameter(ParamType::clone(&parameter.kind)),
            )
        }
    }

    /// Whether what was reported of the parameter may be written to flash.
    pub fn keeps_reports(self, parameter: &Parameter) -> bool {
        match &parameter.origin {
            Origin::Stored => true,
            Origin::Computed(_) => false,
            Origin::Sources(sources) => sources.iter().all(|reference| {
                let source = self.sources.get(reference.source);
                source.is_some_and(|(_, source)| source.keeps_reports(reference.slot))
            }),
        }
    }

    /// What the engine keeps under a key, as a row that no ACS sees.
    pub fn record_row(key: &str, value: &str) -> Row {
        let kind = RowKind::Parameter(ParamType::of(XsdType::String));
        Row {
            hidden: true,
            value: Some(value.to_owned()),
            ..Row::new(Self::record_name(key), kind)
        }
    }

    /// The name of that row.
    pub fn record_name(key: &str) -> String {
        format!("{RECORD_STEM}{key}")
    }
}

/// The value last reported, as a row tells it and as it is shown now: neither another spelling of
/// the same nor a row that is secret now, or is no more, changes a value.
pub(super) fn reported(row: &Row, parameter: &Parameter) -> Option<Box<str>> {
    let told = match &row.backup {
        Some(value) => Some(value.as_str()),
        None => (row.state & RowState::REPORTED_EMPTY != 0).then_some(""),
    };
    match (row.secret, parameter.secret) {
        (_, true) => told.map(|_| parameter.kind.empty().into()),
        (true, false) => None,
        (false, false) => told.map(|told| match parameter.check(told) {
            Ok(canonical) => canonical.into(),
            Err(_) => told.into(),
        }),
    }
}
