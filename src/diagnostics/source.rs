//! What the data model sees: the sources `diagnostic`, the states, and `diagnosed`, the results.
//!
//! | key | |
//! |---|---|
//! | `diagnostic:ping`, `diagnostic:trace` | the state, TR-181's `DiagnosticsState` |
//! | `diagnosed:ping.success` … | a result, by kind and name |
//! | `diagnosed:trace.hops` | the table of hops; `diagnosed:hop.host` … in it |

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::task::DiagnosticOutcome;
use crate::datamodel::model::check_state;
use crate::datamodel::source::{
    Declaration, DeclaredKeys, Instance, Listed, Noticed, Reading, Slot, Source, SourceError,
};

/// What is found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DiagnosticKind {
    /// Whether a host answers, and how soon.
    Ping,
    /// By whom packets come to it.
    Trace,
}

const KINDS: [(&str, DiagnosticKind); 2] = [
    ("ping", DiagnosticKind::Ping),
    ("trace", DiagnosticKind::Trace),
];

/// The names of results.
const OF_PING: [&str; 9] = [
    "address",
    "success",
    "failure",
    "average",
    "minimum",
    "maximum",
    "average_us",
    "minimum_us",
    "maximum_us",
];
const OF_TRACE: [&str; 2] = ["address", "time"];

