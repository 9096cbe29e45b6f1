//! An element of a document that is being read, and what was odd in it and taken all the same.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeSet;

use roxmltree::Node;

use super::error::BadArgument;

/// What was wrong by the letter and clear in its meaning: sentences for the log, each once.
#[derive(Debug, Default)]
pub struct Oddities(RefCell<BTreeSet<Cow<'static, str>>>);

/// More kinds of them in one envelope are not told.
const MAX_ODDITIES: usize = 16;

impl Oddities {
    pub(super) fn add(&self, oddity: impl Into<Cow<'static, str>>) {
        let mut all = self.0.borrow_mut();
        if all.len() < MAX_ODDITIES {
            all.insert(oddity.into());
        }
    }

    /// What each of them was, for the log.
    pub fn into_sentences(self) -> impl Iterator<Item = Cow<'static, str>> {
        self.0.into_inner().into_iter()
    }
}

/// A place in the document, which knows where to tell what is odd there.
#[derive(Clone, Copy)]
pub struct Element<'a, 'i> {
    node: Node<'a, 'i>,
    oddities: &'a Oddities,
}

impl<'a, 'i> Element<'a, 'i> {
    pub(super) fn new(node: Node<'a, 'i>, oddities: &'a Oddities) -> Self {
        Self { node, oddities }
    }

    /// The name without its prefix.
    pub fn name(self) -> &'a str {
        self.node.tag_name().name()
    }

    pub(super) fn namespace(self) -> Option<&'a str> {
        self.node.tag_name().namespace()
    }

    pub(super) fn note(self, oddity: impl Into<Cow<'static, str>>) {
        self.oddities.add(oddity);
    }

    /// The elements in it.
    pub fn children(self) -> impl Iterator<Item = Self> {
        let elements = self.node.children().filter(Node::is_element);
        elements.map(move |node| Self { node, ..self })
    }

    /// It and all elements below it.
    pub fn descendants(self) -> impl Iterator<Item = Self> {
        let elements = self.node.descendants().filter(Node::is_element);
        elements.map(move |node| Self { node, ..self })
    }

    /// The value of an attribute, in a namespace that will do.
    pub(super) fn attribute(
        self,
        will_do: impl Fn(Option<&str>) -> bool,
        name: &str,
    ) -> Option<&'a str> {
        let mut attributes = self.node.attributes();
        let found = attributes.find(|a| a.name() == name && will_do(a.namespace()));
        found.map(|attribute| attribute.value())
    }

    /// The child element of a name, in whatever namespace: the schema has none there, and servers
    /// that use a default namespace put CWMP's there.
    pub(super) fn child(self, name: &str) -> Result<Option<Self>, Box<BadArgument>> {
        let mut named = self.children().filter(|element| element.name() == name);
        let first = named.next();
        match named.next() {
            Some(_) => Err(BadArgument::new(name, "is there twice")),
            None => Ok(first),
        }
    }

    /// The whole text, exactly, whatever comments and CDATA sections divide it.
    ///
    /// # Errors
    /// It has elements.
    pub fn text(self) -> Result<Cow<'a, str>, Box<BadArgument>> {
        let mut text = Cow::Borrowed("");
        for part in self.node.children() {
            if part.is_element() {
                return Err(self.bad("has elements where a text belongs"));
            }
            if let (true, Some(more)) = (part.is_text(), part.text()) {
                if text.is_empty() {
                    text = Cow::Borrowed(more);
                } else {
                    text.to_mut().push_str(more);
                }
            }
        }
        Ok(text)
    }

    /// The local part of `xsi:type`. The prefix does not matter: no two types share a local name.
    pub(super) fn xsi_type(self) -> Option<&'a str> {
        let name = self
            .attribute(|namespace| namespace.is_some(), "type")?
            .trim();
        Some(name.rsplit_once(':').map_or(name, |(_, local)| local))
    }

    /// What is wrong with this element.
    pub(super) fn bad(self, why: &'static str) -> Box<BadArgument> {
        BadArgument::new(self.name(), why)
    }
}
