//! What column 15 of a row names behind `alarm:`.

/// What lists instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AlarmTable {
    Current,
    History,
    Expedited,
    Queued,
}

/// What an instance has a value for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AlarmField {
    /// How many alarms are shown at most.
    Most,
    Id,
    Raised,
    Changed,
    Time,
    Notification,
    Device,
    Problem,
    Severity,
    EventType,
    Cause,
    Text,
    Info,
}

const TABLES: [(&str, AlarmTable); 4] = [
    ("current", AlarmTable::Current),
    ("history", AlarmTable::History),
    ("expedited", AlarmTable::Expedited),
    ("queued", AlarmTable::Queued),
];

const FIELDS: [(&str, AlarmField); 12] = [
    ("id", AlarmField::Id),
    ("raised", AlarmField::Raised),
    ("changed", AlarmField::Changed),
    ("time", AlarmField::Time),
    ("notification", AlarmField::Notification),
    ("device", AlarmField::Device),
    ("problem", AlarmField::Problem),
    ("severity", AlarmField::Severity),
    ("event_type", AlarmField::EventType),
    ("cause", AlarmField::Cause),
    ("text", AlarmField::Text),
    ("info", AlarmField::Info),
];

/// A key, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AlarmKey {
    /// `None` for what is of all.
    pub table: Option<AlarmTable>,
    /// `None` for a table.
    pub field: Option<AlarmField>,
}

impl AlarmKey {
    /// Reads a key.
    ///
    /// # Errors
    /// There is none like it: a sentence.
    pub(super) fn parse(key: &str) -> Result<Self, String> {
        if key == "most" {
            return Ok(Self {
                table: None,
                field: Some(AlarmField::Most),
            });
        }
        let (table, field) = match key.split_once('.') {
            Some((table, field)) => (table, Some(field)),
            None => (key, None),
        };
        let found = TABLES.iter().find(|(name, _)| *name == table);
        let known = |name: &str| FIELDS.iter().find(|(known, _)| *known == name);
        let (table, field) = match (found, field, field.and_then(known)) {
            (Some((_, table)), None, _) => (*table, None),
            (Some((_, table)), Some(_), Some((_, field))) => (*table, Some(*field)),
            _ => {
                let fields: Vec<&str> = FIELDS.iter().map(|(name, _)| *name).collect();
                let tables: Vec<&str> = TABLES.iter().map(|(name, _)| *name).collect();
                return Err(format!(
                    "'{key}' is neither most nor one of ({}), nor one of these with .({})",
                    tables.join("|"),
                    fields.join("|")
                ));
            }
        };
        Ok(Self {
            table: Some(table),
            field,
        })
    }
}
