//! What answers say on its way into a [`Snapshot`]: each text stored once, and never more of
//! anything than the bounds say.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use foldhash::fast::RandomState;

use super::alert::Alert;
use super::edition::Edition;
use super::names::{NameId, SortedNames};
use super::texts::{EMPTY, REFUSED, TextId, Texts};
use super::{HOME, IS_CONFIGURATION, Position, Rejected, Room, Snapshot};
use crate::luup::LuupError;
use crate::luup::key::FIELDS;
use crate::luup::limits::{MAX_NAMES, MAX_TEXT_BYTES, MAX_VALUES, within};

/// What an answer is one to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::luup) enum AnswerKind {
    /// `id=status`: which devices there are, and their states.
    Status,
    /// `id=status` with the DataVersion of an answer before: what is another since.
    Changes,
    /// `id=user_data`: the configuration.
    UserData,
    /// `id=sdata`: a summary of it, with names of its own.
    Summary,
}

/// A value on its way into a snapshot: [`EMPTY`] where it is told to be none, [`REFUSED`] where it
/// cannot be read.
#[derive(Clone, Copy)]
pub(super) struct FoundValue {
    pub device: u32,
    /// In the order in which names were found, until they are sorted.
    pub name: NameId,
    pub text: TextId,
    /// Its place among all as they were told, lest sorting forget it.
    pub place: u32,
}

impl FoundValue {
    /// By which values are sorted: those of one name stay in the order in which they were told.
    fn order(&self) -> (u64, u32) {
        let name = u64::from(self.device) << 32 | u64::from(self.name);
        (name, self.place)
    }
}

/// Texts, each once.
#[derive(Default)]
pub(super) struct Interner {
    pub texts: Texts,
    /// An answer that was written before cannot make these collide: each map has numbers of its own.
    known: HashMap<Box<str>, TextId, RandomState>,
}

impl Interner {
    /// The number of a text; `None` where there is no room for another.
    pub fn id(&mut self, text: &str) -> Option<TextId> {
        if text.is_empty() {
            return Some(EMPTY);
        }
        if let Some(id) = self.known.get(text) {
            return Some(*id);
        }
        if self.texts.len() + text.len() > MAX_TEXT_BYTES {
            return None;
        }
        let id = self.texts.add(text);
        self.known.insert(text.into(), id);
        Some(id)
    }
}

#[derive(Default)]
pub(in crate::luup) struct Builder {
    /// The parts of names, and all other texts.
    pub(super) parts: Interner,
    pub(super) texts: Interner,
    names: HashMap<(TextId, TextId), NameId, RandomState>,
    pub(super) values: Vec<FoundValue>,
    /// How many of the values are from the first answer.
    pub(super) first: Option<usize>,
    /// The devices that it tells of, ascending.
    pub(super) devices: Vec<u32>,
    /// `LoadTime`, `DataVersion` and `UserData_DataVersion`, which it has beside the devices.
    pub(super) counted: [Option<Box<str>>; 3],
    pub(super) rooms: Option<Vec<Room>>,
    pub(super) alerts: Vec<Alert>,
    pub(super) rejected: Rejected,
    edition: Option<Edition>,
    lacks: Option<Arc<LuupError>>,
}

impl Builder {
    /// The configuration that `engine` has now, by its answer to `id=status`; `None` where it does
    /// not tell.
    pub fn edition(&self, engine: &str) -> Option<Edition> {
        let [load_time, _, version] = self.counted.clone();
        Some(Edition {
            engine: engine.into(),
            load_time: load_time?,
            version: version?,
            devices: self.devices.clone().into(),
            read: Instant::now(),
        })
    }

    /// What is read of `id=user_data` is of this edition.
    pub fn is_of(&mut self, edition: Option<Edition>) {
        self.edition = edition;
    }

    /// Takes the configuration from a snapshot, in place of the answer to `id=user_data`, if it is
    /// still that of `now`; whether it is.
    ///
    /// # Errors
    /// More than the bounds of [`limits`](crate::luup::limits).
    pub fn take_configuration(&mut self, of: &Snapshot, now: &Edition) -> Result<bool, LuupError> {
        let Some(edition) = of.edition.as_ref().filter(|known| known.is_still(now)) else {
            return Ok(false);
        };
        self.copy_configuration(of)?;
        self.edition = Some(edition.clone());
        Ok(true)
    }

    /// Goes on without the answer to `id=user_data`, for this reason.
    pub fn lacks(&mut self, why: LuupError) {
        self.lacks = Some(why.into());
        self.forget_configuration();
    }

    /// Forgets what it has of answers behind the first, of which the last was cut short.
    pub fn forget_configuration(&mut self) {
        self.values.truncate(self.first.unwrap_or_default());
        self.rooms = None;
    }

    /// Takes the configuration that a snapshot has, be it that of now or not.
    ///
    /// # Errors
    /// As [`Self::take_configuration`].
    pub fn copy_configuration(&mut self, of: &Snapshot) -> Result<(), LuupError> {
        for (device, field, text) in of.configuration() {
            if self.has(device) {
                let text = self.texts.id(text).unwrap_or(REFUSED);
                if let Some(field) = self.parts.id(field) {
                    self.found(device, (EMPTY, field), text)?;
                }
            }
        }
        self.rooms = of.rooms.as_ref().map(|rooms| rooms.to_vec());
        Ok(())
    }

    /// Whether the first answer tells of a device.
    pub(super) fn has(&self, device: u32) -> bool {
        device == HOME || self.devices.binary_search(&device).is_ok()
    }

