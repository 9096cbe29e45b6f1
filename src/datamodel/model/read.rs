//! Names, values and attributes: the reading RPCs.

use std::rc::Rc;

use super::resolve::{Lookup, Place};
use super::{AttributesView, Model, ModelError};
use crate::base::xsd::XsdType;
use crate::datamodel::key::{At, Key, NodeId};
use crate::datamodel::schema::{NodeKind, Parameter, Visibility};
use crate::datamodel::state::ParameterState;

/// What a walk meets: the path, the place, and the parameter where it is one.
type Visit<'a> = dyn FnMut(&mut Model, &str, Key, Option<&Parameter>) + 'a;

impl Model {
    /// Whether there is anything of this path.
    ///
    /// # Errors
    /// `InvalidName`.
    pub fn find(&mut self, path: &str) -> Result<(), ModelError> {
        self.resolve_present(path).map(drop)
    }

    /// GetParameterNames (A.3.2.3): calls `each(path, writable)`.
    ///
    /// # Errors
    /// `InvalidName`, or `InvalidArguments` for a parameter with `next_level`.
    pub fn names(
        &mut self,
        path: &str,
        next_level: bool,
        each: &mut dyn FnMut(&str, bool),
    ) -> Result<(), ModelError> {
        let mut visit = |model: &mut Self, path: &str, key: Key, parameter: Option<&Parameter>| {
            each(
                path,
                match parameter {
                    Some(parameter) => model.takes_values(key, parameter),
                    None => model.is_writable(key.node),
                },
            );
        };
        let root = Key::new(NodeId::ROOT, At::default());
        match (self.resolve_present(path)?, next_level) {
            (Place::Parameter(_), true) => {
                let why = "NextLevel is for objects, not for a parameter".to_owned();
                return Err(ModelError::InvalidArguments(why));
            }
            (Place::Parameter(key), false) => {
                let schema = Rc::clone(&self.schema);
                visit(self, path, key, schema.parameter(key.node));
            }
            (Place::Whole, true) => {
                let name = self.root().to_owned();
                visit(self, &name, root, None);
            }
            (Place::Whole, false) => self.walk_with_self(root, &mut visit),
            (Place::Object(key), false) => self.walk_with_self(key, &mut visit),
            (Place::Object(key), true) => {
                let mut path = self.path(key);
                self.children(key, &mut path, false, &mut visit);
            }
        }
        Ok(())
    }

    /// GetParameterValues (A.3.2.2) of one path: calls `each(path, type, value)`. The value is
    /// valid for its type: where there is none, a number reads as 0 and a date as the Unknown
    /// Time. Secrets read as empty, whoever asks.
    ///
    /// # Errors
    /// `InvalidName`.
    pub fn values(
        &mut self,
        path: &str,
        each: &mut dyn FnMut(&str, XsdType, &str),
    ) -> Result<(), ModelError> {
        self.parameters(path, &mut |model, path, key, parameter| {
            model.show(key, parameter, &mut |value| {
                each(path, parameter.kind.xsd(), value);
            });
        })
    }

