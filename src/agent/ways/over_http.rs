//! What the agent does for the way in over HTTP: its port, and the path in the URL.

use std::time::Duration;

use super::access;
use crate::agent::poll_loop::{Agent, LoopEvent};
use crate::base::clock::Now;
use crate::base::config::Config;
use crate::base::digest::hex;
use crate::connreq::Listener;
use crate::datamodel::model::Model;

/// The durable record of the path of the connection-request URL: kept, since a new one is a value
/// change; gone with a factory reset (TR-069 §3.2.2).
const PATH_RECORD: &str = "connreq.path";

impl Agent {
    /// Does what is ready or due at the port, without waiting.
    pub(in crate::agent) fn listen(&mut self, uptime: Duration) -> Vec<LoopEvent> {
        let Self {
            ways,
            engine,
            facts,
            config,
            ..
        } = self;
        let before = ways.listener.port();
        let (facts, settings) = (facts.borrow(), engine.settings());
        let access = access(&facts.reach, settings, config);
        let mut events = Vec::new();
        if ways.listener.work(uptime, &access, &mut ways.quota) > 0 {
            events.push(LoopEvent::ConnectionRequested);
        }
        if ways.listener.port() != before {
            events.push(LoopEvent::PortChanged);
        }
        events
    }

    /// Opens or closes the port as the settings say, also at the gateway; whether its URL is another
    /// one now.
    pub(super) fn follow_http(&mut self, now: Now) -> bool {
        self.take_port(now);
        let hears = self.engine.settings().hears_http_requests();
        match hears && self.config.port.is_some() {
            true => self.ways.listener.open(now.uptime),
            false => self.ways.listener.close(),
        }
        let has_moved = self.follow_acs();
        let path = request_path(&self.config, &mut self.model);
        let port = self.ways.listener.port();
        let mut facts = self.facts.borrow_mut();
        let reach = &mut facts.reach;
        let is_new = has_moved || reach.port != port || reach.path != path;
        (reach.port, reach.path) = (port, path);
        drop(facts);
        is_new | self.follow_gateway(now)
    }

    /// Turns to the port that the configuration says.
    fn take_port(&mut self, now: Now) {
        let wanted = self.config.port.unwrap_or_default();
        if wanted == self.ways.listener.wanted_port() {
            return;
        }
        match Listener::new(wanted) {
            Ok(mut listener) => {
                if self.ways.listener.port().is_some() {
                    self.ways.listener.close();
                    listener.open(now.uptime);
                }
                self.ways.listener = listener;
            }
            Err(e) => log::error!("no random bytes for the connection-request port: {e}"),
        }
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
