//! Strings, numbers and words: what stands between the brackets.

use std::io::ErrorKind;

use super::class::{AFTER_VALUE, BRACKET, COLON, Class, NOTHING, QUOTE, WHITE, class_of};
use super::{JsonError, JsonEvent, JsonReader, MAX_TEXT};

/// A byte order mark.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// What stands for a character that cannot be told.
const UNKNOWN: char = char::REPLACEMENT_CHARACTER;

impl JsonReader<'_> {
    /// The string whose opening quote is next. To a lenient reader, a quote behind which none of
    /// `closers` stands, nor the end, is one that should have been escaped.
    pub(super) fn string(&mut self, closers: Class) -> Result<(), JsonError> {
        match self.string_at_once(closers) {
            true => Ok(()),
            false => self.string_in_pieces(closers),
        }
    }

    /// Takes a string that is whole in the window and has nothing in it but what stands for itself, as
    /// nearly all are; whether it is one.
    fn string_at_once(&mut self, closers: Class) -> bool {
        let rest = self.window.get(self.at + 1..self.filled);
        let rest = rest.unwrap_or_default();
        let end = memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
        let Some((text, [b'"', behind @ ..])) = rest.split_at_checked(end) else {
            return false;
        };
        let mut next = behind.iter().map(|byte| class_of(*byte));
        let is_closer = |class: Class| class & closers != 0;
        let is_closed =
            closers == NOTHING || next.find(|class| *class != WHITE).is_some_and(is_closer);
        let is_plain = match self.is_lenient {
            true => is_closed,
            false => !text.iter().any(|byte| *byte < b' '),
        };
        let (true, Ok(text)) = (is_plain, std::str::from_utf8(text)) else {
            return false;
        };
        self.flaw = None;
        self.text.clear();
        self.text.push_str(text);
        self.at += end + 2;
        true
    }

    fn string_in_pieces(&mut self, closers: Class) -> Result<(), JsonError> {
        self.at += 1;
        let mut bytes = self.begin_text();
        loop {
            self.take_plain(&mut bytes);
            match self.peek() {
                None => return self.fail("the text ends in a string"),
                Some(b'"') => {
                    self.at += 1;
                    if self.is_closed(&mut bytes, closers) {
                        break;
                    }
                }
                Some(b'\\') => {
                    self.at += 1;
                    self.escape(&mut bytes)?;
                }
                Some(_) => return self.fail("a control character stands in a string"),
            }
        }
        self.end_text(bytes)
    }

    /// Whether the quote that was just passed is the end of its string; if not, it is in the text.
    fn is_closed(&mut self, bytes: &mut Vec<u8>, closers: Class) -> bool {
        if !self.is_lenient || closers == NOTHING {
            return true;
        }
        let (end, flaw) = (bytes.len(), self.flaw);
        bytes.push(b'"');
        self.take_while(bytes, |byte| class_of(byte) == WHITE);
        let is_closer = |next| class_of(next) & closers != 0;
        let is_closed = self.peek().is_none_or(is_closer);
        self.flaw = match is_closed {
            true => flaw,
            false => Some("a quote stands in a string"),
        };
        if is_closed {
            bytes.truncate(end);
        }
        is_closed
    }

    /// What the escape behind a backslash stands for.
    fn escape(&mut self, bytes: &mut Vec<u8>) -> Result<(), JsonError> {
        let letter = self.peek();
        let meant = match letter {
            Some(plain @ (b'"' | b'\\' | b'/')) => char::from(plain),
            Some(b'b') => '\x08',
            Some(b'f') => '\x0c',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                return self.unicode(bytes);
            }
            // What follows is read as if there were no backslash.
            _ => return self.flawed("an unknown escape"),
        };
        self.at += 1;
        self.keep_char(bytes, meant);
        Ok(())
    }

    /// `\uXXXX`, or two of them that are one character.
    fn unicode(&mut self, bytes: &mut Vec<u8>) -> Result<(), JsonError> {
        let Some(mut unit) = self.four_hex()? else {
            self.keep_char(bytes, UNKNOWN);
            return Ok(());
        };
        while (0xd800..0xdc00).contains(&unit) && self.take_one(b'\\') {
            if !self.take_one(b'u') {
                self.flawed("half of a surrogate pair")?;
                self.keep_char(bytes, UNKNOWN);
                return self.escape(bytes);
            }
            let Some(second) = self.four_hex()? else {
                self.keep_char(bytes, UNKNOWN);
                return Ok(());
            };
            if let Some(Ok(whole)) = char::decode_utf16([unit, second]).next() {
                self.keep_char(bytes, whole);
                return Ok(());
            }
            self.flawed("half of a surrogate pair")?;
            self.keep_char(bytes, UNKNOWN);
            unit = second;
        }
        let meant = char::from_u32(u32::from(unit));
        if meant.is_none() {
            self.flawed("half of a surrogate pair")?;
        }
        self.keep_char(bytes, meant.unwrap_or(UNKNOWN));
        Ok(())
    }

    fn four_hex(&mut self) -> Result<Option<u16>, JsonError> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.peek().map(char::from).and_then(|c| c.to_digit(16));
            let Some(digit) = digit.and_then(|digit| u16::try_from(digit).ok()) else {
                self.flawed("four hexadecimal digits were expected")?;
                return Ok(None);
            };
            self.at += 1;
            unit = unit << 4 | digit;
        }
        Ok(Some(unit))
    }

    /// A number or a word; to a lenient reader, whatever stands where one should, be it nothing.
    pub(super) fn bare_value(&mut self) -> Result<JsonEvent, JsonError> {
        let start = self.position();
        self.bare(match (self.depth, self.is_lenient) {
            // A text that is none of JSON is one word.
            (0, true) => NOTHING,
            (_, true) => WHITE | AFTER_VALUE,
            (_, false) => WHITE | AFTER_VALUE | COLON | BRACKET | QUOTE,
        });
        Ok(match self.text.as_str() {
            "true" => JsonEvent::Bool(true),
            "false" => JsonEvent::Bool(false),
            "null" => JsonEvent::Null,
            number if is_number(number) => JsonEvent::Number,
            other => {
                let why = match other.starts_with(|c: char| "+-.".contains(c) || c.is_ascii_digit())
                {
                    true => "not a JSON number",
                    false => "a value was expected",
                };
                if !self.is_lenient {
                    return Err(JsonError { at: start, why });
                }
                JsonEvent::Flawed(why)
            }
        })
    }

    /// Takes what stands before the next of `ends` as text, but for white space at its end.
    pub(super) fn bare(&mut self, ends: Class) {
        let is_end = |byte: u8| class_of(byte) & ends != 0;
        let rest = self.window.get(self.at..self.filled).unwrap_or_default();
        let end = rest.iter().position(|byte| is_end(*byte));
        let bare = end.and_then(|end| std::str::from_utf8(rest.get(..end)?).ok());
        if let Some(bare) = bare {
            self.at += bare.len();
            self.flaw = None;
            self.text.clear();
            self.text.push_str(bare.trim_ascii_end());
            return;
        }
        let mut bytes = self.begin_text();
        self.take_while(&mut bytes, |byte| !is_end(byte));
        bytes.truncate(bytes.trim_ascii_end().len());
        self.text = text_of(bytes);
    }

    fn begin_text(&mut self) -> Vec<u8> {
        self.flaw = None;
        let mut bytes = std::mem::take(&mut self.text).into_bytes();
        bytes.clear();
        bytes
    }

    fn end_text(&mut self, bytes: Vec<u8>) -> Result<(), JsonError> {
        if !self.is_lenient && std::str::from_utf8(&bytes).is_err() {
            return self.fail("bytes that are no UTF-8 stand in a string");
        }
        self.text = text_of(bytes);
        match self.flaw {
            Some(why) if !self.is_lenient => self.fail(why),
            _ => Ok(()),
        }
    }

    fn keep(&mut self, bytes: &mut Vec<u8>, more: &[u8]) {
        match bytes.len() + more.len() > MAX_TEXT {
            true => self.flaw = Some("too long a text"),
            false => bytes.extend_from_slice(more),
        }
    }

    fn keep_char(&mut self, bytes: &mut Vec<u8>, c: char) {
        self.keep(bytes, c.encode_utf8(&mut [0; 4]).as_bytes());
    }

    /// Keeps what is `wanted`, up to the first byte that is not.
    fn take_while(&mut self, bytes: &mut Vec<u8>, wanted: impl Fn(u8) -> bool) {
        self.take(bytes, |rest| rest.iter().position(|byte| !wanted(*byte)));
    }

    /// Keeps what of a string stands for itself: most of what Luup says.
    fn take_plain(&mut self, bytes: &mut Vec<u8>) {
        let is_lenient = self.is_lenient;
        self.take(bytes, |rest| {
            let end = memchr::memchr2(b'"', b'\\', rest);
            // To a lenient reader control characters are as good as others.
            let plain = rest
                .get(..end.unwrap_or(rest.len()))
                .filter(|_| !is_lenient);
            let control = plain.and_then(|plain| plain.iter().position(|byte| *byte < b' '));
            control.or(end)
        });
    }

    /// Keeps what stands before the `end`, if that is found.
    fn take(&mut self, bytes: &mut Vec<u8>, end: impl Fn(&[u8]) -> Option<usize>) {
        while self.peek().is_some() {
            let rest = self.window.get(self.at..self.filled).unwrap_or_default();
            let end = end(rest);
            let taken = end.unwrap_or(rest.len());
            match bytes.len() + taken > MAX_TEXT {
                true => self.flaw = Some("too long a text"),
                false => bytes.extend_from_slice(rest.get(..taken).unwrap_or_default()),
            }
            self.at += taken;
            if end.is_some() {
                return;
            }
        }
    }

    pub(super) fn take_one(&mut self, wanted: u8) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    /// The next byte that is no white space.
    #[inline(always)]
    pub(super) fn solid(&mut self) -> Option<u8> {
        loop {
            let byte = self.peek()?;
            if class_of(byte) != WHITE {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    #[inline(always)]
    pub(super) fn peek(&mut self) -> Option<u8> {
        if self.at >= self.filled && !self.fill() {
            return None;
        }
        self.window.get(self.at).copied()
    }

    /// Reads on where all that was read is gone through; whether there was more.
    fn fill(&mut self) -> bool {
        let is_first = self.before + self.filled == 0;
        self.before += self.filled;
        (self.at, self.filled) = (0, 0);
        let wanted = if is_first { MARK.len() } else { 1 };
        while self.filled < wanted {
            let room = self.window.get_mut(self.filled..).unwrap_or_default();
            match self.source.read(room) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => break,
                Ok(read) => self.filled += read,
            }
        }
        if is_first && self.window.starts_with(MARK) {
            self.at = MARK.len();
        }
        // Where no more came than the mark, what follows it is still to come.
        self.at < self.filled || (self.at > 0 && self.fill())
    }

    pub(super) fn fail<T>(&self, why: &'static str) -> Result<T, JsonError> {
        let at = self.position();
        Err(JsonError { at, why })
    }

    /// A lenient reader goes on.
    fn flawed(&mut self, why: &'static str) -> Result<(), JsonError> {
        match self.is_lenient {
            true => self.flaw = Some(why),
            false => return self.fail(why),
        }
        Ok(())
    }
}

/// What is no UTF-8 becomes U+FFFD. Nothing is copied where all is well.
fn text_of(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into())
}

/// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
fn is_number(text: &str) -> bool {
    let text = text.as_bytes();
    let whole = match text.strip_prefix(b"-").unwrap_or(text) {
        [b'0', rest @ ..] => Some(rest),
        digits => behind_digits(digits),
    };
    let fraction = whole.and_then(|rest| match rest {
        [b'.', digits @ ..] => behind_digits(digits),
        _ => Some(rest),
    });
    let exponent = fraction.and_then(|rest| match rest {
        [b'e' | b'E', b'+' | b'-', digits @ ..] | [b'e' | b'E', digits @ ..] => {
            behind_digits(digits)
        }
        _ => Some(rest),
    });
    exponent.is_some_and(<[u8]>::is_empty)
}

/// What stands behind one digit or more.
fn behind_digits(text: &[u8]) -> Option<&[u8]> {
    let end = text.iter().position(|byte| !byte.is_ascii_digit());
    match end {
        Some(0) => None,
        None if text.is_empty() => None,
        end => text.get(end.unwrap_or(text.len())..),
    }
}
