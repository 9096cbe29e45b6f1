//! Luup's answers, read as they come. Whatever is wrong with a name or a value costs no other.

use std::borrow::Cow;
use std::io::Read;
use std::ops::Range;

use super::HOME;
use super::alert::{self, Alert};
use super::builder::{AnswerKind, Builder};
use super::texts::{EMPTY, REFUSED, TextId};
use crate::base::json::{JsonEvent, JsonReader};
use crate::luup::LuupError;
use crate::luup::client::beginning;
use crate::luup::limits::{
    MAX_DEVICE_VALUES, MAX_DEVICES, MAX_LISTED, MAX_NAME_BYTES, MAX_VALUE_BYTES, within,
};

/// What counts where the engine is, in the order of [`Builder::counted`].
const COUNTED: [&str; 3] = ["LoadTime", "DataVersion", "UserData_DataVersion"];

/// Bytes of the longest number that does.
const MAX_COUNTED_BYTES: usize = 32;

/// All that is taken of a device in `id=sdata`, and what `id=user_data` calls it: the rest are states
/// under names of their own.
const SUMMARY_FIELDS: [(&str, &str); 7] = [
    ("altid", "altid"),
    ("category", "category_num"),
    ("id", "id"),
    ("name", "name"),
    ("parent", "id_parent"),
    ("room", "room"),
    ("subcategory", "subcategory_num"),
];

/// The same of what stands beside the devices.
const SUMMARY_TOP: [(&str, &str); 4] = [
    ("model", "model"),
    ("serial_number", "PK_AccessPoint"),
    ("temperature", "TemperatureFormat"),
    ("version", "BuildVersion"),
];

/// A value as it is told.
#[derive(Clone, Copy)]
enum Told {
    Text(TextId),
    /// It cannot be read, for this reason.
    Flawed(&'static str),
    /// An object or a list.
    Nested,
}

/// Where the values of a device are among all.
struct DevicePlace {
    /// The first of this answer.
    first: usize,
    /// Those of the first answer: what that tells of is not to be taken from another.
    told: Range<usize>,
}

impl Builder {
    /// Reads one answer, to its last bracket and not beyond. What stood in one before stays.
    ///
    /// # Errors
    /// It is none, or more than the bounds of [`limits`](crate::luup::limits). Where the source
    /// failed, it is JSON that is cut short.
    pub fn document(&mut self, kind: AnswerKind, source: &mut dyn Read) -> Result<(), LuupError> {
        let mut reader = JsonReader::lenient(source);
        if reader.is_at_end() {
            return Err(LuupError::Empty);
        }
        match reader.next()? {
            Some(JsonEvent::Object) => {}
            Some(JsonEvent::Array) => return Err(LuupError::NoDevices),
            _ => return Err(LuupError::Text(beginning(reader.text().trim()))),
        }
        let mut devices = Vec::new();
        while let Some(JsonEvent::Name) = reader.next()? {
            let is = |name: &str| reader.text() == name;
            let (is_devices, is_rooms, is_alerts) = (is("devices"), is("rooms"), is("alerts"));
            let counted = COUNTED.iter().position(|name| is(name));
            let name = self.field(&reader, kind, &SUMMARY_TOP);
            let Some(event) = reader.next()? else { break };
            if event == JsonEvent::Array {
                match kind {
                    _ if is_devices => self.devices(&mut reader, kind, &mut devices)?,
                    AnswerKind::UserData | AnswerKind::Summary if is_rooms => {
                        self.rooms(&mut reader)?;
                    }
                    AnswerKind::Status | AnswerKind::Changes if is_alerts => {
                        self.alerts(&mut reader)?;
                    }
                    _ => reader.skip(event)?,
                }
                continue;
            }
            let told = self.told(&mut reader, event)?;
            self.count(counted, told);
            if let Some(name) = name {
                self.take(HOME, (EMPTY, name), told)?;
            }
        }
        if self.first.is_none() {
            devices.sort_unstable();
            devices.dedup();
            self.devices = devices;
            self.first_is_read();
        }
        match self.devices.is_empty() && kind != AnswerKind::Changes {
            true => Err(LuupError::NoDevices),
            false => Ok(()),
        }
    }

    /// What stands in the first answer beside the devices.
    fn count(&mut self, which: Option<usize>, told: Told) {
        let counted = which.and_then(|which| self.counted.get_mut(which));
        if let (Some(counted), Told::Text(text), None) = (counted, told, self.first) {
            let text = self.texts.texts.get(text);
            let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
            let is_good = (1..=MAX_COUNTED_BYTES).contains(&text.len()) && is_number(text);
            if is_good && counted.is_none() {
                *counted = Some(text.into());
            }
        }
    }

    fn devices(
        &mut self,
        reader: &mut JsonReader<'_>,
        kind: AnswerKind,
        devices: &mut Vec<u32>,
    ) -> Result<(), LuupError> {
        let mut count = 0;
        while let Some(event) = reader.next()? {
            match event {
                JsonEvent::Close => break,
                JsonEvent::Object => {
                    count += 1;
                    within("devices", MAX_DEVICES, count)?;
                    devices.extend(self.device(reader, kind)?);
                }
                other => reader.skip(other)?,
            }
        }
        Ok(())
    }

