//! All that Luup says at one instant, small: 231 nodes with all their variables and fields are about
//! 130 kB.
//!
//! Texts stand once each in one string; a value is eight bytes, the number of its name and the
//! number of its text. SortedNames are sorted by short service and variable, devices by number, and the
//! values of a device by name: every look-up is a binary search, however hostile the answer.
//!
//! A value that was told but cannot be read costs no other: its place is kept, so that it can be told
//! from one that is not there any more.

mod advance;
mod alert;
mod builder;
mod edition;
mod names;
mod reading;
mod texts;

use std::ops::Range;
use std::sync::Arc;

pub use self::advance::{Advance, Changed};
pub use self::alert::Alert;
pub(super) use self::builder::{AnswerKind, Builder};
use self::edition::Edition;
pub(super) use self::names::NameId;
use self::names::SortedNames;
use self::texts::{REFUSED, TextId, Texts};
use super::LuupError;
use super::key::{FIELDS, short};

/// Under which number the home itself stands among the devices; no device has it.
const HOME: u32 = 0;

/// Of the number of a value's text: that the value is from `id=user_data` or `id=sdata`.
const IS_CONFIGURATION: TextId = 1 << 31;

/// Number and name.
type Room = (Box<str>, Box<str>);

/// What the engine said. It may be made in one thread and used in another.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    names: Arc<SortedNames>,
    texts: Texts,
    /// Bytes of texts that no value has any more, about.
    stale: usize,
    /// Number and first index into `values`, ascending; [`HOME`] is the first.
    devices: Vec<(u32, usize)>,
    /// For each device ascending by name, each name once, none empty.
    values: Vec<(NameId, TextId)>,
    /// Number and name, ascending by number; `None` where nobody told of any.
    rooms: Option<Arc<[Room]>>,
    alerts: Arc<Vec<Alert>>,
    position: Option<Position>,
    rejected: Rejected,
    /// Of what it has from `id=user_data`; `None` where that cannot be told apart from the rest, or
    /// is not what the engine has now.
    edition: Option<Edition>,
    /// Why the configuration could not be read with the states.
    lacks: Option<Arc<LuupError>>,
}

/// Where in its history the engine was, all as it was told: what an incremental poll is asked by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// When it was started, from when on it counts anew (`LoadTime`).
    pub load_time: Box<str>,
    /// Counts each change of a state (`DataVersion`).
    pub data_version: Box<str>,
    /// Counts each change of the configuration (`UserData_DataVersion`), where it tells it.
    pub user_data_version: Option<Box<str>>,
}

/// What could not be read of the answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rejected {
    /// How many values, names and numbers, since the last whole answer. What `id=user_data` repeats of
    /// `id=status` is not looked at.
    pub count: usize,
    /// The first of them: where it stood, and what was wrong.
    pub first: Option<Box<str>>,
}

impl Snapshot {
    /// Reads the answer to `id=status`, and to `id=user_data` where that is to be asked for: each
    /// is dropped before the next is taken. What both have is taken from the first, since Luup
    /// keeps that one current, and which devices there are as well.
    ///
    /// # Errors
    /// An answer is none, or more than the bounds of [`limits`](super::limits).
    pub fn read<T: AsRef<str>>(
        answers: impl IntoIterator<Item = Result<T, LuupError>>,
    ) -> Result<Self, LuupError> {
        let mut builder = Builder::default();
        let mut kind = AnswerKind::Status;
        for answer in answers {
            builder.document(kind, &mut answer?.as_ref().as_bytes())?;
            kind = AnswerKind::UserData;
        }
        Ok(builder.finish())
    }

