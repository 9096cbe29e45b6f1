//! The ways in, as `cwmpd status` shows them.

use std::fmt::Write as _;

use crate::agent::poll_loop::Agent;
use crate::base::clock::Now;

impl Agent {
    /// Where the box can be called, a line for each thing to know; and why it cannot.
    pub(in crate::agent) fn write_ways(&self, text: &mut String, now: Now) {
        let facts = self.facts.borrow();
        let url = match (facts.reach.port, facts.reach.address) {
            (None, _) => "nowhere, the port is closed".to_owned(),
            (_, None) => format!("nowhere, {}", self.why_no_address()),
            _ => facts
                .reach
                .connection_request_url()
                .value()
                .unwrap_or_default()
                .to_owned(),
        };
        drop(facts);
        let user = match &*self.engine.settings().request_username {
            "" => "none, so nobody is let in",
            user => user,
        };
        let _ = writeln!(text, "call us at:    {url}");
        let _ = writeln!(text, "  as user:     {user}");
        let _ = writeln!(text, "  until now:   {}", self.listener.tally());
        self.write_xmpp(text);
        self.write_gateway(text, now);
    }
}
