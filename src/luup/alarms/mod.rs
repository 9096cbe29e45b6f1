//! What is wrong in the home, as TR-181 has it in `FaultMgmt.`: the source `alarm`.
//!
//! | key | value |
//! |---|---|
//! | `current`, `history`, `expedited`, `queued` | tables: the alarms that there are, the newest [`MAX_CURRENT`] of them; their events, the newest [`MAX_HISTORY`]; those that are to be told at once or later, [`RING`] of each |
//! | `most` | how many the first of them has at most |
//! | `current.FIELD` | of an alarm: `id`, `raised`, `changed` (seconds since 1970), `device` (Luup's number), `problem`, `severity`, `event_type`, `cause`, `text`, `info` |
//! | `history.FIELD`... | of an event: the same, and `time`, `notification` |
//!
//! Which kinds there are, how grave they are and where they are told is in the rows of
//! `FaultMgmt.SupportedAlarm.`, by the number of [`AlarmKind`].

mod condition;
mod key;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

pub use self::condition::{AlarmKind, Condition, conditions};
use self::key::{AlarmField, AlarmKey, AlarmTable};
use crate::datamodel::source::{
    Declaration, DeclaredKeys, Instance, Listed, Noticed, Reading, Slot, Source,
};

/// Alarms that are shown at a time.
pub const MAX_CURRENT: usize = 64;

/// Alarms that are remembered at a time: each of 232 nodes may fail and have no charge left.
const MAX_HELD: usize = 512;

/// Events that are remembered.
pub const MAX_HISTORY: usize = 100;

/// Events in each of the tables that tell of them.
pub const RING: usize = 16;

/// What the rows say of a kind of alarm.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Supported {
    /// `EventType`
    pub event_type: String,
    /// `ProbableCause`
    pub cause: String,
    /// `PerceivedSeverity`
    pub severity: String,
    /// Where its events are told.
    pub mechanism: Mechanism,
}

/// `ReportingMechanism`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mechanism {
    /// `0 Expedited`
    Expedited,
    /// `1 Queued`
    Queued,
    /// `2 Logged`
    Logged,
    /// `3 Disabled`, or no row.
    #[default]
    Disabled,
}

impl Mechanism {
    /// By its word.
    pub fn of(word: &str) -> Self {
        match word.as_bytes().first() {
            Some(b'0') => Self::Expedited,
            Some(b'1') => Self::Queued,
            Some(b'2') => Self::Logged,
            _ => Self::Disabled,
        }
    }
}

/// An alarm that there is, or was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Alarm {
    id: String,
    condition: Condition,
    supported: Supported,
    raised: i64,
    changed: i64,
}

/// What happened to one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct AlarmEvent {
    time: i64,
    notification: String,
    alarm: Alarm,
}

const NEW: &str = "NewAlarm";
const CHANGED: &str = "ChangedAlarm";
const CLEARED: &str = "ClearedAlarm";

/// The alarms of the home, and their events.
#[derive(Default)]
pub struct Alarms {
    keys: DeclaredKeys<AlarmKey>,
    /// In the order in which they changed last.
    held: Vec<Alarm>,
    events: [EventRing; 3],
    /// How many there were.
    count: u32,
}

/// Events in places that are taken in turn, the oldest first once all are taken.
#[derive(Default)]
struct EventRing {
    places: VecDeque<AlarmEvent>,
    next: usize,
}

impl EventRing {
    fn add(&mut self, event: AlarmEvent, most: usize) {
        match self.places.get_mut(self.next) {
            Some(place) => *place = event,
            None => self.places.push_back(event),
        }
        self.next = (self.next + 1) % most;
    }
}

impl Alarms {
    /// Whether rows of the model show any.
    pub fn is_wanted(&self) -> bool {
        self.keys.iter().next().is_some()
    }

    /// Whether there is one of this kind about a device.
    pub fn has(&self, kind: AlarmKind, device: u32) -> bool {
        let mut held = self.held.iter();
        held.any(|alarm| alarm.condition.kind == kind && alarm.condition.device == device)
    }

