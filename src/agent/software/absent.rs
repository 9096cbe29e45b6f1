//! In place of the software of the box, in a build without the feature `software`.

use std::path::PathBuf;

use crate::agent::poll_loop::Agent;
use crate::base::clock::Now;
use crate::base::config::Config;
use crate::base::parts;
use crate::cwmp::DuTask;
use crate::datamodel::source::Source;
use crate::device::commands::System;
use crate::device::sources::left_out::LeftOutSource;

/// Software that nobody changes.
pub(in crate::agent) struct NoSoftware;

impl NoSoftware {
    /// The end, and a source that refuses all rows.
    pub(in crate::agent) fn new(_: &Config) -> (Self, Box<dyn Source>) {
        let source = LeftOutSource {
            part: "software",
            has_others: false,
        };
        (Self, Box::new(source))
    }

    pub(in crate::agent) fn watched(&self) -> Vec<PathBuf> {
        Vec::new()
    }
}

pub(in crate::agent) fn can_change_units(_: &System, _: &Config) -> Result<(), String> {
    Err(parts::left_out("software").unwrap_or_default())
}

/// What never happens.
pub(in crate::agent) enum NoReport {}

impl Agent {
    pub(in crate::agent) fn tell_services(&mut self, _: Now) {}

    pub(in crate::agent) fn change_unit(&mut self, _: u32, _: u32, _: &DuTask, _: Now) {}

    pub(in crate::agent) fn judge_unit(&mut self, _: u32, _: u32, _: &DuTask, _: Now) {}

    pub(in crate::agent) fn end_units(&mut self, _: Now) {}

    pub(in crate::agent) fn recall_units(&mut self, _: Now) {}

    pub(in crate::agent) fn follow_units(&mut self, _: Now) {}

    pub(in crate::agent) fn hear_software(&mut self, report: NoReport, _: Now) {
        match report {}
    }
}
