//! Takes a stream apart into its header and the stanzas in it (RFC 6120 §4), byte by byte as they
//! come, in bounded memory. What the tags say is not looked at here.
//!
//! A stanza that is too long or too deep comes from whoever is allowed to send to the box, which may
//! be anybody; so it must not end the connection. Its start tag is kept, and the rest passed over.

use super::end::XmppEnd;

/// Bytes of a stanza that are kept. A connection request has about 400.
pub const MAX_STANZA_BYTES: usize = 16 * 1024;

/// Bytes of a stanza that are passed over; servers have bounds below it. One that does not end by
/// then ends the connection.
pub const MAX_PASSED_BYTES: usize = 1024 * 1024;

/// Bytes of a stream header.
pub const MAX_HEADER_BYTES: usize = 4 * 1024;

/// Elements inside each other, the stream's own among them. A connection request has three in it.
pub const MAX_DEPTH: u32 = 16;

/// Attributes of one element.
pub const MAX_ATTRIBUTES: u32 = 24;

/// What can be taken off the front of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamPiece {
    /// `<stream:stream ...>`: the tag.
    Opened(Vec<u8>),
    /// An element within the stream, whole; of one beyond the bounds its start tag, as an empty
    /// element.
    Stanza(Vec<u8>),
    /// `</stream:stream>`
    Ended,
}

/// Where the last byte left the reader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum SplitPlace {
    /// Outside of markup.
    #[default]
    Text,
    /// Behind `<`.
    Opening,
    /// In a start or an end tag; in an attribute's value with its quote; the byte before.
    Tag {
        is_end: bool,
        quote: Option<u8>,
        last: u8,
    },
    /// In the XML declaration.
    Declaration,
    /// So far into `<![CDATA[`, behind `<!`.
    Bang(usize),
    /// In a CDATA section, with so much of `]]>` at last.
    Cdata(usize),
}

const CDATA: &[u8] = b"[CDATA[";

/// Takes one stream apart, from its beginning.
#[derive(Debug, Default)]
pub struct Splitter {
    place: SplitPlace,
    depth: u32,
    /// Of the piece that is being read: what is kept, its start tag's length, and all its bytes.
    kept: Vec<u8>,
    start_tag: usize,
    bytes: usize,
    is_cut: bool,
    attributes: u32,
    has_declaration: bool,
}

impl Splitter {
    /// Whether a piece has begun and not ended.
    pub fn is_inside(&self) -> bool {
        self.place != SplitPlace::Text || self.depth > 1
    }

    /// Takes bytes from the front of `input` until a piece is whole; `None` once all are taken.
    ///
    /// # Errors
    /// [`XmppEnd::NoXmpp`]: what is no stream, forbidden there (RFC 6120 §11.1), or without end.
    pub fn next(&mut self, input: &mut &[u8]) -> Result<Option<StreamPiece>, XmppEnd> {
        while let Some((byte, rest)) = input.split_first() {
            *input = rest;
            if let Some(piece) = self.step(*byte).map_err(XmppEnd::NoXmpp)? {
                return Ok(Some(piece));
            }
        }
        Ok(None)
    }

