//! What passes between the engine and the agent about one transfer.

use std::fmt;
use std::time::Duration;

use super::{Direction, FileType};
use crate::base::secret::Secret;
use crate::base::url;
use crate::soap::TransferFault;

/// What is to be moved: all that a job needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferOrder {
    /// Its name on this box, never used again.
    pub number: u32,
    /// Which way.
    pub direction: Direction,
    /// What the file is.
    pub file_type: FileType,
    /// The file on its server: http or https, without user and password.
    pub url: String,
    /// For the server; empty for none.
    pub username: String,
    /// It goes with that.
    pub password: Secret,
    /// Bytes of the file to come; 0 where that is not known.
    pub file_size: u64,
    /// What the file is to be called here; mostly empty.
    pub target_file_name: String,
}

impl fmt::Display for TransferOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, preposition) = match self.direction {
            Direction::Download => ("download", "from"),
            Direction::Upload => ("upload", "to"),
        };
        let file_type = self.file_type.text(self.direction);
        let url = url::shown(&self.url);
        let number = self.number;
        write!(f, "{what} {number} of {file_type} {preposition} {url}")
    }
}

/// A file was moved, whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Its length.
    pub bytes: u64,
}

/// How far an installation came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Installed {
    /// What was moved is in force.
    Done,
    /// A configuration, in force until it turns out that the ACS is out of reach: it may be for this
    /// long.
    OnTrial(Duration),
    /// The program that flashes was started, and the box goes down; the next boot shows the rest.
    GoingDown,
    /// A configuration of which some may be in its place, for this reason: what it replaced is kept,
    /// and has to come back.
    InPieces(TransferFault),
}
