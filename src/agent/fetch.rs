//! What the rows of the data model show of others that may be slow: Luup's home, and what objects on
//! ubus tell. Both are asked at the same time, and waited for together.

use std::time::Duration;

use super::jobs::JobKind;
use super::poll_loop::Agent;
use super::session::SessionStage;
use super::timers::LoopTimer;
use crate::base::clock::Now;

/// How long a session, or a look at other values, waits for what is fetched: longer than anybody in
/// good health takes. What comes later is compared when it comes.
const FETCH_PATIENCE: Duration = Duration::from_secs(1);

impl Agent {
    /// Starts to fetch what rows show, for whoever goes on with it or without when the timer is due;
    /// `false` where there is nothing to fetch.
    /// What is followed is as new as what could be fetched.
    pub(super) fn fetch(&mut self, is_followed: bool, now: Now) -> bool {
        let asks = [!is_followed && self.ask_luup(now), self.ask_ubus(now)];
        let is_asked = asks.contains(&true);
        if is_asked {
            let at = now.uptime.saturating_add(FETCH_PATIENCE);
            self.timers.due_by(LoopTimer::Fetch, at);
        }
        is_asked
    }

    /// Looks at all values as they are now; those of others are fetched first. During a session it is
    /// done after it.
    pub(super) fn look_afresh(&mut self, now: Now) {
        if self.session.is_some() || !self.fetch(self.is_luup_followed(now), now) {
            self.look(now);
        }
    }

    /// Something came: what waited goes on, unless there is more to come and time left for it.
    pub(super) fn fetched(&mut self, now: Now) {
        let is_awaited = self.jobs.is_awaited(JobKind::LuupFetch) || self.is_asking_ubus();
        if !(is_awaited && self.timers.is_set(LoopTimer::Fetch)) {
            self.go_on(now);
        }
    }

    /// All has come, or had its time.
    pub(super) fn go_on(&mut self, now: Now) {
        self.timers.stop(LoopTimer::Fetch);
        match self.session {
            Some(SessionStage::Preparing) => self.open_session(),
            // What is new is found after the session.
            Some(SessionStage::Talking { .. }) | None => self.look(now),
        }
    }
}
