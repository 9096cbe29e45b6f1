//! What came over UDP, in few lines: for the log, which no flood may fill, and for the status.
//!
//! Where a datagram comes from anybody can write into it. So addresses have no counts of their own, as
//! they have over HTTP, and it takes no memory however many there are.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::denial::UdpDenial;
use crate::connreq::counts;

/// What is refused is told at once the first time, and then summed up each so often.
const SUM_UP: Duration = Duration::from_secs(60);

/// Counts and reports.
#[derive(Default)]
pub(super) struct UdpTally {
    accepted: u64,
    refused: Counted,
    /// Since the last line in the log.
    untold: Counted,
    last_refused: Option<IpAddr>,
    sum_up_at: Option<Duration>,
}

/// How often for each reason.
#[derive(Default)]
struct Counted([u32; UdpDenial::ALL.len()]);

impl Counted {
    fn add(&mut self, why: UdpDenial) {
        if let Some(count) = self.0.get_mut(why as usize) {
            *count = count.saturating_add(1);
        }
    }

    fn of(&self, why: UdpDenial) -> u32 {
        self.0.get(why as usize).copied().unwrap_or_default()
    }

    /// All but the copies, in which each request comes.
    fn refused(&self) -> u64 {
        let refused = UdpDenial::ALL
            .into_iter()
            .filter(|why| *why != UdpDenial::Copy);
        refused.map(|why| u64::from(self.of(why))).sum()
    }

    fn reasons(&self) -> String {
        counts::in_words(&mut UdpDenial::ALL.map(|why| (self.of(why), why.short())))
    }
}

impl UdpTally {
    /// A request is to be served.
    pub(super) fn accepted(&mut self, from: SocketAddr) {
        log::info!("connection request over UDP from {} accepted", from.ip());
        self.accepted = self.accepted.saturating_add(1);
    }

    /// A datagram opens no session.
    pub(super) fn refused(&mut self, from: SocketAddr, why: UdpDenial, now: Duration) {
        self.refused.add(why);
        if why == UdpDenial::Copy {
            return;
        }
        self.last_refused = Some(from.ip());
        if self.sum_up_at.is_some() {
            self.untold.add(why);
            return;
        }
        self.sum_up_at = Some(now.saturating_add(SUM_UP));
        let (ip, long) = (from.ip(), why.long());
        log::warn!("datagram from {ip} refused: {long}");
    }

    /// When [`UdpTally::sum_up`] has something to do.
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.sum_up_at
    }

    /// Writes what was refused since the last line, if that is due.
    pub(super) fn sum_up(&mut self, now: Duration) {
        if self.sum_up_at.is_none_or(|at| at > now) {
            return;
        }
        self.sum_up_at = None;
        let untold = std::mem::take(&mut self.untold);
        let number = untold.refused();
        if let Some(last) = self.last_refused.filter(|_| number > 0) {
            let reasons = untold.reasons();
            log::warn!(
                "{number} more datagrams refused in the last minute, the last from {last}: {reasons}"
            );
        }
    }
}

/// `3 accepted, 12 refused: no request 10, wrong signature 2, copy 6; the last from 192.0.2.7`
impl fmt::Display for UdpTally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let refused = self.refused.refused();
        write!(f, "{} accepted, {refused} refused", self.accepted)?;
        if let Some(last) = self.last_refused {
            write!(f, ": {}; the last from {last}", self.refused.reasons())?;
        }
        Ok(())
    }
}
