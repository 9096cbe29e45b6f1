//! What is kept of MMS between jobs, in memory alone: the session, and how long nothing is tried.
//!
//! Whoever guesses passwords is shut out sooner or later: after a refusal nobody logs in for a minute,
//! then for two, up to six hours, until the configuration is another. A server that is out of reach
//! is tried sooner.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::login::log_in;
use crate::base::backoff::Backoff;
use crate::base::config::MmsConfig;
use crate::base::secret::Secret;
use crate::base::url::Url;
use crate::http::HttpClient;
use crate::luup::LuupError;

/// After a refusal, or what makes no sense.
const REFUSED: Backoff = Backoff::new(Duration::from_secs(60), Duration::from_secs(6 * 3600));

/// After a failure of the network or of a server.
const UNREACHABLE: Backoff = Backoff::new(Duration::from_secs(15), Duration::from_secs(600));

/// No session is renewed so soon after another: what is refused again and again counts as a refusal.
const MIN_LIFE: Duration = Duration::from_secs(60);

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
    /// than it may take.
    pub(super) fn session(
        &self,
        config: &MmsConfig,
        http: &mut HttpClient,
    ) -> Result<RelaySession, LuupError> {
        let now = Instant::now();
        let mut state = self.lock();
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
            Err(error) => {
                state.failed(error.clone());
                Err(error)
            }
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
