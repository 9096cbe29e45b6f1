//! What the source calls the sections of a file, so that the model can give them numbers that stay.
//!
//! A section with a name is called by it. One without is called `@type[~FINGERPRINT]`, after its
//! lines as they were when it was first seen so, and the second of the same lines
//! `@type[~FINGERPRINT:2]`. As its lines change, so does its identity; the model is told what it
//! was before. Nothing of it is written into the file.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::fingerprint::Fingerprint;
use super::matching::{Matching, SectionMark};
use crate::base::sort::sort;
use crate::datamodel::source::Listed;
use crate::device::uci::{Document, Section};

/// Takes the identity of a section without a name apart: its type and its fingerprint.
pub(super) fn nameless(identity: &str) -> Option<(&str, Fingerprint)> {
    let (kind, print) = identity.strip_prefix('@')?.rsplit_once("[~")?;
    let print = print.strip_suffix(']')?;
    let (print, _) = print.split_once(':').unwrap_or((print, ""));
    Some((kind, Fingerprint::parse(print)?))
}

/// Which section of a document each identity of a section without a name means.
#[derive(Clone, Default)]
pub(super) struct Identities(BTreeMap<Box<str>, Nameless>);

/// The sections of one type without a name and their identities, one to one.
#[derive(Clone, Default)]
struct Nameless {
    sections: BTreeMap<Rc<str>, usize>,
    identities: BTreeMap<usize, Rc<str>>,
    /// What identities have become that the model may still use.
    became: BTreeMap<Rc<str>, Rc<str>>,
    /// They were listed: what is known of them and not here is gone.
    is_listed: bool,
}

impl Nameless {
    fn insert(&mut self, identity: Rc<str>, section: usize) {
        self.identities.insert(section, Rc::clone(&identity));
        self.sections.insert(identity, section);
    }

    /// The section of an identity, be it one of before.
    fn find(&self, identity: &str) -> Option<usize> {
        let now = self.became.get(identity).map_or(identity, |now| now);
        self.sections.get(now).copied()
    }

    fn is_taken(&self, identity: &str) -> bool {
        self.sections.contains_key(identity)
    }

    /// The same without any section.
    fn emptied(&self) -> Self {
        Self {
            sections: BTreeMap::new(),
            identities: BTreeMap::new(),
            became: self.became.clone(),
            is_listed: self.is_listed,
        }
    }
}

impl Identities {
    /// The section that is called so, or that `@type[index]` means.
    pub(super) fn find(&self, document: &Document, section: &str) -> Option<usize> {
        let Some(kind) = kind_of(section) else {
            return document.find(section);
        };
        let known = self.0.get(kind);
        if let Some(at) = known.and_then(|known| known.find(section)) {
            return Some(at);
        }
        // Not listed yet since the agent started: whichever section is most like it. Else gone, but
        // for one that is the same.
        let others = known.into_iter().flat_map(|known| known.sections.keys());
        let mut others: Vec<&str> = others.map(|identity| &**identity).collect();
        others.push(section);
        let sought = Some(others.len() - 1);
        let matched = Kind::new(document, kind, &others).matched(known);
        let mut matched = matched.into_iter();
        matched.find_map(|(at, known)| (known == sought).then_some(at))
    }

    /// What a section is called.
    pub(super) fn name(&mut self, section: usize, document: &Document) -> Option<Box<str>> {
        let found = document.sections().get(section)?;
        if let Some(name) = &found.name {
            return Some(name.as_str().into());
        }
        let known = self.of_kind(&found.kind);
        if let Some(identity) = known.identities.get(&section) {
            return Some((&**identity).into());
        }
        let identity = free(found, &mut BTreeMap::new(), |identity| {
            known.is_taken(identity)
        });
        known.insert(Rc::clone(&identity), section);
        Some((&*identity).into())
    }

    /// The sections of a type, where the model knows `known`.
    pub(super) fn list(&mut self, document: &Document, kind: &str, known: &[&str]) -> Vec<Listed> {
        let of_kind = self.of_kind(kind);
        let matched = Kind::new(document, kind, known).matched(Some(of_kind));
        let asked: BTreeSet<&str> = known.iter().copied().collect();
        let mut now = Nameless {
            is_listed: true,
            ..Nameless::default()
        };
        let became = of_kind.became.iter();
        let became = became.filter(|(was, _)| asked.contains(&***was));
        now.became
            .extend(became.map(|(was, now)| (Rc::clone(was), Rc::clone(now))));
        let (mut listed, mut tried) = (Vec::new(), BTreeMap::new());
        for (at, known_of) in matched {
            let Some(section) = document.sections().get(at) else {
                continue;
            };
            let was = known_of.and_then(|of| known.get(of)).copied();
            let identity: Rc<str> = match (&section.name, was) {
                (Some(name), _) => name.as_str().into(),
                (None, Some(was)) if still_fits(section, was) => was.into(),
                (None, _) => free(section, &mut tried, |identity| {
                    asked.contains(identity) || now.is_taken(identity)
                }),
            };
            if section.name.is_none() {
                now.insert(Rc::clone(&identity), at);
            }
            let was = was.filter(|was| *was != &*identity);
            if let Some(was) = was {
                now.became.insert(was.into(), Rc::clone(&identity));
            }
            listed.push(Listed {
                was: was.map(Box::from),
                ..Listed::new(&*identity)
            });
        }
        *of_kind = now;
        listed
    }

