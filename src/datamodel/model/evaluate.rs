//! The value of a parameter: from the store, from a source, or computed.

use std::borrow::Cow;
use std::rc::Rc;

use super::Model;
use super::resolve::instances;
use crate::datamodel::expr::Scope;
use crate::datamodel::filter::Filter;
use crate::datamodel::key::{At, Key, NodeId};
use crate::datamodel::row::Storage;
use crate::datamodel::schema::{
    Formula, Origin, Parameter, Reference, Schema, SourceRef, is_number,
};
use crate::datamodel::source::Reading;
use crate::datamodel::state::State;

/// What a source says and nobody can use.
pub(super) struct Misfit {
    /// Where it says so, with `, ` behind it.
    place: Option<String>,
    why: Box<str>,
}

impl Misfit {
    /// One of a table, which stands nowhere in particular.
    pub(super) fn of_table(why: String) -> Self {
        let why = why.into_boxed_str();
        Self { place: None, why }
    }
}

impl Model {
    /// Hands the value as the ACS sees it to `give`: valid for its type, of a secret what an absent one
    /// reads as. Whether it is the value of now: where nobody can tell, it is the one that was known
    /// last.
    pub(super) fn show(
        &mut self,
        key: Key,
        parameter: &Parameter,
        give: &mut dyn FnMut(&str),
    ) -> bool {
        if parameter.secret {
            give(parameter.kind.empty());
            return true;
        }
        self.evaluate(key, parameter, &mut |value| {
            let empty = value.is_empty();
            give(if empty { parameter.kind.empty() } else { value });
        })
    }

    /// Hands the value to `give`, exactly once; empty where there is none. Whether it is the value
    /// of now.
    pub(super) fn evaluate(
        &mut self,
        key: Key,
        parameter: &Parameter,
        give: &mut dyn FnMut(&str),
    ) -> bool {
        let own = self.state.parameter(&key);
        if let Some(value) = own.and_then(|state| state.value.as_deref()) {
            give(value);
            return true;
        }
        let (value, is_known) = match &parameter.origin {
            Origin::Stored => (None, true),
            Origin::Sources(sources) => {
                if let Some(value) = self.mixed.get(&key) {
                    give(value);
                    return true;
                }
                self.read(key, parameter, sources)
            }
            Origin::Computed(formula) => self.compute(key, parameter, formula),
        };
        if !is_known {
            if let Some(last) = self.last_known(&key).filter(|_| !parameter.secret) {
                give(last);
                return false;
            }
        }
        match value {
            Some(value) => {
                give(&value);
                if is_known && parameter.storage == Storage::Mixed {
                    self.mixed.insert(key, value.into());
                }
            }
            None => give(self.schema.default(&key, parameter)),
        }
        is_known
    }

    /// The newest value that was noticed or reported.
    pub(super) fn last_known(&self, key: &Key) -> Option<&str> {
        let newest = self.changed.get(key).and_then(Option::as_deref);
        newest.or_else(|| self.state.parameter(key)?.reported())
    }

    /// The first alternative that has a value which fits the type, and whether that is what the
    /// sources say now. One that nobody can tell of is passed over only as long as the ACS never
    /// saw its value.
    pub(super) fn read(
        &mut self,
        key: Key,
        parameter: &Parameter,
        sources: &[SourceRef],
    ) -> (Option<String>, bool) {
        let mut is_known = true;
        let before = self.misfits.remove(&key);
        for reference in sources {
            let schema = Rc::clone(&self.schema);
            let at = instances(&schema, &self.state, key);
            let Some((_, source)) = self.sources.get_mut(reference.source) else {
                continue;
            };
            let value = match source.get(reference.slot, at.as_slice()) {
                Reading::Value(raw) => {
                    let row = |table: &str, name: &str| row_path(&schema, &self.state, table, name);
                    filtered(&raw, &reference.filters, &row)
                }
                Reading::Absent => continue,
                Reading::Unknown => {
                    is_known = false;
                    if self.last_known(&key).is_some() {
                        break;
                    }
                    continue;
                }
            };
            match value.map(|value| parameter.check(&value).map(Cow::into_owned)) {
                Some(Ok(value)) if !value.is_empty() => return (Some(value), is_known),
                None | Some(Ok(_)) => {}
                Some(Err(misfit)) => {
                    is_known = false;
                    let why = misfit.to_string().into_boxed_str();
                    let place = source.place(reference.slot, at.as_slice());
                    let place = place.map(|place| [&place, ", "].concat());
                    if before.is_none() {
                        let (path, place) = (self.path(key), place.as_deref().unwrap_or_default());
                        log::warn!("{place}{path}: what its source says is not used: {why}");
                    }
                    self.misfits.insert(key, Misfit { place, why });
                }
            }
        }
        (None, is_known)
    }

