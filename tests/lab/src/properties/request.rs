//! Connection requests of strangers.

use cwmpd::connreq::http::head::{HeadReading, MAX_HEAD, read};

/// No request panics; one that is whole is within its bound, was not whole before its last byte, and
/// is the same whatever follows; its path is none of the rest of a URL.
pub fn request(bytes: &[u8]) {
    let HeadReading::Whole(head, used) = read(bytes) else {
        return;
    };
    assert!(used <= MAX_HEAD.min(bytes.len()));
    assert!(!head.path.contains(['?', '#', ' ']) && !head.method.is_empty());
    assert!(!(head.has_body && head.keep_alive));
    for cut in [used / 2, used - 1] {
        assert!(matches!(read(&bytes[..cut]), HeadReading::Partial), "{cut}");
    }
    let alone = read(&bytes[..used]);
    assert_eq!(format!("{alone:?}"), format!("{:?}", read(bytes)));
}
