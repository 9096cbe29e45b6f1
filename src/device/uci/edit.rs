//! Changes of a UCI file.
//!
//! An edit changes the text and reads it again, so that what is in memory is always what stands
//! there. Only the statements concerned are touched. Where several statements share a line that
//! must be touched, they are first put on lines of their own.

use std::ops::Range;

use super::document::{Document, Value, lossy};
use super::parse::{Keyword, Statement};
use super::{UciError, is_name, is_text, is_type};

impl Document {
    /// Whether [`Document::set`] would take the value, without doing it.
    pub fn accepts(&self, section: &str, option: &str, value: &str) -> Result<(), UciError> {
        self.index(section)?;
        check_option(option, &[value])
    }

    /// Sets an option to one value. The empty text unsets it; a line that is there stays as
    /// `option NAME ''`, which libuci takes for not set.
    pub fn set(&mut self, section: &str, option: &str, value: &str) -> Result<(), UciError> {
        let at = self.index(section)?;
        if !value.is_empty() {
            return self.put(at, Keyword::Option, option, &[value]);
        }
        let is_single = |s: &&Statement| s.keyword == Keyword::Option;
        if self.of_option(at, option).iter().any(is_single) {
            return self.put(at, Keyword::Option, option, &[""]);
        }
        self.put(at, Keyword::Option, option, &[])
    }

    /// Sets an option to a list of values; the empty list unsets it.
    pub fn set_list(
        &mut self,
        section: &str,
        option: &str,
        values: &[&str],
    ) -> Result<(), UciError> {
        let at = self.index(section)?;
        self.put(at, Keyword::List, option, values)
    }

    /// Removes an option and its lines.
    pub fn delete(&mut self, section: &str, option: &str) -> Result<(), UciError> {
        let at = self.index(section)?;
        self.put(at, Keyword::Option, option, &[])
    }

    /// Adds a section at the end.
    pub fn add_section(&mut self, kind: &str, name: Option<&str>) -> Result<(), UciError> {
        check("type", kind, is_type)?;
        if let Some(name) = name {
            check("section", name, is_name)?;
            if self.find(name).is_some() {
                return Err(UciError::Exists {
                    file: self.file.clone(),
                    section: name.to_owned(),
                });
            }
        }
        self.close_last_line()?;
        let blank = if self.text.is_empty() { "" } else { "\n" };
        let mut line = format!("{blank}config {}", quote_type(kind.as_bytes()));
        if let Some(name) = name {
            line.push_str(&format!(" '{name}'"));
        }
        line.push('\n');
        let end = self.text.len();
        self.splice(vec![(end..end, line.into_bytes())])
    }

    /// Removes a section with everything between its first and its last line, and one blank line
    /// before it: the inverse of [`Document::add_section`].
    pub fn delete_section(&mut self, section: &str) -> Result<(), UciError> {
        let at = self.index(section)?;
        self.isolate(at, None)?;
        let mut cuts: Vec<(Range<usize>, Vec<u8>)> = Vec::new();
        for statement in self.all_of(at) {
            let lines = statement.lines.clone();
            match cuts.last_mut() {
                Some((cut, _)) if statement.keyword != Keyword::Config => cut.end = lines.end,
                _ => cuts.push((self.with_blank_before(lines), Vec::new())),
            }
        }
        self.splice(cuts)
    }

    fn index(&self, section: &str) -> Result<usize, UciError> {
        self.find(section).ok_or_else(|| UciError::NoSection {
            file: self.file.clone(),
            section: section.to_owned(),
        })
    }

