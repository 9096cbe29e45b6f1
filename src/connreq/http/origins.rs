//! Where peers come from, and what is remembered of each place: how much it asked for, whether it
//! ever authenticated, and what it was refused for within this minute.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use super::denial::Denials;
use crate::base::bucket::{Bucket, Rate};
use crate::base::prefix::AddressPrefix;
use crate::base::sort::sort_by_key;

/// Places that are remembered. One more replaces the one that was not seen for longest.
const MAX_ORIGINS: usize = 256;

/// How long a place that authenticated is preferred to others.
const TRUST: Duration = Duration::from_secs(24 * 3600);

/// Connections of one place that are served with every politeness. An ACS needs two a request.
const CONNECTIONS: Rate = Rate {
    burst: 20,
    interval: Duration::from_millis(200),
};

/// Wrong passwords from one place that are looked at.
const GUESSES: Rate = Rate {
    burst: 5,
    interval: Duration::from_secs(5),
};

/// The same of all places that never authenticated: who has a great many addresses has not as many
/// guesses.
const ALL_GUESSES: Rate = Rate {
    burst: 2000,
    interval: Duration::from_millis(10),
};

/// Challenges beyond [`CONNECTIONS`], for all places: so an attacker who shares the address of the
/// ACS must be a fast one to keep it out.
const CHALLENGES: Rate = Rate {
    burst: 2000,
    interval: Duration::from_micros(500),
};

/// A place: an IPv4 address, or an IPv6 network of 64 bits, of which everybody has all addresses.
pub(super) type Origin = AddressPrefix;

/// What is remembered of the places that peers came from.
#[derive(Default)]
pub(super) struct Origins {
    records: HashMap<Origin, OriginRecord>,
    guesses: Bucket,
    challenges: Bucket,
    /// What was counted of places that are forgotten.
    forgotten: Denials,
}

/// What is remembered of one place.
#[derive(Default)]
pub(super) struct OriginRecord {
    connections: Bucket,
    guesses: Bucket,
    trusted_until: Duration,
    seen: Duration,
    /// What was refused in this minute.
    pub refused: Denials,
}

impl Origins {
    /// A peer of this place connected; says whether the place is modest in that.
    pub(super) fn connected(&mut self, origin: Origin, now: Duration) -> bool {
        let record = self.record(origin, now);
        record.connections.take(CONNECTIONS, now)
    }

    /// The record of a place, new where there is none.
    pub(super) fn record(&mut self, origin: Origin, now: Duration) -> &mut OriginRecord {
        if self.records.len() >= MAX_ORIGINS && !self.records.contains_key(&origin) {
            self.forget_one(now);
        }
        let record = self.records.entry(origin).or_default();
        record.seen = now;
        record
    }

    fn forget_one(&mut self, now: Duration) {
        let stands = |record: &OriginRecord| (record.trusted_until > now, record.seen);
        let records = self.records.iter();
        let least = records.min_by_key(|(_, record)| stands(record));
        if let Some(record) = least
            .map(|(origin, _)| *origin)
            .and_then(|origin| self.records.remove(&origin))
        {
            self.forgotten.add_all(&record.refused);
        }
    }

    /// How much a place asked for lately: nothing, where it authenticated.
    pub(super) fn debt(&self, origin: Origin, now: Duration) -> Duration {
        let record = self.records.get(&origin);
        let untrusted = record.filter(|record| record.trusted_until <= now);
        untrusted.map_or(Duration::ZERO, |record| record.connections.debt(now))
    }

    /// Whether this is the debt of one that is not modest.
    pub(super) fn is_deep(debt: Duration) -> bool {
        debt > CONNECTIONS.interval.saturating_mul(CONNECTIONS.burst - 1)
    }

    /// Whether a place may have a challenge though it is not modest.
    pub(super) fn may_be_challenged(&mut self, origin: Origin, now: Duration) -> bool {
        self.is_trusted(origin, now) || self.challenges.take(CHALLENGES, now)
    }

