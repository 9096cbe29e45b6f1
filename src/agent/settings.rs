//! Changes on the box: edited configuration, new addresses, values that differ from before.

use log::error;

use super::poll_loop::Agent;
use super::start;
use super::timers::LoopTimer;
use super::watch::BoxChange;
use crate::base::clock::Now;
use crate::connreq::Listener;
use crate::datamodel::model::Model;
use crate::device::uci;

impl Agent {
    /// Reads the agent's own configuration again. The root of the model and the interface of its
    /// `net:@` rows stay as they were at the start.
    pub(super) fn reload(&mut self, now: Now) {
        self.config_stamp = uci::Stamp::of(&self.options.config_dir, "cwmpd");
        self.config = start::configure(&self.options.config_dir);
        *self.clocks.borrow_mut() = start::clocks(&self.options.config_dir);
        if self.config.port != self.listener.wanted_port() {
            match Listener::new(self.config.port) {
                Ok(mut listener) => {
                    if self.listener.port().is_some() {
                        self.listener.close();
                        listener.open(now.uptime);
                    }
                    self.listener = listener;
                }
                Err(e) => error!("no random bytes for the connection-request port: {e}"),
            }
        }
    }

    /// The kernel says what changed.
    pub(super) fn changed(&mut self, change: BoxChange, now: Now) {
        let stamp = || uci::Stamp::of(&self.options.config_dir, "cwmpd");
        if change == BoxChange::Files && stamp() != self.config_stamp {
            self.reload(now);
        }
        self.look_again(now);
    }

    /// Something on the box may have changed: configuration, addresses, the clock.
    pub(super) fn look_again(&mut self, now: Now) {
        if self.session.is_some() {
            self.stale = true;
            return;
        }
        self.model.refresh();
        self.engine.settings_changed(&mut self.model, now);
        self.apply_settings(now);
        self.compare(now);
    }

    /// Looks for changed values, unless a session is running, which does so itself.
    pub(super) fn compare(&mut self, now: Now) {
        if self.session.is_none() {
            self.model.set_time(now);
            self.model.refresh();
            self.engine.values_changed(&mut self.model, now);
            self.commit();
        }
        self.compare_later(now);
    }

    pub(super) fn compare_later(&mut self, now: Now) {
        let interval = self.config.notify_interval;
        let interval = interval.filter(|_| self.model.must_look());
        let at = interval.map(|interval| now.uptime + interval);
        self.timers.set(LoopTimer::Look, at);
    }

    pub(super) fn commit(&mut self) {
        if let Err(e) = self.model.commit() {
            error!("the state could not be written: {e}");
        }
    }

    /// Brings the connection-request port and its URL in line with the settings.
    pub(super) fn apply_settings(&mut self, now: Now) {
        let mut is_on = |name| !matches!(setting(&mut self.model, name).as_str(), "0" | "false");
        let wanted = is_on("EnableCWMP") && is_on("HTTPConnectionRequestEnable");
        // Without an ACS there is nobody whose request could be one.
        if wanted && !setting(&mut self.model, "URL").is_empty() {
            self.listener.open(now.uptime);
        } else {
            self.listener.close();
        }
        let path = start::connection_request_path(&self.config, &mut self.model);
        let mut facts = self.facts.borrow_mut();
        facts.address = start::address(&self.config.interface);
        facts.port = self.listener.port();
        facts.path = path;
    }
}

/// A parameter of `ManagementServer.`, empty where the model does not have it.
pub(super) fn setting(model: &mut Model, name: &str) -> String {
    let value = model.value(&format!("ManagementServer.{name}"));
    value.unwrap_or_default()
}
