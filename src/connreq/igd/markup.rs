//! The gateway's XML, which may be hostile, or that of an old one.

use std::borrow::Cow;

use crate::soap::{DocumentBounds, Element, Oddities, read_document};

/// A description has 3 to 20 kB, an answer to an action below 1 kB.
pub(super) const MAX_BYTES: usize = 64 * 1024;

/// An element takes two `<`, and about 70 bytes of memory for each.
const BOUNDS: DocumentBounds = DocumentBounds {
    bytes: MAX_BYTES + MAX_BYTES / 2,
    markup: 2048,
    nodes: 4096,
};

/// References that XML has without a document type, and the longest of a number.
const REFERENCES: [&str; 5] = ["amp;", "lt;", "gt;", "apos;", "quot;"];
const MAX_NUMBER: usize = 8;

/// Shows the root element to `read`.
///
/// # Errors
/// What is wrong with it, for a message.
pub(super) fn read(bytes: &[u8], read: &mut dyn FnMut(Element<'_, '_>)) -> Result<(), String> {
    // Names of devices are in any coding; nothing that is looked for here is beyond ASCII.
    let text = String::from_utf8_lossy(bytes);
    let text = mended(&text);
    let outcome = read_document(&text, &BOUNDS, &Oddities::default(), read);
    // The XML reader shows the character that it does not like.
    outcome.map_err(|error| error.to_string().chars().map(printable).collect())
}

/// What stands for a character in our log: a line of a gateway's is none of ours.
pub(super) fn printable(c: char) -> char {
    if c.is_control() { ' ' } else { c }
}

/// The text with references for the bare `&` that URLs have in old descriptions, and spaces for
/// characters that XML does not have, as the null behind the end of many answers.
fn mended(text: &str) -> Cow<'_, str> {
    let is_odd = |c: char| c == '&' || c < ' ' && !matches!(c, '\t' | '\n' | '\r');
    let mut mended = Cow::Borrowed("");
    let mut rest = text;
    while let Some(at) = rest.find(is_odd) {
        let (before, tail) = rest.split_at(at);
        let mut after = tail.chars();
        let mend = match after.next() {
            Some('&') if is_reference(after.as_str()) => "&",
            Some('&') => "&amp;",
            _ => " ",
        };
        let mended = mended.to_mut();
        mended.push_str(before);
        mended.push_str(mend);
        rest = after.as_str();
        // Each takes four bytes more: the bound on all of it holds here, too.
        if mended.len() > BOUNDS.bytes {
            break;
        }
    }
    match mended {
        Cow::Borrowed(_) => Cow::Borrowed(text),
        Cow::Owned(mended) => Cow::Owned(mended + rest),
    }
}

/// Whether a text goes on with what makes a reference of a `&` before it.
fn is_reference(text: &str) -> bool {
    let number = || {
        let end = text
            .bytes()
            .take(MAX_NUMBER + 2)
            .position(|byte| byte == b';');
        let digits = text
            .strip_prefix('#')
            .and_then(|digits| digits.get(..end?.checked_sub(1)?));
        digits.is_some_and(|digits| match digits.strip_prefix('x') {
            Some(hex) => !hex.is_empty() && hex.bytes().all(|c| c.is_ascii_hexdigit()),
            None => !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit()),
        })
    };
    REFERENCES.iter().any(|name| text.starts_with(name)) || number()
}

/// The text of the first element in `parent` of a name, whatever its case and its namespace.
pub(super) fn text_of<'a>(parent: Element<'a, '_>, name: &str) -> Option<Cow<'a, str>> {
    let mut named = parent
        .children()
        .filter(|child| child.name().eq_ignore_ascii_case(name));
    trimmed(named.next()?)
}

/// The text of an element, without the white space around it.
pub(super) fn trimmed<'a>(element: Element<'a, '_>) -> Option<Cow<'a, str>> {
    Some(match element.text().ok()? {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r27_references_stay_and_what_is_none_becomes_one() {
        for (text, mended_text) in [
            ("", ""),
            ("<a>b</a>", "<a>b</a>"),
            (
                "&amp;&lt;&gt;&apos;&quot;&#65;&#x1F;",
                "&amp;&lt;&gt;&apos;&quot;&#65;&#x1F;",
            ),
            ("?a=1&b=2", "?a=1&amp;b=2"),
            ("&", "&amp;"),
            ("&nbsp;", "&amp;nbsp;"),
            ("&#;&#x;&#-1;&#", "&amp;#;&amp;#x;&amp;#-1;&amp;#"),
            ("&é", "&amp;é"),
            ("a\0\u{1}b\t\r\n", "a  b\t\r\n"),
        ] {
            assert_eq!(mended(text), mended_text, "{text}");
        }
        let bare = "&".repeat(MAX_BYTES);
        assert!(mended(&bare).len() <= BOUNDS.bytes + MAX_BYTES + 8);
    }

    #[test]
    fn r27_bounds_on_memory_and_depth_hold() {
        let refused = |text: &str| read(text.as_bytes(), &mut |_| {}).unwrap_err();
        assert!(refused(&"<a>".repeat(40)).contains("deeper"));
        assert!(refused(&format!("<r>{}</r>", "<a/>".repeat(5000))).contains("too many"));
        assert!(refused(&format!("<r>{}</r>", "&".repeat(MAX_BYTES))).contains("longer"));
        let bomb = "<!DOCTYPE r [<!ENTITY a 'ha'><!ENTITY b '&a;&a;'>]><r>&b;</r>";
        assert!(refused(bomb).contains("document type"));
        assert!(refused("").len() < 300 && refused("<a></b>").len() < 300);
    }

    #[test]
    fn r27_what_is_around_a_document_does_no_harm() {
        for text in [
            "\u{feff}<r>x</r>",
            " \r\n<?xml version='1.0'?>\n<r> x </r>\n\0",
            "<s:r>x</s:r>",
        ] {
            let mut seen = None;
            read(text.as_bytes(), &mut |root| {
                seen = trimmed(root).map(Cow::into_owned)
            })
            .unwrap();
            assert_eq!(seen.as_deref(), Some("x"), "{text}");
        }
        let mut seen = 0;
        read(b"<r>\xe9\xff<B>1</B></r>", &mut |root| {
            seen = root.children().count()
        })
        .unwrap();
        assert_eq!(seen, 1);
    }
}
