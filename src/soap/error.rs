//! Why an envelope could not be read, sorted by what can be answered.

use std::fmt;

use super::limits::{MAX_ATTRIBUTES, MAX_DEPTH, MAX_ENVELOPE_BYTES};
use super::{CwmpVersion, Header};

/// Why [`super::Envelope::parse`] refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParseError {
    /// Not a CWMP envelope, or over a bound: nothing can be answered, the session failed.
    Envelope(EnvelopeError),
    /// A header element that must be understood is not (SOAP 1.1 §4.2.3): answered with
    /// [`super::must_understand_fault`].
    MustUnderstand {
        /// Version of the envelope.
        version: CwmpVersion,
        /// The header elements that are known.
        header: Box<Header>,
        /// Name of the element that is not.
        element: String,
    },
    /// A known method whose arguments are bad or missing: a request is answered with fault 9003.
    Arguments {
        /// Version of the envelope.
        version: CwmpVersion,
        /// Header of the envelope.
        header: Box<Header>,
        /// Name of the method.
        method: String,
        /// Which argument, and what is wrong with it.
        bad: Box<BadArgument>,
    },
}

/// Why a text is not a CWMP envelope that can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnvelopeError {
    /// More than [`MAX_ENVELOPE_BYTES`].
    TooLong,
    /// Deeper than [`MAX_DEPTH`].
    TooDeep,
    /// More than [`super::MAX_NODES`] nodes or [`super::MAX_MARKUP`] signs of markup.
    TooManyNodes,
    /// More than [`MAX_ATTRIBUTES`] in one place.
    TooManyAttributes,
    /// A document type declaration, which SOAP 1.1 §3 forbids.
    DocumentType,
    /// Not well-formed; what the XML reader says of it.
    Xml(String),
    /// Well-formed, but the root is no SOAP 1.1 `Envelope`.
    NotSoap,
    /// No `Body`, or not exactly one element in it.
    Body,
    /// A CWMP header element whose value has no meaning.
    Header(&'static str),
}

/// An argument that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadArgument {
    /// Its element, the innermost.
    pub name: String,
    /// What is wrong: "is missing", "is not a boolean".
    pub why: &'static str,
}

impl BadArgument {
    /// Longest name that is kept: the names of the standard are shorter.
    const MAX_NAME: usize = 64;

    /// In a box, which keeps small what every reading of a value returns.
    pub(super) fn new(name: &str, why: &'static str) -> Box<Self> {
        Box::new(Self {
            name: name.chars().take(Self::MAX_NAME).collect(),
            why,
        })
    }
}

impl From<EnvelopeError> for ParseError {
    fn from(error: EnvelopeError) -> Self {
        Self::Envelope(error)
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Envelope(error) => error.fmt(f),
            Self::MustUnderstand { element, .. } => write!(
                f,
                "the SOAP header {element} must be understood, and is not known here"
            ),
            Self::Arguments { method, bad, .. } => write!(f, "{method}: {bad}"),
        }
    }
}

impl fmt::Display for EnvelopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(
                f,
                "the envelope is longer than {MAX_ENVELOPE_BYTES} bytes; ask for less at once"
            ),
            Self::TooDeep => write!(f, "the document is nested deeper than {MAX_DEPTH} elements"),
            Self::TooManyNodes => {
                f.write_str("the document has too many elements; ask for less at once")
            }
            Self::TooManyAttributes => write!(
                f,
                "the document has more than {MAX_ATTRIBUTES} attributes in one place"
            ),
            Self::DocumentType => {
                f.write_str("the document has a document type declaration, which SOAP forbids")
            }
            Self::Xml(why) => write!(f, "the document is not well-formed XML: {why}"),
            Self::NotSoap => f.write_str("the document is no SOAP 1.1 envelope"),
            Self::Body => f.write_str("the envelope has no SOAP Body with exactly one element"),
            Self::Header(name) => {
                write!(
                    f,
                    "the header {name} has a value that the standard does not know"
                )
            }
        }
    }
}

impl fmt::Display for BadArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.why)
    }
}

impl std::error::Error for ParseError {}
impl std::error::Error for EnvelopeError {}
impl std::error::Error for BadArgument {}
