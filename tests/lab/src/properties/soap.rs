//! Envelopes of an ACS.

use cwmpd::soap::{CwmpVersion, Envelope, Message, ParseError};

/// No input panics, and what could be read is written so that it is read as the same.
pub fn soap(body: &[u8]) {
    let mut envelope = match Envelope::parse(body) {
        Ok(envelope) => envelope,
        Err(error) => return describe(&error),
    };
    if let Message::Unknown { .. } = envelope.body {
        // A known name of another namespace would be written in CWMP's.
        return;
    }
    // The newest version has every header element.
    envelope.version = CwmpVersion::V1_4;
    let written = envelope.emit();
    let mut read = Envelope::parse(written.as_bytes()).expect("what is written can be read");
    read.version = CwmpVersion::V1_4;
    assert_eq!(read.emit(), written);
}

fn describe(error: &ParseError) {
    assert!(error.to_string().len() < 2000, "one line for the log");
}
