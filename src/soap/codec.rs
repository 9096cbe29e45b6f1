//! How a Rust value stands in an element, both ways: base types, options, lists.

use std::borrow::Cow;
use std::str::FromStr;

use roxmltree::Node;

use super::error::BadArgument;
use super::limits::MAX_LIST;
use super::xml::Writer;
use super::{CwmpVersion, Status};
use crate::base::secret::Secret;

/// What stands between the tags of an element.
pub(super) trait Content: Sized {
    fn read(node: Node) -> Result<Self, Box<BadArgument>>;
    fn write(&self, w: &mut Writer);
}

/// An argument or a member of a structure: one element, or none, or several, under a parent.
pub(super) trait Field: Sized {
    fn take(parent: Node, name: &str) -> Result<Self, Box<BadArgument>>;
    fn put(&self, w: &mut Writer, name: &str);
}

/// What may be a member of a list.
pub(super) trait Item: Content {
    /// Element name and type of a member of a SOAP array; `None`: no array, the element repeats.
    const ARRAY: Option<(&'static str, &'static str)>;
    /// Most members of a list.
    const MAX: usize = MAX_LIST;

    /// The start tag, for a type that needs an attribute there.
    fn start(&self, w: &mut Writer, name: &str) {
        w.start(name);
    }
}

/// An element that must be there.
impl<T: Content> Field for T {
    fn take(parent: Node, name: &str) -> Result<Self, Box<BadArgument>> {
        match child(parent, name)? {
            Some(node) => T::read(node),
            None => Err(BadArgument::new(name, "is missing")),
        }
    }

    fn put(&self, w: &mut Writer, name: &str) {
        w.start(name);
        self.write(w);
        w.end(name);
    }
}

impl<T: Content> Field for Option<T> {
    fn take(parent: Node, name: &str) -> Result<Self, Box<BadArgument>> {
        child(parent, name)?.map(T::read).transpose()
    }

    fn put(&self, w: &mut Writer, name: &str) {
        if let Some(value) = self {
            value.put(w, name);
        }
    }
}

/// The names of the members of an array have no meaning (SOAP 1.1 §5.4.2), nor is its `arrayType`
/// needed to count them.
impl<T: Item> Field for Vec<T> {
    fn take(parent: Node, name: &str) -> Result<Self, Box<BadArgument>> {
        let array = match T::ARRAY {
            Some(_) => {
                Some(child(parent, name)?.ok_or_else(|| BadArgument::new(name, "is missing"))?)
            }
            None => None,
        };
        let mut list = Vec::new();
        for member in array.unwrap_or(parent).children().filter(Node::is_element) {
            if array.is_none() && member.tag_name().name() != name {
                continue;
            }
            if list.len() == T::MAX {
                return Err(BadArgument::new(name, "has too many members"));
            }
            list.push(T::read(member)?);
        }
        Ok(list)
    }

    fn put(&self, w: &mut Writer, name: &str) {
        match T::ARRAY {
            Some((member, member_type)) => {
                let mut array = Array::start(w, name, member_type);
                for item in self {
                    array.count += 1;
                    item.start(w, member);
                    item.write(w);
                    w.end(member);
                }
                array.end(w, name);
            }
            None => {
                for item in self {
                    item.start(w, name);
                    item.write(w);
                    w.end(name);
                }
            }
        }
    }
}

/// A SOAP array that is being written; the number of members goes into its start tag at the end.
pub(super) struct Array {
    count_at: usize,
    /// Members written.
    pub(super) count: u32,
}

impl Array {
    pub(super) fn start(w: &mut Writer, name: &str, member_type: &str) -> Self {
        w.raw("<");
        w.raw(name);
        w.raw(" soap-enc:arrayType=\"");
        w.raw(member_type);
        w.raw("[");
        let count_at = w.len();
        w.raw("]\">");
        Self { count_at, count: 0 }
    }

