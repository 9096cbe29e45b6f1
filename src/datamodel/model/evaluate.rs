//! The value of a parameter: from the store, from a source, or computed.

use std::rc::Rc;

use crate::datamodel::expr::{Expr, Scope};
use crate::datamodel::filter::Filter;
use crate::datamodel::key::{Key, NodeId};
use crate::datamodel::row::Storage;
use crate::datamodel::schema::{NodeKind, Origin, Parameter, SourceRef, TEMPLATE, is_number};
use super::Model;
use super::resolve::{Lookup, Place};

/// How many computed parameters may stand behind one another; more is taken for a loop.
pub const MAX_COMPUTED_DEPTH: u8 = 16;

/// How many computed parameters one value may be computed from, near and far.
pub const MAX_COMPUTED: u16 = 1000;

/// What is left of the bounds while a value is computed.
struct Left {
    depth: u8,
    values: u16,
}

impl Model {
    /// Hands the value as the ACS sees it to `give`: valid for its type, secrets empty.
    pub(super) fn show(&mut self, key: Key, parameter: &Parameter, give: &mut dyn FnMut(&str)) {
        if parameter.secret {
            return give("");
        }
        self.evaluate(key, parameter, &mut |value| {
            let empty = value.is_empty();
            give(if empty { parameter.kind.empty() } else { value });
        });
    }

    /// Hands the value to `give`, exactly once; empty where there is none.
    pub(super) fn evaluate(&mut self, key: Key, parameter: &Parameter, give: &mut dyn FnMut(&str)) {
        let mut left = Left {
            depth: MAX_COMPUTED_DEPTH,
            values: MAX_COMPUTED,
        };
        self.evaluate_within(&mut left, key, parameter, give);
    }

    fn evaluate_within(
        &mut self,
        left: &mut Left,
        key: Key,
        parameter: &Parameter,
        give: &mut dyn FnMut(&str),
    ) {
        let own = self.state.parameters.get(&key);
        if let Some(value) = own.and_then(|state| state.value.as_deref()) {
            return give(value);
        }
        match &parameter.origin {
            Origin::Stored => give(&parameter.default),
            Origin::Sources(sources) => {
                if let Some(value) = self.mixed.get(&key) {
                    return give(value);
                }
                match self.first_fitting(key, parameter, sources) {
                    Some(value) => {
                        give(&value);
                        if parameter.storage == Storage::Mixed {
                            self.mixed.insert(key, value.into());
                        }
                    }
                    None => give(&parameter.default),
                }
            }
            Origin::Computed(expr) => match self.compute(left, key, parameter, expr) {
                Some(value) => give(&value),
                None => give(&parameter.default),
            },
        }
    }

    /// The first alternative that has a value which fits the type.
    fn first_fitting(
        &mut self,
        key: Key,
        parameter: &Parameter,
        sources: &[SourceRef],
    ) -> Option<String> {
        for reference in sources {
            let Some((_, source)) = self.sources.get_mut(reference.source) else {
                continue;
            };
            let raw = source.get(&reference.key, key.at.as_slice());
            let raw = raw.as_deref().unwrap_or_default();
            let Some(value) = filtered(raw, &reference.filters) else {
                continue;
            };
            if value.is_empty() {
                continue;
            }
            match parameter.check(&value) {
                Ok(value) => return Some(value.into_owned()),
                Err(misfit) => {
                    if self.misfits.insert(key) {
                        let path = self.path(key);
                        log::warn!("{path}: its source gives a value that does not fit: {misfit}");
                    }
                }
            }
        }
        None
    }

    fn compute(
        &mut self,
        left: &mut Left,
        key: Key,
        parameter: &Parameter,
        expr: &Expr,
    ) -> Option<String> {
        let (Some(depth), Some(values)) = (left.depth.checked_sub(1), left.values.checked_sub(1))
        else {
            if self.misfits.insert(key) {
                log::warn!("{}: computed from itself, or too much", self.path(key));
            }
            return None;
        };
        let above = std::mem::replace(left, Left { depth, values }).depth;
        let value = expr.eval(&mut Neighbours {
            model: self,
            key,
            left,
        });
        left.depth = above;
        let value = value?;
        match parameter.check(&value) {
            Ok(value) => Some(value.into_owned()),
            Err(_) => None,
        }
    }

