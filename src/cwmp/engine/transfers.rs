//! The transfers of files from the engine's side: what is to be done for them now, and how that ended.

use super::{Engine, commit};
use crate::base::clock::Now;
use crate::cwmp::fault;
use crate::cwmp::interface::{Action, Host};
use crate::cwmp::record;
use crate::cwmp::rpc;
use crate::cwmp::session::Asked;
use crate::cwmp::session::Session;
use crate::cwmp::transfer::{
    Installed, Moved, Surroundings, Transfer, TransferOrder, TransferOrigin, TransferPlan,
    TransferRequest, TransferStatus, check,
};
use crate::datamodel::model::Model;
use crate::soap::{Fault, Message, TransferFault};

impl Engine {
    /// What is to be done for the transfers now. The agent asks before it waits, each time.
    pub fn proceed(&mut self, model: &mut Model, host: &dyn Host, now: Now) -> Vec<Action> {
        let is_calm = self.session.is_none() && !self.opening && self.going_down.is_none();
        let is_free = !self.transfers.iter().any(Transfer::occupies_the_box);
        let operation = self.next_operation(model, is_calm && is_free, now);
        if self.going_down.is_some() {
            return self.transfers.rest();
        }
        let around = Surroundings {
            is_calm: is_calm && self.changing.is_none(),
            host,
            now,
        };
        let mut actions = self.transfers.proceed(model, &around);
        self.transfers_changed(model, now);
        actions.extend(operation);
        actions
    }

    /// How it ended what [`Action::Move`] asked for. Nothing where that was called off meanwhile.
    pub fn moved(
        &mut self,
        number: u32,
        outcome: Result<Moved, TransferFault>,
        model: &mut Model,
        now: Now,
    ) {
        self.transfers.moved(number, outcome, model, now);
        self.transfers_changed(model, now);
    }

    /// How it ended what [`Action::Install`] or [`Action::Judge`] asked for.
    pub fn installed(
        &mut self,
        number: u32,
        outcome: Result<Installed, TransferFault>,
        model: &mut Model,
        now: Now,
    ) {
        let outcome = match outcome {
            // Where no ACS was ever met, none can have got out of reach.
            Ok(Installed::OnTrial(_)) if model.record(record::ACS).is_none() => Ok(Installed::Done),
            outcome => outcome,
        };
        self.transfers.installed(number, outcome, model, now);
        self.transfers_changed(model, now);
    }

    /// How it ended what [`Action::RollBack`] asked for: the former state is back, or why not.
    pub fn rolled_back(
        &mut self,
        number: u32,
        outcome: Result<(), String>,
        model: &mut Model,
        now: Now,
    ) {
        self.transfers.rolled_back(number, outcome, model, now);
        self.transfers_changed(model, now);
    }

    /// The transfers that are not over, and those of whose end the ACS is still to hear; in the order
    /// in which they were asked for. What is kept of others can go.
    pub fn transfers(&self, now: Now) -> Vec<TransferStatus> {
        self.transfers.status(now)
    }

    /// Somebody on the box orders a transfer, whose number in `order` does not matter; its number.
    /// AutonomousTransferComplete tells the ACS of its end.
    ///
    /// # Errors
    /// What a Download or Upload is refused with.
    pub fn order(
        &mut self,
        order: TransferOrder,
        announce_url: String,
        model: &mut Model,
        host: &dyn Host,
        now: Now,
    ) -> Result<u32, Fault> {
        check(&order, model, host)?;
        if self.transfers.is_full() {
            return Err(rpc::full_queue());
        }
        let request = TransferRequest {
            order,
            origin: TransferOrigin::Autonomous { announce_url },
            plan: TransferPlan::Delay(0),
        };
        let number = self.transfers.next_number();
        let records = self.transfers.add(request, &self.boot.id, now);
        let records = records.each_ref().map(|(key, line)| (&**key, &**line));
        if let Err(error) = rpc::keep(&records, model) {
            self.transfers.undo_add();
            return Err(fault::of(&error, record::TRANSFER));
        }
        Ok(number)
    }

    /// A person agrees to a transfer that waits for that (`4 Confirmation Needed`, A.4.1.8).
    ///
    /// # Errors
    /// There is no such transfer, or it waits for nobody's word.
    pub fn confirm(&mut self, number: u32, model: &mut Model, now: Now) -> Result<(), String> {
        self.transfers.confirm(number, model, now)?;
        commit(model);
        Ok(())
    }

    /// A person calls a transfer off. An ACS that ordered it hears that it failed.
    ///
    /// # Errors
    /// There is no such transfer, or it cannot be stopped any more.
    pub fn cancel(&mut self, number: u32, model: &mut Model, now: Now) -> Result<(), String> {
        self.transfers.cancel_by_hand(number, model, now)?;
        self.transfers_changed(model, now);
        Ok(())
    }

    /// What changed is durable, and a session opens that tells of it, or decides a trial.
    fn transfers_changed(&mut self, model: &mut Model, now: Now) {
        commit(model);
        if self.session.is_some() || !self.transfers.take_news() {
            return;
        }
        // A trial does not wait for the spread after a boot.
        match self.transfers.iter().any(Transfer::is_on_trial) {
            true => self.due.at_once(now.uptime),
            false => self.due.for_event(now.uptime),
        }
    }

    /// The ACS answered the Inform, and is told of what ended.
    pub(super) fn tell_transfers(&mut self, session: &mut Session, model: &mut Model, now: Now) {
        for (number, message) in self.transfers.informed(model, now) {
            session.ask(message, Asked::Transfer(number));
        }
    }

    /// The ACS answered TransferComplete.
    pub(super) fn transfer_told(&mut self, number: u32, answer: Message, model: &mut Model) {
        match answer {
            Message::Fault(fault) => {
                let why = format!("{} {}", fault.code, fault.string);
                log::warn!("the ACS refused TransferComplete: {why}");
                self.transfers.refused(number, &why, model);
            }
            _ => self.transfers.forget(number, model),
        }
        commit(model);
    }
}
