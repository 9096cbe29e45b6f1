//! Following the engine while somebody is to be told of its home at once: one question after the
//! other, each a job, which nothing else waits for.
//!
//! What comes is shown at once, in a session too. What the ACS is to hear of it is gathered for a moment.
//! While nobody wants to hear anything there is no question, no thread and no timer.

use std::fmt::Write as _;
use std::time::Duration;

use super::alarms;
use super::home::{LuupReport, SLACK, read_home};
use crate::agent::jobs::{Job, JobId, JobKind};
use crate::agent::poll_loop::{Agent, Done};
use crate::agent::timers::LoopTimer;
use crate::base::clock::{self, Now};
use crate::base::config::LuupConfig;
use crate::http::HangUp;
use crate::luup::follow::{FollowAnswer, FollowStep, Follower, Gather, lacked_patience};
use crate::luup::{self, Advance, Fetch, HomeView, LuupAccess, LuupError};

/// The kinds of sources whose values come of the engine.
const KINDS: [&str; 2] = ["luup", alarms::KIND];

/// Where the engine waits for a change, and answered so lately, its home is as new as one that a
/// session would fetch.
const FRESH: Duration = Duration::from_secs(2);

/// What a question brings.
pub(in crate::agent) enum FollowNews {
    /// The whole home.
    Home(Box<HomeView>),
    /// The home, of which something changed.
    Changed(Box<HomeView>),
    /// Nothing changed.
    Same,
    /// All is to be read anew, for this reason.
    Outdated(&'static str),
}

/// A question on its way.
struct FollowQuestion {
    job: JobId,
    /// Of its fetch.
    number: u32,
    step: FollowStep,
    asked: Duration,
    /// How long the engine may wait for a change.
    wait: Duration,
    /// As it was asked by.
    config: LuupConfig,
    hang_up: HangUp,
}

/// How the engine is followed.
#[derive(Default)]
pub(in crate::agent) struct LuupFollow {
    follower: Follower,
    question: Option<FollowQuestion>,
    gather: Gather,
    /// When the engine answered last.
    answered: Option<Duration>,
}

impl LuupFollow {
    /// Whether the engine would have told if there were anything new since `age` ago at most.
    fn is_current(&self, age: Duration, now: Duration) -> bool {
        let question = self.question.as_ref();
        question.is_some_and(|question| question.step == FollowStep::Poll)
            && self
                .answered
                .is_some_and(|at| now.saturating_sub(at) <= age)
    }
}

impl Agent {
    /// Follows the engine from now on or no longer, as is wanted now.
    pub(in crate::agent) fn follow_luup(&mut self, now: Now) {
        if !self.is_luup_to_be_followed() {
            self.leave_luup(now);
            return;
        }
        let question = self.luup.follow.question.as_ref();
        if question.is_some_and(|question| question.config != self.config.luup) {
            self.leave_luup(now);
        }
        if self.luup.follow.question.is_none() {
            self.timers.stop(LoopTimer::Follow);
            match self.luup.follow.follower.next(now.uptime) {
                FollowStep::Wait(until) => self.timers.due_by(LoopTimer::Follow, until),
                step => self.ask_what_changed(step, now),
            }
        }
    }

    fn is_luup_to_be_followed(&mut self) -> bool {
        let config = &self.config.luup;
        let may = config.enable && config.follow && !self.stopping;
        may && self.luup.home.borrow().is_wanted()
            && self.engine.settings().has_acs()
            && self.model.has_active_of(&KINDS)
    }

    fn leave_luup(&mut self, now: Now) {
        self.hang_up_on_luup(now);
        self.timers.stop(LoopTimer::Follow);
        self.luup.follow = LuupFollow::default();
    }

    fn hang_up_on_luup(&mut self, now: Now) {
        if let Some(question) = self.luup.follow.question.take() {
            self.jobs.cancel(question.job, now.uptime);
            question.hang_up.now();
        }
    }

    /// What is known is newer than what the question on its way was asked by: it is asked anew.
    pub(super) fn follow_anew(&mut self, now: Now) {
        let question = self.luup.follow.question.as_ref();
        if question.is_some_and(|question| question.step == FollowStep::Poll) {
            self.hang_up_on_luup(now);
        }
        self.follow_luup(now);
    }

