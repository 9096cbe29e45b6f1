//! A cheap look at a document before the XML reader sees it: is it within the bounds?
//!
//! The reader (`roxmltree`) does not recurse, but it reserves memory by the number of `<` and `=`,
//! and compares the attributes and the namespaces in scope each with each. For a well-formed
//! document this scan is exact; in any other the reader stops at the first error.

use super::error::EnvelopeError;
use super::limits::{DocumentBounds, MAX_ATTRIBUTES, MAX_DEPTH};

/// Where the root element stands in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Root {
    /// Behind its first `<`.
    pub start: usize,
    /// Behind its end tag; `None` where it does not end.
    pub end: Option<usize>,
}

/// Checks the bounds on bytes, markup, depth and attributes; a document type is refused.
pub(super) fn check(text: &str, bounds: &DocumentBounds) -> Result<Root, EnvelopeError> {
    if text.len() > bounds.bytes {
        return Err(EnvelopeError::TooLong);
    }
    for mark in [b'<', b'='] {
        if text.bytes().filter(|b| *b == mark).count() > bounds.markup {
            return Err(EnvelopeError::TooManyNodes);
        }
    }
    let mut open = Open::default();
    let mut root: Option<Root> = None;
    let mut rest = text;
    while let Some((_, markup)) = rest.split_once('<') {
        rest = if let Some(comment) = markup.strip_prefix("!--") {
            after(comment, "-->")
        } else if let Some(cdata) = markup.strip_prefix("![CDATA[") {
            after(cdata, "]]>")
        } else if markup.starts_with('!') {
            return Err(EnvelopeError::DocumentType);
        } else if let Some(instruction) = markup.strip_prefix('?') {
            after(instruction, "?>")
        } else if let Some(end) = markup.strip_prefix('/') {
            open.leave();
            after(end, ">")
        } else {
            let tag = Tag::scan(markup);
            open.enter(tag.attributes)?;
            root.get_or_insert(Root {
                start: text.len() - markup.len(),
                end: None,
            });
            if tag.empty {
                open.leave();
            }
            tag.rest
        };
        if let (Some(root), 0) = (&mut root, open.depth) {
            root.end.get_or_insert(text.len() - rest.len());
        }
    }
    Ok(root.unwrap_or_default())
}

/// Whether a text is nothing but end tags, with white space around them.
pub(super) fn is_end_tags(text: &str) -> bool {
    let mut rest = text.trim_ascii();
    while let Some((_, behind)) = rest.strip_prefix("</").and_then(|tag| tag.split_once('>')) {
        rest = behind.trim_ascii_start();
    }
    rest.is_empty()
}

/// What follows the first `end`; nothing where there is none.
fn after<'a>(text: &'a str, end: &str) -> &'a str {
    text.split_once(end).map_or("", |(_, rest)| rest)
}

/// The elements open at a place, with the number of attributes of each.
#[derive(Default)]
struct Open {
    attributes: [usize; MAX_DEPTH],
    depth: usize,
    sum: usize,
}

impl Open {
    fn enter(&mut self, attributes: usize) -> Result<(), EnvelopeError> {
        let level = self
            .attributes
            .get_mut(self.depth)
            .ok_or(EnvelopeError::TooDeep)?;
        *level = attributes;
        self.depth += 1;
        self.sum += attributes;
        if self.sum > MAX_ATTRIBUTES {
            return Err(EnvelopeError::TooManyAttributes);
        }
        Ok(())
    }

    fn leave(&mut self) {
        if let Some(depth) = self.depth.checked_sub(1) {
            self.depth = depth;
            self.sum -= self.attributes.get(depth).copied().unwrap_or(0);
        }
    }
}

/// A start tag.
struct Tag<'a> {
    attributes: usize,
    empty: bool,
    rest: &'a str,
}

impl<'a> Tag<'a> {
    /// Reads from behind the `<` to behind the `>`, of which one in quotes does not count.
    fn scan(markup: &'a str) -> Self {
        let mut attributes = 0;
        let mut rest = markup;
        loop {
            let Some(at) = rest.find(['"', '\'', '>']) else {
                return Self {
                    attributes,
                    empty: false,
                    rest: "",
                };
            };
            let (before, tail) = rest.split_at(at);
            if let Some(rest) = tail.strip_prefix('>') {
                return Self {
                    attributes,
                    empty: before.ends_with('/'),
                    rest,
                };
            }
            attributes += 1;
            let quote = if tail.starts_with('"') { "\"" } else { "'" };
            rest = after(tail.strip_prefix(quote).unwrap_or(""), quote);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::soap::limits::ENVELOPE;

    fn check(text: &str) -> Result<Root, EnvelopeError> {
        super::check(text, &ENVELOPE)
    }

    #[test]
    fn markup_inside_comments_cdata_and_quotes_is_not_counted() {
        let inner = format!(
            "<!-- {0} --><![CDATA[{0}]]><a b='{1}'/><?pi {0}?>",
            "<x>".repeat(MAX_DEPTH + 1),
            ">".repeat(MAX_DEPTH + 1),
        );
        let text = format!("<r>{inner}</r>");
        let root = check(&text).unwrap();
        assert_eq!((root.start, root.end), (1, Some(text.len())));
    }

    #[test]
    fn s10_the_root_is_found_and_what_is_behind_it() {
        let root = |text: &str| check(text).unwrap();
        let prolog = "<?xml version='1.0'?><!-- <a> -->";
        let found = root(&format!("{prolog}<r><r/></r></x>"));
        assert_eq!(found.start, prolog.len() + 1);
        assert_eq!(found.end, Some(prolog.len() + "<r><r/></r>".len()));
        assert_eq!(root("<r>").end, None);
        for text in ["", " \n", "</x>", " </x>\n</y > "] {
            assert!(is_end_tags(text), "{text}");
        }
        for text in ["x", "</x>x", "<x/>", "</x", "</x><!-- -->"] {
            assert!(!is_end_tags(text), "{text}");
        }
    }

    #[test]
    fn depth_is_bounded_and_siblings_do_not_add_up() {
        let nested = |n: usize| "<a>".repeat(n) + &"</a>".repeat(n);
        assert!(check(&nested(MAX_DEPTH)).is_ok());
        assert_eq!(check(&nested(MAX_DEPTH + 1)), Err(EnvelopeError::TooDeep));
        assert!(check(&"<a/><a></a>".repeat(1000)).is_ok());
    }

    #[test]
    fn a_document_type_is_refused_before_the_reader_sees_it() {
        let refused = Err(EnvelopeError::DocumentType);
        assert_eq!(check("<?xml version='1.0'?><!DOCTYPE x><x/>"), refused);
        assert_eq!(check("<x><!ENTITY a 'ha'></x>"), refused);
    }

    #[test]
    fn attributes_in_scope_are_bounded() {
        let tag = |n: usize| format!("<a{}/>", " b='='".repeat(n));
        assert!(check(&tag(MAX_ATTRIBUTES).repeat(1000)).is_ok());
        assert_eq!(
            check(&format!("<r x=\"'\">{}</r>", tag(MAX_ATTRIBUTES))),
            Err(EnvelopeError::TooManyAttributes)
        );
    }

    #[test]
    fn what_does_not_end_is_left_to_the_reader() {
        for text in [
            "<!-- ",
            "<![CDATA[ <",
            "<a b='",
            "<a b=\"'>",
            "<?",
            "</",
            "<",
        ] {
            assert!(check(text).is_ok(), "{text}");
        }
    }
}
