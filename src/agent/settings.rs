//! Changes on the box: edited configuration, new addresses, values that differ from before; and what
//! the agent does about them.

use std::time::Duration;

use super::clocks;
use super::logger;
use super::own_config::{self, OWN_PACKAGE};
use super::poll_loop::Agent;
use super::start;
use super::timers::LoopTimer;
use super::watch::BoxChange;
use super::ways;
use crate::base::backoff::Backoff;
use crate::base::clock::Now;
use crate::base::config::Config;
use crate::base::digest::hex;
use crate::connreq::Listener;
use crate::datamodel::model::Model;

/// From a failed attempt to read a file of the configuration to the next one.
pub(super) const CONFIG_PAUSES: Backoff =
    Backoff::new(Duration::from_secs(1), Duration::from_secs(60));

/// The durable record of the path of the connection-request URL: kept, since a new one is a value
/// change; gone with a factory reset (TR-069 §3.2.2).
const PATH_RECORD: &str = "connreq.path";

impl Agent {
    /// Follows the agent's own configuration, where that is not as it was last read. The root of the
    /// model and the interface of its `net:@` rows stay as they were at the start. During a session
    /// all stays as it is. Whether something is different.
    pub(super) fn follow_config(&mut self, now: Now) -> bool {
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
            self.take_port(now);
            self.facts.borrow_mut().reach.methods = ways::methods(&self.config);
        }
        self.uci.borrow_mut().keep();
        is_outdated
    }

    /// Somebody wants all of it to be read again.
    fn reload(&mut self, now: Now) {
        log::info!("reloading");
        if !self.engine.in_session() {
            let mut uci = self.uci.borrow_mut();
            uci.try_again();
            uci.look_at(clocks::SYSTEM);
        }
        self.clocks.borrow_mut().read_zone(&self.uci.borrow());
        self.follow_config(now);
        self.find_address();
        self.look_at_gateway(now);
    }

    /// Turns to the port that the configuration says.
    fn take_port(&mut self, now: Now) {
        let wanted = self.config.port.unwrap_or_default();
        if wanted == self.listener.wanted_port() {
            return;
        }
        match Listener::new(wanted) {
            Ok(mut listener) => {
                if self.listener.port().is_some() {
                    self.listener.close();
                    listener.open(now.uptime);
                }
                self.listener = listener;
            }
            Err(e) => log::error!("no random bytes for the connection-request port: {e}"),
        }
    }

    /// Reads files again that could not be read, though nobody changed them.
    pub(super) fn read_files_again(&mut self, now: Now) {
        if !self.engine.in_session() {
            self.uci.borrow_mut().try_again();
        }
        self.follow_config(now);
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

    /// Something changed: it is acted on now, or soon if that was just done.
    pub(super) fn changed(&mut self, changes: Vec<BoxChange>, now: Now) {
        for change in changes {
            let at = self.changes.note(change, now.uptime);
            self.timers.due_by(LoopTimer::Changes, at);
        }
        if self.timers.is_due(LoopTimer::Changes, now.uptime) {
            self.act_on_changes(now);
        }
    }

    /// Acts on all that changed since it was last done.
    pub(super) fn act_on_changes(&mut self, now: Now) {
        self.timers.stop(LoopTimer::Changes);
        let mut is_news = false;
        let mut is_about_software = false;
        for change in self.changes.take(now.uptime) {
            is_news |= match change {
                BoxChange::Configuration => {
                    self.reload(now);
                    true
                }
                BoxChange::Files => {
                    own_config::close(&self.folders.config_dir);
                    self.follow_config(now);
                    self.find_address();
                    true
                }
                BoxChange::Software => {
                    is_about_software = true;
                    true
                }
                BoxChange::Addresses => {
                    let has_moved = self.find_address();
                    self.udp.relocate(now.uptime);
                    self.relocate_xmpp(has_moved, now);
                    true
                }
                // Most routes lead elsewhere, and come and go with each announcement.
                BoxChange::Routes => {
                    let is_new = self.follow_routes(now);
                    let has_moved = self.find_address();
                    self.udp.relocate(now.uptime);
                    self.relocate_xmpp(has_moved, now);
                    is_new | has_moved | self.follow_udp(now)
                }
                BoxChange::Clock => {
                    self.clocks.borrow_mut().doubt();
                    true
                }
            };
        }
        if is_news {
            self.look(now);
        }
        if is_about_software {
            self.follow_units(now);
        }
    }

    /// Something on the box may have changed: configuration, addresses, the clock, values. During a
    /// session it takes effect after it.
    pub(super) fn look(&mut self, now: Now) {
        self.engine.look(&mut self.model, now);
        if !self.engine.in_session() {
            self.apply_settings(now);
            self.next_look(now);
        }
    }

    /// The same where what changed was gathered before: a session may open for it now.
    pub(super) fn look_gathered(&mut self, now: Now) {
        self.engine.look_gathered(&mut self.model, now);
        if !self.engine.in_session() {
            self.apply_settings(now);
            self.next_look(now);
        }
    }

    /// When to look at values that only looking can find changed; a look that waits already is not
    /// put off.
    pub(super) fn next_look(&mut self, now: Now) {
        let interval = self.config.notify_interval;
        let looks = self.model.must_look() || self.has_luup_writes();
        match interval.filter(|_| looks) {
            Some(interval) => self.timers.due_by(LoopTimer::Look, now.uptime + interval),
            None => self.timers.stop(LoopTimer::Look),
        }
        self.follow_luup(now);
        self.retry_config(now);
    }

    pub(super) fn commit(&mut self) {
        // Where that fails the model says so, and it is tried again.
        let _ = self.model.commit();
    }

    /// Brings the connection-request port and its URL in line with the settings. The URL is a value
    /// that an ACS may want to be told of.
    pub(super) fn apply_settings(&mut self, now: Now) {
        let is_new = self.open_or_close(now);
        if is_new | self.follow_udp(now) | self.follow_xmpp(now) {
            self.tell_rows();
            self.engine.look(&mut self.model, now);
        }
    }

    /// The same after a session in which the ACS or the box changed something: that the port is closed,
    /// as the ACS wanted, is no news to it.
    pub(super) fn apply_settings_of_acs(&mut self, now: Now) {
        self.follow_units(now);
        if self.follow_xmpp(now) {
            self.model.know("ManagementServer.ConnReqJabberID");
        }
        let is_new = self.open_or_close(now);
        let is_open = self.listener.port().is_some();
        if is_new && !is_open {
            self.model.know("ManagementServer.ConnectionRequestURL");
        }
        if self.follow_udp(now) | (is_new && is_open) {
            self.tell_rows();
            self.engine.look(&mut self.model, now);
        }
    }

    /// Opens or closes the connection-request port as the settings say; whether its URL is another
    /// one now.
    pub(super) fn open_or_close(&mut self, now: Now) -> bool {
        let hears = self.engine.settings().hears_http_requests();
        match hears && self.config.port.is_some() {
            true => self.listener.open(now.uptime),
            false => self.listener.close(),
        }
        let has_moved = self.follow_acs();
        let path = request_path(&self.config, &mut self.model);
        let port = self.listener.port();
        let mut facts = self.facts.borrow_mut();
        let reach = &mut facts.reach;
        let is_new = has_moved || reach.port != port || reach.path != path;
        (reach.port, reach.path) = (port, path);
        drop(facts);
        is_new | self.follow_gateway(now)
    }
}

/// The path of the connection-request URL: the configured one, or a random one that is kept.
fn request_path(config: &Config, model: &mut Model) -> String {
    if let Some(path) = &config.path {
        return path.clone();
    }
    if let Some(path) = model.record(PATH_RECORD) {
        return path.to_owned();
    }
    let mut token = [0; 16];
    if let Err(e) = getrandom::fill(&mut token) {
        log::warn!("no random bytes for the path of the connection-request URL: {e}");
        return String::new();
    }
    let path = format!("/{}", hex(&token));
    model.set_record(PATH_RECORD, Some(&path));
    path
}