    /// A device, the number of which may stand anywhere in it, as a number or as a string. Of the
    /// answers behind the first, only what that knows of is taken.
    fn device(
        &mut self,
        reader: &mut JsonReader<'_>,
        kind: AnswerKind,
    ) -> Result<Option<u32>, LuupError> {
        let first = self.values.len();
        let is_silent = self.rejected.first.is_none();
        let mut id = None;
        while let Some(JsonEvent::Name) = reader.next()? {
            let (is_id, is_states) = (reader.text() == "id", reader.text() == "states");
            let name = self.field(reader, kind, &SUMMARY_FIELDS);
            let Some(event) = reader.next()? else { break };
            if is_states && event == JsonEvent::Array && kind != AnswerKind::Summary {
                let place = DevicePlace {
                    first,
                    told: self.told_of(id),
                };
                self.states(reader, &place)?;
                continue;
            }
            let told = self.told(reader, event)?;
            if let (true, None, Told::Text(text)) = (is_id, id, told) {
                id = number(self.texts.texts.get(text));
            }
            if let Some(name) = name {
                self.take_of_device(first, (EMPTY, name), told)?;
            }
        }
        if id.is_none() {
            self.refuse("a device", "it has no number");
        }
        if let (true, Some(why), Some(id)) = (is_silent, &mut self.rejected.first, id) {
            *why = format!("device {id}, {why}").into();
        }
        let known = id.filter(|id| self.first.is_none() || self.has(*id));
        match known {
            Some(id) => {
                let new = self.values.get_mut(first..).unwrap_or_default();
                new.iter_mut().for_each(|found| found.device = id);
            }
            None => self.values.truncate(first),
        }
        Ok(known)
    }

    fn states(
        &mut self,
        reader: &mut JsonReader<'_>,
        place: &DevicePlace,
    ) -> Result<(), LuupError> {
        while let Some(event) = reader.next()? {
            match event {
                JsonEvent::Close => break,
                JsonEvent::Object => self.state(reader, place)?,
                other => reader.skip(other)?,
            }
        }
        Ok(())
    }

    fn state(&mut self, reader: &mut JsonReader<'_>, place: &DevicePlace) -> Result<(), LuupError> {
        let (mut service, mut variable, mut value) = (None, None, None);
        let mut is_told = false;
        while let Some(JsonEvent::Name) = reader.next()? {
            let is = |name: &str| reader.text() == name;
            let (is_service, is_variable, is_value) = (is("service"), is("variable"), is("value"));
            let Some(event) = reader.next()? else { break };
            match event {
                JsonEvent::Text | JsonEvent::Number if is_service || is_variable => {
                    let part = if is_service {
                        &mut service
                    } else {
                        &mut variable
                    };
                    *part = part.or(self.part(reader));
                    is_told = service
                        .zip(variable)
                        .is_some_and(|name| self.is_told(&place.told, name));
                }
                event if is_told => reader.skip(event)?,
                event if is_value => value = value.or(Some(self.told(reader, event)?)),
                event => reader.skip(event)?,
            }
        }
        match (service, variable, value) {
            (Some(service), Some(variable), Some(told)) => {
                let told = match told {
                    Told::Nested => Told::Flawed("a list stands in place of it"),
                    told => told,
                };
                self.take_of_device(place.first, (service, variable), told)
            }
            (.., None) => Ok(()),
            _ => {
                self.refuse("a state", "it has no name");
                Ok(())
            }
        }
    }

    fn rooms(&mut self, reader: &mut JsonReader<'_>) -> Result<(), LuupError> {
        let found = self.listed(reader)?.into_iter().filter_map(|room| {
            let id = number(room.field("id")?)?;
            Some((id.to_string().into(), room.field("name")?.into()))
        });
        self.rooms.get_or_insert_default().extend(found);
        Ok(())
    }

    fn alerts(&mut self, reader: &mut JsonReader<'_>) -> Result<(), LuupError> {
        let new = self.listed(reader)?;
        alert::add(&mut self.alerts, new);
        Ok(())
    }

    /// The fields of the objects in a list.
    fn listed(&mut self, reader: &mut JsonReader<'_>) -> Result<Vec<Alert>, LuupError> {
        let mut all = Vec::new();
        while let Some(event) = reader.next()? {
            match event {
                JsonEvent::Close => break,
                JsonEvent::Object if all.len() < MAX_LISTED => {
                    let object = self.object(reader)?;
                    all.push(object);
                }
                other => {
                    reader.skip(other)?;
                    self.refuse("a list", "it is too long, or not all of objects");
                }
            }
        }
        Ok(all)
    }

