//! How long the NAT keeps a binding that nobody uses, and how often it is refreshed therefore
//! (TR-069 G.2.1.2).
//!
//! After a while without traffic on the primary socket the secondary one has the server send an
//! answer to the binding of the primary: if it comes in, the binding lives. First the server is asked
//! so right behind a refresh, when the binding lives for sure: one that does not send its answers
//! elsewhere (all of RFC 5389, many ACSs) shows by that, and its silence is not taken for a death.
//! Then the pauses grow until one is too long, and the bounds are narrowed down.

use std::time::Duration;

use super::transaction;

/// The first pause that is tried, within the bounds of the ACS.
const FIRST: Duration = Duration::from_secs(30);

/// Where nothing can be found out: less than the 30 s that the hastiest NATs keep a binding.
const SAFE: Duration = Duration::from_secs(25);

/// The least and the most where the ACS sets no bounds.
const LEAST: Duration = Duration::from_secs(10);
const MOST: Duration = Duration::from_secs(3600);

/// Bounds of the life this close are close enough; or an eighth of it.
const CLOSE: Duration = Duration::from_secs(2);

/// So often it is checked whether the binding still lives as long.
const CHECK_AGAIN: Duration = Duration::from_secs(3600);

/// So often it is looked whether it lives longer, or can be found out at all.
const SEARCH_AGAIN: Duration = Duration::from_secs(24 * 3600);

/// What is done next with the binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Upkeep {
    /// Ask whether it lives, after so long without traffic.
    Probe(Duration),
    /// Refresh it, so long after it was refreshed.
    Keep(Duration),
}

/// What is known of how the server helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Help {
    /// Nothing yet.
    Unknown,
    /// It sends answers to where it is told.
    Willing,
    /// It does not.
    Unwilling,
}

/// What is known of the life of the binding.
#[derive(Debug)]
pub(super) struct Life {
    low: Duration,
    high: Duration,
    help: Help,
    /// It lived so long.
    good: Duration,
    /// It did not live so long.
    bad: Option<Duration>,
    /// What is tried next.
    candidate: Duration,
    /// So often it is refreshed, once that is found.
    period: Option<Duration>,
    check_at: Duration,
    search_at: Duration,
}

impl Life {
    /// Within these bounds, of which zero is none.
    pub fn new(min: Duration, max: Option<Duration>) -> Self {
        let max = max.filter(|max| !max.is_zero());
        let low = if min.is_zero() { LEAST } else { min };
        let low = max.map_or(low, |max| low.min(max));
        let high = max.unwrap_or(MOST).max(low);
        let mut life = Self {
            low,
            high,
            help: Help::Unknown,
            good: low,
            bad: None,
            candidate: FIRST,
            period: None,
            check_at: Duration::ZERO,
            search_at: Duration::ZERO,
        };
        life.candidate = FIRST.clamp(low, life.top());
        life
    }

    /// The same server and binding, within other bounds.
    pub fn rebound(&mut self, min: Duration, max: Option<Duration>) {
        let help = self.help;
        *self = Self::new(min, max);
        self.help = help;
    }

    /// The longest pause between two requests.
    pub fn longest(&self) -> Duration {
        self.high
    }

    /// The longest pause that can be probed, and the binding is refreshed in time all the same.
    fn top(&self) -> Duration {
        self.high.saturating_sub(transaction::WHOLE).max(self.low)
    }

    /// How often while nothing is known.
    pub fn safe(&self) -> Duration {
        self.bounded(SAFE)
    }

    /// How often while something else keeps the search up: no pause that was seen to be too long.
    pub fn held(&self) -> Duration {
        match (self.period, self.help) {
            (Some(period), _) => period,
            (None, Help::Willing) => self.bounded(self.good).min(self.safe()),
            (None, _) => self.safe(),
        }
    }

    /// A pause, brought within the bounds.
    pub fn bounded(&self, pause: Duration) -> Duration {
        pause.clamp(self.low, self.high)
    }

