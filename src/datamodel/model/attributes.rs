//! SetParameterAttributes (A.3.2.4): all or nothing, in order.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::change::Undo;
use super::notify::reports;
use super::resolve::Place;
use super::{Model, ModelError, NewAttributes};
use crate::datamodel::key::Key;
use crate::datamodel::state::ParameterState;

/// The highest `Notification` (A.3.2.4; CWMP 1.4: passive with active lightweight).
pub const MAX_NOTIFICATION: u8 = 6;

/// The most entities in one access list.
const MAX_ACCESS_LIST: usize = 32;

/// Characters of the name of an entity (A.3.2.4: `string(64)`).
const MAX_ENTITY_CHARACTERS: usize = 64;

/// The most parameters that all entries of one request may look at, each time they do so: bounds
/// the time that one request takes. Six entries for everything on a box of 40,000 parameters.
const MAX_LOOKED_AT: usize = 1 << 18;

/// What one parameter gets in the end.
#[derive(Clone, Default)]
struct Wanted {
    notification: Option<u8>,
    access_list: Option<Rc<[String]>>,
}

impl Model {
    /// SetParameterAttributes: all or nothing, in order (a later entry may refine an earlier,
    /// broader one), durable on return. A partial path covers the instances of now, and applies
    /// what it can where some below it cannot be notified actively.
    ///
    /// # Errors
    /// `InvalidName`, `InvalidArguments`, `NotificationRejected` for a full path,
    /// `ResourcesExceeded`, `Internal`.
    pub fn set_attributes(&mut self, list: &[NewAttributes<'_>]) -> Result<(), ModelError> {
        let mut wanted = BTreeMap::new();
        let mut looked_at = 0;
        for entry in list {
            self.want(entry, &mut wanted, &mut looked_at)?;
        }
        let more: usize = wanted.iter().map(|(&key, w)| self.growth(key, w)).sum();
        Self::check_room(self.state.bytes(), more)?;
        let (touched, changed) = (self.touched.clone(), self.changed.clone());
        let mut undo = Undo::with_capacity(wanted.len());
        for (key, wanted) in wanted {
            let before = self.state.parameter(&key).cloned();
            if self.apply_attributes(key, wanted) {
                undo.push((key, before));
            }
        }
        self.commit().map(drop).inspect_err(|_| {
            self.undo(undo);
            (self.touched, self.changed) = (touched, changed);
        })
    }

    /// Adds what an entry says of the parameters it covers to what is `wanted` of them.
    fn want(
        &mut self,
        entry: &NewAttributes<'_>,
        wanted: &mut BTreeMap<Key, Wanted>,
        looked_at: &mut usize,
    ) -> Result<(), ModelError> {
        let notification = match entry.notification.map(u8::try_from) {
            None => None,
            Some(Ok(n)) if n <= MAX_NOTIFICATION => Some(n),
            Some(_) => {
                let why = format!("the Notification is none of 0 to {MAX_NOTIFICATION}");
                return Err(ModelError::InvalidArguments(why));
            }
        };
        let access_list = entry.access_list.map(check_access_list).transpose()?;
        let explicit = matches!(self.resolve_present(entry.name)?, Place::Parameter(_));
        let (mut rejected, mut too_many) = (false, false);
        self.parameters(entry.name, &mut |model, _, key, parameter| {
            *looked_at += 1;
            too_many |= *looked_at > MAX_LOOKED_AT;
            if too_many {
                return;
            }
            let fixed = model.schema.notification_is_fixed(&key, parameter);
            let default = model.schema.notification(&key, parameter);
            let refused = notification.is_some_and(|n| match fixed {
                true => n != default,
                false => parameter.denied && matches!(n, 2 | 5 | 6),
            });
            rejected |= refused;
            let notification = notification.filter(|_| !refused);
            if notification.is_some() || access_list.is_some() {
                let wanted: &mut Wanted = wanted.entry(key).or_default();
                wanted.notification = notification.or(wanted.notification);
                wanted.access_list = access_list.clone().or(wanted.access_list.take());
            }
        })?;
        if too_many {
            let why = "the entries cover too many parameters over and over: name smaller parts, \
                       or ask in several requests";
            return Err(ModelError::ResourcesExceeded(why.to_owned()));
        }
        match explicit && rejected {
            true => Err(ModelError::NotificationRejected),
            false => Ok(()),
        }
    }

    /// By how many bytes the state would grow, at the most but for the values that are reported.
    fn growth(&self, key: Key, wanted: &Wanted) -> usize {
        let before = self.state.parameter(&key);
        let mut after = before.cloned().unwrap_or_default();
        let more = after.more.get_or_insert_default();
        more.access_list = wanted.access_list.clone().or(more.access_list.take());
        let before = before.map_or(0, ParameterState::bytes);
        after.bytes().saturating_sub(before)
    }

    /// Whether anything is different afterwards.
    fn apply_attributes(&mut self, key: Key, wanted: Wanted) -> bool {
        let schema = Rc::clone(&self.schema);
        let Some(parameter) = schema.parameter(key.node) else {
            return false;
        };
        let state = self.state.parameter(&key);
        let more = state.and_then(|state| state.more.as_deref());
        let new_list = wanted.access_list.filter(|list| {
            let known = more.and_then(|more| more.access_list.as_deref());
            known != Some(&**list)
        });
        let before = self.notification(key, parameter);
        let chosen = more.and_then(|more| more.notification);
        let notification = wanted.notification.filter(|n| chosen != Some(*n));
        if new_list.is_none() && notification.is_none() {
            return false;
        }
        self.touched.parameter(key);
        self.state.update_more(key, |more| {
            more.access_list = new_list.or(more.access_list.take());
            more.notification = notification.or(more.notification);
        });
        match notification {
            Some(now) if !reports(now) => {
                self.changed.remove(&key);
                self.state.update_more(key, |more| {
                    more.reported = None;
                    more.changed = false;
                });
            }
            Some(_) if !reports(before) => self.learned(key, parameter),
            _ => {}
        }
        true
    }
}

fn check_access_list(list: &[String]) -> Result<Rc<[String]>, ModelError> {
    if list.len() > MAX_ACCESS_LIST {
        let why = format!("an access list has more than {MAX_ACCESS_LIST} entities");
        return Err(ModelError::ResourcesExceeded(why));
    }
    let is_long = |entity: &String| entity.chars().count() > MAX_ENTITY_CHARACTERS;
    if list.iter().any(is_long) {
        let why = format!("an entity has more than {MAX_ENTITY_CHARACTERS} characters");
        return Err(ModelError::InvalidArguments(why));
    }
    Ok(list.into())
}
