//! JSON from a peer that may be cut short, broken or hostile (RFC 8259).
//!
//! [`JsonReader`] goes through a text once, as it comes, without recursion and without building or
//! keeping anything but the text of the step it is at: a home of 231 nodes (2.7 MB of text) is taken
//! from it through a window of 16 kB.
//!
//! A *strict* one fails at the first mistake. A *lenient* one goes on where it can tell where the
//! next value is, and says which one is flawed: only brackets that do not match, and an end that is
//! missing, are the end of it.

mod class;
mod scan;

use std::fmt;
use std::io::Read;

use self::class::{AFTER_NAME, AFTER_VALUE, BRACKET, COLON, NOTHING, WHITE};

/// Deepest nesting whose values are told. Luup's own answers stay below 10.
pub const MAX_DEPTH: usize = 32;

/// Bytes of the longest name or text that is kept: what is longer is flawed.
pub const MAX_TEXT: usize = 64 * 1024;

/// Bytes of a text that are looked at at once.
const WINDOW: usize = 16 * 1024;

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

/// A step through a text; [`JsonReader::text`] has what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonEvent {
    /// `{`: names, each with its value, follow until [`JsonEvent::Close`].
    Object,
    /// `[`: values follow until [`JsonEvent::Close`].
    Array,
    /// `}` or `]`.
    Close,
    /// The name of the value that follows.
    Name,
    /// A string, its escapes resolved.
    Text,
    /// A number as it is written.
    Number,
    /// `true` or `false`.
    Bool(bool),
    /// `null`, which stands for no value.
    Null,
    /// To a lenient reader: a value that cannot be read, and why. It is passed over whole.
    Flawed(&'static str),
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

/// A reader of one text.
pub struct JsonReader<'a> {
    source: &'a mut dyn Read,
    window: Box<[u8; WINDOW]>,
    /// The next byte in the window, and where what was read of it ends.
    at: usize,
    filled: usize,
    /// Bytes before the window.
    before: usize,
    is_lenient: bool,
    expect: Expect,
    /// How many brackets are open, and a bit for each, the last one lowest: whether it is an object's.
    depth: usize,
    objects: u32,
    text: String,
    /// What is wrong with the text.
    flaw: Option<&'static str>,
}

impl<'a> JsonReader<'a> {
    /// One that fails at the first mistake, including bytes that are no UTF-8; names may be repeated.
    /// A byte order mark is skipped by either. Where the source fails, the text ends.
    pub fn strict(source: &'a mut dyn Read) -> Self {
        Self::new(source, false)
    }

    /// One that goes on where it can. Trailing and missing commas, names without quotes
    /// are passed over. Bytes that are no UTF-8 are read as U+FFFD, and control characters in strings
    /// as they are. Nothing is read behind the end of the outermost value.
    pub fn lenient(source: &'a mut dyn Read) -> Self {
        Self::new(source, true)
    }

    fn new(source: &'a mut dyn Read, is_lenient: bool) -> Self {
        Self {
            source,
            window: Box::new([0; WINDOW]),
            at: 0,
            filled: 0,
            before: 0,
            is_lenient,
            expect: Expect::Value,
            depth: 0,
            objects: 0,
            text: String::new(),
            flaw: None,
        }
    }

