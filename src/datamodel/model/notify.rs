//! Value change notification (TR-069 §3.7.1.5 and A.3.2.4).
//!
//! Whatever keeps the value (store, UCI, system, Luup), a change is found in one way: by
//! comparing the value now with the value the ACS last learned. What nobody can tell of now has not
//! changed.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use super::Model;
use super::resolve::{Lookup, Place, instances};
use crate::base::xsd::XsdType;
use crate::datamodel::key::Key;
use crate::datamodel::schema::{Origin, Parameter};
use crate::datamodel::source::Noticed;

/// Whether a notification attribute asks for a report in the next Inform (1, 2, 4 and 6; 3 and 5
/// are lightweight only).
pub(super) fn reports(notification: u8) -> bool {
    matches!(notification, 1 | 2 | 4 | 6)
}

/// A parameter with active notification whose value has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActiveChange {
    /// Its path without the root.
    pub path: String,
    /// From a session that tells of a change of it to the next that is opened for one, at least.
    pub pause: Duration,
}

/// A value that the Inform under way tells.
#[derive(Debug)]
pub(super) struct SentValue {
    key: Key,
    value: Box<str>,
    /// It was another since.
    has_moved: bool,
}

/// Values before a change of the ACS, of parameters that may follow from it though they may also
/// change by themselves.
#[derive(Debug, Default)]
pub(super) struct Before(Vec<(Key, Box<str>)>);

impl Model {
    /// Re-reads the sources, brings the instances they own up to date and compares the values
    /// with notification against what the ACS last learned. Called at the start of a session, and
    /// when something may have changed.
    pub fn refresh(&mut self) {
        for (_, source) in &mut self.sources {
            source.refresh();
        }
        self.refresh_instances();
        self.compare_all();
    }

    /// Whether a parameter with active notification has an unreported change.
    pub fn has_active_change(&self) -> bool {
        self.active().next().is_some()
    }

    /// The parameters with active notification of which a change was found since the last call: new
    /// events, also while older changes still wait for their report.
    pub fn take_news(&mut self) -> Vec<ActiveChange> {
        let news = std::mem::take(&mut self.news);
        self.told_of(news.into_iter())
    }

    /// All parameters with active notification that have an unreported change.
    pub fn active_changes(&self) -> Vec<ActiveChange> {
        self.told_of(self.active())
    }

    fn told_of(&self, keys: impl Iterator<Item = Key>) -> Vec<ActiveChange> {
        let of = |key: Key| {
            let limit = self.schema.limit(key.node);
            Some(ActiveChange {
                path: self.path(key).strip_prefix(self.root())?.to_owned(),
                pause: Duration::from_secs(limit.map_or(0, |limit| limit.pause.into())),
            })
        };
        keys.filter_map(of).collect()
    }

    fn active(&self) -> impl Iterator<Item = Key> {
        self.changed.keys().copied().filter(|&key| {
            let parameter = self.schema.parameter(key.node);
            parameter.is_some_and(|p| self.notification(key, p) == 2) && self.is_living(key)
        })
    }

    /// Whether any notifying parameter has an unreported change.
    pub fn has_change(&self) -> bool {
        self.changed.keys().any(|&key| self.is_living(key))
    }

    /// Whether a parameter with active notification has a value that only looking can find
    /// changed (Luup, files, the system): then the agent looks from time to time.
    pub fn must_look(&mut self) -> bool {
        let mut must = false;
        self.each_notifying(&mut |model, key, parameter| {
            must |= model.notification(key, parameter) == 2
                && model.schema.noticed(parameter, &model.sources) == Noticed::Polled;
        });
        must
    }

    /// Whether [`Model::take_news`] would tell of something.
    pub fn has_news(&self) -> bool {
        !self.news.is_empty()
    }

    /// Whether a parameter with active notification has its value from a source of one of these kinds,
    /// or is computed from one that has.
    pub fn has_active_of(&mut self, kinds: &[&str]) -> bool {
        let mut found = false;
        self.each_notifying(&mut |model, key, parameter| {
            found |= model.notification(key, parameter) == 2
                && model.schema.comes_of(parameter, kinds, &model.sources);
        });
        found
    }

    /// Whether a table has instances, or had some when the program ended, that a source of this kind
    /// lists.
    pub fn has_instances_of(&self, kind: &str) -> bool {
        let mut tables = self.state.tables.iter();
        tables.any(|(key, instances)| {
            let source = self
                .schema
                .table(key.node)
                .and_then(|table| table.source.as_ref());
            let source = source.and_then(|source| self.sources.get(source.source));
            source.is_some_and(|(of, _)| *of == kind) && instances.count() > 0
        })
    }

