//! UCI files.

use cwmpd::base::config::{Config, review};
use cwmpd::device::uci::Document;

/// No file panics, and what is read unchanged is byte for byte the file. What can be saved of a
/// damaged one is a file, and as the agent's own configuration it panics as little.
pub fn uci(file: &[u8]) {
    let read = Document::parse("fuzz", file.to_vec());
    if let Ok(document) = &read {
        assert_eq!(document.bytes(), file);
    }
    let Ok(saved) = Document::salvage("fuzz", file) else {
        assert!(read.is_err());
        return;
    };
    assert!(Document::parse("fuzz", saved.bytes().to_vec()).is_ok());
    let written = saved.written();
    assert_eq!(written.lost.is_empty(), read.is_ok());
    let reading = Config::read(&written);
    review(&written, &reading.looked_for);
}
