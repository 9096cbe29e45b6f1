//! All that Luup says of its devices at one instant, small: 231 nodes with all their variables
//! and fields are about 130 kB.
//!
//! Texts stand once each in one string; a value is eight bytes, the number of its name and the
//! number of its text. Names are sorted by short service and variable, devices by number, and the
//! values of a device by name: every look-up is a binary search, however hostile the answer.

mod builder;
mod edition;

use std::ops::Range;

pub(super) use self::builder::Builder;
use self::edition::Edition;
use super::LuupError;
use super::key::short;

/// What one fetch brought. It may be made in one thread and used in another.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    texts: Texts,
    /// Ascending by short service, variable, full service.
    names: Vec<Name>,
    /// Their services, each once, ascending by short and full name.
    services: Vec<TextId>,
    /// Number and first index into `values`, ascending.
    devices: Vec<(u32, usize)>,
    /// For each device ascending by name, each name once, none empty.
    values: Vec<(NameId, TextId)>,
    /// Of what it has from `id=user_data`; `None` where that cannot be told apart from the rest.
    edition: Option<Edition>,
}

type TextId = u32;
pub(super) type NameId = u32;

#[derive(Clone, Copy, Debug)]
struct Name {
    service: TextId,
    variable: TextId,
    /// Whether `id=user_data` alone has it.
    is_configuration: bool,
}

#[derive(Clone, Debug, Default)]
struct Texts {
    all: String,
    /// Where each text ends.
    ends: Vec<u32>,
}

impl Texts {
    fn get(&self, id: TextId) -> &str {
        let id = id as usize;
        let start = match id.checked_sub(1) {
            Some(before) => self.ends.get(before).copied().unwrap_or_default(),
            None => 0,
        };
        let end = self.ends.get(id).copied().unwrap_or_default();
        self.all.get(start as usize..end as usize).unwrap_or("")
    }

    fn add(&mut self, text: &str) -> TextId {
        self.all.push_str(text);
        // Bounded by the bytes of an answer, far below 4 GiB.
        self.ends.push(self.all.len() as u32);
        (self.ends.len() - 1) as TextId
    }
}

impl Snapshot {
    /// Reads the answer to `id=status`, and to `id=user_data` where that is to be asked for: each
    /// is dropped before the next is taken. What both have is taken from the first, since Luup
    /// keeps that one current.
    ///
    /// # Errors
    /// An answer is none, or more than the bounds of [`limits`](super::limits).
    pub fn read<T: AsRef<str>>(
        answers: impl IntoIterator<Item = Result<T, LuupError>>,
    ) -> Result<Self, LuupError> {
        let mut builder = Builder::default();
        for answer in answers {
            builder.document(answer?.as_ref())?;
        }
        Ok(builder.finish())
    }

    /// The devices' numbers, ascending.
    pub fn devices(&self) -> impl Iterator<Item = u32> + '_ {
        self.devices.iter().map(|(id, _)| *id)
    }

    fn shrink(&mut self) {
        self.texts.all.shrink_to_fit();
        self.texts.ends.shrink_to_fit();
        self.names.shrink_to_fit();
        self.services.shrink_to_fit();
        self.devices.shrink_to_fit();
        self.values.shrink_to_fit();
    }

    /// Bytes on the heap.
    pub fn bytes(&self) -> usize {
        self.texts.all.capacity()
            + 4 * self.texts.ends.capacity()
            + size_of::<Name>() * self.names.capacity()
            + 4 * self.services.capacity()
            + size_of::<(u32, usize)>() * self.devices.capacity()
            + 8 * self.values.capacity()
    }

    /// The names that `service` (full or short) and `variable` stand for.
    pub(super) fn names(&self, service: &str, variable: &str) -> Range<NameId> {
        let full = service.contains(':');
        let wanted = (short(service), variable, if full { service } else { "" });
        let key = |name: &Name| {
            let service = self.texts.get(name.service);
            let variable = self.texts.get(name.variable);
            (short(service), variable, if full { service } else { "" })
        };
        let first = self.names.partition_point(|name| key(name) < wanted);
        let end = self.names.partition_point(|name| key(name) <= wanted);
        first as NameId..end as NameId
    }

    /// The full name of the service that `service` (full or short) stands for, if any device has it.
    pub(super) fn service(&self, service: &str) -> Option<&str> {
        let full = service.contains(':');
        let key = |service| (short(service), if full { service } else { "" });
        let of = |id: &TextId| self.texts.get(*id);
        let first = self.services.partition_point(|id| {
            let found = of(id);
            (short(found), if full { found } else { "" }) < key(service)
        });
        let found = self.services.get(first).map(of)?;
        let is_it = match full {
            true => found == service,
            false => short(found) == service,
        };
        is_it.then_some(found)
    }

    /// The value of the first of `names` that the device has; never empty.
    pub(super) fn value(&self, device: u32, names: &Range<NameId>) -> Option<&str> {
        let values = self.values_of(device)?;
        let first = values.partition_point(|(name, _)| *name < names.start);
        let (name, text) = values.get(first)?;
        names.contains(name).then(|| self.texts.get(*text))
    }

    /// What only `id=user_data` has: device, field and text.
    fn configuration(&self) -> impl Iterator<Item = (u32, &str, &str)> {
        self.devices().flat_map(move |device| {
            let values = self.values_of(device).unwrap_or_default().iter();
            values.filter_map(move |(name, text)| {
                let name = self.names.get(*name as usize)?;
                let field = self.texts.get(name.variable);
                name.is_configuration
                    .then(|| (device, field, self.texts.get(*text)))
            })
        })
    }

    /// Whether there is such a device.
    pub(super) fn has(&self, device: u32) -> bool {
        let found = self.devices.binary_search_by_key(&device, |(id, _)| *id);
        found.is_ok()
    }

    fn values_of(&self, device: u32) -> Option<&[(NameId, TextId)]> {
        let found = self.devices.binary_search_by_key(&device, |(id, _)| *id);
        let at = found.ok()?;
        let (_, first) = *self.devices.get(at)?;
        let end = self.devices.get(at + 1).map(|(_, first)| *first);
        self.values.get(first..end.unwrap_or(self.values.len()))
    }
}

#[cfg(test)]
mod tests;
