//! What changed since: the values that the engine took, and its incremental answers.

use std::io::Read;
use std::sync::Arc;

use super::alert;
use super::builder::{AnswerKind, Builder, Interner};
use super::names::NameId;
use super::texts::{EMPTY, REFUSED, TextId};
use super::{HOME, IS_CONFIGURATION, Position, Snapshot};
use crate::luup::LuupError;
use crate::luup::limits::{MAX_NAMES, MAX_TEXT_BYTES, MAX_VALUES};

/// Bytes of texts without a value that are borne before all are written anew.
const MAX_STALE_BYTES: usize = 64 << 10;

/// What an engine says when nothing changed.
const NO_CHANGES: &str = "NO_CHANGES";

/// What changes with each answer by itself.
const CLOCKS: [&str; 3] = ["DataVersion", "LocalTime", "TimeStamp"];

/// What an incremental answer makes of a home.
#[derive(Clone, Debug)]
pub enum Advance {
    /// Nothing is new, and the engine is where it was.
    Same,
    /// The home as it is now, and what differs; maybe nothing but where the engine is.
    Changed(Box<Snapshot>, Changed),
    /// It cannot be told from this, for this reason: read all.
    Outdated(&'static str),
}

/// What differs from before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// Device and name, by the numbers of the new snapshot; device 0 is the home. One that was told to
    /// have had several values in turn stands here as often.
    pub values: Vec<(u32, NameId)>,
    /// Whether there are new alerts.
    pub alerts: bool,
}

/// A new value on its way.
struct NextValue {
    device: u32,
    name: NameId,
    /// [`EMPTY`] where there is none any more.
    text: TextId,
}

/// Whether a version is less than one before it: since that one the engine told nothing of what it did.
fn is_less(now: &str, before: &str) -> bool {
    let number = |text: &str| text.parse::<u64>().ok();
    let both = number(now).zip(number(before));
    both.is_some_and(|(now, before)| now < before)
}

impl Snapshot {
    /// The same with other values: device, full name of the service (empty for fields), variable and
    /// text; an empty text is no value. What is of no device is left out.
    pub fn patched(&self, changes: &[(u32, &str, &str, &str)]) -> Self {
        let mut new = self.clone();
        let names: Vec<_> = changes.iter().map(|(_, s, v, _)| (*s, *v)).collect();
        let names = new.numbered(&names);
        let mut values: Vec<NextValue> = Vec::with_capacity(changes.len());
        for ((device, service, _, text), name) in changes.iter().zip(names) {
            let device = *device;
            if !self.has(device) {
                continue;
            }
            let is_field = service.is_empty();
            if is_field {
                // Whoever read the configuration before did not read this.
                new.edition = None;
            }
            let flag = if is_field { IS_CONFIGURATION } else { 0 };
            let text = new.add_text(text) | flag;
            values.retain(|known| (known.device, known.name) != (device, name));
            values.push(NextValue { device, name, text });
        }
        new.take(values);
        new
    }

    /// Whether the engine told it before another, since the same start.
    pub fn is_older_than(&self, other: &Self) -> bool {
        let both = self.position.as_ref().zip(other.position.as_ref());
        both.is_some_and(|(own, other)| {
            own.load_time == other.load_time && is_less(&own.data_version, &other.data_version)
        })
    }

    /// Reads the answer to `id=status` with the [`position`](Self::position) of this one.
    ///
    /// # Errors
    /// It is no answer that can be used; this one stays good.
    pub fn advance(&self, answer: &mut dyn Read) -> Result<Advance, LuupError> {
        let Some(before) = &self.position else {
            return Ok(Advance::Outdated("it is not known where the engine was"));
        };
        let mut delta = Builder::default();
        match delta.document(AnswerKind::Changes, answer) {
            Err(LuupError::Text(text)) if text == NO_CHANGES => return Ok(Advance::Same),
            read => read?,
        }
        let outdated = match delta.position() {
            None => Some("it does not tell where it is"),
            Some(now) if now.load_time != before.load_time => Some("the engine was started anew"),
            Some(now)
                if now.user_data_version.is_some()
                    && now.user_data_version != before.user_data_version =>
            {
                Some("the configuration is another")
            }
            Some(now) if is_less(&now.data_version, &before.data_version) => {
                Some("its versions went back")
            }
            Some(_) if delta.devices.iter().any(|device| !self.has(*device)) => {
                Some("it tells of another device")
            }
            Some(_) => None,
        };
        if let Some(why) = outdated {
            return Ok(Advance::Outdated(why));
        }
        let (new, changed) = self.merged(delta);
        Ok(match new.is_within_bounds() {
            false => Advance::Outdated("it is more than fits"),
            true if changed == Changed::default() && new.position == self.position => Advance::Same,
            true => Advance::Changed(new.into(), changed),
        })
    }

