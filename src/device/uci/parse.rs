//! libuci's grammar (its `file.c`), statement by statement, with the place of each in the text.
//!
//! A text is read line by line; a statement ends with its line or with `;`, unless a quote or a
//! backslash takes the next line in. The odd corners are kept, for what counts is how the box
//! itself reads the file:
//! * `#` begins a comment even within an unquoted word;
//! * right after an unquoted word, `;` swallows the rest of its line, while `'word';` ends the
//!   statement as one would think;
//! * `;` before the end of a line, and after a statement whose optional part is missing, is an
//!   error.
//!
//! One thing differs: a NUL byte is refused, where libuci drops the rest of the line.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{MAX_FILE_BYTES, MAX_STATEMENTS, UciError, is_name, is_package, is_type};
use crate::base::config::LostLine;

/// A file with more bad lines is garbage, of which nothing is taken.
const MAX_LOST: usize = 32;

/// Of a bad line so much is kept: enough to tell what it is about.
const LOST_BYTES: usize = 200;

/// The statements of one file, in order.
pub(super) struct Statements {
    pub(super) statements: Vec<Statement>,
    /// The text ends with a backslash that asks for a further line.
    pub(super) dangling: bool,
}

/// One statement and its place.
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) keyword: Keyword,
    /// `config`: the type; `option`, `list`: the name.
    pub(super) name: Word,
    /// `config`: the section's name; `option`, `list`: the value. Empty where it is missing.
    pub(super) value: Word,
    /// From the first byte of the keyword to the last of the value.
    pub(super) span: Range<usize>,
    /// All lines of it, with whatever else stands on them.
    pub(super) lines: Range<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keyword {
    Package,
    Config,
    Option,
    List,
}

/// A word without its quotes, and its place with them.
#[derive(Debug)]
pub(super) struct Word {
    pub(super) text: Vec<u8>,
    pub(super) at: Range<usize>,
    /// A `;` follows that swallows the rest of the line.
    pub(super) swallows: bool,
}

/// Reads all statements of `text`; `file` is for messages.
pub(super) fn parse(file: &str, text: &[u8]) -> Result<Statements, UciError> {
    read(file, text, &mut |line, why, _| {
        Err(UciError::Syntax {
            file: file.to_owned(),
            line,
            why,
        })
    })
}

/// The lines that break the grammar, and where each stands. What follows a bad `config` line belongs
/// to no section, and is lost with it.
pub(super) fn bad_lines(
    file: &str,
    text: &[u8],
) -> Result<Vec<(Range<usize>, LostLine)>, UciError> {
    let mut lost = Vec::new();
    read(file, text, &mut |_, why, (line, at)| {
        let bytes = text.get(at.clone()).unwrap_or_default();
        let beginning = bytes.get(..LOST_BYTES).unwrap_or(bytes);
        let text = String::from_utf8_lossy(beginning).into_owned();
        lost.push((at, LostLine { line, text, why }));
        match lost.len() {
            0..=MAX_LOST => Ok(()),
            _ => Err(UciError::Syntax {
                file: file.to_owned(),
                line,
                why,
            }),
        }
    })?;
    Ok(lost)
}

/// The line of an error, what is wrong, and the line that its statement begins with, by number and
/// place; whether to go on behind that.
type OnBadLine<'f> = dyn FnMut(u32, &'static str, (u32, Range<usize>)) -> Result<(), UciError> + 'f;

fn read(file: &str, text: &[u8], on_bad: &mut OnBadLine<'_>) -> Result<Statements, UciError> {
    let too_large = || UciError::TooLarge {
        file: file.to_owned(),
    };
    if text.len() > MAX_FILE_BYTES {
        return Err(too_large());
    }
    let mut reader = UciReader {
        text,
        pos: 0,
        limit: 0,
        line: 0,
        dangling: false,
        in_section: false,
        kinds: BTreeMap::new(),
    };
    let mut statements = Vec::new();
    while reader.limit < text.len() {
        let first = statements.len();
        let (start, line) = (reader.limit, reader.line);
        if let Err(why) = reader.line_of_statements(&mut statements) {
            let at = reader.line;
            reader.back_behind(start, line);
            on_bad(at, why, (reader.line, start..reader.limit))?;
            statements.truncate(first);
            continue;
        }
        if statements.len() > MAX_STATEMENTS {
            return Err(too_large());
        }
        for statement in statements.iter_mut().skip(first) {
            statement.lines = start..reader.limit;
        }
    }
    Ok(Statements {
        statements,
        dangling: reader.dangling,
    })
}

