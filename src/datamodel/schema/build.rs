//! Rows to schema.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::interned::Interned;
use super::placed::Placed;
use super::{
    Formula, Literal, MAX_NODES, Node, NodeKind, Origin, Parameter, Schema, SourceRef, Visibility,
    link, lint,
};
use crate::base::xsd::XsdType;
use crate::datamodel::expr::Expr;
use crate::datamodel::filter::Definition;
use crate::datamodel::key::{At, Key, MAX_TABLE_DEPTH, NodeId};
use crate::datamodel::row::{Row, RowError, RowKind, Storage};
use crate::datamodel::source::{Declaration, Sources, TEMPLATE};
use crate::datamodel::types::ParamType;

/// What there is to say of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaError {
    /// Index of the row in the list given.
    pub row: usize,
    /// Which column, and why.
    pub error: RowError,
    /// The row is part of the model all the same.
    pub is_note: bool,
}

fn error(column: u8, why: impl Into<String>) -> RowError {
    RowError {
        column,
        why: why.into(),
    }
}

impl Schema {
    /// Builds the description below `root` (`Device.`), and declares to the sources which of their
    /// keys it names. A bad row is left out and named; the others stand.
    pub fn build(root: &str, rows: Vec<Row>, sources: &mut Sources) -> (Self, Vec<SchemaError>) {
        let mut schema = Self {
            root: Node {
                name: root.into(),
                parent: None,
                depth: 0,
                kind: NodeKind::Object(Vec::new()),
            },
            rest: Vec::new(),
            notifying: Vec::new(),
            forced: Vec::new(),
            source_tables: Vec::new(),
            instances: BTreeSet::new(),
            literals: BTreeMap::new(),
            optional_objects: BTreeMap::new(),
            limits: BTreeMap::new(),
        };
        let mut errors = Vec::new();
        let mut placed = Placed::default();
        let mut interned = Interned::default();
        let mut take = |schema: &mut Self, placed: &mut Placed, index: usize, row: &Row| {
            let checked = schema.check_beside(placed, &rows, row);
            match checked.and_then(|()| schema.add(row, sources, &mut interned)) {
                Ok(Some(node)) => placed.put(node, index),
                Ok(None) => {}
                Err(error) => errors.push(SchemaError {
                    row: index,
                    error,
                    is_note: false,
                }),
            }
        };
        // Which numbers are instances is known only when all templates are.
        let mut literal = Vec::new();
        for (index, row) in rows.iter().enumerate() {
            match lint::is_literal(row) {
                true => literal.push((index, row)),
                false => take(&mut schema, &mut placed, index, row),
            }
        }
        for (index, row) in literal {
            take(&mut schema, &mut placed, index, row);
        }
        link::link(&mut schema, &rows, placed, sources, &mut errors);
        lint::note_all(&rows, &mut errors);
        schema.index();
        schema.shrink();
        (schema, errors)
    }

    /// Judges a row by itself, and beside those that are placed: an object described before, or the
    /// template of an instance.
    fn check_beside(&self, placed: &Placed, rows: &[Row], row: &Row) -> Result<(), RowError> {
        let row_of = |name: &str| rows.get(placed.get(self.find(name)?)?);
        if let Some(template) = template_name(&row.name).and_then(|name| row_of(&name)) {
            return lint::contradiction(row, template);
        }
        let is_object = row.name.ends_with('.') && !lint::is_literal(row);
        if is_object && row_of(&row.name).is_some_and(|known| known != row) {
            return Err(error(1, "described twice, and not in the same way"));
        }
        lint::refuse(row)
    }

