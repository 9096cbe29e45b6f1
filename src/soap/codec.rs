//! How a Rust value stands in an element, both ways: base types, options, lists.

use std::str::FromStr;

use super::element::Element;
use super::error::BadArgument;
use super::limits::MAX_LIST;
use super::xml::Writer;
use super::{CwmpVersion, Status};
use crate::base::secret::Secret;

/// What stands between the tags of an element. It is read into an empty value, where it stays: on
/// the way there nothing is moved, and a failure has one thing to drop.
pub(super) trait Content: Default {
    fn fill(&mut self, node: Element) -> Result<(), Box<BadArgument>>;
    fn write(&self, w: &mut Writer);

    /// What it means that an element which must be there is not.
    fn missing(&mut self, _parent: Element, name: &str) -> Result<(), Box<BadArgument>> {
        Err(BadArgument::new(name, "is missing"))
    }

    fn read(node: Element) -> Result<Self, Box<BadArgument>> {
        let mut content = Self::default();
        content.fill(node).map(|()| content)
    }
}

/// Missing, they are empty: Magma, ruby-cwmp and Node-CWMP leave them out.
const KEYS: [&str; 2] = ["CommandKey", "ParameterKey"];

/// Here the schema itself lets it be absent.
const NEEDS_NO_KEY: &str = "ChangeDUState";

/// An argument or a member of a structure: one element, or none, or several, under a parent.
pub(super) trait Field {
    fn fill_from(&mut self, parent: Element, name: &str) -> Result<(), Box<BadArgument>>;
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
    fn fill_from(&mut self, parent: Element, name: &str) -> Result<(), Box<BadArgument>> {
        match parent.child(name)? {
            Some(node) => self.fill(node),
            None => self.missing(parent, name),
        }
    }

    fn put(&self, w: &mut Writer, name: &str) {
        w.start(name);
        self.write(w);
        w.end(name);
    }
}

impl<T: Content> Field for Option<T> {
    fn fill_from(&mut self, parent: Element, name: &str) -> Result<(), Box<BadArgument>> {
        match parent.child(name)? {
            Some(node) => self.insert(T::default()).fill(node),
            None => Ok(()),
        }
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
    fn fill_from(&mut self, parent: Element, name: &str) -> Result<(), Box<BadArgument>> {
        let array = match T::ARRAY {
            Some(_) => Some(
                parent
                    .child(name)?
                    .ok_or_else(|| BadArgument::new(name, "is missing"))?,
            ),
            None => None,
        };
        for member in array.unwrap_or(parent).children() {
            if array.is_none() && member.name() != name {
                continue;
            }
            if T::is_stray(member) {
                member.note(format!("{name} has a member that is none, passed over"));
                continue;
            }
            if self.len() == T::MAX {
                return Err(BadArgument::new(name, "has too many members"));
            }
            self.push(T::read(member)?);
        }
        Ok(())
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
    fn fill(&mut self, node: Element) -> Result<(), Box<BadArgument>> {
        *self = node.text()?.into_owned();
        Ok(())
    }

    fn missing(&mut self, parent: Element, name: &str) -> Result<(), Box<BadArgument>> {
        if !KEYS.contains(&name) {
            return Err(BadArgument::new(name, "is missing"));
        }
        // ruby-cwmp puts it among the parameters.
        if let Some(list) = parent.child("ParameterList")? {
            if let Some(key) = list.child(name)? {
                key.note(format!("{name} is in the ParameterList, taken from there"));
                return self.fill(key);
            }
        }
        if parent.name() != NEEDS_NO_KEY {
            parent.note(format!("{name} is missing, taken as empty"));
        }
        Ok(())
    }

    fn write(&self, w: &mut Writer) {
        w.text(self);
    }
}

impl Item for String {
    const ARRAY: Option<(&'static str, &'static str)> = Some((TEXT, "xsd:string"));
}

impl Content for Secret {
    fn fill(&mut self, node: Element) -> Result<(), Box<BadArgument>> {
        *self = Self::new(node.text()?);
        Ok(())
    }

    fn write(&self, w: &mut Writer) {
        w.text(self.reveal());
    }
}

impl Content for u32 {
    fn fill(&mut self, node: Element) -> Result<(), Box<BadArgument>> {
        *self = number(node)?;
        Ok(())
    }

    fn write(&self, w: &mut Writer) {
        w.plain(self);
    }
}

impl Content for i32 {
    fn fill(&mut self, node: Element) -> Result<(), Box<BadArgument>> {
        *self = number(node)?;
        Ok(())
    }

    fn write(&self, w: &mut Writer) {
        w.plain(self);
    }
}

impl Content for bool {
    fn fill(&mut self, node: Element) -> Result<(), Box<BadArgument>> {
        let text = node.text()?;
        let text = text.trim();
        let is = |word: &str| text.eq_ignore_ascii_case(word);
        *self = match text {
            "0" | "false" => false,
            "1" | "true" => true,
            _ if is("false") || is("true") => {
                node.note(format!("{} is a boolean in capitals", node.name()));
                is("true")
            }
            _ => return Err(node.bad("is not a boolean")),
        };
        Ok(())
    }

    fn write(&self, w: &mut Writer) {
        w.raw(if *self { "1" } else { "0" });
    }
}

impl Content for Status {
    fn fill(&mut self, node: Element) -> Result<(), Box<BadArgument>> {
        *self = match node.text()?.trim() {
            "0" => Self::Applied,
            "1" => Self::Pending,
            _ => return Err(node.bad("is neither 0 nor 1")),
        };
        Ok(())
    }

    fn write(&self, w: &mut Writer) {
        w.raw(match self {
            Self::Applied => "0",
            Self::Pending => "1",
        });
    }
}

impl Content for CwmpVersion {
    fn fill(&mut self, node: Element) -> Result<(), Box<BadArgument>> {
        let version = Self::parse(&node.text()?);
        *self = version.ok_or_else(|| node.bad("is no version of CWMP"))?;
        Ok(())
    }

    fn write(&self, w: &mut Writer) {
        w.raw(self.as_str());
    }
}

impl<T: Content> Content for Box<T> {
    fn fill(&mut self, node: Element) -> Result<(), Box<BadArgument>> {
        T::fill(self, node)
    }

    fn write(&self, w: &mut Writer) {
        T::write(self, w);
    }
}
