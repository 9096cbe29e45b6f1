//! What `XMPP.` and `ManagementServer.ConnReqJabberID` show: the source `xmpp:` of the data model.
//!
//! | key | value |
//! |---|---|
//! | `jabber_id` | what the box is called on the connection for requests; also while that is down |
//! | `connection.jabber_id` | the same of the connection that the row is in |
//! | `connection.status` | `Status` of it |
//! | `connection.changed` | since when |
//! | `connection.tls` | whether it stands, over TLS |

use std::cell::RefCell;
use std::rc::Rc;

use crate::datamodel::source::{Declaration, Instance, Noticed, Reading, Slot, Source};

/// How a connection is, in the words of TR-181 (`Status`): it stands.
pub(super) const ENABLED: &str = "Enabled";
/// It is not to be.
pub(super) const DISABLED: &str = "Disabled";
/// It could be, and nobody asks for it.
pub(super) const DORMANT: &str = "Dormant";
/// It is about to be opened.
pub(super) const CONNECTING: &str = "Connecting";
/// It cannot be opened for a reason of our own; others have words of their own (`XmppEnd::status`).
pub(super) const ERROR: &str = "Error";

/// What a server said the box is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum JabberId {
    /// No server has said anything since the program started: what an earlier run was told holds.
    Untold,
    /// There is none.
    None,
    /// This, whether or not the connection stands at present.
    Told(String),
}

impl JabberId {
    fn reading(&self) -> Reading<'static> {
        match self {
            Self::Untold => Reading::Unknown,
            Self::None => Reading::Absent,
            Self::Told(id) => Reading::Value(id.clone().into()),
        }
    }
}

/// What is known of a connection.
pub(super) struct ConnectionFact {
    /// Its instance.
    pub(super) number: u32,
    pub(super) status: &'static str,
    /// When it came to be so, as a dateTime.
    pub(super) changed: String,
    jabber_id: JabberId,
    /// It stands, over TLS.
    pub(super) is_secure: bool,
}

/// What is known of all connections; the loop keeps it up to date.
#[derive(Default)]
pub(super) struct XmppFacts {
    connections: Vec<ConnectionFact>,
    /// The one that requests come by, where there is one that is enabled.
    chosen: Option<u32>,
    /// It was looked for which that is.
    is_known: bool,
}

impl ConnectionFact {
    /// What the box is called, for people.
    pub(super) fn shown(&self) -> &str {
        match &self.jabber_id {
            JabberId::Told(id) => id,
            JabberId::Untold | JabberId::None => "no Jabber ID",
        }
    }
}

impl XmppFacts {
    /// A connection, if it was met.
    pub(super) fn find(&self, number: u32) -> Option<&ConnectionFact> {
        self.connections.iter().find(|of| of.number == number)
    }

    fn of(&mut self, number: u32) -> Option<&mut ConnectionFact> {
        self.connections.iter_mut().find(|of| of.number == number)
    }

    /// A connection is so now, which is `at` by the clock.
    pub(super) fn set_status(&mut self, number: u32, status: &'static str, at: &str) {
        match self.of(number) {
            Some(known) if known.status == status => {}
            Some(known) => (known.status, known.changed) = (status, at.to_owned()),
            None => self.connections.push(ConnectionFact {
                number,
                status,
                changed: at.to_owned(),
                jabber_id: JabberId::None,
                is_secure: false,
            }),
        }
    }

    /// A connection stands over TLS now, or does not.
    pub(super) fn set_secure(&mut self, number: u32, is_secure: bool) {
        if let Some(of) = self.of(number) {
            of.is_secure = is_secure;
        }
    }

    /// What a connection is called.
    pub(super) fn set_jabber_id(&mut self, number: u32, jabber_id: JabberId) {
        if let Some(of) = self.of(number) {
            of.jabber_id = jabber_id;
        }
    }

    /// Requests come by this one. It keeps its Jabber ID while it is the same, also while it is down;
    /// one that was not it before has none yet, but for the first of this run of the program.
    pub(super) fn choose(&mut self, chosen: Option<u32>) {
        let is_first = !std::mem::replace(&mut self.is_known, true);
        if self.chosen == chosen {
            return;
        }
        if let Some(before) = self.chosen {
            self.set_jabber_id(before, JabberId::None);
        }
        self.chosen = chosen;
        if let (Some(number), true) = (chosen, is_first) {
            self.set_jabber_id(number, JabberId::Untold);
        }
    }

