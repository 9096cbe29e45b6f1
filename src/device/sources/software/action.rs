//! What an ACS can do to a service.

/// What can be written of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceAction {
    /// It is to run now.
    Start,
    /// It is to end now.
    Stop,
    /// It is to start with the box.
    Enable,
    /// It is not.
    Disable,
}

impl ServiceAction {
    /// What its script is told.
    pub fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Enable => "enable",
            Self::Disable => "disable",
        }
    }

    /// How the service stands meanwhile; `None` where nothing moves.
    pub(super) fn status(self) -> Option<&'static str> {
        match self {
            Self::Start => Some("Starting"),
            Self::Stop => Some("Stopping"),
            Self::Enable | Self::Disable => None,
        }
    }

    /// The word of `ExecutionFaultCode` for one that failed.
    pub(super) fn fault(self) -> &'static str {
        match self {
            Self::Start => "FailureOnStart",
            Self::Stop => "FailureOnStop",
            Self::Enable | Self::Disable => "FailureOnAutoStart",
        }
    }
}
