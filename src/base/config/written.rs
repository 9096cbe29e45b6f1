//! What the file says, as it is written: sections and options with their lines.

use std::fmt;

/// A file of the configuration, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WrittenConfig {
    /// Its sections; one that is written in two places is one.
    pub sections: Vec<WrittenSection>,
    /// Lines that could not be read, where the others were taken nevertheless.
    pub lost: Vec<LostLine>,
}

/// What stands from one `config` line to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenSection {
    /// Where it begins, counted from 1.
    pub line: u32,
    /// `config KIND`
    pub kind: String,
    /// `None` for a section without a name.
    pub name: Option<String>,
    /// Its `option` and `list` lines, in order.
    pub options: Vec<WrittenOption>,
}

impl WrittenSection {
    /// Whether it has this name, or is of this kind.
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.kind == name || self.name.as_deref() == Some(name)
    }
}

/// A line of a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenOption {
    /// Counted from 1.
    pub line: u32,
    /// What it is called.
    pub name: String,
    /// What it says.
    pub value: String,
    /// `list`, not `option`.
    pub is_list: bool,
}

/// A line that breaks the grammar.
#[derive(Clone, PartialEq, Eq)]
pub struct LostLine {
    /// Counted from 1.
    pub line: u32,
    /// Its beginning. It may have a password: not to be shown.
    pub text: String,
    /// What is wrong.
    pub why: &'static str,
}

/// What an option comes to say by all of its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OptionWords<'w> {
    /// The last of its lines.
    pub(super) line: u32,
    /// One value, or those of a list.
    pub(super) items: Vec<&'w str>,
}

impl WrittenConfig {
    /// The section that is meant by a name: the one that bears it, else the first of the type of
    /// that name, one without a name before one with another.
    pub(super) fn section(&self, name: &str) -> Option<&WrittenSection> {
        let mut sections = self.sections.iter();
        let named = sections.find(|section| section.name.as_deref() == Some(name));
        let of_kind = || self.sections.iter().filter(|section| section.kind == name);
        named
            .or_else(|| of_kind().find(|section| section.name.is_none()))
            .or_else(|| of_kind().next())
    }

    /// Where an option is set: the line that counts.
    pub fn line_of(&self, section: &str, option: &str) -> Option<u32> {
        self.option(section, option).map(|said| said.line)
    }

    /// What an option says, as libuci takes it: a later line counts, an empty one sets nothing.
    pub(super) fn option(&self, section: &str, option: &str) -> Option<OptionWords<'_>> {
        let mut said: Option<OptionWords<'_>> = None;
        let lines = &self.section(section)?.options;
        for line in lines.iter().filter(|line| line.name == option) {
            let value = line.value.as_str();
            match &mut said {
                Some(said) if line.is_list => {
                    said.items.push(value);
                    said.line = line.line;
                }
                _ if line.is_list || !value.is_empty() => {
                    said = Some(OptionWords {
                        line: line.line,
                        items: vec![value],
                    });
                }
                _ => {}
            }
        }
        said
    }
}

/// Something that is odd in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// Where, counted from 1; `None`: nowhere in particular.
    pub line: Option<u32>,
    /// What, and what to do or what is done about it.
    pub text: String,
}

impl fmt::Debug for LostLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}
