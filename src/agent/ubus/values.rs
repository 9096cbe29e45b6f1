//! What the rows of `ubus:` show, asked of the objects on the bus.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use crate::agent::poll_loop::Agent;
use crate::agent::source::Shared;
use crate::base::clock::Now;
use crate::datamodel::source::Source;
use crate::device::sources::ubus::UbusSource;
use crate::device::ubus::{CallId, UbusError, UbusTable};

/// How long a method may take before it is one that does not answer.
const CALL_PATIENCE: Duration = Duration::from_secs(10);

/// The values, and the calls for them.
#[derive(Default)]
pub(super) struct AskedValues {
    values: Rc<RefCell<UbusSource>>,
    /// The calls under way.
    calls: Vec<(CallId, AskedFor)>,
}

/// What a call is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AskedFor {
    /// The method of this number in the source.
    Rows(usize),
    /// The services that procd has.
    #[cfg(feature = "software")]
    Services,
}

impl AskedValues {
    pub(super) fn source(&self) -> Box<dyn Source> {
        Box::new(Shared(Rc::clone(&self.values)))
    }

    pub(super) fn failures(&self) -> Vec<String> {
        self.values.borrow().failures().collect()
    }

    /// The connection is another one, on which nothing was asked yet.
    pub(super) fn forget_calls(&mut self) {
        self.calls.clear();
    }
}

impl Agent {
    /// Asks for what the rows of `ubus:` show, but for what is asked already; `false` where nothing is
    /// to come.
    pub(in crate::agent) fn ask_ubus(&mut self, now: Now) -> bool {
        let AskedValues { values, calls } = &mut self.ubus.values;
        let Some(link) = &mut self.ubus.link else {
            values.borrow_mut().has_no_bus();
            return false;
        };
        let mut ask = |asked: AskedFor, object: &str, method: &str| {
            if !calls.iter().any(|(_, other)| *other == asked) {
                let no_arguments = UbusTable::default();
                let id = link.call(object, method, no_arguments, CALL_PATIENCE, now.uptime);
                calls.push((id, asked));
            }
        };
        for (number, method) in values.borrow().methods().iter().enumerate() {
            ask(AskedFor::Rows(number), &method.object, &method.method);
        }
        #[cfg(feature = "software")]
        if self.software.has_services() {
            ask(AskedFor::Services, "service", "list");
        }
        !calls.is_empty()
    }

    /// Whether an answer is to come.
    pub(in crate::agent) fn is_asking_ubus(&self) -> bool {
        !self.ubus.values.calls.is_empty()
    }

    /// Takes what was asked for.
    pub(super) fn told(&mut self, id: CallId, answer: Result<UbusTable, UbusError>, now: Now) {
        let AskedValues { values, calls } = &mut self.ubus.values;
        if let Some(at) = calls.iter().position(|(call, _)| *call == id) {
            match calls.swap_remove(at).1 {
                AskedFor::Rows(number) => values.borrow_mut().take(number, answer, now.uptime),
                #[cfg(feature = "software")]
                AskedFor::Services => self.software.heard(answer),
            }
            self.fetched(now);
        }
    }
}