    /// What the last step says: a name, a text, a number or, of a flawed value, what of it is left.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// To a lenient reader: why the name that was the last step is not what was meant.
    pub fn flaw(&self) -> Option<&'static str> {
        self.flaw
    }

    /// Bytes that were gone through.
    pub fn position(&self) -> usize {
        self.before + self.at
    }

    /// Whether there is nothing more but white space.
    pub fn is_at_end(&mut self) -> bool {
        self.solid().is_none()
    }

    /// The next step; `None` after the end of a complete text. After an error there is nothing
    /// sensible to read.
    #[allow(
        clippy::should_implement_trait,
        reason = "an iterator of results would go on after an error"
    )]
    pub fn next(&mut self) -> Result<Option<JsonEvent>, JsonError> {
        if self.expect == Expect::End && self.is_lenient {
            return Ok(None);
        }
        let mut next = self.solid();
        if self.expect == Expect::CommaOrClose {
            next = self.pass_comma(next);
        }
        let event = match (self.expect, next) {
            (Expect::End, None) => return Ok(None),
            (Expect::End, Some(_)) => return self.fail("something follows the end"),
            (_, None) => return self.fail("the text ends too early"),
            (
                Expect::ValueOrClose | Expect::NameOrClose | Expect::CommaOrClose,
                Some(bracket @ (b'}' | b']')),
            ) => self.close(bracket == b'}')?,
            (Expect::CommaOrClose, _) => return self.fail("a comma is missing"),
            (Expect::Name | Expect::NameOrClose, Some(byte)) => self.name(byte)?,
            (Expect::Value | Expect::ValueOrClose, Some(byte)) => self.value(byte)?,
        };
        Ok(Some(event))
    }

    /// Passes the comma in front of `next`, and gives what stands behind it. To a lenient reader, commas
    /// may be missing, or more than are needed.
    fn pass_comma(&mut self, mut next: Option<u8>) -> Option<u8> {
        let passed = next == Some(b',');
        while next == Some(b',') {
            self.at += 1;
            next = self.solid();
            if !self.is_lenient {
                break;
            }
        }
        self.expect = match (self.is_lenient, passed, self.is_in_object()) {
            (true, _, true) => Expect::NameOrClose,
            (true, _, false) => Expect::ValueOrClose,
            (false, true, true) => Expect::Name,
            (false, true, false) => Expect::Value,
            (false, false, _) => Expect::CommaOrClose,
        };
        next
    }

    fn is_in_object(&self) -> bool {
        self.depth > 0 && self.objects & 1 == 1
    }

    /// Skips the value whose first step was `first`.
    pub fn skip(&mut self, first: JsonEvent) -> Result<(), JsonError> {
        if !matches!(first, JsonEvent::Object | JsonEvent::Array) {
            return Ok(());
        }
        let outside = self.depth.saturating_sub(1);
        while self.depth > outside {
            self.next()?;
        }
        Ok(())
    }

    fn value(&mut self, byte: u8) -> Result<JsonEvent, JsonError> {
        let event = match byte {
            b'{' | b'[' if self.depth < MAX_DEPTH => return Ok(self.open(byte == b'{')),
            b'{' | b'[' => self.pass_over_the_depths()?,
            b'"' => {
                self.string(match self.depth {
                    0 => NOTHING,
                    _ => AFTER_VALUE,
                })?;
                self.flaw.map_or(JsonEvent::Text, JsonEvent::Flawed)
            }
            _ => self.bare_value()?,
        };
        self.value_ended();
        Ok(event)
    }

    fn value_ended(&mut self) {
        self.expect = match self.depth {
            0 => Expect::End,
            _ => Expect::CommaOrClose,
        };
    }

    fn open(&mut self, is_object: bool) -> JsonEvent {
        self.at += 1;
        self.depth += 1;
        self.objects = self.objects << 1 | u32::from(is_object);
        let (expect, event) = match is_object {
            true => (Expect::NameOrClose, JsonEvent::Object),
            false => (Expect::ValueOrClose, JsonEvent::Array),
        };
        self.expect = expect;
        event
    }

    fn close(&mut self, is_object: bool) -> Result<JsonEvent, JsonError> {
        if self.is_in_object() != is_object {
            return self.fail("a bracket does not match");
        }
        self.at += 1;
        self.depth -= 1;
        self.objects >>= 1;
        self.value_ended();
        Ok(JsonEvent::Close)
    }

    fn name(&mut self, byte: u8) -> Result<JsonEvent, JsonError> {
        match (byte, self.is_lenient) {
            (b'"', _) => self.string(AFTER_NAME)?,
            (_, false) => return self.fail("a name was expected"),
            (_, true) => {
                self.bare(WHITE | BRACKET | COLON | AFTER_VALUE);
                self.flaw = Some("the name has no quotes");
            }
        }
        match self.solid() {
            Some(b':') => self.at += 1,
            _ if self.is_lenient => {}
            _ => return self.fail("a colon was expected"),
        }
        self.expect = Expect::Value;
        Ok(JsonEvent::Name)
    }

    /// A value that is nested deeper than is told: its brackets are counted only, so that the depth
    /// costs nothing.
    fn pass_over_the_depths(&mut self) -> Result<JsonEvent, JsonError> {
        const WHY: &str = "nested too deeply";
        if !self.is_lenient {
            return self.fail(WHY);
        }
        let mut deeper = 0_usize;
        loop {
            match self.peek() {
                None => return self.fail("the text ends too early"),
                Some(b'"') => self.string(AFTER_NAME | AFTER_VALUE)?,
                Some(byte) => {
                    self.at += 1;
                    match byte {
                        b'{' | b'[' => deeper += 1,
                        b'}' | b']' => deeper -= 1,
                        _ => {}
                    }
                    if deeper == 0 {
                        self.text.clear();
                        return Ok(JsonEvent::Flawed(WHY));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
