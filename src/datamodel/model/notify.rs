//! Value change notification (TR-069 §3.7.1.5 and A.3.2.4).
//!
//! Whatever keeps the value (store, UCI, system, Luup), a change is found in one way: by
//! comparing the value now with the value the ACS last learned.

use std::rc::Rc;

use crate::datamodel::key::Key;
use crate::datamodel::schema::{Origin, Parameter};
use super::Model;
use crate::base::xsd::XsdType;

/// Whether a notification attribute asks for a report in the next Inform (1, 2, 4 and 6; 3 and 5
/// are lightweight only).
pub(super) fn reports(notification: u8) -> bool {
    matches!(notification, 1 | 2 | 4 | 6)
}

impl Model {
    /// Re-reads the sources, brings the instances they own up to date and compares the values
    /// with notification against what the ACS last learned. Called at the start of a session, and
    /// when something may have changed.
    pub fn refresh(&mut self) {
        for (_, source) in &mut self.sources {
            source.refresh();
        }
        self.refresh_instances();
        self.each_notifying(&mut |model, key, parameter| model.compare(key, parameter));
    }

    /// Whether a parameter with active notification has an unreported change.
    pub fn has_active_change(&self) -> bool {
        self.changed.iter().any(|&key| {
            let parameter = self.schema.parameter(key.node);
            parameter.is_some_and(|p| self.notification(key, p) == 2) && self.is_living(key)
        })
    }

    /// Whether a change with active notification was noticed since the last call: a new event, also
    /// while older changes of the same parameter still wait for their report.
    pub fn take_news(&mut self) -> bool {
        std::mem::take(&mut self.news)
    }

    /// Whether any notifying parameter has an unreported change.
    pub fn has_change(&self) -> bool {
        self.changed.iter().any(|&key| self.is_living(key))
    }

    /// Whether a parameter with active notification has a value that only looking can find
    /// changed (Luup, the system): then the agent looks from time to time.
    pub fn must_look(&mut self) -> bool {
        let mut must = false;
        self.each_notifying(&mut |model, key, parameter| {
            let active = model.notification(key, parameter) == 2;
            must |= active && model.is_volatile(parameter);
        });
        must
    }

    /// The parameters with an unreported change, with their newest value: calls
    /// `each(path, type, value)`, which says whether there is room for it, and remembers those
    /// values as sent.
    pub fn changes(&mut self, each: &mut dyn FnMut(&str, XsdType, &str) -> bool) {
        let schema = Rc::clone(&self.schema);
        self.sent.clear();
        let living = self.changed.iter().filter(|&&key| self.is_living(key));
        for key in living.copied().collect::<Vec<_>>() {
            if let Some(parameter) = schema.parameter(key.node) {
                let path = self.path(key);
                let mut sent = String::new();
                self.show(key, parameter, &mut |value| sent.push_str(value));
                if each(&path, parameter.kind.xsd(), &sent) {
                    self.sent.push((key, sent.into()));
                }
            }
        }
    }

    /// The InformResponse came: what [`Model::changes`] last gave is reported. A value that has
    /// changed again since belongs to the next report.
    pub fn changes_delivered(&mut self) {
        let schema = Rc::clone(&self.schema);
        for (key, value) in std::mem::take(&mut self.sent) {
            let Some(parameter) = schema.parameter(key.node) else {
                continue;
            };
            self.set_reported(key, parameter, value, false);
            self.changed.remove(&key);
            self.newest.remove(&key);
            self.compare(key, parameter);
        }
    }

    /// Drops the changes that are not yet reported, as after a change of the ACS: the values of
    /// now are what the new one starts from.
    pub fn forget_changes(&mut self) {
        let schema = Rc::clone(&self.schema);
        for key in std::mem::take(&mut self.changed) {
            if let Some(parameter) = schema.parameter(key.node) {
                self.learned(key, parameter);
            }
        }
        self.sent.clear();
        self.news = false;
    }

    /// The ACS knows the value of now: it set it, or asked for notification from now on.
    pub(super) fn learned(&mut self, key: Key, parameter: &Parameter) {
        let mut now = String::new();
        self.show(key, parameter, &mut |value| now.push_str(value));
        self.set_reported(key, parameter, now.into(), false);
        self.changed.remove(&key);
        self.newest.remove(&key);
    }

    /// Compares the value with what the ACS last learned.
    pub(super) fn compare(&mut self, key: Key, parameter: &Parameter) {
        let mut now = String::new();
        self.show(key, parameter, &mut |value| now.push_str(value));
        let known = self.state.parameters.get(&key);
        match known.and_then(|state| state.reported()) {
            None => self.set_reported(key, parameter, now.into(), false),
            Some(reported) => {
                // Changed and changed back is still a change.
                let changed = *reported != *now || known.is_some_and(|state| state.changed());
                let reported = reported.into();
                if !changed {
                    return;
                }
                if self.newest.get(&key).is_none_or(|newest| **newest != *now) {
                    self.newest.insert(key, now.into());
                    self.news |= self.notification(key, parameter) == 2;
                }
                if self.changed.insert(key) {
                    self.set_reported(key, parameter, reported, true);
                }
            }
        }
    }

    fn set_reported(&mut self, key: Key, parameter: &Parameter, value: Box<str>, changed: bool) {
        let known = self.state.parameters.get(&key);
        let same = known.is_some_and(|s| s.reported() == Some(&*value) && s.changed() == changed);
        if same {
            return;
        }
        if !self.is_volatile(parameter) {
            self.dirty = true;
        }
        self.state.update_more(key, |more| {
            more.reported = Some(value);
            more.changed = changed;
        });
    }

    /// Whether what was reported of the parameter must not be written to flash.
    pub(super) fn is_volatile(&self, parameter: &Parameter) -> bool {
        match &parameter.origin {
            Origin::Stored => false,
            Origin::Computed(_) => true,
            Origin::Sources(sources) => sources.iter().any(|reference| {
                let source = self.sources.get(reference.source);
                source.is_none_or(|(_, source)| source.volatile(&reference.key))
            }),
        }
    }

    /// Calls `each` for every living parameter that reports changes.
    fn each_notifying(&mut self, each: &mut dyn FnMut(&mut Self, Key, &Parameter)) {
        let schema = Rc::clone(&self.schema);
        let own = self.state.notifying.iter().copied();
        let own: Vec<Key> = own.filter(|&key| self.is_living(key)).collect();
        for key in own {
            match schema.parameter(key.node) {
                Some(parameter) if reports(self.notification(key, parameter)) => {
                    each(self, key, parameter);
                }
                _ => {}
            }
        }
        for &node in &schema.notifying {
            let Some(parameter) = schema.parameter(node) else {
                continue;
            };
            self.each_instance(node, &mut |model, key| {
                let unset = !model.state.notifying.contains(&key);
                if unset && reports(parameter.notification) {
                    each(model, key, parameter);
                }
            });
        }
    }
}
