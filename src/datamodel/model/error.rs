//! Why the model refuses.

use std::fmt;
use std::path::PathBuf;

use super::MAX_REQUESTED_BYTES;
use crate::datamodel::source::SourceError;
use crate::datamodel::store::StoreError;

/// Why a path or a change is refused. Mapped to fault codes in `cwmp::fault` only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelError {
    /// No such parameter or object, or the wrong kind of path for the call (9005).
    InvalidName,
    /// Not of the parameter's type (9006).
    InvalidType(String),
    /// Of the type, but out of range, not in the enumeration, too long (9007).
    InvalidValue(String),
    /// Read-only (9008).
    NotWritable,
    /// As good as read-only while an option of the box is as it is (9008).
    Forbidden(String),
    /// Active notification is denied for the parameter, or it cannot be lowered (9009).
    NotificationRejected,
    /// The arguments contradict each other (9003): a duplicate, NextLevel of a parameter.
    InvalidArguments(String),
    /// No room: the table or the state is full, or the request asks for too much at once (9004).
    ResourcesExceeded(String),
    /// The store or a source failed (9002); nothing was changed.
    Internal(String),
}

impl ModelError {
    /// The store's refusal.
    pub(super) fn of(error: &StoreError) -> Self {
        match error {
            StoreError::TooLarge { .. } => Self::ResourcesExceeded(error.to_string()),
            error => Self::Internal(error.to_string()),
        }
    }

    /// Requests may not make the state any larger.
    pub(super) fn state_is_full() -> Self {
        Self::ResourcesExceeded(format!(
            "the state would take more than {MAX_REQUESTED_BYTES} bytes: delete instances that \
             nobody needs, or set shorter values"
        ))
    }
}

impl From<SourceError> for ModelError {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::ReadOnly => Self::NotWritable,
            SourceError::Forbidden(why) => Self::Forbidden(why),
            SourceError::BadValue(why) => Self::InvalidValue(why),
            SourceError::Full(why) => Self::ResourcesExceeded(why),
            SourceError::Failed(why) => Self::Internal(why),
        }
    }
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidName => f.write_str("no such parameter or object"),
            Self::NotWritable => f.write_str("the parameter is read-only"),
            Self::NotificationRejected => {
                f.write_str("this notification is not possible for the parameter")
            }
            Self::Forbidden(why)
            | Self::InvalidType(why)
            | Self::InvalidValue(why)
            | Self::InvalidArguments(why)
            | Self::ResourcesExceeded(why)
            | Self::Internal(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for ModelError {}

/// One refused entry of SetParameterValues.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetError {
    /// The name as the request wrote it; empty where the failure is not one parameter's.
    pub name: String,
    /// Why.
    pub error: ModelError,
}

/// Why there is no model.
#[derive(Debug)]
pub enum OpenError {
    /// The folder holds no csv file with a usable row.
    NoModel(PathBuf),
    /// There is no such folder, or too much in it; which, and why.
    Folder(String),
    /// A folder or file is there and cannot be read now; which, and why.
    Unreadable(String),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoModel(dir) => write!(
                f,
                "{} has no parameters.csv or other .csv file that describes parameters",
                dir.display()
            ),
            Self::Folder(why) | Self::Unreadable(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for OpenError {}
