//! Changes of a package on their way into its file: by a commit, or after a power cut by the line
//! that was written down before.
//!
//! A line is the name of the package and its changes, fields with a space between, percent-coded:
//!
//! ```text
//! line    = package { change }
//! change  = "add" type name
//!         | "remove" section
//!         | "set" section option old new
//! section = name "-"                              or @type[index] of one that is added so
//!         | "@type[~fingerprint]" nth "/" of      the nth, from 0, of so many that are the same
//!                                                 as it was when the line was written
//! old,new = "-" not set | "=" value | "+" item { "+" item }
//! ```
//!
//! A line is carried out on the file as it is found: an option is set only where it still has the
//! old value, a section without a name is touched only where as many as before are the same to the
//! letter. So nothing is done twice, and what a person changed since stays.

use std::collections::BTreeMap;

use super::fingerprint::Fingerprint;
use super::identity::{Identities, nameless};
use super::value;
use crate::base::percent;
use crate::device::uci::{Document, Edit, UciError, Value};

/// A section that is to be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SectionRef {
    pub(super) identity: Box<str>,
    /// Where it has no name.
    pub(super) alike: Option<AlikeRef>,
}

/// What a section without a name is known by in another text than that of its identity, which may
/// have been given before earlier changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AlikeRef {
    pub(super) kind: Box<str>,
    /// Of its lines before the change.
    pub(super) print: Fingerprint,
    /// Which it is, from 0.
    pub(super) nth: usize,
    /// Of how many that are the same to the letter.
    pub(super) of: usize,
}

impl SectionRef {
    /// A section with a name.
    pub(super) fn named(name: &str) -> Self {
        Self {
            identity: name.into(),
            alike: None,
        }
    }

    /// The section at an index of a document.
    pub(super) fn at(
        index: usize,
        document: &Document,
        ids: &mut Identities,
        alike: &Alike,
    ) -> Option<Self> {
        let section = document.sections().get(index)?;
        let identity = ids.name(index, document)?;
        if section.name.is_some() {
            return Some(Self::named(&identity));
        }
        let print = Fingerprint::of(section);
        let same = alike.to(&section.kind, print.clone());
        let alike = AlikeRef {
            kind: section.kind.as_str().into(),
            print,
            nth: same.binary_search(&index).ok()?,
            of: same.len(),
        };
        Some(Self {
            identity,
            alike: Some(alike),
        })
    }

    /// The section in a document that need not be the one it was taken from, if that is certain.
    fn certain(&self, document: &Document, alike: &Alike) -> Option<usize> {
        let Some(AlikeRef {
            kind,
            print,
            nth,
            of,
        }) = &self.alike
        else {
            return document.find(&self.identity);
        };
        let same = alike.to(kind, print.clone());
        same.get(*nth).copied().filter(|_| same.len() == *of)
    }
}

/// The sections without a name of a document, by type and fingerprint.
pub(super) struct Alike(BTreeMap<(Box<str>, Fingerprint), Vec<usize>>);

impl Alike {
    /// Reads them off.
    pub(super) fn of(document: &Document) -> Self {
        let mut alike: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        let sections = document.sections().iter().enumerate();
        for (at, section) in sections.filter(|(_, section)| section.name.is_none()) {
            let key = (Box::from(&*section.kind), Fingerprint::of(section));
            alike.entry(key).or_default().push(at);
        }
        Self(alike)
    }

    /// The indices of those that are the same, ascending.
    fn to(&self, kind: &str, print: Fingerprint) -> &[usize] {
        self.0.get(&(kind.into(), print)).map_or(&[], Vec::as_slice)
    }
}

/// A change that is staged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Staged {
    /// A section is added; `@type[index]` in place of a name is one without.
    Add { kind: String, name: String },
    /// A section goes.
    Remove { section: SectionRef },
    /// An option says something else.
    Set {
        section: SectionRef,
        option: String,
        old: Option<Value>,
        new: Value,
    },
}

/// The edits of a document that make what is staged. They are wanted, whatever it says now.
pub(super) fn wanted(
    staged: &[Staged],
    document: &Document,
    ids: &Identities,
) -> Result<Vec<Edit>, UciError> {
    let mut edits = EditList::default();
    for change in staged {
        match change {
            // Somebody was faster with the one that there is to be.
            Staged::Add { name, .. } if name.starts_with('@') && document.find(name).is_some() => {}
            Staged::Add { kind, name } => edits.add(kind, name),
            Staged::Remove { section } => {
                // One that is gone is what is wanted.
                let section = ids.find(document, &section.identity);
                edits
                    .all
                    .extend(section.map(|section| Edit::Remove { section }));
            }
            Staged::Set {
                section,
                option,
                new,
                ..
            } => {
                if edits.set_in_added(section, option, new) {
                    continue;
                }
                let found = ids.find(document, &section.identity);
                edits.all.push(Edit::Set {
                    section: found.ok_or_else(|| document.no_section(&*section.identity))?,
                    option: option.clone(),
                    value: new.clone(),
                });
            }
        }
    }
    Ok(edits.all)
}

