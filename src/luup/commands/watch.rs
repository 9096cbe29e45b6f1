//! Whether a command is still going on, by what the engine tells: no I/O, no clock.

use std::time::Duration;

use super::said::{CommandAnswer, JobState};

/// How long an engine may say nothing, or nothing that can be used: it reloads within a minute.
pub(super) const SILENCE: Duration = Duration::from_secs(120);

/// A command that the engine has no job for, and of which its device shows nothing for as long, is
/// done.
const SETTLING: Duration = Duration::from_secs(5);

/// After devices came or went, for how long no other did, before that was all: one thing is often
/// several devices.
const QUIET: Duration = Duration::from_secs(10);

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CommandVerdict {
    /// The engine did it.
    Done,
    /// The engine says that it could not.
    Failed,
    /// It was not done in time.
    TimeOver,
    /// The engine was started anew meanwhile, and knows nothing of it.
    Restarted,
    /// Nobody can tell: the engine says nothing any more.
    Silent,
}

/// A command under way; times are since it began.
#[derive(Debug)]
pub(super) struct CommandWatch {
    within: Duration,
    /// The engine gave it a job.
    has_job: bool,
    /// When the engine started, as it said before.
    load_time: String,
    /// It was seen to be done.
    is_seen: bool,
    heard: Duration,
    /// Devices that came or went, and since when there are so many.
    moved: (usize, Duration),
}

impl CommandWatch {
    pub(super) fn new(within: Duration, has_job: bool, load_time: &str) -> Self {
        Self {
            within,
            has_job,
            load_time: load_time.to_owned(),
            is_seen: false,
            heard: Duration::ZERO,
            moved: (0, Duration::ZERO),
        }
    }

    /// The engine answered, or gave no answer that can be used; the end, if that is one.
    pub(super) fn heard(
        &mut self,
        said: Option<&CommandAnswer>,
        is_of_job: bool,
        at: Duration,
    ) -> Option<CommandVerdict> {
        let state = said.and_then(|said| said.state);
        match said {
            Some(said) if state.is_some() || !said.load_time.is_empty() => self.heard = at,
            _ if at.saturating_sub(self.heard) >= SILENCE => return Some(CommandVerdict::Silent),
            _ => {}
        }
        let is_other =
            |said: &CommandAnswer| !said.load_time.is_empty() && said.load_time != self.load_time;
        if !self.load_time.is_empty() && said.is_some_and(is_other) {
            return Some(CommandVerdict::Restarted);
        }
        let ended = match state {
            Some(JobState::Failed) => Some(CommandVerdict::Failed),
            Some(JobState::Done) => Some(CommandVerdict::Done),
            Some(JobState::Busy) => {
                self.is_seen = true;
                None
            }
            // A job that is forgotten: what the device says counts.
            Some(JobState::None) if is_of_job => None,
            Some(JobState::None) => {
                let is_done = self.is_seen || self.has_job || at >= SETTLING;
                is_done.then_some(CommandVerdict::Done)
            }
            None => None,
        };
        ended.or_else(|| self.is_over(at))
    }

    /// So many devices came or went by now; whether that is the end.
    pub(super) fn moved(&mut self, count: usize, at: Duration) -> Option<CommandVerdict> {
        self.heard = at;
        if count != self.moved.0 {
            self.moved = (count, at);
        }
        let is_all = count > 0 && at.saturating_sub(self.moved.1) >= QUIET;
        is_all
            .then_some(CommandVerdict::Done)
            .or_else(|| self.is_over(at))
    }

    /// Whether its time is over.
    pub(super) fn is_over(&self, at: Duration) -> Option<CommandVerdict> {
        (at >= self.within).then_some(CommandVerdict::TimeOver)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn says(state: JobState, load_time: &str) -> CommandAnswer {
        CommandAnswer {
            state: Some(state),
            load_time: load_time.to_owned(),
            ..CommandAnswer::default()
        }
    }

    #[test]
    fn z34_a_job_is_followed_to_its_end() {
        for (state, verdict) in [
            (JobState::Done, CommandVerdict::Done),
            (JobState::Failed, CommandVerdict::Failed),
        ] {
            let mut watch = CommandWatch::new(HOUR, true, "7");
            let busy = says(JobState::Busy, "");
            assert_eq!(watch.heard(Some(&busy), true, at(1)), None);
            assert_eq!(watch.heard(Some(&busy), true, at(3000)), None);
            let end = says(state, "");
            assert_eq!(watch.heard(Some(&end), true, at(3001)), Some(verdict));
        }
    }

    #[test]
    fn z34_a_forgotten_job_is_judged_by_its_device() {
        let mut watch = CommandWatch::new(HOUR, true, "7");
        let none = says(JobState::None, "");
        assert_eq!(watch.heard(Some(&none), true, at(1)), None);
        let busy = says(JobState::Busy, "7");
        assert_eq!(watch.heard(Some(&busy), false, at(2)), None);
        let idle = says(JobState::None, "7");
        assert_eq!(
            watch.heard(Some(&idle), false, at(3)),
            Some(CommandVerdict::Done)
        );
    }

    #[test]
    fn z34_without_a_job_an_idle_device_is_given_time_to_begin() {
        let mut watch = CommandWatch::new(HOUR, false, "7");
        let idle = says(JobState::None, "7");
        assert_eq!(watch.heard(Some(&idle), false, at(1)), None);
        assert_eq!(
            watch.heard(Some(&idle), false, at(5)),
            Some(CommandVerdict::Done)
        );
        let mut watch = CommandWatch::new(HOUR, false, "7");
        let busy = says(JobState::Busy, "7");
        assert_eq!(watch.heard(Some(&busy), false, at(1)), None);
        assert_eq!(
            watch.heard(Some(&idle), false, at(2)),
            Some(CommandVerdict::Done)
        );
    }

    #[test]
    fn z36_an_engine_that_restarts_or_falls_silent_ends_it() {
        let mut watch = CommandWatch::new(HOUR, true, "7");
        assert_eq!(watch.heard(None, true, at(100)), None);
        let busy = says(JobState::Busy, "7");
        assert_eq!(watch.heard(Some(&busy), false, at(110)), None);
        assert_eq!(watch.heard(None, true, at(229)), None);
        assert_eq!(
            watch.heard(None, true, at(230)),
            Some(CommandVerdict::Silent)
        );
        let other = says(JobState::Busy, "8");
        let heard = watch.heard(Some(&other), false, at(231));
        assert_eq!(heard, Some(CommandVerdict::Restarted));
        let mut watch = CommandWatch::new(at(60), true, "");
        assert_eq!(watch.heard(Some(&busy), true, at(59)), None);
        let heard = watch.heard(Some(&busy), true, at(60));
        assert_eq!(heard, Some(CommandVerdict::TimeOver));
    }

    #[test]
    fn z35_devices_that_come_one_after_the_other_are_all_told() {
        let mut watch = CommandWatch::new(at(60), false, "7");
        assert_eq!(watch.moved(0, at(10)), None);
        assert_eq!(watch.moved(1, at(20)), None);
        assert_eq!(watch.moved(2, at(29)), None);
        assert_eq!(watch.moved(2, at(38)), None);
        assert_eq!(watch.moved(2, at(39)), Some(CommandVerdict::Done));
        let mut watch = CommandWatch::new(at(60), false, "7");
        assert_eq!(watch.moved(0, at(60)), Some(CommandVerdict::TimeOver));
    }
}
