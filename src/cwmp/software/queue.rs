//! The changes that were accepted, in their order.

use std::time::Duration;

use super::{Change, Operation};
use crate::base::clock::Now;
use crate::base::sort::sort_by_key;
use crate::cwmp::event::{Event, EventCode};
use crate::cwmp::record;
use crate::cwmp::retry::MAX_REFUSALS;
use crate::datamodel::model::Model;
use crate::soap::Message;

/// ChangeQueue that wait, run, or have a completion that the ACS did not answer yet.
pub const MAX_CHANGES: usize = 16;

/// Operations of all of them together: what the store has room for whatever else it holds.
pub const MAX_OPERATIONS: usize = 32;

/// Records in the store: more than changes, for those that a newer version wrote, which are left to
/// it.
const SLOTS: usize = 2 * MAX_CHANGES;

/// The changes, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeQueue {
    list: Vec<Change>,
    /// Slots whose record a newer version wrote.
    foreign: Vec<usize>,
    /// The number of the next one.
    next_number: u32,
    /// Something ended that a session is to tell.
    news: bool,
}

impl ChangeQueue {
    /// Those that the store knows, at the program's start.
    pub fn load(model: &mut Model, boot: &str, now: Now) -> Self {
        let next = record::get(model, record::NEXT_CHANGE);
        let mut changes = Self {
            next_number: next.parse().unwrap_or(1),
            ..Self::default()
        };
        if !cfg!(feature = "software") {
            return changes;
        }
        for slot in 0..SLOTS {
            let Some(line) = model.record(&key(slot)) else {
                continue;
            };
            let Some(change) = Change::from_record(slot, line, boot, now) else {
                log::warn!(
                    "the record {} of a ChangeDUState is none that this version understands; it is \
                     left as it is",
                    key(slot)
                );
                changes.foreign.push(slot);
                continue;
            };
            let next = change.number.saturating_add(1);
            changes.next_number = changes.next_number.max(next);
            put(&change, boot, model);
            changes.list.push(change);
        }
        sort_by_key(&mut changes.list, |change| change.number);
        changes
    }