/// The edits of a document that make what is staged and is not made yet, but for what somebody was
/// faster with.
pub(super) fn missing(staged: &[Staged], document: &Document) -> Vec<Edit> {
    let alike = Alike::of(document);
    let mut edits = EditList::default();
    for change in staged {
        match change {
            Staged::Add { name, .. } if document.find(name).is_some() => {}
            Staged::Add { kind, name } => edits.add(kind, name),
            Staged::Remove { section } => {
                let section = section.certain(document, &alike);
                edits
                    .all
                    .extend(section.map(|section| Edit::Remove { section }));
            }
            Staged::Set {
                section,
                option,
                old,
                new,
            } => {
                if edits.set_in_added(section, option, new) {
                    continue;
                }
                let at = section.certain(document, &alike);
                let found = at.and_then(|at| document.sections().get(at));
                match at.zip(found) {
                    Some((section, found)) if found.get(option) == old.as_ref() => {
                        edits.all.push(Edit::Set {
                            section,
                            option: option.clone(),
                            value: new.clone(),
                        });
                    }
                    Some((_, found)) if !is_said(found.get(option), new) => log::warn!(
                        "{option} of section {}: somebody changed it before a power cut could be \
                         made up for; what the ACS had set is dropped",
                        section.identity
                    ),
                    _ => {}
                }
            }
        }
    }
    edits.all
}

/// Whether an option says what it is to say.
fn is_said(value: Option<&Value>, wanted: &Value) -> bool {
    match value {
        Some(value) => value == wanted,
        None => value::is_unset(wanted),
    }
}

/// Edits while they are collected.
#[derive(Default)]
struct EditList<'s> {
    all: Vec<Edit>,
    /// Where the sections stand that are added, by what they are called.
    added: BTreeMap<&'s str, usize>,
    /// Where the options of those stand.
    options: BTreeMap<(usize, &'s str), usize>,
}

impl<'s> EditList<'s> {
    fn add(&mut self, kind: &str, name: &'s str) {
        self.added.insert(name, self.all.len());
        self.all.push(Edit::Add {
            kind: kind.to_owned(),
            name: Some(name.to_owned()).filter(|name| !name.starts_with('@')),
            options: Vec::new(),
        });
    }

    /// Sets the option in the section if it is one that is added.
    fn set_in_added(&mut self, section: &SectionRef, option: &'s str, value: &Value) -> bool {
        let Some(&at) = self.added.get(&*section.identity) else {
            return false;
        };
        if let Some(Edit::Add { options, .. }) = self.all.get_mut(at) {
            let place = self.options.entry((at, option)).or_insert(options.len());
            match options.get_mut(*place) {
                Some((_, known)) => known.clone_from(value),
                None => options.push((option.to_owned(), value.clone())),
            }
        }
        true
    }
}

/// Writes the changes of a package as a line.
pub(super) fn format(package: &str, staged: &[Staged]) -> String {
    let mut fields = vec![package.to_owned()];
    for change in staged {
        match change {
            Staged::Add { kind, name } => {
                fields.extend(["add".to_owned(), coded(kind), coded(name)])
            }
            Staged::Remove { section } => {
                fields.push("remove".to_owned());
                fields.extend(format_target(section));
            }
            Staged::Set {
                section,
                option,
                old,
                new,
            } => {
                fields.push("set".to_owned());
                fields.extend(format_target(section));
                let (old, new) = (format_value(old.as_ref()), format_value(Some(new)));
                fields.extend([coded(option), old, new]);
            }
        }
    }
    fields.join(" ")
}

fn format_target(section: &SectionRef) -> [String; 2] {
    match &section.alike {
        Some(AlikeRef {
            kind,
            print,
            nth,
            of,
        }) => [coded(&format!("@{kind}[~{print}]")), format!("{nth}/{of}")],
        None => [coded(&section.identity), "-".to_owned()],
    }
}

fn format_value(value: Option<&Value>) -> String {
    let mark = match value {
        None => return "-".to_owned(),
        Some(Value::List(items)) if items.is_empty() => return "-".to_owned(),
        Some(Value::One(_)) => "=",
        Some(Value::List(_)) => "+",
    };
    let items = value.map(Value::items).unwrap_or_default();
    let items: Vec<String> = items.iter().map(|item| coded(item)).collect();
    format!("{mark}{}", items.join("+"))
}

/// Reads a line: the package and its changes; `None` where it is none.
pub(super) fn parse(line: &str) -> Option<(&str, Vec<Staged>)> {
    let mut fields = line.split(' ');
    let package = fields.next()?;
    let mut staged = Vec::new();
    while let Some(word) = fields.next() {
        let mut field = || {
            fields
                .next()
                .map(|field| percent::decode(field).into_owned())
        };
        let change = match word {
            "add" => Staged::Add {
                kind: field()?,
                name: field()?,
            },
            "remove" => Staged::Remove {
                section: parse_target(&field()?, &field()?)?,
            },
            "set" => Staged::Set {
                section: parse_target(&field()?, &field()?)?,
                option: field()?,
                old: parse_value(fields.next()?)?,
                new: parse_value(fields.next()?)?.unwrap_or(Value::List(Vec::new())),
            },
            _ => return None,
        };
        staged.push(change);
    }
    Some((package, staged))
}

fn parse_target(identity: &str, alike: &str) -> Option<SectionRef> {
    let alike = match alike.split_once('/') {
        Some((nth, of)) => {
            let (kind, print) = nameless(identity)?;
            Some(AlikeRef {
                kind: kind.into(),
                print,
                nth: nth.parse().ok()?,
                of: of.parse().ok()?,
            })
        }
        None if alike == "-" => None,
        None => return None,
    };
    Some(SectionRef {
        identity: identity.into(),
        alike,
    })
}

fn parse_value(field: &str) -> Option<Option<Value>> {
    let decoded = |text: &str| percent::decode(text).into_owned();
    match field.split_at_checked(1)? {
        ("-", "") => Some(None),
        ("=", value) => Some(Some(Value::One(decoded(value)))),
        ("+", items) => Some(Some(Value::List(items.split('+').map(decoded).collect()))),
        _ => None,
    }
}

/// A field, without what separates fields and items.
fn coded(text: &str) -> String {
    let is_coded = |c: char| percent::in_column(c) || c.is_control() || matches!(c, ' ' | '+');
    percent::encode(text, is_coded).into_owned()
}
