//! What the loop has to do at some uptime, as a part of it.

use std::collections::BTreeMap;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use nix::poll::PollFlags;

use super::parts::Part;

/// What is timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum LoopTimer {
    /// SIGTERM came: the end, at the latest.
    Stop,
    /// What the ACS ordered for after its session.
    Order,
    /// The next look at values that only looking can find changed.
    Look,
    /// What the engine times: sessions, retries, schedules.
    Engine,
}

/// Each timer's uptime, where it is set.
#[derive(Default)]
pub(super) struct Timers(BTreeMap<LoopTimer, Duration>);

impl Timers {
    /// Sets a timer, or stops it.
    pub(super) fn set(&mut self, timer: LoopTimer, at: Option<Duration>) {
        match at {
            Some(at) => self.0.insert(timer, at),
            None => self.0.remove(&timer),
        };
    }

    /// The timers that are due; they are set no more.
    pub(super) fn work(&mut self, now: Duration) -> Vec<LoopTimer> {
        let due = self.0.iter().filter(|(_, at)| **at <= now);
        let due: Vec<LoopTimer> = due.map(|(timer, _)| *timer).collect();
        for timer in &due {
            self.0.remove(timer);
        }
        due
    }
}

impl Part for Timers {
    fn descriptors(&self) -> Vec<(BorrowedFd<'_>, PollFlags)> {
        Vec::new()
    }

    fn deadline(&self) -> Option<Duration> {
        self.0.values().min().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_is_due_once() {
        let second = Duration::from_secs(1);
        let mut timers = Timers::default();
        timers.set(LoopTimer::Look, Some(second));
        timers.set(LoopTimer::Order, Some(2 * second));
        timers.set(LoopTimer::Stop, Some(2 * second));
        timers.set(LoopTimer::Stop, None);
        assert_eq!(timers.deadline(), Some(second));
        assert_eq!(timers.work(second / 2), []);
        assert_eq!(timers.work(second), [LoopTimer::Look]);
        assert_eq!(timers.work(2 * second), [LoopTimer::Order]);
        assert_eq!(timers.deadline(), None);
    }
}
