//! How a Rust value stands in an element, both ways: base types, options, lists.

use std::borrow::Cow;
use std::str::FromStr;

use super::element::Element;
use super::error::BadArgument;
use super::limits::MAX_LIST;
use super::xml::Writer;
use super::{CwmpVersion, Status};
use crate::base::secret::Secret;

/// What stands between the tags of an element.
pub(super) trait Content: Sized {
    fn read(node: Element) -> Result<Self, Box<BadArgument>>;
    fn write(&self, w: &mut Writer);

    /// What it means that an element which must be there is not.
    fn missing(_parent: Element, name: &str) -> Result<Self, Box<BadArgument>> {
        Err(BadArgument::new(name, "is missing"))
    }
}

/// Missing, they are empty: Magma, ruby-cwmp and Node-CWMP leave them out.
const KEYS: [&str; 2] = ["CommandKey", "ParameterKey"];

/// An argument or a member of a structure: one element, or none, or several, under a parent.
pub(super) trait Field: Sized {
    fn take(parent: Element, name: &str) -> Result<Self, Box<BadArgument>>;
    fn put(&self, w: &mut Writer, name: &str);
}

/// What may be a member of a list.
pub(super) trait Item: Content {
    /// Element name and type of a member of a SOAP array; `None`: no array, the element repeats.
    const ARRAY: Option<(&'static str, &'static str)>;
    /// Most members of a list.
    const MAX: usize = MAX_LIST;

    /// Whether an element of the array is none of its members.
    fn is_stray(member: Element) -> bool {
        Self::ARRAY.is_some_and(|(name, _)| name != TEXT && name != member.name())
            && member.children().next().is_none()
    }

    /// The start tag, for a type that needs an attribute there.
    fn start(&self, w: &mut Writer, name: &str) {
        w.start(name);
    }
}

/// The name of a member that is a text.
const TEXT: &str = "string";

/// An element that must be there.
impl<T: Content> Field for T {
    fn take(parent: Element, name: &str) -> Result<Self, Box<BadArgument>> {
        match parent.child(name)? {
            Some(node) => T::read(node),
            None => T::missing(parent, name),
        }
    }

    fn put(&self, w: &mut Writer, name: &str) {
        w.start(name);
        self.write(w);
        w.end(name);
    }
}

impl<T: Content> Field for Option<T> {
    fn take(parent: Element, name: &str) -> Result<Self, Box<BadArgument>> {
        parent.child(name)?.map(T::read).transpose()
    }

    fn put(&self, w: &mut Writer, name: &str) {
        if let Some(value) = self {
            value.put(w, name);
        }
    }
}

/// The names of the members of an array have no meaning (SOAP 1.1 §5.4.2), nor is its `arrayType`
/// needed to count them. But a text among structures is no member.
impl<T: Item> Field for Vec<T> {
    fn take(parent: Element, name: &str) -> Result<Self, Box<BadArgument>> {
        let array = match T::ARRAY {
            Some(_) => Some(
                parent
                    .child(name)?
                    .ok_or_else(|| BadArgument::new(name, "is missing"))?,
            ),
            None => None,
        };
        let mut list = Vec::new();
        for member in array.unwrap_or(parent).children() {
            if array.is_none() && member.name() != name {
                continue;
            }
            if T::is_stray(member) {
                member.note(format!("{name} has a member that is none, passed over"));
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

fn number<T: FromStr>(node: Element) -> Result<T, Box<BadArgument>> {
    node.text()?
        .trim()
        .parse()
        .map_err(|_| node.bad("is not a number, or not one that is allowed there"))
}

impl Content for String {
    fn read(node: Element) -> Result<Self, Box<BadArgument>> {
        node.text().map(Cow::into_owned)
    }

    fn missing(parent: Element, name: &str) -> Result<Self, Box<BadArgument>> {
        if !KEYS.contains(&name) {
            return Err(BadArgument::new(name, "is missing"));
        }
        // ruby-cwmp puts it among the parameters.
        if let Some(list) = parent.child("ParameterList")? {
            if let Some(key) = list.child(name)? {
                key.note(format!("{name} is in the ParameterList, taken from there"));
                return Self::read(key);
            }
        }
        parent.note(format!("{name} is missing, taken as empty"));
        Ok(Self::new())
    }

    fn write(&self, w: &mut Writer) {
        w.text(self);
    }
}

impl Item for String {
    const ARRAY: Option<(&'static str, &'static str)> = Some((TEXT, "xsd:string"));
}

impl Content for Secret {
    fn read(node: Element) -> Result<Self, Box<BadArgument>> {
        node.text().map(Self::new)
    }

    fn write(&self, w: &mut Writer) {
        w.text(self.reveal());
    }
}

impl Content for u32 {
    fn read(node: Element) -> Result<Self, Box<BadArgument>> {
        number(node)
    }

    fn write(&self, w: &mut Writer) {
        w.plain(self);
    }
}

impl Content for i32 {
    fn read(node: Element) -> Result<Self, Box<BadArgument>> {
        number(node)
    }

    fn write(&self, w: &mut Writer) {
        w.plain(self);
    }
}

impl Content for bool {
    fn read(node: Element) -> Result<Self, Box<BadArgument>> {
        let text = node.text()?;
        let text = text.trim();
        let is = |word: &str| text.eq_ignore_ascii_case(word);
        let truth = match text {
            "0" | "false" => false,
            "1" | "true" => true,
            _ if is("false") || is("true") => {
                node.note(format!("{} is a boolean in capitals", node.name()));
                is("true")
            }
            _ => return Err(node.bad("is not a boolean")),
        };
        Ok(truth)
    }

    fn write(&self, w: &mut Writer) {
        w.raw(if *self { "1" } else { "0" });
    }
}

impl Content for Status {
    fn read(node: Element) -> Result<Self, Box<BadArgument>> {
        match node.text()?.trim() {
            "0" => Ok(Self::Applied),
            "1" => Ok(Self::Pending),
            _ => Err(node.bad("is neither 0 nor 1")),
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
    fn read(node: Element) -> Result<Self, Box<BadArgument>> {
        Self::parse(&node.text()?).ok_or_else(|| node.bad("is no version of CWMP"))
    }

    fn write(&self, w: &mut Writer) {
        w.raw(self.as_str());
    }
}

impl<T: Content> Content for Box<T> {
    fn read(node: Element) -> Result<Self, Box<BadArgument>> {
        T::read(node).map(Self::new)
    }

    fn write(&self, w: &mut Writer) {
        T::write(self, w);
    }
}
