//! The connection by XMPP, as `cwmpd status` shows it.

use std::fmt::Write as _;

use crate::agent::poll_loop::Agent;

impl Agent {
    /// Whether the box can be called by XMPP, and why not.
    pub(in crate::agent) fn write_xmpp(&self, text: &mut String) {
        let facts = self.ways.xmpp.facts.borrow();
        let wanted = self.ways.xmpp.wanted.as_ref();
        let fact = wanted.and_then(|(number, _)| facts.find(*number));
        let (state, why) = match (fact, &self.ways.xmpp.trouble) {
            _ if !self.config.xmpp => ("off (xmpp.enable)".to_owned(), None),
            (None, _) => {
                let none = "not used: no connection is chosen and enabled";
                (none.to_owned(), None)
            }
            (Some(fact), _) if self.ways.xmpp.is_bound() => {
                let tls = if fact.is_secure {
                    "over TLS"
                } else {
                    "without TLS"
                };
                (
                    format!("{}, {tls}, since {}", fact.shown(), fact.changed),
                    None,
                )
            }
            (Some(fact), trouble) => (
                format!("{} since {}", fact.status, fact.changed),
                trouble.as_ref(),
            ),
        };
        drop(facts);
        let _ = writeln!(text, "by XMPP:       {state}");
        if let Some(why) = why {
            let now = self.now().uptime;
            let next = self
                .ways
                .xmpp
                .next
                .map(|at| at.saturating_sub(now).as_secs());
            let next = next.map_or(String::new(), |wait| format!("; next attempt in {wait} s"));
            let _ = writeln!(text, "               {why}{next}");
        }
    }
}
