//! `WWW-Authenticate` and `Authorization` of strangers.

use cwmpd::base::digest;

/// No header panics.
pub fn digest(header: &[u8]) {
    for challenge in digest::parse(header) {
        let _ = (challenge.is("Digest"), challenge.param("nonce"));
    }
}
