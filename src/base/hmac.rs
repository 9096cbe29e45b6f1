//! HMAC (RFC 2104) with SHA-1: what the standard has for STUN and for connection requests over UDP.

use openssl::sha::Sha1;

/// Bytes of an HMAC with SHA-1.
pub const HMAC_SHA1_LEN: usize = 20;

/// What SHA-1 takes at once.
const BLOCK: usize = 64;

/// The HMAC of these parts, one after the other.
pub fn hmac_sha1(key: &[u8], parts: &[&[u8]]) -> [u8; HMAC_SHA1_LEN] {
    let hashed = (key.len() > BLOCK).then(|| openssl::sha::sha1(key));
    let key = hashed.as_ref().map_or(key, |hash| hash);
    let inner = keyed(key, 0x36, parts);
    keyed(key, 0x5c, &[&inner])
}

fn keyed(key: &[u8], pad: u8, parts: &[&[u8]]) -> [u8; HMAC_SHA1_LEN] {
    let mut block = [pad; BLOCK];
    for (byte, key) in block.iter_mut().zip(key) {
        *byte ^= key;
    }
    let mut hash = Sha1::new();
    hash.update(&block);
    for part in parts {
        hash.update(part);
    }
    hash.finish()
}

#[cfg(test)]
mod tests {
    use super::hmac_sha1;
    use crate::base::digest::hex;

    #[test]
    fn the_values_of_rfc_2202() {
        let cases: [(&[u8], &[u8], &str); 4] = [
            (
                &[0x0b; 20],
                b"Hi There",
                "b617318655057264e28bc0b6fb378c8ef146be00",
            ),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
            ),
            (
                &[0xaa; 80],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "aa4ae5e15272d00e95705637ce8a3b55ed402112",
            ),
            (b"", b"", "fbdb1d1b18aa6c08324b7d64b71fb76370690e1d"),
        ];
        for (key, text, expected) in cases {
            let (first, second) = text.split_at(text.len() / 3);
            assert_eq!(hex(&hmac_sha1(key, &[first, second])), expected);
        }
    }
}
