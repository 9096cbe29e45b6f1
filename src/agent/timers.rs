//! What the loop has to do at some uptime, as a part of it.

use std::os::fd::BorrowedFd;
use std::time::Duration;

use nix::poll::PollFlags;

use super::parts::Part;
use crate::base::sort::sort;

/// What is timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum LoopTimer {
    /// SIGTERM came: the end, at the latest.
    Stop,
    /// What the ACS ordered for after its session.
    Order,
    /// What is fetched has had its time: whoever waits for its values goes on with the last ones.
    Fetch,
    /// Changes on the box that came soon after others.
    Changes,
    /// The next look at values that only looking can find changed.
    Look,
    /// The next question to Luup, for what changed in its home.
    Follow,
    /// What happened in that home has been gathered.
    Gather,
    /// The next attempt to read a file of the configuration that could not be read.
    Config,
    /// The next look at what DHCP servers tell.
    Discovery,
    /// The next attempt at what did not work.
    Mend,
    /// The next attempt at the connection by XMPP.
    Xmpp,
    /// The next look at the way in through the gateway.
    Gateway,
}

/// Each timer's uptime, where it is set. What is due at some time is never put off: whoever wants it
/// done later, again and again, would keep it from being done at all.
#[derive(Default)]
pub(super) struct Timers {
    due: Vec<(LoopTimer, Duration)>,
    engine: Option<Duration>,
}

impl Timers {
    /// The timer is due at this uptime, or earlier where it is already set so.
    pub(super) fn due_by(&mut self, timer: LoopTimer, at: Duration) {
        match self.due.iter_mut().find(|(of, _)| *of == timer) {
            Some((_, due)) => *due = at.min(*due),
            None => self.due.push((timer, at)),
        }
    }

    /// Whether the timer is set and its time has come.
    pub(super) fn is_due(&self, timer: LoopTimer, now: Duration) -> bool {
        self.due.iter().any(|(of, at)| *of == timer && *at <= now)
    }

    /// There is nothing to do any more.
    pub(super) fn stop(&mut self, timer: LoopTimer) {
        self.due.retain(|(of, _)| *of != timer);
    }

    /// When the engine is to be asked next, which it knows anew each time: the loop asks it
    /// whenever it wakes.
    pub(super) fn follow_engine(&mut self, next: Option<Duration>) {
        self.engine = next;
    }

    /// Whether a timer runs.
    pub(super) fn is_set(&self, timer: LoopTimer) -> bool {
        self.due.iter().any(|(of, _)| *of == timer)
    }

    /// The timers that are due, in the order of [`LoopTimer`]; they are set no more.
    pub(super) fn work(&mut self, now: Duration) -> Vec<LoopTimer> {
        let due = self.due.iter().filter(|(_, at)| *at <= now);
        let mut due: Vec<LoopTimer> = due.map(|(timer, _)| *timer).collect();
        sort(&mut due);
        self.due.retain(|(_, at)| *at > now);
        due
    }
}

impl Part for Timers {
    fn descriptors(&self) -> Vec<(BorrowedFd<'_>, PollFlags)> {
        Vec::new()
    }

    fn deadline(&self) -> Option<Duration> {
        let due = self.due.iter().map(|(_, at)| *at);
        due.chain(self.engine).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_timer_is_due_once() {
        let mut timers = Timers::default();
        timers.due_by(LoopTimer::Look, SECOND);
        timers.due_by(LoopTimer::Order, 2 * SECOND);
        timers.due_by(LoopTimer::Stop, 2 * SECOND);
        timers.stop(LoopTimer::Stop);
        assert_eq!(timers.deadline(), Some(SECOND));
        assert_eq!(timers.work(SECOND / 2), []);
        assert_eq!(timers.work(SECOND), [LoopTimer::Look]);
        assert_eq!(timers.work(2 * SECOND), [LoopTimer::Order]);
        assert_eq!(timers.deadline(), None);
    }

    #[test]
    fn s26_a_due_time_is_never_moved_later() {
        let mut timers = Timers::default();
        for again in 0..100 {
            timers.due_by(LoopTimer::Look, (5 + again) * SECOND);
        }
        assert_eq!(timers.deadline(), Some(5 * SECOND));
        timers.due_by(LoopTimer::Look, 3 * SECOND);
        assert_eq!(timers.work(3 * SECOND), [LoopTimer::Look]);
    }

    #[test]
    fn the_engine_says_each_time_when_it_is_to_be_asked() {
        let mut timers = Timers::default();
        timers.due_by(LoopTimer::Look, 5 * SECOND);
        timers.follow_engine(Some(3 * SECOND));
        assert_eq!(timers.deadline(), Some(3 * SECOND));
        assert_eq!(timers.work(4 * SECOND), []);
        timers.follow_engine(Some(9 * SECOND));
        assert_eq!(timers.deadline(), Some(5 * SECOND));
        timers.follow_engine(None);
        assert_eq!(timers.work(5 * SECOND), [LoopTimer::Look]);
    }
}
