//! What rows have in common, kept once: names that come again in every object, a few types, access
//! lists.

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::datamodel::types::ParamType;

/// What was seen while a schema is built.
#[derive(Default)]
pub(super) struct Interned {
    names: BTreeSet<Rc<str>>,
    kinds: BTreeSet<Rc<ParamType>>,
    lists: BTreeSet<Rc<[String]>>,
}

impl Interned {
    /// A part of a path.
    pub(super) fn name(&mut self, name: &str) -> Rc<str> {
        let known = self.names.get(name).map(Rc::clone);
        known.unwrap_or_else(|| {
            let name = Rc::from(name);
            self.names.insert(Rc::clone(&name));
            name
        })
    }

    /// A type.
    pub(super) fn kind(&mut self, kind: &ParamType) -> Rc<ParamType> {
        let known = self.kinds.get(kind).map(Rc::clone);
        known.unwrap_or_else(|| {
            let kind = Rc::new(kind.clone());
            self.kinds.insert(Rc::clone(&kind));
            kind
        })
    }

    /// An access list.
    pub(super) fn list(&mut self, list: &[String]) -> Rc<[String]> {
        let known = self.lists.get(list).map(Rc::clone);
        known.unwrap_or_else(|| {
            let list: Rc<[String]> = list.into();
            self.lists.insert(Rc::clone(&list));
            list
        })
    }
}
