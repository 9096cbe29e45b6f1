//! What to ask the engine next, and when, so that its home is followed: the whole home once, then what
//! changed since, by a request that the engine answers when something does.
//!
//! It asks nothing itself and knows no clock: it is told what came, and says what is to be done. An
//! engine that answers at once again and again, never, or with nonsense is asked seldom enough, and one
//! that is well again soon enough.

mod gather;

use std::time::Duration;

pub use self::gather::Gather;

use crate::base::backoff::Backoff;

/// An engine that does not wait for a change, though asked to, is asked so often; one that is never
/// quiet, too, in the long run.
const PACE: Duration = Duration::from_secs(1);

/// So many answers with changes may come faster than that, one after the other.
const BURST: u32 = 10;

/// From one answer with changes to the next question: what happened together is told together.
const BREATH: Duration = Duration::from_millis(20);

/// An engine that does not answer at all is asked again after these pauses. One that reloads is back
/// within seconds.
const PAUSES: Backoff = Backoff::new(PACE, Duration::from_secs(30));

/// After so many questions for changes that an engine did not understand, though it answers others,
/// the whole home is read each time.
const TRIES: u32 = 3;

/// How long that is done before it is asked for changes again.
const PLAIN: Duration = Duration::from_secs(600);

/// The same of one that says as often that all is another: maybe somebody is at work on the home.
const UNSETTLED: Duration = Duration::from_secs(60);

/// While the whole home is read again and again, it may take the box this part of the time.
const SHARE: u32 = 20;

/// However sure an engine is that nothing changed, the whole home is read anew after this time.
const REREAD: Duration = Duration::from_secs(6 * 3600);

/// The same where a part of it could not be read.
const LACKING: Duration = Duration::from_secs(60);

/// The same where the engine warns of something: that a warning is over only a whole home tells.
const WARNED: Duration = Duration::from_secs(15 * 60);

/// Who hangs up on a question for changes after less than this did not wait for one.
const LEAST_PATIENCE: Duration = Duration::from_secs(5);

/// So many questions are kept short before somebody between is tried again with a long one.
const SHORT_POLLS: u32 = 100;

/// What is to be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FollowStep {
    /// Nothing before this uptime.
    Wait(Duration),
    /// Read the whole home.
    Read,
    /// Ask for what changed since the last answer.
    Poll,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FollowAnswer {
    /// The whole home, and whether it says where it stands, so that changes since can be asked for.
    Home(bool),
    /// Something changed.
    Changed,
    /// Nothing changed.
    Same,
    /// What is known is worth nothing any more: the engine was started anew, or has other devices.
    Outdated,
    /// Somebody hung up who had waited for a change, as a relay between may that has less patience: what
    /// is known stays.
    HungUp,
    /// No answer, or none that can be used; whether it was waited for until its time was over.
    Failed(bool),
}

/// How the engine is followed. All times are uptimes.
#[derive(Clone, Debug)]
pub struct Follower {
    /// The home is known, so that changes of it mean something.
    is_known: bool,
    /// The engine says where it stands.
    has_place: bool,
    /// When the whole home is to be read again, whatever the engine tells of changes.
    old_at: Duration,
    /// How long it took to read it.
    took: Duration,
    /// Nothing is asked before.
    not_before: Duration,
    pauses: Backoff,
    /// When the answers with changes would be paid for, one each [`PACE`].
    paid: Duration,
    /// Questions for changes that came to nothing, one after the other.
    bad_polls: u32,
    /// Until then the whole home is read each time.
    plain_until: Duration,
    /// How long a question for changes may wait, and for how many more, where somebody hung up.
    patience: Option<(Duration, u32)>,
}

impl Default for Follower {
    /// Knows nothing yet.
    fn default() -> Self {
        Self {
            is_known: false,
            has_place: false,
            old_at: Duration::ZERO,
            took: Duration::ZERO,
            not_before: Duration::ZERO,
            pauses: PAUSES,
            paid: Duration::ZERO,
            bad_polls: 0,
            plain_until: Duration::ZERO,
            patience: None,
        }
    }
}