    fn step(&mut self, byte: u8) -> Result<Option<StreamPiece>, &'static str> {
        if self.place == SplitPlace::Text && self.depth < 2 {
            return match byte {
                b'<' => {
                    self.begin();
                    Ok(None)
                }
                b' ' | b'\t' | b'\r' | b'\n' => Ok(None),
                _ => Err("there is text between its stanzas"),
            };
        }
        self.keep(byte)?;
        match self.place {
            SplitPlace::Text => {
                if byte == b'<' {
                    self.place = SplitPlace::Opening;
                }
            }
            SplitPlace::Opening => self.open(byte)?,
            SplitPlace::Tag {
                is_end,
                quote,
                last,
            } => return self.tag(byte, is_end, quote, last),
            SplitPlace::Declaration => {
                if byte == b'>' {
                    self.place = SplitPlace::Text;
                }
            }
            SplitPlace::Bang(at) => {
                if CDATA.get(at) != Some(&byte) {
                    return Err("it has a comment or a document type");
                }
                self.place = match at + 1 == CDATA.len() {
                    true => SplitPlace::Cdata(0),
                    false => SplitPlace::Bang(at + 1),
                };
            }
            SplitPlace::Cdata(ends) => {
                self.place = match (byte, ends) {
                    (b'>', 2) => SplitPlace::Text,
                    (b']', ends) => SplitPlace::Cdata((ends + 1).min(2)),
                    _ => SplitPlace::Cdata(0),
                };
            }
        }
        Ok(None)
    }

    /// A `<` that begins a piece.
    fn begin(&mut self) {
        self.kept = Vec::new();
        self.kept.push(b'<');
        (self.start_tag, self.bytes, self.is_cut) = (0, 1, false);
        self.place = SplitPlace::Opening;
    }

    fn keep(&mut self, byte: u8) -> Result<(), &'static str> {
        self.bytes += 1;
        let (most, why) = match self.depth {
            0 => (MAX_HEADER_BYTES, "its header has no end"),
            _ => (MAX_PASSED_BYTES, "a stanza has no end"),
        };
        if self.bytes > most {
            return Err(why);
        }
        match self.kept.len() < MAX_STANZA_BYTES {
            true if !self.is_cut => self.kept.push(byte),
            _ => self.cut(),
        }
        Ok(())
    }

    /// Keeps no more of the stanza than its start tag.
    fn cut(&mut self) {
        self.is_cut = true;
        self.kept.truncate(self.start_tag);
    }

    fn open(&mut self, byte: u8) -> Result<(), &'static str> {
        self.attributes = 0;
        self.place = match byte {
            b'!' if self.depth > 1 => SplitPlace::Bang(0),
            b'!' => return Err("it has a comment or a document type"),
            b'?' if self.depth == 0 && !self.has_declaration => {
                self.has_declaration = true;
                SplitPlace::Declaration
            }
            b'?' => return Err("it has a processing instruction"),
            b'>' | b'<' | b'=' | b'"' | b'\'' | b' ' | b'\t' | b'\r' | b'\n' => {
                return Err("it is no XML");
            }
            _ => SplitPlace::Tag {
                is_end: byte == b'/',
                quote: None,
                last: byte,
            },
        };
        Ok(())
    }

    fn tag(
        &mut self,
        byte: u8,
        is_end: bool,
        quote: Option<u8>,
        last: u8,
    ) -> Result<Option<StreamPiece>, &'static str> {
        let quote = match (quote, byte) {
            (Some(open), _) if open != byte => Some(open),
            (Some(_), _) => {
                self.attributes += 1;
                if self.attributes > MAX_ATTRIBUTES {
                    self.cut();
                }
                None
            }
            (None, b'"' | b'\'') => Some(byte),
            (None, b'<') => return Err("it is no XML"),
            (None, b'>') => {
                self.place = SplitPlace::Text;
                return self.tag_ends(is_end, last == b'/');
            }
            (None, _) => None,
        };
        self.place = SplitPlace::Tag {
            is_end,
            quote,
            last: byte,
        };
        Ok(None)
    }

    fn tag_ends(
        &mut self,
        is_end: bool,
        is_empty: bool,
    ) -> Result<Option<StreamPiece>, &'static str> {
        match (self.depth, is_end) {
            (0, true) => return Err("it ends before it begins"),
            (0, false) if is_empty || self.is_cut => return Err("its header is none"),
            (0, false) => {
                self.depth = 1;
                return Ok(Some(StreamPiece::Opened(std::mem::take(&mut self.kept))));
            }
            (1, true) => {
                self.depth = 0;
                return Ok(Some(StreamPiece::Ended));
            }
            (_, true) => self.depth -= 1,
            (_, false) => {
                if self.start_tag == 0 && !self.is_cut {
                    self.start_tag = self.kept.len();
                }
                if !is_empty {
                    self.depth += 1;
                    if self.depth > MAX_DEPTH {
                        self.cut();
                    }
                }
            }
        }
        Ok((self.depth == 1).then(|| self.stanza()).flatten())
    }

    /// The stanza that has ended, if there is anything of it.
    fn stanza(&mut self) -> Option<StreamPiece> {
        let mut kept = std::mem::take(&mut self.kept);
        if self.is_cut {
            kept.pop()?;
            kept.extend_from_slice(b"/>");
        }
        Some(StreamPiece::Stanza(kept))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The pieces of what comes in parts of so many bytes, up to what is no stream.
    fn split(text: &[u8], part: usize) -> (Vec<StreamPiece>, bool) {
        let mut splitter = Splitter::default();
        let mut pieces = Vec::new();
        for mut part in text.chunks(part) {
            loop {
                match splitter.next(&mut part) {
                    Ok(Some(piece)) => pieces.push(piece),
                    Ok(None) => break,
                    Err(_) => return (pieces, false),
                }
            }
        }
        (pieces, !splitter.is_inside())
    }

    fn stanza(text: &str) -> StreamPiece {
        StreamPiece::Stanza(text.as_bytes().to_vec())
    }

    #[test]
    fn r42_pieces_end_where_their_tags_do_wherever_the_stream_is_cut() {
        let text = b"<?xml version='1.0'?>\n<s a='>' b=\"/>\">  <a/><b c='</b>'>x>y<b/></b >\n<c><![CDATA[]</c>]]]>\
                     </c></s>";
        let expected = [
            StreamPiece::Opened(b"<s a='>' b=\"/>\">".to_vec()),
            stanza("<a/>"),
            stanza("<b c='</b>'>x>y<b/></b >"),
            stanza("<c><![CDATA[]</c>]]]></c>"),
            StreamPiece::Ended,
        ];
        for part in 1..text.len() {
            assert_eq!(split(text, part), (expected.to_vec(), true), "{part}");
        }
    }

    #[test]
    fn r42_beyond_the_bounds_the_start_tag_is_left() {
        let pieces = |text: &str| {
            split(format!("<s>{text}<z/>").as_bytes(), 999)
                .0
                .split_off(1)
        };
        let long = "x".repeat(MAX_STANZA_BYTES);
        assert_eq!(
            pieces(&format!("<a b='1'>{long}</a>")),
            [stanza("<a b='1'/>"), stanza("<z/>")]
        );
        assert_eq!(pieces(&format!("<a b='{long}'/>")), [stanza("<z/>")]);
        assert_eq!(
            pieces(&format!("<a {}/>", "b='' ".repeat(25))),
            [stanza("<z/>")]
        );
        assert_eq!(
            pieces(&format!("<a><b {}/></a>", "c='' ".repeat(25))),
            [stanza("<a/>"), stanza("<z/>")]
        );
        let deep = |levels: u32| {
            let levels = usize::try_from(levels).unwrap();
            pieces(&format!(
                "<a>{}{}</a>",
                "<b>".repeat(levels),
                "</b>".repeat(levels)
            ))
        };
        // The stream's own element and `a` are two of them.
        let StreamPiece::Stanza(whole) = &deep(MAX_DEPTH - 2)[0] else {
            panic!("a stanza");
        };
        assert!(whole.len() > 100);
        assert_eq!(deep(MAX_DEPTH - 1), [stanza("<a/>"), stanza("<z/>")]);
        let fits = MAX_STANZA_BYTES - "<a></a>".len();
        let StreamPiece::Stanza(whole) = &pieces(&format!("<a>{}</a>", "x".repeat(fits)))[0] else {
            panic!("a stanza");
        };
        assert_eq!(whole.len(), MAX_STANZA_BYTES);
    }

    #[test]
    fn r42_what_the_standard_forbids_and_what_never_ends_is_an_error() {
        let is_stream = |text: &str| split(format!("<s>{text}").as_bytes(), 4096).1;
        assert!(is_stream("<a><![CDATA[x]]></a>"));
        for text in [
            "<a><!-- --></a>",
            "<!-- -->",
            "<a><?x?></a>",
            "<![CDATA[x]]>",
            "<!DOCTYPE x>",
            "x",
            "</s></s>",
            "< a/>",
            "<>",
            "<a <b/>",
            "<a><![CDAT[x]]></a>",
        ] {
            assert!(!is_stream(text), "{text}");
        }
        let much = "x".repeat(MAX_PASSED_BYTES - 7);
        assert!(is_stream(&format!("<a>{much}</a>")));
        assert!(!is_stream(&format!("<a>x{much}</a>")));
    }

    proptest! {
        #[test]
        fn r42_any_bytes_are_the_same_in_any_pieces(
            text in "(<[sab/!?]| |>|/|'|\"|=|\\[CDATA\\[|\\]|x){0,60}",
            part in 1usize..9,
        ) {
            let text = format!("<s>{text}");
            prop_assert_eq!(split(text.as_bytes(), part), split(text.as_bytes(), usize::MAX));
        }
    }
}
