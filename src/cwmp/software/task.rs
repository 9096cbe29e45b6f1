//! What is to be done to the deployment units of the box, and what came of it.

use crate::base::secret::Secret;
use crate::base::uuid::Uuid;
use crate::soap::DuResult;

/// One operation of a ChangeDUState (A.4.1.10). A text that the ACS left out is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DuTask {
    /// A unit comes from a URL.
    Install {
        /// Where it is; `http` or `https`.
        url: String,
        /// What the ACS calls it; if it does not say, its name and vendor do
        /// ([`Uuid::of_unit`](crate::base::uuid::Uuid::of_unit)).
        uuid: Option<Uuid>,
        /// For the file server.
        username: String,
        /// For the file server.
        password: Secret,
        /// `ExecutionEnvRef`, as the ACS wrote it.
        environment: String,
    },
    /// Units are brought to another version: the one of the UUID, from the URL or else from where it
    /// came from; without a UUID the one that came from the URL; all, where there is neither.
    Update {
        /// Which.
        uuid: Option<Uuid>,
        /// Which version of it, if there are several.
        version: String,
        /// Where the other version is.
        url: String,
        /// For the file server.
        username: String,
        /// For the file server.
        password: Secret,
    },
    /// Units go.
    Uninstall {
        /// Which.
        uuid: Uuid,
        /// Which version of it; all, if it is empty.
        version: String,
        /// `ExecutionEnvRef`, as the ACS wrote it.
        environment: String,
    },
}

/// What is done to a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the operations of the standard")]
pub enum DuKind {
    Install,
    Update,
    Uninstall,
}

impl DuKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Install, Self::Update, Self::Uninstall];

    /// As the standard calls it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Install => "Install",
            Self::Update => "Update",
            Self::Uninstall => "Uninstall",
        }
    }
}

impl DuTask {
    /// What is done.
    pub fn kind(&self) -> DuKind {
        match self {
            Self::Install { .. } => DuKind::Install,
            Self::Update { .. } => DuKind::Update,
            Self::Uninstall { .. } => DuKind::Uninstall,
        }
    }

    /// The UUID that the ACS named.
    pub fn uuid(&self) -> Option<&Uuid> {
        match self {
            Self::Install { uuid, .. } | Self::Update { uuid, .. } => uuid.as_ref(),
            Self::Uninstall { uuid, .. } => Some(uuid),
        }
    }
}

/// What came of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DuOutcome {
    /// It is over. A result for each unit that it concerned: one, but for an update or removal of
    /// several.
    ///
    /// Of each the box says what it knows: UUID, `DeploymentUnitRef` and `ExecutionUnitRefList` (as
    /// they were before, where a unit is gone), version, whether it is resolved, and the fault, whose
    /// code 0 is success. State, times, and a UUID that is missing are the engine's to fill in; a code
    /// that the schema does not allow there becomes the nearest one.
    Ended(Vec<DuResult>),
    /// In answer to [`Action::JudgeUnit`](crate::cwmp::Action::JudgeUnit): nothing came of it, and it
    /// can be done from the beginning.
    NotDone,
    /// Nobody can say yet what there is, or what came of it: the box is to be asked again.
    NotKnown,
}
