//! Nonces of the digest challenge (RFC 7616 §3.3).
//!
//! A nonce proves itself: it carries the time of its making, a number, and a keyed hash of both,
//! which nobody can foretell without the key. So a flood of unauthenticated requests leaves nothing
//! behind, and cannot push out the nonce that the ACS was just given. Only nonces that a valid request
//! used are remembered, so that none serves twice.

use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::base::digest::hex;
use crate::connreq::access::same;

/// How long a nonce is good: an ACS answers a challenge at once.
const LIFETIME: Duration = Duration::from_secs(30);

/// How many nonces are remembered as used. One more makes all that were given out stale, which
/// costs an ACS one more round.
const MAX_USED: usize = 256;

/// Hex digits of: seconds (32 bits), number (64 bits), hash (128 bits).
const STAMP: usize = 8;
const BODY: usize = STAMP + 16;
const TOTAL: usize = BODY + 32;

/// Makes nonces and checks them.
pub(super) struct Nonces {
    key: [u8; 32],
    made: u64,
    used: Vec<Used>,
}

struct Used {
    nonce: String,
    /// The highest `nc` seen with it.
    count: u32,
}

impl Nonces {
    /// With a fresh key. An error of the random source leaves a listener that can't authenticate.
    pub(super) fn new() -> Result<Self, getrandom::Error> {
        let mut key = [0; 32];
        getrandom::fill(&mut key)?;
        Ok(Self {
            key,
            made: 0,
            used: Vec::new(),
        })
    }

    /// A new nonce.
    pub(super) fn make(&mut self, now: Duration) -> String {
        self.made = self.made.wrapping_add(1);
        let mut nonce = format!("{:08x}{:016x}", seconds(now), self.made);
        let mac = self.mac(&nonce);
        nonce.push_str(&mac);
        nonce
    }

    /// Whether `nonce` is ours, in time, and not yet used with the count `nc` or a higher one.
    pub(super) fn is_good(&self, nonce: &str, nc: u32, now: Duration) -> bool {
        let used = self.used.iter().find(|used| used.nonce == nonce);
        self.made_at(nonce).is_some_and(|made| is_young(made, now))
            && used.is_none_or(|used| used.count < nc)
    }

    /// Remembers that a valid request used `nonce` with the count `nc`.
    pub(super) fn spend(&mut self, nonce: &str, nc: u32, now: Duration) {
        self.used
            .retain(|used| stamp(&used.nonce).is_some_and(|made| is_young(made, now)));
        if let Some(used) = self.used.iter_mut().find(|used| used.nonce == nonce) {
            used.count = used.count.max(nc);
            return;
        }
        if self.used.len() >= MAX_USED && getrandom::fill(&mut self.key).is_ok() {
            self.used.clear();
            return;
        }
        self.used.push(Used {
            nonce: nonce.to_owned(),
            count: nc,
        });
    }

    fn made_at(&self, nonce: &str) -> Option<u32> {
        let (body, mac) = nonce.split_at_checked(BODY)?;
        if nonce.len() != TOTAL || !same(mac, self.mac(body)) {
            return None;
        }
        stamp(body)
    }

    /// The body has a fixed length, so the plain keyed hash can't be extended to another one.
    fn mac(&self, body: &str) -> String {
        let hash = Sha256::new()
            .chain_update(self.key)
            .chain_update(body)
            .finalize();
        hex(hash.get(..16).unwrap_or_default())
    }
}

fn is_young(made: u32, now: Duration) -> bool {
    // Seconds wrap after 136 years of uptime.
    u64::from(seconds(now).wrapping_sub(made)) <= LIFETIME.as_secs()
}

fn stamp(nonce: &str) -> Option<u32> {
    u32::from_str_radix(nonce.get(..STAMP)?, 16).ok()
}

fn seconds(now: Duration) -> u32 {
    u32::try_from(now.as_secs() & u64::from(u32::MAX)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1000);

    #[test]
    fn a_nonce_is_good_once_a_count_and_only_for_a_while() {
        let mut nonces = Nonces::new().unwrap();
        let nonce = nonces.make(NOW);
        assert!(nonces.is_good(&nonce, 1, NOW));
        nonces.spend(&nonce, 1, NOW);
        assert!(!nonces.is_good(&nonce, 1, NOW));
        assert!(nonces.is_good(&nonce, 2, NOW));
        let later = NOW + LIFETIME + Duration::from_secs(1);
        assert!(!nonces.is_good(&nonce, 3, later));
    }

    #[test]
    fn a_made_up_nonce_is_not_good() {
        let mut nonces = Nonces::new().unwrap();
        let nonce = nonces.make(NOW);
        let other = Nonces::new().unwrap().make(NOW);
        let younger = format!("{:08x}{}", 1001, &nonce[8..]);
        let longer = format!("{nonce}0");
        for wrong in ["", "x", &other, &younger, &longer, "ééééééééééééé"] {
            assert!(!nonces.is_good(wrong, 1, NOW), "{wrong}");
        }
    }

    #[test]
    fn what_is_remembered_is_bounded_and_nothing_replays() {
        let mut nonces = Nonces::new().unwrap();
        let given: Vec<_> = (0..1000).map(|_| nonces.make(NOW)).collect();
        for nonce in &given {
            if nonces.is_good(nonce, 1, NOW) {
                nonces.spend(nonce, 1, NOW);
            }
            assert!(nonces.used.len() <= MAX_USED);
        }
        assert!(given.iter().all(|nonce| !nonces.is_good(nonce, 1, NOW)));
        let nonce = nonces.make(NOW);
        assert!(nonces.is_good(&nonce, 1, NOW));
    }
}
