//! The ways in, as `cwmpd status` shows them.

use std::fmt::Write as _;

use super::over_udp::UDP_ADDRESS;
use crate::agent::poll_loop::Agent;
use crate::base::clock::{self, Now};

/// Where the ACS opens connections to.
const URL: &str = "ManagementServer.ConnectionRequestURL";

impl Agent {
    /// Where the box can be called, a line for each thing to know; and why it cannot.
    pub(in crate::agent) fn write_ways(&self, text: &mut String, now: Now) {
        let user = match &*self.engine.settings().request_username {
            "" => "none (cpe.userid, cpe.passwd), so nobody is let in",
            user => user,
        };
        let _ = writeln!(text, "call us at:    {}", self.url_or_why());
        let _ = writeln!(text, "  as user:     {user}");
        let _ = writeln!(text, "  ACS knows:   {}", self.known_of(URL));
        let _ = writeln!(text, "  until now:   {}", self.ways.listener.tally());
        let _ = writeln!(text, "over UDP:      {}", self.udp_or_why());
        let _ = writeln!(text, "  STUN:        {}", self.stun_or_why(now));
        let _ = writeln!(text, "  ACS knows:   {}", self.known_of(UDP_ADDRESS));
        let _ = writeln!(text, "  until now:   {}", self.ways.udp.port.tally());
        self.write_xmpp(text);
        self.write_gateway(text, now);
    }

    fn url_or_why(&self) -> String {
        let reach = &self.facts.borrow().reach;
        match (reach.port, reach.connection_request_url().value()) {
            (None, _) => format!("nowhere, the port is closed: {}", self.why_closed()),
            (_, None) => format!("nowhere, {}", self.why_no_address()),
            (_, Some(url)) => url.to_owned(),
        }
    }

    fn why_closed(&self) -> &'static str {
        let settings = self.engine.settings();
        match () {
            () if !settings.has_acs() => "there is no ACS",
            () if !settings.http_requests => "HTTPConnectionRequestEnable is 0",
            () if self.config.port.is_none() => "cpe.port is none",
            () => "it cannot be taken, see the log",
        }
    }

    fn udp_or_why(&self) -> String {
        let reach = &self.facts.borrow().reach;
        match (
            reach.udp_port,
            reach.udp_connection_request_address().value(),
        ) {
            (None, _) => format!("closed: {}", self.why_udp_is_closed()),
            (Some(port), None) => format!("port {port}, not known yet what others see of it"),
            (Some(_), Some(address)) => address.to_owned(),
        }
    }

    fn why_udp_is_closed(&self) -> &'static str {
        let settings = self.engine.settings();
        match () {
            () if !settings.has_acs() => "there is no ACS",
            () if self.config.udp.port.is_none() => "stun.client_port and cpe.port are none",
            () if self.wanted_udp_port().is_some() => "it cannot be taken, see the log",
            () if !self.config.udp.listens => "STUN is off, and stun.listen is 0",
            () => "STUN is off, and nobody could log in (cpe.userid)",
        }
    }

    fn stun_or_why(&self, now: Now) -> String {
        match self.engine.settings().stun.enabled {
            true => self.ways.udp.state(now.uptime),
            false => "off (stun.enabled, ManagementServer.STUNEnable)".to_owned(),
        }
    }

    fn known_of(&self, path: &str) -> String {
        match self.engine.told(path) {
            Some(told) if told.value.is_empty() => {
                format!("that there is none, since {}", clock::utc(told.since))
            }
            Some(told) => format!("{}, since {}", told.value, clock::utc(told.since)),
            None => "nothing of it".to_owned(),
        }
    }
}