    /// What is still to be done, for people.
    pub fn promised(&self) -> impl Iterator<Item = String> {
        let open = self.list.iter().filter(|change| !change.is_done());
        open.map(|change| {
            let (number, all) = (change.number, change.operations.len());
            let over = change.operations.iter().filter(|one| one.task().is_none());
            format!(
                "ChangeDUState {number} ({} of {all} operations are over)",
                over.count()
            )
        })
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// The number that the next one will have.
    pub fn next_number(&self) -> u32 {
        self.next_number
    }

    /// Whether there is no place for one more with so many operations.
    pub fn is_full(&self, operations: usize) -> bool {
        let queued = self.list.iter().map(|change| change.operations.len());
        self.len() >= MAX_CHANGES
            || queued.sum::<usize>() + operations > MAX_OPERATIONS
            || self.free_slot().is_none()
    }

    fn free_slot(&self) -> Option<usize> {
        (0..SLOTS).find(|slot| {
            !self.foreign.contains(slot) && self.list.iter().all(|change| change.slot != *slot)
        })
    }

    /// One more; its records. The caller makes them durable, or forgets the change again.
    pub fn add(
        &mut self,
        command_key: String,
        operations: Vec<Operation>,
        boot: &str,
        now: Now,
    ) -> [(String, String); 2] {
        let number = self.next_number;
        self.next_number = number.wrapping_add(1).max(1);
        let slot = self.free_slot().unwrap_or_default();
        let change = Change::new(slot, number, command_key, operations, now);
        let records = [
            (key(slot), change.to_record(boot)),
            (record::NEXT_CHANGE.to_owned(), self.next_number.to_string()),
        ];
        self.list.push(change);
        records
    }

    /// The one that was added last could not be made durable.
    pub fn undo_add(&mut self) {
        self.list.pop();
    }

    /// The first that is not over.
    pub fn open(&mut self) -> Option<&mut Change> {
        self.list.iter_mut().find(|change| !change.is_done())
    }

    /// The one of this number.
    pub fn find(&mut self, number: u32) -> Option<&mut Change> {
        self.list.iter_mut().find(|change| change.number == number)
    }

    /// Something came of a change: noted, durable with the next commit.
    pub fn changed(&mut self, number: u32, boot: &str, model: &mut Model) {
        let Some(change) = self.list.iter().find(|change| change.number == number) else {
            return;
        };
        put(change, boot, model);
        if change.is_done() {
            log::info!("ChangeDUState {number} is complete");
            self.news = true;
        }
    }

    /// Ends what took too long. Whether anything did.
    pub fn watch_times(&mut self, boot: &str, model: &mut Model, now: Now) -> bool {
        let mut news = false;
        for change in self.list.iter_mut().filter(|change| !change.is_done()) {
            let moved = change.follow_wall(now);
            let is_late = change.end() <= now.uptime;
            if is_late {
                log::warn!("ChangeDUState {}: its 24 hours are over", change.number);
                change.expire(now);
                news = true;
            }
            if moved || is_late {
                put(change, boot, model);
            }
        }
        self.news |= news;
        news
    }

    /// The uptime at which [`ChangeQueue::watch_times`] has to look again.
    pub fn next(&self) -> Option<Duration> {
        let open = self.list.iter().filter(|change| !change.is_done());
        open.map(Change::end).min()
    }

    /// A session begins: the events of what it tells of.
    pub fn depart(&mut self) -> Vec<Event> {
        for change in &mut self.list {
            change.announced = change.is_done();
        }
        self.pending()
    }

    /// The events that a session tells of now.
    pub fn pending(&self) -> Vec<Event> {
        let done = self.list.iter().filter(|change| change.is_done());
        let keyed = done.map(|change| Event {
            code: EventCode::MChangeDUState,
            command_key: change.command_key.clone(),
        });
        let mut events: Vec<Event> = keyed.collect();
        if !events.is_empty() {
            events.insert(0, EventCode::DUStateChangeComplete.into());
        }
        events
    }

    /// The ACS answered the Inform: what to ask it now, with the numbers.
    pub fn informed(&self) -> Vec<(u32, Message)> {
        let told = self.list.iter().filter(|change| change.announced);
        told.map(|change| (change.number, change.completion()))
            .collect()
    }

    /// The ACS has heard of the end of this one.
    pub fn forget(&mut self, number: u32, model: &mut Model) {
        self.list.retain(|change| {
            let goes = change.number == number;
            if goes {
                record::put(model, &key(change.slot), "");
            }
            !goes
        });
    }

    /// The ACS does not want to hear of the end of this one. It is asked again, but not for ever.
    pub fn refused(&mut self, number: u32, why: &str, boot: &str, model: &mut Model) {
        let Some(change) = self.find(number) else {
            return;
        };
        change.refusals = change.refusals.saturating_add(1);
        if change.refusals < MAX_REFUSALS {
            return put(change, boot, model);
        }
        log::error!(
            "the ACS refused DUStateChangeComplete {MAX_REFUSALS} times ({why}): it will not hear of \
             the end of ChangeDUState {number}"
        );
        self.forget(number, model);
    }

    /// The session is over. Whether something ended meanwhile that it did not tell.
    pub fn returned(&mut self) -> bool {
        for change in &mut self.list {
            change.announced = false;
        }
        self.take_news()
    }

    /// Whether something ended since the last call.
    pub fn take_news(&mut self) -> bool {
        std::mem::take(&mut self.news)
    }

    /// How often the ACS has refused what it still has to hear; `None` if there is nothing.
    pub fn owes(&self) -> Option<u32> {
        let done = self.list.iter().filter(|change| change.is_done());
        done.map(|change| change.refusals).min()
    }

    /// Another ACS: it has asked for none of these.
    pub fn acs_changed(&mut self, model: &mut Model) {
        for change in std::mem::take(&mut self.list) {
            log::info!("ChangeDUState {} is dropped", change.number);
            record::put(model, &key(change.slot), "");
        }
    }

    /// The box is in its factory state: nothing is left of them.
    pub fn forget_all(&mut self) {
        self.list.clear();
        self.foreign.clear();
    }
}

/// The record of a slot.
fn key(slot: usize) -> String {
    format!("{}.{slot}", record::CHANGE)
}

/// Notes the change as it is; durable with the next commit.
fn put(change: &Change, boot: &str, model: &mut Model) {
    record::put(model, &key(change.slot), &change.to_record(boot));
}