    /// The parameters with an unreported change, with their newest value: calls
    /// `each(path, type, value)`, which says whether there is room for it, and remembers those
    /// values as sent.
    pub fn changes(&mut self, each: &mut dyn FnMut(&str, XsdType, &str) -> bool) {
        let schema = Rc::clone(&self.schema);
        self.sent.clear();
        let living = self.changed.keys().filter(|&&key| self.is_living(key));
        for key in living.copied().collect::<Vec<_>>() {
            if let Some(parameter) = schema.parameter(key.node) {
                let path = self.path(key);
                let (value, _) = self.shown(key, parameter);
                if each(&path, parameter.kind.xsd(), &value) {
                    self.sent.push(SentValue {
                        key,
                        value,
                        has_moved: false,
                    });
                }
            }
        }
    }

    /// The InformResponse came: what [`Model::changes`] last gave is reported. A value that has
    /// changed again since belongs to the next report, also where it is back to what was told.
    pub fn changes_delivered(&mut self) {
        let schema = Rc::clone(&self.schema);
        for sent in std::mem::take(&mut self.sent) {
            let key = sent.key;
            let Some(parameter) = schema.parameter(key.node) else {
                continue;
            };
            self.set_reported(key, parameter, sent.value, sent.has_moved);
            if !sent.has_moved {
                self.changed.remove(&key);
            }
            self.compare(key, parameter);
        }
    }

    /// Drops the changes that are not yet reported, as after a change of the ACS: the values of
    /// now are what the new one starts from.
    pub fn forget_changes(&mut self) {
        let schema = Rc::clone(&self.schema);
        for key in std::mem::take(&mut self.changed).into_keys() {
            if let Some(parameter) = schema.parameter(key.node) {
                self.learned(key, parameter);
            }
        }
        self.sent.clear();
        self.news.clear();
    }

    /// The value of now follows from what the ACS did, so that it knows it. `path` is without the
    /// root.
    pub fn know(&mut self, path: &str) {
        let Some(Place::Parameter(key)) = self.locate(path, Lookup::Own) else {
            return;
        };
        let schema = Rc::clone(&self.schema);
        if let Some(parameter) = schema.parameter(key.node) {
            if reports(self.notification(key, parameter)) {
                self.learned(key, parameter);
            }
        }
    }

    /// An Inform that was accepted told the ACS this value, maybe that there is none: another one is a
    /// change, also where nobody could tell any before. `path` is without the root.
    pub fn told(&mut self, path: &str, value: &str) {
        let Some(Place::Parameter(key)) = self.locate(path, Lookup::Own) else {
            return;
        };
        let schema = Rc::clone(&self.schema);
        let parameter = schema.parameter(key.node);
        let parameter = parameter.filter(|of| reports(self.notification(key, of)));
        if let Some(parameter) = parameter.filter(|_| !self.changed.contains_key(&key)) {
            self.set_reported(key, parameter, value.into(), false);
            self.compare(key, parameter);
        }
    }

    /// The ACS knows the value of now: it set it, or asked for notification from now on. Where
    /// nobody could tell it yet, the first one that is told is no change.
    pub(super) fn learned(&mut self, key: Key, parameter: &Parameter) {
        let (now, is_known) = self.shown(key, parameter);
        if is_known || self.last_known(&key).is_some() {
            self.set_reported(key, parameter, now, false);
        }
        self.changed.remove(&key);
    }

    /// Compares all values with notification with what the ACS last learned, without looking anew: what
    /// moves within a session, and is back at its end, is not missed.
    pub fn compare_all(&mut self) {
        self.each_notifying(&mut |model, key, parameter| model.compare(key, parameter));
        for (_, source) in &mut self.sources {
            source.pulses_seen();
        }
    }

