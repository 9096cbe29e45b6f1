//! What a variable of a device may say, and be told.

use std::borrow::Cow;

use crate::base::decimal::Decimal;
use crate::datamodel::types::{ParamType, TypeError};

/// The name of the type that rows of the data model do not have.
const DECIMAL: &str = "DECIMAL";

/// The longest decimal number that is taken: then all of them can be compared.
const MAX_DECIMAL: usize = 20;

/// The type of a value, with its range or its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::luup) enum ValueForm {
    /// `DECIMAL`, `DECIMAL:from:to`: digits, with a point or without.
    Decimal {
        /// The least that is written.
        least: Option<Decimal>,
        /// The most that is written.
        most: Option<Decimal>,
    },
    /// A type as in column 2 of a row.
    Typed(ParamType),
}

impl ValueForm {
    /// Reads the column.
    ///
    /// # Errors
    /// It names no type; what would be one.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = text.split(':');
        if parts.next() != Some(DECIMAL) {
            let typed = ParamType::parse(text).map(Self::Typed);
            return typed.map_err(|why| format!("{why}; or {DECIMAL}, {DECIMAL}:from:to"));
        }
        let mut bound = || match parts.next().filter(|bound| !bound.is_empty()) {
            None => Ok(None),
            Some(bound) => match decimal(bound) {
                Some(bound) => Ok(Some(bound)),
                None => Err(format!(
                    "`{bound}` is no decimal number, such as -5 or 35.5"
                )),
            },
        };
        let (least, most) = (bound()?, bound()?);
        if parts.next().is_some() {
            return Err(format!("want {DECIMAL}:from:to"));
        }
        if let (Some(least), Some(most)) = (least, most) {
            if least.is_at_most(most) != Some(true) {
                return Err(format!("nothing is from {least} to {most}"));
            }
        }
        Ok(Self::Decimal { least, most })
    }

    /// What Luup says, as it is shown: a number beyond the range, and a word that is not among those
    /// of the row, are the truth all the same.
    ///
    /// # Errors
    /// It is not of the type at all.
    pub(super) fn read<'a>(&self, text: &'a str) -> Result<Cow<'a, str>, TypeError> {
        match self {
            Self::Decimal { .. } => match Decimal::parse(text) {
                Some(_) => Ok(Cow::Borrowed(text.trim())),
                None => Err(not_decimal()),
            },
            Self::Typed(kind) => match kind.check(text) {
                Err(TypeError::Value(_)) => Ok(Cow::Borrowed(text)),
                checked => checked,
            },
        }
    }

    /// A new value, as it is sent.
    ///
    /// # Errors
    /// It is not of the type, beyond its range, or none of its words.
    pub(super) fn check<'a>(&self, text: &'a str) -> Result<Cow<'a, str>, TypeError> {
        let (least, most) = match self {
            Self::Decimal { least, most } => (*least, *most),
            Self::Typed(kind) => return kind.check(text),
        };
        let value = decimal(text).ok_or_else(not_decimal)?;
        let is_within = |below: Option<Decimal>, above: Option<Decimal>| match (below, above) {
            (Some(below), Some(above)) => below.is_at_most(above) == Some(true),
            _ => true,
        };
        if !is_within(least, Some(value)) || !is_within(Some(value), most) {
            let bound = |bound: Option<Decimal>| bound.map_or(String::new(), |b| b.to_string());
            let range = [bound(least), bound(most)].join(" to ");
            return Err(TypeError::Value(format!("{value} is not within {range}")));
        }
        Ok(Cow::Borrowed(text))
    }
}

fn decimal(text: &str) -> Option<Decimal> {
    let is_plain = text.len() <= MAX_DECIMAL && !text.contains(|c: char| c.is_whitespace());
    Decimal::parse(text).filter(|_| is_plain)
}

fn not_decimal() -> TypeError {
    TypeError::Type("not a decimal number such as 21.5".to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn form(text: &str) -> ValueForm {
        ValueForm::parse(text).unwrap()
    }

    #[test]
    fn z33_types_are_read_and_nonsense_is_named() {
        for bad in [
            "",
            "NUMBER",
            "DECIMAL:x",
            "DECIMAL:5:1",
            "DECIMAL:1:2:3",
            "UINT:9:1",
        ] {
            assert!(ValueForm::parse(bad).is_err(), "{bad}");
        }
        let why = ValueForm::parse("NUMBER").unwrap_err();
        assert!(why.contains("DECIMAL"), "{why}");
    }

    #[test]
    fn z30_a_new_value_is_of_its_type_within_its_range_and_one_of_its_words() {
        for (kind, good, bad) in [
            ("BOOLEAN", &["0", "1"][..], &["", "2", "on", "1 0"][..]),
            ("UINT:0:100", &["0", "100"], &["", "101", "-1", "5.5", "x"]),
            (
                "DECIMAL",
                &["-5", "21.5", "0"],
                &["", "x", "1e3", " 5", "1,5", "."],
            ),
            (
                "DECIMAL:5:35.5",
                &["5", "35.50"],
                &["4.9", "35.51", "-5", "100"],
            ),
            ("DECIMAL::0", &["-100", "0"], &["0.1"]),
            (
                "STRING::Off|HeatOn",
                &["Off", "HeatOn"],
                &["", "off", "Off "],
            ),
        ] {
            for text in good {
                assert_eq!(form(kind).check(text).as_deref(), Ok(*text), "{kind}");
            }
            for text in bad {
                assert!(form(kind).check(text).is_err(), "{kind} {text:?}");
            }
        }
        assert_eq!(form("BOOLEAN").check("true").unwrap(), "1");
        let far = "1".repeat(MAX_DECIMAL + 1);
        assert!(form("DECIMAL").check(&far).is_err());
    }

    #[test]
    fn z28_what_luup_says_is_shown_beyond_the_range_of_what_is_written() {
        for (kind, text, shown) in [
            ("BOOLEAN", "1", Some("1")),
            ("BOOLEAN", "true", Some("1")),
            ("BOOLEAN", "soon", None),
            ("UINT:0:100", "101", Some("101")),
            ("UINT:0:100", "x", None),
            ("DECIMAL:0:100", "-7.25", Some("-7.25")),
            ("DECIMAL", "7.2350", Some("7.2350")),
            ("DECIMAL", "nan", None),
            ("STRING::Off|HeatOn", "EmergencyHeat", Some("EmergencyHeat")),
        ] {
            assert_eq!(
                form(kind).read(text).ok().as_deref(),
                shown,
                "{kind} {text}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(kind in "(DECIMAL|UINT|STRING)?[-:.0-9a|]{0,20}", text in ".{0,30}") {
            if let Ok(form) = ValueForm::parse(&kind) {
                let _ = form.read(&text);
                let _ = form.check(&text);
            }
        }
    }
}
