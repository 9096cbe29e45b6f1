//! A UCI file in memory: what it says, and the text that says it. `edit` changes it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::UciError;
use super::parse::{Keyword, Statement, Statements, bad_lines, parse};
use crate::base::config::{LostLine, WrittenConfig, WrittenOption, WrittenSection};
use crate::base::sort::sort_by_key;

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
    /// Indices of the options, ascending by their names.
    by_name: Vec<usize>,
    /// Indices of its statements; those of a section that is written in two places, too.
    pub(super) statements: Vec<usize>,
}

impl Section {
    /// The value of an option; `None` where it is not set, or set to the empty text.
    pub fn get(&self, option: &str) -> Option<&Value> {
        let name = |at: &usize| self.options.get(*at).map(|(name, _)| name.as_str());
        let found = self
            .by_name
            .binary_search_by(|at| name(at).cmp(&Some(option)));
        let at = self.by_name.get(found.ok()?)?;
        self.options.get(*at).map(|(_, value)| value)
    }
}

/// A parsed file.
pub struct Document {
    pub(super) file: String,
    pub(super) text: Vec<u8>,
    pub(super) statements: Vec<Statement>,
    pub(super) dangling: bool,
    pub(super) sections: Vec<Section>,
    /// The sections with a name.
    by_name: BTreeMap<String, usize>,
    /// The sections of each type, ascending.
    by_kind: BTreeMap<String, Vec<usize>>,
    pub(super) lost: Vec<LostLine>,
}

impl Document {
    /// Reads `text`; `file` is the name for messages.
    pub fn parse(file: &str, text: Vec<u8>) -> Result<Self, UciError> {
        let Statements {
            statements,
            dangling,
        } = parse(file, &text)?;
        let sections = sections(&statements);
        let mut by_name = BTreeMap::new();
        let mut by_kind: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, section) in sections.iter().enumerate() {
            by_name.extend(section.name.clone().map(|name| (name, at)));
            match by_kind.get_mut(&section.kind) {
                Some(of_kind) => of_kind.push(at),
                None => drop(by_kind.insert(section.kind.clone(), vec![at])),
            }
        }
        Ok(Self {
            file: file.to_owned(),
            text,
            statements,
            dangling,
            sections,
            by_name,
            by_kind,
            lost: Vec::new(),
        })
    }

    /// Reads what can be read of `text`, of which [`Document::parse`] will have nothing: the bad lines
    /// become comments.
    ///
    /// # Errors
    /// It is garbage, or too large.
    pub fn salvage(file: &str, text: &[u8]) -> Result<Self, UciError> {
        let (mut mended, mut from) = (Vec::new(), 0);
        let mut lost = Vec::new();
        for (at, line) in bad_lines(file, text)? {
            mended.extend_from_slice(text.get(from..at.start).unwrap_or_default());
            mended.push(b'#');
            let bad = text.get(at.clone()).unwrap_or_default();
            mended.extend(bad.iter().filter(|c| **c != 0));
            from = at.end;
            lost.push(line);
        }
        mended.extend_from_slice(text.get(from..).unwrap_or_default());
        let document = Self::parse(file, mended)?;
        Ok(Self { lost, ..document })
    }

    /// What it says as it is written, with the numbers of the lines.
    pub fn written(&self) -> WrittenConfig {
        let lines = self.lines();
        let line = |at: usize| lines.get(at).copied().unwrap_or_default();
        let sections = self.sections.iter().map(|section| {
            let at = section.statements.iter();
            let options = at.filter_map(|at| Some((*at, self.statements.get(*at)?)));
            let options = options.filter(|(_, s)| s.keyword != Keyword::Config);
            WrittenSection {
                line: section.statements.first().map_or(0, |first| line(*first)),
                kind: section.kind.clone(),
                name: section.name.clone(),
                options: options
                    .map(|(at, statement)| WrittenOption {
                        line: line(at),
                        name: lossy(&statement.name.text).into_owned(),
                        value: lossy(&statement.value.text).into_owned(),
                        is_list: statement.keyword == Keyword::List,
                    })
                    .collect(),
            }
        });
        WrittenConfig {
            sections: sections.collect(),
            lost: self.lost.clone(),
        }
    }

    /// The line that each statement begins on, counted from 1.
    fn lines(&self) -> Vec<u32> {
        let (mut line, mut from) = (1_u32, 0);
        let statements = self.statements.iter();
        statements
            .map(|statement| {
                let between = self
                    .text
                    .get(from..statement.span.start)
                    .unwrap_or_default();
                let breaks = between.iter().filter(|c| **c == b'\n').count();
                line = line.saturating_add(u32::try_from(breaks).unwrap_or(u32::MAX));
                from = statement.span.start;
                line
            })
            .collect()
    }

    /// The line that an option of a section is set on, the last where there are several.
    pub fn line_of(&self, section: usize, option: &str) -> Option<u32> {
        let section = self.sections.get(section)?;
        let mut statements = section.statements.iter().rev();
        let is_it = |at: &&usize| {
            let statement = self.statements.get(**at);
            statement
                .is_some_and(|s| s.keyword != Keyword::Config && s.name.text == option.as_bytes())
        };
        let at = statements.find(is_it)?;
        self.lines().get(*at).copied()
    }

    /// Its name for messages.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The lines that [`Document::salvage`] could not read.
    pub fn lost(&self) -> &[LostLine] {
        &self.lost
    }

    /// The text.
    pub fn bytes(&self) -> &[u8] {
        &self.text
    }

    /// All sections, in order.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// The section `name`, or `@type[index]`, as [`Document::find`] finds it.
    pub fn section(&self, selector: &str) -> Option<&Section> {
        self.sections.get(self.find(selector)?)
    }

    /// The value of an option; `None` where it is not set, or set to the empty text.
    pub fn get(&self, section: &str, option: &str) -> Option<&Value> {
        self.section(section)?.get(option)
    }

    /// The index of the section `name`, or `@type[index]`: the index counts from 0, from the end if
    /// negative; `@[index]` counts all sections.
    pub fn find(&self, selector: &str) -> Option<usize> {
        let Some(extended) = selector.strip_prefix('@') else {
            return self.by_name.get(selector).copied();
        };
        let (kind, index) = extended.strip_suffix(']')?.split_once('[')?;
        let index: isize = index.parse().ok()?;
        let place = |count: usize| match usize::try_from(index) {
            Ok(index) => Some(index).filter(|index| *index < count),
            Err(_) => count.checked_sub(index.unsigned_abs()),
        };
        match kind {
            "" => place(self.sections.len()),
            kind => {
                let of_kind = self.of_kind(kind);
                of_kind.get(place(of_kind.len())?).copied()
            }
        }
    }

    /// The section `name` of type `kind`. One that has its name from its type may stand without it:
    /// where there is none of that name, the first section of the type is meant, one without a name
    /// before one with another name.
    pub fn find_meant(&self, name: &str, kind: &str) -> Option<usize> {
        let first = || {
            let of_kind = self.of_kind(kind);
            let nameless = |at: &&usize| self.sections.get(**at).is_some_and(|s| s.name.is_none());
            let first = of_kind.iter().find(nameless).or(of_kind.first());
            first.filter(|_| name == kind).copied()
        };
        self.find(name).or_else(first)
    }

    /// The indices of the sections of a type, ascending.
    pub fn of_kind(&self, kind: &str) -> &[usize] {
        self.by_kind.get(kind).map_or(&[], Vec::as_slice)
    }

    /// That there is no such section.
    pub fn no_section(&self, section: impl Into<String>) -> UciError {
        UciError::NoSection {
            file: self.file.clone(),
            section: section.into(),
        }
    }

    pub(super) fn all_of(&self, section: usize) -> impl DoubleEndedIterator<Item = &Statement> {
        self.sections
            .get(section)
            .into_iter()
            .flat_map(|s| s.statements.iter())
            .filter_map(|&at| self.statements.get(at))
    }
}

