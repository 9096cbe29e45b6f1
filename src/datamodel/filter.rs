//! Column 15 of a row that has a source: `kind:key|filter|filter || kind:key`.
//!
//! Alternatives stand behind ` || `; the first that has a value wins, and new values go to the
//! first. Filters convert what the source says into the type of the row, and back where that has
//! one answer.

use std::fmt;

use crate::base::clock;

/// The alternatives of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// At least one.
    pub alternatives: Vec<Alternative>,
}

/// One source with its filters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alternative {
    /// Which source, e.g. `uci`.
    pub kind: String,
    /// What the source understands, e.g. `network.lan.ipaddr`.
    pub key: String,
    /// In the order of reading.
    pub filters: Vec<Filter>,
}

impl Definition {
    /// Reads the column.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let alternatives = text.split(" || ").map(Alternative::parse);
        Ok(Self {
            alternatives: alternatives.collect::<Result<_, _>>()?,
        })
    }
}

impl Alternative {
    fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (kind, rest) = text.split_once(':').unwrap_or_default();
        let is_kind = !kind.is_empty() && kind.bytes().all(|b| b.is_ascii_lowercase());
        if !is_kind {
            return Err(format!(
                "`{text}` is not `kind:key`, e.g. `uci:network.lan.ipaddr`"
            ));
        }
        let mut parts = rest.split('|').map(str::trim);
        let key = parts.next().unwrap_or_default();
        if key.is_empty() {
            return Err(format!("`{text}` has no key behind `{kind}:`"));
        }
        Ok(Self {
            kind: kind.to_owned(),
            key: key.to_owned(),
            filters: parts.map(Filter::parse).collect::<Result<_, _>>()?,
        })
    }
}

/// A named conversion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// `epoch`: seconds since 1970 to a UTC dateTime; nothing or 0 is the Unknown Time.
    Epoch,
    /// `bool`: `1`, `true`, `yes`, `on`, `enabled` is 1; all else that is not empty is 0.
    Bool,
    /// `not`: as `bool`, turned round.
    Not,
    /// `upper`: upper case.
    Upper,
    /// `lower`: lower case.
    Lower,
    /// `nocolon`: without colons, for the hardware address in a serial number.
    NoColon,
    /// `trim`: without white space at the ends.
    Trim,
    /// `hex8`: a hex number as eight upper-case digits.
    Hex8,
    /// `oui`: of a hardware address, the maker's part as six upper-case hex digits.
    Oui,
}

/// The filters by name.
const NAMES: [(&str, Filter); 9] = [
    ("epoch", Filter::Epoch),
    ("bool", Filter::Bool),
    ("not", Filter::Not),
    ("upper", Filter::Upper),
    ("lower", Filter::Lower),
    ("nocolon", Filter::NoColon),
    ("trim", Filter::Trim),
    ("hex8", Filter::Hex8),
    ("oui", Filter::Oui),
];

impl Filter {
    /// The filter of that name.
    ///
    /// # Errors
    /// A sentence that names the filters there are.
    pub fn parse(name: &str) -> Result<Self, String> {
        let found = NAMES.iter().find(|(known, _)| *known == name);
        found.map(|&(_, filter)| filter).ok_or_else(|| {
            let known: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
            format!("no filter `{name}`; there are {}", known.join(", "))
        })
    }

    /// What the row shows of what the source says; `None` where that makes no sense. An empty
    /// text means that the source has no value, and mostly stays one.
    pub fn apply(self, text: &str) -> Option<String> {
        if text.is_empty() && self != Self::Epoch {
            return Some(String::new());
        }
        match self {
            Self::Epoch => match text.trim() {
                "" | "0" => Some(clock::UNKNOWN_TIME.to_owned()),
                seconds => seconds
                    .parse()
                    .ok()
                    .filter(|&s: &i64| s > 0)
                    .map(clock::utc),
            },
            Self::Bool => Some(truth(is_true(text))),
            Self::Not => Some(truth(!is_true(text))),
            Self::Upper => Some(text.to_uppercase()),
            Self::Lower => Some(text.to_lowercase()),
            Self::NoColon => Some(text.replace(':', "")),
            Self::Trim => Some(text.trim().to_owned()),
            Self::Hex8 => {
                let number = u32::from_str_radix(text.trim().trim_start_matches("0x"), 16);
                number.ok().map(|number| format!("{number:08X}"))
            }
            Self::Oui => oui(text),
        }
    }

