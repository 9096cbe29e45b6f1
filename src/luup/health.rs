//! How the engine is, as far as its answers tell: the rows `luup:engine.KEY` and `cwmpd status`.

use super::LuupError;
use super::snapshot::Snapshot;
use crate::base::clock::{self, Now};
use crate::datamodel::source::Reading;

/// What the engine is to the agent, in the words of `Status`.
const DISABLED: &str = "Disabled";
const UNKNOWN: &str = "Unknown";
const UP: &str = "Up";
const ERROR: &str = "Error";

/// What a key `engine.KEY` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineKey {
    /// `Status`: `Disabled`, `Unknown` while nobody asked it, `Up`, `Error`.
    Status,
    /// `LastContact`: when it answered last; a dateTime.
    LastContact,
    /// `LoadTime`: when it was started; a dateTime.
    LoadTime,
    /// `Version`: of its software.
    Version,
    /// `Model`: of the box, as it says.
    Model,
    /// `Failures`: requests that came to nothing since it answered last.
    Failures,
    /// `LastError`: why the last request came to nothing that did.
    LastError,
    /// `RejectedValues`: what could not be read of its last answers.
    RejectedValues,
}

/// The keys by their names.
const KEYS: [(&str, EngineKey); 8] = [
    ("Status", EngineKey::Status),
    ("LastContact", EngineKey::LastContact),
    ("LoadTime", EngineKey::LoadTime),
    ("Version", EngineKey::Version),
    ("Model", EngineKey::Model),
    ("Failures", EngineKey::Failures),
    ("LastError", EngineKey::LastError),
    ("RejectedValues", EngineKey::RejectedValues),
];

impl EngineKey {
    /// Reads what stands behind `engine.`.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let found = KEYS.iter().find(|(known, _)| *known == name);
        found.map(|(_, key)| *key)
    }

    /// All of them.
    pub(super) fn names() -> String {
        let names: Vec<String> = KEYS
            .iter()
            .map(|(name, _)| format!("engine.{name}"))
            .collect();
        names.join(", ")
    }

    /// What stands behind `engine.`.
    pub(super) fn name(self) -> &'static str {
        let found = KEYS.iter().find(|(_, key)| *key == self);
        found.map_or("", |(name, _)| name)
    }
}

/// How the engine is.
#[derive(Debug, Default)]
pub struct EngineHealth {
    is_disabled: bool,
    /// When it answered last; `None` before the first time.
    contact: Option<Now>,
    /// Requests without an answer that can be used, since.
    failures: u32,
    last_error: Option<LuupError>,
}

impl EngineHealth {
    /// Whether it is to be asked at all.
    pub fn enable(&mut self, is_enabled: bool) {
        self.is_disabled = !is_enabled;
    }

    /// The box is not to have an engine.
    pub(super) fn is_disabled(&self) -> bool {
        self.is_disabled
    }

    /// It answered. The log hears of that when it did not before.
    pub fn answered(&mut self, now: Now) {
        if self.failures > 0 {
            log::info!(
                "luup: the engine answers again, after {} failures",
                self.failures
            );
        }
        (self.contact, self.failures) = (Some(now), 0);
    }

    /// It did not, or not so that it can be used. The log hears of the first time.
    pub fn failed(&mut self, why: LuupError) {
        match self.failures {
            0 => log::warn!("{why}; the last good values stay"),
            _ => log::debug!("{why}"),
        }
        self.failures = self.failures.saturating_add(1);
        self.last_error = Some(why);
    }

