//! Rows to schema.

use crate::datamodel::expr::Expr;
use crate::datamodel::filter::Definition;
use crate::datamodel::key::{MAX_TABLE_DEPTH, NodeId};
use crate::datamodel::row::{Row, RowError, RowKind, Storage};
use crate::datamodel::source::Sources;
use crate::datamodel::types::ParamType;
use super::{
    MAX_NODES, Node, NodeKind, Origin, Parameter, SECRET_ENDINGS, Schema, SourceRef, Table,
};

/// The part of a name that stands for an instance number.
pub const TEMPLATE: &str = "{i}";

/// The kind of the source that values of SYSTEM and MIXED rows without a definition come from:
/// the file `DeviceInterfaceStubFile`.
const STUB: &str = "stub";

/// A row that cannot be part of the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaError {
    /// Index of the row in the list given.
    pub row: usize,
    /// Which column, and why.
    pub error: RowError,
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
                children: Vec::new(),
                depth: 0,
                kind: NodeKind::Object,
            },
            rest: Vec::new(),
            notifying: Vec::new(),
            forced: Vec::new(),
            source_tables: Vec::new(),
            factory: Vec::new(),
        };
        let mut errors = Vec::new();
        let mut add = |schema: &mut Self, row: usize, described: Row| {
            if let Err(error) = schema.add(described, sources) {
                errors.push(SchemaError { row, error });
            }
        };
        // Which numbers are instances is known only when all templates are.
        let mut literal = Vec::new();
        for (row, described) in rows.into_iter().enumerate() {
            if described.name.split('.').any(is_number) {
                literal.push((row, described));
            } else {
                add(&mut schema, row, described);
            }
        }
        for (row, described) in literal {
            add(&mut schema, row, described);
        }
        schema.index();
        (schema, errors)
    }

    fn add(&mut self, row: Row, sources: &mut Sources) -> Result<(), RowError> {
        if self.is_instance_row(&row.name) {
            self.factory.push(row);
            return Ok(());
        }
        let (path, leaf) = match row.name.strip_suffix('.') {
            Some(path) => (path, None),
            None => match row.name.rsplit_once('.') {
                Some((path, leaf)) => (path, Some(leaf)),
                None => ("", Some(row.name.as_str())),
            },
        };
        let mut object = NodeId::ROOT;
        for part in path.split('.').filter(|part| !part.is_empty()) {
            object = self.object(object, part)?;
        }
        match (&row.kind, leaf) {
            (RowKind::Object { .. }, None) => self.describe_object(object, &row, sources),
            (RowKind::Parameter(kind), Some(leaf)) => {
                let parameter = parameter(kind, leaf, &row, sources)?;
                if self.child(object, leaf).is_some() {
                    return Err(error(1, "described twice"));
                }
                self.insert(object, leaf, NodeKind::Parameter(Box::new(parameter)))?;
                Ok(())
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

    fn object(&mut self, parent: NodeId, part: &str) -> Result<NodeId, RowError> {
        let kind = if part == TEMPLATE {
            NodeKind::Template
        } else {
            NodeKind::Object
        };
        if let Some(child) = self.child(parent, part) {
            return match self.node(child).kind {
                NodeKind::Parameter(_) => Err(error(1, format!("`{part}` is a parameter"))),
                _ => Ok(child),
            };
        }
        let template = matches!(kind, NodeKind::Template);
        let child = self.insert(parent, part, kind)?;
        if template {
            let node = self.node_mut(parent);
            if !matches!(node.kind, NodeKind::Table(_)) {
                node.kind = NodeKind::Table(Table::default());
            }
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
            Some(text) => references(text, false, sources)?.into_iter().next(),
            None => None,
        };
        let node = self.node_mut(id);
        let wants_table = row.writable || source.is_some();
        if wants_table && matches!(node.kind, NodeKind::Object) {
            node.kind = NodeKind::Table(Table::default());
        }
        if let NodeKind::Table(table) = &mut node.kind {
            table.writable = row.writable;
            table.immediate = row.immediate != 0;
            table.source = source;
        }
        Ok(())
    }

    fn insert(&mut self, parent: NodeId, name: &str, kind: NodeKind) -> Result<NodeId, RowError> {
        let id = u32::try_from(self.rest.len() + 1)
            .ok()
            .filter(|_| self.rest.len() < MAX_NODES)
            .ok_or_else(|| error(1, format!("the model has more than {MAX_NODES} nodes")))?;
        let depth = self.node(parent).depth + u8::from(name == TEMPLATE);
        if usize::from(depth) > MAX_TABLE_DEPTH {
            let why = format!("tables nest deeper than {MAX_TABLE_DEPTH}");
            return Err(error(1, why));
        }
        let place = match self.node(parent).children.last() {
            Some(&last) if *self.node(last).name < *name => self.node(parent).children.len(),
            _ => {
                let children = &self.node(parent).children;
                children.partition_point(|&id| *self.node(id).name < *name)
            }
        };
        self.node_mut(parent).children.insert(place, NodeId(id));
        self.rest.push(Node {
            name: name.into(),
            parent: Some(parent),
            children: Vec::new(),
            depth,
            kind,
        });
        Ok(NodeId(id))
    }

    fn index(&mut self) {
        for (n, node) in (1..).zip(&self.rest) {
            match &node.kind {
                NodeKind::Parameter(parameter) => {
                    if parameter.notification != 0 {
                        self.notifying.push(NodeId(n));
                    }
                    if parameter.forced {
                        self.forced.push(NodeId(n));
                    }
                }
                NodeKind::Table(table) if table.source.is_some() => {
                    // Outer tables before those within.
                    let before = |&other: &NodeId| self.node(other).depth <= node.depth;
                    let place = self.source_tables.partition_point(before);
                    self.source_tables.insert(place, NodeId(n));
                }
                _ => {}
            }
        }
    }
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
) -> Result<Parameter, RowError> {
    if leaf == TEMPLATE || is_number(leaf) {
        return Err(error(1, "a parameter's name cannot be an instance"));
    }
    let origin = match (row.storage, &row.definition) {
        (Storage::Stored, _) => Origin::Stored,
        (Storage::Computed, Some(text)) => {
            Origin::Computed(Expr::parse(text).map_err(|e| error(15, e.to_string()))?)
        }
        (Storage::Computed, None) => return Err(error(15, "a computed row needs an expression")),
        (Storage::System | Storage::Mixed, text) => {
            let stub = format!("{STUB}:{}", row.name);
            let text = text.as_deref().unwrap_or(&stub);
            Origin::Sources(references(text, kind.numeric(), sources)?)
        }
    };
    let default = match row.value.as_deref() {
        None | Some("") => "".into(),
        Some(text) => match kind.check(text) {
            Ok(canonical) => canonical.into(),
            Err(e) => return Err(error(10, e.to_string())),
        },
    };
    Ok(Parameter {
        kind: kind.clone(),
        storage: row.storage,
        writable: row.writable,
        immediate: row.immediate != 0,
        notification: row.notification,
        forced: row.forced,
        denied: row.denied,
        access_list: row.access_list.clone().map(Vec::into_boxed_slice),
        hidden: row.hidden,
        secret: SECRET_ENDINGS.iter().any(|ending| leaf.ends_with(ending)),
        default,
        origin,
    })
}

fn references(
    text: &str,
    numeric: bool,
    sources: &mut Sources,
) -> Result<Vec<SourceRef>, RowError> {
    let definition = Definition::parse(text).map_err(|why| error(15, why))?;
    let mut references = Vec::new();
    for alternative in definition.alternatives {
        let (kind, key) = (alternative.kind, alternative.key);
        let index = sources.iter().position(|(known, _)| *known == kind);
        let Some((index, (_, source))) = index.and_then(|i| Some((i, sources.get_mut(i)?))) else {
            let known: Vec<&str> = sources.iter().map(|(kind, _)| *kind).collect();
            let why = format!("no source `{kind}`; there are {}", known.join(", "));
            return Err(error(15, why));
        };
        let declared = source.declare(&key, numeric);
        declared.map_err(|why| error(15, format!("{kind}:{key}: {why}")))?;
        references.push(SourceRef {
            source: index,
            key: key.into(),
            filters: alternative.filters,
        });
    }
    Ok(references)
}
