//! Which external ports are tried.

use std::ops::Range;

/// How many are tried before it is given up.
const MAX_TRIES: usize = 8;

/// Where nothing else is wanted: neither those of well-known services nor those that gateways use for
/// what goes out.
const ANY: Range<u16> = 10_000..32_768;

/// The external ports to try, one after the other, each once.
pub(super) struct Ports<'a> {
    wanted: Vec<u16>,
    avoid: &'a [u16],
    tried: Vec<u16>,
    goes_on: bool,
}

impl<'a> Ports<'a> {
    /// Those that are `wanted`, the first first, and then any; none of those to `avoid`.
    pub(super) fn new(wanted: Vec<u16>, avoid: &'a [u16]) -> Self {
        Self {
            wanted,
            avoid,
            tried: Vec::new(),
            goes_on: true,
        }
    }

    /// No other than this one is tried from now on.
    pub(super) fn only(&mut self, port: u16) {
        self.wanted = vec![port];
        self.goes_on = false;
    }

    /// How many were tried.
    pub(super) fn tried(&self) -> usize {
        self.tried.len()
    }

    /// The next one.
    pub(super) fn next(&mut self) -> Option<u16> {
        if self.tried.len() >= MAX_TRIES {
            return None;
        }
        let Self {
            wanted,
            avoid,
            tried,
            ..
        } = self;
        let is_free = |port: &u16| *port != 0 && !avoid.contains(port) && !tried.contains(port);
        let at = wanted.iter().position(is_free);
        let next = match at {
            Some(at) => wanted.get(at).copied(),
            None if self.goes_on => (0..MAX_TRIES).map(|_| any()).find(is_free),
            None => None,
        }?;
        self.tried.push(next);
        Some(next)
    }
}

/// Some port; one that is always the same where the system has no random bytes.
fn any() -> u16 {
    let mut random = [0; 2];
    let _ = getrandom::fill(&mut random);
    let count = ANY.end - ANY.start;
    ANY.start + u16::from_ne_bytes(random) % count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r28_wanted_ports_come_first_and_each_once() {
        let mut ports = Ports::new(vec![80, 0, 7547, 80, 443], &[443]);
        assert_eq!((ports.next(), ports.next()), (Some(80), Some(7547)));
        let mut others: Vec<_> = std::iter::from_fn(|| ports.next()).collect();
        assert_eq!(others.len(), MAX_TRIES - 2);
        assert!(others.iter().all(|port| ANY.contains(port)), "{others:?}");
        others.sort_unstable();
        others.dedup();
        assert_eq!(others.len(), MAX_TRIES - 2);
        assert_eq!(ports.tried(), MAX_TRIES);
    }

    #[test]
    fn r28_where_only_one_will_do_no_other_is_tried() {
        let mut ports = Ports::new(vec![80], &[]);
        ports.next();
        ports.only(7547);
        assert_eq!((ports.next(), ports.next()), (Some(7547), None));
        let mut ports = Ports::new(vec![80], &[]);
        ports.next();
        ports.only(80);
        assert_eq!(ports.next(), None);
    }
}
