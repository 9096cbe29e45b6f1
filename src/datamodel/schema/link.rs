//! The rows of a description together: what needs more than one of them to be judged.
//!
//! Done once when the whole schema stands. Names in expressions become references; what leads to
//! nothing, runs in circles or could never be written is left out and named, with all that is
//! computed from it.

use std::collections::BTreeSet;

use super::build::template_name;
use super::computed::Computed;
use super::placed::Placed;
use super::{NodeKind, Origin, Schema, SchemaError, Table};
use crate::datamodel::filter::Filter;
use crate::datamodel::key::{At, Key, NodeId};
use crate::datamodel::row::{Row, RowError};
use crate::datamodel::source::{Noticed, Sources};

/// The schema while its rows are linked.
pub(super) struct Linker<'a> {
    pub(super) schema: &'a mut Schema,
    pub(super) placed: Placed,
    errors: &'a mut Vec<SchemaError>,
}

/// Links the schema of these rows; puts what is wrong with them to the errors known before.
pub(super) fn link(
    schema: &mut Schema,
    rows: &[Row],
    placed: Placed,
    sources: &Sources,
    errors: &mut Vec<SchemaError>,
) {
    let mut linker = Linker {
        schema,
        placed,
        errors,
    };
    let instances = linker.rows_of_instances(rows);
    linker.check_sources();
    linker.refuse_optional_tables();
    // A table that is left out takes rows along that others may be computed from.
    while linker.refuse_empty_tables()
        | Computed::link(&mut linker)
        | linker.refuse_unnoticed(sources)
    {}
    linker.refuse_orphans(instances);
    linker.spread_secrets(rows, sources);
    linker.note_tables_without_instances();
    linker.schema.forget_removed();
}

impl Linker<'_> {
    /// The parameters of a kind of origin, in the order of their numbers.
    pub(super) fn parameters(&self, wanted: fn(&Origin) -> bool) -> Vec<NodeId> {
        let is_wanted = |node: NodeId| {
            let parameter = self.schema.parameter(node);
            parameter.is_some_and(|parameter| wanted(&parameter.origin))
        };
        let nodes = self.placed.iter().map(|(node, _)| node);
        nodes.filter(|node| is_wanted(*node)).collect()
    }

    /// Leaves the row of a node out.
    pub(super) fn refuse(&mut self, node: NodeId, column: u8, why: impl Into<String>) {
        if let Some(row) = self.placed.take(node) {
            self.say(row, column, why, false);
        }
        self.schema.remove(node);
    }

    fn say(&mut self, row: usize, column: u8, why: impl Into<String>, is_note: bool) {
        let why = why.into();
        self.errors.push(SchemaError {
            row,
            error: RowError { column, why },
            is_note,
        });
    }

    /// Rows with a source: whether values get there and back.
    fn check_sources(&mut self) {
        for node in self.parameters(|origin| matches!(origin, Origin::Sources(_))) {
            if let Err(error) = self.check_source(node) {
                self.refuse(node, error.column, error.why);
            }
        }
    }

    fn check_source(&mut self, node: NodeId) -> Result<(), RowError> {
        let error = |column, why| Err(RowError { column, why });
        if let Some(table) = self.missing_table(node) {
            return error(15, format!("row: there is no table {table}"));
        }
        let Some(parameter) = self.schema.parameter_mut(node) else {
            return Ok(());
        };
        let numeric = parameter.kind.numeric();
        let Origin::Sources(references) = &mut parameter.origin else {
            return Ok(());
        };
        for reference in references.iter_mut() {
            match reference.filters.last_mut() {
                Some(Filter::Scale(scale)) if numeric => scale.round_to_whole(),
                Some(Filter::Map(map)) => {
                    let mut words = map.words().filter(|word| !word.is_empty());
                    let misfit = words.find_map(|word| parameter.kind.check(word).err());
                    if let Some(misfit) = misfit {
                        return error(15, format!("map gives what does not fit: {misfit}"));
                    }
                }
                _ => {}
            }
        }
        let first = references.first().filter(|_| parameter.writable);
        let one_way = first.and_then(|first| first.filters.iter().find(|f| !f.invertible()));
        if let Some(filter) = one_way {
            return error(
                15,
                format!(
                    "`{}` leads one way only, so nothing can be written; make the row read-only \
                     or put an alternative without it first",
                    filter.name()
                ),
            );
        }
        Ok(())
    }

    /// The table whose rows a parameter names, where there is none of that name.
    fn missing_table(&self, node: NodeId) -> Option<&str> {
        let Origin::Sources(references) = &self.schema.parameter(node)?.origin else {
            return None;
        };
        let filters = references.iter().flat_map(|one| &one.filters);
        let tables = filters.filter_map(|filter| match filter {
            Filter::Row(rows) => Some(&*rows.table),
            _ => None,
        });
        let is_table = |path: &str| {
            let found = self.schema.find(path);
            found.is_some_and(|found| self.schema.table(found).is_some())
        };
        tables.into_iter().find(|path| !is_table(path))
    }

    /// Rows of optional objects that turned out to be tables.
    fn refuse_optional_tables(&mut self) {
        let mut tables: Vec<NodeId> = self.schema.optional_objects.keys().copied().collect();
        tables.retain(|node| self.schema.table(*node).is_some());
        for node in tables {
            self.schema.optional_objects.remove(&node);
            if let Some(row) = self.placed.get(node) {
                let why = "a table is there though it is empty; only another object is optional";
                self.say(row, 4, why, false);
            }
        }
    }

    /// Leaves tables out that have no columns; says whether there were any.
    fn refuse_empty_tables(&mut self) -> bool {
        let empty: Vec<NodeId> = self.schema.empty_tables().collect();
        for &table in &empty {
            if let Some(row) = self.placed.take(table) {
                let path = self.schema.template_path(table);
                let why = format!("a table without columns: no good row begins with {path}{{i}}.");
                self.say(row, 1, why, false);
            }
            self.schema.remove_table(table);
        }
        !empty.is_empty()
    }

    /// Leaves rows out that want changes told of what changes all the time; says whether there were
    /// any.
    fn refuse_unnoticed(&mut self, sources: &Sources) -> bool {
        let wants = |node: &NodeId| {
            let parameter = self.schema.parameter(*node);
            parameter.is_some_and(|parameter| {
                let noticed = || self.schema.noticed(parameter, sources);
                parameter.notification != 0 && noticed() == Noticed::Never
            })
        };
        let nodes = self.placed.iter().map(|(node, _)| node);
        let unnoticed: Vec<NodeId> = nodes.filter(wants).collect();
        for &node in &unnoticed {
            let why = "the value changes all the time, so no change of it is told";
            self.refuse(node, 6, why);
        }
        !unnoticed.is_empty()
    }

    /// The rows of instances, each with the name of its template.
    fn rows_of_instances(&self, rows: &[Row]) -> Vec<(usize, String)> {
        let with_template = |(row, described): (usize, &Row)| {
            let template = template_name(&described.name)?;
            self.schema
                .find(&template)
                .is_some()
                .then_some((row, template))
        };
        rows.iter().enumerate().filter_map(with_template).collect()
    }

    /// Leaves rows of instances out whose template is.
    fn refuse_orphans(&mut self, instances: Vec<(usize, String)>) {
        let known: BTreeSet<usize> = self.errors.iter().map(|error| error.row).collect();
        for (row, template) in instances {
            if !known.contains(&row) && self.schema.find(&template).is_none() {
                self.say(row, 1, format!("{template} is left out"), false);
            }
        }
    }

    fn note_tables_without_instances(&mut self) {
        let idle: Vec<NodeId> = self.schema.idle_tables().collect();
        for table in idle {
            let template = self.schema.table(table).and_then(|table| table.template);
            let columns = template.map(|template| self.schema.node(template).children());
            let mut nodes = [table]
                .into_iter()
                .chain(columns.into_iter().flatten().copied());
            if let Some(row) = nodes.find_map(|node| self.placed.get(node)) {
                let path = self.schema.template_path(table);
                let why = format!("{path} has no instances, and nobody makes any");
                self.say(row, 1, why, true);
            }
        }
    }
}