    /// A fetch for somebody else brought the home.
    pub(super) fn luup_was_read(&mut self, now: Now) {
        let home = self.luup.home.borrow();
        let (has_place, is_whole, warns) = (home.has_place(), home.is_whole(), home.warns());
        drop(home);
        let follow = &mut self.luup.follow;
        follow.answered = Some(now.uptime);
        let is_reading = |question: &FollowQuestion| question.step == FollowStep::Read;
        if !follow.question.as_ref().is_some_and(is_reading) {
            let home = FollowAnswer::Home(has_place);
            follow.follower.heard(home, now.uptime, now.uptime);
            if !is_whole {
                follow.follower.lacks(now.uptime);
            }
            if warns {
                follow.follower.warned(now.uptime);
            }
        }
        self.follow_anew(now);
    }

    fn ask_what_changed(&mut self, step: FollowStep, now: Now) {
        let hang_up = HangUp::default();
        let access = LuupAccess {
            hang_up: Some(hang_up.clone()),
            ..self.luup_access(now)
        };
        let config = access.config.clone();
        let wait = self.luup.follow.follower.wait(config.poll_timeout);
        let is_known = self.model.has_instances_of(super::KIND);
        let fetch = self.luup.home.borrow_mut().begin_fetch();
        self.luup.writes.fetch_begins(fetch.number());
        let (number, lost) = (fetch.number(), fetch.clone());
        let patience = config.poll_timeout.saturating_add(config.timeout);
        let job = Job::once(
            JobKind::LuupFollow,
            patience.saturating_add(SLACK),
            move |why| {
                let lost_it = Err(LuupError::Lost(why.to_string()));
                Done::Luup(LuupReport::Followed(lost.clone(), lost_it))
            },
            move |_| {
                let news = match step {
                    FollowStep::Poll => poll(&access, &fetch, wait),
                    _ => read_home(&access, &fetch, is_known).map(FollowNews::Home),
                };
                Done::Luup(LuupReport::Followed(fetch, news))
            },
        );
        self.luup.follow.question = Some(FollowQuestion {
            job: self.jobs.start(job, now.uptime),
            number,
            step,
            asked: now.uptime,
            wait,
            config,
            hang_up,
        });
    }

    /// Takes the answer to the question on its way, and asks the next one.
    pub(super) fn hear_follow(
        &mut self,
        fetch: Fetch,
        news: Result<FollowNews, LuupError>,
        now: Now,
    ) {
        let number = fetch.number();
        let is_asked = |question: &mut FollowQuestion| question.number == number;
        let Some(question) = self.luup.follow.question.take_if(is_asked) else {
            return;
        };
        let is_well = news.is_ok();
        let waited = now.uptime.saturating_sub(question.asked);
        let answer = match news {
            Err(error)
                if question.step == FollowStep::Poll
                    && is_cut(&error)
                    && lacked_patience(waited, question.wait) =>
            {
                log::debug!("{error}, after {} s: the next waits less", waited.as_secs());
                FollowAnswer::HungUp
            }
            news => self.take_news(fetch, news, now),
        };
        let home = self.luup.home.borrow();
        let (is_whole, warns) = (home.is_whole(), home.warns());
        drop(home);
        let follow = &mut self.luup.follow;
        follow.follower.heard(answer, question.asked, now.uptime);
        if matches!(answer, FollowAnswer::Home(_)) && !is_whole {
            follow.follower.lacks(now.uptime);
        }
        if matches!(answer, FollowAnswer::Home(_) | FollowAnswer::Changed) && warns {
            follow.follower.warned(now.uptime);
        }
        if is_well {
            follow.answered = Some(now.uptime);
        }
        self.luup_answered(number, is_well, now);
        match answer {
            // What a whole home has or lacks is found by looking only.
            FollowAnswer::Home(_) => {
                self.follow_alarms(now);
                self.gather_news(now);
            }
            // That it fails may be news, too.
            FollowAnswer::Changed | FollowAnswer::Failed(_) => {
                self.follow_alarms(now);
                self.note_news(now);
            }
            FollowAnswer::Same | FollowAnswer::Outdated | FollowAnswer::HungUp => {}
        }
        self.follow_luup(now);
    }

