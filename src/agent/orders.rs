//! What the ACS orders of the box itself: services to reload, reboot, factory reset.

use std::time::Duration;

use log::{error, info};

use super::jobs::{Job, JobKind};
use super::poll_loop::{Agent, Done};
use super::timers::LoopTimer;
use crate::base::clock::Now;
use crate::cwmp::Action;
use crate::device::commands::{COMMAND_TIMEOUT, CommandError, Commands, System};

/// From the end of a session to the reboot that the ACS asked for in it.
const REBOOT_DELAY: Duration = Duration::from_secs(5);

/// The command that ends this boot.
const REBOOT: &str = "reboot";

/// The most programs that one job of this file runs, one after the other.
const MAX_PROGRAMS: u32 = 8;

/// What is done to the box some time after the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Reboot (A.4.1.5).
    Reboot,
    /// FactoryReset (A.4.1.6).
    FactoryReset,
}

impl Order {
    fn run(self, system: &mut impl Commands) -> Result<(), CommandError> {
        if self == Self::FactoryReset {
            system.factory_reset()?;
        }
        system.reboot()
    }
}

impl Agent {
    /// Does what the engine asks for besides the next message.
    pub(super) fn act(&mut self, action: Action, now: Now) {
        match action {
            Action::BootDelivered => self.run_dir.boot_delivered(),
            Action::Reconfigure => {
                self.stale = true;
                let touched = self.uci.borrow_mut().touched();
                if !touched.is_empty() {
                    self.command("reload services", now, move |system| system.apply(&touched));
                }
            }
            Action::Reboot => {
                let delay = REBOOT_DELAY.as_secs();
                info!("rebooting in {delay} s, as the ACS asked");
                self.order(Order::Reboot, now);
            }
            Action::FactoryReset => {
                let delay = REBOOT_DELAY.as_secs();
                info!("resetting to factory state in {delay} s, as the ACS asked");
                if let Err(e) = self.model.factory_reset() {
                    error!("factory reset: {e}");
                }
                // A new path for connection requests, before its URL becomes a known value.
                self.apply_settings(now);
                self.order(Order::FactoryReset, now);
            }
        }
    }

    fn order(&mut self, order: Order, now: Now) {
        self.order = Some(order);
        let at = now.uptime.saturating_add(REBOOT_DELAY);
        self.timers.set(LoopTimer::Order, Some(at));
    }

    /// The time has come.
    pub(super) fn carry_out(&mut self, now: Now) {
        if let Some(order) = self.order.take() {
            self.run_dir.forget_boot();
            self.command(REBOOT, now, move |system| order.run(system));
        }
    }

    /// The agent ends. What the ACS was told of happens now, also when it is not due yet (W23):
    /// nobody would remember it.
    pub(super) fn carry_out_at_end(&mut self) {
        if let Some(order) = self.order.take() {
            self.run_dir.forget_boot();
            if let Err(e) = order.run(&mut self.system()) {
                self.ran(REBOOT, Err(e.to_string()));
            }
        }
    }

    /// A command is done. A box that did not go down is still in the boot that the ACS heard of.
    pub(super) fn ran(&self, what: &'static str, result: Result<(), String>) {
        if let Err(why) = result {
            error!("{what}: {why}");
            if what == REBOOT {
                self.run_dir.boot_delivered();
            }
        }
    }

    fn system(&self) -> System {
        System::new(self.config.command_dir.as_deref())
    }

    fn command(
        &mut self,
        what: &'static str,
        now: Now,
        run: impl FnOnce(&mut System) -> Result<(), CommandError> + Send + 'static,
    ) {
        let mut system = self.system();
        let job = Job {
            kind: JobKind::Command,
            patience: COMMAND_TIMEOUT * MAX_PROGRAMS,
            lost: Box::new(move |lost| Done::Ran(what, Err(lost.to_string()))),
            work: Box::new(move |reporter| {
                let result = run(&mut system).map_err(|e| e.to_string());
                reporter.say(Done::Ran(what, result));
            }),
        };
        self.jobs.start(job, now.uptime);
    }
}