impl Schema {
    fn tables(&self) -> impl Iterator<Item = (NodeId, &Table)> {
        let nodes = (1..).map_while(NodeId::new).zip(&self.rest);
        nodes.filter_map(|(id, node)| match &node.kind {
            NodeKind::Table(table) => Some((id, &**table)),
            _ => None,
        })
    }

    /// Tables that have no columns, or lost all of them.
    fn empty_tables(&self) -> impl Iterator<Item = NodeId> + '_ {
        let is_empty = |table: &Table| match table.template {
            Some(template) => self.node(template).children().is_empty(),
            None => true,
        };
        let tables = self.tables();
        tables.filter_map(move |(id, table)| is_empty(table).then_some(id))
    }

    /// Tables that never have an instance.
    fn idle_tables(&self) -> impl Iterator<Item = NodeId> + '_ {
        let tables = self.tables();
        tables.filter_map(|(id, table)| {
            let of_table = Key::new(id, At::default()).range_below();
            let of_table = (*of_table.start(), 0)..=(*of_table.end(), u32::MAX);
            let is_described = self.instances.range(of_table).next().is_some();
            let made = table.writable || table.source.is_some() || is_described;
            (!made).then_some(id)
        })
    }

    /// Makes an object of a table without columns, where it has parameters of its own, or nothing.
    fn remove_table(&mut self, node: NodeId) {
        if let Some(template) = self.table(node).and_then(|table| table.template) {
            self.remove(template);
        }
        self.node_mut(node).make_object();
        if self.node(node).children().is_empty() {
            self.remove(node);
        }
    }

    /// Takes a node and all below it out of the tree.
    fn remove(&mut self, node: NodeId) {
        for gone in self.with_all_below(node) {
            self.node_mut(gone).kind = NodeKind::Object(Vec::new());
        }
        let parent = self.node(node).parent;
        if let Some(children) = parent.and_then(|parent| self.node_mut(parent).children_mut()) {
            children.retain(|&child| child != node);
        }
    }

    /// Forgets the instances and the rows of instances of what was taken out.
    fn forget_removed(&mut self) {
        for (table, number) in std::mem::take(&mut self.instances) {
            if self.table(table.node).is_some() {
                self.instances.insert((table, number));
            }
        }
        for (key, literal) in std::mem::take(&mut self.literals) {
            if self.parameter(key.node).is_some() {
                self.literals.insert(key, literal);
            }
        }
    }
}
