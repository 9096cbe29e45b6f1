//! Paths to places and back (TR-069 A.2.2), and what the sources call the instances on them.

use super::{Model, ModelError};
use crate::datamodel::key::{At, Key, MAX_TABLE_DEPTH, NodeId};
use crate::datamodel::schema::{NodeKind, Schema, Visibility};
use crate::datamodel::source::Instance;
use crate::datamodel::state::State;

/// The longest path (TR-069 A.2.2: 256 characters).
pub const MAX_PATH: usize = 256;

/// What a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The empty path: all there is.
    Whole,
    /// An object, a table or an instance: the path ends in a dot.
    Object(Key),
    /// The path of a value: it ends without a dot.
    Parameter(Key),
}

/// Who looks for a place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lookup {
    /// An RPC: sees what lives and is not hidden.
    Rpc,
    /// The agent itself: sees hidden parameters too.
    Own,
    /// A state file: sees also instances that are gone from their source for a while.
    Stored,
}

impl Model {
    /// What a full or partial path of an RPC names.
    pub(super) fn resolve(&self, path: &str) -> Result<Place, ModelError> {
        if path.is_empty() {
            return Ok(Place::Whole);
        }
        if path.chars().count() > MAX_PATH {
            return Err(ModelError::InvalidName);
        }
        let relative = path.strip_prefix(self.root());
        let place = relative.and_then(|path| self.locate(path, Lookup::Rpc));
        place.ok_or(ModelError::InvalidName)
    }

    /// What a path without the root names.
    pub(super) fn locate(&self, path: &str, lookup: Lookup) -> Option<Place> {
        let root = Key::new(NodeId::ROOT, At::default());
        if path.is_empty() {
            return Some(Place::Object(root));
        }
        let (objects, leaf) = match path.strip_suffix('.') {
            Some(objects) => (objects, None),
            None => match path.rsplit_once('.') {
                Some((objects, leaf)) => (objects, Some(leaf)),
                None => ("", Some(path)),
            },
        };
        let mut here = root;
        if leaf.is_none() || !objects.is_empty() {
            for part in objects.split('.') {
                here = self.step(here, part, lookup)?;
            }
        }
        match leaf {
            None => Some(Place::Object(here)),
            Some(leaf) => {
                let node = self.schema.child(here.node, leaf)?;
                let parameter = self.schema.parameter(node)?;
                let visible = lookup != Lookup::Rpc || parameter.shown != Visibility::Hidden;
                visible.then_some(Place::Parameter(Key::new(node, here.at)))
            }
        }
    }

    /// One object part further down.
    pub(super) fn step(&self, here: Key, part: &str, lookup: Lookup) -> Option<Key> {
        if let (Some(table), Some(number)) = (self.schema.table(here.node), instance_number(part)) {
            let at = here.at.down(number)?;
            let known = match lookup {
                Lookup::Stored => self.state.tables.get(&here).is_some_and(|instances| {
                    instances.contains(number) || instances.gone_identity(number).is_some()
                }),
                Lookup::Rpc | Lookup::Own => self.state.has_instance(here, number),
            };
            return known.then_some(Key::new(table.template?, at));
        }
        let node = self.schema.child(here.node, part)?;
        match self.schema.node(node).kind {
            NodeKind::Object(_) | NodeKind::Table(_) => Some(Key::new(node, here.at)),
            NodeKind::Template(_) | NodeKind::Parameter(_) => None,
        }
    }

    /// Whether all instances on the path of a place are there.
    pub(super) fn is_living(&self, key: Key) -> bool {
        let (mut node, mut at) = (key.node, key.at);
        while let Some(parent) = self.schema.node(node).parent {
            if let (NodeKind::Template(_), Some(&number)) =
                (&self.schema.node(node).kind, at.as_slice().last())
            {
                at = at.up();
                if !self.state.has_instance(Key::new(parent, at), number) {
                    return false;
                }
            }
            node = parent;
        }
        true
    }

    /// The full path of a place.
    pub(super) fn path(&self, key: Key) -> String {
        self.schema.path(key)
    }
}

/// What the sources call the instances on the path of a place.
pub(super) fn instances<'a>(schema: &Schema, state: &'a State, key: Key) -> InstancePath<'a> {
    let mut path = InstancePath {
        instances: [Instance {
            number: 0,
            identity: None,
        }; MAX_TABLE_DEPTH],
        len: key.at.depth(),
    };
    let (mut node, mut at) = (key.node, key.at);
    while let (Some(parent), Some(&number)) = (schema.node(node).parent, at.as_slice().last()) {
        if matches!(schema.node(node).kind, NodeKind::Template(_)) {
            at = at.up();
            let owned = schema.table(parent).is_some_and(|t| t.source.is_some());
            let table = owned
                .then(|| state.tables.get(&Key::new(parent, at)))
                .flatten();
            if let Some(instance) = path.instances.get_mut(at.depth()) {
                instance.number = number;
                instance.identity = table.and_then(|table| table.identity(number));
            }
        }
        node = parent;
    }
    path
}

/// The instances on a path, outermost first.
pub(super) struct InstancePath<'a> {
    instances: [Instance<'a>; MAX_TABLE_DEPTH],
    len: usize,
}

impl<'a> InstancePath<'a> {
    pub(super) fn as_slice(&self) -> &[Instance<'a>] {
        self.instances.get(..self.len).unwrap_or_default()
    }
}

/// The instance number that a part of a path names. There are no aliases (`[name]`, TR-069 §3.6.1).
pub(super) fn instance_number(part: &str) -> Option<u32> {
    let canonical = part.bytes().all(|b| b.is_ascii_digit()) && !part.starts_with('0');
    if canonical { part.parse().ok() } else { None }
}
