//! The connections as they are to be, and the one that is open.

use std::cell::RefCell;
use std::rc::Rc;

use super::facts::{ConnectionStatus, XmppFacts, XmppSource};
use crate::agent::poll_loop::Agent;
use crate::base::clock::Now;
use crate::base::truth;
use crate::datamodel::model::Model;
use crate::datamodel::source::Source;

/// The agent's end of the source `xmpp`.
pub(in crate::agent) struct XmppWay {
    facts: Rc<RefCell<XmppFacts>>,
}

impl XmppWay {
    /// The end, and the source.
    pub(in crate::agent) fn new() -> (Self, Box<dyn Source>) {
        let facts = Rc::new(RefCell::new(XmppFacts::default()));
        let source = XmppSource(Rc::clone(&facts));
        (Self { facts }, Box::new(source))
    }
}

/// The instances of the table of connections.
fn connections(model: &mut Model) -> Vec<u32> {
    let table = format!("{}XMPP.Connection.", model.root());
    let mut numbers = Vec::new();
    let mut take = |path: &str, _| {
        let number = path
            .strip_prefix(&*table)
            .and_then(|rest| rest.strip_suffix('.'));
        numbers.extend(number.and_then(|number| number.parse::<u32>().ok()));
    };
    // Where there is no such table there are none.
    let _ = model.names(&table, true, &mut take);
    numbers
}

impl Agent {
    /// Brings the connections in line with the settings; whether `ConnReqJabberID` is another one now.
    pub(in crate::agent) fn follow_xmpp(&mut self, now: Now) -> bool {
        let numbers = connections(&mut self.model);
        let at = now.current_time();
        for number in &numbers {
            let path = format!("XMPP.Connection.{number}.Enable");
            let enabled = self.model.value(&path).and_then(|v| truth::of_value(&v));
            let status = match enabled {
                Some(true) => ConnectionStatus::Dormant,
                _ => ConnectionStatus::Disabled,
            };
            self.xmpp
                .facts
                .borrow_mut()
                .set_status(*number, status, &at);
        }
        self.xmpp.facts.borrow_mut().keep(&numbers);
        false
    }
}
