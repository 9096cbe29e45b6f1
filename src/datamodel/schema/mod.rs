//! The description of the model, built once from the rows and shared by all instances.
//!
//! A tree of nodes in one arena. A table has one child, its template `{i}`, below which stand the
//! parameters that each of its instances has; so a thousand instances cost no node at all.

mod build;
mod computed;
mod interned;
mod link;
mod lint;
mod noticed;
mod placed;
mod reference;
mod secrets;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::LazyLock;

use super::expr::Expr;
use super::filter::Filter;
use super::key::{At, Key, NodeId};
use super::row::{ChangeLimit, Storage};
use super::source::Slot;
use super::types::{ParamType, TypeError};

pub use build::{SchemaError, is_number};
pub use reference::Reference;

/// How many nodes a model may have; TR-181 in full has about 9,000.
pub const MAX_NODES: usize = 100_000;

/// How many computed rows may stand behind one another: each is a level of the stack.
pub const MAX_COMPUTED_DEPTH: u8 = 16;

/// How many computed rows one value may be computed from, near and far.
pub const MAX_COMPUTED: u16 = 1000;

/// The description of all parameters and objects below one root.
pub struct Schema {
    root: Node,
    /// All nodes but the root; the one of index `n` stands at `n - 1`.
    rest: Vec<Node>,
    /// Parameters whose default notification is not off.
    pub(super) notifying: Vec<NodeId>,
    /// Forced-Inform parameters.
    pub(super) forced: Vec<NodeId>,
    /// Tables whose instances a source owns, parents before children.
    pub(super) source_tables: Vec<NodeId>,
    /// Instances that the description itself has (`A.B.1.`), parents first.
    pub(super) instances: BTreeSet<(Key, u32)>,
    /// What rows of such instances (`A.B.1.X`) say otherwise than their template.
    literals: BTreeMap<Key, Literal>,
    /// Objects that are there only while one of these says so.
    pub(super) optional_objects: BTreeMap<NodeId, Box<[SourceRef]>>,
    /// What keeps the few parameters that have it from being told of without end.
    limits: BTreeMap<NodeId, ChangeLimit>,
}

/// One part of a path.
pub struct Node {
    /// Without the dot; `{i}` for a template, the root object's whole name for the root.
    pub name: Rc<str>,
    /// `None` for the root only.
    pub parent: Option<NodeId>,
    /// How many instance numbers stand on the path, a template's own included.
    pub depth: u8,
    /// What stands here.
    pub kind: NodeKind,
}

/// What stands at a node.
pub enum NodeKind {
    /// An object with exactly one instance, and what stands in it, ascending by name.
    Object(Vec<NodeId>),
    /// An object with any number of instances.
    Table(Box<Table>),
    /// The template `{i}` of a table, and what stands in it, ascending by name.
    Template(Vec<NodeId>),
    /// A leaf, which has a value.
    Parameter(Box<Parameter>),
}

impl Node {
    /// What stands directly below, ascending by name.
    pub fn children(&self) -> &[NodeId] {
        match &self.kind {
            NodeKind::Object(children) | NodeKind::Template(children) => children,
            NodeKind::Table(table) => &table.children,
            NodeKind::Parameter(_) => &[],
        }
    }

    /// The same, to be changed; `None` for what can have nothing below.
    fn children_mut(&mut self) -> Option<&mut Vec<NodeId>> {
        match &mut self.kind {
            NodeKind::Object(children) | NodeKind::Template(children) => Some(children),
            NodeKind::Table(table) => Some(&mut table.children),
            NodeKind::Parameter(_) => None,
        }
    }

    /// Makes a table of an object.
    fn make_table(&mut self) {
        if let NodeKind::Object(children) = &mut self.kind {
            let children = std::mem::take(children);
            self.kind = NodeKind::Table(Box::new(Table {
                children,
                ..Table::default()
            }));
        }
    }

    /// Makes an object of whatever it is, with what stands below.
    fn make_object(&mut self) {
        let children = self.children_mut().map(std::mem::take);
        self.kind = NodeKind::Object(children.unwrap_or_default());
    }
}

/// A multi-instance object.
#[derive(Default)]
pub struct Table {
    /// The template node; `None` while no row describes a column.
    pub template: Option<NodeId>,
    /// AddObject and DeleteObject are allowed.
    pub writable: bool,
    /// Adding and deleting is in force at once (Status 0).
    pub immediate: bool,
    /// The source that owns the instances.
    pub source: Option<SourceRef>,
    /// `ANY:n`: the highest number that was used before; none up to it is given out.
    pub used_up: u32,
    /// What stands directly below, ascending by name: the template, and what is not of an instance.
    children: Vec<NodeId>,
}

/// What the row of a literal instance says otherwise than its template.
pub struct Literal {
    /// In the form of the type; `None` as the template.
    default: Option<Box<str>>,
    /// The default notification.
    notification: u8,
    /// The default access list.
    access_list: Option<Rc<[String]>>,
}

