//! What is wrong in a home, by what the engine says of it.

use std::fmt;

use crate::base::excerpt::excerpt;
use crate::luup::{Alert, Snapshot};

/// By how much a battery has to be above the limit, in percent, before it is well again: its level
/// goes up and down with the temperature.
const HYSTERESIS: u32 = 5;

/// Characters of a text.
const MAX_TEXT: usize = 256;
const MAX_PROBLEM: usize = 128;

/// The kinds of alarms, which are the numbers of `FaultMgmt.SupportedAlarm.`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AlarmKind {
    /// The engine cannot reach a node.
    #[default]
    Communication = 1,
    /// A battery has little charge left.
    Battery = 2,
    /// The engine warns of something.
    Alert = 3,
    /// The engine does not answer.
    Engine = 4,
}

impl AlarmKind {
    /// All of them, in their order.
    pub const ALL: [Self; 4] = [
        Self::Communication,
        Self::Battery,
        Self::Alert,
        Self::Engine,
    ];

    /// The number of its row.
    pub fn number(self) -> usize {
        self as usize
    }
}

/// Something that is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// Of which kind.
    pub kind: AlarmKind,
    /// Luup's number of the device that it is about, 0 for the engine itself.
    pub device: u32,
    /// What tells it from others of the kind about the device; mostly empty.
    pub what: String,
    /// What it is, in words that no other has: `SpecificProblem`.
    pub problem: String,
    /// More words about it.
    pub text: String,
    /// What Luup says of it.
    pub info: String,
    /// Since when, seconds since 1970; 0 where nobody tells.
    pub since: i64,
}

impl Condition {
    /// One of a kind about a device.
    pub fn new(kind: AlarmKind, device: u32, problem: &str) -> Self {
        Self {
            kind,
            device,
            problem: line(problem, MAX_PROBLEM),
            ..Self::default()
        }
    }

    /// The same, with what the engine said or did not say.
    pub fn because(mut self, why: &dyn fmt::Display) -> Self {
        self.text = line(&why.to_string(), MAX_TEXT);
        self
    }

    /// Whether it is the same thing, though maybe otherwise by now.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let key = |of: &Self| (of.kind, of.device);
        key(self) == key(other) && self.what == other.what
    }

    /// Whether the same thing is another by now: worse, or of another kind. That it is told in other
    /// words, such as why the engine does not answer this time, is no event.
    pub(super) fn is_other(&self, now: &Self) -> bool {
        (&self.problem, &self.info) != (&now.problem, &now.info)
    }
}

/// What the engine warns of, as long as it does.
fn alert(alert: &Alert) -> Condition {
    let of = |name: &str| alert.field(name).unwrap_or_default();
    let device = of("PK_Device").trim().parse().unwrap_or(0);
    let (code, number) = (of("Code"), of("PK_Alert"));
    let problem = format!("{code} of device {device}, alert {number}");
    Condition {
        what: line(number, MAX_TEXT),
        text: line(of("Description"), MAX_TEXT),
        info: line(
            &format!("Severity {} {}", of("Severity"), of("NewValue")),
            MAX_TEXT,
        ),
        ..Condition::new(AlarmKind::Alert, device, &problem)
    }
}

/// What is wrong with the nodes of a home, and what the engine warns of. `limit` is the charge in percent
/// below which a battery is low, 0 for never; `is_low` tells whether one was before.
pub fn conditions(
    home: &Snapshot,
    nodes: &[u32],
    limit: u32,
    is_low: &dyn Fn(u32) -> bool,
) -> Vec<Condition> {
    let names = |service: &str, variable: &str| home.names(service, variable);
    let failed_at = names("HaDevice1", "CommFailureTime");
    let level = names("HaDevice1", "BatteryLevel");
    let name = names("", "name");
    let mut found: Vec<Condition> = home.alerts().iter().map(alert).collect();
    for &device in nodes {
        let of = |names| home.value(device, names).map(str::trim);
        let called = of(&name).unwrap_or_default();
        if let Some(failure) = home.failure(device) {
            let problem = format!("Device {device} does not answer");
            let mut failed = Condition::new(AlarmKind::Communication, device, &problem);
            failed.text = line(called, MAX_TEXT);
            failed.info = line(failure, MAX_TEXT);
            failed.since = of(&failed_at).and_then(|at| at.parse().ok()).unwrap_or(0);
            found.push(failed);
        }
        let charge = of(&level).and_then(|level| level.parse::<u32>().ok());
        let bound = match is_low(device) {
            true => limit.saturating_add(HYSTERESIS),
            false => limit,
        };
        if limit > 0 && charge.is_some_and(|charge| charge < bound) {
            let problem = format!("The battery of device {device} is low");
            let mut low = Condition::new(AlarmKind::Battery, device, &problem);
            low.text = line(called, MAX_TEXT);
            found.push(low);
        }
    }
    found
}

/// A text as one line.
pub(super) fn line(text: &str, most: usize) -> String {
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    excerpt(text.trim(), most).into_owned()
}