    /// Adds what a row describes; gives its node, where it has one of its own.
    fn add(
        &mut self,
        row: &Row,
        sources: &mut Sources,
        interned: &mut Interned,
    ) -> Result<Option<NodeId>, RowError> {
        if self.is_instance_row(&row.name) {
            self.add_literal(row, interned)?;
            return Ok(None);
        }
        let (path, leaf) = match row.name.strip_suffix('.') {
            Some(path) => (path, None),
            None if row.name.is_empty() => ("", None),
            None => match row.name.rsplit_once('.') {
                Some((path, leaf)) => (path, Some(leaf)),
                None => ("", Some(row.name.as_str())),
            },
        };
        let mut object = NodeId::ROOT;
        for part in path.split('.').filter(|part| !part.is_empty()) {
            object = self.object(object, part, interned)?;
        }
        match (&row.kind, leaf) {
            (RowKind::Object { .. }, None) => {
                self.describe_object(object, row, sources)?;
                Ok(Some(object))
            }
            (RowKind::Parameter(kind), Some(leaf)) => {
                let parameter = parameter(kind, leaf, row, sources, interned)?;
                if self.child(object, leaf).is_some() {
                    return Err(error(1, "described twice"));
                }
                let kind = NodeKind::Parameter(Box::new(parameter));
                let node = self.insert(object, interned.name(leaf), kind)?;
                if let Some(limit) = &row.limit {
                    self.limits.insert(node, (**limit).clone());
                }
                Ok(Some(node))
            }
            (_, None) => Err(error(2, "the name ends in a dot, so the type must be ANY")),
            (_, Some(_)) => Err(error(2, "an object's name ends in a dot")),
        }
    }

    /// Whether the name has a number where a table has its template.
    fn is_instance_row(&self, name: &str) -> bool {
        let mut at = NodeId::ROOT;
        for part in name.split('.').filter(|part| !part.is_empty()) {
            match self.child(at, part) {
                Some(child) => at = child,
                None => {
                    let table = self.table(at);
                    return is_number(part) && table.is_some_and(|t| t.template.is_some());
                }
            }
        }
        false
    }

    /// A row of an instance that the description itself has: it makes the instances on its path.
    fn add_literal(&mut self, row: &Row, interned: &mut Interned) -> Result<(), RowError> {
        let mut here = Key::new(NodeId::ROOT, At::default());
        let mut instances = Vec::new();
        for part in row.name.split('.').filter(|part| !part.is_empty()) {
            if let (Some(table), Ok(number)) = (self.table(here.node), part.parse::<u32>()) {
                if table.source.is_some() {
                    return Err(error(
                        1,
                        "the source of the table says which instances there are",
                    ));
                }
                let at = here.at.down(number);
                let (Some(template), Some(at)) = (table.template, at) else {
                    return Err(error(1, format!("`{part}` is no instance of a table")));
                };
                instances.push((here, number));
                here = Key::new(template, at);
            } else {
                let child = self.child(here.node, part);
                let child = child.ok_or_else(|| {
                    let why = format!("`{part}` is not described by a row with {TEMPLATE}");
                    error(1, why)
                })?;
                here = Key::new(child, here.at);
            }
        }
        match (&self.node(here.node).kind, &row.kind) {
            (NodeKind::Parameter(parameter), RowKind::Parameter(_)) => {
                let default = match row.value.as_deref() {
                    None => None,
                    Some(text) => {
                        let checked = parameter.check(text);
                        Some(checked.map_err(|e| error(10, e.to_string()))?.into())
                    }
                };
                let literal = Literal {
                    default,
                    notification: row.notification,
                    access_list: row.access_list.as_ref().map(|list| interned.list(list)),
                };
                if self.literals.insert(here, literal).is_some() {
                    return Err(error(1, "described twice"));
                }
            }
            (NodeKind::Parameter(_), _) | (_, RowKind::Parameter(_)) => {
                return Err(error(2, "the template of this row is of another kind"));
            }
            _ => {}
        }
        self.instances.extend(instances);
        Ok(())
    }

    fn object(
        &mut self,
        parent: NodeId,
        part: &str,
        interned: &mut Interned,
    ) -> Result<NodeId, RowError> {
        let kind = if part == TEMPLATE {
            NodeKind::Template(Vec::new())
        } else {
            NodeKind::Object(Vec::new())
        };
        if let Some(child) = self.child(parent, part) {
            return match self.node(child).kind {
                NodeKind::Parameter(_) => Err(error(1, format!("`{part}` is a parameter"))),
                _ => Ok(child),
            };
        }
        let template = matches!(kind, NodeKind::Template(_));
        let child = self.insert(parent, interned.name(part), kind)?;
        if template {
            let node = self.node_mut(parent);
            node.make_table();
            if let NodeKind::Table(table) = &mut node.kind {
                table.template = Some(child);
            }
        }
        Ok(child)
    }

