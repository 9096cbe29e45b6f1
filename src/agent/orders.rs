//! What is done to the box itself: services to reload, reboot, factory reset. The engine orders it
//! and hears how it ended; what is ordered is in the store until then.

use std::cell::RefCell;
use std::time::Duration;

use super::jobs::{Job, JobKind, Lost};
use super::own_config::OWN_PACKAGE;
use super::poll_loop::{Agent, Done};
use super::software;
use super::start::Folders;
use super::timers::LoopTimer;
use super::transfers::{self, Deed, Step};
use crate::base::clock::Now;
use crate::base::config::Config;
use crate::cwmp::{Action, Host, Intent, TransferOrder, told_identity};
use crate::datamodel::model::Model;
use crate::device::commands::{COMMAND_TIMEOUT, Commands, System};
use crate::device::sources::uci::UciSource;
use crate::soap::TransferFault;

/// From the end of a session to the reboot that the ACS asked for in it: what else the session
/// changed is carried out meanwhile.
const REBOOT_DELAY: Duration = Duration::from_secs(5);

/// Until the next attempt where the system has no thread for a command.
const THREAD_DELAY: Duration = Duration::from_secs(10);

/// Beyond the time that each program of a command has, before its job counts as lost.
const SLACK: Duration = Duration::from_secs(20);

/// What is to be done at a time of its own.
pub(super) enum Order {
    /// What was promised.
    Promise(Intent),
    /// A step of a transfer for which the system had no thread.
    Step(Step),
}

/// How a command ended.
pub(super) enum Ran {
    /// Its programs ran, or failed for this reason.
    Ended(Result<(), String>),
    /// It was not begun: later.
    NotBegun,
}

/// The box, as the engine may ask it.
pub(super) struct OwnBox<'a> {
    pub config: &'a Config,
    pub folders: &'a Folders,
    pub uci: &'a RefCell<UciSource>,
}

impl Host for OwnBox<'_> {
    fn can(&self, intent: &Intent) -> Result<(), String> {
        let can = match intent {
            Intent::Apply(_) => Ok(()),
            Intent::Reboot => self.system().can_reboot(),
            Intent::FactoryReset => {
                let reset = self.system().can_factory_reset();
                reset.and_then(|()| self.system().can_reboot())
            }
        };
        can.map_err(|error| error.to_string())
    }

    fn can_change_units(&self) -> Result<(), String> {
        software::can_change_units(&self.system(), self.config)
    }

    fn touched(&mut self) -> Vec<String> {
        let mut packages = self.uci.borrow_mut().touched();
        // The agent reads that itself.
        packages.retain(|package| package != OWN_PACKAGE);
        packages
    }

    fn accepts(&self, order: &TransferOrder, model: &mut Model) -> Result<(), TransferFault> {
        let path = transfers::path_of(&order.file_type, model);
        transfers::installer(self.config, self.folders).accepts(order, path.as_deref())
    }

    fn is_idle(&self) -> bool {
        transfers::is_idle()
    }
}

impl OwnBox<'_> {
    fn system(&self) -> System {
        System::new(self.config.command_dir.as_deref())
    }
}

/// Carries it out; waits until that is done. A factory reset is the reset alone: the engine then
/// forgets what it knows, and orders the reboot.
fn run(intent: &Intent, system: &mut System) -> Result<(), String> {
    let ran = match intent {
        Intent::Apply(packages) => system.apply(packages),
        Intent::Reboot => system.reboot(),
        Intent::FactoryReset => system.factory_reset(),
    };
    ran.map_err(|error| error.to_string())
}

/// How long that may take, each program as long as a program may.
fn patience(intent: &Intent) -> Duration {
    let programs = match intent {
        Intent::Apply(packages) => packages.len(),
        Intent::Reboot | Intent::FactoryReset => 1,
    };
    let programs = u32::try_from(programs).unwrap_or(u32::MAX);
    COMMAND_TIMEOUT
        .saturating_mul(programs)
        .saturating_add(SLACK)
}

impl Agent {
    /// Does what the engine asks for besides the next message.
    pub(super) fn act(&mut self, actions: Vec<Action>, now: Now) {
        for action in actions {
            match action {
                Action::BootDelivered => self.kept.run_dir.boot_told(),
                Action::IdentityTold(identity) => {
                    self.facts.borrow_mut().identity = Some(identity);
                }
                Action::SettingsApplied => self.apply_settings_of_acs(now),
                Action::ChangeUnit {
                    change,
                    operation,
                    task,
                } => self.change_unit(change, operation, &task, now),
                Action::JudgeUnit {
                    change,
                    operation,
                    task,
                } => self.judge_unit(change, operation, &task, now),
                Action::Move(order) => self.begin(Step::first(order), now),
                Action::Install(order) => self.begin(Step::new(Deed::Install, order), now),
                Action::Judge(order) => self.begin(Step::new(Deed::Judge, order), now),
                Action::RollBack(order) => self.begin(Step::new(Deed::RollBack, order), now),
                Action::Settle(number) => self.settle(number),
                Action::Abandon(number) => self.abandon(number, now),
                Action::CallEnded(call, outcome) => self.call_ended(call, outcome, now),
                Action::CarryOut(intent) => match intent {
                    Intent::Apply(_) => self.carry_out(intent, now),
                    Intent::Reboot => self.order_later("rebooting", intent, now),
                    Intent::FactoryReset => {
                        self.order_later("resetting to factory state", intent, now);
                    }
                },
            }
        }
    }

