//! In place of the engine, in a build without the feature `luup`.

use std::path::Path;

use crate::agent::poll_loop::Agent;
use crate::base::clock::Now;
use crate::base::config::Config;
use crate::datamodel::model::Finding;
use crate::datamodel::source::Source;
use crate::device::sources::left_out::LeftOutSource;

/// An engine that nobody asks.
pub(in crate::agent) struct NoLuup;

impl NoLuup {
    /// The end, and a source that refuses all rows.
    pub(in crate::agent) fn new(_: &Path, _: &Config) -> (Self, Box<dyn Source>) {
        let source = LeftOutSource {
            part: "luup",
            has_others: false,
        };
        (Self, Box::new(source))
    }

    pub(in crate::agent) fn configure(&self, _: &Config) {}

    pub(in crate::agent) fn findings(&self) -> Vec<Finding> {
        Vec::new()
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