    fn describe_object(
        &mut self,
        id: NodeId,
        row: &Row,
        sources: &mut Sources,
    ) -> Result<(), RowError> {
        let source = match &row.definition {
            Some(text) if row.optional => {
                let kind = ParamType::of(XsdType::String);
                let declaration = Declaration {
                    kind: Some(&kind),
                    filtered: false,
                    tables: usize::from(self.node(id).depth),
                    writable: false,
                };
                let sources = references(text, declaration, sources)?;
                self.optional_objects.insert(id, sources.into());
                None
            }
            Some(text) => {
                let declaration = Declaration {
                    kind: None,
                    filtered: false,
                    tables: usize::from(self.node(id).depth),
                    writable: row.writable,
                };
                let mut references = references(text, declaration, sources)?.into_iter();
                let first = references.next().filter(|first| first.filters.is_empty());
                match (first, references.next()) {
                    (Some(first), None) => Some(first),
                    _ => return Err(error(15, "a table has one source, without filters")),
                }
            }
            None => None,
        };
        let used_up = match row.kind {
            RowKind::Object { last_instance } => last_instance,
            RowKind::Parameter(_) => 0,
        };
        let node = self.node_mut(id);
        let wants_table = row.writable || source.is_some() || used_up != 0;
        if wants_table {
            node.make_table();
        }
        if let NodeKind::Table(table) = &mut node.kind {
            table.writable = row.writable;
            table.immediate = row.immediate != 0;
            table.source = source;
            table.used_up = used_up;
        }
        Ok(())
    }

    fn insert(
        &mut self,
        parent: NodeId,
        name: Rc<str>,
        kind: NodeKind,
    ) -> Result<NodeId, RowError> {
        let id = NodeId::new(self.rest.len() + 1)
            .filter(|_| self.rest.len() < MAX_NODES)
            .ok_or_else(|| error(1, format!("the model has more than {MAX_NODES} nodes")))?;
        let depth = self.node(parent).depth + u8::from(*name == *TEMPLATE);
        if usize::from(depth) > MAX_TABLE_DEPTH {
            let why = format!("tables nest deeper than {MAX_TABLE_DEPTH}");
            return Err(error(1, why));
        }
        let children = self.node(parent).children();
        let place = match children.last() {
            Some(&last) if *self.node(last).name < *name => children.len(),
            _ => children.partition_point(|&id| *self.node(id).name < *name),
        };
        let children = self.node_mut(parent).children_mut();
        let children = children.ok_or_else(|| error(1, "it stands below a parameter"))?;
        children.insert(place, id);
        self.rest.push(Node {
            name,
            parent: Some(parent),
            depth,
            kind,
        });
        Ok(id)
    }

    /// Gives back what was taken in advance.
    fn shrink(&mut self) {
        for node in self.rest.iter_mut().chain([&mut self.root]) {
            if let Some(children) = node.children_mut() {
                children.shrink_to_fit();
            }
        }
        self.rest.shrink_to_fit();
        self.notifying.shrink_to_fit();
        self.forced.shrink_to_fit();
        self.source_tables.shrink_to_fit();
    }

    fn index(&mut self) {
        for (id, node) in (1..).map_while(NodeId::new).zip(&self.rest) {
            match &node.kind {
                NodeKind::Parameter(parameter) => {
                    if parameter.notification != 0 {
                        self.notifying.push(id);
                    }
                    if parameter.forced {
                        self.forced.push(id);
                    }
                }
                NodeKind::Table(table) if table.source.is_some() => {
                    // Outer tables before those within.
                    let before = |&other: &NodeId| self.node(other).depth <= node.depth;
                    let place = self.source_tables.partition_point(before);
                    self.source_tables.insert(place, id);
                }
                _ => {}
            }
        }
    }
}

