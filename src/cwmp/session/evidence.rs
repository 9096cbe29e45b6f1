//! What a refused Inform says of its version: whether the ACS may not know its namespace (TR-069
//! §3.7.4). Only a whole answer says anything.

use crate::soap::Message;

/// Method not supported, and invalid arguments: of an ACS that did not find its own namespace.
const NOT_UNDERSTOOD: [u32; 2] = [8000, 8003];
/// ACS version incompatible with CPE (A.5).
const VERSION_INCOMPATIBLE: u32 = 8006;
/// Statuses of servers that cannot make sense of a request: GenieACS says 400, spyne 500.
const SENSELESS: [u16; 4] = [400, 415, 500, 501];
/// What GenieACS says with its 400 for 50 s after a session that broke off.
const BUSY: &str = "CPE already in session";

/// Whether the namespace is what an Inform was refused for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// Nothing speaks for it.
    None,
    /// It may be.
    Refusal,
    /// The ACS says so.
    Certain,
}

impl Evidence {
    /// Of a fault in answer to Inform.
    pub(super) fn of_fault(code: u32) -> Self {
        match code {
            VERSION_INCOMPATIBLE => Self::Certain,
            code if NOT_UNDERSTOOD.contains(&code) => Self::Refusal,
            _ => Self::None,
        }
    }

    /// Of an HTTP status in answer to Inform, without a fault of CWMP.
    pub(super) fn of_status(status: u16, body: &str) -> Self {
        match SENSELESS.contains(&status) && !body.contains(BUSY) {
            true => Self::Refusal,
            false => Self::None,
        }
    }

    /// Whether it is the fault that says what went wrong, and not the HTTP status it came with.
    pub(super) fn is_told_by(message: &Message) -> bool {
        matches!(message, Message::Fault(fault) if fault.code > 0)
    }
}
