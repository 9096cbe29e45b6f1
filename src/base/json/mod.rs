//! JSON from a peer that may be cut short, broken or hostile (RFC 8259).
//!
//! [`JsonReader`] goes through a text once, without recursion and without building anything: a
//! snapshot of 231 nodes (1.5 MB of text) is taken from it in a third of the time and without the
//! 10 MB that a tree of hash maps needs at its peak.

mod scan;

use std::borrow::Cow;
use std::fmt;

/// Deepest nesting read. Luup's own answers stay below 10.
pub const MAX_DEPTH: usize = 32;

/// Most names in one object: user_data has 42, and a repeated name is looked for among them.
pub const MAX_NAMES: usize = 1024;

/// Why a text is not the JSON we read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// Bytes before the offending one.
    pub at: usize,
    /// What is wrong there.
    pub why: &'static str,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.why, self.at)
    }
}

impl std::error::Error for JsonError {}

/// A step through a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JsonEvent<'a> {
    /// `{`: names, each with its value, follow until [`JsonEvent::Close`].
    Object,
    /// `[`: values follow until [`JsonEvent::Close`].
    Array,
    /// `}` or `]`.
    Close,
    /// The name of the value that follows.
    Name(Cow<'a, str>),
    /// A string, its escapes resolved.
    Text(Cow<'a, str>),
    /// A number as it is written.
    Number(&'a str),
    /// `true` or `false`.
    Bool(bool),
    /// `null`, which stands for no value.
    Null,
}

/// What may stand next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    Value,
    ValueOrClose,
    Name,
    NameOrClose,
    CommaOrClose,
    End,
}

/// An open object or array; `names` is where the names of the object begin in
/// [`JsonReader::names`].
struct Level {
    object: bool,
    names: usize,
}

/// A reader over one text.
pub struct JsonReader<'a> {
    text: &'a str,
    at: usize,
    expect: Expect,
    levels: Vec<Level>,
    names: Vec<Cow<'a, str>>,
}

impl<'a> JsonReader<'a> {
    /// Starts before the first value; a byte order mark is skipped.
    pub fn new(text: &'a str) -> Self {
        Self {
            text: text.strip_prefix('\u{feff}').unwrap_or(text),
            at: 0,
            expect: Expect::Value,
            levels: Vec::new(),
            names: Vec::new(),
        }
    }

    /// The next step; `None` after the end of a complete text. After an error there is nothing
    /// sensible to read.
    #[allow(
        clippy::should_implement_trait,
        reason = "an iterator of results would go on after an error"
    )]
    pub fn next(&mut self) -> Result<Option<JsonEvent<'a>>, JsonError> {
        self.skip_white_space();
        if self.expect == Expect::CommaOrClose && self.take(|b| b == b',', 1) == 1 {
            self.expect = match self.levels.last() {
                Some(level) if level.object => Expect::Name,
                _ => Expect::Value,
            };
            self.skip_white_space();
        }
        let event = match (self.expect, self.peek()) {
            (Expect::End, None) => return Ok(None),
            (Expect::End, Some(_)) => return self.fail("something follows the end"),
            (_, None) => return self.fail("the text ends too early"),
            (
                Expect::ValueOrClose | Expect::NameOrClose | Expect::CommaOrClose,
                Some(bracket @ (b'}' | b']')),
            ) => self.close(bracket == b'}')?,
            (Expect::CommaOrClose, _) => return self.fail("a comma is missing"),
            (Expect::Name | Expect::NameOrClose, Some(b'"')) => self.name()?,
            (Expect::Name | Expect::NameOrClose, _) => return self.fail("a name was expected"),
            (Expect::Value | Expect::ValueOrClose, Some(byte)) => self.value(byte)?,
        };
        Ok(Some(event))
    }

    /// Skips the value whose first step was `first`.
    pub fn skip(&mut self, first: &JsonEvent<'a>) -> Result<(), JsonError> {
        if !matches!(first, JsonEvent::Object | JsonEvent::Array) {
            return Ok(());
        }
        let outside = self.levels.len().saturating_sub(1);
        while self.levels.len() > outside {
            self.next()?;
        }
        Ok(())
    }

    fn value(&mut self, byte: u8) -> Result<JsonEvent<'a>, JsonError> {
        let event = match byte {
            b'{' | b'[' => return self.open(byte == b'{'),
            b'"' => JsonEvent::Text(self.string()?),
            b'-' | b'0'..=b'9' => JsonEvent::Number(self.number()?),
            b't' => self.literal("true", JsonEvent::Bool(true))?,
            b'f' => self.literal("false", JsonEvent::Bool(false))?,
            b'n' => self.literal("null", JsonEvent::Null)?,
            _ => return self.fail("a value was expected"),
        };
        self.value_ended();
        Ok(event)
    }

    fn value_ended(&mut self) {
        self.expect = match self.levels.is_empty() {
            true => Expect::End,
            false => Expect::CommaOrClose,
        };
    }

    fn open(&mut self, object: bool) -> Result<JsonEvent<'a>, JsonError> {
        if self.levels.len() == MAX_DEPTH {
            return self.fail("nested too deeply");
        }
        self.at += 1;
        self.levels.push(Level {
            object,
            names: self.names.len(),
        });
        Ok(if object {
            self.expect = Expect::NameOrClose;
            JsonEvent::Object
        } else {
            self.expect = Expect::ValueOrClose;
            JsonEvent::Array
        })
    }

    fn close(&mut self, object: bool) -> Result<JsonEvent<'a>, JsonError> {
        let names = match self.levels.last() {
            Some(level) if level.object == object => level.names,
            _ => return self.fail("a bracket does not match"),
        };
        let of_this_object = self.names.get(names..).unwrap_or_default();
        let mut sorted: Vec<&str> = of_this_object.iter().map(AsRef::as_ref).collect();
        sorted.sort_unstable();
        let repeated = sorted.windows(2).any(|pair| match pair {
            [a, b] => a == b,
            _ => false,
        });
        if repeated {
            return self.fail("a name stands twice in the object that ends");
        }
        self.at += 1;
        self.names.truncate(names);
        self.levels.pop();
        self.value_ended();
        Ok(JsonEvent::Close)
    }

    fn name(&mut self) -> Result<JsonEvent<'a>, JsonError> {
        let first = self.levels.last().map_or(0, |level| level.names);
        if self.names.len() - first == MAX_NAMES {
            return self.fail("too many names in one object");
        }
        let name = self.string()?;
        self.skip_white_space();
        if self.peek() != Some(b':') {
            return self.fail("a colon was expected");
        }
        self.at += 1;
        self.expect = Expect::Value;
        self.names.push(name.clone());
        Ok(JsonEvent::Name(name))
    }
}

#[cfg(test)]
mod tests;
