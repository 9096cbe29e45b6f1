//! Column 15 to sources with their filters.

use super::argument::FilterArgument;
use super::{Filter, MAX_ALTERNATIVES, MAX_FILTERS, MAX_LENGTH};

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
        if text.len() > MAX_LENGTH {
            return Err(format!("longer than {MAX_LENGTH} bytes"));
        }
        let mut alternatives = Vec::new();
        let mut rest = Some(text);
        while let Some(text) = rest {
            if alternatives.len() == MAX_ALTERNATIVES {
                return Err(format!("more than {MAX_ALTERNATIVES} alternatives"));
            }
            let (alternative, behind) = Alternative::read(text)?;
            alternatives.push(alternative);
            rest = behind;
        }
        Ok(Self { alternatives })
    }
}

impl Alternative {
    /// Reads one alternative; gives also what stands behind `||`.
    fn read(text: &str) -> Result<(Self, Option<&str>), String> {
        let (source, mut rest) = text.split_at(text.find('|').unwrap_or(text.len()));
        let source = source.trim();
        let (kind, key) = source.split_once(':').unwrap_or_default();
        let is_kind = !kind.is_empty() && kind.bytes().all(|b| b.is_ascii_lowercase());
        if !is_kind {
            return Err(format!(
                "`{source}` is not `kind:key`, e.g. `uci:network.lan.ipaddr`"
            ));
        }
        let key = key.trim();
        if key.is_empty() {
            return Err(format!("`{source}` has no key behind `{kind}:`"));
        }
        let mut read = Self {
            kind: kind.to_owned(),
            key: key.to_owned(),
            filters: Vec::new(),
        };
        while let Some(behind) = rest.strip_prefix('|') {
            if let Some(next) = behind.strip_prefix('|') {
                return Ok((read, Some(next)));
            }
            if read.filters.len() == MAX_FILTERS {
                return Err(format!("more than {MAX_FILTERS} filters behind `{source}`"));
            }
            let (filter, behind) = call(behind)?;
            read.filters.push(filter);
            rest = behind.trim_start();
        }
        match rest {
            "" => Ok((read, None)),
            rest => Err(format!(
                "`{rest}` stands behind a filter where `|` should; \
                 put quotes around an argument that holds `,` or `)`"
            )),
        }
    }
}

/// Reads `name` or `name(argument, …)`; gives also what stands behind it.
fn call(text: &str) -> Result<(Filter, &str), String> {
    let text = text.trim_start();
    let ends = |c: char| matches!(c, '(' | '|') || c.is_whitespace();
    let (name, rest) = text.split_at(text.find(ends).unwrap_or(text.len()));
    let of_filter = |why: String| format!("{name}: {why}");
    let (arguments, rest) = match rest.trim_start().strip_prefix('(') {
        Some(inside) => FilterArgument::list(inside).map_err(of_filter)?,
        None => (Vec::new(), rest),
    };
    let make = Filter::named(name)?;
    Ok((make(&arguments).map_err(of_filter)?, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_definition_has_alternatives_with_filters() {
        let read = Definition::parse("uci:a.b.c|bool || net:@:mac | nocolon|upper").unwrap();
        let [first, second] = &read.alternatives[..] else {
            panic!("{read:?}");
        };
        assert_eq!((first.kind.as_str(), first.key.as_str()), ("uci", "a.b.c"));
        assert_eq!(first.filters, [Filter::Bool]);
        assert_eq!(second.key, "@:mac");
        assert_eq!(second.filters, [Filter::NoColon, Filter::Upper]);
    }

    #[test]
    fn parentheses_and_quotes_hold_together_what_they_hold() {
        let read = Definition::parse(
            "file:/a|item(2, \" || \")|map(\"|)\"=x, 'a,b'=\"y z\") || uci:a.b.c",
        );
        let read = read.unwrap();
        let [first, second] = &read.alternatives[..] else {
            panic!("{read:?}");
        };
        let shown = |text: &str| {
            let mut filters = first.filters.iter();
            filters.try_fold(text.to_owned(), |text, filter| filter.apply(&text))
        };
        assert_eq!(shown("1 || |) || 3").as_deref(), Some("x"));
        assert_eq!(shown("1||a,b").as_deref(), None);
        assert_eq!(shown("1 || a,b").as_deref(), Some("y z"));
        assert_eq!(second.key, "a.b.c");
    }

    #[test]
    fn what_is_no_source_is_named() {
        for (text, why) in [
            ("", "is not `kind:key`"),
            ("reboot -f", "is not `kind:key`"),
            ("1#cat /etc/passwd", "is not `kind:key`"),
            ("uci:", "has no key"),
            ("uci:a.b.c|shout", "no filter `shout`"),
            ("uci:a.b.c|", "no filter ``"),
            ("uci:a.b.c || ", "is not `kind:key`"),
            ("uci:a.b.c|bool(1)", "bool: takes no argument"),
            ("uci:a.b.c|item(1) x", "`x` stands behind a filter"),
            ("uci:a.b.c|match(a(b))", "`)` stands behind a filter"),
            ("uci:a.b.c|item(1", "item: a `)` is missing"),
        ] {
            let refused = Definition::parse(text).unwrap_err();
            assert!(refused.contains(why), "{text}: {refused}");
        }
    }

    #[test]
    fn a_definition_is_bounded() {
        let alternatives = |n: usize| vec!["uci:a.b.c"; n].join(" || ");
        assert!(Definition::parse(&alternatives(MAX_ALTERNATIVES)).is_ok());
        assert!(Definition::parse(&alternatives(MAX_ALTERNATIVES + 1)).is_err());
        let filters = |n: usize| format!("uci:a.b.c{}", "|trim".repeat(n));
        assert!(Definition::parse(&filters(MAX_FILTERS)).is_ok());
        assert!(Definition::parse(&filters(MAX_FILTERS + 1)).is_err());
        assert!(Definition::parse(&format!("uci:{}", "x".repeat(MAX_LENGTH))).is_err());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "uci:[a-z.|]{0,4}[|a-z(),='\"{}*? 0-9/.-]{0,40}|.*") {
            let Ok(read) = Definition::parse(&text) else { return Ok(()) };
            for filter in read.alternatives.iter().flat_map(|a| &a.filters) {
                let _ = (filter.apply(&text), filter.invert(&text), filter.invertible());
            }
        }
    }
}
