//! What is kept of MMS between jobs, in memory alone: the session, and how long nothing is tried.
//!
//! Whoever guesses passwords is shut out sooner or later: after a refusal nobody logs in for a minute,
//! then for two, up to six hours, until the configuration is another. A server that is out of reach
//! is tried sooner.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

use super::login::log_in;
use crate::base::backoff::Backoff;
use crate::base::config::MmsConfig;
use crate::base::secret::Secret;
use crate::base::url::Url;
use crate::http::HttpClient;
use crate::luup::{LuupAccess, LuupError};

/// After a refusal, or what makes no sense.
const REFUSED: Backoff = Backoff::new(Duration::from_secs(60), Duration::from_secs(6 * 3600));

/// After a failure of the network or of a server.
const UNREACHABLE: Backoff = Backoff::new(Duration::from_secs(15), Duration::from_secs(600));

/// No session is renewed so soon after another: what is refused again and again counts as a refusal.
const MIN_LIFE: Duration = Duration::from_secs(60);

/// From one look whether another job is done with its log-in to the next.
const LOOK: Duration = Duration::from_millis(20);

/// A session at the relay of the box.
#[derive(Clone)]
pub(super) struct RelaySession {
    pub relay: Url,
    pub token: Secret,
    /// The number of the box, digits.
    pub device: String,
    pub since: Instant,
    pub life: Duration,
}

impl RelaySession {
    fn is_good(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) < self.life
    }
}

/// Clones share it; it may cross threads.
#[derive(Clone, Default)]
pub struct KeptRelay(Arc<Mutex<RelayState>>);

struct RelayState {
    /// What all else is of.
    config: Option<MmsConfig>,
    session: Option<RelaySession>,
    /// Whether the engine has answered in it.
    is_proven: bool,
    /// When one was renewed last.
    renewed: Option<Instant>,
    refused: Backoff,
    unreachable: Backoff,
    /// Why and until when nothing is tried.
    pause: Option<(LuupError, Instant)>,
}

impl Default for RelayState {
    fn default() -> Self {
        Self {
            config: None,
            session: None,
            is_proven: false,
            renewed: None,
            refused: REFUSED,
            unreachable: UNREACHABLE,
            pause: None,
        }
    }
}

impl fmt::Debug for KeptRelay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeptRelay")
    }
}

impl KeptRelay {
    /// The session, opened if need be. One job at a time logs in; the others wait for it, each no longer
    /// than `luup.timeout`, nor when it is called off.
    pub(super) fn session(
        &self,
        config: &MmsConfig,
        access: &LuupAccess,
        http: &mut HttpClient,
    ) -> Result<RelaySession, LuupError> {
        let mut state = self.wait_for(access)?;
        let now = Instant::now();
        if state.config.as_ref() != Some(config) {
            *state = RelayState {
                config: Some(config.clone()),
                ..RelayState::default()
            };
        }
        if let Some(session) = state
            .session
            .as_ref()
            .filter(|session| session.is_good(now))
        {
            return Ok(session.clone());
        }
        if let Some((why, until)) = state.pause.as_ref().filter(|(_, until)| now < *until) {
            let pause = until.saturating_duration_since(now).as_secs();
            log::debug!("luup: no log-in for {pause} s");
            return Err(why.clone());
        }
        match log_in(config, http) {
            Ok(session) => {
                state.session = Some(session.clone());
                state.is_proven = false;
                Ok(session)
            }
            // That it was called off tells nothing of the servers.
            Err(error) if access.is_hung_up() => Err(error),
            Err(error) => {
                state.failed(error.clone());
                Err(error)
            }
        }
    }

    fn wait_for(&self, access: &LuupAccess) -> Result<MutexGuard<'_, RelayState>, LuupError> {
        let began = Instant::now();
        loop {
            match self.0.try_lock() {
                Ok(state) => return Ok(state),
                Err(TryLockError::Poisoned(state)) => return Ok(state.into_inner()),
                Err(TryLockError::WouldBlock) => {}
            }
            if access.is_hung_up() || began.elapsed() >= access.config.timeout {
                return Err(LuupError::Timeout);
            }
            thread::sleep(LOOK);
        }
    }

    /// The relay does not know the session, or not any more; whether the next may be opened at once.
    pub(super) fn is_over(&self, session: &RelaySession) -> bool {
        let now = Instant::now();
        let mut state = self.lock();
        if !state.has(session) {
            // Another job has the next already.
            return true;
        }
        state.session = None;
        let lately = |at: Instant| now.saturating_duration_since(at) < MIN_LIFE;
        let is_renewable = state.is_proven && !state.renewed.is_some_and(lately);
        if is_renewable {
            state.renewed = Some(now);
        } else {
            let why = "the relay refuses a session that was just opened; see mms.device";
            state.failed(LuupError::Relay(why.to_owned()));
        }
        is_renewable
    }

    /// The relay cannot be reached.
    pub(super) fn is_lost(&self, session: &RelaySession) {
        let mut state = self.lock();
        if state.has(session) {
            state.session = None;
            let relay = session.relay.authority();
            let why = format!("the relay {relay} could not be reached");
            state.failed(LuupError::Unreachable(why));
        }
    }

    /// The engine answered.
    pub(super) fn has_worked(&self) {
        let mut state = self.lock();
        state.is_proven = true;
        state.refused.reset();
        state.unreachable.reset();
        state.pause = None;
    }

    fn lock(&self) -> MutexGuard<'_, RelayState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RelayState {
    /// Whether this is the session that is kept, and none that came after it.
    fn has(&self, session: &RelaySession) -> bool {
        let kept = self.session.as_ref();
        kept.is_some_and(|kept| kept.token == session.token)
    }

    fn failed(&mut self, why: LuupError) {
        let backoff = match why {
            LuupError::Unreachable(_) | LuupError::Timeout => &mut self.unreachable,
            _ => &mut self.refused,
        };
        self.pause = Instant::now()
            .checked_add(backoff.pause())
            .map(|until| (why, until));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::config::LuupConfig;
    use crate::http::HangUp;
    use crate::luup::way::EngineWay;

    /// Without a name of a server nobody can log in.
    fn access() -> LuupAccess {
        let mut access = LuupAccess::new(LuupConfig {
            mms: Some(MmsConfig::default()),
            ..LuupConfig::default()
        });
        access.config.timeout = Duration::from_millis(50);
        access
    }

    fn asks(access: &LuupAccess) -> Result<(), LuupError> {
        let mut way = EngineWay::new(access)?;
        way.ask("alive").map(drop)
    }

    #[test]
    fn z50_whoever_hangs_up_himself_waits_for_no_pause_after_it() {
        let mut access = access();
        let hang_up = HangUp::default();
        hang_up.now();
        access.hang_up = Some(hang_up);
        asks(&access).unwrap_err();
        assert_eq!(access.kept_relay.lock().pause, None);
        access.hang_up = None;
        asks(&access).unwrap_err();
        assert!(access.kept_relay.lock().pause.is_some());
    }

    #[test]
    fn z50_nobody_waits_for_the_log_in_of_another_for_longer_than_he_has() {
        let access = access();
        let logs_in = access.kept_relay.lock();
        assert_eq!(asks(&access), Err(LuupError::Timeout));
        drop(logs_in);
        assert_ne!(asks(&access), Err(LuupError::Timeout));
    }
}
