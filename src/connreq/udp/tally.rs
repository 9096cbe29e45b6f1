//! What came over UDP, in few lines: for the log, which no flood may fill, and for the status.
//!
//! Where a datagram comes from anybody can write into it. So addresses have no counts of their own, as
//! they have over HTTP, and it takes no memory however many there are.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::denial::{UdpDenial, UdpDenials};
use crate::connreq::counts::SumUp;

/// Counts and reports.
#[derive(Default)]
pub(super) struct UdpTally {
    accepted: u64,
    /// No refusals, since each request comes several times.
    copies: u64,
    refused: UdpDenials,
    /// Since the last line in the log.
    untold: UdpDenials,
    last_refused: Option<IpAddr>,
    sum_up: SumUp,
}

impl UdpTally {
    /// A request is to be served.
    pub(super) fn accepted(&mut self, from: SocketAddr) {
        log::info!("connection request over UDP from {} accepted", from.ip());
        self.accepted = self.accepted.saturating_add(1);
    }

    /// A datagram opens no session.
    pub(super) fn refused(&mut self, from: SocketAddr, why: UdpDenial, now: Duration) {
        if why == UdpDenial::Copy {
            self.copies = self.copies.saturating_add(1);
            return;
        }
        self.refused.add(why);
        self.last_refused = Some(from.ip());
        if !self.sum_up.begins(now) {
            self.untold.add(why);
            return;
        }
        let (ip, long) = (from.ip(), why.long());
        log::warn!("datagram from {ip} refused: {long}");
    }

    /// When [`UdpTally::sum_up`] has something to do.
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.sum_up.deadline()
    }

    /// Writes what was refused since the last line, if that is due.
    pub(super) fn sum_up(&mut self, now: Duration) {
        if !self.sum_up.is_due(now) {
            return;
        }
        let untold = std::mem::take(&mut self.untold);
        let number = untold.all();
        if let Some(last) = self.last_refused.filter(|_| number > 0) {
            let reasons = untold.reasons::<UdpDenial>();
            log::warn!(
                "{number} more datagrams refused in the last minute, the last from {last}: {reasons}"
            );
        }
    }
}

/// `3 accepted, 6 copies, 12 refused: no request 10, wrong signature 2; the last from 192.0.2.7`
impl fmt::Display for UdpTally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (accepted, copies, refused) = (self.accepted, self.copies, self.refused.all());
        write!(f, "{accepted} accepted, {copies} copies, {refused} refused")?;
        if let Some(last) = self.last_refused {
            write!(
                f,
                ": {}; the last from {last}",
                self.refused.reasons::<UdpDenial>()
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

    fn from(n: u32) -> SocketAddr {
        SocketAddr::new(IpAddr::V4((0x7f00_0000 + n).into()), 1)
    }

    #[test]
    fn r16_a_minute_of_noise_is_two_lines() {
        let mut tally = UdpTally::default();
        for n in 1..5000 {
            let why = match n % 10 {
                0 => UdpDenial::WrongSignature,
                _ => UdpDenial::NoRequest,
            };
            tally.refused(from(n), why, NOW);
        }
        assert_eq!(tally.deadline(), Some(NOW + SUM_UP));
        // The first had a line at once, all others are in the other.
        assert_eq!(tally.untold.all(), 4998);
        tally.sum_up(NOW + SUM_UP);
        assert_eq!((tally.untold.all(), tally.deadline()), (0, None));
        let expected = "0 accepted, 0 copies, 4999 refused: no request 4500, wrong signature 499; \
                        the last from 127.0.19.135";
        assert_eq!(tally.to_string(), expected);
    }

    #[test]
    fn copies_are_no_refusals() {
        let mut tally = UdpTally::default();
        tally.accepted(from(1));
        tally.refused(from(1), UdpDenial::Copy, NOW);
        assert_eq!(tally.deadline(), None);
        assert_eq!(tally.to_string(), "1 accepted, 1 copies, 0 refused");
        tally.refused(from(2), UdpDenial::Old, NOW);
        let expected = "1 accepted, 1 copies, 1 refused: old 1; the last from 127.0.0.2";
        assert_eq!(tally.to_string(), expected);
    }
}