    /// GetParameterAttributes (A.3.2.5) of one path: calls `each(path, attributes)`.
    ///
    /// # Errors
    /// `InvalidName`.
    pub fn attributes(
        &mut self,
        path: &str,
        each: &mut dyn FnMut(&str, AttributesView<'_>),
    ) -> Result<(), ModelError> {
        self.parameters(path, &mut |model, path, key, parameter| {
            let more = model.state.parameter(&key);
            let more = more.and_then(|state| state.more.as_deref());
            let access_list = more.and_then(|more| more.access_list.as_deref());
            let default = model.schema.access_list(&key, parameter);
            each(
                path,
                AttributesView {
                    notification: model.notification(key, parameter),
                    access_list: access_list.unwrap_or(default),
                },
            );
        })
    }

    /// The forced-Inform parameters: calls `each(path, type, value)`.
    pub fn forced(&mut self, each: &mut dyn FnMut(&str, XsdType, &str)) {
        let schema = Rc::clone(&self.schema);
        for &node in &schema.forced {
            self.each_instance(node, &mut |model, key| {
                let Some(parameter) = schema.parameter(node) else {
                    return;
                };
                if !model.is_present(key) {
                    return;
                }
                let path = model.path(key);
                model.show(key, parameter, &mut |value| {
                    each(&path, parameter.kind.xsd(), value);
                });
            });
        }
    }

    /// The value of one parameter for the agent's own use: secrets as they are. `path` is without
    /// the root, e.g. `ManagementServer.URL`. `None` where the model has no such parameter.
    pub fn value(&mut self, path: &str) -> Option<String> {
        let Some(Place::Parameter(key)) = self.locate(path, Lookup::Own) else {
            return None;
        };
        let schema = Rc::clone(&self.schema);
        let parameter = schema.parameter(key.node)?;
        let mut text = String::new();
        self.evaluate(key, parameter, &mut |value| text.push_str(value));
        Some(text)
    }

    /// Calls `each` for all parameters that a path names.
    pub(super) fn parameters(
        &mut self,
        path: &str,
        each: &mut dyn FnMut(&mut Self, &str, Key, &Parameter),
    ) -> Result<(), ModelError> {
        let mut visit = |model: &mut Self, path: &str, key: Key, parameter: Option<&Parameter>| {
            if let Some(parameter) = parameter {
                each(model, path, key, parameter);
            }
        };
        match self.resolve_present(path)? {
            Place::Parameter(key) => {
                let schema = Rc::clone(&self.schema);
                visit(self, path, key, schema.parameter(key.node));
            }
            Place::Object(key) => self.walk_with_self(key, &mut visit),
            Place::Whole => {
                self.walk_with_self(Key::new(NodeId::ROOT, At::default()), &mut visit);
            }
        }
        Ok(())
    }

    /// The effective notification of a parameter.
    pub(super) fn notification(&self, key: Key, parameter: &Parameter) -> u8 {
        let own = self
            .state
            .parameter(&key)
            .and_then(ParameterState::notification);
        own.unwrap_or_else(|| self.schema.notification(&key, parameter))
    }

    /// Calls `each` for all living instances of a node.
    pub(super) fn each_instance(&mut self, node: NodeId, each: &mut dyn FnMut(&mut Self, Key)) {
        let schema = Rc::clone(&self.schema);
        let mut tables = Vec::new();
        let mut up = Some(node);
        while let Some(id) = up {
            up = schema.node(id).parent;
            if let (NodeKind::Template(_), Some(table)) = (&schema.node(id).kind, up) {
                tables.push(table);
            }
        }
        let mut places = vec![At::default()];
        while let Some(table) = tables.pop() {
            let below = |at: &At| -> Vec<At> {
                let numbers = self.state.instances(Key::new(table, *at));
                numbers.filter_map(|number| at.down(number)).collect()
            };
            places = places.iter().flat_map(below).collect();
        }
        for at in places {
            each(self, Key::new(node, at));
        }
    }

    fn is_writable(&self, node: NodeId) -> bool {
        let schema = &self.schema;
        let table = match (&schema.node(node).kind, schema.node(node).parent) {
            (NodeKind::Template(_), Some(parent)) => schema.table(parent),
            _ => schema.table(node),
        };
        table.is_some_and(|table| table.writable)
    }

    fn walk_with_self(&mut self, key: Key, visit: &mut Visit<'_>) {
        let mut path = self.path(key);
        visit(self, &path, key, None);
        self.children(key, &mut path, true, visit);
    }

    /// Visits what stands directly below an object, and with `deep` all below that.
    fn children(&mut self, key: Key, path: &mut String, deep: bool, visit: &mut Visit<'_>) {
        let schema = Rc::clone(&self.schema);
        let stem = path.len();
        for &child in schema.node(key.node).children() {
            let node = schema.node(child);
            match &node.kind {
                NodeKind::Parameter(parameter) if parameter.shown == Visibility::Hidden => {}
                NodeKind::Parameter(_) | NodeKind::Object(_)
                    if !self.is_present_itself(Key::new(child, key.at)) => {}
                NodeKind::Parameter(parameter) => {
                    path.push_str(&node.name);
                    visit(self, path, Key::new(child, key.at), Some(parameter));
                }
                NodeKind::Object(_) | NodeKind::Table(_) => {
                    path.push_str(&node.name);
                    path.push('.');
                    self.visit_object(Key::new(child, key.at), path, deep, visit);
                }
                NodeKind::Template(_) => {
                    let numbers: Vec<u32> = self.state.instances(key).collect();
                    for number in numbers {
                        if let Some(at) = key.at.down(number) {
                            path.push_str(&number.to_string());
                            path.push('.');
                            self.visit_object(Key::new(child, at), path, deep, visit);
                            path.truncate(stem);
                        }
                    }
                }
            }
            path.truncate(stem);
        }
    }

    fn visit_object(&mut self, key: Key, path: &mut String, deep: bool, visit: &mut Visit<'_>) {
        visit(self, path, key, None);
        if deep {
            self.children(key, path, deep, visit);
        }
    }
}
