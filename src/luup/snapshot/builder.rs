//! From Luup's answers to a [`Snapshot`], in one pass, with each text stored once, and never with
//! more of anything than the bounds say.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Instant;

use super::edition::Edition;
use super::{Name, NameId, Snapshot, TextId, Texts};
use crate::base::json::{JsonEvent, JsonReader};
use crate::luup::LuupError;
use crate::luup::key::{FIELDS, short};
use crate::luup::limits::{
    MAX_DEVICES, MAX_NAME_BYTES, MAX_NAMES, MAX_TEXT_BYTES, MAX_VALUES, within,
};

/// A value on its way into a snapshot.
struct FoundValue {
    device: u32,
    /// In the order in which names were found.
    name: NameId,
    value: TextId,
}

#[derive(Default)]
pub(in crate::luup) struct Builder {
    texts: Texts,
    known: HashMap<Box<str>, TextId>,
    names: HashMap<(TextId, TextId), NameId>,
    values: Vec<FoundValue>,
    /// How many of the names and values the first answer had, which is that to `id=status`.
    status: Option<(usize, usize)>,
    /// `LoadTime` and `UserData_DataVersion`, which it had beside the devices.
    counted: [Option<Box<str>>; 2],
    edition: Option<Edition>,
}

impl Builder {
    /// The configuration that `engine` has now, by its answer to `id=status`; `None` where it does
    /// not tell.
    pub fn edition(&self, engine: &str) -> Option<Edition> {
        let [load_time, version] = self.counted.clone();
        let mut devices: Vec<u32> = self.values.iter().map(|found| found.device).collect();
        devices.sort_unstable();
        devices.dedup();
        Some(Edition {
            engine: engine.into(),
            load_time: load_time?,
            version: version?,
            devices: devices.into(),
            read: Instant::now(),
        })
    }

    /// What is read, or was read before, of `id=user_data` is of this edition.
    pub fn is_of(&mut self, edition: Option<Edition>) {
        self.edition = edition;
    }

    /// Takes the configuration from a snapshot, in place of the answer to `id=user_data`, if it is
    /// still that of `now`; whether it is.
    ///
    /// # Errors
    /// As [`Self::document`].
    pub fn take_configuration(&mut self, of: &Snapshot, now: &Edition) -> Result<bool, LuupError> {
        let Some(edition) = of.edition.as_ref().filter(|known| known.is_still(now)) else {
            return Ok(false);
        };
        for (device, variable, text) in of.configuration() {
            self.found(FIELDS, variable, text)?;
            if let Some(found) = self.values.last_mut() {
                found.device = device;
            }
        }
        self.edition = Some(edition.clone());
        Ok(true)
    }

    fn text(&mut self, text: &str) -> Result<TextId, LuupError> {
        if let Some(id) = self.known.get(text) {
            return Ok(*id);
        }
        let bytes = self.texts.all.len() + text.len();
        within("bytes of different texts", MAX_TEXT_BYTES, bytes)?;
        let id = self.texts.add(text);
        self.known.insert(text.into(), id);
        Ok(id)
    }

    /// Reads one answer. What stood in one before stays.
    ///
    /// # Errors
    /// It is none, or more than the bounds of [`limits`](crate::luup::limits).
    pub fn document(&mut self, text: &str) -> Result<(), LuupError> {
        let mut reader = JsonReader::new(text);
        if reader.next()? != Some(JsonEvent::Object) {
            return Err(LuupError::NoDevices);
        }
        while let Some(event) = reader.next()? {
            let JsonEvent::Name(name) = event else {
                continue;
            };
            match (name.as_ref(), reader.next()?) {
                ("devices", Some(JsonEvent::Array)) => self.devices(&mut reader)?,
                (name, Some(value)) => {
                    reader.skip(&value)?;
                    self.count(name, value);
                }
                (_, None) => {}
            }
        }
        if self.values.is_empty() {
            return Err(LuupError::NoDevices);
        }
        let found = (self.names.len(), self.values.len());
        self.status.get_or_insert(found);
        Ok(())
    }

    /// What stands in the first answer beside the devices.
    fn count(&mut self, name: &str, value: JsonEvent<'_>) {
        let [load_time, version] = &mut self.counted;
        let counted = match name {
            "LoadTime" => load_time,
            "UserData_DataVersion" => version,
            _ => return,
        };
        if self.status.is_none() {
            let text = scalar(value).filter(|text| text.len() <= MAX_NAME_BYTES);
            *counted = text.map(Box::from);
        }
    }

    fn devices(&mut self, reader: &mut JsonReader<'_>) -> Result<(), LuupError> {
        let mut devices = 0;
        while let Some(event) = reader.next()? {
            match event {
                JsonEvent::Close => break,
                JsonEvent::Object => {
                    devices += 1;
                    within("devices", MAX_DEVICES, devices)?;
                    self.device(reader)?;
                }
                other => reader.skip(&other)?,
            }
        }
        Ok(())
    }

