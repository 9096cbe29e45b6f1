//! Changes of a UCI file.
//!
//! The edits of one call are worked into the text together, and the text is read again, so that
//! what is in memory is always what stands there. Only the statements concerned are touched; those
//! that share a line with others are put on lines of their own first (`layout`).

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::document::{Document, Value, lossy};
use super::layout::{Patch, quote, statement_text};
use super::parse::{Keyword, Statement};
use super::{UciError, is_name, is_text, is_type};
use crate::base::sort::sort_by_key;

/// Of each section, the statements of each option, in order.
type OptionStatements<'d> = Vec<BTreeMap<&'d [u8], Vec<&'d Statement>>>;

/// An edit of a file. A section is meant by its index in [`Document::sections`] as they are before
/// all edits of the same call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Adds a section at the end.
    Add {
        /// Its type.
        kind: String,
        /// Its name, which no other section has, but for one that is removed; `None` without one.
        name: Option<String>,
        /// Its options; those with an empty value are left out.
        options: Vec<(String, Value)>,
    },
    /// Removes a section with everything between its first and its last line, and one blank line
    /// before it: the inverse of [`Edit::Add`].
    Remove {
        /// Which.
        section: usize,
    },
    /// Makes an option say something else. The empty list removes its lines. The empty text unsets
    /// it, too; a line that is there stays as `option NAME ''`, which libuci takes for not set.
    /// Of several for one option the last counts.
    Set {
        /// Where.
        section: usize,
        /// Its name.
        option: String,
        /// What it says then.
        value: Value,
    },
}

/// The sections that the edits remove.
pub fn removed(edits: &[Edit]) -> BTreeSet<usize> {
    let removed = edits.iter().filter_map(|edit| match edit {
        Edit::Remove { section } => Some(*section),
        Edit::Add { .. } | Edit::Set { .. } => None,
    });
    removed.collect()
}

/// Whether libuci takes an option of this name with this value.
///
/// # Errors
/// [`UciError::BadName`], [`UciError::BadValue`].
pub fn check_option(option: &str, value: &Value) -> Result<(), UciError> {
    check("option", option, is_name)?;
    if value.items().iter().all(|item| is_text(item)) {
        return Ok(());
    }
    Err(UciError::BadValue {
        option: option.to_owned(),
    })
}

impl Document {
    /// Makes all edits together.
    ///
    /// # Errors
    /// An edit names something that is not there or that libuci does not take: then the document
    /// is as it was. [`UciError::TooLarge`]: the text would be too large.
    pub fn apply(&mut self, edits: &[Edit]) -> Result<(), UciError> {
        self.check_all(edits)?;
        let edits = self.that_count(edits);
        if edits.is_empty() {
            return Ok(());
        }
        self.close_last_line()?;
        loop {
            let options = self.option_statements();
            let touched = edits.iter().flat_map(|edit| self.touched(edit, &options));
            let shared = self.parted(touched);
            if shared.is_empty() {
                let patches = edits.iter().flat_map(|edit| self.patches(edit, &options));
                let patches = patches.collect();
                return self.splice(patches);
            }
            self.splice(shared)?;
        }
    }

