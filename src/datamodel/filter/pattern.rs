//! `match(pattern)`: the part of a text that stands between what is always there.

use super::argument::FilterArgument;

/// A pattern over the whole text, with one part to keep.
///
/// `*` is any run of characters, `?` any single one, `{` and `}` stand around the part to keep (the
/// whole where there are none), `\` before one of these takes it as it is. An earlier `*` takes as
/// little as it can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// What stands before, between and behind the `*`: one more than there are `*`.
    segments: Vec<Vec<Piece>>,
    begin: PatternPlace,
    end: PatternPlace,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Is(char),
    Any,
}

/// A place in the pattern: before the piece of that index, at the end of the segment behind the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct PatternPlace {
    segment: usize,
    piece: usize,
}

impl Pattern {
    /// Reads the argument.
    ///
    /// # Errors
    /// There is not exactly one, it is empty, or its braces do not stand around one part.
    pub fn new(arguments: &[FilterArgument<'_>]) -> Result<Self, String> {
        match arguments {
            [pattern] => Self::parse(pattern.text()?),
            _ => Err("wants one pattern, in quotes if it holds `,`".to_owned()),
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("the pattern is empty".to_owned());
        }
        let mut segments = Vec::new();
        let mut segment = Vec::new();
        let (mut begin, mut end) = (None, None);
        let mut characters = text.chars();
        while let Some(c) = characters.next() {
            let here = PatternPlace {
                segment: segments.len(),
                piece: segment.len(),
            };
            match c {
                '*' => segments.push(std::mem::take(&mut segment)),
                '?' => segment.push(Piece::Any),
                '{' if begin.is_none() => begin = Some(here),
                '}' if begin.is_some() && end.is_none() => end = Some(here),
                '{' | '}' => return Err("`{` and `}` stand around one part".to_owned()),
                '\\' => match characters.next() {
                    Some(c @ ('*' | '?' | '{' | '}' | '\\')) => segment.push(Piece::Is(c)),
                    _ => return Err("behind `\\` stands one of `* ? { } \\`".to_owned()),
                },
                c => segment.push(Piece::Is(c)),
            }
        }
        let last = PatternPlace {
            segment: segments.len(),
            piece: segment.len(),
        };
        if begin.is_some() != end.is_some() {
            return Err("the `{` is never closed".to_owned());
        }
        segments.push(segment);
        let first = PatternPlace {
            segment: 0,
            piece: 0,
        };
        Ok(Self {
            segments,
            begin: begin.unwrap_or(first),
            end: end.unwrap_or(last),
        })
    }

    /// The part to keep; nothing where the text does not match.
    pub fn apply(&self, text: &str) -> Option<String> {
        let mut from = 0;
        let (mut begin, mut end) = (None, None);
        for (index, segment) in self.segments.iter().enumerate() {
            let (first, last) = (index == 0, index + 1 == self.segments.len());
            let rest = text.get(from..)?;
            // A `*` before it lets a segment stand anywhere, but the last must reach the end.
            let skipped = match (first, last) {
                (true, _) => 0,
                (false, true) => before_last(rest, segment.len())?,
                (false, false) => rest
                    .char_indices()
                    .map(|(at, _)| at)
                    .chain([rest.len()])
                    .find(|&at| rest.get(at..).is_some_and(|t| length(segment, t).is_some()))?,
            };
            let place = from + skipped;
            let here = text.get(place..)?;
            let reached = place + length(segment, here)?;
            if last && reached != text.len() {
                return None;
            }
            let within = |mark: PatternPlace| -> Option<usize> {
                let part = segment
                    .get(..mark.piece)
                    .filter(|_| mark.segment == index)?;
                Some(place + length(part, here)?)
            };
            begin = begin.or(within(self.begin));
            end = end.or(within(self.end));
            from = reached;
        }
        text.get(begin?..end?).map(str::to_owned)
    }

    /// The text with `kept` in its place, where all around it is fixed.
    pub fn invert(&self, kept: &str) -> Option<String> {
        let mut text = String::new();
        for piece in self.around()? {
            match piece {
                Around::Fixed(c) => text.push(c),
                Around::Kept => text.push_str(kept),
            }
        }
        (self.apply(&text)? == kept).then_some(text)
    }

    /// Whether there is neither `*` nor `?` outside of the part to keep.
    pub fn invertible(&self) -> bool {
        self.around().is_some()
    }

    /// What stands around the part to keep, and where that stands; `None` where that may vary.
    fn around(&self) -> Option<Vec<Around>> {
        let inner = self.begin.segment..self.end.segment;
        // Stars stand between the segments; all of them must be in the part to keep.
        if inner.len() + 1 != self.segments.len() {
            return None;
        }
        let head = self.segments.first()?.get(..self.begin.piece)?;
        let tail = self.segments.last()?.get(self.end.piece..)?;
        let fixed = |piece: &Piece| match piece {
            Piece::Is(c) => Some(Around::Fixed(*c)),
            Piece::Any => None,
        };
        let pieces = head.iter().map(fixed);
        pieces
            .chain([Some(Around::Kept)])
            .chain(tail.iter().map(fixed))
            .collect()
    }
}

enum Around {
    Fixed(char),
    Kept,
}

/// The bytes at the beginning of the text that the pieces match.
fn length(pieces: &[Piece], text: &str) -> Option<usize> {
    let mut characters = text.chars();
    let mut bytes = 0;
    for piece in pieces {
        let c = characters.next()?;
        if !matches!(piece, Piece::Any) && *piece != Piece::Is(c) {
            return None;
        }
        bytes += c.len_utf8();
    }
    Some(bytes)
}

/// Where the last `count` characters begin.
fn before_last(text: &str, count: usize) -> Option<usize> {
    match count.checked_sub(1) {
        None => Some(text.len()),
        Some(nth) => text.char_indices().nth_back(nth).map(|(at, _)| at),
    }
}
