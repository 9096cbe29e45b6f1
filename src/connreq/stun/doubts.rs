//! Answers that are not believed: counted, and told in few lines.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

/// At most one line so often.
const TELL_AGAIN: Duration = Duration::from_secs(600);

/// Why an answer is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// It is not from the server that was asked.
    Stranger,
    /// It answers nothing that was asked.
    Unasked,
    /// It is no message, or lacks what it must have.
    Malformed,
    /// It does not prove that it is the server's.
    Unproven,
    /// No box can have the address that it tells.
    Impossible,
}

impl Doubt {
    const ALL: [Self; 5] = [
        Self::Stranger,
        Self::Unasked,
        Self::Malformed,
        Self::Unproven,
        Self::Impossible,
    ];

    fn words(self) -> &'static str {
        match self {
            Self::Stranger => "not from the server",
            Self::Unasked => "to nothing that was asked",
            Self::Malformed => "malformed",
            Self::Unproven => "without the right MESSAGE-INTEGRITY",
            Self::Impossible => "with an impossible address",
        }
    }
}

/// Counts them.
#[derive(Debug, Default)]
pub(super) struct Doubts {
    counts: [u64; Doubt::ALL.len()],
    told_at: Option<Duration>,
}

impl Doubts {
    pub fn add(&mut self, from: SocketAddr, why: Doubt, now: Duration) {
        if let Some(count) = self.counts.get_mut(why as usize) {
            *count = count.saturating_add(1);
        }
        let is_quiet = self
            .told_at
            .is_none_or(|at| now >= at.saturating_add(TELL_AGAIN));
        if is_quiet {
            self.told_at = Some(now);
            let why = why.words();
            log::warn!("a STUN answer from {from} is not believed: {why}; so far: {self}");
        }
    }

    /// How many in all.
    pub fn all(&self) -> u64 {
        self.counts.iter().sum()
    }
}

/// `to nothing that was asked 12, malformed 1`
impl fmt::Display for Doubts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counted = Doubt::ALL.into_iter().zip(self.counts);
        let counted = counted.filter(|(_, count)| *count > 0);
        for (at, (doubt, count)) in counted.enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{} {count}", doubt.words())?;
        }
        Ok(())
    }
}
