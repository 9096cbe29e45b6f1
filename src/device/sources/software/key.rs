//! What column 15 of a row names behind `software:`.

/// The tables and the fields of each.
const TABLES: [(&str, &str, &[&str]); 3] = [
    (
        "environments",
        "environment",
        &["name", "status", "active", "disk_free"],
    ),
    (
        "units",
        "unit",
        &[
            "uuid",
            "name",
            "status",
            "resolved",
            "url",
            "description",
            "version",
            "services",
            "environment",
            "installed",
            "updated",
        ],
    ),
    (
        "services",
        "service",
        &[
            "id",
            "name",
            "status",
            "fault",
            "fault_text",
            "environment",
            "version",
            "description",
            REQUESTED,
            AUTO_START,
        ],
    ),
];

/// The fields that can be written.
pub(super) const REQUESTED: &str = "requested";
pub(super) const AUTO_START: &str = "auto_start";

/// A key, read: a table, or a field of one; indexes of [`TABLES`].
#[derive(Clone, Copy)]
pub(super) struct SoftwareKey {
    pub table: usize,
    pub field: Option<&'static str>,
}

impl SoftwareKey {
    /// Reads a key.
    ///
    /// # Errors
    /// There is none like it: a sentence.
    pub(super) fn parse(key: &str) -> Result<Self, String> {
        let (stem, field) = key
            .split_once('.')
            .map_or((key, None), |(s, f)| (s, Some(f)));
        let known = TABLES
            .iter()
            .enumerate()
            .find_map(|(at, (table, of_one, fields))| {
                let field = match field {
                    None => (stem == *table).then_some(None),
                    Some(field) if stem == *of_one => {
                        let field = fields.iter().find(|known| **known == field)?;
                        Some(Some(*field))
                    }
                    Some(_) => None,
                };
                field.map(|field| SoftwareKey { table: at, field })
            });
        known.ok_or_else(|| {
            let all: Vec<String> = TABLES
                .iter()
                .map(|(table, of_one, fields)| format!("{table}, {of_one}.({})", fields.join("|")))
                .collect();
            format!("'{key}' is none of {}", all.join(", "))
        })
    }
}
