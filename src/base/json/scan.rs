//! Strings, numbers and words: what stands between the brackets.

use std::borrow::Cow;

use super::{JsonError, JsonEvent, JsonReader};

impl<'a> JsonReader<'a> {
    /// The string whose opening quote is next: borrowed, unless it has escapes.
    pub(super) fn string(&mut self) -> Result<Cow<'a, str>, JsonError> {
        self.at += 1;
        let mut text = Cow::Borrowed("");
        loop {
            let start = self.at;
            self.take(|b| !matches!(b, b'"' | b'\\' | 0..=0x1f), usize::MAX);
            text += self.text.get(start..self.at).unwrap_or_default();
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => text.to_mut().push(self.escape()?),
                Some(_) => return self.fail("a control character stands in a string"),
                None => return self.fail("the text ends in a string"),
            }
        }
    }

    /// The character that the escape at the backslash stands for.
    fn escape(&mut self) -> Result<char, JsonError> {
        self.at += 1;
        let letter = self.peek();
        self.at += 1;
        Ok(match letter {
            Some(plain @ (b'"' | b'\\' | b'/')) => char::from(plain),
            Some(b'b') => '\x08',
            Some(b'f') => '\x0c',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            _ => return self.fail("an unknown escape"),
        })
    }

    fn unicode(&mut self) -> Result<char, JsonError> {
        let first = self.four_hex()?;
        let rest = self.text.get(self.at..).unwrap_or_default();
        let mut second = None;
        if (0xd800..0xdc00).contains(&first) && rest.starts_with("\\u") {
            self.at += 2;
            second = Some(self.four_hex()?);
        }
        match char::decode_utf16([first].into_iter().chain(second)).next() {
            Some(Ok(c)) => Ok(c),
            _ => self.fail("half of a surrogate pair"),
        }
    }

    fn four_hex(&mut self) -> Result<u16, JsonError> {
        let digits = self.text.get(self.at..self.at.saturating_add(4));
        match digits.filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit())) {
            Some(digits) => {
                self.at += 4;
                Ok(u16::from_str_radix(digits, 16).unwrap_or_default())
            }
            None => self.fail("four hexadecimal digits were expected"),
        }
    }

    /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
    pub(super) fn number(&mut self) -> Result<&'a str, JsonError> {
        let start = self.at;
        self.take(|b| b == b'-', 1);
        let leading_zero = self.peek() == Some(b'0');
        let digits = self.take(|b| b.is_ascii_digit(), usize::MAX);
        let mut good = digits == 1 || (digits > 1 && !leading_zero);
        if self.take(|b| b == b'.', 1) == 1 {
            good &= self.take(|b| b.is_ascii_digit(), usize::MAX) > 0;
        }
        if self.take(|b| matches!(b, b'e' | b'E'), 1) == 1 {
            self.take(|b| matches!(b, b'+' | b'-'), 1);
            good &= self.take(|b| b.is_ascii_digit(), usize::MAX) > 0;
        }
        match self.text.get(start..self.at) {
            Some(number) if good => Ok(number),
            _ => self.fail("not a JSON number"),
        }
    }

    pub(super) fn literal(
        &mut self,
        word: &str,
        event: JsonEvent<'a>,
    ) -> Result<JsonEvent<'a>, JsonError> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        if !rest.starts_with(word) {
            return self.fail("a value was expected");
        }
        self.at += word.len();
        Ok(event)
    }

    pub(super) fn take(&mut self, wanted: impl Fn(u8) -> bool, most: usize) -> usize {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let taken = rest.iter().take(most).take_while(|b| wanted(**b)).count();
        self.at += taken;
        taken
    }

    pub(super) fn skip_white_space(&mut self) {
        self.take(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r'), usize::MAX);
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(super) fn fail<T>(&self, why: &'static str) -> Result<T, JsonError> {
        Err(JsonError { at: self.at, why })
    }
}
