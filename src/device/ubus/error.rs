//! Why a call has no answer.

use std::fmt;

use super::blob::BadBlob;
use super::status::UbusStatus;

/// Why a call has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UbusError {
    /// There is no ubusd to ask: why, a sentence.
    Unreachable(String),
    /// The connection was lost while the call was under way: it may have been carried out, or not.
    Lost,
    /// Nobody answered in time.
    Timeout,
    /// It was refused, by ubusd or by the object.
    Status(UbusStatus),
    /// The answer cannot be read, or is too much.
    Answer(BadBlob),
    /// The call is too long to be sent.
    Arguments(BadBlob),
    /// Too many calls are under way.
    Busy,
}

impl fmt::Display for UbusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(why) => f.write_str(why),
            Self::Lost => f.write_str("ubusd went away before the answer came"),
            Self::Timeout => f.write_str("no answer in time"),
            Self::Status(status) => write!(f, "{status}"),
            Self::Answer(why) => write!(f, "the answer is of no use: {why}"),
            Self::Arguments(why) => write!(f, "the call cannot be sent: {why}"),
            Self::Busy => f.write_str("too many calls are under way"),
        }
    }
}

impl std::error::Error for UbusError {}
