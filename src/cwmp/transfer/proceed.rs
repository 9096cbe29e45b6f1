//! What is to be done for the transfers now, and what came of it.

use std::time::Duration;

use super::entry::{Transfer, TransferStage};
use super::plan::{TransferPlan, WindowMode};
use super::queue::{TransferQueue, put};
use super::written::FLASH_GRACE;
use super::{Direction, Installed, Moved};
use crate::base::clock::Now;
use crate::cwmp::interface::{Action, Host};
use crate::datamodel::model::Model;
use crate::soap::{TransferFault, code, fault_string};

/// How often to see whether the box is idle.
const IDLE_CHECK: Duration = Duration::from_secs(60);

/// Before the first repetition of a failed attempt within a window; twice as long before each next.
const RETRY_WAIT: Duration = Duration::from_secs(30);
/// The longest such wait.
const MAX_RETRY_WAIT: Duration = Duration::from_secs(600);

/// A roll-back that fails is tried so often in all: what stands in its way, such as a flash that is
/// full, may pass. No session is open meanwhile.
const MAX_ROLL_BACKS: u32 = 3;

/// What it depends on.
pub struct Surroundings<'a> {
    /// No session is open or about to be.
    pub is_calm: bool,
    /// The box.
    pub host: &'a dyn Host,
    /// The time.
    pub now: Now,
}

/// Whether a transfer may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leave {
    /// Now.
    Given,
    /// Not before this uptime, or not before something else happens.
    Later(Option<Duration>),
    /// Never: its windows are past.
    Over,
}

impl TransferQueue {
    /// What is to be done now. It is noted, and durable where the box is to be changed.
    pub fn proceed(&mut self, model: &mut Model, around: &Surroundings<'_>) -> Vec<Action> {
        self.watch_times(model, around.now);
        let mut actions = std::mem::take(&mut self.aside);
        self.tell_again(&mut actions, around);
        actions.extend(self.begin_move(model, around));
        actions.extend(self.begin_install(model, around));
        self.set_alarms(around);
        // What failed just now.
        actions.append(&mut self.aside);
        actions
    }

    /// The uptime at which [`TransferQueue::proceed`] has to look again.
    pub fn next(&self) -> Option<Duration> {
        self.iter().filter_map(|transfer| transfer.run.wake).min()
    }

    /// Nothing is to be done before something else happens.
    pub fn rest(&mut self) -> Vec<Action> {
        for transfer in &mut self.transfers {
            transfer.run.wake = None;
        }
        std::mem::take(&mut self.aside)
    }

    /// Ends what took too long.
    fn watch_times(&mut self, model: &mut Model, now: Now) {
        let mut late = Vec::new();
        for transfer in &mut self.transfers {
            if transfer.can_be_cancelled() && transfer.receipt.follow_wall(now) {
                put(transfer, model);
            }
            let is_late = match transfer.stage {
                TransferStage::GoingDown(at) | TransferStage::Settling(at) => at <= now.uptime,
                // The answer to the Inform of this session decides.
                TransferStage::OnTrial(until) => until <= now.uptime && !transfer.run.announced,
                TransferStage::Waiting | TransferStage::Moving | TransferStage::Moved => {
                    transfer.has_left_its_window(now)
                }
                _ => false,
            };
            if is_late {
                late.push(transfer.order.number);
            }
        }
        for number in late {
            self.end_wait(number, model, now);
        }
    }

    fn end_wait(&mut self, number: u32, model: &mut Model, now: Now) {
        let Some(transfer) = self.find(number) else {
            return;
        };
        match transfer.stage {
            TransferStage::GoingDown(_) => {
                let string = format!(
                    "the box did not go down within {} s of the command that flashes",
                    FLASH_GRACE.as_secs()
                );
                // Not again within its windows: the program may yet be at it.
                self.complete(number, failure(string), model, now);
            }
            TransferStage::Settling(settled) => {
                let until = transfer.trial_end(settled);
                transfer.enter(TransferStage::OnTrial(until));
                self.news = true;
            }
            TransferStage::OnTrial(_) => {
                log::warn!(
                    "{}: the ACS did not answer in {} s, what was before comes back",
                    transfer.order,
                    transfer.trial
                );
                transfer.enter(TransferStage::RollingBack);
                put(transfer, model);
            }
            _ => {
                if transfer.stage != TransferStage::Waiting {
                    transfer.run.why = "it took until its window was over".to_owned();
                    self.aside.push(Action::Abandon(number));
                }
                self.leave_window(number, model, now);
            }
        }
    }