    fn option_statements(&self) -> OptionStatements<'_> {
        let of_section = |section| {
            let mut options: BTreeMap<_, Vec<_>> = BTreeMap::new();
            let all = self.all_of(section);
            for statement in all.filter(|statement| statement.keyword != Keyword::Config) {
                let name = statement.name.text.as_slice();
                options.entry(name).or_default().push(statement);
            }
            options
        };
        (0..self.sections.len()).map(of_section).collect()
    }

    fn check_all(&self, edits: &[Edit]) -> Result<(), UciError> {
        let removed = removed(edits);
        let mut added = BTreeSet::new();
        for edit in edits {
            match edit {
                Edit::Add {
                    kind,
                    name,
                    options,
                } => {
                    check("type", kind, is_type)?;
                    if let Some(name) = name {
                        check("section", name, is_name)?;
                        let known = self.find(name).filter(|at| !removed.contains(at));
                        if known.is_some() || !added.insert(name) {
                            return Err(UciError::Exists {
                                file: self.file.clone(),
                                section: name.clone(),
                            });
                        }
                    }
                    for (option, value) in options {
                        check_option(option, value)?;
                    }
                }
                Edit::Remove { section } => self.check_section(*section)?,
                Edit::Set {
                    section,
                    option,
                    value,
                } => {
                    self.check_section(*section)?;
                    check_option(option, value)?;
                }
            }
        }
        Ok(())
    }

    fn check_section(&self, section: usize) -> Result<(), UciError> {
        match self.sections.get(section) {
            Some(_) => Ok(()),
            None => Err(self.no_section(format!("@[{section}]"))),
        }
    }

    /// The edits without those that another one makes void, and those that change nothing.
    fn that_count<'c>(&self, edits: &'c [Edit]) -> Vec<&'c Edit> {
        let removed = removed(edits);
        let options = self.option_statements();
        let mut last = BTreeMap::new();
        for (at, edit) in edits.iter().enumerate() {
            match edit {
                Edit::Add { .. } => {}
                Edit::Remove { section } => {
                    last.insert((*section, ""), at);
                }
                Edit::Set {
                    section, option, ..
                } => {
                    last.insert((*section, option.as_str()), at);
                }
            }
        }
        let counts = |at: usize, edit: &Edit| match edit {
            Edit::Add { .. } => true,
            Edit::Remove { section } => last.get(&(*section, "")) == Some(&at),
            Edit::Set {
                section,
                option,
                value,
            } => {
                !removed.contains(section)
                    && last.get(&(*section, option.as_str())) == Some(&at)
                    && !self.says(*section, option, value, &options)
            }
        };
        let all = edits.iter().enumerate();
        let mut kept: Vec<&Edit> = all
            .filter(|(at, edit)| counts(*at, edit))
            .map(|(_, edit)| edit)
            .collect();
        // What is added stands behind what the last section gets.
        sort_by_key(&mut kept, |edit| matches!(edit, Edit::Add { .. }));
        kept
    }

    /// The statements that must stand on lines of their own: what is edited, and what a line is
    /// put behind.
    fn touched<'d>(&'d self, edit: &Edit, options: &OptionStatements<'d>) -> Vec<&'d Statement> {
        match edit {
            Edit::Add { .. } => Vec::new(),
            Edit::Remove { section } => self.all_of(*section).collect(),
            Edit::Set {
                section, option, ..
            } => match of_option(options, *section, option) {
                [] => self.all_of(*section).next_back().into_iter().collect(),
                some => some.to_vec(),
            },
        }
    }

    fn patches(&self, edit: &Edit, options: &OptionStatements<'_>) -> Vec<Patch> {
        match edit {
            Edit::Add {
                kind,
                name,
                options,
            } => vec![self.added(kind, name.as_deref(), options)],
            Edit::Remove { section } => self.without(*section),
            Edit::Set {
                section,
                option,
                value,
            } => self.put(
                *section,
                option,
                value,
                of_option(options, *section, option),
            ),
        }
    }

    fn added(&self, kind: &str, name: Option<&str>, options: &[(String, Value)]) -> Patch {
        let name = name.unwrap_or_default();
        let config = statement_text(Keyword::Config, kind.as_bytes(), name.as_bytes());
        let mut text = format!("\n{}\n", lossy(&config));
        for (option, value) in options {
            let keyword = Keyword::of(value);
            for item in value.items().iter().filter(|item| !item.is_empty()) {
                let statement = statement_text(keyword, option.as_bytes(), item.as_bytes());
                text.push_str(&format!("\t{}\n", lossy(&statement)));
            }
        }
        let end = self.text.len();
        Patch::new(end..end, text)
    }

    fn without(&self, section: usize) -> Vec<Patch> {
        let mut cuts: Vec<Patch> = Vec::new();
        for statement in self.all_of(section) {
            let lines = statement.lines.clone();
            match cuts.last_mut() {
                Some(cut) if statement.keyword != Keyword::Config => cut.at.end = lines.end,
                _ => cuts.push(Patch::new(self.with_blank_before(lines), "")),
            }
        }
        cuts
    }

    /// Whether nothing is to be done for `option` to say `value`.
    fn says(
        &self,
        section: usize,
        option: &str,
        value: &Value,
        options: &OptionStatements<'_>,
    ) -> bool {
        let existing = of_option(options, section, option);
        match wanted(existing, value) {
            (_, []) => existing.is_empty(),
            _ => self.sections.get(section).and_then(|s| s.get(option)) == Some(value),
        }
    }

    /// Makes the statements of `option` say `value`: those that are there are reused in order,
    /// surplus ones removed, missing ones added after the last.
    fn put(
        &self,
        section: usize,
        option: &str,
        value: &Value,
        existing: &[&Statement],
    ) -> Vec<Patch> {
        let (keyword, items) = wanted(existing, value);
        let mut patches = Vec::new();
        for (at, statement) in existing.iter().enumerate() {
            match items.get(at) {
                Some(item) => patches.extend(self.rewritten(statement, keyword, item)),
                None => patches.push(self.removed(statement)),
            }
        }
        let missing = items.get(existing.len()..).unwrap_or_default();
        if !missing.is_empty() {
            let anchor = existing
                .last()
                .copied()
                .or(self.all_of(section).next_back());
            let end = anchor.map_or(self.text.len(), |s| s.lines.end);
            let mut lines = Vec::new();
            for item in missing {
                lines.extend(self.indent(section));
                lines.extend(statement_text(keyword, option.as_bytes(), item.as_bytes()));
                lines.push(b'\n');
            }
            patches.push(Patch::new(end..end, lines));
        }
        patches
    }

    /// The patch that makes one statement say `value`; none where it does.
    fn rewritten(&self, statement: &Statement, keyword: Keyword, value: &str) -> Option<Patch> {
        let Statement {
            name, value: old, ..
        } = statement;
        if statement.keyword == keyword && old.text == value.as_bytes() {
            return None;
        }
        let (range, mut text) = if statement.keyword != keyword {
            let text = statement_text(keyword, &name.text, value.as_bytes());
            (statement.span.clone(), text)
        } else if old.at.is_empty() {
            let end = name.at.end;
            let text = [b" ", quote(value.as_bytes()).as_slice()].concat();
            (end..end, text)
        } else {
            (old.at.clone(), quote(value.as_bytes()))
        };
        if name.swallows || old.swallows {
            // What libuci did not read so far stays unread.
            text.extend(b" #");
        }
        Some(Patch::new(range, text))
    }

    /// The patch that removes a statement that stands alone on its lines: they go with it, unless
    /// there is a comment, or what libuci did not read.
    fn removed(&self, statement: &Statement) -> Patch {
        let behind = self.slice(statement.span.end..statement.lines.end);
        if behind.iter().all(u8::is_ascii_whitespace) {
            return Patch::new(statement.lines.clone(), "");
        }
        let comment = behind.trim_ascii_start().starts_with(b"#");
        let mark: &[u8] = if comment { b"" } else { b"#" };
        Patch::new(statement.span.clone(), mark)
    }

    fn with_blank_before(&self, lines: Range<usize>) -> Range<usize> {
        let before = self.slice(0..lines.start);
        match before {
            b"\n" => 0..lines.end,
            _ if before.ends_with(b"\n\n") => lines.start - 1..lines.end,
            _ => lines,
        }
    }

    /// The white space before the last option of a section; a tabulator if there is none.
    fn indent(&self, section: usize) -> Vec<u8> {
        self.all_of(section)
            .rfind(|s| s.keyword != Keyword::Config)
            .map_or(b"\t".to_vec(), |s| {
                // Other statements may stand before it on its line.
                let before = self.slice(s.lines.start..s.span.start).iter().copied();
                before.take_while(|c| matches!(c, b' ' | b'\t')).collect()
            })
    }
}

fn of_option<'o, 'd>(
    options: &'o OptionStatements<'d>,
    section: usize,
    option: &str,
) -> &'o [&'d Statement] {
    let of_section = options.get(section);
    let statements = of_section.and_then(|options| options.get(option.as_bytes()));
    statements.map_or(&[], Vec::as_slice)
}

/// The statements, beside those that there are, that make an option say `value`.
fn wanted<'v>(existing: &[&Statement], value: &'v Value) -> (Keyword, &'v [String]) {
    let is_single = |s: &&Statement| s.keyword == Keyword::Option;
    let unset = matches!(value, Value::One(one) if one.is_empty());
    match value.items() {
        _ if unset && !existing.iter().any(is_single) => (Keyword::Option, &[]),
        items => (Keyword::of(value), items),
    }
}

impl Keyword {
    fn of(value: &Value) -> Self {
        match value {
            Value::One(_) => Self::Option,
            Value::List(_) => Self::List,
        }
    }
}

fn check(what: &'static str, name: &str, is_right: fn(&[u8]) -> bool) -> Result<(), UciError> {
    if is_right(name.as_bytes()) {
        return Ok(());
    }
    Err(UciError::BadName {
        what,
        name: name.to_owned(),
    })
}