    /// Makes the statements of `option` say `values`: those that are there are reused in order,
    /// surplus ones removed, missing ones added after the last.
    fn put(
        &mut self,
        section: usize,
        keyword: Keyword,
        option: &str,
        values: &[&str],
    ) -> Result<(), UciError> {
        check_option(option, values)?;
        if self.says(section, keyword, option, values) {
            return Ok(());
        }
        self.isolate(section, Some(option))?;
        let existing = self.of_option(section, option);
        let mut edits = Vec::new();
        for (at, statement) in existing.iter().enumerate() {
            match values.get(at) {
                Some(value) => edits.extend(self.rewritten(statement, keyword, value)),
                None => edits.push(self.removed(statement)),
            }
        }
        let added = values.get(existing.len()..).unwrap_or_default();
        if !added.is_empty() {
            let anchor = existing.last().copied().or(self.all_of(section).last());
            let end = anchor.map_or(self.text.len(), |s| s.lines.end);
            let mut lines = Vec::new();
            if !self.slice(0..end).ends_with(b"\n") {
                lines.push(b'\n');
            }
            for value in added {
                lines.extend(self.indent(section));
                lines.extend(statement_text(keyword, option.as_bytes(), value.as_bytes()));
                lines.push(b'\n');
            }
            edits.push((end..end, lines));
        }
        self.splice(edits)
    }

    /// Whether nothing is to be done for `option` to say `values`.
    fn says(&self, section: usize, keyword: Keyword, option: &str, values: &[&str]) -> bool {
        let value = self.sections.get(section).and_then(|s| s.get(option));
        match (value, keyword, values) {
            (_, _, []) => self.of_option(section, option).is_empty(),
            (Some(Value::One(one)), Keyword::Option, [value]) => one == value,
            (Some(Value::List(list)), Keyword::List, _) => list == values,
            _ => false,
        }
    }

    /// The edit that makes one statement say `value`; none where it does.
    fn rewritten(
        &self,
        statement: &Statement,
        keyword: Keyword,
        value: &str,
    ) -> Option<(Range<usize>, Vec<u8>)> {
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
            (
                end..end,
                [b" ", quote(value.as_bytes()).as_slice()].concat(),
            )
        } else {
            (old.at.clone(), quote(value.as_bytes()))
        };
        if name.swallows || old.swallows {
            // What libuci did not read so far stays unread.
            text.extend(b" #");
        }
        Some((range, text))
    }

    /// The edit that removes a statement that stands alone on its lines: they go with it, unless
    /// there is a comment, or what libuci did not read.
    fn removed(&self, statement: &Statement) -> (Range<usize>, Vec<u8>) {
        let behind = self.slice(statement.span.end..statement.lines.end);
        if behind.iter().all(u8::is_ascii_whitespace) {
            return (statement.lines.clone(), Vec::new());
        }
        let comment = behind.trim_ascii_start().starts_with(b"#");
        let mark: &[u8] = if comment { b"" } else { b"#" };
        (statement.span.clone(), mark.to_vec())
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
            .filter(|s| s.keyword != Keyword::Config)
            .last()
            .map_or(b"\t".to_vec(), |s| {
                self.slice(s.lines.start..s.span.start).to_vec()
            })
    }

    /// Sees to it that the statements of `option` (else the last one of the section; `None`: all
    /// of them) stand on lines of their own, and that lines can follow the last one.
    fn isolate(&mut self, section: usize, option: Option<&str>) -> Result<(), UciError> {
        self.close_last_line()?;
        while let Some(shared) = self.first_shared(section, option) {
            self.splice(vec![shared])?;
        }
        Ok(())
    }

    fn first_shared(
        &self,
        section: usize,
        option: Option<&str>,
    ) -> Option<(Range<usize>, Vec<u8>)> {
        let mut touched = match option {
            Some(option) => self.of_option(section, option),
            None => self.all_of(section).collect(),
        };
        if touched.is_empty() {
            touched.extend(self.all_of(section).last());
        }
        touched.into_iter().find_map(|s| self.shared_lines(s))
    }

    /// The lines of a statement rewritten with one statement each; `None` where it stands alone.
    fn shared_lines(&self, statement: &Statement) -> Option<(Range<usize>, Vec<u8>)> {
        let lines = statement.lines.clone();
        let group: Vec<&Statement> = self
            .statements
            .iter()
            .skip_while(|s| s.lines != lines)
            .take_while(|s| s.lines == lines)
            .collect();
        let last = group.last()?;
        let behind = self.slice(last.span.end..lines.end);
        let comment = behind.iter().position(|c| !is_blank(c));
        let swallows = last.name.swallows || last.value.swallows;
        let is_comment = |at: usize| behind.get(at) == Some(&b'#');
        let alone = swallows
            || behind.iter().all(u8::is_ascii_whitespace)
            || behind.trim_ascii_start().starts_with(b"#");
        if group.len() == 1 && alone {
            return None;
        }
        let mut text = Vec::new();
        for statement in &group {
            if statement.keyword != Keyword::Config {
                text.push(b'\t');
            }
            text.extend(statement_text(
                statement.keyword,
                &statement.name.text,
                &statement.value.text,
            ));
            text.push(b'\n');
        }
        if let Some(comment) = comment.filter(|&at| is_comment(at)) {
            text.pop();
            text.push(b' ');
            text.extend(behind.get(comment..).unwrap_or_default());
        } else if swallows {
            text.pop();
            text.extend(b" #");
            text.extend(behind);
        }
        Some((lines, text))
    }

    /// Ends the last line, so that another one can follow.
    fn close_last_line(&mut self) -> Result<(), UciError> {
        let text = self.text.as_slice();
        let last = self.statements.last().map_or(0, |s| s.span.end);
        let behind = self.slice(last..text.len());
        let start = if self.dangling {
            let line = text.strip_suffix(b"\n").unwrap_or(text);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            line.strip_suffix(b"\\").unwrap_or(line).len()
        } else if text.is_empty() || text.ends_with(b"\n") {
            return Ok(());
        } else if behind.contains(&b';') && behind.iter().all(is_blank) {
            // Right at the end of the text, an error before the end of a line.
            last
        } else {
            text.len()
        };
        self.splice(vec![(start..text.len(), b"\n".to_vec())])
    }

    fn slice(&self, range: Range<usize>) -> &[u8] {
        self.text.get(range).unwrap_or_default()
    }

    /// Replaces parts of the text, which come in ascending order, and reads it again.
    fn splice(&mut self, edits: Vec<(Range<usize>, Vec<u8>)>) -> Result<(), UciError> {
        if edits.is_empty() {
            return Ok(());
        }
        let mut text = Vec::with_capacity(self.text.len() + 64);
        let mut done = 0;
        for (range, new) in edits {
            text.extend(self.slice(done..range.start));
            text.extend(new);
            done = range.end;
        }
        text.extend(self.slice(done..self.text.len()));
        *self = Self::parse(&self.file, text)?;
        Ok(())
    }
}