    /// What sections of a type without a name are called that are none of `known`.
    pub(super) fn others(&self, kind: &str, known: &[&str]) -> Vec<Rc<str>> {
        let Some(of_kind) = self.0.get(kind) else {
            return Vec::new();
        };
        let known: BTreeSet<usize> = known.iter().filter_map(|one| of_kind.find(one)).collect();
        let others = of_kind.sections.iter();
        let others = others.filter(|(_, at)| !known.contains(at));
        others.map(|(identity, _)| Rc::clone(identity)).collect()
    }

    /// The same for a document that was read anew; `before` is what was found in it last.
    pub(super) fn again(&self, before: Option<&Document>, document: &Document) -> Self {
        let mut kinds = self.0.clone();
        for (kind, known) in &mut kinds {
            let mut now = known.emptied();
            let identities = known.in_order(before, kind);
            let matched = match known.sections.is_empty() {
                true => Vec::new(),
                false => Kind::new(document, kind, &identities).matched(None),
            };
            for (section, of) in matched {
                let identity = of.and_then(|of| identities.get(of)).copied();
                if let Some(identity) = identity.filter(|identity| identity.starts_with('@')) {
                    now.insert(identity.into(), section);
                }
            }
            *known = now;
        }
        Self(kinds)
    }

    /// The same for a document that has lost sections.
    pub(super) fn without(&self, removed: &BTreeSet<usize>) -> Self {
        let mut kinds = self.0.clone();
        for known in kinds.values_mut() {
            let mut now = known.emptied();
            // Both ascend.
            let (mut gone, mut before) = (removed.iter().peekable(), 0);
            for (at, identity) in &known.identities {
                while gone.next_if(|gone| *gone < at).is_some() {
                    before += 1;
                }
                if gone.peek() != Some(&at) {
                    now.insert(Rc::clone(identity), at - before);
                }
            }
            *known = now;
        }
        Self(kinds)
    }

    fn of_kind(&mut self, kind: &str) -> &mut Nameless {
        self.0.entry(kind.into()).or_default()
    }
}

impl Nameless {
    /// What the sections of the type are called, in the order of the file where it is at hand.
    fn in_order<'s>(&'s self, before: Option<&'s Document>, kind: &str) -> Vec<&'s str> {
        let mut known: Vec<(Option<usize>, &str)> = self
            .sections
            .iter()
            .map(|(identity, at)| (Some(*at), &**identity))
            .collect();
        if let Some(before) = before {
            let all = before.of_kind(kind).iter();
            let named = all.filter_map(|at| {
                let name = before.sections().get(*at)?.name.as_deref()?;
                Some((Some(*at), name))
            });
            known.extend(named);
        }
        sort(&mut known);
        known.into_iter().map(|(_, identity)| identity).collect()
    }
}

/// The sections of a type beside what is known of them.
struct Kind<'d, 'k> {
    /// Their indices.
    at: Vec<usize>,
    sections: Vec<SectionMark<'d>>,
    identities: &'k [&'k str],
    known: Vec<SectionMark<'k>>,
}

impl<'d, 'k> Kind<'d, 'k> {
    fn new(document: &'d Document, kind: &str, identities: &'k [&'k str]) -> Self {
        let sections = document.of_kind(kind).iter();
        let (at, sections) = sections
            .filter_map(|at| {
                let section = document.sections().get(*at)?;
                let mark = SectionMark {
                    name: section.name.as_deref(),
                    print: Some(Fingerprint::of(section)),
                    is_gone: false,
                };
                Some((*at, mark))
            })
            .unzip();
        let known = identities.iter().map(|identity| {
            let print = nameless(identity).map(|(_, print)| print);
            SectionMark {
                name: Some(*identity).filter(|_| print.is_none()),
                print,
                is_gone: false,
            }
        });
        Self {
            at,
            sections,
            identities,
            known: known.collect(),
        }
    }

    /// Each section with the index of the identity that is its. What `certain` says is taken as it
    /// is: it comes from a former match, or a change of the source's own. Without it the identities
    /// are those of the sections that there were last, in their order.
    fn matched(mut self, certain: Option<&Nameless>) -> Vec<(usize, Option<usize>)> {
        let mut pairs = Vec::new();
        if let Some(certain) = certain {
            for (known, (identity, mark)) in self.identities.iter().zip(&mut self.known).enumerate()
            {
                let section = certain.find(identity);
                let place = section.and_then(|section| self.at.binary_search(&section).ok());
                mark.is_gone = certain.is_listed && place.is_none();
                pairs.extend(place.map(|place| (place, known)));
            }
        }
        let mut matching = Matching::new(&self.sections, &self.known);
        for (place, known) in pairs {
            matching.pair(place, known);
        }
        let found = matching.find(certain.is_none());
        self.at.iter().copied().zip(found).collect()
    }
}

/// The type of the section without a name that an identity means.
fn kind_of(identity: &str) -> Option<&str> {
    let (kind, print) = identity.strip_prefix('@')?.rsplit_once("[~")?;
    print.ends_with(']').then_some(kind)
}

fn still_fits(section: &Section, identity: &str) -> bool {
    nameless(identity).is_some_and(|(_, print)| print == Fingerprint::of(section))
}

/// An identity for a section that no other has. `tried` has the last number given to those that are
/// the same to the letter.
fn free(
    section: &Section,
    tried: &mut BTreeMap<Fingerprint, u32>,
    is_taken: impl Fn(&str) -> bool,
) -> Rc<str> {
    let (kind, print) = (&section.kind, Fingerprint::of(section));
    let nth = tried.entry(print.clone()).or_default();
    loop {
        *nth += 1;
        let identity = match *nth {
            1 => format!("@{kind}[~{print}]"),
            nth => format!("@{kind}[~{print}:{nth}]"),
        };
        if !is_taken(&identity) {
            return identity.into();
        }
    }
}
