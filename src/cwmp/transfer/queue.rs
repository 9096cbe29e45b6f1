//! The transfers that are not over, and what is remembered of them in the store.

use super::TransferOrder;
use super::entry::{Run, Transfer, TransferOrigin, TransferStage};
use super::plan::{TransferPlan, WindowMode};
use super::policy::is_wanted;
use crate::base::clock::Now;
use crate::base::sort::sort_by_key;
use crate::cwmp::event::{Event, EventCode};
use crate::cwmp::interface::Action;
use crate::cwmp::receipt::Receipt;
use crate::cwmp::record;
use crate::cwmp::retry::MAX_REFUSALS;
use crate::datamodel::model::Model;
use crate::soap::{MAX_TRANSFERS, Message, TransferFault, code};

/// Records in the store: more than transfers, for those that a newer version wrote, which are left
/// to it.
const SLOTS: usize = 2 * MAX_TRANSFERS;

/// What is asked for, by an RPC or by somebody on the box.
#[derive(Clone, Debug)]
pub struct TransferRequest {
    /// What is to be moved; its number is given by the queue.
    pub order: TransferOrder,
    /// Who wants it.
    pub origin: TransferOrigin,
    /// When it may run.
    pub plan: TransferPlan,
}

/// The transfers of the box, in the order in which they were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransferQueue {
    pub(super) transfers: Vec<Transfer>,
    /// Slots whose record a newer version wrote.
    foreign: Vec<usize>,
    /// The number of the next one.
    next_number: u32,
    /// What the agent is to be told besides.
    pub(super) aside: Vec<Action>,
    /// Something ended or began that a session is to tell, or to prove.
    pub(super) news: bool,
}

