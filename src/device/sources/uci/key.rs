//! The keys of the source, read once.

use std::borrow::Cow;

use crate::datamodel::source::{Declaration, Instance, KeyTemplate, TEMPLATE};
use crate::device::uci::{is_name, is_package, is_type};

/// What a key of a package means.
pub(super) enum UciKey {
    /// `@type`: a table of the sections of a type.
    Table {
        /// The type.
        kind: Box<str>,
    },
    /// `section.option`.
    Option(OptionKey),
}

/// Where the value of a row is: the section may depend on the instance.
pub(super) struct OptionKey {
    place: KeyPart,
    /// The row is a list, so that the option is written as one.
    pub(super) is_list: bool,
}

enum KeyPart {
    Fixed {
        section: Box<str>,
        option: Box<str>,
    },
    /// `section.option` with `{i}`.
    Of(KeyTemplate),
}

impl OptionKey {
    /// Section and option for these instances; `None` where what stands for `{i}` makes no key.
    pub(super) fn at(&self, at: &[Instance<'_>]) -> Option<(Cow<'_, str>, Cow<'_, str>)> {
        match &self.place {
            KeyPart::Fixed { section, option } => {
                Some((Cow::Borrowed(section), Cow::Borrowed(option)))
            }
            KeyPart::Of(template) => {
                let key = template.fill(at);
                let (section, option) = key.rsplit_once('.')?;
                Some((
                    Cow::Owned(section.to_owned()),
                    Cow::Owned(option.to_owned()),
                ))
            }
        }
    }
}

/// Reads a key: the package, and what it means there.
pub(super) fn read<'k>(row: &Declaration<'_>, key: &'k str) -> Result<(&'k str, UciKey), String> {
    let (package, rest) = key.split_once('.').unwrap_or((key, ""));
    if !is_package(package.as_bytes()) {
        return Err(format!("'{key}' does not begin with the name of a package"));
    }
    match row.kind {
        None => match rest.strip_prefix('@').filter(|kind| is_of_type(kind)) {
            Some(kind) => Ok((package, UciKey::Table { kind: kind.into() })),
            None => Err(format!(
                "'{key}' is not package.@type, a table of the sections of a type"
            )),
        },
        Some(kind) => {
            let template = KeyTemplate::parse(rest, row.tables)?;
            let instance = Instance {
                number: 1,
                identity: None,
            };
            let sample = template.fill(&vec![instance; row.tables]).into_owned();
            let (section, option) = split(&sample).ok_or_else(|| {
                format!(
                    "'{key}' is not package.section.option; a section is a name, @type[index] \
                     or {TEMPLATE}"
                )
            })?;
            let place = if template.has_places() {
                KeyPart::Of(template)
            } else {
                KeyPart::Fixed {
                    section: section.into(),
                    option: option.into(),
                }
            };
            let is_list = kind.list.is_some() && !row.filtered;
            Ok((package, UciKey::Option(OptionKey { place, is_list })))
        }
    }
}

fn split(key: &str) -> Option<(&str, &str)> {
    let (section, option) = key.rsplit_once('.')?;
    let is_section = match section.strip_prefix('@') {
        Some(extended) => is_indexed(extended),
        None => is_name(section.as_bytes()),
    };
    (is_section && is_name(option.as_bytes())).then_some((section, option))
}

/// `type[index]`, or `[index]` for a section of any type.
fn is_indexed(section: &str) -> bool {
    let Some((kind, index)) = section.strip_suffix(']').and_then(|s| s.split_once('[')) else {
        return false;
    };
    (kind.is_empty() || is_of_type(kind)) && index.parse::<isize>().is_ok()
}

/// A type that `@type[index]` can name.
fn is_of_type(kind: &str) -> bool {
    is_type(kind.as_bytes()) && !kind.contains(['[', ']']) && !kind.contains(TEMPLATE)
}
