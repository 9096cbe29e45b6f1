//! Brings the ways in in line with the settings, which an ACS, a user or an edit may have changed.

use crate::agent::poll_loop::Agent;
use crate::base::clock::Now;

/// Which ways show another address than before.
pub(in crate::agent) struct WayNews {
    http: bool,
    udp: bool,
    xmpp: bool,
}

impl Agent {
    /// Opens and closes the ways as they are to be.
    pub(in crate::agent) fn follow_ways(&mut self, now: Now) -> WayNews {
        let news = WayNews {
            http: self.follow_http(now),
            udp: self.follow_udp(now),
            xmpp: self.follow_xmpp(now),
        };
        if news.http || news.udp || news.xmpp {
            self.tell_rows();
        }
        news
    }

    /// The same where the ACS may want to be told of what is another now.
    pub(in crate::agent) fn apply_settings(&mut self, now: Now) {
        let WayNews { http, udp, xmpp } = self.follow_ways(now);
        if http || udp || xmpp {
            self.engine.look(&mut self.model, now);
        }
    }

    /// The same after a session in which the ACS or the box changed something: that a way is as the ACS
    /// wanted it is no news to it.
    pub(in crate::agent) fn apply_settings_of_acs(&mut self, now: Now) {
        self.follow_units(now);
        let WayNews { http, udp, xmpp } = self.follow_ways(now);
        if xmpp {
            self.model.know("ManagementServer.ConnReqJabberID");
        }
        let is_closed = self.ways.listener.port().is_none();
        if http && is_closed {
            self.model.know("ManagementServer.ConnectionRequestURL");
        }
        if udp || (http && !is_closed) {
            self.engine.look(&mut self.model, now);
        }
    }
}
