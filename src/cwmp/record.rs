//! The engine's durable records in the model's store, and their text form: fields separated by
//! `:`, entries by `,`, and whatever is not a letter, a digit, `.`, `-` or `_` percent-coded.

use crate::datamodel::model::Model;

/// The ACS URL whose ACS has had its `0 BOOTSTRAP`. That event is pending exactly while this
/// differs from the URL in force, so it needs no record of its own.
pub const ACS: &str = "cwmp.acs";
/// Undelivered events that are never discarded.
pub const EVENTS: &str = "cwmp.events";
/// Pending ScheduleInform timers.
pub const SCHEDULE: &str = "cwmp.schedule";
/// The events that the next reboot brings: one `M Reboot` for each Reboot accepted.
pub const REBOOT: &str = "cwmp.reboot";

/// The identity that an ACS was told last.
pub const IDENTITY: &str = "cwmp.identity";

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
pub fn join(fields: &[&str]) -> String {
    let coded: Vec<String> = fields.iter().map(|field| encode(field)).collect();
    coded.join(FIELD)
}

/// The fields of an entry.
pub fn split(entry: &str) -> Vec<String> {
    entry.split(FIELD).map(decode).collect()
}

fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b".-_".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// A bad escape stands for itself: a damaged record must not stop the agent.
fn decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let code = tail
            .get(..2)
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match code {
            Some(code) if byte == b'%' => {
                out.push(code);
                rest = tail.get(2..).unwrap_or_default();
            }
            _ => {
                out.push(byte);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
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
