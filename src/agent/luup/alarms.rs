//! Alarms: what is wrong in the home, told where the rows of `FaultMgmt.SupportedAlarm.` say.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use crate::agent::poll_loop::Agent;
use crate::base::clock::Now;
use crate::datamodel::source::Source;
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
    /// The uptime since which the engine gives nothing that can be used.
    failing_since: Option<Duration>,
}

impl AlarmEnd {
    /// The end, and the source.
    pub(super) fn new() -> (Self, Box<dyn Source>) {
        let alarms = Rc::new(RefCell::new(Alarms::default()));
        let end = Self {
            alarms: Rc::clone(&alarms),
            failing_since: None,
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
        let home = self.luup.home.borrow();
        let mut found = Vec::new();
        let failing_since = &mut self.luup.alarms.failing_since;
        match home.failure() {
            None => *failing_since = None,
            Some(why) => {
                let since = *failing_since.get_or_insert(now.uptime);
                let is_engine_lost = alarms.borrow().has(AlarmKind::Engine, 0);
                if is_engine_lost || now.uptime.saturating_sub(since) >= ENGINE_PATIENCE {
                    let problem = "The Luup engine does not answer";
                    found.push(Condition::new(AlarmKind::Engine, 0, problem).because(why));
                }
            }
        }
        if let Some((snapshot, nodes)) = home.seen() {
            let limit = self.config.luup.battery_alarm;
            let is_low = |device| alarms.borrow().has(AlarmKind::Battery, device);
            found.extend(conditions(snapshot, &nodes, limit, &is_low));
        }
        drop(home);
        alarms.borrow_mut().follow(found, &supported, now.unix);
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
