//! What people are shown of a transfer.

use std::fmt;
use std::time::Duration;

use super::entry::{Transfer, TransferOrigin, TransferStage};
use super::{TransferOrder, TransferQueue};
use crate::base::clock::Now;

/// A transfer that is not over, or of whose end the ACS is still to hear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferStatus {
    /// What is moved.
    pub order: TransferOrder,
    /// Who wants it.
    pub origin: TransferOrigin,
    /// How far it is.
    pub stage: TransferStage,
    /// From now to its time; `None` where it waits for none.
    pub begins_in: Option<Duration>,
    /// What a person is asked who is to agree, where it waits for that; maybe empty.
    pub asks: Option<String>,
}

impl TransferQueue {
    /// All of them, in the order in which they were asked for.
    pub fn status(&self, now: Now) -> Vec<TransferStatus> {
        self.iter().map(|transfer| transfer.status(now)).collect()
    }
}

impl Transfer {
    fn status(&self, now: Now) -> TransferStatus {
        let waits = self.stage == TransferStage::Waiting;
        let wake = self.run.wake.filter(|_| waits);
        TransferStatus {
            order: self.order.clone(),
            origin: self.origin.clone(),
            stage: self.stage.clone(),
            begins_in: wake.map(|at| at.saturating_sub(now.uptime)),
            asks: self.asks(now).map(str::to_owned),
        }
    }
}

impl fmt::Display for TransferStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Waiting => "waiting",
            Self::Moving => "moving",
            Self::Moved => "waiting to be installed",
            Self::Installing => "being installed",
            Self::Judging => "being looked at after a restart",
            Self::GoingDown(_) => "being flashed",
            Self::Settling(_) | Self::OnTrial(_) => "on trial",
            Self::RollingBack => "being undone",
            Self::Done(completion) if completion.fault.code == 0 => "complete, still to be told",
            Self::Done(_) => "failed, still to be told",
        })
    }
}