/// What may stand behind a statement and says nothing.
fn is_blank(c: &u8) -> bool {
    c.is_ascii_whitespace() || *c == b';'
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

fn check_option(option: &str, values: &[&str]) -> Result<(), UciError> {
    check("option", option, is_name)?;
    if values.iter().all(|value| is_text(value)) {
        return Ok(());
    }
    Err(UciError::BadValue {
        option: option.to_owned(),
    })
}

/// `'value'`, with `'\''` for a quote in it.
fn quote(value: &[u8]) -> Vec<u8> {
    let mut text = vec![b'\''];
    for &c in value {
        match c {
            b'\'' => text.extend(b"'\\''"),
            c => text.push(c),
        }
    }
    text.push(b'\'');
    text
}

/// A type as libuci writes it, without quotes, unless it would be read as something else.
fn quote_type(kind: &[u8]) -> String {
    if is_name(
        &kind
            .iter()
            .copied()
            .filter(|&c| c != b'-')
            .collect::<Vec<u8>>(),
    ) {
        lossy(kind).into_owned()
    } else {
        lossy(&quote(kind)).into_owned()
    }
}

fn statement_text(keyword: Keyword, name: &[u8], value: &[u8]) -> Vec<u8> {
    let (word, name) = match keyword {
        Keyword::Package => ("package", lossy(name).into_owned()),
        Keyword::Config => ("config", quote_type(name)),
        Keyword::Option => ("option", lossy(name).into_owned()),
        Keyword::List => ("list", lossy(name).into_owned()),
    };
    let mut text = format!("{word} {name}").into_bytes();
    let is_named = matches!(keyword, Keyword::Option | Keyword::List) || !value.is_empty();
    if is_named {
        text.push(b' ');
        text.extend(quote(value));
    }
    text
}
