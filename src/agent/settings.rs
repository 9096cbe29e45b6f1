//! What the agent does about an edited configuration, and about one that cannot be read.

use std::time::Duration;

use super::clocks;
use super::logger;
use super::own_config::{self, OWN_PACKAGE};
use super::poll_loop::Agent;
use super::start;
use super::timers::LoopTimer;
use super::ways;
use crate::base::backoff::Backoff;
use crate::base::clock::Now;

/// From a failed attempt to read a file of the configuration to the next one.
pub(super) const CONFIG_PAUSES: Backoff =
    Backoff::new(Duration::from_secs(1), Duration::from_secs(60));

impl Agent {
    /// Follows the agent's own configuration, where that is not as it was last read. The root of the
    /// model and the interface of its `net:@` rows stay as they were at the start. During a session
    /// all stays as it is. Whether something is different.
    pub(super) fn follow_config(&mut self) -> bool {
        if self.engine.in_session() {
            return false;
        }
        self.uci.borrow_mut().look_at(OWN_PACKAGE);
        let is_outdated = self.complaints.are_outdated(&self.uci.borrow());
        if is_outdated {
            let (config, complaints) =
                own_config::read(&self.uci.borrow(), &self.folders.config_dir);
            logger::set_up(&config.log);
            complaints.log(&self.complaints);
            (self.config, self.complaints) = (config, complaints);
            own_config::keep_files(&self.config);
            self.engine.configure(start::engine_options(&self.config));
            self.ubus.configure(&self.config);
            self.luup.configure(&self.config);
            self.allow_commands();
            self.find_address();
            self.facts.borrow_mut().reach.methods = ways::methods(&self.config);
        }
        self.uci.borrow_mut().keep();
        is_outdated
    }

    /// Somebody wants all of it to be read again.
    pub(super) fn reload(&mut self, now: Now) {
        log::info!("reloading");
        if !self.engine.in_session() {
            let mut uci = self.uci.borrow_mut();
            uci.try_again();
            uci.look_at(clocks::SYSTEM);
        }
        self.clocks.borrow_mut().read_zone(&self.uci.borrow());
        self.follow_config();
        self.find_address();
        self.look_at_gateway(now);
    }

    /// Reads files again that could not be read, though nobody changed them.
    pub(super) fn read_files_again(&mut self, now: Now) {
        if !self.engine.in_session() {
            self.uci.borrow_mut().try_again();
        }
        self.follow_config();
        self.look(now);
    }

    /// Sees to it that files that could not be read are tried again.
    pub(super) fn retry_config(&mut self, now: Now) {
        if !self.uci.borrow().is_to_be_tried_again() {
            self.config_backoff.reset();
            self.timers.stop(LoopTimer::Config);
        } else if !self.timers.is_set(LoopTimer::Config) {
            let at = now.uptime.saturating_add(self.config_backoff.pause());
            self.timers.due_by(LoopTimer::Config, at);
        }
    }
}
