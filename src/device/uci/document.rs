//! A UCI file in memory: what it says, and the text that says it. `edit` changes it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::UciError;
use super::parse::{Keyword, Statement, Statements, parse};

/// What an option says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `option`; never empty, since libuci takes an empty option for one that is not set.
    One(String),
    /// `list`, in order.
    List(Vec<String>),
}

impl Value {
    /// The one value, or those of the list.
    pub fn items(&self) -> &[String] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::List(items) => items,
        }
    }
}

/// A `config` with what follows it, up to the next; one that is written in two places is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// `config TYPE`
    pub kind: String,
    /// `None` for a section without a name.
    pub name: Option<String>,
    /// Its options with their values, in libuci's order.
    pub options: Vec<(String, Value)>,
    /// Indices of its statements; those of a section that is written in two places, too.
    pub(super) statements: Vec<usize>,
}

impl Section {
    /// The value of an option; `None` where it is not set, or set to the empty text.
    pub fn get(&self, option: &str) -> Option<&Value> {
        self.options
            .iter()
            .find(|(name, _)| name == option)
            .map(|(_, value)| value)
    }

    fn put(&mut self, option: &str, value: Value) {
        self.options.retain(|(name, _)| name != option);
        self.options.push((option.to_owned(), value));
    }
}

/// A parsed file.
pub struct Document {
    pub(super) file: String,
    pub(super) text: Vec<u8>,
    pub(super) statements: Vec<Statement>,
    pub(super) dangling: bool,
    pub(super) sections: Vec<Section>,
}

impl Document {
    /// Reads `text`; `file` is the name for messages.
    pub fn parse(file: &str, text: Vec<u8>) -> Result<Self, UciError> {
        let Statements {
            statements,
            dangling,
        } = parse(file, &text)?;
        let sections = sections(&statements);
        Ok(Self {
            file: file.to_owned(),
            text,
            statements,
            dangling,
            sections,
        })
    }

    /// The text.
    pub fn bytes(&self) -> &[u8] {
        &self.text
    }

    /// All sections, in order.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// The section `name`, or `@type[index]`: the index counts from 0, from the end if negative;
    /// `@[index]` counts all sections.
    pub fn section(&self, selector: &str) -> Option<&Section> {
        self.sections.get(self.find(selector)?)
    }

    /// The value of an option; `None` where it is not set, or set to the empty text.
    pub fn get(&self, section: &str, option: &str) -> Option<&Value> {
        self.section(section)?.get(option)
    }

    /// The index of the section `name`, or `@type[index]`, as [`Document::section`] has it.
    pub fn find(&self, selector: &str) -> Option<usize> {
        let Some(extended) = selector.strip_prefix('@') else {
            return self
                .sections
                .iter()
                .position(|s| s.name.as_deref() == Some(selector));
        };
        let (kind, index) = extended.strip_suffix(']')?.split_once('[')?;
        let index: isize = index.parse().ok()?;
        let mut of_kind = self
            .sections
            .iter()
            .enumerate()
            .filter(|(_, s)| kind.is_empty() || s.kind == kind)
            .map(|(at, _)| at);
        match usize::try_from(index) {
            Ok(index) => of_kind.nth(index),
            Err(_) => of_kind.nth_back(index.unsigned_abs().checked_sub(1)?),
        }
    }

    /// That there is no such section.
    pub fn no_section(&self, section: impl Into<String>) -> UciError {
        UciError::NoSection {
            file: self.file.clone(),
            section: section.into(),
        }
    }

    pub(super) fn all_of(&self, section: usize) -> impl Iterator<Item = &Statement> {
        self.sections
            .get(section)
            .into_iter()
            .flat_map(|s| s.statements.iter())
            .filter_map(|&at| self.statements.get(at))
    }

    pub(super) fn of_option(&self, section: usize, option: &str) -> Vec<&Statement> {
        self.all_of(section)
            .filter(|s| s.keyword != Keyword::Config && s.name.text == option.as_bytes())
            .collect()
    }
}

/// What the statements say.
fn sections(statements: &[Statement]) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut by_name: BTreeMap<&[u8], usize> = BTreeMap::new();
    let mut current = 0;
    for (at, statement) in statements.iter().enumerate() {
        let name = lossy(&statement.name.text);
        let value = lossy(&statement.value.text);
        if statement.keyword == Keyword::Config {
            let known = by_name.get(statement.value.text.as_slice());
            current = known.copied().unwrap_or(sections.len());
            match sections.get_mut(current) {
                Some(section) => section.statements.push(at),
                None => sections.push(Section {
                    kind: name.into_owned(),
                    name: Some(value.into_owned()).filter(|name| !name.is_empty()),
                    options: Vec::new(),
                    statements: vec![at],
                }),
            }
            if !statement.value.text.is_empty() {
                by_name.insert(&statement.value.text, current);
            }
            continue;
        }
        let Some(section) = sections.get_mut(current) else {
            continue;
        };
        section.statements.push(at);
        let old = section.options.iter_mut().find(|(n, _)| *n == name);
        let value = value.into_owned();
        match (statement.keyword, old.map(|(_, old)| old)) {
            (Keyword::Package, _) => {
                section.statements.pop();
            }
            (Keyword::List, Some(Value::List(list))) => list.push(value),
            (Keyword::List, Some(Value::One(one))) => {
                let list = vec![std::mem::take(one), value];
                section.put(&name, Value::List(list));
            }
            (Keyword::List, None) => section.put(&name, Value::List(vec![value])),
            // An empty option neither sets nor unsets.
            _ if value.is_empty() => {}
            (_, Some(Value::One(one))) if *one == value => {}
            _ => section.put(&name, Value::One(value)),
        }
    }
    sections
}

pub(super) fn lossy(text: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(text)
}
