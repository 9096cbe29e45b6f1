//! Why the Luup engine gave no answer that can be used.

use std::fmt;

use super::limits::MAX_BYTES;
use crate::base::json::JsonError;

/// The HTTP status of what an engine has no code for.
const NOT_IMPLEMENTED: u16 = 501;

/// What it says where it or the device has no such action.
const NO_ACTION: [&str; 3] = [
    "ERROR: No implementation",
    "ERROR: Invalid Service",
    "ERROR: Device does not handle service/action",
];

/// Why a fetch or a write failed. The last good values stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LuupError {
    /// `luup.url` is no address.
    BadUrl(String),
    /// The box has no such user as `luup.user` names.
    UnknownUser(String),
    /// A port of the box itself is held by somebody who may pose as the engine: which port, and who.
    NotItsUser(u16, String),
    /// The system does not tell whose a port of the box is, for this reason.
    NobodyTells(String),
    /// No connection, or it broke.
    Unreachable(String),
    /// MMS does not lead to the engine, for this reason.
    Relay(String),
    /// No complete answer within `luup.timeout`.
    Timeout,
    /// An HTTP status other than 200.
    Status(u16),
    /// More bytes than [`MAX_BYTES`].
    TooBig,
    /// More of something than any home has, see [`limits`](super::limits).
    TooMuch {
        /// Devices, names, values, bytes.
        what: &'static str,
        /// How many are taken.
        most: usize,
    },
    /// 200 without a body, as the engine answers while it reloads.
    Empty,
    /// A text instead of JSON: `Exiting`, `NO_CHANGES`, `Bad Device`, a page of HTML.
    Text(String),
    /// JSON that is cut short, broken or hostile.
    Json(JsonError),
    /// JSON without a device in it, as the engine answers while it starts.
    NoDevices,
    /// Devices without their variables, as a moment later.
    NoVariables,
    /// `luup.enable` is 0.
    Disabled,
    /// It is to take back values of an earlier change, and does not answer.
    Unsettled,
    /// The engine has not answered since the agent began.
    NotHeardYet,
    /// The engine has not told what this device is called, or not so that it can be told again, and
    /// would forget it.
    NoName(u32),
    /// The key cannot be written to this engine: read-only, or a service it does not know.
    NotWritable(String),
    /// The engine answered a write with something else than OK.
    Refused(String),
    /// Who was to ask it did not come back, for this reason.
    Lost(String),
}

impl LuupError {
    /// Whether the engine has no such action at all: what it sets may be set in another way.
    pub(super) fn is_no_action(&self) -> bool {
        match self {
            Self::Status(status) => *status == NOT_IMPLEMENTED,
            Self::Refused(answer) => {
                let mut known = NO_ACTION.iter();
                known.any(|text| answer.eq_ignore_ascii_case(text))
            }
            _ => false,
        }
    }
}

impl fmt::Display for LuupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("luup: ")?;
        match self {
            Self::BadUrl(url) => write!(f, "luup.url is {url:?}, want http://HOST:PORT/PATH"),
            Self::UnknownUser(name) => {
                write!(f, "luup.user is {name:?}, whom the box does not know")
            }
            Self::NotItsUser(port, who) => write!(
                f,
                "port {port} of the box is held by {who}, who could pose as the engine, and is not \
                 believed; if the engine runs as another user than root, name him by luup.user"
            ),
            Self::NobodyTells(why) => write!(
                f,
                "nobody tells whose the port of the engine is, so it is not believed ({why})"
            ),
            Self::Unreachable(why) => write!(f, "the engine cannot be reached ({why})"),
            Self::Relay(why) => write!(f, "no way by MMS: {why}"),
            Self::Timeout => f.write_str("no complete answer within luup.timeout"),
            Self::Status(status) => write!(f, "the engine answers with HTTP status {status}"),
            Self::TooBig => write!(
                f,
                "the answer has more than {MAX_BYTES} bytes and is not taken"
            ),
            Self::TooMuch { what, most } => write!(
                f,
                "the answer has more than {most} {what}, which no home has, and is not taken"
            ),
            Self::Empty => f.write_str("the answer is empty, the engine is probably reloading"),
            Self::Text(text) => write!(f, "the answer is no JSON but the text {text:?}"),
            Self::Json(why) => write!(f, "the answer is not complete JSON: {why}"),
            Self::NoDevices => f.write_str("the answer has no devices, the engine is starting"),
            Self::NoVariables => f.write_str("no device has its variables, the engine is starting"),
            Self::Disabled => f.write_str("the engine is switched off (luup.enable)"),
            Self::Unsettled => f.write_str(
                "the engine is to take back values of an earlier change first, and does not answer",
            ),
            Self::NotHeardYet => f.write_str("the engine has not answered yet"),
            Self::NoName(device) => write!(
                f,
                "the name of device {device} is not known, or has characters that cannot be read, and \
                 goes along with its room"
            ),
            Self::NotWritable(key) => write!(f, "{key} cannot be written"),
            Self::Refused(answer) => write!(f, "the engine refuses the value: {answer:?}"),
            Self::Lost(why) => write!(f, "the job that asked the engine did not come back: {why}"),
        }
    }
}

impl std::error::Error for LuupError {}

impl From<JsonError> for LuupError {
    fn from(error: JsonError) -> Self {
        Self::Json(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn z33_an_action_that_the_engine_lacks_is_told_from_one_that_it_does_not_do() {
        let refused = |answer: &str| LuupError::Refused(answer.to_owned());
        for lacking in [
            LuupError::Status(501),
            refused("ERROR: No implementation"),
            refused("ERROR: no implementation"),
            refused("ERROR: Invalid Service"),
            refused("ERROR: Device does not handle service/action"),
        ] {
            assert!(lacking.is_no_action(), "{lacking}");
        }
        for other in [
            LuupError::Status(503),
            LuupError::Timeout,
            LuupError::Empty,
            refused("ERROR: Invalid service/action/device"),
            refused("Bad Device"),
            refused("ERROR: the node is asleep"),
        ] {
            assert!(!other.is_no_action(), "{other}");
        }
    }
}