    fn take_news(
        &mut self,
        fetch: Fetch,
        news: Result<FollowNews, LuupError>,
        now: Now,
    ) -> FollowAnswer {
        let mut home = self.luup.home.borrow_mut();
        if news.is_ok() {
            home.answered(now);
        }
        match news {
            Ok(FollowNews::Home(view)) => {
                home.update(fetch, Ok(view));
                FollowAnswer::Home(home.has_place())
            }
            Ok(FollowNews::Changed(view)) => {
                home.update(fetch, Ok(view));
                FollowAnswer::Changed
            }
            // A lamp that does not do what the engine took for it is as it was.
            Ok(FollowNews::Same) if home.is_as_before(&fetch) => FollowAnswer::Changed,
            Ok(FollowNews::Same) => FollowAnswer::Same,
            Ok(FollowNews::Outdated(why)) => {
                log::debug!("luup: all is read anew: {why}");
                FollowAnswer::Outdated
            }
            Err(error) => {
                let is_timeout = matches!(error, LuupError::Timeout);
                home.update(fetch, Err(error));
                FollowAnswer::Failed(is_timeout)
            }
        }
    }

    /// Something in the home changed: maybe the ACS is to be told.
    fn note_news(&mut self, now: Now) {
        if self.engine.in_session() {
            // Told after it.
            self.engine.look(&mut self.model, now);
            return;
        }
        self.model.compare_all();
        if self.model.has_news() {
            self.gather_news(now);
        }
    }

    fn gather_news(&mut self, now: Now) {
        let interval = self.config.luup.min_interval;
        let at = self.luup.follow.gather.add(interval, now.uptime);
        self.timers.stop(LoopTimer::Gather);
        self.timers.due_by(LoopTimer::Gather, at);
    }

    /// What was gathered is told.
    pub(in crate::agent) fn tell_gathered(&mut self, now: Now) {
        self.luup.follow.gather.told(now.uptime);
        self.look_gathered(now);
    }

    /// How the engine is, for `cwmpd status`; nothing where no row is of it.
    pub(in crate::agent) fn write_luup(&self, text: &mut String, now: Now) {
        let home = self.luup.home.borrow();
        if !home.is_wanted() {
            return;
        }
        let health = home.health();
        let is_missed = health.contact().is_some() || self.is_engine_expected();
        let status = match is_missed {
            true => health.status(),
            false => "no engine has answered yet",
        };
        let _ = write!(text, "Luup:          {status}");
        match (health.contact(), health.failures()) {
            (Some(contact), failures) => {
                let ago = now.uptime.saturating_sub(contact.uptime);
                let _ = write!(text, ", answered {} ago", clock::span(ago));
                let _ = match failures {
                    0 => Ok(()),
                    1 => write!(text, ", not the last time"),
                    _ => write!(text, ", not the last {failures} times"),
                };
            }
            (None, 1..) if is_missed => text.push_str(", no answer since the agent began"),
            (None, _) => {}
        }
        let _ = match self.luup.follow.question {
            Some(_) => writeln!(text, ", followed"),
            None => writeln!(text),
        };
        if let Some(why) = health.last_error() {
            let _ = writeln!(text, "  last error:  {why}");
        }
        if !is_missed {
            let _ = writeln!(
                text,
                "  without one: cwmpd.luup.enable '0' saves looking for it"
            );
        }
    }

    /// Whether a session that begins now need not fetch the home.
    pub(in crate::agent) fn is_luup_fresh(&self, now: Now) -> bool {
        self.luup.follow.is_current(FRESH, now.uptime)
    }

    /// Whether a look from time to time need not: a change would have been told.
    pub(in crate::agent) fn is_luup_followed(&self, now: Now) -> bool {
        let config = &self.config.luup;
        let age = config.poll_timeout.saturating_add(config.timeout);
        self.luup.follow.is_current(age, now.uptime)
    }
}

/// Whether somebody hung up, or a server between did and answers that (RFC 9110 §15.6.3, §15.6.5).
fn is_cut(error: &LuupError) -> bool {
    matches!(
        error,
        LuupError::Unreachable(_) | LuupError::Status(502 | 504)
    )
}

/// Asks what changed, and makes the home of it as the rows see it.
fn poll(access: &LuupAccess, fetch: &Fetch, wait: Duration) -> Result<FollowNews, LuupError> {
    let Some(before) = fetch.snapshot() else {
        return Ok(FollowNews::Outdated("nothing is known yet"));
    };
    let advance = luup::poll(access, before, wait)?;
    Ok(match advance {
        Advance::Same => FollowNews::Same,
        Advance::Changed(snapshot, changed) => {
            FollowNews::Changed(fetch.changed_view(*snapshot, &changed))
        }
        Advance::Outdated(why) => FollowNews::Outdated(why),
    })
}
