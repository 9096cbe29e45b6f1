//! Alarms: what is wrong in the home, told where the rows of `FaultMgmt.SupportedAlarm.` say.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use crate::agent::poll_loop::Agent;
use crate::base::clock::Now;
use crate::base::config::LuupConfig;
use crate::datamodel::source::Source;
use crate::luup::LuupError;
use crate::luup::alarms::{
    AlarmKind, AlarmSource, Alarms, Condition, Mechanism, Supported, conditions,
};

/// The kind of the source of alarms.
pub(super) const KIND: &str = "alarm";

/// Where the kinds of alarms are described.
const SUPPORTED: &str = "FaultMgmt.SupportedAlarm";

/// How long the engine may be away before that is an alarm: with the box it takes minutes to start.
const ENGINE_PATIENCE: Duration = Duration::from_secs(300);

/// The agent's end of the source `alarm`.
pub(super) struct AlarmEnd {
    alarms: Rc<RefCell<Alarms>>,
    absence: EngineAbsence,
}

/// Whether the box has an engine, as far as it can know: somebody named one, its home is or was known,
/// or something is there that gives no home (yet). Else it `fails` since there is none, which is no
/// alarm on a router that never had one.
fn is_expected(config: &LuupConfig, is_known: bool, fails: &LuupError) -> bool {
    config.is_named() || is_known || !matches!(fails, LuupError::Unreachable(_))
}

/// How long the engine gives nothing that can be used.
#[derive(Default)]
struct EngineAbsence {
    /// The uptime since then.
    since: Option<Duration>,
}

impl EngineAbsence {
    /// The engine answers, or `fails`; whether that is an alarm, which `is_told` already.
    fn is_alarm(&mut self, fails: bool, is_told: bool, now: Duration) -> bool {
        if !fails {
            self.since = None;
            return false;
        }
        let since = *self.since.get_or_insert(now);
        is_told || now.saturating_sub(since) >= ENGINE_PATIENCE
    }
}

impl AlarmEnd {
    /// The end, and the source.
    pub(super) fn new() -> (Self, Box<dyn Source>) {
        let alarms = Rc::new(RefCell::new(Alarms::default()));
        let end = Self {
            alarms: Rc::clone(&alarms),
            absence: EngineAbsence::default(),
        };
        (end, Box::new(AlarmSource(alarms)))
    }
}

impl Agent {
    /// The engine told something, or did not: what is wrong by that is an alarm. To be called before
    /// values are compared.
    pub(super) fn follow_alarms(&mut self, now: Now) {
        let alarms = Rc::clone(&self.luup.alarms.alarms);
        if !alarms.borrow().is_wanted() {
            return;
        }
        let supported = AlarmKind::ALL.map(|kind| self.supported(kind));
        // Without an engine nothing is wrong with it, nor with what it knew.
        let is_enabled = self.config.luup.enable;
        let home = self.luup.home.borrow();
        let mut found = Vec::new();
        let failure = home.failure();
        let failure = failure.filter(|_| is_enabled && self.is_engine_expected());
        let is_told = alarms.borrow().has(AlarmKind::Engine, 0);
        let absence = &mut self.luup.alarms.absence;
        let is_alarm = absence.is_alarm(failure.is_some(), is_told, now.uptime);
        if let Some(why) = failure.filter(|_| is_alarm) {
            let problem = "The Luup engine does not answer";
            found.push(Condition::new(AlarmKind::Engine, 0, problem).because(why));
        }
        if let Some((snapshot, nodes)) = home.seen().filter(|_| is_enabled) {
            let limit = self.config.luup.battery_alarm;
            let is_low = |device| alarms.borrow().has(AlarmKind::Battery, device);
            found.extend(conditions(snapshot, &nodes, limit, &is_low));
        }
        drop(home);
        let unix = if now.wall_is_set() { now.unix } else { 0 };
        alarms.borrow_mut().follow(found, &supported, unix);
    }

    /// Whether an engine that gives nothing is missed.
    pub(super) fn is_engine_expected(&self) -> bool {
        let home = self.luup.home.borrow();
        let is_known =
            home.health().contact().is_some() || self.model.has_instances_of(super::KIND);
        let config = &self.config.luup;
        let mut failure = home.failure().into_iter();
        failure.all(|why| is_expected(config, is_known, why))
    }

    /// What the rows say of a kind of alarm.
    fn supported(&mut self, kind: AlarmKind) -> Supported {
        let number = kind.number();
        let mut of = |name: &str| {
            let path = format!("{SUPPORTED}.{number}.{name}");
            self.model.value(&path).unwrap_or_default()
        };
        Supported {
            event_type: of("EventType"),
            cause: of("ProbableCause"),
            severity: of("PerceivedSeverity"),
            mechanism: Mechanism::of(&of("ReportingMechanism")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b51_an_engine_that_never_was_is_no_alarm() {
        let refused = LuupError::Unreachable("refused".to_owned());
        let usual = LuupConfig::default();
        assert!(!is_expected(&usual, false, &refused));
        assert!(is_expected(&usual, true, &refused), "a home was known");
        // Somebody is there, who is no good.
        for fails in [LuupError::Timeout, LuupError::Empty, LuupError::Status(404)] {
            assert!(is_expected(&usual, false, &fails), "{fails}");
        }
        let elsewhere = LuupConfig {
            url: "http://192.168.1.5:3480".to_owned(),
            ..LuupConfig::default()
        };
        assert!(
            is_expected(&elsewhere, false, &refused),
            "somebody named it"
        );
    }

    #[test]
    fn z38_an_engine_that_is_away_is_an_alarm_after_minutes_until_it_answers() {
        let mut absence = EngineAbsence::default();
        let minute = Duration::from_secs(60);
        for at in [10, 11, 14] {
            assert!(!absence.is_alarm(true, false, at * minute), "{at}");
        }
        assert!(absence.is_alarm(true, false, 15 * minute));
        assert!(absence.is_alarm(true, true, 16 * minute));
        assert!(!absence.is_alarm(false, true, 17 * minute));
        // The next time is counted from its beginning.
        assert!(!absence.is_alarm(true, false, 18 * minute));
        assert!(!absence.is_alarm(true, false, 22 * minute));
        assert!(absence.is_alarm(true, false, 23 * minute));
        // One that was told before a restart of the agent lasts.
        assert!(EngineAbsence::default().is_alarm(true, true, minute));
    }
}