/// A router on the way, or the host at its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hop {
    /// Its address; empty where nothing came back.
    pub host: String,
    /// The code of the message that ended it (ICMP).
    pub error: u8,
    /// Milliseconds of each request, 0 where nothing came back.
    pub times: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum ResultKey {
    Named(DiagnosticKind, &'static str),
    Hops,
    OfHop(HopField),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HopField {
    Host,
    Error,
    Times,
}

impl ResultKey {
    fn parse(key: &str) -> Option<Self> {
        let (of, name) = key.split_once('.')?;
        let named = |kind, names: &[&'static str]| {
            let name = names.iter().find(|known| **known == name)?;
            Some(Self::Named(kind, name))
        };
        match (of, name) {
            ("trace", "hops") => Some(Self::Hops),
            ("hop", "host") => Some(Self::OfHop(HopField::Host)),
            ("hop", "error") => Some(Self::OfHop(HopField::Error)),
            ("hop", "times") => Some(Self::OfHop(HopField::Times)),
            ("ping", _) => named(DiagnosticKind::Ping, &OF_PING),
            ("trace", _) => named(DiagnosticKind::Trace, &OF_TRACE),
            _ => None,
        }
    }
}

/// The diagnostics that the rows of the data model offer, and what the last ones found out.
#[derive(Default)]
pub struct Diagnostics {
    states: DeclaredKeys<DiagnosticKind>,
    shown: DeclaredKeys<ResultKey>,
    found: BTreeMap<DiagnosticKind, DiagnosticOutcome>,
    is_new: bool,
}

impl Diagnostics {
    /// What a state stands for.
    pub fn kind(&self, slot: Slot) -> Option<DiagnosticKind> {
        self.states.get(slot).copied()
    }

    /// Keeps what one found out, in place of what was found before; nothing where it begins anew.
    pub fn keep(&mut self, kind: DiagnosticKind, outcome: Option<DiagnosticOutcome>) {
        match outcome {
            Some(outcome) => drop(self.found.insert(kind, outcome)),
            None => drop(self.found.remove(&kind)),
        }
        self.is_new = true;
    }

    fn hops(&self) -> &[Hop] {
        let found = self.found.get(&DiagnosticKind::Trace);
        found.map_or(&[], |found| &found.hops)
    }
}

/// The states.
pub struct DiagnosticSource(pub Rc<RefCell<Diagnostics>>);

impl Source for DiagnosticSource {
    fn declare(&mut self, row: &Declaration<'_>, key: &str) -> Result<Slot, String> {
        let kind = KINDS.iter().find(|(name, _)| *name == key);
        let Some((_, kind)) = kind else {
            return Err(format!("there is no diagnostic {key:?}: ping, trace"));
        };
        check_state(row)?;
        Ok(self.0.borrow_mut().states.keep(*kind))
    }

    fn refresh(&mut self) -> bool {
        false
    }

    fn get(&mut self, _: Slot, _: &[Instance<'_>]) -> Reading<'_> {
        Reading::Absent
    }

    fn noticed(&self, _: Slot) -> Noticed {
        Noticed::Pushed
    }

    fn keeps_reports(&self, _: Slot) -> bool {
        true
    }

    fn stage(&mut self, _: Slot, _: &[Instance<'_>], _: &str) -> Result<(), SourceError> {
        Ok(())
    }

    fn diagnoses(&self) -> bool {
        true
    }
}

/// The results.
pub struct DiagnosedSource(pub Rc<RefCell<Diagnostics>>);

impl Source for DiagnosedSource {
    fn declare(&mut self, row: &Declaration<'_>, key: &str) -> Result<Slot, String> {
        let found =
            ResultKey::parse(key).filter(|found| (*found == ResultKey::Hops) == row.kind.is_none());
        let Some(key) = found else {
            return Err(format!("no diagnostic finds {key:?} out"));
        };
        if row.writable {
            return Err("it is what was found out, and cannot be written".to_owned());
        }
        Ok(self.0.borrow_mut().shown.keep(key))
    }

    fn refresh(&mut self) -> bool {
        std::mem::take(&mut self.0.borrow_mut().is_new)
    }

    fn get(&mut self, slot: Slot, at: &[Instance<'_>]) -> Reading<'_> {
        let all = self.0.borrow();
        let value = match all.shown.get(slot) {
            Some(ResultKey::Named(kind, name)) => {
                let found = all.found.get(kind);
                found.and_then(|found| found.results.get(*name)).cloned()
            }
            Some(ResultKey::OfHop(field)) => {
                let number = at
                    .last()
                    .and_then(|hop| hop.identity?.parse::<usize>().ok());
                let hop = number.and_then(|number| all.hops().get(number.checked_sub(1)?));
                hop.map(|hop| match field {
                    HopField::Host => hop.host.clone(),
                    HopField::Error => hop.error.to_string(),
                    HopField::Times => hop.times.clone(),
                })
            }
            _ => None,
        };
        Reading::of(value)
    }

    fn list(&mut self, _: Slot, _: &[Instance<'_>], _: &[&str]) -> Option<Vec<Listed>> {
        let numbers = (1..).zip(self.0.borrow().hops().to_vec());
        let listed = numbers.map(|(number, _)| Listed {
            number: Some(number),
            ..Listed::new(number.to_string())
        });
        Some(listed.collect())
    }

    fn noticed(&self, _: Slot) -> Noticed {
        Noticed::Pushed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::datamodel::types::ParamType;

    #[test]
    fn d14_a_state_that_could_never_end_is_no_row() {
        let declare = |kind: &str, key: &str| {
            let kind = ParamType::parse(kind).unwrap();
            let row = Declaration {
                kind: Some(&kind),
                filtered: false,
                tables: 0,
                writable: true,
            };
            let all = Rc::new(RefCell::new(Diagnostics::default()));
            DiagnosticSource(all).declare(&row, key).map(drop)
        };
        let good = "STRING::None|Requested|Complete";
        assert_eq!(declare(good, "ping"), Ok(()));
        for (kind, key, why) in [
            ("STRING::Requested|Complete", "ping", "can be None"),
            ("STRING::None|Requested", "trace", "can be Complete"),
            ("UINT", "ping", "can be None"),
            (good, "pong", "there is no diagnostic"),
        ] {
            let refused = declare(kind, key).unwrap_err();
            assert!(refused.contains(why), "{kind}: {refused}");
        }
    }
}
