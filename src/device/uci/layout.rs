//! The lines of a UCI file: one statement each where one is to be edited, and how a statement is
//! written.

use std::collections::BTreeMap;
use std::ops::Range;

use super::UciError;
use super::document::{Document, lossy};
use super::is_name;
use super::parse::{Keyword, Statement};
use crate::base::sort::sort_by_key;

/// A part of the text and what comes in its place.
pub(super) struct Patch {
    pub(super) at: Range<usize>,
    text: Vec<u8>,
}

impl Patch {
    pub(super) fn new(at: Range<usize>, text: impl Into<Vec<u8>>) -> Self {
        Self {
            at,
            text: text.into(),
        }
    }
}

impl Document {
    /// What puts those of the statements that share their lines with others, and these, on lines
    /// of their own.
    pub(super) fn parted<'s>(&self, statements: impl Iterator<Item = &'s Statement>) -> Vec<Patch> {
        let mut parted = BTreeMap::new();
        for statement in statements {
            let line = parted.entry(statement.lines.start);
            line.or_insert_with(|| self.shared_lines(statement));
        }
        parted.into_values().flatten().collect()
    }

    /// The lines of a statement rewritten with one statement each; `None` where it stands alone.
    fn shared_lines(&self, statement: &Statement) -> Option<Patch> {
        let lines = statement.lines.clone();
        let first = self
            .statements
            .partition_point(|s| s.lines.start < lines.start);
        let rest = self.statements.get(first..).unwrap_or_default();
        let group: Vec<&Statement> = rest.iter().take_while(|s| s.lines == lines).collect();
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
        Some(Patch::new(lines, text))
    }

    /// Ends the last line, so that another one can follow.
    pub(super) fn close_last_line(&mut self) -> Result<(), UciError> {
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
        self.splice(vec![Patch::new(start..text.len(), b"\n")])
    }

    pub(super) fn slice(&self, range: Range<usize>) -> &[u8] {
        self.text.get(range).unwrap_or_default()
    }

    /// Replaces parts of the text, of which none overlap, and reads it again. Of two that begin at
    /// one place the one that replaces nothing comes first, else the first in the list.
    pub(super) fn splice(&mut self, mut patches: Vec<Patch>) -> Result<(), UciError> {
        if patches.is_empty() {
            return Ok(());
        }
        sort_by_key(&mut patches, |patch| (patch.at.start, patch.at.end));
        let mut text = Vec::with_capacity(self.text.len() + 64);
        let mut done = 0;
        for patch in patches {
            text.extend(self.slice(done..patch.at.start));
            text.extend(patch.text);
            done = patch.at.end;
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

/// `'value'`, with `'\''` for a quote in it.
pub(super) fn quote(value: &[u8]) -> Vec<u8> {
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
    let plain: Vec<u8> = kind.iter().copied().filter(|&c| c != b'-').collect();
    if is_name(&plain) {
        lossy(kind).into_owned()
    } else {
        lossy(&quote(kind)).into_owned()
    }
}

/// A statement, without white space around it.
pub(super) fn statement_text(keyword: Keyword, name: &[u8], value: &[u8]) -> Vec<u8> {
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
