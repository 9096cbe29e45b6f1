//! In place of the engine, in a build without the feature `luup`.

use std::path::Path;

use crate::agent::poll_loop::Agent;
use crate::base::clock::Now;
use crate::base::config::Config;
use crate::datamodel::model::Finding;
use crate::datamodel::source::Sources;
use crate::device::sources::left_out::LeftOutSource;

/// An engine that nobody asks.
pub(in crate::agent) struct NoLuup;

impl NoLuup {
    /// The end, and sources that refuse all rows.
    pub(in crate::agent) fn new(_: &Path, _: &Config) -> (Self, Sources) {
        let source = || LeftOutSource {
            part: "luup",
            has_others: false,
        };
        let sources: Sources = vec![
            ("luup", Box::new(source())),
            ("alarm", Box::new(source())),
            ("command", Box::new(source())),
        ];
        (Self, sources)
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

    pub(in crate::agent) fn allow_commands(&mut self) {}

    pub(in crate::agent) fn recall_commands(&mut self, _: Now) {}

    pub(in crate::agent) fn follow_commands(&mut self, _: Now) {}

    pub(in crate::agent) fn hear_luup(&mut self, report: NoReport, _: Now) {
        match report {}
    }
}
