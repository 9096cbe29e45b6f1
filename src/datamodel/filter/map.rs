//! `map(from=to, …, *=other)`: words of the source to words of the standard.

use super::argument::FilterArgument;

/// The pairs of a `map`.
///
/// What the source says is compared as a whole; `*` stands for all that no other pair names. What
/// is not named at all has no value. The empty text on the left is what the source says where it
/// has no value; `*` does not stand for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WordMap {
    pairs: Vec<(String, String)>,
    others: Option<String>,
}

impl WordMap {
    /// Reads the arguments.
    ///
    /// # Errors
    /// An argument is no pair, or two of them have the same left side.
    pub fn new(arguments: &[FilterArgument<'_>]) -> Result<Self, String> {
        let mut map = Self {
            pairs: Vec::new(),
            others: None,
        };
        for argument in arguments {
            let (from, to) = argument.pair()?;
            let to = to.text()?.to_owned();
            if from.is("*") {
                if map.others.replace(to).is_some() {
                    return Err("two pairs begin with `*`".to_owned());
                }
                continue;
            }
            let from = from.text()?;
            if map.pairs.iter().any(|(known, _)| known == from) {
                return Err(format!("two pairs begin with `{from}`"));
            }
            map.pairs.push((from.to_owned(), to));
        }
        match map.pairs.is_empty() {
            true => Err("wants at least one pair `from=to`".to_owned()),
            false => Ok(map),
        }
    }

    /// The word of the standard.
    pub fn apply(&self, text: &str) -> Option<String> {
        let pair = self.pairs.iter().find(|(from, _)| from == text);
        let others = self.others.as_ref().filter(|_| !text.is_empty());
        pair.map(|(_, to)| to).or(others).cloned()
    }

    /// The word of the source, where exactly one pair leads to `text`.
    pub fn invert(&self, text: &str) -> Option<String> {
        let mut leading = self.pairs.iter().filter(|(_, to)| to == text);
        let (from, _) = leading.next()?;
        leading.next().is_none().then(|| from.clone())
    }

    /// The words of the standard that it can give.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        let words = self.pairs.iter().map(|(_, to)| to).chain(&self.others);
        words.map(String::as_str)
    }

    /// Whether no two pairs lead to the same word.
    pub fn one_to_one(&self) -> bool {
        self.pairs.iter().all(|(_, to)| self.invert(to).is_some())
    }
}
