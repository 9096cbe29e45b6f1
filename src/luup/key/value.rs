//! The keys of an instance of the table of values.

/// What there is to know of what a sensor or an actuator says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::luup) enum ValueKey {
    /// What it is, in the words of the services.
    Name,
    /// The full name of its service, and its variable.
    Service,
    Variable,
    /// What the device says.
    Value,
    /// In which unit; nothing where nobody can tell.
    Unit,
    /// 1 if an action sets it, and that is allowed.
    Settable,
    /// When it changed, in seconds since 1970.
    Changed,
}

/// How they are written in a row.
const KEYS: [(&str, ValueKey); 7] = [
    ("value.name", ValueKey::Name),
    ("value.service", ValueKey::Service),
    ("value.variable", ValueKey::Variable),
    ("value.value", ValueKey::Value),
    ("value.unit", ValueKey::Unit),
    ("value.settable", ValueKey::Settable),
    ("value.changed", ValueKey::Changed),
];

impl ValueKey {
    /// The one of that key.
    pub(super) fn named(key: &str) -> Option<Self> {
        let found = KEYS.iter().find(|(known, _)| *known == key);
        found.map(|(_, value)| *value)
    }

    /// All keys, if they begin with `scope` and a dot.
    pub(super) fn names_of(scope: &str) -> impl Iterator<Item = &'static str> {
        let is_theirs = scope == "value";
        KEYS.iter()
            .map(|(name, _)| *name)
            .filter(move |_| is_theirs)
    }

    /// Its key.
    pub(super) fn name(self) -> &'static str {
        let found = KEYS.iter().find(|(_, value)| *value == self);
        found.map_or("", |(name, _)| name)
    }
}
