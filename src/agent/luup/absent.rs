//! In place of the engine, in a build without the feature `luup`.

use std::path::Path;

use super::Waiter;
use crate::agent::poll_loop::Agent;
use crate::base::clock::Now;
use crate::base::config::Config;
use crate::datamodel::model::{Finding, PendingWrite};
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

    /// No source of this build takes values elsewhere.
    pub(in crate::agent) fn write_to_luup(&mut self, _: Waiter, _: Vec<PendingWrite>, _: Now) {}

    pub(in crate::agent) fn take_back_for_acs(&mut self, _: Now) {}

    pub(in crate::agent) fn forget_write_of_acs(&mut self) {}

    pub(in crate::agent) fn recall_luup_writes(&mut self, _: Now) {}

    pub(in crate::agent) fn has_luup_writes(&self) -> bool {
        false
    }

    pub(in crate::agent) fn is_writing_to_luup(&self) -> bool {
        false
    }

    pub(in crate::agent) fn give_writes_up(&mut self) {}

    pub(in crate::agent) fn allow_commands(&mut self) {}

    pub(in crate::agent) fn recall_commands(&mut self, _: Now) {}

    pub(in crate::agent) fn call_off_commands(&mut self, _: &[String], _: Now) {}

    pub(in crate::agent) fn follow_commands(&mut self, _: Now) {}

    pub(in crate::agent) fn follow_luup(&mut self, _: Now) {}

    pub(in crate::agent) fn tell_gathered(&mut self, _: Now) {}

    pub(in crate::agent) fn is_luup_fresh(&self, _: Now) -> bool {
        true
    }

    pub(in crate::agent) fn is_luup_followed(&self, _: Now) -> bool {
        true
    }

    pub(in crate::agent) fn write_luup(&self, _: &mut String, _: Now) {}

    pub(in crate::agent) fn hear_luup(&mut self, report: NoReport, _: Now) {
        match report {}
    }
}