impl TransferQueue {
    /// The transfers that the store knows, at the program's start.
    pub fn load(model: &mut Model, boot: &str, now: Now) -> Self {
        let mut queue = Self {
            next_number: record::get(model, record::NEXT_TRANSFER)
                .parse()
                .unwrap_or(1),
            ..Self::default()
        };
        for slot in 0..SLOTS {
            let line = record::get(model, &key(slot));
            if line.is_empty() {
                continue;
            }
            match Transfer::from_record(&line, slot) {
                Some(mut transfer) => {
                    transfer.resume(boot, now);
                    let next = transfer.order.number.saturating_add(1);
                    queue.next_number = queue.next_number.max(next);
                    put(&transfer, model);
                    queue.transfers.push(transfer);
                }
                None => {
                    log::warn!(
                        "the record {} of a transfer is none that this version understands; it is \
                         left as it is",
                        key(slot)
                    );
                    queue.foreign.push(slot);
                }
            }
        }
        sort_by_key(&mut queue.transfers, |t| t.order.number);
        queue
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Transfer> {
        self.transfers.iter()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.transfers.len()
    }

    /// The number that the next one will have.
    pub fn next_number(&self) -> u32 {
        self.next_number
    }

    /// Whether there is no place for one more.
    pub fn is_full(&self) -> bool {
        self.len() >= MAX_TRANSFERS || self.free_slot().is_none()
    }

    fn free_slot(&self) -> Option<usize> {
        (0..SLOTS).find(|slot| {
            !self.foreign.contains(slot) && self.transfers.iter().all(|t| t.slot != *slot)
        })
    }

    /// One more; its records. The caller makes them durable, or forgets the transfer again.
    pub fn add(&mut self, request: TransferRequest, boot: &str, now: Now) -> [(String, String); 2] {
        let number = self.next_number;
        self.next_number = number.wrapping_add(1).max(1);
        let transfer = Transfer {
            slot: self.free_slot().unwrap_or_default(),
            run: Run {
                waits_for_session: request.plan != TransferPlan::Delay(0),
                ..Run::default()
            },
            order: TransferOrder {
                number,
                ..request.order
            },
            origin: request.origin,
            receipt: Receipt::at(now),
            plan: request.plan,
            stage: TransferStage::Waiting,
            boot: boot.to_owned(),
            confirmed: false,
            orphan: false,
            window: 0,
            retries: 0,
            started: None,
            trial: 0,
            refusals: 0,
        };
        let records = [
            (key(transfer.slot), transfer.to_record()),
            (
                record::NEXT_TRANSFER.to_owned(),
                self.next_number.to_string(),
            ),
        ];
        self.transfers.push(transfer);
        records
    }

    /// The one that was added last could not be made durable.
    pub fn undo_add(&mut self) {
        self.transfers.pop();
    }

    /// The transfer of this number.
    pub(super) fn find(&mut self, number: u32) -> Option<&mut Transfer> {
        self.transfers
            .iter_mut()
            .find(|transfer| transfer.order.number == number)
    }

    /// Calls off what can be; whether all of those chosen could be.
    pub fn cancel(&mut self, chosen: impl Fn(&Transfer) -> bool, model: &mut Model) -> bool {
        let before = self.len();
        let chosen_before = self.iter().filter(|t| chosen(t)).count();
        let goes = |t: &Transfer| chosen(t) && t.can_be_cancelled();
        self.remove(goes, model);
        before - self.len() == chosen_before
    }

    /// These are no more: their jobs end, their files go, and nobody hears of them.
    fn remove(&mut self, goes: impl Fn(&Transfer) -> bool, model: &mut Model) {
        let aside = &mut self.aside;
        self.transfers.retain(|transfer| {
            let goes = goes(transfer);
            if goes {
                log::info!("{} is dropped", transfer.order);
                aside.push(Action::Abandon(transfer.order.number));
                record::put(model, &key(transfer.slot), "");
            }
            !goes
        });
    }

    /// A person called off this one. The ACS hears of it where it was the one who asked.
    ///
    /// # Errors
    /// There is none of this number, or it cannot be stopped any more.
    pub fn cancel_by_hand(
        &mut self,
        number: u32,
        model: &mut Model,
        now: Now,
    ) -> Result<(), String> {
        let Some(transfer) = self.find(number).map(|t| &*t) else {
            return Err(absent(number));
        };
        if !transfer.can_be_cancelled() {
            return Err(format!("transfer {number} cannot be stopped any more"));
        }
        if transfer.event().is_none() {
            self.remove(|t| t.order.number == number, model);
            return Ok(());
        }
        let fault = TransferFault::new(
            code::REQUEST_DENIED,
            "somebody on the box called the transfer off".to_owned(),
        );
        self.aside.push(Action::Abandon(number));
        self.complete(number, fault, model, now);
        Ok(())
    }

    /// A person agrees.
    ///
    /// # Errors
    /// There is none of this number, or it waits for nobody's word.
    pub fn confirm(&mut self, number: u32, model: &mut Model, now: Now) -> Result<(), String> {
        let Some(transfer) = self.find(number) else {
            return Err(absent(number));
        };
        if transfer.asks(now).is_none() {
            return Err(format!("transfer {number} waits for nobody's word"));
        }
        transfer.confirmed = true;
        put(transfer, model);
        Ok(())
    }

    /// It is over.
    pub(super) fn complete(
        &mut self,
        number: u32,
        fault: TransferFault,
        model: &mut Model,
        now: Now,
    ) {
        let Some(transfer) = self.find(number) else {
            return;
        };
        match fault.code {
            0 => log::info!("{} is complete", transfer.order),
            code => log::warn!("{} failed: {code} {}", transfer.order, fault.string),
        }
        let succeeded = fault.code == 0;
        transfer.complete(fault, now);
        let is_wanted = match transfer.origin {
            TransferOrigin::Rpc { .. } => !transfer.orphan,
            TransferOrigin::Autonomous { .. } => is_wanted(&transfer.order, succeeded, model),
        };
        put(transfer, model);
        self.aside.push(Action::Settle(number));
        match is_wanted {
            true => self.news = true,
            false => self.forget(number, model),
        }
    }

    /// Whom it concerns has heard of its end.
    pub fn forget(&mut self, number: u32, model: &mut Model) {
        self.transfers.retain(|transfer| {
            let goes = transfer.order.number == number;
            if goes {
                record::put(model, &key(transfer.slot), "");
            }
            !goes
        });
    }

    /// A session begins: the events of what it tells of.
    pub fn depart(&mut self) -> Vec<Event> {
        for transfer in &mut self.transfers {
            transfer.run.announced = transfer.is_to_be_told();
        }
        self.pending()
    }

    /// The events that a session tells of now.
    pub fn pending(&self) -> Vec<Event> {
        let owed = self.iter().filter(|t| t.is_to_be_told() && !t.orphan);
        let mut events: Vec<Event> = owed.filter_map(Transfer::event).collect();
        if !events.is_empty() {
            events.insert(0, EventCode::TransferComplete.into());
        }
        let is_autonomous = |t: &Transfer| t.event().is_none() && t.completion().is_some();
        if self.iter().any(is_autonomous) {
            events.push(EventCode::AutonomousTransferComplete.into());
        }
        events
    }

    /// The ACS answered the Inform: what is on trial passed it. What to ask the ACS now, with the
    /// numbers.
    pub fn informed(&mut self, model: &mut Model, now: Now) -> Vec<(u32, Message)> {
        let announced = self.iter().filter(|t| t.run.announced);
        let numbers: Vec<u32> = announced.map(|t| t.order.number).collect();
        for number in &numbers {
            if self.find(*number).is_some_and(|t| t.is_on_trial()) {
                self.complete(*number, TransferFault::default(), model, now);
            }
        }
        self.news = false;
        let told = self.iter().filter(|t| t.run.announced);
        let messages =
            told.filter_map(|transfer| Some((transfer.order.number, transfer.message()?)));
        messages.collect()
    }

    /// The ACS does not want to hear of the end of this one. It is asked again, but not for ever.
    pub fn refused(&mut self, number: u32, why: &str, model: &mut Model) {
        let Some(transfer) = self.find(number) else {
            return;
        };
        transfer.refusals = transfer.refusals.saturating_add(1);
        if transfer.refusals < MAX_REFUSALS {
            return put(transfer, model);
        }
        log::error!(
            "the ACS refused {MAX_REFUSALS} times to hear of it ({why}): it will not hear of the \
             end of {}",
            transfer.order
        );
        self.forget(number, model);
    }

    /// The session is over. Whether something ended meanwhile that it did not tell.
    pub fn returned(&mut self) -> bool {
        for transfer in &mut self.transfers {
            transfer.run.announced = false;
            transfer.run.waits_for_session = false;
        }
        self.take_news()
    }

    /// How often the ACS has refused what it still has to hear; `None` if there is nothing.
    pub fn owes(&self) -> Option<u32> {
        let owed = self.iter().filter(|t| t.is_to_be_told());
        owed.map(|t| t.refusals).min()
    }

    /// Whether something ended or began since the last call that calls for a session.
    pub fn take_news(&mut self) -> bool {
        std::mem::take(&mut self.news)
    }

    /// Another ACS: it has asked for none of these, and hears of nothing that ended before (§3.7.1.5).
    /// What cannot be stopped ends without it.
    pub fn acs_changed(&mut self, model: &mut Model) {
        self.remove(
            |t| t.completion().is_some() || (t.event().is_some() && t.can_be_cancelled()),
            model,
        );
        self.set_orphans(true, model);
    }

    /// Back to the ACS that was there before, and the other one was never met.
    pub fn acs_returned(&mut self, model: &mut Model) {
        self.set_orphans(false, model);
    }

    fn set_orphans(&mut self, orphan: bool, model: &mut Model) {
        for transfer in &mut self.transfers {
            if transfer.event().is_some() && transfer.orphan != orphan {
                transfer.orphan = orphan;
                put(transfer, model);
            }
        }
    }

    /// The box is in its factory state: nothing is left of them.
    pub fn forget_all(&mut self) {
        for transfer in std::mem::take(&mut self.transfers) {
            self.aside.push(Action::Abandon(transfer.order.number));
        }
        self.foreign.clear();
    }
}

/// The record of a slot.
fn key(slot: usize) -> String {
    format!("{}.{slot}", record::TRANSFER)
}

/// Notes the transfer as it is; durable with the next commit.
pub(super) fn put(transfer: &Transfer, model: &mut Model) {
    record::put(model, &key(transfer.slot), &transfer.to_record());
}

fn absent(number: u32) -> String {
    format!("there is no transfer {number}")
}

impl Transfer {
    /// Whether a session is to tell of it: it is over, or on trial, which the answer to the Inform
    /// ends.
    pub fn is_to_be_told(&self) -> bool {
        self.completion().is_some() || self.is_on_trial()
    }

    /// Whether it is in force for a trial.
    pub fn is_on_trial(&self) -> bool {
        matches!(self.stage, TransferStage::OnTrial(_))
    }

    /// What a person is asked who is to agree, where it waits for that; maybe empty.
    pub fn asks(&self, now: Now) -> Option<&str> {
        if self.confirmed || self.stage != TransferStage::Waiting {
            return None;
        }
        let (_, window) = self.plan.window(self.window, self.receipt, now)?;
        (window.mode == WindowMode::Confirmation).then_some(window.message.as_str())
    }
}
