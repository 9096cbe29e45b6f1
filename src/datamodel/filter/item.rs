//! `item(n)`, `item(n, separator)`, `item(name, separator)`: one part of a list.

use super::MAX_ITEM;
use super::argument::FilterArgument;

/// Which part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListItem {
    which: Which,
    /// A single blank stands for any white space.
    separator: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Which {
    /// From 0.
    Index(usize),
    /// The part that begins with this name and `=`.
    Name(String),
}

impl ListItem {
    /// Reads the arguments.
    ///
    /// # Errors
    /// There are other than one or two, or they are empty or 0.
    pub fn new(arguments: &[FilterArgument<'_>]) -> Result<Self, String> {
        let (which, separator) = match arguments {
            [which] => (which.text()?, ","),
            [which, separator] => (which.text()?, separator.text()?),
            _ => ("", ","),
        };
        if separator.is_empty() {
            return Err("the separator is empty; for a blank write \" \"".to_owned());
        }
        let which = match which.parse::<usize>() {
            Ok(number @ 1..=MAX_ITEM) => Which::Index(number - 1),
            Ok(_) => return Err(format!("parts are numbered from 1 to {MAX_ITEM}")),
            Err(_) if which.is_empty() => {
                return Err("wants a number or a name, and the separator if it is not `,`".into());
            }
            Err(_) => Which::Name(which.to_owned()),
        };
        Ok(Self {
            which,
            separator: separator.to_owned(),
        })
    }

    /// The part, without the white space around it; nothing where there is none.
    pub fn apply(&self, text: &str) -> Option<String> {
        if self.separator == " " {
            return self.pick(text.split_whitespace());
        }
        self.pick(text.split(&*self.separator).map(str::trim))
    }

    fn pick<'a>(&self, mut parts: impl Iterator<Item = &'a str>) -> Option<String> {
        let part = match &self.which {
            Which::Index(index) => parts.nth(*index),
            Which::Name(name) => parts.find_map(|part| {
                let (known, value) = part.split_once('=')?;
                (known.trim_end() == name).then(|| value.trim_start())
            }),
        };
        part.map(str::to_owned)
    }
}
