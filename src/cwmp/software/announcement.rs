//! Software that was changed by somebody else than the ACS: AutonomousDUStateChangeComplete (TR-069
//! A.4.2.4), and its policy (TR-181 `ManagementServer.DUStateChangeComplPolicy.`).

use super::written;
use crate::base::truth;
use crate::cwmp::event::{Event, EventCode};
use crate::cwmp::record;
use crate::cwmp::retry::MAX_REFUSALS;
use crate::datamodel::model::Model;
use crate::soap::{AutonomousDuResult, Message};

/// The policy of the ACS.
const POLICY: &str = "ManagementServer.DUStateChangeComplPolicy.";

/// Results that wait at most; more are not told.
const MAX_ANNOUNCED: usize = 64;

/// What the ACS is still to hear of, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Announcements {
    results: Vec<AutonomousDuResult>,
    /// How often the ACS refused to hear of them, in this run.
    refusals: u32,
    /// Something came that a session is to tell.
    news: bool,
}

impl Announcements {
    /// What earlier runs left; what cannot be read is left out.
    pub fn from_record(line: &str) -> Self {
        let results = line.split(record::NEXT).filter_map(|entry| {
            let fields = record::split(entry);
            let (operation, result) = fields.split_first()?;
            Some(AutonomousDuResult {
                result: written::read(result)?,
                operation_performed: operation.clone(),
            })
        });
        Self {
            results: results.collect(),
            ..Self::default()
        }
    }

    /// For the store; empty if there are none.
    pub fn to_record(&self) -> String {
        let entries = self.results.iter().map(|one| {
            let mut fields = vec![one.operation_performed.clone()];
            fields.extend(written::to_fields(&one.result));
            record::join(&fields)
        });
        entries.collect::<Vec<_>>().join(record::NEXT)
    }

    /// One more, if there is room.
    pub fn add(&mut self, result: AutonomousDuResult) {
        if self.results.len() == MAX_ANNOUNCED {
            log::warn!(
                "the ACS will not hear of {}: too much waits",
                result.result.uuid
            );
            return;
        }
        self.results.push(result);
        self.news = true;
    }

    /// The event that a session tells of now.
    pub fn pending(&self) -> Option<Event> {
        let is_pending = !self.results.is_empty();
        is_pending.then(|| EventCode::AutonomousDUStateChangeComplete.into())
    }

    /// The ACS answered the Inform: what to ask it now, and how many results that has.
    pub fn informed(&self) -> Option<(usize, Message)> {
        let results = self.results.clone();
        let message = (
            results.len(),
            Message::AutonomousDUStateChangeComplete { results },
        );
        (message.0 > 0).then_some(message)
    }

    /// The ACS has heard of the first so many.
    pub fn forget(&mut self, count: usize) {
        self.results.drain(..count.min(self.results.len()));
        self.refusals = 0;
    }

    /// The ACS does not want to hear of the first so many. It is asked again, but not for ever.
    pub fn refused(&mut self, count: usize, why: &str) {
        self.refusals = self.refusals.saturating_add(1);
        if self.refusals >= MAX_REFUSALS {
            log::error!(
                "the ACS refused AutonomousDUStateChangeComplete {MAX_REFUSALS} times ({why}): it will \
                 not hear of what was done to {count} units"
            );
            self.forget(count);
        }
    }

    /// Whether something came since the last call.
    pub fn take_news(&mut self) -> bool {
        std::mem::take(&mut self.news)
    }

    /// How often the ACS has refused what it still has to hear; `None` if there is nothing.
    pub fn owes(&self) -> Option<u32> {
        (!self.results.is_empty()).then_some(self.refusals)
    }
}

/// Whether the ACS wants to hear of this.
pub fn is_wanted(result: &AutonomousDuResult, model: &mut Model) -> bool {
    let mut policy = |name| {
        let value = model.value(&format!("{POLICY}{name}"));
        value.unwrap_or_default()
    };
    let names = |list: &str, name: &str| list.split(',').any(|one| one.trim() == name);
    let code = result.result.fault.code;
    truth::of_value(&policy("Enable")) == Some(true)
        && names(&policy("OperationTypeFilter"), &result.operation_performed)
        && match (policy("ResultTypeFilter").as_str(), code) {
            ("Success" | "Both", 0) => true,
            ("Failure" | "Both", 1..) => names(&policy("FaultCodeFilter"), &code.to_string()),
            _ => false,
        }
}
