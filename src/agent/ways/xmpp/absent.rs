//! In place of connections by XMPP, in a build without the feature `xmpp`.

use std::fmt::Write as _;

use crate::agent::jobs::JobId;
use crate::agent::poll_loop::Agent;
use crate::base::clock::Now;
use crate::base::parts;
use crate::datamodel::source::Source;
use crate::device::sources::left_out::LeftOutSource;

/// Connections that there never are.
pub(in crate::agent) struct NoXmpp;

impl NoXmpp {
    /// The end, and a source that refuses all rows.
    pub(in crate::agent) fn new() -> (Self, Box<dyn Source>) {
        let source = LeftOutSource {
            part: "xmpp",
            has_others: false,
        };
        (Self, Box::new(source))
    }

    pub(in crate::agent) fn after_boot(self, _: bool) -> Self {
        self
    }

    pub(in crate::agent) fn is_bound(&self) -> bool {
        false
    }

    pub(in crate::agent) fn leave(&mut self) {}

    pub(in crate::agent) fn forget(&mut self) {}
}

/// What never happens.
pub(in crate::agent) enum NoReport {}

impl Agent {
    pub(in crate::agent) fn follow_xmpp(&mut self, _: Now) -> bool {
        false
    }

    pub(in crate::agent) fn relocate_xmpp(&mut self, _: bool, _: Now) {}

    pub(in crate::agent) fn open_xmpp(&mut self, _: Now) {}

    pub(in crate::agent) fn hear_xmpp(&mut self, _: JobId, report: NoReport, _: Now) {
        match report {}
    }

    pub(in crate::agent) fn write_xmpp(&self, text: &mut String) {
        let why = parts::left_out("xmpp").unwrap_or_default();
        let _ = writeln!(text, "by XMPP:       no, {why}");
    }
}