/// The name of the row of all instances, for the row of one: `{i}` for every number.
pub(super) fn template_name(name: &str) -> Option<String> {
    let template = |part| if is_number(part) { TEMPLATE } else { part };
    let is_instance = name.split('.').any(is_number);
    is_instance.then(|| name.split('.').map(template).collect::<Vec<_>>().join("."))
}

/// Whether a part of a name is an instance number in its canonical form.
pub fn is_number(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit())
}

fn parameter(
    kind: &ParamType,
    leaf: &str,
    row: &Row,
    sources: &mut Sources,
    interned: &mut Interned,
) -> Result<Parameter, RowError> {
    if leaf == TEMPLATE || is_number(leaf) {
        return Err(error(1, "a parameter's name cannot be an instance"));
    }
    let origin = match (row.storage, &row.definition) {
        (Storage::Stored, _) => Origin::Stored,
        (Storage::Computed, Some(text)) => Origin::Computed(Box::new(Formula {
            expr: Expr::parse(text).map_err(|e| error(15, e.to_string()))?,
            references: Box::default(),
        })),
        (Storage::Computed, None) => return Err(error(15, "a computed row needs an expression")),
        (Storage::System | Storage::Mixed, _) => {
            let text = definition(row, sources).ok_or_else(|| {
                error(
                    15,
                    "the source is missing, such as uci:network.lan.ipaddr (only where there is a \
                     DeviceInterfaceStubFile is the value looked for there)",
                )
            })?;
            let declaration = Declaration {
                kind: Some(kind),
                filtered: false,
                tables: row.name.split('.').filter(|part| *part == TEMPLATE).count(),
                writable: row.writable,
            };
            Origin::Sources(references(&text, declaration, sources)?.into())
        }
    };
    let mut parameter = Parameter {
        kind: interned.kind(&row.usable_kind(kind)),
        storage: row.storage,
        writable: row.writable,
        immediate: row.immediate != 0,
        notification: row.notification,
        forced: row.forced,
        denied: row.denied,
        access_list: row.access_list.as_ref().map(|list| interned.list(list)),
        shown: match (row.hidden, row.optional) {
            (true, _) => Visibility::Hidden,
            (false, true) => Visibility::WithValue,
            (false, false) => Visibility::Always,
        },
        secret: row.is_secret(),
        default: "".into(),
        origin,
    };
    if let Some(text) = row.value.as_deref().filter(|text| !text.is_empty()) {
        let checked = parameter.check(text).map_err(|e| error(10, e.to_string()));
        parameter.default = checked?.into();
    }
    Ok(parameter)
}

/// Column 15 of a row with a source, or what it means to have none.
pub(super) fn definition<'a>(row: &'a Row, sources: &Sources) -> Option<Cow<'a, str>> {
    if let Some(text) = &row.definition {
        return Some(Cow::Borrowed(text));
    }
    let stands_in = sources.iter().find(|(_, source)| source.stands_in());
    stands_in.map(|(kind, _)| Cow::Owned(format!("{kind}:{}", row.name)))
}

/// Tells the sources which of their keys a row names. New values go to the first alternative only.
fn references(
    text: &str,
    row: Declaration<'_>,
    sources: &mut Sources,
) -> Result<Vec<SourceRef>, RowError> {
    let definition = Definition::parse(text).map_err(|why| error(15, why))?;
    let mut references = Vec::new();
    for (nth, alternative) in definition.alternatives.into_iter().enumerate() {
        let (kind, key) = (alternative.kind, alternative.key);
        let index = sources.iter().position(|(known, _)| *known == kind);
        let Some((index, (_, source))) = index.and_then(|i| Some((i, sources.get_mut(i)?))) else {
            let known: Vec<&str> = sources.iter().map(|(kind, _)| *kind).collect();
            let why = format!("no source `{kind}`; there are {}", known.join(", "));
            return Err(error(15, why));
        };
        let declared = Declaration {
            filtered: !alternative.filters.is_empty(),
            writable: row.writable && nth == 0,
            ..row
        };
        let slot = source.declare(&declared, &key);
        references.push(SourceRef {
            source: index,
            slot: slot.map_err(|why| error(15, format!("{kind}:{key}: {why}")))?,
            filters: alternative.filters.into(),
        });
    }
    Ok(references)
}
