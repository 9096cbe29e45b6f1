//! One ChangeDUState (TR-069 A.4.1.10), from its response until the ACS has its completion.

use std::time::Duration;

use super::{Operation, result};
use crate::base::clock::Now;
use crate::cwmp::receipt::Receipt;
use crate::cwmp::record;
use crate::soap::{Message, code};

/// All operations are over within this time of the request (A.4.1.10).
const LIMIT_SECONDS: u32 = 24 * 3600;

/// Results of a change at most. An update of all units has one for each; so many find room in the
/// store.
const MAX_RESULTS: usize = 256;

/// A ChangeDUState that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The number of its record in the store.
    pub slot: usize,
    /// Its name on this box, never used again.
    pub number: u32,
    /// Of the request; may be empty.
    pub command_key: String,
    /// In the order of the request; at least one.
    pub operations: Vec<Operation>,
    /// How often the ACS refused to hear of its end.
    pub refusals: u32,
    /// The Inform of the running session announces its end.
    pub announced: bool,
    /// When the request came.
    receipt: Receipt,
}

impl Change {
    /// A request that came now.
    pub fn new(
        slot: usize,
        number: u32,
        command_key: String,
        operations: Vec<Operation>,
        now: Now,
    ) -> Self {
        Self {
            slot,
            number,
            command_key,
            operations,
            refusals: 0,
            announced: false,
            receipt: Receipt::at(now),
        }
    }

    /// The first operation that is not over.
    pub fn next(&self) -> Option<usize> {
        let is_open = |operation: &Operation| operation.task().is_some();
        self.operations.iter().position(is_open)
    }

    /// Whether all are over.
    pub fn is_done(&self) -> bool {
        self.next().is_none()
    }

    /// The uptime by which all have to be over.
    pub fn end(&self) -> Duration {
        self.receipt.plus(LIMIT_SECONDS)
    }

    /// The wall clock says something of the receipt. Whether the record is another now.
    pub fn follow_wall(&mut self, now: Now) -> bool {
        self.receipt.follow_wall(now)
    }

    /// The time is up: what is not over has failed.
    pub fn expire(&mut self, now: Now) {
        for operation in &mut self.operations {
            let hours = LIMIT_SECONDS / 3600;
            let why = match operation {
                Operation::Ended(_) => continue,
                Operation::Waiting { .. } => format!("it was not begun within {hours} hours"),
                Operation::Begun { .. } => format!("it did not end within {hours} hours"),
            };
            let fault = result::fault(code::REQUEST_DENIED, &why);
            operation.fail(fault, now);
        }
    }

    /// How many results an operation may still have, so that there is room for one of each other.
    pub fn room(&self) -> usize {
        let taken = self.operations.iter().map(|operation| match operation {
            Operation::Ended(results) => results.len(),
            _ => 1,
        });
        // The one that ends now is among them.
        (MAX_RESULTS + 1).saturating_sub(taken.sum())
    }

    /// DUStateChangeComplete.
    pub fn completion(&self) -> Message {
        let results = self
            .operations
            .iter()
            .flat_map(|operation| match operation {
                Operation::Ended(results) => results.as_slice(),
                _ => &[],
            });
        Message::DUStateChangeComplete {
            results: results.cloned().collect(),
            command_key: self.command_key.clone(),
        }
    }

    /// For the store.
    pub fn to_record(&self, boot: &str) -> String {
        let [uptime, unix, restored] = self.receipt.fields();
        let (number, refusals) = (self.number.to_string(), self.refusals.to_string());
        let head = [
            &number,
            &self.command_key,
            boot,
            &uptime,
            &unix,
            &restored,
            &refusals,
        ];
        let mut entries = vec![record::join(&head)];
        entries.extend(self.operations.iter().map(Operation::to_entry));
        entries.join(record::NEXT)
    }

    /// Reads [`Change::to_record`] in this boot. `None` if it is damaged, or of a newer version that
    /// does other things.
    pub fn from_record(slot: usize, line: &str, boot: &str, now: Now) -> Option<Self> {
        let mut entries = line.split(record::NEXT);
        let head = record::split(entries.next()?);
        let [
            number,
            command_key,
            its_boot,
            uptime,
            unix,
            restored,
            refusals,
            ..,
        ] = head.as_slice()
        else {
            return None;
        };
        let receipt = Receipt::read(uptime, unix, restored)?;
        let receipt = match its_boot == boot {
            true => receipt,
            false => receipt.restored(now),
        };
        let operations: Vec<Operation> = entries.map(Operation::read).collect::<Option<_>>()?;
        (!operations.is_empty()).then_some(Self {
            slot,
            number: number.parse().ok()?,
            command_key: command_key.clone(),
            operations,
            refusals: refusals.parse().ok()?,
            announced: false,
            receipt,
        })
    }
}
