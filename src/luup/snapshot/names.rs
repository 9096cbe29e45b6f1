//! The names of all values, sorted: every look-up is a binary search.

use std::ops::Range;

use super::texts::{TextId, Texts};
use crate::luup::key::short;

/// The number of a name, by which the values of a device are sorted.
pub(in crate::luup) type NameId = u32;

/// The names of a snapshot, shared by those that were made of it.
#[derive(Clone, Debug, Default)]
pub(super) struct SortedNames {
    texts: Texts,
    /// Service and variable, ascending by short service, variable, full service.
    all: Vec<(TextId, TextId)>,
    /// The services, each once, ascending by short and full name.
    services: Vec<TextId>,
}

impl SortedNames {
    /// Of different services and variables, by their numbers in `texts`; where each of them went.
    pub fn of(mut texts: Texts, found: Vec<(TextId, TextId)>) -> (Self, Vec<NameId>) {
        let mut all: Vec<((TextId, TextId), usize)> = found.into_iter().zip(0..).collect();
        all.sort_unstable_by_key(|((service, variable), _)| {
            let service = texts.get(*service);
            (short(service), texts.get(*variable), service)
        });
        let mut rank: Vec<NameId> = vec![0; all.len()];
        for (sorted, (_, found_as)) in (0..).zip(&all) {
            if let Some(rank) = rank.get_mut(*found_as) {
                *rank = sorted;
            }
        }
        let all: Vec<(TextId, TextId)> = all.into_iter().map(|(name, _)| name).collect();
        let mut services: Vec<TextId> = all.iter().map(|(service, _)| *service).collect();
        services.sort_unstable_by_key(|service| {
            let service = texts.get(*service);
            (short(service), service)
        });
        services.dedup();
        services.shrink_to_fit();
        texts.shrink();
        let names = Self {
            texts,
            all,
            services,
        };
        (names, rank)
    }

    /// These and others, each new and once; where each of these went.
    pub fn with(&self, new: &[(&str, &str)]) -> (Self, Vec<NameId>) {
        let mut texts = self.texts.clone();
        let mut all = self.all.clone();
        let mut services: Vec<TextId> = self.services.clone();
        for (service, variable) in new {
            let known = services.iter().find(|id| texts.get(**id) == *service);
            let service = known.copied().unwrap_or_else(|| {
                let id = texts.add(service);
                services.push(id);
                id
            });
            let variable = texts.add(variable);
            all.push((service, variable));
        }
        Self::of(texts, all)
    }

    pub fn count(&self) -> usize {
        self.all.len()
    }

    /// Service and variable.
    pub fn get(&self, id: NameId) -> (&str, &str) {
        let name = self.all.get(id as usize);
        name.map_or(("", ""), |(service, variable)| {
            (self.texts.get(*service), self.texts.get(*variable))
        })
    }

    /// Those that `service` (full or short) and `variable` stand for.
    pub fn range(&self, service: &str, variable: &str) -> Range<NameId> {
        let is_full = service.contains(':');
        let of = |full| (short(full), variable, if is_full { full } else { "" });
        let key = |name: &(TextId, TextId)| {
            let full = self.texts.get(name.0);
            (
                short(full),
                self.texts.get(name.1),
                if is_full { full } else { "" },
            )
        };
        let wanted = of(service);
        let first = self.all.partition_point(|name| key(name) < wanted);
        let end = self.all.partition_point(|name| key(name) <= wanted);
        first as NameId..end as NameId
    }

    /// The one with this very name of the service.
    pub fn exact(&self, service: &str, variable: &str) -> Option<NameId> {
        let mut among = self.range(short(service), variable);
        among.find(|id| self.get(*id).0 == service)
    }

    /// The full name of the service that `service` (full or short) stands for.
    pub fn service(&self, service: &str) -> Option<&str> {
        let is_full = service.contains(':');
        let key = |full| (short(full), if is_full { full } else { "" });
        let of = |id: &TextId| self.texts.get(*id);
        let wanted = key(service);
        let first = self.services.partition_point(|id| key(of(id)) < wanted);
        let found = self.services.get(first).map(of)?;
        let is_it = match is_full {
            true => found == service,
            false => short(found) == service,
        };
        is_it.then_some(found)
    }

    /// Bytes on the heap.
    pub fn bytes(&self) -> usize {
        self.texts.bytes() + 8 * self.all.capacity() + 4 * self.services.capacity()
    }
}
