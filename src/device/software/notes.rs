//! What the agent remembers of units, and no list has.

use crate::base::percent;

/// What stands between the fields of a note, and between notes.
const FIELD: char = ':';
const NEXT: char = ',';

/// What is known of one unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnitNote {
    /// The package.
    pub name: String,
    /// The version that was last seen.
    pub version: String,
    /// The UUID that an ACS gave it; empty where it has the one that follows from its name.
    pub uuid: String,
    /// Where the most recent ChangeDUState took it from, without user and password.
    pub url: String,
    /// When it was installed and last updated, in seconds since 1970; 0 where nobody knows.
    pub installed: i64,
    /// When it was last updated, likewise.
    pub updated: i64,
    /// The operation that is bringing it; empty once that is over.
    pub by: String,
}

/// The notes, one a unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnitNotes {
    notes: Vec<UnitNote>,
}

impl UnitNotes {
    /// The note of a package.
    pub fn of(&self, name: &str) -> Option<&UnitNote> {
        self.notes.iter().find(|note| note.name == name)
    }

    /// All notes.
    pub fn iter(&self) -> impl Iterator<Item = &UnitNote> {
        self.notes.iter()
    }

    /// Puts a note in the place of the one of the same package.
    pub fn put(&mut self, note: UnitNote) {
        self.forget(&note.name);
        self.notes.push(note);
    }

    /// The package is gone.
    pub fn forget(&mut self, name: &str) {
        self.notes.retain(|note| note.name != name);
    }

    /// As one line for the store; empty where there are none.
    pub fn to_record(&self) -> String {
        let mut record = String::new();
        for note in &self.notes {
            let (installed, updated) = (note.installed.to_string(), note.updated.to_string());
            let rest = [
                &note.version,
                &note.uuid,
                &note.url,
                &installed,
                &updated,
                &note.by,
            ];
            if !record.is_empty() {
                record.push(NEXT);
            }
            record.push_str(&percent::encode(&note.name, percent::in_url));
            for field in rest {
                record.push(FIELD);
                record.push_str(&percent::encode(field, percent::in_url));
            }
        }
        record
    }

    /// Reads [`UnitNotes::to_record`]; what cannot be read is left out.
    pub fn from_record(record: &str) -> Self {
        let mut notes = Self::default();
        for entry in record.split(NEXT) {
            let mut fields = entry.split(FIELD).map(percent::decode);
            let mut field = || fields.next().unwrap_or_default().into_owned();
            let name = field();
            if name.is_empty() {
                continue;
            }
            notes.put(UnitNote {
                name,
                version: field(),
                uuid: field(),
                url: field(),
                installed: field().parse().unwrap_or_default(),
                updated: field().parse().unwrap_or_default(),
                by: field(),
            });
        }
        notes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn note() -> impl Strategy<Value = UnitNote> {
        let texts = (".+", ".*", ".*", ".*", ".*");
        (texts, any::<i64>(), any::<i64>()).prop_map(|(texts, installed, updated)| {
            let (name, version, uuid, url, by) = texts;
            UnitNote {
                name,
                version,
                uuid,
                url,
                installed,
                updated,
                by,
            }
        })
    }

    proptest! {
        #[test]
        fn t52_notes_are_read_as_they_were_written(all in prop::collection::vec(note(), 0..4)) {
            let mut notes = UnitNotes::default();
            for note in all {
                notes.put(note);
            }
            prop_assert_eq!(UnitNotes::from_record(&notes.to_record()), notes);
        }

        #[test]
        fn no_record_panics(record in "[a-z%:,0-9]{0,40}|.*") {
            let notes = UnitNotes::from_record(&record);
            prop_assert_eq!(UnitNotes::from_record(&notes.to_record()), notes);
        }
    }
}