    /// Takes a value. `name` is of service and variable; [`EMPTY`] is the service of fields.
    pub(super) fn found(
        &mut self,
        device: u32,
        name: (TextId, TextId),
        text: TextId,
    ) -> Result<(), LuupError> {
        within("values", MAX_VALUES, self.values.len() + 1)?;
        let new = self.names.len();
        let name = match self.names.entry(name) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(place) => {
                within("names", MAX_NAMES, new + 1)?;
                *place.insert(new as NameId)
            }
        };
        self.values.push(FoundValue {
            device,
            name,
            text,
            place: self.values.len() as u32,
        });
        Ok(())
    }

    /// What is read up to here is the first answer.
    pub(super) fn first_is_read(&mut self) {
        self.values.sort_unstable_by_key(FoundValue::order);
        self.first = Some(self.values.len());
    }

    /// Where the values of a device are that the first answer tells of; `None` where it is not known
    /// yet which device it is.
    pub(super) fn told_of(&self, device: Option<u32>) -> Range<usize> {
        let Some((device, first)) = device.zip(self.first) else {
            return 0..0;
        };
        let told = self.values.get(..first).unwrap_or_default();
        let start = told.partition_point(|value| value.device < device);
        start..told.partition_point(|value| value.device <= device)
    }

    /// Whether a name stands among such values.
    pub(super) fn is_told(&self, among: &Range<usize>, name: (TextId, TextId)) -> bool {
        let among = self.values.get(among.clone()).unwrap_or_default();
        let name = self.names.get(&name).filter(|_| !among.is_empty());
        name.is_some_and(|name| {
            let found = among.binary_search_by_key(name, |value| value.name);
            found.is_ok()
        })
    }

    /// Something could not be read.
    pub(super) fn refuse(&mut self, what: &str, why: &str) {
        self.rejected.count += 1;
        let first = &mut self.rejected.first;
        first.get_or_insert_with(|| [what, ": ", why].concat().into());
    }

    /// Sorts names, and values by device and name in the order in which they were told.
    pub(super) fn sort(&mut self) -> SortedNames {
        let mut names = vec![(EMPTY, EMPTY); self.names.len()];
        for (name, found_as) in std::mem::take(&mut self.names) {
            if let Some(place) = names.get_mut(found_as as usize) {
                *place = name;
            }
        }
        let parts = std::mem::take(&mut self.parts);
        let (names, rank) = SortedNames::of(parts.texts, names);
        for value in &mut self.values {
            value.name = rank.get(value.name as usize).copied().unwrap_or_default();
        }
        self.values.sort_unstable_by_key(FoundValue::order);
        names
    }

    /// Of several values of one name, keeps the first that is filled of the first answer that tells
    /// of it: what that says is none does not come back from another.
    pub(super) fn keep_one_of_each(&mut self) {
        let first = self.first.unwrap_or_default();
        let is_first = |value: &FoundValue| (value.place as usize) < first;
        self.values.dedup_by(|next, kept| {
            let is_one = (next.device, next.name) == (kept.device, kept.name);
            let is_same_answer = is_first(next) == is_first(kept);
            if is_one
                && is_same_answer
                && matches!(kept.text, EMPTY | REFUSED)
                && next.text != EMPTY
            {
                kept.text = next.text;
            }
            is_one
        });
    }

    /// Of several values that were told in turn, keeps the last that can be read.
    pub(super) fn keep_last_of_each(&mut self) {
        self.values.dedup_by(|next, kept| {
            let is_one = (next.device, next.name) == (kept.device, kept.name);
            if is_one && next.text != REFUSED {
                kept.text = next.text;
            }
            is_one
        });
    }

    /// All that was read.
    pub fn finish(mut self) -> Snapshot {
        let names = self.sort();
        self.keep_one_of_each();
        let first = self.first.unwrap_or_default();
        // What else `id=user_data` alone has, be it a variable or a field that other devices have in
        // `id=status`, may change without another version.
        let mut is_state = vec![false; names.count()];
        let of_devices = || self.values.iter().filter(|value| value.device != HOME);
        for value in of_devices().filter(|value| (value.place as usize) < first) {
            if let Some(is_state) = is_state.get_mut(value.name as usize) {
                *is_state = true;
            }
        }
        let changes_unnoticed = of_devices().any(|value| {
            let is_field = names.get(value.name).0 == FIELDS;
            let is_state = is_state.get(value.name as usize).copied();
            value.place as usize >= first && !(is_field && is_state == Some(false))
        });

        let mut snapshot = Snapshot {
            position: self.position(),
            edition: self.edition.filter(|_| !changes_unnoticed),
            texts: self.texts.texts,
            values: Vec::with_capacity(self.values.len()),
            rooms: self.rooms.map(|mut rooms| {
                rooms.sort();
                rooms.dedup_by(|next, kept| next.0 == kept.0);
                rooms.into()
            }),
            alerts: Arc::new(self.alerts),
            rejected: self.rejected,
            lacks: self.lacks,
            names: Arc::new(names),
            devices: Vec::new(),
            stale: 0,
        };
        for value in self.values.iter().filter(|value| value.text != EMPTY) {
            let is_later = value.place as usize >= first;
            let flag = if is_later { IS_CONFIGURATION } else { 0 };
            snapshot.push(value.device, value.name, value.text | flag);
        }
        snapshot.shrink();
        snapshot
    }

    /// Where the engine is by the first answer.
    pub(super) fn position(&self) -> Option<Position> {
        let [load_time, data_version, user_data_version] = self.counted.clone();
        Some(Position {
            load_time: load_time?,
            data_version: data_version?,
            user_data_version,
        })
    }
}

impl Snapshot {
    /// Adds a value behind all others.
    pub(super) fn push(&mut self, device: u32, name: NameId, text: TextId) {
        if self.devices.last().is_none_or(|(last, _)| *last != device) {
            self.devices.push((device, self.values.len()));
        }
        self.values.push((name, text));
    }
}