    /// Whether there is anything to be found out between the bounds.
    fn is_fixed(&self) -> bool {
        self.top().saturating_sub(self.low) < CLOSE
    }

    /// What is done next.
    pub fn pace(&mut self, now: Duration) -> Upkeep {
        if self.is_fixed() {
            return Upkeep::Keep(self.low);
        }
        if self.help == Help::Unwilling && now >= self.search_at {
            (self.help, self.period) = (Help::Unknown, None);
        }
        match (self.help, self.period) {
            (Help::Unknown, _) => Upkeep::Probe(Duration::ZERO),
            (Help::Unwilling, period) => Upkeep::Keep(period.unwrap_or(self.safe())),
            (Help::Willing, Some(period)) if now < self.check_at => Upkeep::Keep(period),
            (Help::Willing, Some(period)) => Upkeep::Probe(period),
            (Help::Willing, None) => Upkeep::Probe(self.candidate),
        }
    }

    /// What is known of the server.
    pub fn help(&self) -> Help {
        self.help
    }

    /// Whether the server sends answers to where it is told.
    pub fn is_known(&self) -> bool {
        self.help == Help::Willing
    }

    /// How often the binding is refreshed, where that is settled.
    pub fn found(&self) -> Option<Duration> {
        if self.is_fixed() {
            Some(self.low)
        } else {
            self.period
        }
    }

    /// The answer came in on the primary socket, after so long without traffic.
    pub fn lived(&mut self, idle: Duration, now: Duration) {
        if !self.is_known() {
            self.help = Help::Willing;
            return;
        }
        self.good = self.good.max(idle);
        let is_overthrown = self.bad.is_some_and(|bad| bad <= self.good);
        if is_overthrown || (self.period.is_some() && now >= self.search_at) {
            self.bad = None;
        } else if self.period.is_some() {
            self.check_at = now.saturating_add(CHECK_AGAIN);
            return;
        }
        self.narrow(now);
    }

    /// It did not, though the server is there.
    pub fn died(&mut self, idle: Duration, now: Duration) {
        if !self.is_known() {
            return self.no_help(now);
        }
        self.bad = Some(self.bad.unwrap_or(idle).min(idle));
        if self.good >= idle {
            self.good = self.low;
        }
        self.narrow(now);
    }

    /// The server answered otherwise than it was asked to, or not.
    pub fn no_help(&mut self, now: Duration) {
        (self.help, self.period) = (Help::Unwilling, Some(self.safe()));
        self.search_at = now.saturating_add(SEARCH_AGAIN);
    }

    /// The binding is another one after so long without traffic: it did not live so long. Where the
    /// minimum of the ACS is too long for it nothing helps.
    pub fn changed(&mut self, idle: Duration, now: Duration) {
        match self.help {
            _ if idle < self.low => {}
            Help::Willing => self.died(idle, now),
            Help::Unwilling => {
                let shorter = self.safe().min(idle.saturating_mul(2) / 3);
                self.period = Some(shorter.max(self.low));
            }
            Help::Unknown => {}
        }
    }

    /// Chooses the next candidate, or ends the search.
    fn narrow(&mut self, now: Duration) {
        let close = CLOSE.max(self.good / 8);
        let end = match self.bad {
            // A refresh that took a moment to be answered leaves a little less to be tried.
            None if self.good.saturating_add(CLOSE) >= self.top() => Some(self.good),
            Some(bad) if bad.saturating_sub(self.good) <= close => Some(self.good * 19 / 20),
            _ => None,
        };
        self.period = end.map(|end| self.bounded(end));
        if self.period.is_some() {
            self.check_at = now.saturating_add(CHECK_AGAIN);
            self.search_at = now.saturating_add(SEARCH_AGAIN);
        }
        self.candidate = match self.bad {
            None => self.good.saturating_mul(3) / 2,
            Some(bad) => self.good.saturating_add(bad) / 2,
        };
        self.candidate = self.candidate.clamp(self.low, self.top());
    }
}