/// What the statements say.
fn sections(statements: &[Statement]) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut by_name: BTreeMap<&[u8], usize> = BTreeMap::new();
    // Where each option stands among those of its section.
    let mut places: BTreeMap<(usize, &[u8]), usize> = BTreeMap::new();
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
                    by_name: Vec::new(),
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
        if statement.keyword == Keyword::Package {
            continue;
        }
        section.statements.push(at);
        let key = (current, statement.name.text.as_slice());
        let place = places.get(&key).copied();
        let mut old = place.and_then(|place| section.options.get_mut(place));
        let value = value.into_owned();
        let new = match (statement.keyword, old.as_mut().map(|(_, old)| old)) {
            (Keyword::List, Some(Value::List(list))) => {
                list.push(value);
                continue;
            }
            (Keyword::List, Some(Value::One(one))) => Value::List(vec![std::mem::take(one), value]),
            (Keyword::List, None) => Value::List(vec![value]),
            // An empty option neither sets nor unsets.
            _ if value.is_empty() => continue,
            (_, Some(Value::One(one))) if *one == value => continue,
            _ => Value::One(value),
        };
        // One that is replaced moves to the end; it is taken out below, by its name.
        if let Some((replaced, _)) = old {
            replaced.clear();
        }
        places.insert(key, section.options.len());
        section.options.push((name.into_owned(), new));
    }
    for section in &mut sections {
        let Section {
            options, by_name, ..
        } = section;
        options.retain(|(name, _)| !name.is_empty());
        by_name.extend(0..options.len());
        sort_by_key(by_name, |at| {
            options.get(*at).map(|(name, _)| name.as_str())
        });
    }
    sections
}

pub(super) fn lossy(text: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(text)
}