/// Whether somebody who hung up after he `waited` had less patience than the engine was given with
/// `wait`. Whoever holds on for longer than that hears nothing of the engine: since the next question
/// waits less, one that is dead behind a relay is found out by it.
pub fn lacked_patience(waited: Duration, wait: Duration) -> bool {
    waited >= LEAST_PATIENCE && waited <= wait.saturating_add(wait / 8)
}

impl Follower {
    /// What is to be done at `now`.
    pub fn next(&self, now: Duration) -> FollowStep {
        let is_old = self.old_at <= now;
        match () {
            () if now < self.not_before => FollowStep::Wait(self.not_before),
            () if self.is_known && self.can_poll(now) && !is_old => FollowStep::Poll,
            () => FollowStep::Read,
        }
    }

    /// How long the next question for changes may wait for one, where `wish` is what is wanted.
    pub fn wait(&self, wish: Duration) -> Duration {
        self.patience.map_or(wish, |(most, _)| wish.min(most))
    }

    /// What was asked at `asked` came to this at `now`.
    pub fn heard(&mut self, heard: FollowAnswer, asked: Duration, now: Duration) {
        match heard {
            FollowAnswer::Home(has_place) => {
                (self.is_known, self.has_place) = (true, has_place);
                self.old_at = now.saturating_add(REREAD);
                self.took = now.saturating_sub(asked);
                self.pauses.reset();
                self.not_before = match self.can_poll(now) {
                    true => now,
                    false => now.saturating_add(self.share().max(PACE)),
                };
            }
            FollowAnswer::Changed => {
                self.poll_was_good();
                self.pay(now);
            }
            FollowAnswer::Same => {
                self.poll_was_good();
                self.not_before = asked.saturating_add(PACE);
            }
            FollowAnswer::HungUp => {
                let waited = now.saturating_sub(asked);
                self.patience = Some((waited.saturating_mul(3) / 4, SHORT_POLLS));
                self.pay(now);
            }
            FollowAnswer::Outdated => {
                self.is_known = false;
                self.poll_was_bad(1, UNSETTLED, now);
                self.pay(now);
            }
            FollowAnswer::Failed(is_timeout) => self.failed(is_timeout, asked, now),
        }
    }

    /// Of the home that was just read a part is missing, or is not that of now.
    pub fn lacks(&mut self, now: Duration) {
        let pause = self.share().max(LACKING);
        self.old_at = self.old_at.min(now.saturating_add(pause));
    }

    /// The home that is known has warnings of the engine.
    pub fn warned(&mut self, now: Duration) {
        self.old_at = self.old_at.min(now.saturating_add(WARNED));
    }

    /// From one whole home to the next, so that reading them takes no more than its part of the time.
    fn share(&self) -> Duration {
        self.took.saturating_mul(SHARE)
    }

    fn can_poll(&self, now: Duration) -> bool {
        self.has_place && self.plain_until <= now
    }

    fn failed(&mut self, is_timeout: bool, asked: Duration, now: Duration) {
        let was_poll = self.next(asked) == FollowStep::Poll;
        self.is_known = false;
        if !was_poll {
            self.not_before = now.saturating_add(self.pauses.pause());
            return;
        }
        self.poll_was_bad(if is_timeout { TRIES } else { 1 }, PLAIN, now);
        self.not_before = match is_timeout {
            true => now,
            false => now.saturating_add(PACE),
        };
    }

    fn poll_was_good(&mut self) {
        self.bad_polls = 0;
        let again = |(most, left): (Duration, u32)| Some((most, left.checked_sub(1)?));
        self.patience = self.patience.and_then(again);
    }

    /// Too many of them, and questions for changes are not worth it for so long.
    fn poll_was_bad(&mut self, times: u32, plain: Duration, now: Duration) {
        self.bad_polls += times;
        if self.bad_polls >= TRIES {
            self.bad_polls = 0;
            self.plain_until = now.saturating_add(plain);
        }
    }

    /// An answer that another question follows at once, unless there were too many of them.
    fn pay(&mut self, now: Duration) {
        self.paid = self.paid.max(now).saturating_add(PACE);
        let owed = self.paid.saturating_sub(PACE.saturating_mul(BURST));
        self.not_before = owed.max(now.saturating_add(BREATH));
    }
}

#[cfg(test)]
mod tests;
