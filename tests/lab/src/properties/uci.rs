//! UCI files.

use cwmpd::device::uci::Document;

/// No file panics, and what is read unchanged is byte for byte the file.
pub fn uci(file: &[u8]) {
    if let Ok(document) = Document::parse("fuzz", file.to_vec()) {
        assert_eq!(document.bytes(), file);
    }
}