    /// No others are there any more.
    pub(super) fn keep(&mut self, numbers: &[u32]) {
        self.connections.retain(|of| numbers.contains(&of.number));
    }

    /// `ConnReqJabberID`.
    pub(super) fn jabber_id(&self) -> Reading<'static> {
        let Some(chosen) = self.chosen else {
            // Before anybody has looked nothing is known.
            return match self.is_known {
                true => Reading::Absent,
                false => Reading::Unknown,
            };
        };
        let found = self.find(chosen);
        found.map_or(Reading::Unknown, |of| of.jabber_id.reading())
    }
}

/// The keys; those of a connection begin so.
const KEYS: [&str; 5] = [
    "jabber_id",
    "connection.jabber_id",
    "connection.status",
    "connection.changed",
    "connection.tls",
];
const OF_CONNECTION: &str = "connection.";

/// Serves [`XmppFacts`] to the data model.
pub(super) struct XmppSource(pub(super) Rc<RefCell<XmppFacts>>);

impl Source for XmppSource {
    fn declare(&mut self, row: &Declaration<'_>, key: &str) -> Result<Slot, String> {
        if row.writable {
            return Err("it is told of connections, and takes nothing".to_owned());
        }
        let known = KEYS.iter().position(|known| *known == key);
        let is_placed = row.kind.is_some() && (row.tables > 0 || !key.starts_with(OF_CONNECTION));
        let known = known.filter(|_| is_placed);
        known.map(Slot::new).ok_or_else(|| {
            let keys = KEYS.join(", ");
            format!("there are {keys}; those of a connection in the table of connections")
        })
    }

    fn get(&mut self, slot: Slot, at: &[Instance<'_>]) -> Reading<'_> {
        let facts = self.0.borrow();
        let key = KEYS.get(slot.index()).copied().unwrap_or_default();
        if key == "jabber_id" {
            return facts.jabber_id();
        }
        let number = at.first().map(|instance| instance.number);
        let Some(of) = number.and_then(|number| facts.find(number)) else {
            return Reading::Absent;
        };
        match key {
            "connection.jabber_id" => of.jabber_id.reading(),
            "connection.status" => Reading::Value(of.status.into()),
            "connection.changed" => Reading::Value(of.changed.clone().into()),
            "connection.tls" => Reading::Value(if of.is_secure { "1" } else { "0" }.into()),
            _ => Reading::Absent,
        }
    }

    fn noticed(&self, _slot: Slot) -> Noticed {
        Noticed::Pushed
    }

    fn keeps_reports(&self, _slot: Slot) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(facts: &XmppFacts) -> Option<String> {
        facts.jabber_id().value().map(str::to_owned)
    }

    fn facts() -> XmppFacts {
        let mut facts = XmppFacts::default();
        for number in [1, 2] {
            facts.set_status(number, DORMANT, "then");
        }
        facts
    }

    #[test]
    fn r48_what_an_earlier_run_was_told_holds_for_the_first_connection_alone() {
        let mut facts = facts();
        assert_eq!(facts.jabber_id(), Reading::Unknown, "nobody has looked");
        facts.choose(Some(1));
        assert_eq!(facts.jabber_id(), Reading::Unknown);
        facts.set_jabber_id(1, JabberId::Told("a@b/c".to_owned()));
        facts.choose(Some(1));
        assert_eq!(told(&facts).as_deref(), Some("a@b/c"));
        facts.choose(Some(2));
        assert_eq!(facts.jabber_id(), Reading::Absent);
        facts.choose(Some(1));
        assert_eq!(facts.jabber_id(), Reading::Absent, "it was given up");
        facts.choose(None);
        assert_eq!(facts.jabber_id(), Reading::Absent);
    }

    #[test]
    fn r47_a_status_has_the_time_at_which_it_began() {
        let mut facts = facts();
        let changed = |facts: &XmppFacts| facts.find(1).map(|of| of.changed.clone());
        facts.set_status(1, DORMANT, "now");
        assert_eq!(changed(&facts).as_deref(), Some("then"));
        facts.set_status(1, CONNECTING, "now");
        assert_eq!(changed(&facts).as_deref(), Some("now"));
        facts.keep(&[2]);
        assert_eq!(changed(&facts), None);
    }
}
