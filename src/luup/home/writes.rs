//! New values of rows: whether the home takes them, what the engine is told for them, and what the
//! home shows when it has taken them.

use std::char::REPLACEMENT_CHARACTER;

use super::values::ShownValue;
use super::{Home, HomeView, LuupRow};
use crate::datamodel::model::PendingWrite;
use crate::datamodel::source::{Instance, Slot, SourceError};
use crate::luup::key::{FIELDS, LuupKey};
use crate::luup::snapshot::Changed;
use crate::luup::values::NotSettable;
use crate::luup::{LuupChange, LuupError, LuupOrder};

/// Longest value written: it travels in the URL, of which Luup reads one line.
pub const MAX_VALUE_BYTES: usize = 4096;

/// The number of the room of a device that is in none.
const NO_ROOM: &str = "0";

impl Home {
    /// Whether a new value for a row can be sent at all; `at` is what the instances on its path are
    /// called. The engine is not asked.
    pub(in crate::luup) fn check(
        &self,
        slot: Slot,
        at: &[Box<str>],
        value: &str,
    ) -> Result<(), SourceError> {
        let failed = |error: LuupError| SourceError::Failed(error.to_string());
        let bad = |why: &str| Err(SourceError::BadValue(why.to_owned()));
        let (view, row) = self.row(slot).map_err(failed)?;
        if value.len() > MAX_VALUE_BYTES {
            return bad(&format!("Luup takes at most {MAX_VALUE_BYTES} bytes"));
        }
        if row.key == LuupKey::Field("name".into()) && value.trim().is_empty() {
            return bad("a device has a name, be it a short one");
        }
        if row.key == LuupKey::Field("room".into()) && !has_room(view, value) {
            return bad("the home has no room of this number");
        }
        if let Some(service) = self.acting(&row.key, at) {
            let device = view.device(slot, at.last().map(|name| &**name));
            let allowed = device.map_or(self.allowed, |device| self.allowed(view, device));
            if let Err(why) = service.check(value, allowed) {
                log::info!("luup: {} is not set: {why}", row.key);
                return Err(match why {
                    NotSettable::BadValue(why) => SourceError::BadValue(why),
                    NotSettable::Forbidden(_) => SourceError::Forbidden(why.to_string()),
                    NotSettable::NoAction => SourceError::ReadOnly,
                });
            }
        }
        self.change(slot, at, value, &[]).map(drop).map_err(failed)
    }

    /// What the engine is told for new values, in their order; name and room of a device together.
    ///
    /// # Errors
    /// Which value has no device, no service, or an engine that has not answered yet.
    pub fn changes(&self, writes: &[PendingWrite]) -> Result<Vec<LuupChange>, (usize, LuupError)> {
        let mut changes: Vec<LuupChange> = Vec::new();
        let mut earlier = Vec::new();
        for (index, write) in writes.iter().enumerate() {
            let new = self.change(write.slot, &write.at, &write.value, &earlier);
            let new = new.map_err(|error| (index, error))?;
            earlier.extend(self.shown_by(write.slot, &write.at, &write.value));
            if !changes.iter_mut().any(|change| change.take_along(&new)) {
                changes.push(LuupChange { index, ..new });
            }
        }
        Ok(changes)
    }

    pub(super) fn row(&self, slot: Slot) -> Result<(&HomeView, &LuupRow), LuupError> {
        let row = self.rows.get(slot.index());
        let row = row.ok_or_else(|| LuupError::NotWritable("an unknown row".to_owned()))?;
        let view = self.view.as_deref().ok_or(LuupError::NotHeardYet)?;
        Ok((view, row))
    }

    /// `earlier` are the values that are set before this one along with it.
    fn change(
        &self,
        slot: Slot,
        at: &[Box<str>],
        value: &str,
        earlier: &[ShownValue],
    ) -> Result<LuupChange, LuupError> {
        let (view, row) = self.row(slot)?;
        let not_writable = || LuupError::NotWritable(row.key.to_string());
        let device = view.device(slot, at.last().map(|name| &**name));
        let device = device.filter(|device| view.snapshot.has(*device));
        let device = device.ok_or_else(not_writable)?;
        let change = |order, undo| LuupChange {
            index: 0,
            order,
            undo,
        };
        if let Some(acting) = self.acting(&row.key, at) {
            let (order, undo) = self.by_action(view, device, acting, value, earlier)?;
            return Ok(change(order, undo));
        }
        let variable = |service: &str, variable: &str| {
            let order = |value: &str| LuupOrder::Variable {
                device,
                service: service.into(),
                variable: variable.into(),
                value: value.into(),
            };
            let before = self.text(view, device, service, variable);
            change(order(value), order(before.unwrap_or_default()))
        };
        match &row.key {
            LuupKey::Variable {
                service,
                variable: name,
            } => {
                let full = view.full_service(device, service, name);
                let full = full.ok_or_else(not_writable)?;
                Ok(variable(full, name))
            }
            LuupKey::Field(field) if &**field == "disabled" => Ok(variable(FIELDS, field)),
            key if key.writable() => {
                let is_name = *key == LuupKey::Field("name".into());
                let name = self.text(view, device, FIELDS, "name");
                // What of it cannot be read would be lost where it only goes along.
                let is_whole = |name: &&str| is_name || !name.contains(REPLACEMENT_CHARACTER);
                let name = name.filter(is_whole).ok_or(LuupError::NoName(device))?;
                let room = self.text(view, device, FIELDS, "room").unwrap_or(NO_ROOM);
                let order = |name: &str, room: &str| LuupOrder::Rename {
                    device,
                    name: name.into(),
                    room: room.into(),
                };
                let new = match is_name {
                    true => order(value, room),
                    false => order(name, value),
                };
                Ok(change(new, order(name, room)))
            }
            _ => Err(not_writable()),
        }
    }

