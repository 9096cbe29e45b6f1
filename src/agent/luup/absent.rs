//! In place of the engine, in a build without the feature `luup`.

use crate::agent::poll_loop::Agent;
use crate::base::clock::Now;
use crate::datamodel::source::Source;
use crate::device::sources::left_out::LeftOutSource;

/// An engine that nobody asks.
pub(in crate::agent) struct NoLuup;

impl NoLuup {
    /// The end, and a source that refuses all rows.
    pub(in crate::agent) fn new() -> (Self, Box<dyn Source>) {
        let source = LeftOutSource {
            part: "luup",
            has_others: false,
        };
        (Self, Box::new(source))
    }
}

/// What never happens.
pub(in crate::agent) enum NoReport {}

impl Agent {
    pub(in crate::agent) fn ask_luup(&mut self, _: Now) -> bool {
        false
    }

    pub(in crate::agent) fn write_to_luup(&mut self, _: Now) {}

    pub(in crate::agent) fn hear_luup(&mut self, report: NoReport, _: Now) {
        match report {}
    }
}
