//! A document of somebody else's, read within bounds, and though it is wrong by the letter.

use std::borrow::Cow;

use roxmltree::{Document, ParsingOptions};

use super::element::{Element, Oddities};
use super::error::EnvelopeError;
use super::limits::DocumentBounds;
use super::scan;

/// What stands before a prefix to make the namespace of one that was not declared.
pub(super) const UNDECLARED: &str = "urn:undeclared:";

/// Longest text of the XML reader that is kept: it quotes the document.
const MAX_XML_ERROR: usize = 200;

/// Undeclared prefixes that are taken for namespaces of their own, and bytes of each.
const MAX_UNDECLARED: usize = 4;
const MAX_PREFIX: usize = 32;

/// Shows the root element of a document to `read`. White space and a byte order mark before it are
/// skipped, and what is wrong by the letter but clear in its meaning goes to the `oddities`.
///
/// # Errors
/// It is beyond its bounds, or not well-formed.
pub fn read(
    text: &str,
    bounds: &DocumentBounds,
    oddities: &Oddities,
    read: &mut dyn FnMut(Element<'_, '_>),
) -> Result<(), EnvelopeError> {
    let text = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    let root = scan::check(text, bounds)?;
    let mut text = Cow::Borrowed(without_end_tags(text, root, oddities));
    for _ in 0..=MAX_UNDECLARED {
        let options = ParsingOptions {
            allow_dtd: false,
            nodes_limit: bounds.nodes,
            ..ParsingOptions::default()
        };
        let prefix = match Document::parse_with_options(&text, options) {
            Ok(document) => {
                read(Element::new(document.root_element(), oddities));
                return Ok(());
            }
            Err(roxmltree::Error::UnknownNamespace(prefix, _)) if prefix.len() <= MAX_PREFIX => {
                prefix
            }
            Err(error) => return Err(xml_error(error)),
        };
        oddities.add(format!("the prefix {prefix} is not declared"));
        text = Cow::Owned(declare(&text, root, &prefix));
    }
    Err(EnvelopeError::Xml(
        "too many prefixes are not declared".to_owned(),
    ))
}

/// Node-CWMP closes an element `xml` that it never opened, behind all of the envelope.
fn without_end_tags<'a>(text: &'a str, root: scan::Root, oddities: &Oddities) -> &'a str {
    let end = root.end.unwrap_or(text.len());
    match text.split_at_checked(end) {
        Some((document, behind)) if !behind.is_empty() && scan::is_end_tags(behind) => {
            if !behind.trim_ascii().is_empty() {
                oddities.add("an end tag without a beginning follows the envelope");
            }
            document
        }
        _ => text,
    }
}

/// The document with a namespace of its own for a prefix that it uses, and never declared.
fn declare(text: &str, root: scan::Root, prefix: &str) -> String {
    let (before, tag) = text.split_at_checked(root.start).unwrap_or((text, ""));
    let end = tag.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>'));
    let (name, behind) = tag.split_at(end.unwrap_or(tag.len()));
    format!("{before}{name} xmlns:{prefix}=\"{UNDECLARED}{prefix}\"{behind}")
}

fn xml_error(error: roxmltree::Error) -> EnvelopeError {
    match error {
        roxmltree::Error::NodesLimitReached => EnvelopeError::TooManyNodes,
        roxmltree::Error::DtdDetected => EnvelopeError::DocumentType,
        other => EnvelopeError::Xml(other.to_string().chars().take(MAX_XML_ERROR).collect()),
    }
}