    /// Parameters whose sources say what cannot be used, where, and why, as far as somebody has looked.
    pub fn misfits(&mut self) -> Vec<String> {
        let known: Vec<Key> = self.misfits.keys().copied().collect();
        // It may be mended since somebody looked.
        self.evaluate_all(&known);
        let misfits = self.misfits.iter();
        misfits
            .map(|(key, Misfit { place, why })| {
                let place = place.as_deref().unwrap_or_default();
                format!("{place}{}: {why}", self.path(*key))
            })
            .collect()
    }

    /// The same of all parameters that have a source of this kind, looked at now.
    pub fn misfits_of(&mut self, kind: &str) -> Vec<String> {
        self.refresh_instances();
        let schema = Rc::clone(&self.schema);
        let mut keys = Vec::new();
        for node in schema.with_all_below(NodeId::ROOT) {
            if schema
                .parameter(node)
                .is_some_and(|p| self.has_source(p, kind))
            {
                self.each_instance(node, &mut |_, key| keys.push(key));
            }
        }
        self.evaluate_all(&keys);
        self.misfits()
    }

    fn has_source(&self, parameter: &Parameter, kind: &str) -> bool {
        let Origin::Sources(sources) = &parameter.origin else {
            return false;
        };
        let mut kinds = sources
            .iter()
            .filter_map(|one| self.sources.get(one.source));
        kinds.any(|(of, _)| *of == kind)
    }

    fn evaluate_all(&mut self, keys: &[Key]) {
        let schema = Rc::clone(&self.schema);
        for key in keys {
            if let Some(parameter) = schema.parameter(key.node) {
                self.evaluate(*key, parameter, &mut |_| {});
            }
        }
    }

    fn compute(
        &mut self,
        key: Key,
        parameter: &Parameter,
        formula: &Formula,
    ) -> (Option<String>, bool) {
        let mut neighbours = Neighbours {
            model: self,
            key,
            references: &formula.references,
            is_known: true,
        };
        let value = formula.expr.eval(&mut neighbours);
        let is_known = neighbours.is_known;
        let value = value.and_then(|value| Some(parameter.check(&value).ok()?.into_owned()));
        (value, is_known)
    }

    /// The parameter that a computed one stands for, where its whole expression is one name.
    pub(super) fn redirected(&self, mut key: Key) -> Key {
        let redirect = |key: Key| self.schema.parameter(key.node)?.redirect()?.key(key.at);
        while let Some(target) = redirect(key) {
            key = target;
        }
        key
    }
}

/// What an expression sees: the parameters around the one it computes. None is computed from
/// itself, nor from very many: that is held where rows are linked.
struct Neighbours<'a> {
    model: &'a mut Model,
    key: Key,
    /// What its operands are.
    references: &'a [Reference],
    /// All that was looked at is of now.
    is_known: bool,
}

impl Neighbours<'_> {
    /// The place of an operand, where its instances are there.
    fn place(&self, operand: usize) -> Option<Key> {
        let key = self.references.get(operand)?.key(self.key.at)?;
        self.model.is_living(key).then_some(key)
    }
}

impl Scope for Neighbours<'_> {
    fn value(&mut self, operand: usize, _name: &str) -> Option<String> {
        let key = self.place(operand)?;
        let schema = Rc::clone(&self.model.schema);
        let parameter = schema.parameter(key.node)?;
        let mut text = String::new();
        self.is_known &= self
            .model
            .evaluate(key, parameter, &mut |v| text.push_str(v));
        (!text.is_empty()).then_some(text)
    }

    fn count(&mut self, operand: usize, _name: &str) -> Option<u64> {
        let table = self.place(operand)?;
        let Model { schema, state, .. } = &*self.model;
        let owned = schema.table(table.node).is_some_and(|t| t.source.is_some());
        // Before its source has listed a table for the first time nobody can tell.
        self.is_known &= !owned || state.tables.contains_key(&table);
        let living = state.instances(table).count();
        let fixed = schema.node(table.node).children().iter();
        let fixed = fixed.filter(|&&child| is_number(&schema.node(child).name));
        u64::try_from(living + fixed.count()).ok()
    }

    fn now(&self) -> i64 {
        self.model.unix
    }
}

pub(super) fn filtered(
    raw: &str,
    filters: &[Filter],
    row: &dyn Fn(&str, &str) -> Option<String>,
) -> Option<String> {
    let mut value = raw.to_owned();
    for filter in filters {
        value = match filter {
            Filter::Row(rows) => rows.paths(&value, |name| row(&rows.table, name)),
            filter => filter.apply(&value)?,
        };
    }
    Some(value)
}

/// The path, without a dot at its end (TR-106 §3.2.4), of the instance of a table that its source
/// calls so.
pub(super) fn row_path(schema: &Schema, state: &State, table: &str, name: &str) -> Option<String> {
    let table = Key::new(schema.find(table)?, At::default());
    let instances = state.tables.get(&table)?;
    let mut numbers = instances.numbers();
    let number = numbers.find(|number| instances.identity(*number) == Some(name))?;
    Some(format!("{}{number}", schema.path(table)))
}