    /// A device, the number of which may stand anywhere in it, as a number or as a string.
    fn device(&mut self, reader: &mut JsonReader<'_>) -> Result<(), LuupError> {
        let first = self.values.len();
        let mut id = None;
        while let Some(JsonEvent::Name(name)) = reader.next()? {
            match (name.as_ref(), reader.next()?) {
                ("states", Some(JsonEvent::Array)) => self.states(reader)?,
                (_, Some(value)) => {
                    reader.skip(&value)?;
                    if let Some(text) = scalar(value) {
                        if name == "id" {
                            id = text.trim().parse().ok().filter(|id| *id > 0);
                        }
                        self.found(FIELDS, &name, &text)?;
                    }
                }
                (_, None) => {}
            }
        }
        match id {
            Some(id) => {
                let new = self.values.get_mut(first..).unwrap_or_default();
                new.iter_mut().for_each(|found| found.device = id);
            }
            None => self.values.truncate(first),
        }
        Ok(())
    }

    fn states(&mut self, reader: &mut JsonReader<'_>) -> Result<(), LuupError> {
        while let Some(event) = reader.next()? {
            match event {
                JsonEvent::Close => break,
                JsonEvent::Object => self.state(reader)?,
                other => reader.skip(&other)?,
            }
        }
        Ok(())
    }

    fn state(&mut self, reader: &mut JsonReader<'_>) -> Result<(), LuupError> {
        let (mut service, mut variable, mut text) = (None, None, None);
        while let Some(JsonEvent::Name(name)) = reader.next()? {
            let Some(value) = reader.next()? else { break };
            reader.skip(&value)?;
            match name.as_ref() {
                "service" => service = scalar(value),
                "variable" => variable = scalar(value),
                "value" => text = scalar(value),
                _ => {}
            }
        }
        match (service, variable, text) {
            (Some(service), Some(variable), Some(text)) if service != FIELDS => {
                self.found(&service, &variable, &text)
            }
            _ => Ok(()),
        }
    }

    /// Luup ends some numbers with a line break.
    fn found(&mut self, service: &str, variable: &str, value: &str) -> Result<(), LuupError> {
        let value = value.trim_end_matches(['\r', '\n']);
        if value.is_empty() {
            return Ok(());
        }
        within("values", MAX_VALUES, self.values.len() + 1)?;
        let longest = service.len().max(variable.len());
        within("bytes in a name", MAX_NAME_BYTES, longest)?;
        let name = (self.text(service)?, self.text(variable)?);
        let new = self.names.len();
        let name = *self.names.entry(name).or_insert(new as NameId);
        within("names", MAX_NAMES, self.names.len())?;
        let value = self.text(value)?;
        self.values.push(FoundValue {
            device: 0,
            name,
            value,
        });
        Ok(())
    }

    /// All that was read.
    pub fn finish(self) -> Snapshot {
        let Self {
            texts,
            known,
            names,
            values: found,
            status,
            counted: _,
            mut edition,
        } = self;
        drop(known);
        let (of_status, values_of_status) = status.unwrap_or_default();
        let named = |((service, variable), found_as): ((TextId, TextId), NameId)| {
            let name = Name {
                service,
                variable,
                is_configuration: found_as as usize >= of_status,
            };
            (name, found_as)
        };
        let mut names: Vec<(Name, NameId)> = names.into_iter().map(named).collect();
        names.sort_unstable_by_key(|(name, _)| {
            let service = texts.get(name.service);
            (short(service), texts.get(name.variable), service)
        });
        let mut rank: Vec<NameId> = vec![0; names.len()];
        for (sorted, (_, found_as)) in (0..).zip(&names) {
            if let Some(rank) = rank.get_mut(*found_as as usize) {
                *rank = sorted;
            }
        }
        let mut services: Vec<TextId> = names.iter().map(|(name, _)| name.service).collect();
        services.sort_unstable_by_key(|service| {
            let service = texts.get(*service);
            (short(service), service)
        });
        services.dedup();

        // With its place, so that the first value stays where one stands twice.
        let mut all: Vec<(u32, NameId, u32, TextId)> = (0..)
            .zip(found)
            .filter_map(|(place, found)| {
                let name = rank.get(found.name as usize)?;
                Some((found.device, *name, place, found.value))
            })
            .collect();
        all.sort_unstable();
        all.dedup_by_key(|(device, name, ..)| (*device, *name));

        // What else `id=user_data` alone has, be it a variable or a field that other devices have in
        // `id=status`, may change without another version.
        let changes_unnoticed = all.iter().any(|(_, name, place, _)| {
            let name = names.get(*name as usize).map(|(name, _)| name);
            let is_configuration =
                name.is_some_and(|name| name.is_configuration && texts.get(name.service) == FIELDS);
            *place as usize >= values_of_status && !is_configuration
        });
        edition = edition.filter(|_| !changes_unnoticed);

        let mut devices: Vec<(u32, usize)> = Vec::new();
        for (at, (device, ..)) in all.iter().enumerate() {
            if devices.last().is_none_or(|(last, _)| last != device) {
                devices.push((*device, at));
            }
        }
        let mut snapshot = Snapshot {
            names: names.into_iter().map(|(name, _)| name).collect(),
            services,
            devices,
            values: all
                .into_iter()
                .map(|(_, name, _, text)| (name, text))
                .collect(),
            texts,
            edition,
        };
        snapshot.shrink();
        snapshot
    }
}

/// The text of a value that is neither object nor list nor null.
fn scalar<'a>(event: JsonEvent<'a>) -> Option<Cow<'a, str>> {
    match event {
        JsonEvent::Text(text) => Some(text),
        JsonEvent::Number(number) => Some(number.into()),
        JsonEvent::Bool(true) => Some("1".into()),
        JsonEvent::Bool(false) => Some("0".into()),
        _ => None,
    }
}