    /// What the agent does not know of yet in this run.
    fn tell_again(&mut self, actions: &mut Vec<Action>, around: &Surroundings<'_>) {
        for transfer in self.transfers.iter_mut().filter(|t| !t.run.told) {
            let action = match transfer.stage {
                TransferStage::Judging => Action::Judge(transfer.order.clone()),
                TransferStage::RollingBack
                    if around.is_calm && transfer.run.may_begin(around.now) =>
                {
                    Action::RollBack(transfer.order.clone())
                }
                _ => continue,
            };
            transfer.run.told = true;
            actions.push(action);
        }
    }

    /// One file moves at a time: a box has little memory.
    fn begin_move(&mut self, model: &mut Model, around: &Surroundings<'_>) -> Option<Action> {
        let is_moving = |t: &Transfer| t.stage == TransferStage::Moving;
        if self.iter().any(|t| is_moving(t) && t.run.told) {
            return None;
        }
        let begun = self.transfers.iter_mut().find(|t| {
            let waits = is_moving(t) || t.stage == TransferStage::Waiting;
            waits && t.leave(around) == Leave::Given
        })?;
        begun.stage = TransferStage::Moving;
        begun.run.told = true;
        let unix = around.now.wall_is_set().then_some(around.now.unix);
        begun.started = begun.started.or(unix);
        put(begun, model);
        log::info!("{} begins", begun.order);
        Some(Action::Move(begun.order.clone()))
    }

    /// One thing changes the box at a time, and never while the ACS is being talked to.
    fn begin_install(&mut self, model: &mut Model, around: &Surroundings<'_>) -> Option<Action> {
        if !around.is_calm || self.iter().any(Transfer::occupies_the_box) {
            return None;
        }
        let begun = self
            .transfers
            .iter_mut()
            .find(|t| t.stage == TransferStage::Moved && t.leave(around) == Leave::Given)?;
        begun.enter(TransferStage::Installing);
        begun.run.told = true;
        put(begun, model);
        let order = begun.order.clone();
        log::info!("{} is being installed", order);
        // Who does not remember that it was begun would do it again after the next boot.
        match model.commit() {
            Ok(_) => Some(Action::Install(order)),
            Err(error) => {
                let fault = TransferFault {
                    code: code::INTERNAL_ERROR,
                    string: format!("that it is to be installed could not be noted: {error}"),
                };
                self.fail(order.number, fault, model, around.now);
                None
            }
        }
    }

    fn set_alarms(&mut self, around: &Surroundings<'_>) {
        for transfer in &mut self.transfers {
            transfer.run.wake = match transfer.stage {
                TransferStage::GoingDown(at) | TransferStage::Settling(at) => Some(at),
                TransferStage::OnTrial(until) if !transfer.run.announced => Some(until),
                TransferStage::Waiting | TransferStage::Moved => match transfer.leave(around) {
                    Leave::Later(at) => at,
                    Leave::Given | Leave::Over => transfer.window_end(),
                },
                TransferStage::Moving => transfer.window_end(),
                TransferStage::RollingBack if !transfer.run.told => {
                    transfer.run.retry_at.filter(|at| *at > around.now.uptime)
                }
                _ => None,
            };
        }
    }

    /// How a move ended.
    pub fn moved(
        &mut self,
        number: u32,
        outcome: Result<Moved, TransferFault>,
        model: &mut Model,
        now: Now,
    ) {
        let is_moving = |t: &&mut Transfer| t.stage == TransferStage::Moving;
        let Some(transfer) = self.find(number).filter(is_moving) else {
            return;
        };
        match (outcome, transfer.order.direction) {
            (Err(fault), _) => self.fail(number, fault, model, now),
            (Ok(moved), Direction::Upload) => {
                transfer.has_size(moved);
                self.complete(number, TransferFault::default(), model, now);
            }
            (Ok(moved), Direction::Download) => {
                log::info!("{}: {} bytes came", transfer.order, moved.bytes);
                transfer.has_size(moved);
                transfer.enter(TransferStage::Moved);
            }
        }
    }

