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
    /// The calls under way, each with the number of its method in the source.
    calls: Vec<(CallId, usize)>,
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
        for (number, method) in values.borrow().methods().iter().enumerate() {
            if !calls.iter().any(|(_, asked)| *asked == number) {
                let no_arguments = UbusTable::default();
                let (object, name) = (&method.object, &method.method);
                let id = link.call(object, name, no_arguments, CALL_PATIENCE, now.uptime);
                calls.push((id, number));
            }
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
            let (_, number) = calls.swap_remove(at);
            values.borrow_mut().take(number, answer, now.uptime);
            self.fetched(now);
        }
    }
}