/// A parameter, from columns 2 to 15 of its row.
pub struct Parameter {
    /// Type and range.
    pub kind: Rc<ParamType>,
    /// Who keeps the value.
    pub storage: Storage,
    /// SetParameterValues is allowed; its source, or what it stands for, takes new values.
    pub writable: bool,
    /// A new value is in force at once (Status 0).
    pub immediate: bool,
    /// Default notification; of an instance: [`Schema::notification`].
    notification: u8,
    /// Always in Inform.
    pub forced: bool,
    /// The ACS may not make the notification active; where it is active by default, the ACS may
    /// not change it at all (TR-106 `forceEnabled`).
    pub denied: bool,
    /// Default access list, where the row has one; of an instance: [`Schema::access_list`].
    access_list: Option<Rc<[String]>>,
    /// Whether RPCs see it.
    pub shown: Visibility,
    /// Always reads as if it were absent (TR-181: "When read, this parameter returns an empty string"),
    /// a number as 0: it is a secret, or comes from one.
    pub secret: bool,
    /// Value where nothing else gives one; of an instance: [`Schema::default`].
    default: Box<str>,
    /// Where the value comes from.
    pub origin: Origin,
}

/// When RPCs see a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// As long as its instance is there.
    Always,
    /// While it has a value.
    WithValue,
    /// Never.
    Hidden,
}

/// Where a parameter's value comes from.
pub enum Origin {
    /// The store.
    Stored,
    /// The first of these that has a value.
    Sources(Box<[SourceRef]>),
    /// A computation over other parameters.
    Computed(Box<Formula>),
}

/// What a value is computed by.
pub struct Formula {
    /// The expression.
    pub expr: Expr,
    /// What its operands are, in their order.
    pub references: Box<[Reference]>,
}

/// A key of one source, with the conversions behind it.
pub struct SourceRef {
    /// Index of the source in the model's list.
    pub source: usize,
    /// The key, as the source knows it.
    pub slot: Slot,
    /// Applied in order when reading, backwards when writing.
    pub filters: Box<[Filter]>,
}

impl Schema {
    /// The node; the root for an id that is not of this schema.
    pub fn node(&self, id: NodeId) -> &Node {
        let index = id.index().checked_sub(1);
        index.and_then(|n| self.rest.get(n)).unwrap_or(&self.root)
    }

    fn node_mut(&mut self, id: NodeId) -> &mut Node {
        let index = id.index().checked_sub(1);
        index
            .and_then(|n| self.rest.get_mut(n))
            .unwrap_or(&mut self.root)
    }

    /// The root's name, `Device.` or `InternetGatewayDevice.`.
    pub fn root_name(&self) -> &str {
        &self.root.name
    }

    /// The parameter at a node.
    pub fn parameter(&self, id: NodeId) -> Option<&Parameter> {
        match &self.node(id).kind {
            NodeKind::Parameter(parameter) => Some(parameter),
            _ => None,
        }
    }

    fn parameter_mut(&mut self, id: NodeId) -> Option<&mut Parameter> {
        match &mut self.node_mut(id).kind {
            NodeKind::Parameter(parameter) => Some(parameter),
            _ => None,
        }
    }

    /// The table at a node.
    pub fn table(&self, id: NodeId) -> Option<&Table> {
        match &self.node(id).kind {
            NodeKind::Table(table) => Some(table),
            _ => None,
        }
    }

    /// The child of that name.
    pub fn child(&self, parent: NodeId, name: &str) -> Option<NodeId> {
        let children = self.node(parent).children();
        let found = children.binary_search_by(|&id| (*self.node(id).name).cmp(name));
        children.get(found.ok()?).copied()
    }

    /// The node of a path without root and with `{i}` for instances.
    pub fn find(&self, path: &str) -> Option<NodeId> {
        let mut parts = path.split('.').filter(|part| !part.is_empty());
        parts.try_fold(NodeId::ROOT, |node, part| self.child(node, part))
    }

    /// How many parameters the description has, templates counted once.
    pub fn parameter_count(&self) -> usize {
        let is_parameter = |node: &&Node| matches!(node.kind, NodeKind::Parameter(_));
        self.rest.iter().filter(is_parameter).count()
    }

    /// The default value of a parameter: that of its own row where it has one (`A.B.1.X`), else of
    /// its template's.
    pub fn default<'a>(&'a self, key: &Key, parameter: &'a Parameter) -> &'a str {
        let own = self
            .literals
            .get(key)
            .and_then(|own| own.default.as_deref());
        own.unwrap_or(&parameter.default)
    }

    /// The default notification of a parameter, likewise.
    pub fn notification(&self, key: &Key, parameter: &Parameter) -> u8 {
        let own = self.literals.get(key);
        own.map_or(parameter.notification, |own| own.notification)
    }