    /// How an installation ended, or what became of it.
    pub fn installed(
        &mut self,
        number: u32,
        outcome: Result<Installed, TransferFault>,
        model: &mut Model,
        now: Now,
    ) {
        use TransferStage::{Installing, Judging};
        let is_awaited = |t: &&mut Transfer| matches!(t.stage, Installing | Judging);
        let Some(transfer) = self.find(number).filter(is_awaited) else {
            return;
        };
        match outcome {
            Ok(Installed::Done) => self.complete(number, TransferFault::default(), model, now),
            Ok(Installed::GoingDown) => {
                // In the store it is being installed until the next boot shows more.
                transfer.enter(TransferStage::GoingDown(
                    now.uptime.saturating_add(FLASH_GRACE),
                ));
            }
            Ok(Installed::OnTrial(time)) => {
                transfer.trial = u32::try_from(time.as_secs()).unwrap_or(u32::MAX);
                transfer.run.why = String::new();
                let settled = now.uptime.saturating_add(transfer.settling());
                transfer.enter(TransferStage::Settling(settled));
                put(transfer, model);
            }
            Ok(Installed::InPieces(fault)) => {
                log::error!("{}: {}", transfer.order, fault.string);
                transfer.enter(TransferStage::RollingBack);
                // What stood in the way may pass.
                transfer.run.retry_at = Some(now.uptime.saturating_add(RETRY_WAIT));
                transfer.run.why = fault.string;
                put(transfer, model);
            }
            Err(fault) => self.fail(number, fault, model, now),
        }
    }

    /// Whether what failed its trial, or did not get as far, is undone.
    pub fn rolled_back(
        &mut self,
        number: u32,
        outcome: Result<(), String>,
        model: &mut Model,
        now: Now,
    ) {
        let is_awaited = |t: &&mut Transfer| t.stage == TransferStage::RollingBack;
        let Some(transfer) = self.find(number).filter(is_awaited) else {
            return;
        };
        if let Err(why) = &outcome {
            transfer.run.roll_backs += 1;
            if transfer.run.roll_backs < MAX_ROLL_BACKS {
                log::error!("{}, once more: {why}", transfer.order);
                transfer.run.retry_at = Some(now.uptime.saturating_add(RETRY_WAIT));
                transfer.run.told = false;
                return;
            }
        }
        let cause = match transfer.run.why.as_str() {
            "" => "with the new configuration the ACS was out of reach",
            why => why,
        };
        let string = match outcome {
            Ok(()) => format!("{cause}: the former one is back"),
            Err(why) => format!("{cause}, and the former one could not be brought back: {why}"),
        };
        // To try the same again would cut the box off once more.
        self.complete(number, failure(string), model, now);
    }

    /// An attempt failed: another one, where its windows allow that.
    fn fail(&mut self, number: u32, fault: TransferFault, model: &mut Model, now: Now) {
        let Some(transfer) = self.find(number) else {
            return;
        };
        let changed_something = !transfer.can_be_cancelled();
        let window = transfer
            .plan
            .window(transfer.window, transfer.receipt, now)
            .map(|(at, window)| (at, window.retries));
        let Some((at, retries)) = window else {
            return match transfer.plan {
                TransferPlan::Delay(_) => self.complete(number, fault, model, now),
                TransferPlan::Windows(_) => {
                    transfer.run.why = fault.string;
                    self.leave_window(number, model, now);
                }
            };
        };
        if at != transfer.window {
            transfer.go_to_window(at);
        } else if transfer.retries < retries {
            let wait = RETRY_WAIT.saturating_mul(1 << transfer.retries.min(8));
            transfer.retries += 1;
            transfer.run.retry_at = Some(now.uptime.saturating_add(wait.min(MAX_RETRY_WAIT)));
        } else {
            let is_last =
                matches!(&transfer.plan, TransferPlan::Windows(all) if at + 1 >= all.len());
            if is_last {
                return self.complete(number, fault, model, now);
            }
            transfer.go_to_window(at + 1);
        }
        log::warn!(
            "{} failed, and is tried again within its windows: {} {}",
            transfer.order,
            fault.code,
            fault.string
        );
        transfer.run.why = fault.string;
        transfer.enter(TransferStage::Waiting);
        put(transfer, model);
        if changed_something {
            // The file that was here is not to be gone on with.
            self.aside.push(Action::Settle(number));
        }
    }

