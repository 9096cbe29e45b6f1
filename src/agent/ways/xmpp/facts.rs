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

/// How a connection is: the words of TR-181.
#[allow(dead_code)] // until there is a line
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConnectionStatus {
    /// It stands.
    Enabled,
    /// It is not to be.
    Disabled,
    /// It could be, and nobody asks for it.
    Dormant,
    /// It is about to be opened.
    Connecting,
    /// No server answers; the next attempt is to come.
    ServerNotPresent,
    /// Nobody could open it as it is set.
    Misconfigured,
    /// The server does not believe who the box is.
    AuthenticationFailure,
    /// It cannot be opened for another reason, such as the server's certificate.
    Error,
}

impl ConnectionStatus {
    fn word(self) -> &'static str {
        match self {
            Self::Enabled => "Enabled",
            Self::Disabled => "Disabled",
            Self::Dormant => "Dormant",
            Self::Connecting => "Connecting",
            Self::ServerNotPresent => "ServerNotPresent",
            Self::Misconfigured => "Error_Misconfigured",
            Self::AuthenticationFailure => "Error_AuthenticationFailure",
            Self::Error => "Error",
        }
    }
}

/// What a server said the box is called.
#[allow(dead_code)] // until there is a line
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
    status: ConnectionStatus,
    /// When it came to be so, as a dateTime.
    changed: String,
    pub(super) jabber_id: JabberId,
    /// It stands, over TLS.
    pub(super) is_secure: bool,
}

/// What is known of all connections; the loop keeps it up to date.
#[derive(Default)]
pub(super) struct XmppFacts {
    connections: Vec<ConnectionFact>,
    /// The one that requests come by, where one is set.
    pub(super) chosen: Option<u32>,
    /// It was looked for which that is.
    pub(super) is_known: bool,
}

impl XmppFacts {
    /// A connection, if it was met.
    pub(super) fn of(&mut self, number: u32) -> Option<&mut ConnectionFact> {
        self.connections.iter_mut().find(|of| of.number == number)
    }

    /// A connection is so now, which is `at` by the clock.
    pub(super) fn set_status(&mut self, number: u32, status: ConnectionStatus, at: &str) {
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
        let found = self.connections.iter().find(|of| of.number == chosen);
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
        let mut connections = facts.connections.iter();
        let Some(of) = connections.find(|of| Some(of.number) == number) else {
            return Reading::Absent;
        };
        match key {
            "connection.jabber_id" => of.jabber_id.reading(),
            "connection.status" => Reading::Value(of.status.word().into()),
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