    fn compare(&mut self, key: Key, parameter: &Parameter) {
        let (now, is_known) = self.shown(key, parameter);
        if !is_known {
            return;
        }
        let known = self.state.parameter(&key);
        let Some(reported) = known.and_then(|state| state.reported()) else {
            return self.set_reported(key, parameter, now, false);
        };
        // Changed and changed back is still a change.
        let was_changed = known.is_some_and(|state| state.changed());
        let limit = self.schema.limit(key.node);
        let is_same = *reported == *now || limit.is_some_and(|l| l.is_as_before(reported, &now));
        // Nobody knows how far it went: where that counts, it did not go far enough.
        let counts_steps = limit.is_some_and(|limit| limit.step.is_some());
        let has_pulsed = !counts_steps && self.has_pulsed(key, parameter);
        if is_same && !was_changed && !has_pulsed {
            return;
        }
        let newest = self.changed.get(&key).and_then(Option::as_deref);
        let is_news = has_pulsed || newest.is_none_or(|newest| *newest != *now);
        if is_news && self.notification(key, parameter) == 2 {
            self.news.insert(key);
        }
        if let Some(sent) = self.sent.iter_mut().find(|sent| sent.key == key) {
            sent.has_moved |= has_pulsed || sent.value != now;
        }
        let reported = reported.into();
        self.changed.insert(key, Some(now));
        self.set_reported(key, parameter, reported, true);
    }

    /// Whether a source of the parameter saw its value go and come back.
    fn has_pulsed(&self, key: Key, parameter: &Parameter) -> bool {
        let Origin::Sources(references) = &parameter.origin else {
            return false;
        };
        let at = instances(&self.schema, &self.state, key);
        references.iter().any(|reference| {
            let source = self.sources.get(reference.source);
            source.is_some_and(|(_, source)| source.has_pulsed(reference.slot, at.as_slice()))
        })
    }

    /// What follows from a change is known to the ACS that made it: its own parameters (`set`), and
    /// whatever the change alone can have changed.
    pub(super) fn acknowledge(&mut self, before: Before, set: Vec<Key>) {
        let schema = Rc::clone(&self.schema);
        for key in set {
            if let Some(parameter) = schema.parameter(key.node) {
                if reports(self.notification(key, parameter)) {
                    self.learned(key, parameter);
                }
            }
        }
        self.each_notifying(&mut |model, key, parameter| {
            let pushed = model.schema.noticed(parameter, &model.sources) == Noticed::Pushed;
            if pushed && !model.changed.contains_key(&key) {
                model.learned(key, parameter);
            }
        });
        for (key, value) in before.0 {
            if let Some(parameter) = schema.parameter(key.node) {
                if self.shown(key, parameter).0 != value {
                    self.learned(key, parameter);
                }
            }
        }
    }

    /// Notes the values that may follow from a change in the sources `used`, though they may also
    /// change by themselves: what is polled there, and what is computed over it.
    pub(super) fn remember(&mut self, used: &BTreeSet<usize>) -> Before {
        let mut before = Before::default();
        self.each_notifying(&mut |model, key, parameter| {
            let may_follow = match &parameter.origin {
                Origin::Stored => false,
                Origin::Sources(sources) => sources.iter().any(|s| used.contains(&s.source)),
                Origin::Computed(_) => true,
            };
            if may_follow && model.schema.noticed(parameter, &model.sources) != Noticed::Pushed {
                before.0.push((key, model.shown(key, parameter).0));
            }
        });
        before
    }

    /// The value as the ACS sees it, and whether it is that of now.
    fn shown(&mut self, key: Key, parameter: &Parameter) -> (Box<str>, bool) {
        let mut text = Box::default();
        let is_known = self.show(key, parameter, &mut |value| text = value.into());
        (text, is_known)
    }

    pub(super) fn set_reported(
        &mut self,
        key: Key,
        parameter: &Parameter,
        value: Box<str>,
        changed: bool,
    ) {
        let known = self.state.parameter(&key);
        let same = known.is_some_and(|s| s.reported() == Some(&*value) && s.changed() == changed);
        if same {
            return;
        }
        if self.picture().keeps_reports(parameter) {
            self.touched.parameter(key);
        }
        self.state.update_more(key, |more| {
            more.reported = Some(value);
            more.changed = changed;
        });
    }

    /// Calls `each` for every living parameter that reports changes.
    fn each_notifying(&mut self, each: &mut dyn FnMut(&mut Self, Key, &Parameter)) {
        let schema = Rc::clone(&self.schema);
        let own = self.state.notifying().chain(schema.notifying_literals());
        let mut own: Vec<Key> = own.filter(|&key| self.is_living(key)).collect();
        own.sort_unstable();
        own.dedup();
        for &key in &own {
            match schema.parameter(key.node) {
                Some(parameter)
                    if reports(self.notification(key, parameter)) && self.is_present(key) =>
                {
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
                let seen = own.binary_search(&key).is_ok();
                let is_wanted = !seen && reports(model.notification(key, parameter));
                if is_wanted && model.is_present(key) {
                    each(model, key, parameter);
                }
            });
        }
    }
}
