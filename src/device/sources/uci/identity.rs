//! What the source calls the sections of a file, so that the model can give them numbers that stay.
//!
//! A section with a name is called by it. One without is called `@type[~FINGERPRINT]`, after its
//! lines as they were when it was first seen so, and the second of the same lines
//! `@type[~FINGERPRINT:2]`. As its lines change, so does its identity; the model is told what it
//! was before. Nothing of it is written into the file.

use std::collections::{BTreeMap, BTreeSet};

use super::fingerprint::Fingerprint;
use super::matching::{Matching, SectionMark};
use crate::datamodel::source::Listed;
use crate::device::uci::{Document, Section};

/// Takes the identity of a section without a name apart: its type and its fingerprint.
pub(super) fn nameless(identity: &str) -> Option<(&str, Fingerprint)> {
    let (kind, print) = identity.strip_prefix('@')?.rsplit_once("[~")?;
    let print = print.strip_suffix(']')?;
    let (print, _) = print.split_once(':').unwrap_or((print, ""));
    Some((kind, Fingerprint::parse(print)?))
}

/// Sections without a name and their identities, one to one.
#[derive(Clone, Default)]
struct Nameless {
    sections: BTreeMap<Box<str>, usize>,
    identities: BTreeMap<usize, Box<str>>,
}

impl Nameless {
    fn insert(&mut self, identity: Box<str>, section: usize) {
        self.identities.insert(section, identity.clone());
        self.sections.insert(identity, section);
    }

    fn forget(&mut self, kind: &str) {
        self.sections.retain(|identity, _| !is_of(identity, kind));
        self.identities.retain(|_, identity| !is_of(identity, kind));
    }
}

impl FromIterator<(Box<str>, usize)> for Nameless {
    fn from_iter<I: IntoIterator<Item = (Box<str>, usize)>>(pairs: I) -> Self {
        let mut nameless = Self::default();
        for (identity, section) in pairs {
            nameless.insert(identity, section);
        }
        nameless
    }
}

/// Which section of a document each identity of a section without a name means.
#[derive(Clone, Default)]
pub(super) struct Identities {
    nameless: Nameless,
    /// What identities have become that the model may still use.
    became: BTreeMap<Box<str>, Box<str>>,
    /// The types that were listed: what is known of them and not here is gone.
    listed: BTreeSet<Box<str>>,
}

impl Identities {
    /// The section that is called so, or that `@type[index]` means.
    pub(super) fn find(&self, document: &Document, section: &str) -> Option<usize> {
        let Some((kind, _)) = nameless(section) else {
            return document.find(section);
        };
        let now = self.became.get(section).map_or(section, |now| &**now);
        if let Some(at) = self.nameless.sections.get(now) {
            return Some(*at);
        }
        // Not listed yet since the agent started: whichever section is most like it. Else gone, but
        // for one that is the same.
        let mut known: Vec<&str> = self.of_kind(kind).collect();
        known.push(section);
        let sought = Some(known.len() - 1);
        let matched = Kind::new(document, kind, &known).matched(Some(self));
        let mut matched = matched.into_iter();
        matched.find_map(|(at, known)| (known == sought).then_some(at))
    }

    /// What a section is called.
    pub(super) fn name(&mut self, section: usize, document: &Document) -> Option<Box<str>> {
        let found = document.sections().get(section)?;
        if let Some(name) = &found.name {
            return Some(name.as_str().into());
        }
        if let Some(identity) = self.nameless.identities.get(&section) {
            return Some(identity.clone());
        }
        let is_taken = |identity: &str| self.nameless.sections.contains_key(identity);
        let identity = free(found, &mut BTreeMap::new(), is_taken);
        self.nameless.insert(identity.clone(), section);
        Some(identity)
    }

    /// The sections of a type, where the model knows `known`.
    pub(super) fn list(&mut self, document: &Document, kind: &str, known: &[&str]) -> Vec<Listed> {
        let matched = Kind::new(document, kind, known).matched(Some(self));
        self.listed.insert(kind.into());
        self.nameless.forget(kind);
        let asked: BTreeSet<&str> = known.iter().copied().collect();
        self.became
            .retain(|was, _| !is_of(was, kind) || asked.contains(&**was));
        let (mut listed, mut tried) = (Vec::new(), BTreeMap::new());
        for (at, known_of) in matched {
            let Some(section) = document.sections().get(at) else {
                continue;
            };
            let was = known_of.and_then(|of| known.get(of)).copied();
            let identity: Box<str> = match (&section.name, was) {
                (Some(name), _) => name.as_str().into(),
                (None, Some(was)) if still_fits(section, was) => was.into(),
                (None, _) => free(section, &mut tried, |identity| {
                    asked.contains(identity) || self.nameless.sections.contains_key(identity)
                }),
            };
            if section.name.is_none() {
                self.nameless.insert(identity.clone(), at);
            }
            let was = was.filter(|was| *was != &*identity).map(Box::<str>::from);
            if let Some(was) = &was {
                self.became.insert(was.clone(), identity.clone());
            }
            listed.push(Listed {
                was,
                ..Listed::new(identity)
            });
        }
        listed
    }