    /// The parameter that a computed one stands for, where its whole expression is one name.
    pub(super) fn redirected(&self, mut key: Key) -> Key {
        for _ in 0..MAX_COMPUTED_DEPTH {
            let Some(parameter) = self.schema.parameter(key.node) else {
                return key;
            };
            let Origin::Computed(expr) = &parameter.origin else {
                return key;
            };
            let target = expr.redirect().and_then(|name| self.relative(key, name));
            match target {
                Some(Place::Parameter(target)) => key = target,
                _ => return key,
            }
        }
        key
    }

    /// What `name` means in the row of `key`: absolute with the root in front, else relative to
    /// the object that holds the row, each further leading dot one level up. A template part
    /// stands for the row's own instance.
    fn relative(&self, key: Key, name: &str) -> Option<Place> {
        let (mut here, rest) = match name.strip_prefix(self.root()) {
            Some(rest) => (Key::new(NodeId::ROOT, Default::default()), rest),
            None => {
                let rest = name.trim_start_matches('.');
                let dots = name.len() - rest.len();
                let mut here = self.parent(key)?;
                for _ in 1..dots.max(1) {
                    here = self.parent(here)?;
                }
                (here, rest)
            }
        };
        let mut parts = rest.split('.').peekable();
        while let Some(part) = parts.next() {
            let last = parts.peek().is_none();
            if last && part.is_empty() {
                return Some(Place::Object(here));
            }
            if last {
                let node = self.schema.child(here.node, part)?;
                self.schema.parameter(node)?;
                return Some(Place::Parameter(Key::new(node, here.at)));
            }
            if part.is_empty() || part == TEMPLATE {
                let template = self.schema.table(here.node)?.template?;
                let number = key.at.get(here.at.len())?;
                here = Key::new(template, here.at.down(number)?);
            } else {
                here = self.step(here, part, Lookup::Own)?;
            }
        }
        Some(Place::Object(here))
    }

    fn parent(&self, key: Key) -> Option<Key> {
        let node = self.schema.node(key.node);
        let at = match node.kind {
            NodeKind::Template => key.at.up(),
            _ => key.at,
        };
        Some(Key::new(node.parent?, at))
    }
}

/// What an expression sees: the parameters around the one it computes.
struct Neighbours<'a> {
    model: &'a mut Model,
    key: Key,
    left: &'a mut Left,
}

impl Scope for Neighbours<'_> {
    fn value(&mut self, name: &str) -> Option<String> {
        let Place::Parameter(key) = self.model.relative(self.key, name)? else {
            return None;
        };
        let schema = Rc::clone(&self.model.schema);
        let parameter = schema.parameter(key.node)?;
        let mut text = String::new();
        self.model
            .evaluate_within(self.left, key, parameter, &mut |v| text.push_str(v));
        (!text.is_empty()).then_some(text)
    }

    fn count(&mut self, object: &str) -> Option<u64> {
        match self.model.relative(self.key, object)? {
            Place::Object(table) => {
                let living = self.model.state.instances(table).count();
                let schema = &self.model.schema;
                let fixed = schema.node(table.node).children.iter();
                let fixed = fixed.filter(|&&child| is_number(&schema.node(child).name));
                u64::try_from(living + fixed.count()).ok()
            }
            _ => None,
        }
    }

    fn now(&self) -> i64 {
        self.model.unix
    }
}

fn filtered(raw: &str, filters: &[Filter]) -> Option<String> {
    let mut value = raw.to_owned();
    for filter in filters {
        value = filter.apply(&value)?;
    }
    Some(value)
}