    /// Its window is over: it waits for the next one, if there is one.
    fn leave_window(&mut self, number: u32, model: &mut Model, now: Now) {
        let Some(transfer) = self.find(number) else {
            return;
        };
        let next = transfer.plan.window(transfer.window, transfer.receipt, now);
        if let Some((at, _)) = next {
            transfer.go_to_window(at);
            transfer.enter(TransferStage::Waiting);
            return put(transfer, model);
        }
        let standard = fault_string(code::OUT_OF_WINDOWS);
        let string = match transfer.run.why.as_str() {
            "" if transfer.asks_in_vain() => format!("{standard}: nobody agreed to it"),
            "" => standard.to_owned(),
            why => format!("{standard}: {why}"),
        };
        let code = code::OUT_OF_WINDOWS;
        self.complete(number, TransferFault { code, string }, model, now);
    }
}

impl Transfer {
    /// It comes into another stage, of which the agent was not told yet.
    fn enter(&mut self, stage: TransferStage) {
        if stage == TransferStage::RollingBack {
            self.run.retry_at = None;
        }
        self.stage = stage;
        self.run.told = false;
    }

    /// What nobody said before it moved, AutonomousTransferComplete tells.
    fn has_size(&mut self, moved: Moved) {
        if self.event().is_none() {
            self.order.file_size = moved.bytes;
        }
    }

    fn go_to_window(&mut self, window: usize) {
        self.window = window;
        self.retries = 0;
        self.run.retry_at = None;
    }

    /// Whether the window that it was in, or waited for, is over.
    fn has_left_its_window(&self, now: Now) -> bool {
        self.window_end().is_some_and(|end| end <= now.uptime)
    }

    fn window_end(&self) -> Option<Duration> {
        match &self.plan {
            TransferPlan::Windows(windows) => {
                let window = windows.get(self.window)?;
                Some(self.receipt.plus(window.end))
            }
            TransferPlan::Delay(_) => None,
        }
    }

    fn asks_in_vain(&self) -> bool {
        let asks = |mode| mode == WindowMode::Confirmation;
        !self.confirmed
            && matches!(&self.plan, TransferPlan::Windows(all) if all.iter().any(|w| asks(w.mode)))
    }

    /// Whether it may be moved, or installed, now.
    fn leave(&self, around: &Surroundings<'_>) -> Leave {
        let now = around.now;
        if self.run.waits_for_session {
            return Leave::Later(None);
        }
        let not_before = |at: Duration| match at <= now.uptime {
            true => Leave::Given,
            false => Leave::Later(Some(at)),
        };
        let TransferPlan::Delay(seconds) = self.plan else {
            return self.leave_in_windows(around);
        };
        not_before(self.receipt.plus(seconds))
    }

    fn leave_in_windows(&self, around: &Surroundings<'_>) -> Leave {
        let now = around.now;
        let Some((_, window)) = self.plan.window(self.window, self.receipt, now) else {
            return Leave::Over;
        };
        let (start, end) = (
            self.receipt.plus(window.start),
            self.receipt.plus(window.end),
        );
        let start = self.run.retry_at.map_or(start, |retry| retry.max(start));
        if now.uptime < start {
            return Leave::Later(Some(start.min(end)));
        }
        match window.mode {
            WindowMode::WhenIdle if !around.host.is_idle() => {
                Leave::Later(Some(now.uptime.saturating_add(IDLE_CHECK).min(end)))
            }
            WindowMode::Confirmation if !self.confirmed => Leave::Later(Some(end)),
            _ => Leave::Given,
        }
    }
}

fn failure(string: String) -> TransferFault {
    TransferFault {
        code: code::TRANSFER_FAILURE,
        string,
    }
}
