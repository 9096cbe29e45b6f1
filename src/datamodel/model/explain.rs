//! What the sources of one kind say to each row, for who writes rows: `cwmpd luup --map`.

use std::rc::Rc;

use super::Model;
use super::evaluate::{filtered, row_path};
use super::resolve::instances;
use crate::datamodel::key::{At, Key, NodeId};
use crate::datamodel::schema::{Origin, Parameter, SourceRef};
use crate::datamodel::source::{Reading, Slot, TEMPLATE};

/// What a source says to a row, in one place, and what becomes of it.
#[derive(Debug, PartialEq, Eq)]
pub struct ExplainedRow {
    /// Where; with `{i}` where the row has no instance.
    pub path: String,
    /// The key, as the source knows it.
    pub slot: Slot,
    /// What the source calls the innermost instance.
    pub instance: String,
    /// What the source says; empty where the row is secret.
    pub raw: String,
    /// What the row shows; empty where `why` says that it shows nothing of this.
    pub result: String,
    /// Why it shows nothing.
    pub why: Option<NothingShown>,
}

/// Why a row shows nothing of what a source has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NothingShown {
    /// No instance of its table is there.
    NoInstance,
    /// The source has no such value.
    Absent,
    /// The source cannot tell, or not now.
    Unknown,
    /// The filters leave nothing.
    Filtered,
    /// It does not fit the type of the row.
    Misfit(String),
}

impl Model {
    /// Explains all rows that have a source of this kind, in the order of the model.
    pub fn explain(&mut self, kind: &str, each: &mut dyn FnMut(ExplainedRow)) {
        self.refresh_instances();
        let schema = Rc::clone(&self.schema);
        for node in schema.with_all_below(NodeId::ROOT) {
            let Some(parameter) = schema.parameter(node) else {
                continue;
            };
            let Origin::Sources(sources) = &parameter.origin else {
                continue;
            };
            for reference in sources {
                let source = self.sources.get(reference.source);
                if source.is_none_or(|(of, _)| *of != kind) {
                    continue;
                }
                let mut has_instance = false;
                self.each_instance(node, &mut |model, key| {
                    has_instance = true;
                    each(model.explain_one(key, parameter, reference));
                });
                if !has_instance {
                    let path = self.path(Key::new(node, At::default()));
                    each(ExplainedRow {
                        path: path.replace("..", &[".", TEMPLATE, "."].concat()),
                        slot: reference.slot,
                        instance: String::new(),
                        raw: String::new(),
                        result: String::new(),
                        why: Some(NothingShown::NoInstance),
                    });
                }
            }
        }
    }

    fn explain_one(
        &mut self,
        key: Key,
        parameter: &Parameter,
        reference: &SourceRef,
    ) -> ExplainedRow {
        let schema = Rc::clone(&self.schema);
        let at = instances(&schema, &self.state, key);
        let innermost = at.as_slice().last();
        let instance = innermost.map(|own| own.name().into_owned());
        let source = self.sources.get_mut(reference.source);
        let reading = source.map(|(_, source)| source.get(reference.slot, at.as_slice()));
        let row = |table: &str, name: &str| row_path(&schema, &self.state, table, name);
        let mut raw = String::new();
        let shown = match reading {
            Some(Reading::Value(text)) => {
                raw.push_str(&text);
                match filtered(&text, &reference.filters, &row) {
                    Some(value) if !value.is_empty() => match parameter.check(&value) {
                        Ok(value) => Ok(value.into_owned()),
                        Err(misfit) => Err(NothingShown::Misfit(misfit.to_string())),
                    },
                    _ => Err(NothingShown::Filtered),
                }
            }
            Some(Reading::Absent) => Err(NothingShown::Absent),
            Some(Reading::Unknown) | None => Err(NothingShown::Unknown),
        };
        let (mut result, why) = match shown {
            Ok(result) => (result, None),
            Err(why) => (String::new(), Some(why)),
        };
        if parameter.secret {
            raw.clear();
            result.clear();
        }
        ExplainedRow {
            path: self.path(key),
            slot: reference.slot,
            instance: instance.unwrap_or_default(),
            raw,
            result,
            why,
        }
    }
}
