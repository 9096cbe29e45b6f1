//! `{i}` in keys: what it means, for every kind of source.

use std::borrow::Cow;

use super::{Instance, TEMPLATE};

/// A key with `{i}` in it, read once.
///
/// The `{i}` of a key stand for the innermost instances on the path of the row, in the order of
/// the path: one `{i}` for the innermost, two for the innermost two. Each becomes the identity of
/// its instance in the source that owns the table, or the number in a table of the agent's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyTemplate {
    /// What stands between the places; always one more than there are places.
    parts: Box<[Box<str>]>,
}

impl KeyTemplate {
    /// Reads a key of a row that stands in `tables` tables.
    ///
    /// # Errors
    /// The key has more `{i}` than the path.
    pub fn parse(key: &str, tables: usize) -> Result<Self, String> {
        let parts: Box<[Box<str>]> = key.split(TEMPLATE).map(Box::from).collect();
        let places = parts.len().saturating_sub(1);
        if places > tables {
            return Err(format!(
                "'{key}' has {places} {TEMPLATE}, but the row stands in {tables} tables"
            ));
        }
        Ok(Self { parts })
    }

    /// Whether the key has an `{i}`.
    pub fn has_places(&self) -> bool {
        self.parts.len() > 1
    }

    /// The key for these instances, outermost first.
    pub fn fill(&self, at: &[Instance<'_>]) -> Cow<'_, str> {
        let (first, rest) = match &*self.parts {
            [] => return Cow::Borrowed(""),
            [only] => return Cow::Borrowed(only),
            [first, rest @ ..] => (first, rest),
        };
        let innermost = at.get(at.len().saturating_sub(rest.len())..);
        let mut key = first.to_string();
        for (instance, part) in innermost.unwrap_or_default().iter().zip(rest) {
            key.push_str(&instance.name());
            key.push_str(part);
        }
        Cow::Owned(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: [Instance<'static>; 3] = [
        Instance {
            number: 7,
            identity: None,
        },
        Instance {
            number: 1,
            identity: Some("lan"),
        },
        Instance {
            number: 3,
            identity: None,
        },
    ];

    fn filled(key: &str, at: &[Instance<'_>]) -> String {
        KeyTemplate::parse(key, at.len())
            .unwrap()
            .fill(at)
            .into_owned()
    }

    #[test]
    fn places_stand_for_the_innermost_instances_in_the_order_of_the_path() {
        assert_eq!(filled("A.{i}.B.{i}.C.{i}.D", &AT), "A.7.B.lan.C.3.D");
        assert_eq!(filled("/x/{i}/{i}", &AT), "/x/lan/3");
        assert_eq!(filled("{i}", AT.get(..2).unwrap()), "lan");
        assert_eq!(filled("plain", &AT), "plain");
    }

    #[test]
    fn a_key_has_no_more_places_than_its_path() {
        let refused = KeyTemplate::parse("{i}.{i}", 1).unwrap_err();
        assert!(refused.contains("2 {i}, but the row stands in 1"));
        assert!(KeyTemplate::parse("{i}", 1).unwrap().has_places());
    }
}