    /// The services hear of what was changed here, not by an RPC.
    pub(super) fn apply_touched(&mut self, now: Now) {
        let mut own_box = OwnBox {
            config: &self.config,
            folders: &self.folders,
            uci: &self.uci,
        };
        let packages = own_box.touched();
        if !packages.is_empty() {
            let actions = self.engine.apply(packages, &mut self.model);
            self.commit();
            self.act_at_once(actions, now);
        }
    }

    fn order_later(&mut self, what: &str, intent: Intent, now: Now) {
        log::info!("{what} in {} s, as the ACS asked", REBOOT_DELAY.as_secs());
        self.order(Order::Promise(intent), REBOOT_DELAY, now);
    }

    /// What was left to be done by an earlier run of the program is done at once.
    pub(super) fn resume(&mut self, now: Now) {
        let actions = self.engine.resume();
        self.act_at_once(actions, now);
    }

    pub(super) fn act_at_once(&mut self, actions: Vec<Action>, now: Now) {
        for action in actions {
            match action {
                Action::CarryOut(intent) => self.carry_out(intent, now),
                other => self.act(vec![other], now),
            }
        }
    }

    fn order(&mut self, order: Order, delay: Duration, now: Now) {
        self.orders.push(order);
        let at = now.uptime.saturating_add(delay);
        self.timers.due_by(LoopTimer::Order, at);
    }

    /// The time of the first order has come; the others come along.
    pub(super) fn order_is_due(&mut self, now: Now) {
        for order in std::mem::take(&mut self.orders) {
            match order {
                Order::Promise(intent) => self.carry_out(intent, now),
                Order::Step(step) => self.begin(step, now),
            }
        }
    }

    /// Begins to carry it out.
    pub(super) fn carry_out(&mut self, intent: Intent, now: Now) {
        let mut system = self.system();
        let lost = intent.clone();
        let job = Job::once(
            JobKind::Command,
            patience(&intent),
            move |why| {
                let ran = match why {
                    Lost::NoThread(_) => Ran::NotBegun,
                    why => Ran::Ended(Err(why.to_string())),
                };
                Done::Ran(lost.clone(), ran)
            },
            move |_| {
                let ended = Ran::Ended(run(&intent, &mut system));
                Done::Ran(intent, ended)
            },
        );
        self.jobs.start(job, now.uptime);
    }

    /// A command is done, or not.
    pub(super) fn ran(&mut self, intent: Intent, ran: Ran, now: Now) {
        match ran {
            Ran::Ended(outcome) => {
                let next = self.ended(&intent, outcome, now);
                // A factory reset makes a new path for connection requests, and forgets who the
                // box was.
                self.facts.borrow_mut().identity = told_identity(&self.model);
                self.apply_settings(now);
                self.act_at_once(next, now);
            }
            Ran::NotBegun => self.order_again(Order::Promise(intent), now),
        }
    }

    /// The system had no thread for it.
    pub(super) fn order_again(&mut self, order: Order, now: Now) {
        log::warn!("trying again in {} s", THREAD_DELAY.as_secs());
        self.order(order, THREAD_DELAY, now);
    }

    /// The engine hears how a command ended.
    fn ended(&mut self, intent: &Intent, outcome: Result<(), String>, now: Now) -> Vec<Action> {
        if matches!((intent, &outcome), (Intent::FactoryReset, Ok(()))) {
            self.uci.borrow_mut().forget_kept();
        }
        self.engine.ended(intent, outcome, &mut self.model, now)
    }

    /// The agent ends. What the ACS was told of happens now, also when it is not due yet (W23): it
    /// may be long until the agent starts again.
    pub(super) fn carry_out_at_end(&mut self, now: Now) {
        let orders = std::mem::take(&mut self.orders).into_iter();
        let promises = orders.filter_map(|order| match order {
            Order::Promise(intent) => Some(intent),
            Order::Step(_) => None,
        });
        let mut next: Vec<Intent> = promises.collect();
        if self.transfers.is_installing() {
            // The box goes down by itself, and a reboot in the middle of a flash would be its end.
            return self.commit();
        }
        while let Some(intent) = next.pop() {
            let outcome = run(&intent, &mut self.system());
            let actions = self.ended(&intent, outcome, now);
            next.extend(actions.into_iter().filter_map(|action| match action {
                Action::CarryOut(intent) => Some(intent),
                _ => None,
            }));
        }
        self.commit();
    }

    /// The programs of the box.
    pub(super) fn system(&self) -> System {
        System::new(self.config.command_dir.as_deref())
    }
}
