//! `WWW-Authenticate` and `Authorization` of strangers.

use cwmpd::base::digest;

/// No header panics.
pub fn digest(header: &[u8]) {
    let header = String::from_utf8_lossy(header);
    for challenge in digest::parse(&header) {
        let _ = (challenge.is("Digest"), challenge.param("nonce"));
    }
}
