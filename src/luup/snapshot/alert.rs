//! What Luup says happened (`alerts` of UI7's `id=status`).

use crate::base::excerpt::excerpt;

/// The most that are kept, the newest ones: Luup tells of a handful.
pub(in crate::luup) const MAX_ALERTS: usize = 256;

/// The fields that are kept, of the 16 that Luup has; those of a room, too, which is read alike.
const KEPT: [&str; 9] = [
    "id",
    "name",
    NUMBER,
    "PK_Device",
    "Code",
    "Severity",
    "LocalTimestamp",
    "Description",
    "NewValue",
];

/// Characters of one that are kept.
const MAX_FIELD: usize = 256;

/// The number that no other alert has.
const NUMBER: &str = "PK_Alert";

/// One alert.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alert {
    fields: Vec<(&'static str, Box<str>)>,
}

impl Alert {
    /// A field as Luup writes it: `PK_Alert`, `PK_Device`, `Code`, `Severity`, `LocalTimestamp`,
    /// `Description`, `NewValue`; `None` where it has none, or an empty one.
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        let field = fields.find(|(field, _)| *field == name);
        field.map(|(_, text)| &**text)
    }

    /// Adds a field, if it is one of those that are kept; the first of a name stays.
    pub(super) fn add(&mut self, name: &str, text: &str) {
        let kept = KEPT.iter().find(|kept| **kept == name);
        if let Some(name) = kept.filter(|name| self.field(name).is_none()) {
            self.fields.push((name, excerpt(text, MAX_FIELD).into()));
        }
    }

    /// Whether both are one; without a number, where they say the same.
    fn is(&self, other: &Self) -> bool {
        match (self.field(NUMBER), other.field(NUMBER)) {
            (None, None) => self == other,
            (one, another) => one == another,
        }
    }
}

/// Adds those that are new, and drops the oldest where that makes too many; whether any is new or
/// says something else.
pub(super) fn add(all: &mut Vec<Alert>, new: Vec<Alert>) -> bool {
    let mut is_news = false;
    for alert in new {
        if all.contains(&alert) {
            continue;
        }
        is_news = true;
        match all.iter_mut().find(|known| known.is(&alert)) {
            Some(known) => *known = alert,
            None => all.push(alert),
        }
    }
    let surplus = all.len().saturating_sub(MAX_ALERTS);
    all.drain(..surplus);
    is_news
}