    /// Whether a password from this place is to be looked at.
    pub(super) fn may_guess(&mut self, origin: Origin, now: Duration) -> bool {
        let is_let = self.is_trusted(origin, now) || self.guesses.wait(ALL_GUESSES, now).is_zero();
        is_let
            && self
                .record(origin, now)
                .guesses
                .wait(GUESSES, now)
                .is_zero()
    }

    /// A password was wrong.
    pub(super) fn guessed(&mut self, origin: Origin, now: Duration) {
        if !self.is_trusted(origin, now) {
            self.guesses.take(ALL_GUESSES, now);
        }
        self.record(origin, now).guesses.take(GUESSES, now);
    }

    /// A request from this place authenticated.
    pub(super) fn trust(&mut self, origin: Origin, now: Duration) {
        self.record(origin, now).trusted_until = now.saturating_add(TRUST);
    }

    fn is_trusted(&self, origin: Origin, now: Duration) -> bool {
        let record = self.records.get(&origin);
        record.is_some_and(|record| record.trusted_until > now)
    }

    /// What was counted of each place, the most first, and of all that are forgotten; from here on
    /// the counts begin anew.
    pub(super) fn take_counts(&mut self) -> (Vec<(Origin, Denials)>, Denials) {
        let records = self.records.iter_mut();
        let counted =
            records.map(|(origin, record)| (*origin, std::mem::take(&mut record.refused)));
        let mut counted: Vec<_> = counted
            .filter(|(_, counts)| *counts != Denials::default())
            .collect();
        sort_by_key(&mut counted, |(_, counts)| std::cmp::Reverse(counts.all()));
        (counted, std::mem::take(&mut self.forgotten))
    }
}

/// The place that an address belongs to.
pub(super) fn origin_of(address: IpAddr) -> Origin {
    AddressPrefix::of_customer(address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connreq::http::denial::Denial;

    const NOW: Duration = Duration::from_secs(1000);

    fn origin(n: u32) -> Origin {
        origin_of(IpAddr::V4(n.into()))
    }

    #[test]
    fn what_is_remembered_is_bounded_and_the_acs_is_not_forgotten() {
        let mut origins = Origins::default();
        origins.trust(origin(0), NOW);
        for n in 1..1000 {
            let now = NOW + Duration::from_millis(u64::from(n));
            origins
                .record(origin(n), now)
                .refused
                .add(Denial::NoRequest);
            assert!(origins.records.len() <= MAX_ORIGINS);
        }
        assert!(origins.is_trusted(origin(0), NOW));
        let (counted, forgotten) = origins.take_counts();
        let counted: u64 = counted.iter().map(|(_, counts)| counts.all()).sum();
        assert_eq!(counted + forgotten.all(), 999);
        let (counted, forgotten) = origins.take_counts();
        assert!(counted.is_empty() && forgotten == Denials::default());
    }

    #[test]
    fn guesses_are_bounded_by_place_and_in_all_but_trust_is_not_shared() {
        let mut origins = Origins::default();
        let mut guess = |n| {
            let may = origins.may_guess(origin(n), NOW);
            if may {
                origins.guessed(origin(n), NOW);
            }
            may
        };
        assert_eq!((0..100).filter(|_| guess(1)).count(), 5);
        let of_many = (2..2000).map(|n| (0..5).filter(|_| guess(n)).count());
        assert_eq!(5 + of_many.sum::<usize>(), 2000);
        assert!(!guess(5000));
        origins.trust(origin(5001), NOW);
        assert!(origins.may_guess(origin(5001), NOW));
    }

    #[test]
    fn who_connects_often_is_in_debt_unless_trusted() {
        let mut origins = Origins::default();
        assert_eq!(
            (0..100)
                .filter(|_| origins.connected(origin(1), NOW))
                .count(),
            20
        );
        origins.connected(origin(2), NOW);
        assert!(origins.debt(origin(1), NOW) > origins.debt(origin(2), NOW));
        assert_eq!(origins.debt(origin(3), NOW), Duration::ZERO);
        origins.trust(origin(1), NOW);
        assert_eq!(origins.debt(origin(1), NOW), Duration::ZERO);
        let later = NOW + TRUST;
        assert!(!origins.is_trusted(origin(1), later));
    }
}
