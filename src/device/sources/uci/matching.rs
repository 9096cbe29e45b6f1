//! Which section of a file is which of those that were known.
//!
//! Most certain first:
//! 1. the name;
//! 2. the fingerprint, where as many sections have it as had it, in their order;
//! 3. likeness: the pairs of greatest likeness in all that keep the order of both, none less alike
//!    than [`LEAST_LIKENESS`];
//! 4. the place: between the same neighbours, where as many are left over as are missing, in their
//!    order;
//! 5. the fingerprint of a section that was given a name since, or that was gone.
//!
//! The order of the known ones is that of the file as it was last seen; after a restart only that
//! of their numbers is known, and which of them are gone is not.
//!
//! What it cannot tell: a section that was removed and another, much like it or in its very place,
//! that was added between two looks are taken for one that was edited; of two that are the same to
//! the letter, which one went; and a section of which more than half was changed while others were
//! moved, or while the agent did not run and the order was not that of the numbers, is a new one.

use std::collections::BTreeMap;

use super::fingerprint::Fingerprint;

/// Per cent of their lines that two sections must share to be taken for the same.
const LEAST_LIKENESS: u64 = 50;

/// How many pairs are weighed for their likeness; where more are left over, only names,
/// fingerprints and places count. Bounds the work that a strange file makes.
const MAX_PAIRS: usize = 1 << 16;

/// What a section is known by.
pub(super) struct SectionMark<'a> {
    pub(super) name: Option<&'a str>,
    /// Of a known one: only where it had no name.
    pub(super) print: Option<Fingerprint>,
    /// Of a known one: the file had no such section when it was last seen.
    pub(super) is_gone: bool,
}

/// A one-to-one relation between the sections of a file and the known ones.
pub(super) struct Matching<'m, 'a> {
    sections: &'m [SectionMark<'a>],
    known: &'m [SectionMark<'a>],
    known_of: Vec<Option<usize>>,
    taken: Vec<bool>,
}