    /// What the engine has, as it said last or has taken since.
    pub(super) fn text<'a>(
        &'a self,
        view: &'a HomeView,
        device: u32,
        service: &str,
        variable: &str,
    ) -> Option<&'a str> {
        let key = key(service, variable);
        let taken = self.taken.get(device, &key);
        taken.or_else(|| {
            let names = view.snapshot.names(service, variable);
            view.snapshot.value(device, &names)
        })
    }

    /// A value for a row was taken: it is shown until a fetch that begins from now on comes.
    pub(in crate::luup) fn took(&mut self, slot: Slot, at: &[Instance<'_>], value: &str) {
        let names: Vec<Box<str>> = at.iter().map(|instance| instance.name().into()).collect();
        if let Some((device, key, text)) = self.shown_by(slot, &names, value) {
            self.taken.act(device, key, &text);
            return;
        }
        let Ok((view, row)) = self.row(slot) else {
            return;
        };
        let Some(device) = view.device(slot, names.last().map(|name| &**name)) else {
            return;
        };
        let key = match &row.key {
            LuupKey::Variable { service, variable } => view
                .full_service(device, service, variable)
                .map(|full| key(full, variable)),
            key => Some(key.clone()),
        };
        if let Some(key) = key {
            self.taken.add(device, key, value);
            self.is_behind = true;
        }
    }

    /// To be called before the home is looked at: what is worked out of values that were taken since
    /// is so as well.
    pub(in crate::luup) fn catch_up(&mut self) {
        if !std::mem::take(&mut self.is_behind) {
            return;
        }
        self.with_taken = None;
        let Some(view) = &self.view else {
            return;
        };
        let written: Vec<_> = self.taken.written().collect();
        if !written.is_empty() {
            let snapshot = view.snapshot.patched(&written);
            let names = written.iter().flat_map(|(device, service, variable, _)| {
                let names = snapshot.names(service, variable);
                names.map(|name| (*device, name))
            });
            let changed = Changed {
                values: names.collect(),
                alerts: false,
            };
            let patched = view.after(snapshot, &changed, &self.rows, &self.services);
            self.with_taken = Some(Box::new(patched));
        }
    }

    /// The view with what was taken since.
    pub(super) fn newest<'a>(&'a self, view: &'a HomeView) -> &'a HomeView {
        self.with_taken.as_deref().unwrap_or(view)
    }

    /// The engine did what it was told: that is shown until a fetch that begins from now on comes.
    pub fn taken(&mut self, order: &LuupOrder) {
        self.is_behind = true;
        match order {
            LuupOrder::Variable {
                device,
                service,
                variable,
                value,
            } => self.taken.add(*device, key(service, variable), value),
            LuupOrder::Rename { device, name, room } => {
                self.taken.add(*device, LuupKey::Field("name".into()), name);
                self.taken.add(*device, LuupKey::Field("room".into()), room);
            }
            LuupOrder::Setting { variable, .. } => self.taken(variable),
            // What comes of it the engine tells.
            LuupOrder::Action { .. } => {}
        }
    }

    /// Whether the engine has what an order says: then nobody has changed it since.
    pub fn has(&self, order: &LuupOrder) -> bool {
        let Some(view) = self.view.as_deref() else {
            return false;
        };
        let is = |device: u32, service: &str, variable: &str, value: &str| {
            self.text(view, device, service, variable)
                .unwrap_or_default()
                == value
        };
        match order {
            LuupOrder::Variable {
                device,
                service,
                variable,
                value,
            } => is(*device, service, variable, value),
            LuupOrder::Rename { device, name, room } => {
                is(*device, FIELDS, "name", name) && is(*device, FIELDS, "room", room)
            }
            LuupOrder::Setting { variable, .. } => self.has(variable),
            LuupOrder::Action { .. } => false,
        }
    }
}

impl LuupChange {
    /// Takes the name or the room of another order along, if it is for the same device.
    fn take_along(&mut self, other: &Self) -> bool {
        let (
            LuupOrder::Rename { device, name, room },
            LuupOrder::Rename {
                name: name_before,
                room: room_before,
                ..
            },
            LuupOrder::Rename {
                device: for_device,
                name: new_name,
                room: new_room,
            },
        ) = (&mut self.order, &self.undo, &other.order)
        else {
            return false;
        };
        let is_same = device == for_device;
        if is_same && new_name != name_before {
            name.clone_from(new_name);
        }
        if is_same && new_room != room_before {
            room.clone_from(new_room);
        }
        is_same
    }
}

pub(super) fn key(service: &str, variable: &str) -> LuupKey {
    match service {
        FIELDS => LuupKey::Field(variable.into()),
        _ => LuupKey::Variable {
            service: service.into(),
            variable: variable.into(),
        },
    }
}

/// Whether a device can be in a room of this number. Where nobody knows which there are, it is at
/// least a number.
fn has_room(view: &HomeView, number: &str) -> bool {
    let is_known = view.snapshot.rooms().is_some();
    let is_number = number.parse::<u32>().is_ok();
    number == NO_ROOM || is_number && (!is_known || view.snapshot.room(number).is_some())
}