    /// What is wrong now, at this time in seconds since 1970, 0 where nobody knows it: raises what is new,
    /// and clears what is not any more. `supported` are the kinds in the order of their numbers. Whether anything is
    /// different.
    pub fn follow(&mut self, now: Vec<Condition>, supported: &[Supported], unix: i64) -> bool {
        let all_supported = supported;
        let supported = |kind: AlarmKind| {
            let known = all_supported.get(kind.number().saturating_sub(1));
            known.filter(|known| known.mechanism != Mechanism::Disabled)
        };
        let now = each_once(now);
        let mut events = Vec::new();
        for alarm in &mut self.held {
            let at = alarm.condition.kind.number().saturating_sub(1);
            if let Some(known) = all_supported.get(at) {
                alarm.supported = known.clone();
            }
        }
        let is_gone = |alarm: &Alarm| !now.iter().any(|other| other.is_same(&alarm.condition));
        let (gone, held): (Vec<Alarm>, _) = std::mem::take(&mut self.held)
            .into_iter()
            .partition(is_gone);
        self.held = held;
        events.extend(gone.into_iter().map(|alarm| (CLEARED, alarm)));
        for condition in now {
            let Some(supported) = supported(condition.kind) else {
                continue;
            };
            let same = |alarm: &Alarm| alarm.condition.is_same(&condition);
            let at = self.held.iter().position(same);
            let alarm = match at {
                Some(at) => {
                    let Some(held) = self.held.get_mut(at) else {
                        continue;
                    };
                    let is_event = held.condition.is_other(&condition);
                    held.condition = condition;
                    if !is_event {
                        continue;
                    }
                    held.changed = unix;
                    let alarm = self.held.remove(at);
                    events.push((CHANGED, alarm.clone()));
                    alarm
                }
                None if self.held.len() >= MAX_HELD => continue,
                None => {
                    self.count = self.count.wrapping_add(1);
                    let is_before = |since: &i64| *since > 0 && (unix == 0 || *since < unix);
                    let raised = Some(condition.since).filter(is_before);
                    let alarm = Alarm {
                        id: format!("{}.{unix}", self.count),
                        condition,
                        supported: supported.clone(),
                        raised: raised.unwrap_or(unix),
                        changed: unix,
                    };
                    events.push((NEW, alarm.clone()));
                    alarm
                }
            };
            self.held.push(alarm);
        }
        let is_different = !events.is_empty();
        for (notification, alarm) in events {
            self.tell(notification, alarm, unix);
        }
        is_different
    }

    fn tell(&mut self, notification: &str, alarm: Alarm, unix: i64) {
        if alarm.supported.mechanism == Mechanism::Disabled {
            return;
        }
        log::info!(
            "alarm {}: {notification}: {}",
            alarm.id,
            alarm.condition.problem
        );
        let event = AlarmEvent {
            time: unix,
            notification: notification.to_owned(),
            alarm,
        };
        let [history, expedited, queued] = &mut self.events;
        match event.alarm.supported.mechanism {
            Mechanism::Expedited => expedited.add(event.clone(), RING),
            Mechanism::Queued => queued.add(event.clone(), RING),
            Mechanism::Logged | Mechanism::Disabled => {}
        }
        history.add(event, MAX_HISTORY);
    }

    /// The alarms that are shown, in no order.
    fn current(&self) -> impl Iterator<Item = &Alarm> {
        self.held.iter().rev().take(MAX_CURRENT)
    }

    fn events(&self, table: AlarmTable) -> Option<&EventRing> {
        self.events.get((table as usize).checked_sub(1)?)
    }