struct UciReader<'a> {
    text: &'a [u8],
    pos: usize,
    /// End of the last line taken in.
    limit: usize,
    line: u32,
    dangling: bool,
    in_section: bool,
    /// The types of the named sections so far.
    kinds: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// libuci's `isspace`, in the C locale.
fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0b
}

fn check_name(keyword: Keyword, name: &[u8]) -> Result<(), &'static str> {
    let fits = match keyword {
        Keyword::Package => is_package(name),
        Keyword::Config => is_type(name),
        Keyword::Option | Keyword::List => is_name(name),
    };
    match keyword {
        _ if name.is_empty() => Err("insufficient arguments"),
        _ if fits => Ok(()),
        Keyword::Config => Err("invalid character in type field"),
        _ => Err("invalid character in name field"),
    }
}

impl UciReader<'_> {
    /// Goes back to the end of the line that begins at `start`, behind line number `before`.
    fn back_behind(&mut self, start: usize, before: u32) {
        let rest = self.text.get(start..).unwrap_or_default();
        let line = rest.split_inclusive(|c| *c == b'\n').next();
        let line = line.unwrap_or_default();
        self.limit = start + line.len();
        self.line = before.saturating_add(1);
        self.dangling = false;
        let word = line.trim_ascii_start().first();
        if word.is_some_and(|c| c.eq_ignore_ascii_case(&b'c')) {
            self.in_section = false;
        }
    }

    fn current(&self) -> Option<u8> {
        if self.pos < self.limit {
            self.text.get(self.pos).copied()
        } else {
            None
        }
    }

    /// Takes the next line in; `false` at the end of the text.
    fn next_line(&mut self) -> Result<bool, &'static str> {
        let rest = self.text.get(self.limit..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(false);
        }
        let length = rest
            .iter()
            .position(|&c| c == b'\n')
            .map_or(rest.len(), |at| at + 1);
        self.line = self.line.saturating_add(1);
        self.limit += length;
        if rest.iter().take(length).any(|&c| c == 0) {
            return Err("NUL byte");
        }
        Ok(true)
    }

    fn skip_space(&mut self) {
        while self.current().is_some_and(is_space) {
            self.pos += 1;
        }
    }

    /// The next line, and those that its quotes and backslashes take in.
    fn line_of_statements(&mut self, statements: &mut Vec<Statement>) -> Result<(), &'static str> {
        self.pos = self.limit;
        self.next_line()?;
        self.skip_space();
        while let Some((keyword, start)) = self.keyword()? {
            if matches!(keyword, Keyword::Option | Keyword::List) && !self.in_section {
                return Err("option/list command found before the first section");
            }
            let name = self.argument()?;
            check_name(keyword, &name.text)?;
            let value = match keyword {
                Keyword::Package => Word {
                    text: Vec::new(),
                    at: name.at.end..name.at.end,
                    swallows: false,
                },
                _ => self.argument()?,
            };
            let section = (keyword == Keyword::Config).then_some(&value.text);
            if section.is_some_and(|name| !name.is_empty() && !is_name(name)) {
                return Err("invalid character in name field");
            }
            if !self.argument()?.text.is_empty() {
                return Err("too many arguments");
            }
            if let Some(section) = section {
                self.begin_section(&name.text, section)?;
            }
            let end = if value.at.is_empty() {
                name.at.end
            } else {
                value.at.end
            };
            statements.push(Statement {
                keyword,
                name,
                value,
                span: start..end,
                lines: start..end,
            });
        }
        Ok(())
    }

    fn begin_section(&mut self, kind: &[u8], name: &[u8]) -> Result<(), &'static str> {
        self.in_section = true;
        if name.is_empty() {
            return Ok(());
        }
        match self.kinds.get(name) {
            Some(known) if known != kind => {
                Err("section of different type overwrites prior section with same name")
            }
            Some(_) => Ok(()),
            None => {
                self.kinds.insert(name.to_vec(), kind.to_vec());
                Ok(())
            }
        }
    }

    /// The keyword at the beginning of a statement; `None` where nothing follows on the line.
    fn keyword(&mut self) -> Result<Option<(Keyword, usize)>, &'static str> {
        let blank = |c: u8| matches!(c, b' ' | b'\t');
        while self.current().is_some_and(blank) {
            self.pos += 1;
        }
        let start = self.pos;
        while self.current().is_some_and(|c| !blank(c)) {
            self.pos += 1;
        }
        let word = self.text.get(start..self.pos).unwrap_or_default();
        let (keyword, bare) = match word {
            [] | [b'#', ..] => {
                self.pos = self.limit;
                return Ok(None);
            }
            b"p" | b"package" => (Keyword::Package, "package without name"),
            b"c" | b"config" => (Keyword::Config, "config without name"),
            b"o" | b"option" => (Keyword::Option, "option without name"),
            b"l" | b"list" => (Keyword::List, "option without name"),
            _ => return Err("invalid command"),
        };
        if self.current().is_none() {
            return Err(bare);
        }
        self.pos += 1;
        Ok(Some((keyword, start)))
    }

    /// The next argument; empty at the end of the line and at a `;`, which is used up.
    fn argument(&mut self) -> Result<Word, &'static str> {
        self.skip_space();
        let start = self.pos;
        if self.current() == Some(b';') {
            self.pos += 1;
            return Ok(Word {
                text: Vec::new(),
                at: start..start,
                swallows: false,
            });
        }
        let mut text = Vec::new();
        let mut swallows = false;
        let mut end;
        loop {
            end = self.pos;
            match self.current() {
                Some(b'\'') => self.single_quoted(&mut text)?,
                Some(b'"') => self.double_quoted(&mut text)?,
                Some(b'#') => {
                    self.pos = self.limit;
                    break;
                }
                None => break,
                Some(b';') => {
                    // libuci ends an unquoted word in its own buffer, upon the `;`.
                    if text.len() == self.pos - start {
                        swallows = true;
                        self.pos = self.limit;
                    }
                    break;
                }
                Some(b'\\') => {
                    if self.backslash()? {
                        self.take(&mut text);
                    }
                }
                Some(_) => self.take(&mut text),
            }
            end = self.pos;
            match self.current() {
                None => break,
                Some(c) if is_space(c) => {
                    self.pos += 1;
                    break;
                }
                Some(_) => {}
            }
        }
        Ok(Word {
            text,
            at: start..end,
            swallows,
        })
    }

    fn take(&mut self, text: &mut Vec<u8>) {
        text.extend(self.current());
        self.pos += 1;
    }

    fn single_quoted(&mut self, text: &mut Vec<u8>) -> Result<(), &'static str> {
        self.pos += 1;
        loop {
            match self.current() {
                Some(b'\'') => {
                    self.pos += 1;
                    return Ok(());
                }
                Some(_) => self.take(text),
                None if self.next_line()? => {}
                None => return Err("unterminated ': a quote that is not closed"),
            }
        }
    }

    fn double_quoted(&mut self, text: &mut Vec<u8>) -> Result<(), &'static str> {
        self.pos += 1;
        loop {
            match self.current() {
                Some(b'"') => {
                    self.pos += 1;
                    return Ok(());
                }
                Some(b'\\') => {
                    if self.backslash()? {
                        self.take(text);
                    }
                }
                Some(_) => self.take(text),
                None if self.next_line()? => {}
                None => return Err("unterminated \": a quote that is not closed"),
            }
        }
    }

    /// Skips a backslash; whether the character after it is meant as it is. Else it was the end
    /// of the line, and the next one is taken in.
    fn backslash(&mut self) -> Result<bool, &'static str> {
        self.pos += 1;
        match self.text.get(self.pos..self.limit).unwrap_or_default() {
            [] | [b'\n'] | [b'\r', b'\n'] => {
                self.pos = self.limit;
                self.dangling = !self.next_line()?;
                Ok(false)
            }
            _ => Ok(true),
        }
    }
}