    /// How much of a change of a parameter is told, and how often, of all its instances.
    pub fn limit(&self, parameter: NodeId) -> Option<&ChangeLimit> {
        self.limits.get(&parameter)
    }

    /// The default access list of a parameter, likewise.
    pub fn access_list<'a>(&'a self, key: &Key, parameter: &'a Parameter) -> &'a [String] {
        let own = self
            .literals
            .get(key)
            .and_then(|own| own.access_list.as_deref());
        let list = own.or(parameter.access_list.as_deref());
        list.unwrap_or(SUBSCRIBER.as_slice())
    }

    /// Whether the ACS may not change the notification of a parameter at all.
    pub fn notification_is_fixed(&self, key: &Key, parameter: &Parameter) -> bool {
        parameter.denied && self.notification(key, parameter) == 2
    }

    /// Rows of literal instances that notify though their template does not.
    pub(super) fn notifying_literals(&self) -> impl Iterator<Item = Key> + '_ {
        let notifying = |(_, literal): &(&Key, &Literal)| literal.notification != 0;
        self.literals.iter().filter(notifying).map(|(key, _)| *key)
    }

    /// Whether the description itself has an instance.
    pub(super) fn has_instance(&self, table: Key, number: u32) -> bool {
        self.instances.contains(&(table, number))
    }

    /// A node and all nodes below it.
    pub(super) fn with_all_below(&self, node: NodeId) -> Vec<NodeId> {
        let mut all = vec![node];
        let mut at = 0;
        while let Some(&next) = all.get(at) {
            all.extend(self.node(next).children());
            at += 1;
        }
        all
    }

    /// The full path of a place.
    pub fn path(&self, key: Key) -> String {
        let mut path = String::new();
        self.write_path(key.node, key.at, &mut path);
        path
    }

    fn write_path(&self, id: NodeId, at: At, path: &mut String) {
        let node = self.node(id);
        let Some(parent) = node.parent else {
            path.push_str(&node.name);
            return;
        };
        match node.kind {
            NodeKind::Template(_) => {
                self.write_path(parent, at.up(), path);
                if let Some(number) = at.as_slice().last() {
                    path.push_str(&number.to_string());
                }
                path.push('.');
            }
            NodeKind::Parameter(_) => {
                self.write_path(parent, at, path);
                path.push_str(&node.name);
            }
            NodeKind::Object(_) | NodeKind::Table(_) => {
                self.write_path(parent, at, path);
                path.push_str(&node.name);
                path.push('.');
            }
        }
    }

    /// The path of a place without the root, as rows name it.
    pub fn relative_path(&self, key: Key) -> String {
        let mut path = self.path(key);
        path.drain(..self.root_name().len());
        path
    }

    /// The path of a node with `{i}` for instances, for messages: `Device.A.{i}.B`.
    pub fn template_path(&self, id: NodeId) -> String {
        let node = self.node(id);
        let own = match node.kind {
            NodeKind::Parameter(_) => node.name.to_string(),
            _ if node.parent.is_none() => node.name.to_string(),
            _ => format!("{}.", node.name),
        };
        match node.parent {
            Some(parent) => self.template_path(parent) + &own,
            None => own,
        }
    }
}

/// The access list of a row that names none: everybody in the home.
static SUBSCRIBER: LazyLock<[String; 1]> = LazyLock::new(|| ["Subscriber".to_owned()]);

impl Parameter {
    /// As [`ParamType::check`]; what is wrong with a secret is told without repeating it.
    pub fn check<'a>(&self, text: &'a str) -> Result<Cow<'a, str>, TypeError> {
        let checked = self.kind.check(text);
        checked.map_err(|error| match self.secret {
            true => self.unshown(error),
            false => error,
        })
    }

    /// The same mistake, told without the value, which may be the right one of something else.
    pub fn unshown(&self, error: TypeError) -> TypeError {
        let unshown = format!("not a {}, and not shown here", self.kind.describe());
        match error {
            TypeError::Type(_) => TypeError::Type(unshown),
            TypeError::Value(_) => TypeError::Value(unshown),
        }
    }

    /// The parameter that this one stands for: its expression is nothing but that name.
    pub fn redirect(&self) -> Option<&Reference> {
        match &self.origin {
            Origin::Computed(formula) if formula.expr.redirect().is_some() => {
                formula.references.first()
            }
            _ => None,
        }
    }

    /// Of a computed one: what the operands of its expression are.
    pub fn references(&self) -> &[Reference] {
        match &self.origin {
            Origin::Computed(formula) => &formula.references,
            Origin::Stored | Origin::Sources(_) => &[],
        }
    }

    /// Whether the parameter's value lives in the store.
    pub fn is_stored(&self) -> bool {
        matches!(self.origin, Origin::Stored)
    }
}