    fn value(&self, key: AlarmKey, at: &[Instance<'_>]) -> Option<String> {
        let field = key.field?;
        let Some(table) = key.table else {
            return Some(MAX_CURRENT.to_string());
        };
        let name = at.last().map(Instance::name)?;
        if table == AlarmTable::Current {
            let mut current = self.current();
            let alarm = current.find(|alarm| alarm.id == *name)?;
            return Some(alarm.field(field));
        }
        let place = name.parse::<usize>().ok()?.checked_sub(1)?;
        let event = self.events(table)?.places.get(place)?;
        Some(match field {
            AlarmField::Time => event.time.to_string(),
            AlarmField::Notification => event.notification.clone(),
            AlarmField::Severity if event.notification == CLEARED => "Cleared".to_owned(),
            field => event.alarm.field(field),
        })
    }

    fn list(&self, table: AlarmTable) -> Vec<Listed> {
        if table == AlarmTable::Current {
            let mut current: Vec<&Alarm> = self.current().collect();
            current.reverse();
            return current
                .iter()
                .map(|alarm| Listed::new(&*alarm.id))
                .collect();
        }
        let filled = self.events(table).map_or(0, |ring| ring.places.len());
        // So that an ACS can have itself told of the next ones.
        let places = match table {
            AlarmTable::Current | AlarmTable::History => filled,
            AlarmTable::Expedited | AlarmTable::Queued => RING,
        };
        let numbers = (1_u32..).take(places);
        let listed = numbers.map(|number| Listed {
            number: Some(number),
            ..Listed::new(number.to_string())
        });
        listed.collect()
    }
}

impl Alarm {
    fn field(&self, field: AlarmField) -> String {
        let condition = &self.condition;
        match field {
            AlarmField::Id => self.id.clone(),
            AlarmField::Raised => self.raised.to_string(),
            AlarmField::Changed | AlarmField::Time => self.changed.to_string(),
            AlarmField::Device => condition.device.to_string(),
            AlarmField::Problem => condition.problem.clone(),
            AlarmField::Severity => self.supported.severity.clone(),
            AlarmField::EventType => self.supported.event_type.clone(),
            AlarmField::Cause => self.supported.cause.clone(),
            AlarmField::Text => condition.text.clone(),
            AlarmField::Info => condition.info.clone(),
            AlarmField::Notification | AlarmField::Most => String::new(),
        }
    }
}

/// The values of [`Alarms`], which the agent shares.
pub struct AlarmSource(pub Rc<RefCell<Alarms>>);

impl Source for AlarmSource {
    fn declare(&mut self, row: &Declaration<'_>, key: &str) -> Result<Slot, String> {
        let key = AlarmKey::parse(key)?;
        match (row.kind.is_some(), key.field.is_some()) {
            (true, false) => Err("it lists instances and is no value".to_owned()),
            (false, true) => Err("it is a value and lists no instances".to_owned()),
            _ if row.writable => Err("nobody sets what alarms there are".to_owned()),
            _ => Ok(self.0.borrow_mut().keys.keep(key)),
        }
    }

    fn refresh(&mut self) -> bool {
        true
    }

    fn get(&mut self, slot: Slot, at: &[Instance<'_>]) -> Reading<'_> {
        let alarms = self.0.borrow();
        let key = alarms.keys.get(slot).copied();
        Reading::of(key.and_then(|key| alarms.value(key, at)))
    }

    fn list(&mut self, slot: Slot, _: &[Instance<'_>], _: &[&str]) -> Option<Vec<Listed>> {
        let alarms = self.0.borrow();
        let table = alarms.keys.get(slot)?.table?;
        Some(alarms.list(table))
    }

    /// Of what is wrong the engine tells when it is asked.
    fn noticed(&self, _: Slot) -> Noticed {
        Noticed::Polled
    }
}

/// The engine may tell of one thing twice: the first counts.
fn each_once(found: Vec<Condition>) -> Vec<Condition> {
    let mut kept: Vec<Condition> = Vec::with_capacity(found.len());
    for condition in found {
        if !kept.iter().any(|known| known.is_same(&condition)) {
            kept.push(condition);
        }
    }
    kept
}

#[cfg(test)]
mod tests;
