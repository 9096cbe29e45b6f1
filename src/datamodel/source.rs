//! Where live values come from: column 15 of a row, `kind:key|filter|filter`, and alternatives
//! behind ` || ` of which the first that has a value wins.
//!
//! A [`Source`] is implemented by a room of floor 2 for one kind (`uci`, `file`, `net`, `luup`,
//! `agent`, `stub`). No source runs a shell, and none waits: what blocks is fetched by a job
//! beforehand and handed to the source.

use std::borrow::Cow;
use std::fmt;

/// The live values of one kind.
///
/// `at` holds the instance numbers on the path of the parameter, outermost first: for
/// `Device.Zwave.Interface.20.Endpoint.3.DeviceID` it is `[20, 3]`.
pub trait Source {
    /// Told once for every row of the model that names this source, before anything else:
    /// whether the key makes sense (else why not, for `cwmpd check`). `numeric` says that the
    /// row's type is one of the number types.
    fn declare(&mut self, key: &str, numeric: bool) -> Result<(), String>;

    /// Drops what is cached; called at the start of every session and before every search for
    /// changed values.
    fn refresh(&mut self) {}

    /// The value now; `None` where there is none, which the ACS sees as an empty value.
    fn get(&mut self, key: &str, at: &[u32]) -> Option<Cow<'_, str>>;

    /// The instance numbers of a table whose rows this source owns, ascending. `at` are the
    /// instances of the enclosing tables. `None`: not known now, the model keeps what it had.
    fn rows(&mut self, key: &str, at: &[u32]) -> Option<Vec<u32>> {
        let _ = (key, at);
        None
    }

    /// Checks and remembers a new value; nothing is changed before [`Source::commit`].
    fn stage(&mut self, key: &str, at: &[u32], value: &str) -> Result<(), SourceError> {
        let _ = (key, at, value);
        Err(SourceError::ReadOnly)
    }

    /// Writes all that is staged, durably, or nothing.
    fn commit(&mut self) -> Result<(), SourceError> {
        Ok(())
    }

    /// Forgets what is staged.
    fn rollback(&mut self) {}

    /// Takes the last successful [`Source::commit`] back, since a later part of the same
    /// SetParameterValues failed.
    fn undo(&mut self) -> Result<(), SourceError> {
        Ok(())
    }

    /// Whether a new value is carried out later by a job (it needs the network): the model then
    /// keeps the wanted value itself, durably, until the agent reports it as done, and `stage`
    /// only checks.
    fn deferred(&self) -> bool {
        false
    }

    /// Whether the value changes so often (or means so little after a reboot) that what was last
    /// reported of it must not be written to flash.
    fn volatile(&self, key: &str) -> bool {
        let _ = key;
        true
    }
}

/// The sources of a model, by kind.
pub type Sources = Vec<(&'static str, Box<dyn Source>)>;

/// Why a source refuses a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceError {
    /// Nothing can be written there.
    ReadOnly,
    /// The value cannot be expressed there.
    BadValue(String),
    /// The write failed: no space, no permission, I/O error.
    Failed(String),
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReadOnly => f.write_str("the source cannot be written"),
            Self::BadValue(why) | Self::Failed(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for SourceError {}
