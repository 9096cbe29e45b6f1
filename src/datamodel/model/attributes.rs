//! SetParameterAttributes (A.3.2.4): all or nothing, in order.

use std::rc::Rc;

use crate::datamodel::key::Key;
use super::notify::reports;
use super::resolve::Place;
use super::set::Undo;
use super::{Model, ModelError};
use crate::soap::SetParameterAttributes;

/// The highest notification value (CWMP 1.4: passive with active lightweight).
const MAX_NOTIFICATION: u32 = 6;

/// The most entities in one access list.
const MAX_ACCESS_LIST: usize = 32;

/// Characters of the name of an entity (A.3.2.4: `string(64)`).
const MAX_ENTITY_CHARACTERS: usize = 64;

/// The most parameters that the entries of one request may cover, each time they do so: bounds the
/// memory that it takes to undo them.
const MAX_COVERED: usize = 1 << 17;

impl Model {
    /// SetParameterAttributes: all or nothing, in order (a later entry may refine an earlier,
    /// broader one), durable on return. A partial path covers the instances of now, and applies
    /// what it can where some below it cannot be notified actively.
    ///
    /// # Errors
    /// `InvalidName`, `InvalidArguments`, `NotificationRejected` for a full path,
    /// `ResourcesExceeded`, `Internal`.
    pub fn set_attributes(&mut self, list: &[SetParameterAttributes]) -> Result<(), ModelError> {
        let mut checked = Vec::with_capacity(list.len());
        let mut covered = 0_usize;
        for entry in list {
            let keys = self.check_attributes(entry)?;
            covered += keys.len();
            if covered > MAX_COVERED {
                return Err(ModelError::ResourcesExceeded);
            }
            checked.push(keys);
        }
        let was_dirty = self.dirty;
        let mut undo = Undo::new();
        for (entry, keys) in list.iter().zip(checked) {
            for (key, notification) in keys {
                undo.push((key, self.state.parameters.get(&key).cloned()));
                self.apply_attributes(key, notification, entry.access_list.as_deref());
            }
        }
        self.commit().map(|_| ()).inspect_err(|_| {
            self.undo(undo);
            self.dirty = was_dirty;
        })
    }

    /// The parameters an entry covers, each with the notification that it gets, if any.
    fn check_attributes(
        &mut self,
        entry: &SetParameterAttributes,
    ) -> Result<Vec<(Key, Option<u8>)>, ModelError> {
        let notification = match entry.notification {
            Some(n) if n > MAX_NOTIFICATION => {
                let why = format!("Notification {n} is not one of 0 to {MAX_NOTIFICATION}");
                return Err(ModelError::InvalidArguments(why));
            }
            Some(n) => u8::try_from(n).ok(),
            None => None,
        };
        if entry
            .access_list
            .as_ref()
            .is_some_and(|list| list.len() > MAX_ACCESS_LIST)
        {
            return Err(ModelError::ResourcesExceeded);
        }
        let is_long = |entity: &String| entity.chars().count() > MAX_ENTITY_CHARACTERS;
        if entry.access_list.iter().flatten().any(is_long) {
            let why = format!("an entity has more than {MAX_ENTITY_CHARACTERS} characters");
            return Err(ModelError::InvalidArguments(why));
        }
        let explicit = matches!(self.resolve(&entry.name)?, Place::Parameter(_));
        let mut keys = Vec::new();
        let mut rejected = false;
        self.parameters(&entry.name, &mut |_, _, key, parameter| {
            let fixed = parameter.notification_is_fixed()
                && notification.is_some_and(|n| n != parameter.notification);
            let denied = parameter.denied && notification.is_some_and(|n| matches!(n, 2 | 5 | 6));
            let refused = fixed || (denied && !parameter.notification_is_fixed());
            rejected |= refused;
            keys.push((key, notification.filter(|_| !refused)));
        })?;
        if explicit && rejected {
            return Err(ModelError::NotificationRejected);
        }
        Ok(keys)
    }

    fn apply_attributes(
        &mut self,
        key: Key,
        notification: Option<u8>,
        access_list: Option<&[String]>,
    ) {
        let schema = Rc::clone(&self.schema);
        let Some(parameter) = schema.parameter(key.node) else {
            return;
        };
        if let Some(list) = access_list {
            let own = (list != parameter.access_list()).then(|| list.to_vec());
            self.state.update_more(key, |more| more.access_list = own);
            self.dirty = true;
        }
        let Some(notification) = notification else {
            return;
        };
        let before = self.notification(key, parameter);
        if before == notification {
            return;
        }
        self.dirty = true;
        let own = (notification != parameter.notification).then_some(notification);
        self.state.update_more(key, |more| more.notification = own);
        if !reports(notification) {
            self.changed.remove(&key);
            self.state.update_more(key, |more| {
                more.reported = None;
                more.changed = false;
            });
        } else if !reports(before) {
            self.learned(key, parameter);
        }
    }
}