    /// In a word.
    pub fn status(&self) -> &'static str {
        match (self.is_disabled, self.failures, self.contact) {
            (true, ..) => DISABLED,
            (false, 1.., _) => ERROR,
            (false, 0, Some(_)) => UP,
            (false, 0, None) => UNKNOWN,
        }
    }

    /// When it answered last.
    pub fn contact(&self) -> Option<Now> {
        self.contact
    }

    /// Requests that came to nothing since.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Why a request came to nothing, the last that did.
    pub fn last_error(&self) -> Option<&LuupError> {
        self.last_error.as_ref()
    }

    /// Why it gives nothing that can be used; `None` where it does.
    pub fn failure(&self) -> Option<&LuupError> {
        self.last_error.as_ref().filter(|_| self.failures > 0)
    }

    /// What a key shows; `home` is what the engine said last that could be used.
    pub(super) fn value<'a>(&'a self, key: EngineKey, home: Option<&'a Snapshot>) -> Reading<'a> {
        let top = |names: &[&str]| names.iter().find_map(|name| home?.top(name));
        match key {
            EngineKey::Status => Reading::Value(self.status().into()),
            EngineKey::LastContact => Reading::of(self.contact.map(|at| clock::utc(at.unix))),
            EngineKey::LoadTime => {
                let started = top(&["LoadTime"]).and_then(|text| text.trim().parse().ok());
                Reading::of(started.filter(|at| *at > 0).map(clock::utc))
            }
            EngineKey::Version => Reading::of(top(&["BuildVersion"])),
            EngineKey::Model => Reading::of(top(&["model"])),
            EngineKey::Failures => Reading::Value(self.failures.to_string().into()),
            EngineKey::LastError => Reading::of(self.last_error.as_ref().map(ToString::to_string)),
            EngineKey::RejectedValues => {
                Reading::of(home.map(|home| home.rejected().count.to_string()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOW: Now = Now {
        uptime: Duration::from_secs(100),
        unix: 1_795_000_000,
        utc_offset: 0,
        confirmed: true,
    };

    fn shown(health: &EngineHealth, key: &str, home: Option<&Snapshot>) -> String {
        let key = EngineKey::parse(key).unwrap();
        health.value(key, home).value().unwrap_or("-").to_owned()
    }

    #[test]
    fn z10_the_engine_is_as_its_last_answer_tells() {
        let mut health = EngineHealth::default();
        assert_eq!(shown(&health, "Status", None), "Unknown");
        assert_eq!(shown(&health, "LastContact", None), "-");
        health.answered(NOW);
        assert_eq!(shown(&health, "Status", None), "Up");
        let contact = shown(&health, "LastContact", None);
        assert!(contact.starts_with("2026-11-18T"), "{contact}");
        for failures in 1..=3 {
            health.failed(LuupError::Empty);
            assert_eq!(shown(&health, "Failures", None), failures.to_string());
        }
        assert_eq!(shown(&health, "Status", None), "Error");
        assert_eq!(shown(&health, "LastContact", None), contact);
        assert!(shown(&health, "LastError", None).contains("empty"));
        health.answered(NOW.after(Duration::from_secs(60)));
        assert_eq!(shown(&health, "Status", None), "Up");
        assert_eq!(shown(&health, "Failures", None), "0");
        assert!(shown(&health, "LastError", None).contains("empty"));
        assert_ne!(shown(&health, "LastContact", None), contact);
        health.enable(false);
        assert_eq!(shown(&health, "Status", None), "Disabled");
    }

    #[test]
    fn z10_what_the_engine_says_of_itself_is_shown() {
        let health = EngineHealth::default();
        let text = r#"{"LoadTime":"1445000000","BuildVersion":"*1.7.2331*","model":"NA930",
            "devices":[{"id":1,"status":-1,"states":[]}]}"#;
        let home = Snapshot::read([Ok(text)]).unwrap();
        let home = Some(&home);
        assert_eq!(shown(&health, "LoadTime", home), "2015-10-16T12:53:20Z");
        assert_eq!(shown(&health, "Version", home), "*1.7.2331*");
        assert_eq!(shown(&health, "Model", home), "NA930");
        assert_eq!(shown(&health, "RejectedValues", home), "0");
        for (name, key) in KEYS {
            assert_eq!((EngineKey::parse(name), key.name()), (Some(key), name));
        }
        assert_eq!(EngineKey::parse("Nothing"), None);
    }
}
