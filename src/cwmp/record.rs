//! The engine's durable records in the model's store, and their text form: fields separated by
//! `:`, entries by `,`, and what could not stand in a URL percent-coded.

use crate::base::percent;
use crate::datamodel::model::Model;

/// The ACS URL whose ACS has had its `0 BOOTSTRAP`. That event is pending exactly while this
/// differs from the URL in force, so it needs no record of its own.
pub const ACS: &str = "cwmp.acs";
/// The root of the data model that this ACS knows.
pub const ROOT: &str = "cwmp.root";
/// Undelivered events that are never discarded.
pub const EVENTS: &str = "cwmp.events";
/// Pending ScheduleInform timers.
pub const SCHEDULE: &str = "cwmp.schedule";
/// The events that the next reboot brings: one `M Reboot` for each Reboot accepted.
pub const REBOOT: &str = "cwmp.reboot";
/// What was promised and is still to be done.
pub const INTENTS: &str = "cwmp.intents";
/// The version that the ACS accepted.
pub const VERSION: &str = "cwmp.version";
/// The identity that an ACS was told last.
pub const IDENTITY: &str = "cwmp.identity";
/// The changes of software: a record for each ChangeDUState, with a dot and a number behind.
pub const CHANGE: &str = "cwmp.change";
/// The number of the next ChangeDUState.
pub const NEXT_CHANGE: &str = "cwmp.changes";
/// What the ACS is to hear of software that it did not change.
pub const ANNOUNCEMENTS: &str = "cwmp.announcements";

/// The transfers: a record for each, with a dot and a number behind.
pub const TRANSFER: &str = "cwmp.transfer";
/// The number of the next transfer.
pub const NEXT_TRANSFER: &str = "cwmp.transfers";

/// Sets a record, an empty one by removing it; untouched if it is so already, so that what did not
/// change is not written.
pub fn put(model: &mut Model, key: &str, line: &str) {
    let line = Some(line).filter(|line| !line.is_empty());
    if model.record(key) != line {
        model.set_record(key, line);
    }
}

/// A record; empty if there is none.
pub fn get(model: &Model, key: &str) -> String {
    model.record(key).unwrap_or_default().to_owned()
}

/// Between entries.
pub const NEXT: &str = ",";
/// Between the fields of an entry.
const FIELD: &str = ":";

/// An entry of these fields.
pub fn join(fields: &[impl AsRef<str>]) -> String {
    let coded = fields
        .iter()
        .map(|field| percent::encode(field.as_ref(), percent::in_url));
    coded.collect::<Vec<_>>().join(FIELD)
}

/// The fields of an entry; damaged ones as they are: they must not stop the agent.
pub fn split(entry: &str) -> Vec<String> {
    let fields = entry.split(FIELD);
    fields
        .map(|field| percent::decode(field).into_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn fields_read_back(fields in proptest::collection::vec(".*", 1..4)) {
            let refs: Vec<&str> = fields.iter().map(String::as_str).collect();
            let entry = join(&refs);
            prop_assert!(!entry.contains(NEXT) && entry.is_ascii());
            prop_assert_eq!(split(&entry), fields);
        }

        #[test]
        fn a_damaged_entry_is_read_somehow(entry in ".*") {
            split(&entry);
        }
    }
}
