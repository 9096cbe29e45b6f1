//! What the engine tells of itself, for `cwmpd status`.

use std::fmt;
use std::time::Duration;

use crate::base::clock;
use crate::base::excerpt::in_line;
use crate::soap::CwmpVersion;

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// By the four conditions of TR-069 §3.7.1.4.
    Success,
    /// Otherwise: the reason, a sentence.
    Failure(String),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Success => f.write_str("success"),
            Self::Failure(why) => write!(f, "failure: {why}"),
        }
    }
}

/// The session that ended last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastSession {
    /// When it began, seconds since 1970 (the wall clock may not have been set).
    pub began_unix: i64,
    /// When it ended, likewise.
    pub ended_unix: i64,
    /// How.
    pub outcome: Outcome,
    /// The events of its Inform.
    pub events: Vec<String>,
}

/// How many sessions ended in this run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SessionCount {
    /// By success.
    pub succeeded: u32,
    /// Otherwise.
    pub failed: u32,
}

/// The session that comes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextSession {
    /// From now.
    pub after: Duration,
    /// When that is, seconds since 1970 (the wall clock may not have been set).
    pub unix: i64,
    /// What it is for.
    pub cause: SessionCause,
}

/// What a session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionCause {
    /// Events that wait.
    Events,
    /// Another attempt.
    Retry,
    /// `2 PERIODIC`.
    Periodic,
    /// The ACS ordered it by ScheduleInform.
    Scheduled,
    /// The box was to go down before, and did not.
    StillUp,
}

impl fmt::Display for SessionCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Events => "for what is pending",
            Self::Retry => "to try again",
            Self::Periodic => "2 PERIODIC",
            Self::Scheduled => "as the ACS scheduled",
            Self::StillUp => "should the box still be up",
        })
    }
}

/// The state of the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineStatus {
    /// The ACS, without credentials; empty if there is none.
    pub url: String,
    /// `EnableCWMP`.
    pub enabled: bool,
    /// The version of CWMP that was negotiated with this ACS last, in this run.
    pub negotiated: Option<CwmpVersion>,
    /// The version that the next Inform offers.
    pub offered: CwmpVersion,
    /// A session is running, since then (seconds since 1970).
    pub in_session: Option<i64>,
    /// The sessions of this run.
    pub count: SessionCount,
    /// `None` if only something new can cause one.
    pub next: Option<NextSession>,
    /// The session that ended last in this run.
    pub last: Option<LastSession>,
    /// Failed attempts since the last success.
    pub retry_count: u32,
    /// How long the first session after this boot still waits by [`EngineOptions::boot_delay`];
    /// `None` if it does not.
    ///
    /// [`EngineOptions::boot_delay`]: super::EngineOptions::boot_delay
    pub held: Option<Duration>,
    /// Undelivered events, e.g. `M Reboot (key)`.
    pub pending: Vec<String>,
    /// What was promised to the ACS and is still to be done, e.g. `Reboot`.
    pub promised: Vec<String>,
}

impl fmt::Display for EngineStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let acs = match (self.enabled, self.url.as_str()) {
            (false, _) => "none, CWMP is off: cwmpd.cpe.enable (ManagementServer.EnableCWMP)",
            (true, "") => "none yet: set cwmpd.acs.url (ManagementServer.URL)",
            (true, url) => url,
        };
        writeln!(f, "ACS:           {acs}")?;
        match self.negotiated {
            Some(version) => writeln!(f, "CWMP version:  {version}, {} offered", self.offered)?,
            None => writeln!(f, "CWMP version:  {} offered", self.offered)?,
        }
        let session = if self.in_session.is_some() {
            "running"
        } else {
            "none"
        };
        writeln!(f, "session:       {session}")?;
        if let Some(last) = &self.last {
            let when = clock::utc(last.ended_unix);
            writeln!(f, "last session:  {when}, {}", last.outcome)?;
            writeln!(f, "  its events:  {}", list(&last.events))?;
        }
        match self.retry_count {
            0 => writeln!(f, "retry count:   0, no session has to be repeated")?,
            1 => writeln!(f, "retry count:   1, the last session failed")?,
            n => writeln!(f, "retry count:   {n}, so many sessions failed in a row")?,
        }
        if let Some(held) = self.held {
            let seconds = held.as_secs();
            writeln!(
                f,
                "boot delay:    {seconds} s more (cpe.boot_delay_max), or until asked for"
            )?;
        }
        match &self.next {
            Some(NextSession { after, unix, cause }) => {
                let (span, when) = (clock::span(*after), clock::utc(*unix));
                writeln!(f, "next session:  in {span}, {when}, {cause}")?;
            }
            None if self.in_session.is_some() => {
                writeln!(f, "next session:  not before this one has ended")?;
            }
            None => writeln!(f, "next session:  none, until something calls for one")?,
        }
        let pending = match &*self.pending {
            [] => "none, the ACS has heard of every event".to_owned(),
            pending => list(pending),
        };
        writeln!(f, "pending:       {pending}")?;
        let promised = match &*self.promised {
            [] => "none, nothing that the ACS ordered is left to do".to_owned(),
            promised => list(promised),
        };
        writeln!(f, "promised:      {promised}")
    }
}

/// Events for people: `0 BOOTSTRAP, 1 BOOT`, or `none`.
pub(super) fn list(events: &[String]) -> String {
    match events {
        [] => "none".to_owned(),
        events => in_line(&events.join(", ")).into_owned(),
    }
}
