//! The keys of the source, read once.

use std::borrow::Cow;

use crate::datamodel::source::{Declaration, Instance, KeyTemplate, TEMPLATE};
use crate::device::uci::{is_name, is_package, is_type};

/// What a key of a package means.
pub(super) enum UciKey {
    /// `@type`: a table of the sections of a type.
    Table(TableKey),
    /// `section.option`.
    Option(OptionKey),
}

/// The sections of a table.
pub(super) struct TableKey {
    /// Their type.
    pub(super) kind: Box<str>,
    /// `@type[option={i}]`: the option by which each names the section that the table is in.
    pub(super) owner: Option<Box<str>>,
}

impl TableKey {
    /// The option of the owner, and the section that this one is.
    pub(super) fn owned<'k>(&'k self, at: &'k [Instance<'_>]) -> Option<(&'k str, &'k str)> {
        Some((
            self.owner.as_deref()?,
            at.last()?.identity.unwrap_or_default(),
        ))
    }
}

/// Where the value of a row is: the section may depend on the instance.
pub(super) struct OptionKey {
    place: KeyPart,
    /// The type of the section, should it have to be made; `None` where nothing says it.
    kind: Option<Box<str>>,
    /// The option is written as a list, also where it is not one yet.
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

/// The option that a key means for certain instances.
pub(super) struct OptionPlace<'k> {
    /// A name, `@type[index]`, or what the source called the section in a table.
    pub(super) section: Cow<'k, str>,
    pub(super) option: Cow<'k, str>,
    /// As [`OptionKey`] has it.
    pub(super) kind: Option<&'k str>,
}

impl OptionKey {
    /// Section and option, where they are the same for all instances.
    pub(super) fn fixed(&self) -> Option<(&str, &str)> {
        match &self.place {
            KeyPart::Fixed { section, option } => Some((section, option)),
            KeyPart::Of(_) => None,
        }
    }

    /// The option for these instances; `None` where what stands for `{i}` makes no key.
    pub(super) fn at(&self, at: &[Instance<'_>]) -> Option<OptionPlace<'_>> {
        let (section, option) = match &self.place {
            KeyPart::Fixed { section, option } => {
                (Cow::Borrowed(&**section), Cow::Borrowed(&**option))
            }
            KeyPart::Of(template) => {
                let key = template.fill(at);
                let (section, option) = key.rsplit_once('.')?;
                let owned = |text: &str| Cow::Owned(text.to_owned());
                (owned(section), owned(option))
            }
        };
        Some(OptionPlace {
            section,
            option,
            kind: self.kind.as_deref(),
        })
    }
}

/// Reads a key: the package, and what it means there.
pub(super) fn read<'k>(row: &Declaration<'_>, key: &'k str) -> Result<(&'k str, UciKey), String> {
    let (package, rest) = key.split_once('.').unwrap_or((key, ""));
    if !is_package(package.as_bytes()) {
        return Err(format!("'{key}' does not begin with the name of a package"));
    }
    match row.kind {
        None => match table(rest, row.tables) {
            Some(table) => Ok((package, UciKey::Table(table))),
            None => Err(format!(
                "'{key}' is not package.@type, a table of the sections of a type, nor, in another \
                 table, package.@type[option={TEMPLATE}]"
            )),
        },
        Some(kind_of_row) => {
            let (rest, is_marked) = match rest.strip_suffix("[]") {
                Some(rest) => (rest, true),
                None => (rest, false),
            };
            let (rest, of_type) = take_type(rest)?;
            let template = KeyTemplate::parse(&rest, row.tables)?;
            let instance = Instance {
                number: 1,
                identity: None,
            };
            let sample = template.fill(&vec![instance; row.tables]).into_owned();
            let (section, option) = split(&sample).ok_or_else(|| {
                format!(
                    "'{key}' is not package.section.option; a section is a name, name=type, \
                     @type[index] or {TEMPLATE}"
                )
            })?;
            let (place, usual) = if template.has_places() {
                (KeyPart::Of(template), None)
            } else {
                let (section, option) = (section.into(), option.into());
                (KeyPart::Fixed { section, option }, Some(&*sample))
            };
            // `config acs 'acs'`: most sections that there are once have the name of their type.
            let usual = usual.and_then(|sample| Some(split(sample)?.0));
            let kind = of_type.or(usual.filter(|section| !section.starts_with('@')));
            let key = OptionKey {
                place,
                kind: kind.map(Box::from),
                is_list: is_marked || (kind_of_row.is_list() && !row.filtered),
            };
            Ok((package, UciKey::Option(key)))
        }
    }
}

/// `@type`, `@type[option={i}]`.
fn table(rest: &str, tables: usize) -> Option<TableKey> {
    let rest = rest.strip_prefix('@')?;
    let (kind, owner) = match rest.strip_suffix(&format!("={TEMPLATE}]")) {
        Some(owned) => {
            let (kind, option) = owned.split_once('[')?;
            let is_one = tables > 0 && is_name(option.as_bytes());
            (kind, Some(is_one.then(|| option.into())?))
        }
        None => (rest, None),
    };
    is_of_type(kind).then(|| TableKey {
        kind: kind.into(),
        owner,
    })
}

/// Takes `=type` out of `section=type.option`.
fn take_type(rest: &str) -> Result<(Cow<'_, str>, Option<&str>), String> {
    let (section, option) = rest.rsplit_once('.').unwrap_or((rest, ""));
    let Some((section, kind)) = section
        .split_once('=')
        .filter(|_| !section.starts_with('@'))
    else {
        return Ok((Cow::Borrowed(rest), None));
    };
    if !is_of_type(kind) {
        return Err(format!("'{kind}' is not the type of a section"));
    }
    Ok((Cow::Owned(format!("{section}.{option}")), Some(kind)))
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
