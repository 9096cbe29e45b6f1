//! In place of the gateway, in a build without the feature `igd`.

use std::fmt::Write as _;

use crate::agent::poll_loop::Agent;
use crate::base::clock::Now;
use crate::base::parts;
use crate::datamodel::model::Model;

/// A gateway that nobody asks.
pub(in crate::agent) struct NoGateway;

/// What never happens.
pub(in crate::agent) enum NoGatewayReport {}

impl NoGateway {
    pub(in crate::agent) fn new(_: &Model) -> Self {
        Self
    }
}

impl Agent {
    pub(in crate::agent) fn follow_gateway(&mut self, _: Now) -> bool {
        false
    }

    pub(in crate::agent) fn follow_routes(&mut self, _: Now) -> bool {
        false
    }

    pub(in crate::agent) fn look_at_gateway(&mut self, _: Now) {}

    pub(in crate::agent) fn ask_gateway(&mut self, _: Now) {}

    pub(in crate::agent) fn hear_gateway(&mut self, report: NoGatewayReport, _: Now) {
        match report {}
    }

    pub(in crate::agent) fn leave_gateway(&mut self, _: Now) {}

    pub(in crate::agent) fn give_gateway_up(&mut self) {}

    pub(in crate::agent) fn is_leaving_gateway(&self) -> bool {
        false
    }

    pub(in crate::agent) fn write_gateway(&self, text: &mut String, _: Now) {
        if let Some(why) = parts::left_out("igd") {
            let _ = writeln!(text, "gateway:       not asked, {why}");
        }
    }
}
