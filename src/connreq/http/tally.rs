//! What the port did, in few lines: for the log, where an attack must not become a flood of lines,
//! and for the status.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use super::denial::{Denial, Denials};
use super::origins::{Origin, Origins, origin_of};
use crate::connreq::counts::SumUp;

/// Lines for that, at once and in sum; the rest of the places are told of in one more line.
const MAX_LINES: usize = 16;

/// Challenges of one place that are worth a line: an ACS needs one a request.
const MANY_CHALLENGES: u32 = 60;

/// Counts and reports.
#[derive(Default)]
pub(super) struct Tally {
    accepted: u64,
    refused: Denials,
    last_refused: Option<Origin>,
    /// Lines that were written at once since the last sum.
    told: usize,
    sum_up: SumUp,
}

impl Tally {
    /// A request was answered with 200.
    pub(super) fn accepted(&mut self, peer: SocketAddr) {
        log::info!("connection request from {} accepted", peer.ip());
        self.accepted = self.accepted.saturating_add(1);
    }

    /// A request or a connection was refused.
    pub(super) fn refused(
        &mut self,
        peer: SocketAddr,
        why: Denial,
        origins: &mut Origins,
        now: Duration,
    ) {
        let origin = origin_of(peer.ip());
        let counts = &mut origins.record(origin, now).refused;
        counts.add(why);
        self.refused.add(why);
        self.sum_up.begins(now);
        if why == Denial::NoAuthorization {
            return;
        }
        self.last_refused = Some(origin);
        if counts.refused() == 1 && self.told < MAX_LINES {
            self.told += 1;
            let (ip, long) = (peer.ip(), why.long());
            log::warn!("connection request from {ip} refused: {long}");
        }
    }

    /// When [`Tally::sum_up`] has something to do.
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.sum_up.deadline()
    }

    /// Writes what was refused since the last time, if that is due.
    pub(super) fn sum_up(&mut self, origins: &mut Origins, now: Duration) {
        if !self.sum_up.is_due(now) {
            return;
        }
        self.told = 0;
        for line in lines(origins) {
            log::warn!("{line}");
        }
    }
}

/// One line for each of the places that were refused most, and one for all others.
fn lines(origins: &mut Origins) -> Vec<String> {
    let (mut counted, mut others) = origins.take_counts();
    counted.retain(|(_, counts)| {
        counts.refused() > 1 || counts.of(Denial::NoAuthorization) > MANY_CHALLENGES
    });
    let rest = counted.split_off(counted.len().min(MAX_LINES));
    for (_, counts) in &rest {
        others.add_all(counts);
    }
    let sum = |who: &str, counts: &Denials| {
        let (number, reasons) = (counts.all(), counts.reasons::<Denial>());
        format!("{who}: {number} connection requests refused in the last minute: {reasons}")
    };
    let lines = counted.iter();
    let mut lines: Vec<_> = lines
        .map(|(origin, counts)| sum(&origin.to_string(), counts))
        .collect();
    if others.all() > 0 {
        lines.push(sum("other addresses", &others));
    }
    lines
}

/// `3 accepted, 12 refused: wrong path 10, wrong password 2; the last from 192.0.2.7`
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let refused = self.refused.refused();
        write!(f, "{} accepted, {refused} refused", self.accepted)?;
        if let Some(origin) = self.last_refused {
            write!(
                f,
                ": {}; the last from {origin}",
                self.refused.reasons::<Denial>()
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connreq::counts::SUM_UP;

    const NOW: Duration = Duration::from_secs(1000);

    fn peer(n: u32) -> SocketAddr {
        SocketAddr::new(std::net::IpAddr::V4((0x7f00_0000 + n).into()), 1)
    }

    #[test]
    fn a_minute_of_attack_is_a_few_lines() {
        let (mut tally, mut origins) = (Tally::default(), Origins::default());
        for n in 1..5000 {
            for _ in 0..n % 7 {
                tally.refused(peer(n), Denial::WrongPath, &mut origins, NOW);
            }
        }
        assert_eq!(tally.told, MAX_LINES);
        let all = tally.refused.all();
        let lines = lines(&mut origins);
        assert_eq!(lines.len(), MAX_LINES + 1);
        assert!(
            lines[0].ends_with(": 6 connection requests refused in the last minute: wrong path 6")
        );
        let numbers = lines.iter().map(|line| {
            let number = line.split(' ').find_map(|word| word.parse::<u64>().ok());
            number.unwrap()
        });
        // What was told at once, and alone, is not told again.
        assert!(numbers.sum::<u64>() > all - 256);
    }

    #[test]
    fn the_challenge_of_an_ordinary_request_is_no_refusal() {
        let (mut tally, mut origins) = (Tally::default(), Origins::default());
        for _ in 0..MANY_CHALLENGES {
            tally.refused(peer(1), Denial::NoAuthorization, &mut origins, NOW);
        }
        assert_eq!(lines(&mut origins), [""; 0]);
        assert_eq!(tally.to_string(), "0 accepted, 0 refused");
        for _ in 0..=MANY_CHALLENGES {
            tally.refused(peer(1), Denial::NoAuthorization, &mut origins, NOW);
        }
        let expected = "127.0.0.1: 61 connection requests refused in the last minute: \
                        no credentials yet 61";
        assert_eq!(lines(&mut origins), [expected]);
    }

    #[test]
    fn the_sum_is_due_a_minute_after_the_first_and_then_the_status_still_has_it() {
        let (mut tally, mut origins) = (Tally::default(), Origins::default());
        assert_eq!(tally.deadline(), None);
        tally.refused(peer(2), Denial::WrongPath, &mut origins, NOW);
        tally.refused(
            peer(2),
            Denial::WrongPassword,
            &mut origins,
            NOW + SUM_UP / 2,
        );
        assert_eq!(tally.deadline(), Some(NOW + SUM_UP));
        tally.sum_up(&mut origins, NOW + SUM_UP);
        assert_eq!(tally.deadline(), None);
        assert_eq!(lines(&mut origins), [""; 0]);
        assert_eq!(
            tally.to_string(),
            "0 accepted, 2 refused: wrong path 1, wrong password 1; the last from 127.0.0.2"
        );
    }
}