    /// The devices' numbers, ascending.
    pub fn devices(&self) -> impl Iterator<Item = u32> + '_ {
        let all = self.devices.iter().map(|(id, _)| *id);
        all.filter(|id| *id != HOME)
    }

    /// A field at the top of the answers, from the first that has it of `id=status`, `id=user_data`
    /// and `id=sdata`: `model`, `BuildVersion`, `ZWaveStatus`, `Mode`, `LoadTime`. What `id=sdata`
    /// calls otherwise has the name of the others. Never empty.
    pub fn top(&self, name: &str) -> Option<&str> {
        self.value(HOME, &self.names(FIELDS, name))
    }

    /// The name of a room by its number, as `device.room` has it. `0`, for none, is no room.
    pub fn room(&self, id: &str) -> Option<&str> {
        let rooms = self.rooms.as_deref()?;
        let found = rooms.binary_search_by(|(room, _)| (**room).cmp(id.trim()));
        rooms.get(found.ok()?).map(|(_, name)| &**name)
    }

    /// Number and name of each room; `None` where the rooms are not known.
    pub fn rooms(&self) -> Option<impl Iterator<Item = (&str, &str)>> {
        let rooms = self.rooms.as_deref()?.iter();
        Some(rooms.map(|(id, name)| (&**id, &**name)))
    }

    /// What Luup says happened, the oldest first.
    pub fn alerts(&self) -> &[Alert] {
        &self.alerts
    }

    /// Where the engine was; `None` where it does not count.
    pub fn position(&self) -> Option<&Position> {
        self.position.as_ref()
    }

    /// What could not be read.
    pub fn rejected(&self) -> &Rejected {
        &self.rejected
    }

    /// Why the configuration, names and rooms and the like, is from before or from `id=sdata`, or
    /// missing; `None` where all is as it should be.
    pub fn lacks(&self) -> Option<&LuupError> {
        self.lacks.as_deref()
    }

    /// What the engine says of a failure of a device: 1, that it does not answer; 2, that it does not prove
    /// who it is. `None` where there is none.
    pub(super) fn failure(&self, device: u32) -> Option<&str> {
        let failure = self.value(device, &self.names("HaDevice1", "CommFailure"));
        failure
            .map(str::trim)
            .filter(|failure| !matches!(*failure, "0" | ""))
    }

    /// What cannot be read is as it was before.
    pub(super) fn mend(&mut self, before: &Self) {
        if self.rejected.count == 0 {
            return;
        }
        let each = self.slices().flat_map(|(device, values)| {
            let values = values.iter();
            values.map(move |(name, text)| (device, *name, *text))
        });
        let refused = each
            .enumerate()
            .filter(|(_, (_, _, text))| text & !IS_CONFIGURATION == REFUSED);
        let was = |(at, (device, name, _)): (usize, (u32, NameId, TextId))| {
            let (service, variable) = self.names.get(name);
            let known = before.names.exact(service, variable)?;
            let was = before.value(device, &(known..known + 1))?;
            Some((at, was.to_owned()))
        };
        let mended: Vec<(usize, String)> = refused.filter_map(was).collect();
        for (at, was) in mended {
            let text = self.texts.add(&was);
            if let Some((_, value)) = self.values.get_mut(at) {
                *value = text | (*value & IS_CONFIGURATION);
            }
        }
    }

    fn shrink(&mut self) {
        self.texts.shrink();
        self.devices.shrink_to_fit();
        self.values.shrink_to_fit();
    }

    /// Bytes on the heap, but for rooms and alerts.
    pub fn bytes(&self) -> usize {
        self.names.bytes()
            + self.texts.bytes()
            + size_of::<(u32, usize)>() * self.devices.capacity()
            + 8 * self.values.capacity()
    }

    /// Whether names have the same numbers in another: what `names` gave there holds here.
    pub fn has_the_names_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.names, &other.names)
    }

    /// The names that `service` (full or short) and `variable` stand for.
    pub(super) fn names(&self, service: &str, variable: &str) -> Range<NameId> {
        self.names.range(service, variable)
    }

    /// Full service and variable of a name; the service is [`FIELDS`] for a field.
    pub(super) fn name(&self, id: NameId) -> (&str, &str) {
        self.names.get(id)
    }

    /// The full name of the service that `service` (full or short) stands for, if any device has it.
    pub(super) fn service(&self, service: &str) -> Option<&str> {
        self.names.service(service)
    }

    /// The same as a device has it, else as others do.
    pub(super) fn service_of(&self, device: u32, service: &str) -> Option<&str> {
        let is_it = |full: &&str| match service.contains(':') {
            true => service == *full,
            false => service == short(full),
        };
        let mut own = self.values(device).map(|(name, _)| self.name(name).0);
        own.find(is_it).or_else(|| self.service(service))
    }

    /// The value of the first of `names` that the device has; never empty.
    pub(super) fn value(&self, device: u32, names: &Range<NameId>) -> Option<&str> {
        self.told_of(device, names).flatten()
    }

    /// All values of a device: name and text, ascending by name.
    pub fn values(&self, device: u32) -> impl Iterator<Item = (NameId, &str)> {
        let values = self.values_of(device).unwrap_or_default().iter();
        values.filter_map(|(name, text)| {
            let text = text & !IS_CONFIGURATION;
            (text != REFUSED).then(|| (*name, self.texts.get(text)))
        })
    }

    /// Whether a device has a variable, be it one that cannot be read.
    pub(super) fn has_variables(&self) -> bool {
        let mut names = self.values.iter().map(|(name, _)| self.name(*name).0);
        names.any(|service| service != FIELDS)
    }

    /// What only the configuration has of the home and its devices: device, field and text.
    fn configuration(&self) -> impl Iterator<Item = (u32, &str, &str)> {
        self.slices().flat_map(move |(device, values)| {
            values.iter().filter_map(move |(name, text)| {
                let (service, field) = self.name(*name);
                let id = text & !IS_CONFIGURATION;
                let is_it = *text != id && id != REFUSED && service == FIELDS;
                is_it.then(|| (device, field, self.texts.get(id)))
            })
        })
    }

    /// What devices have of `names`, ascending: the first, or `None` where it cannot be read.
    pub(super) fn told(&self, names: &Range<NameId>) -> impl Iterator<Item = (u32, Option<&str>)> {
        let devices = self.slices().filter(|(device, _)| *device != HOME);
        devices.filter_map(|(device, values)| Some((device, self.first_told(values, names)?)))
    }

    /// The same of one device.
    pub(super) fn told_of(&self, device: u32, names: &Range<NameId>) -> Option<Option<&str>> {
        self.first_told(self.values_of(device)?, names)
    }

    fn first_told(
        &self,
        values: &[(NameId, TextId)],
        names: &Range<NameId>,
    ) -> Option<Option<&str>> {
        let first = values.partition_point(|(name, _)| *name < names.start);
        let values = values.get(first..)?.iter();
        let among = values.take_while(|(name, _)| *name < names.end);
        let mut texts = among.map(|(_, text)| text & !IS_CONFIGURATION).peekable();
        texts.peek()?;
        let text = texts.find(|text| *text != REFUSED);
        Some(text.map(|text| self.texts.get(text)))
    }

    /// The home and its devices, each with its values.
    fn slices(&self) -> impl Iterator<Item = (u32, &[(NameId, TextId)])> {
        let ends = self.devices.iter().skip(1).map(|(_, first)| *first);
        let ends = ends.chain([self.values.len()]);
        self.devices.iter().zip(ends).map(|((device, first), end)| {
            let values = self.values.get(*first..end);
            (*device, values.unwrap_or_default())
        })
    }

    /// Whether there is such a device.
    pub(super) fn has(&self, device: u32) -> bool {
        device != HOME && self.values_of(device).is_some()
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
