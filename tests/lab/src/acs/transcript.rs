//! What was said.

use cwmpd::soap::{Envelope, Message};

use crate::http::{Reply, Request};

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The agent on the box.
    Box,
    /// Whoever plays the script.
    Acs,
}

/// One HTTP message.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Who sent it.
    pub side: Side,
    /// In which session, from 1; 0 where it was refused before the script saw it.
    pub session: usize,
    /// On which connection of this ACS, from 1.
    pub connection: usize,
    /// The envelope; `None` in an empty message, and where there is none that can be read.
    pub envelope: Option<Envelope>,
    /// The body as sent.
    pub xml: String,
    /// The request with its headers, where the box sent it.
    pub request: Option<Request>,
    /// What the ACS answered where it was no envelope: `401`, `204`, ...
    pub note: String,
}

impl Entry {
    /// A message of the box.
    pub(super) fn from_box(session: usize, connection: usize, request: &Request) -> Self {
        Self {
            side: Side::Box,
            session,
            connection,
            envelope: Envelope::parse(&request.body).ok(),
            xml: request.text(),
            request: Some(request.clone()),
            note: String::new(),
        }
    }

    /// An envelope of the ACS.
    pub(super) fn from_acs(session: usize, connection: usize, envelope: &Envelope) -> Self {
        Self {
            side: Side::Acs,
            session,
            connection,
            envelope: Some(envelope.clone()),
            xml: envelope.emit(),
            request: None,
            note: String::new(),
        }
    }

    /// Any other answer of the ACS.
    pub(super) fn wire(session: usize, connection: usize, reply: &Reply) -> Self {
        Self {
            side: Side::Acs,
            session,
            connection,
            envelope: None,
            xml: String::new(),
            request: None,
            note: reply.to_string(),
        }
    }

    /// The message in the envelope.
    pub fn message(&self) -> Option<&Message> {
        self.envelope.as_ref().map(|envelope| &envelope.body)
    }
}