impl<'m, 'a> Matching<'m, 'a> {
    /// Nothing is known of any section.
    pub(super) fn new(sections: &'m [SectionMark<'a>], known: &'m [SectionMark<'a>]) -> Self {
        Self {
            sections,
            known,
            known_of: vec![None; sections.len()],
            taken: vec![false; known.len()],
        }
    }

    /// A pair that is certain.
    pub(super) fn pair(&mut self, section: usize, known: usize) {
        if let (Some(of), Some(taken)) = (self.known_of.get_mut(section), self.taken.get_mut(known))
        {
            *of = Some(known);
            *taken = true;
        }
    }

    /// Finds all pairs: for each section the index of the known one that it is. The place counts
    /// only if it `knows_places`, or if there are as many sections as known ones.
    pub(super) fn find(mut self, knows_places: bool) -> Vec<Option<usize>> {
        self.by_name();
        self.by_fingerprint(false);
        if self.pairs_left() > MAX_PAIRS {
            self.by_fingerprint(true);
        }
        if self.pairs_left() <= MAX_PAIRS {
            self.by_likeness();
        }
        if knows_places || self.sections.len() == self.known.len() {
            self.by_place();
        }
        self.by_former_fingerprint();
        self.known_of
    }

    fn by_name(&mut self) {
        let names = self.known.iter().enumerate();
        let names: BTreeMap<&str, usize> = names
            .filter_map(|(at, known)| Some((known.name?, at)))
            .collect();
        for (at, section) in self.sections.iter().enumerate() {
            if let Some(known) = section.name.and_then(|name| names.get(name)) {
                self.pair(at, *known);
            }
        }
    }

    /// Pairs those of the same fingerprint in their order; where there are not as many on either
    /// side, only if `anyhow`.
    fn by_fingerprint(&mut self, anyhow: bool) {
        let mut alike: BTreeMap<&Fingerprint, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
        for (at, print) in self.nameless_left() {
            alike.entry(print).or_default().0.push(at);
        }
        for (at, print) in self.known_left() {
            alike.entry(print).or_default().1.push(at);
        }
        for (sections, known) in alike.into_values() {
            if anyhow || sections.len() == known.len() {
                self.pair_in_order(&sections, &known);
            }
        }
    }

    fn by_likeness(&mut self) {
        let sections: Vec<_> = self.nameless_left().collect();
        let known: Vec<_> = self.known_left().collect();
        let width = known.len() + 1;
        // The greatest sum that pairs from here to the ends can have; zeros at the ends.
        let mut best = vec![0_u64; (sections.len() + 1) * width];
        let sum = |best: &[u64], row: usize, column: usize| {
            best.get(row * width + column).copied().unwrap_or_default()
        };
        for (row, (_, section)) in sections.iter().enumerate().rev() {
            for (column, (_, known)) in known.iter().enumerate().rev() {
                let paired = weight(section, known) + sum(&best, row + 1, column + 1);
                let either = sum(&best, row + 1, column).max(sum(&best, row, column + 1));
                if let Some(here) = best.get_mut(row * width + column) {
                    *here = paired.max(either);
                }
            }
        }
        let (mut row, mut column) = (0, 0);
        let mut found = Vec::new();
        while let (Some((section, print)), Some((of, known))) =
            (sections.get(row), known.get(column))
        {
            let (here, weight) = (sum(&best, row, column), weight(print, known));
            if here == weight + sum(&best, row + 1, column + 1) {
                // Also past a pair that is not alike: of two sections that are the same and were
                // the same, each keeps its place.
                if weight > 0 {
                    found.push((*section, *of));
                }
                (row, column) = (row + 1, column + 1);
            } else if here == sum(&best, row + 1, column) {
                row += 1;
            } else {
                column += 1;
            }
        }
        for (section, known) in found {
            self.pair(section, known);
        }
    }

    fn by_place(&mut self) {
        // What is left over and what is missing behind each known one, or at the beginning.
        let mut places: BTreeMap<Option<usize>, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
        let mut behind = None;
        for (at, section) in self.sections.iter().enumerate() {
            match self.known_of.get(at) {
                Some(Some(known)) => behind = Some(*known),
                _ if section.name.is_none() => places.entry(behind).or_default().0.push(at),
                _ => {}
            }
        }
        let mut behind = None;
        for (at, known) in self.known.iter().enumerate() {
            match self.taken.get(at) {
                Some(true) => behind = Some(at),
                _ if known.print.is_some() && !known.is_gone => {
                    places.entry(behind).or_default().1.push(at)
                }
                _ => {}
            }
        }
        for (sections, known) in places.into_values() {
            if sections.len() == known.len() {
                self.pair_in_order(&sections, &known);
            }
        }
    }

    /// Of those that are left: a section without a name that was gone, or one with a name that was
    /// without.
    fn by_former_fingerprint(&mut self) {
        let mut left: BTreeMap<(bool, &Fingerprint), Vec<usize>> = BTreeMap::new();
        for (at, known) in self.known.iter().enumerate().rev() {
            if let (Some(print), Some(false)) = (&known.print, self.taken.get(at)) {
                left.entry((known.is_gone, print)).or_default().push(at);
            }
        }
        let mut found = Vec::new();
        for (at, section) in self.sections.iter().enumerate() {
            let print = section.print.as_ref();
            let print = print.filter(|_| self.known_of.get(at) == Some(&None));
            let known =
                print.and_then(|print| left.get_mut(&(section.name.is_none(), print))?.pop());
            found.extend(known.map(|known| (at, known)));
        }
        for (section, known) in found {
            self.pair(section, known);
        }
    }

    fn pair_in_order(&mut self, sections: &[usize], known: &[usize]) {
        for (section, known) in sections.iter().zip(known) {
            self.pair(*section, *known);
        }
    }

    fn pairs_left(&self) -> usize {
        let sections = self.nameless_left().count();
        sections.saturating_mul(self.known_left().count())
    }

    fn nameless_left(&self) -> impl Iterator<Item = (usize, &'m Fingerprint)> {
        let sections = self.sections.iter().zip(&self.known_of).enumerate();
        sections.filter_map(|(at, (section, known))| match (section.name, known) {
            (None, None) => Some((at, section.print.as_ref()?)),
            _ => None,
        })
    }

    fn known_left(&self) -> impl Iterator<Item = (usize, &'m Fingerprint)> {
        let known = self.known.iter().zip(&self.taken).enumerate();
        known
            .filter(|(_, (known, taken))| !known.is_gone && !**taken)
            .filter_map(|(at, (known, _))| Some((at, known.print.as_ref()?)))
    }
}

/// What a pair counts for: nothing if it is not alike. The likeness squared, so that two sections
/// that are moved and edited are rather told apart than both taken for each other.
fn weight(section: &Fingerprint, known: &Fingerprint) -> u64 {
    let likeness = u64::from(section.likeness(known));
    match likeness {
        LEAST_LIKENESS.. => likeness * likeness,
        _ => 0,
    }
}
