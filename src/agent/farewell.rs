//! What the ACS asks of the box itself: services to reload, reboot, factory reset.

use std::time::Duration;

use log::{error, info};

use super::poll_loop::{Agent, Done};
use crate::base::clock::Now;
use crate::cwmp::Action;
use crate::device::commands::{CommandError, Commands, System};

/// From the end of a session to the reboot that the ACS asked for in it.
const REBOOT_DELAY: Duration = Duration::from_secs(5);

/// The command that ends this boot.
const REBOOT: &str = "reboot";

/// What is done to the box some time after the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Farewell {
    /// Reboot (A.4.1.5).
    Reboot,
    /// FactoryReset (A.4.1.6).
    FactoryReset,
}

impl Farewell {
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
                self.timers.stale = true;
                let touched = self.uci.borrow_mut().touched();
                if !touched.is_empty() {
                    self.command("reload services", move |system| system.apply(&touched));
                }
            }
            Action::Reboot => {
                let delay = REBOOT_DELAY.as_secs();
                info!("rebooting in {delay} s, as the ACS asked");
                self.timers.farewell = Some((now.uptime + REBOOT_DELAY, Farewell::Reboot));
            }
            Action::FactoryReset => {
                let delay = REBOOT_DELAY.as_secs();
                info!("resetting to factory state in {delay} s, as the ACS asked");
                if let Err(e) = self.model.factory_reset() {
                    error!("factory reset: {e}");
                }
                // A new path for connection requests, before its URL becomes a known value.
                self.apply_settings(now);
                self.timers.farewell = Some((now.uptime + REBOOT_DELAY, Farewell::FactoryReset));
            }
        }
    }

    /// The time has come.
    pub(super) fn farewell(&mut self) {
        if let Some((_, farewell)) = self.timers.farewell.take() {
            self.run_dir.forget_boot();
            self.command(REBOOT, move |system| farewell.run(system));
        }
    }

    /// The agent ends. What the ACS was told of happens now, also when it is not due yet (W23):
    /// nobody would remember it.
    pub(super) fn farewell_at_end(&mut self) {
        if let Some((_, farewell)) = self.timers.farewell.take() {
            self.run_dir.forget_boot();
            if let Err(e) = farewell.run(&mut self.system()) {
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
        &self,
        what: &'static str,
        run: impl FnOnce(&mut System) -> Result<(), CommandError> + Send + 'static,
    ) {
        let mut system = self.system();
        let started = self.jobs.start("command", move |report| {
            report.send(Done::Ran(what, run(&mut system).map_err(|e| e.to_string())));
        });
        if let Err(e) = started {
            error!("no thread to {what}: {e}");
        }
    }
}