    /// The same for a document that was read anew; `before` is what was found in it last.
    pub(super) fn again(&self, before: Option<&Document>, document: &Document) -> Self {
        let kinds = self
            .nameless
            .sections
            .keys()
            .filter_map(|identity| nameless(identity));
        let kinds: BTreeSet<&str> = kinds.map(|(kind, _)| kind).collect();
        let mut nameless = Nameless::default();
        for kind in kinds {
            let known = self.in_order(before, kind);
            for (section, of) in Kind::new(document, kind, &known).matched(None) {
                let identity = of.and_then(|of| known.get(of));
                if let Some(identity) = identity.filter(|identity| identity.starts_with('@')) {
                    nameless.insert(Box::from(*identity), section);
                }
            }
        }
        Self {
            nameless,
            became: self.became.clone(),
            listed: self.listed.clone(),
        }
    }

    /// The same for a document that has lost sections.
    pub(super) fn without(&self, removed: &BTreeSet<usize>) -> Self {
        let sections = self.nameless.sections.iter();
        let left = sections.filter(|(_, at)| !removed.contains(at));
        let moved = left.map(|(identity, at)| {
            let before = removed.range(..at).count();
            (identity.clone(), at - before)
        });
        Self {
            nameless: moved.collect(),
            became: self.became.clone(),
            listed: self.listed.clone(),
        }
    }

    fn of_kind(&self, kind: &str) -> impl Iterator<Item = &str> {
        let all = self.nameless.sections.keys().map(|identity| &**identity);
        all.filter(move |identity| is_of(identity, kind))
    }

    /// What the sections of a type are called, in the order of the file where it is at hand.
    fn in_order<'s>(&'s self, before: Option<&'s Document>, kind: &'s str) -> Vec<&'s str> {
        let mut known: Vec<(Option<&usize>, &str)> = self
            .of_kind(kind)
            .map(|identity| (self.nameless.sections.get(identity), identity))
            .collect();
        let named = before.map(Document::sections).unwrap_or_default();
        let named: Vec<(usize, &str)> = named
            .iter()
            .enumerate()
            .filter(|(_, section)| section.kind == kind)
            .filter_map(|(at, section)| Some((at, section.name.as_deref()?)))
            .collect();
        known.extend(named.iter().map(|(at, name)| (Some(at), *name)));
        known.sort_unstable();
        known.into_iter().map(|(_, identity)| identity).collect()
    }
}

/// The sections of a type beside what is known of them.
struct Kind<'d, 'k> {
    kind: &'k str,
    /// Their indices.
    at: Vec<usize>,
    sections: Vec<SectionMark<'d>>,
    identities: &'k [&'k str],
    known: Vec<SectionMark<'k>>,
}

impl<'d, 'k> Kind<'d, 'k> {
    fn new(document: &'d Document, kind: &'k str, identities: &'k [&'k str]) -> Self {
        let sections = document.sections().iter().enumerate();
        let (at, sections) = sections
            .filter(|(_, section)| section.kind == kind)
            .map(|(at, section)| {
                let mark = SectionMark {
                    name: section.name.as_deref(),
                    print: Some(Fingerprint::of(section)),
                    is_gone: false,
                };
                (at, mark)
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
            kind,
            at,
            sections,
            identities,
            known: known.collect(),
        }
    }

    /// Each section with the index of the identity that is its. What `certain` says is taken as it
    /// is: it comes from a former match, or a change of the source's own. Without it the identities
    /// are those of the sections that there were last, in their order.
    fn matched(mut self, certain: Option<&Identities>) -> Vec<(usize, Option<usize>)> {
        let mut pairs = Vec::new();
        if let Some(certain) = certain {
            let is_listed = certain.listed.contains(self.kind);
            for (known, (identity, mark)) in self.identities.iter().zip(&mut self.known).enumerate()
            {
                let now = certain.became.get(*identity);
                let section = certain
                    .nameless
                    .sections
                    .get(now.map_or(*identity, |now| &**now));
                let place = section.and_then(|section| self.at.binary_search(section).ok());
                mark.is_gone = is_listed && place.is_none();
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

fn is_of(identity: &str, kind: &str) -> bool {
    nameless(identity).is_some_and(|(of, _)| of == kind)
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
) -> Box<str> {
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