    pub(super) fn end(self, w: &mut Writer, name: &str) {
        w.insert(self.count_at, self.count);
        w.end(name);
    }
}

/// The child element of a name, in whatever namespace: the schema has none there, and servers that
/// use a default namespace put CWMP's there.
pub(super) fn child<'a, 'i>(
    parent: Node<'a, 'i>,
    name: &str,
) -> Result<Option<Node<'a, 'i>>, Box<BadArgument>> {
    let mut named = parent
        .children()
        .filter(|node| node.is_element() && node.tag_name().name() == name);
    let first = named.next();
    match named.next() {
        Some(_) => Err(BadArgument::new(name, "is there twice")),
        None => Ok(first),
    }
}

/// The whole text of an element, exactly, whatever comments and CDATA sections divide it.
pub(super) fn text<'a>(node: Node<'a, '_>) -> Result<Cow<'a, str>, Box<BadArgument>> {
    let mut text = Cow::Borrowed("");
    for part in node.children() {
        if part.is_element() {
            return Err(BadArgument::new(
                node.tag_name().name(),
                "has elements where a text belongs",
            ));
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

fn number<T: FromStr>(node: Node) -> Result<T, Box<BadArgument>> {
    text(node)?.trim().parse().map_err(|_| {
        BadArgument::new(
            node.tag_name().name(),
            "is not a number, or not one that is allowed there",
        )
    })
}

impl Content for String {
    fn read(node: Node) -> Result<Self, Box<BadArgument>> {
        text(node).map(Cow::into_owned)
    }

    fn write(&self, w: &mut Writer) {
        w.text(self);
    }
}

impl Item for String {
    const ARRAY: Option<(&'static str, &'static str)> = Some(("string", "xsd:string"));
}

impl Content for Secret {
    fn read(node: Node) -> Result<Self, Box<BadArgument>> {
        text(node).map(Self::new)
    }

    fn write(&self, w: &mut Writer) {
        w.text(self.reveal());
    }
}

impl Content for u32 {
    fn read(node: Node) -> Result<Self, Box<BadArgument>> {
        number(node)
    }

    fn write(&self, w: &mut Writer) {
        w.plain(self);
    }
}

impl Content for i32 {
    fn read(node: Node) -> Result<Self, Box<BadArgument>> {
        number(node)
    }

    fn write(&self, w: &mut Writer) {
        w.plain(self);
    }
}

impl Content for bool {
    fn read(node: Node) -> Result<Self, Box<BadArgument>> {
        match text(node)?.trim() {
            "0" | "false" => Ok(false),
            "1" | "true" => Ok(true),
            _ => Err(BadArgument::new(node.tag_name().name(), "is not a boolean")),
        }
    }

    fn write(&self, w: &mut Writer) {
        w.raw(if *self { "1" } else { "0" });
    }
}

impl Content for Status {
    fn read(node: Node) -> Result<Self, Box<BadArgument>> {
        match text(node)?.trim() {
            "0" => Ok(Self::Applied),
            "1" => Ok(Self::Pending),
            _ => Err(BadArgument::new(
                node.tag_name().name(),
                "is neither 0 nor 1",
            )),
        }
    }

    fn write(&self, w: &mut Writer) {
        w.raw(match self {
            Self::Applied => "0",
            Self::Pending => "1",
        });
    }
}

impl Content for CwmpVersion {
    fn read(node: Node) -> Result<Self, Box<BadArgument>> {
        Self::parse(&text(node)?)
            .ok_or_else(|| BadArgument::new(node.tag_name().name(), "is no version of CWMP"))
    }

    fn write(&self, w: &mut Writer) {
        w.raw(self.as_str());
    }
}

impl<T: Content> Content for Box<T> {
    fn read(node: Node) -> Result<Self, Box<BadArgument>> {
        T::read(node).map(Self::new)
    }

    fn write(&self, w: &mut Writer) {
        T::write(self, w);
    }
}