    /// What the source has to be told for the row to show `text`; `None` where there is no single
    /// answer, so that the row cannot be written.
    pub fn invert(self, text: &str) -> Option<String> {
        match self {
            Self::Bool => Some(truth(is_true(text))),
            Self::Not => Some(truth(!is_true(text))),
            Self::Trim => Some(text.to_owned()),
            Self::Epoch | Self::Upper | Self::Lower | Self::NoColon | Self::Hex8 | Self::Oui => {
                None
            }
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES.iter().find(|(_, filter)| filter == self);
        f.write_str(name.map_or("", |(name, _)| name))
    }
}

fn is_true(text: &str) -> bool {
    let words = ["1", "true", "yes", "on", "enabled"];
    words
        .iter()
        .any(|word| word.eq_ignore_ascii_case(text.trim()))
}

/// The first three of the six bytes of a hardware address.
fn oui(address: &str) -> Option<String> {
    let bytes: Vec<&str> = address.trim().split(':').collect();
    let is_byte = |b: &&str| b.len() == 2 && b.bytes().all(|digit| digit.is_ascii_hexdigit());
    let maker = bytes.get(..3)?;
    (bytes.len() == 6 && bytes.iter().all(is_byte)).then(|| maker.concat().to_ascii_uppercase())
}

fn truth(yes: bool) -> String {
    if yes { "1" } else { "0" }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_has_alternatives_with_filters() {
        let read = Definition::parse("uci:a.b.c|bool || net:@:mac|nocolon|upper").unwrap();
        let [first, second] = &read.alternatives[..] else {
            panic!("{read:?}");
        };
        assert_eq!((first.kind.as_str(), first.key.as_str()), ("uci", "a.b.c"));
        assert_eq!(first.filters, [Filter::Bool]);
        assert_eq!(second.key, "@:mac");
        assert_eq!(second.filters, [Filter::NoColon, Filter::Upper]);
    }

    #[test]
    fn what_is_no_source_is_named() {
        for (text, why) in [
            ("", "is not `kind:key`"),
            ("reboot -f", "is not `kind:key`"),
            ("1#cat /etc/passwd", "is not `kind:key`"),
            ("uci:", "has no key"),
            ("uci:a.b.c|shout", "no filter `shout`"),
            ("uci:a.b.c || ", "is not `kind:key`"),
        ] {
            let refused = Definition::parse(text).unwrap_err();
            assert!(refused.contains(why), "{text}: {refused}");
        }
    }

    #[test]
    fn filters_convert() {
        for (filter, from, to) in [
            (Filter::Epoch, "1444689630", Some("2015-10-12T22:40:30Z")),
            (Filter::Epoch, "0", Some(clock::UNKNOWN_TIME)),
            (Filter::Epoch, "", Some(clock::UNKNOWN_TIME)),
            (Filter::Epoch, "soon", None),
            (Filter::Bool, "on", Some("1")),
            (Filter::Bool, "FALSE", Some("0")),
            (Filter::Bool, "", Some("")),
            (Filter::Not, "1", Some("0")),
            (Filter::NoColon, "00:d0:9e", Some("00d09e")),
            (Filter::Hex8, "17abfa2", Some("017ABFA2")),
            (Filter::Trim, " x\n", Some("x")),
            (Filter::Oui, "00:d0:9e:12:34:56\n", Some("00D09E")),
            (Filter::Oui, "00:d0:9e", None),
            (Filter::Oui, "00:d0:9e:12:34:5x", None),
            (Filter::Oui, "00:d0:9é:12:34:56", None),
            (Filter::Oui, "", Some("")),
        ] {
            assert_eq!(filter.apply(from).as_deref(), to, "{filter} {from}");
        }
    }

    #[test]
    fn writing_goes_back_where_there_is_one_answer() {
        assert_eq!(Filter::Bool.invert("true").as_deref(), Some("1"));
        assert_eq!(Filter::Not.invert("1").as_deref(), Some("0"));
        assert_eq!(Filter::Epoch.invert("2015-10-12T22:40:30Z"), None);
    }
}
