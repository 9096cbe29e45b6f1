//! From Luup's answers to a [`Snapshot`], in one pass and with each text stored once.

use std::collections::HashMap;

use super::{Name, NameId, Snapshot, TextId, Texts};
use crate::base::json::{JsonEvent, JsonReader};
use crate::luup::LuupError;
use crate::luup::key::{FIELDS, short};

/// A value on its way into a snapshot.
pub(super) struct FoundValue {
    device: u32,
    service: TextId,
    variable: TextId,
    value: TextId,
}

#[derive(Default)]
pub(super) struct Builder {
    texts: Texts,
    known: HashMap<String, TextId>,
    pub(super) values: Vec<FoundValue>,
}

impl Builder {
    fn text(&mut self, text: &str) -> TextId {
        match self.known.get(text) {
            Some(id) => *id,
            None => {
                let id = self.texts.add(text);
                self.known.insert(text.to_owned(), id);
                id
            }
        }
    }

    pub(super) fn document(&mut self, text: &str) -> Result<(), LuupError> {
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
                (_, Some(value)) => reader.skip(&value)?,
                (_, None) => {}
            }
        }
        Ok(())
    }

    fn devices(&mut self, reader: &mut JsonReader<'_>) -> Result<(), LuupError> {
        while let Some(event) = reader.next()? {
            match event {
                JsonEvent::Close => break,
                JsonEvent::Object => self.device(reader)?,
                other => reader.skip(&other)?,
            }
        }
        Ok(())
    }

    /// A device, the number of which may stand anywhere in it, as a number or as a string.
    fn device(&mut self, reader: &mut JsonReader<'_>) -> Result<(), LuupError> {
        let first = self.values.len();
        let fields = self.text(FIELDS);
        let mut id = None;
        while let Some(JsonEvent::Name(name)) = reader.next()? {
            match (name.as_ref(), reader.next()?) {
                ("states", Some(JsonEvent::Array)) => self.states(reader)?,
                (_, Some(value)) => {
                    if let Some(text) = scalar(&value) {
                        if name == "id" {
                            id = text.trim().parse().ok().filter(|id| *id > 0);
                        }
                        let variable = self.text(&name);
                        self.found(fields, variable, text);
                    }
                    reader.skip(&value)?;
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
            match name.as_ref() {
                "service" => service = scalar(&value).map(|s| self.text(s)),
                "variable" => variable = scalar(&value).map(|s| self.text(s)),
                "value" => text = scalar(&value).map(str::to_owned),
                _ => {}
            }
            reader.skip(&value)?;
        }
        if let (Some(service), Some(variable), Some(text)) = (service, variable, text) {
            if self.texts.get(service) != FIELDS {
                self.found(service, variable, &text);
            }
        }
        Ok(())
    }

    /// Luup ends some numbers with a line break.
    fn found(&mut self, service: TextId, variable: TextId, value: &str) {
        let value = value.trim_end_matches(['\r', '\n']);
        if !value.is_empty() {
            let value = self.text(value);
            self.values.push(FoundValue {
                device: 0,
                service,
                variable,
                value,
            });
        }
    }

    pub(super) fn finish(self) -> Snapshot {
        let texts = self.texts;
        let key = |service: TextId, variable: TextId| {
            let service = texts.get(service);
            (short(service), texts.get(variable), service)
        };
        let mut names: Vec<(TextId, TextId)> = self
            .values
            .iter()
            .map(|found| (found.service, found.variable))
            .collect();
        names.sort_unstable();
        names.dedup();
        names.sort_unstable_by_key(|(service, variable)| key(*service, *variable));
        let rank: HashMap<(TextId, TextId), NameId> = names.iter().copied().zip(0..).collect();
        // With its place, so that the first value stays where one stands twice.
        let mut all: Vec<(u32, NameId, u32, TextId)> = (0..)
            .zip(&self.values)
            .filter_map(|(place, found)| {
                let name = rank.get(&(found.service, found.variable))?;
                Some((found.device, *name, place, found.value))
            })
            .collect();
        all.sort_unstable();
        all.dedup_by_key(|(device, name, ..)| (*device, *name));

        let mut devices: Vec<(u32, usize)> = Vec::new();
        for (at, (device, ..)) in all.iter().enumerate() {
            if devices.last().is_none_or(|(last, _)| last != device) {
                devices.push((*device, at));
            }
        }
        let mut snapshot = Snapshot {
            names: names
                .into_iter()
                .map(|(service, variable)| Name { service, variable })
                .collect(),
            devices,
            values: all
                .into_iter()
                .map(|(_, name, _, text)| (name, text))
                .collect(),
            texts,
        };
        snapshot.shrink();
        snapshot
    }
}

/// The text of a value that is neither object nor list nor null.
fn scalar<'a>(event: &'a JsonEvent<'_>) -> Option<&'a str> {
    match event {
        JsonEvent::Text(text) => Some(text),
        JsonEvent::Number(number) => Some(number),
        JsonEvent::Bool(true) => Some("1"),
        JsonEvent::Bool(false) => Some("0"),
        _ => None,
    }
}