    fn object(&mut self, reader: &mut JsonReader<'_>) -> Result<Alert, LuupError> {
        let mut object = Alert::default();
        while let Some(JsonEvent::Name) = reader.next()? {
            let is_good = reader.flaw().is_none() && reader.text().len() <= MAX_NAME_BYTES;
            let name: Box<str> = reader.text().into();
            let Some(event) = reader.next()? else { break };
            match self.told(reader, event)? {
                Told::Text(EMPTY) | Told::Nested => {}
                Told::Text(text) if is_good => object.add(&name, self.texts.texts.get(text)),
                Told::Text(_) => self.refuse("a name in a list", "it cannot be read"),
                Told::Flawed(why) => self.refuse(&name, why),
            }
        }
        Ok(object)
    }

    /// The number of the field whose name is read; `None` where it is not to be taken.
    fn field(
        &mut self,
        reader: &JsonReader<'_>,
        kind: AnswerKind,
        of_summary: &[(&str, &str)],
    ) -> Option<TextId> {
        if kind != AnswerKind::Summary {
            return self.part(reader);
        }
        let mut all = of_summary.iter();
        let (_, name) = all.find(|(there, _)| *there == reader.text())?;
        self.parts.id(name)
    }

    /// The number of what is read as a part of a name.
    fn part(&mut self, reader: &JsonReader<'_>) -> Option<TextId> {
        let text = reader.text();
        let why = match reader.flaw() {
            Some(why) => why,
            None if text.len() > MAX_NAME_BYTES => "it is too long",
            None if text.is_empty() => "it is empty",
            None => match self.parts.id(text) {
                None => "there is no room for it",
                id => return id,
            },
        };
        self.refuse("a name", why);
        None
    }

    /// Reads the value that begins with `event`. Luup ends some numbers with a line break.
    fn told(&mut self, reader: &mut JsonReader<'_>, event: JsonEvent) -> Result<Told, LuupError> {
        Ok(match event {
            JsonEvent::Text | JsonEvent::Number => {
                let text = match event {
                    JsonEvent::Number => whole(reader.text()),
                    _ => without_break(reader.text()),
                };
                match text.len() > MAX_VALUE_BYTES {
                    true => Told::Flawed("it is too long"),
                    false => self.text(&legal(text)),
                }
            }
            JsonEvent::Bool(is_true) => self.text(if is_true { "1" } else { "0" }),
            JsonEvent::Null => Told::Text(EMPTY),
            JsonEvent::Flawed(why) => Told::Flawed(why),
            JsonEvent::Object | JsonEvent::Array | JsonEvent::Name | JsonEvent::Close => {
                reader.skip(event)?;
                Told::Nested
            }
        })
    }

    fn text(&mut self, text: &str) -> Told {
        let id = self.texts.id(text);
        id.map_or(Told::Flawed("there is no room for it"), Told::Text)
    }

    /// Takes a value of a device whose first one is `first`; a plugin may not fill the home alone.
    fn take_of_device(
        &mut self,
        first: usize,
        name: (TextId, TextId),
        told: Told,
    ) -> Result<(), LuupError> {
        if self.values.len() - first < MAX_DEVICE_VALUES {
            return self.take(HOME, name, told);
        }
        self.refuse("a value", "the device has too many");
        Ok(())
    }

    fn take(&mut self, device: u32, name: (TextId, TextId), told: Told) -> Result<(), LuupError> {
        let text = match told {
            Told::Nested => return Ok(()),
            Told::Text(text) => text,
            Told::Flawed(why) => {
                let part = |id| self.parts.texts.get(id);
                let what = match name {
                    (EMPTY, field) => part(field).to_owned(),
                    (service, variable) => [part(service), "/", part(variable)].concat(),
                };
                self.refuse(&what, why);
                REFUSED
            }
        };
        self.found(device, name, text)
    }
}

/// A number of a device or a room.
fn number(text: &str) -> Option<u32> {
    let number = whole(text.trim()).parse().ok();
    number.filter(|number| *number != HOME)
}

/// A number without the fraction that some engines write behind whole ones.
fn whole(text: &str) -> &str {
    text.strip_suffix(".0").unwrap_or(text)
}

/// The text without the line breaks at its end.
fn without_break(text: &str) -> &str {
    match text.ends_with(['\r', '\n']) {
        true => text.trim_end_matches(['\r', '\n']),
        false => text,
    }
}

/// The text as XML can show it (XML 1.0 §2.2).
fn legal(text: &str) -> Cow<'_, str> {
    // Nearly all texts are no more than this, and are not looked at by character.
    if text.bytes().all(|byte| (b' '..0x7f).contains(&byte)) {
        return Cow::Borrowed(text);
    }
    let is_illegal = |c: char| match c {
        '\t' | '\n' | '\r' => false,
        '\u{fffe}' | '\u{ffff}' => true,
        other => other < ' ',
    };
    let replacement = char::REPLACEMENT_CHARACTER
        .encode_utf8(&mut [0; 4])
        .to_owned();
    match text.contains(is_illegal) {
        true => Cow::Owned(text.replace(is_illegal, &replacement)),
        false => Cow::Borrowed(text),
    }
}
