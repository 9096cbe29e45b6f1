//! In place of connections by XMPP, in a build without the feature `xmpp`.

use crate::agent::poll_loop::Agent;
use crate::base::clock::Now;
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
}

impl Agent {
    pub(in crate::agent) fn follow_xmpp(&mut self, _: Now) -> bool {
        false
    }
}
