//! SOAP 1.1 envelopes and the CWMP messages in them, both ways (TR-069 §3.5, Annex A).
//!
//! Reading accepts the standard's XML, not one ACS's habit; writing produces what validates strictly
//! against the official schemas. Every message parses and emits, so that what one side writes the
//! other side reads: the properties are tested for each. (The program alone is one side: what only
//! the other needs is left out of it, see `body`.) Nothing here does I/O, and no input panics.
//!
//! [`Envelope::read`] and [`Envelope::emit`] do both; [`GetParameterValuesResponseWriter`] and
//! [`GetParameterNamesResponseWriter`] write the two responses that may be long. What the schema says
//! of lengths and patterns of texts is not checked here: the engine knows what to answer.
//!
//! | file | duty |
//! |---|---|
//! | `message` | the messages as Rust values |
//! | `envelope` | header, namespaces, Body |
//! | `body`, `structs` | which element is which argument, one list for both ways |
//! | `codec` | base types and lists |
//! | `document` | any document, within bounds and though it is wrong by the letter |
//! | `element` | an element, and what was odd and taken all the same |
//! | `stream` | the two responses that may be long, written as the model is walked |
//! | `code`, `fault`, `error` | the fault codes (A.5) and what they say; why an envelope could not be read |
//! | `version`, `limits` | versions and their namespaces (§3.7.4); bounds on what is read |
//! | `xml`, `scan` | escaping on the way out, bounds on the way in |

mod body;
pub mod code;
mod codec;
mod document;
mod element;
mod envelope;
mod error;
mod fault;
mod limits;
mod message;
mod scan;
mod stream;
mod structs;
mod version;
mod xml;

pub use document::read as read_document;
pub use element::{Element, Oddities};
pub use envelope::must_understand_fault;
#[cfg(feature = "inside")]
pub use error::EnvelopeError;
pub use error::ParseError;
pub use fault::fault_string;
pub use limits::*;
pub use message::*;
pub use stream::{GetParameterNamesResponseWriter, GetParameterValuesResponseWriter};
pub use version::CwmpVersion;
pub use xml::{MAX_ESCAPED_BYTES, escaped_len};