    fn merged(&self, mut delta: Builder) -> (Self, Changed) {
        let mut new = self.clone();
        new.position = delta.position().map(|position| Position {
            user_data_version: position
                .user_data_version
                .or_else(|| self.position.as_ref()?.user_data_version.clone()),
            ..position
        });
        let names = delta.sort();
        let all: Vec<_> = (0..).take(names.count()).map(|id| names.get(id)).collect();
        let here = new.numbered(&all);
        let mut changed = Changed {
            values: new.told_in_turn(&delta, &here),
            alerts: alert::add(
                Arc::make_mut(&mut new.alerts),
                std::mem::take(&mut delta.alerts),
            ),
        };
        changed
            .values
            .retain(|(device, name)| *device != HOME || !CLOCKS.contains(&new.name(*name).1));
        delta.keep_last_of_each();
        let mut values = Vec::with_capacity(delta.values.len());
        for value in &delta.values {
            let name = here.get(value.name as usize).copied().unwrap_or_default();
            let text = match value.text {
                EMPTY | REFUSED => value.text,
                text => new.add_text(delta.texts.texts.get(text)),
            };
            let device = value.device;
            values.push(NextValue { device, name, text });
        }
        new.take(values);
        new.rejected.count += delta.rejected.count;
        new.rejected.first = new.rejected.first.take().or(delta.rejected.first);
        (new, changed)
    }

    /// Each time that a value is another than before. What cannot be read is no change.
    fn told_in_turn(&self, delta: &Builder, here: &[NameId]) -> Vec<(u32, NameId)> {
        let mut changed = Vec::new();
        let mut last = ((HOME, NameId::MAX), "");
        for value in delta.values.iter().filter(|value| value.text != REFUSED) {
            let name = here.get(value.name as usize).copied().unwrap_or_default();
            let key = (value.device, name);
            if last.0 != key {
                let before = self.value(value.device, &(name..name + 1));
                last = (key, before.unwrap_or_default());
            }
            let text = delta.texts.texts.get(value.text);
            if last.1 != text {
                changed.push(key);
                last.1 = text;
            }
        }
        changed
    }

    /// The numbers of names, of which some may be new.
    fn numbered(&mut self, wanted: &[(&str, &str)]) -> Vec<NameId> {
        let mut missing = wanted.to_vec();
        missing.retain(|(service, variable)| self.names.exact(service, variable).is_none());
        if !missing.is_empty() {
            missing.sort_unstable();
            missing.dedup();
            let (names, rank) = self.names.with(&missing);
            for (name, _) in &mut self.values {
                *name = rank.get(*name as usize).copied().unwrap_or_default();
            }
            self.names = Arc::new(names);
        }
        let number = |(service, variable): &(&str, &str)| self.names.exact(service, variable);
        wanted.iter().filter_map(number).collect()
    }

    fn add_text(&mut self, text: &str) -> TextId {
        if text.is_empty() {
            return EMPTY;
        }
        self.stale += text.len() + size_of::<TextId>();
        self.texts.add(text)
    }

    /// Takes values in place of those that there are, each once.
    fn take(&mut self, mut new: Vec<NextValue>) {
        new.sort_unstable_by_key(|value| (value.device, value.name));
        let room = self.values.len() + new.len();
        let old = std::mem::replace(&mut self.values, Vec::with_capacity(room));
        let devices = std::mem::take(&mut self.devices);
        let ends = devices.iter().skip(1).map(|(_, first)| *first);
        let ends: Vec<usize> = ends.chain([old.len()]).collect();
        let mut new = new.into_iter().peekable();
        for ((device, first), end) in devices.into_iter().zip(ends) {
            for (name, text) in old.get(first..end).unwrap_or_default() {
                let here = (device, *name);
                while let Some(value) = new.next_if(|value| (value.device, value.name) < here) {
                    self.push_new(&value);
                }
                match new.next_if(|value| (value.device, value.name) == here) {
                    Some(value) => self.push_new(&value),
                    None => self.push(device, *name, *text),
                }
            }
        }
        new.for_each(|value| self.push_new(&value));
        if self.stale > MAX_STALE_BYTES {
            self.write_texts_anew();
        }
    }

    fn push_new(&mut self, value: &NextValue) {
        if value.text & !IS_CONFIGURATION != EMPTY {
            self.push(value.device, value.name, value.text);
        }
    }

    pub(super) fn write_texts_anew(&mut self) {
        let mut texts = Interner::default();
        for (_, text) in &mut self.values {
            let flag = *text & IS_CONFIGURATION;
            let id = *text & !IS_CONFIGURATION;
            if id != REFUSED {
                *text = texts.id(self.texts.get(id)).unwrap_or(REFUSED) | flag;
            }
        }
        self.texts = texts.texts;
        self.stale = 0;
        self.shrink();
    }

    fn is_within_bounds(&self) -> bool {
        self.values.len() <= MAX_VALUES
            && self.names.count() <= MAX_NAMES
            && self.texts.len() <= MAX_TEXT_BYTES
    }
}
