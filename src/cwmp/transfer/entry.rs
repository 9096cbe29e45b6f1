//! One transfer, and how far it is.

use std::time::Duration;

use super::plan::TransferPlan;
use super::{Direction, FileType, TransferOrder};
use crate::base::clock::{self, Now, UNKNOWN_TIME};
use crate::base::excerpt::excerpt;
use crate::base::secret::Secret;
use crate::cwmp::event::{Event, EventCode};
use crate::cwmp::receipt::Receipt;
use crate::soap::{AutonomousTransferComplete, Message, TransferComplete, TransferFault, code};

/// The part of a trial that passes before a session may prove anything, and the most of it. procd
/// waits for a second, and then has the services take their new configuration one after the other:
/// until then the box speaks as it did before.
const SETTLING_PART: u32 = 20;
const MAX_SETTLING: Duration = Duration::from_secs(30);

/// Characters of a FaultString of TransferComplete (schema).
const MAX_FAULT_STRING: usize = 256;

/// Who ordered a transfer, and so who hears of its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransferOrigin {
    /// An RPC of the ACS: TransferComplete tells it.
    Rpc {
        /// `M Download`, `M ScheduleDownload` or `M Upload`.
        event: EventCode,
        /// Its CommandKey.
        command_key: String,
    },
    /// Somebody else: AutonomousTransferComplete tells the ACS, where its policy wants that.
    Autonomous {
        /// Where the file was announced; mostly empty.
        announce_url: String,
    },
}

/// How a transfer ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// Code 0 for success; else one that the schema allows (9013 is not).
    pub fault: TransferFault,
    /// When it began, seconds since 1970; `None` where it never did or nobody knew the time.
    pub started: Option<i64>,
    /// When it ended, likewise.
    pub completed: Option<i64>,
}

/// How far a transfer is. In the store each stage has a word of its own, but for those that only
/// tell what the program waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransferStage {
    /// For its time, its window, a person's word, or for another that is moving.
    Waiting,
    /// The file comes or goes.
    Moving,
    /// It is here, and waits to be installed; after a restart of the program it is moved again.
    Moved,
    /// It is being put in force.
    Installing,
    /// It was when the program ended: the agent finds out what became of it.
    Judging,
    /// The box goes down for it, until this uptime at the latest.
    GoingDown(Duration),
    /// In force, but until this uptime not all services may have taken it; then it is on trial.
    Settling(Duration),
    /// In force, until this uptime unless the ACS answers by then.
    OnTrial(Duration),
    /// It failed the trial.
    RollingBack,
    /// It is over, and whom it concerns is still to hear of it.
    Done(Completion),
}

/// One transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// The number of its record in the store.
    pub slot: usize,
    /// What is to be moved.
    pub order: TransferOrder,
    /// Who wants it.
    pub origin: TransferOrigin,
    /// When that was said.
    pub receipt: Receipt,
    /// When it may run.
    pub plan: TransferPlan,
    /// How far it is.
    pub stage: TransferStage,
    /// The boot in which that was so.
    pub boot: String,
    /// A person has agreed.
    pub confirmed: bool,
    /// The ACS that wants it is not that of the box any more: nobody hears of its end.
    pub orphan: bool,
    /// The number of the window that it is in or waits for.
    pub window: usize,
    /// Repetitions in that window.
    pub retries: u32,
    /// When it began, seconds since 1970.
    pub started: Option<i64>,
    /// How long its trial is, seconds.
    pub trial: u32,
    /// How often the ACS refused to hear of its end.
    pub refusals: u32,
    /// What the rest of this run needs to know.
    pub run: Run,
}

/// What is known of a transfer in this run of the program alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// The agent was told what is to be done in this stage.
    pub told: bool,
    /// It was asked for in the running session, and not for at once.
    pub waits_for_session: bool,
    /// The Inform of the running session announces its end.
    pub announced: bool,
    /// Not before this uptime: it failed just now.
    pub retry_at: Option<Duration>,
    /// How often bringing back what was before has failed.
    pub roll_backs: u32,
    /// The uptime at which something is to be done, unless something else happens.
    pub wake: Option<Duration>,
    /// Why the last attempt failed.
    pub why: String,
}

impl Run {
    /// Whether it does not have to wait any more after a failure.
    pub fn may_begin(&self, now: Now) -> bool {
        self.retry_at.is_none_or(|at| at <= now.uptime)
    }
}

impl Transfer {
    /// How it ended, if it has.
    pub fn completion(&self) -> Option<&Completion> {
        match &self.stage {
            TransferStage::Done(completion) => Some(completion),
            _ => None,
        }
    }

    /// The events of its end: none where no RPC asked for it.
    pub fn event(&self) -> Option<Event> {
        match &self.origin {
            TransferOrigin::Rpc { event, command_key } => Some(Event {
                code: *event,
                command_key: command_key.clone(),
            }),
            TransferOrigin::Autonomous { .. } => None,
        }
    }

    /// CommandKey; empty where no RPC asked for it.
    pub fn command_key(&self) -> &str {
        match &self.origin {
            TransferOrigin::Rpc { command_key, .. } => command_key,
            TransferOrigin::Autonomous { .. } => "",
        }
    }

    /// `State` of GetQueuedTransfers: not yet started, in progress, completed (A.4.1.1).
    pub fn state(&self) -> u32 {
        match self.stage {
            TransferStage::Waiting => 1,
            TransferStage::Done(_) => 3,
            _ => 2,
        }
    }

    /// Whether it can be called off: nothing was changed on the box yet.
    pub fn can_be_cancelled(&self) -> bool {
        use TransferStage::{Moved, Moving, Waiting};
        matches!(self.stage, Waiting | Moving | Moved)
    }

    /// Whether the box may be another one after its installation, or gone within.
    pub fn changes_the_box(&self) -> bool {
        let file_type = &self.order.file_type;
        self.order.direction == Direction::Download
            && matches!(
                file_type,
                FileType::Firmware | FileType::VendorConfiguration(_)
            )
    }

    /// Whether something is being done to the box that no other installation may meet.
    pub fn occupies_the_box(&self) -> bool {
        use TransferStage::{GoingDown, Installing, Judging, OnTrial, RollingBack, Settling};
        matches!(
            self.stage,
            Installing | Judging | GoingDown(_) | Settling(_) | OnTrial(_) | RollingBack
        )
    }

    /// How much of its trial is no proof yet.
    pub fn settling(&self) -> Duration {
        (self.trial_time() / SETTLING_PART).min(MAX_SETTLING)
    }

    /// How long its trial is.
    pub fn trial_time(&self) -> Duration {
        Duration::from_secs(u64::from(self.trial))
    }

    /// When its trial ends that settles until this uptime.
    pub fn trial_end(&self, settled: Duration) -> Duration {
        settled.saturating_add(self.trial_time().saturating_sub(self.settling()))
    }

    /// Whether no session may be open meanwhile. One decides a trial.
    pub fn holds_sessions(&self) -> bool {
        let is_on_trial = matches!(self.stage, TransferStage::OnTrial(_));
        self.changes_the_box() && self.occupies_the_box() && !is_on_trial
    }

    /// It is over. Its credentials are needed no more.
    pub fn complete(&mut self, fault: TransferFault, now: Now) {
        self.order.username = String::new();
        self.order.password = Secret::default();
        self.stage = TransferStage::Done(Completion {
            fault: told(fault, self.order.direction),
            started: self.started,
            completed: now.wall_is_set().then_some(now.unix),
        });
    }

    /// What the ACS is told of its end.
    pub fn message(&self) -> Option<Message> {
        let completion = self.completion()?;
        let fault = completion.fault.clone();
        let start_time = time(completion.started);
        let complete_time = time(completion.completed);
        Some(match &self.origin {
            TransferOrigin::Rpc { command_key, .. } => {
                Message::TransferComplete(TransferComplete {
                    command_key: command_key.clone(),
                    fault,
                    start_time,
                    complete_time,
                })
            }
            TransferOrigin::Autonomous { announce_url } => {
                Message::AutonomousTransferComplete(AutonomousTransferComplete {
                    announce_url: announce_url.clone(),
                    transfer_url: self.order.url.clone(),
                    is_download: self.order.direction == Direction::Download,
                    file_type: self.order.file_type.transfer_text(),
                    file_size: u32::try_from(self.order.file_size).unwrap_or(u32::MAX),
                    target_file_name: self.order.target_file_name.clone(),
                    fault,
                    start_time,
                    complete_time,
                })
            }
        })
    }
}

/// A time of a transfer as its messages tell it.
pub fn time(unix: Option<i64>) -> String {
    unix.map_or_else(|| UNKNOWN_TIME.to_owned(), clock::utc)
}

/// A fault as the schema allows it there: the finer ones of responses are failures of a transfer.
fn told(fault: TransferFault, direction: Direction) -> TransferFault {
    let code = match fault.code {
        0 | 9001 | 9002 | 9010..=9012 | 9014..=9020 | 9800..=9899 => fault.code,
        _ => match direction {
            Direction::Download => code::TRANSFER_FAILURE,
            Direction::Upload => code::UPLOAD_FAILURE,
        },
    };
    TransferFault {
        code,
        string: excerpt(&fault.string, MAX_FAULT_STRING).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_codes_of_the_schema_are_told() {
        let code = |code, direction| {
            let fault = TransferFault {
                code,
                string: "é".repeat(300),
            };
            let told = told(fault, direction);
            assert_eq!(told.string.chars().count(), 256);
            told.code
        };
        for same in [0, 9001, 9002, 9010, 9011, 9012, 9014, 9020, 9850] {
            assert_eq!(code(same, Direction::Download), same);
        }
        for other in [9000, 9003, 9004, 9013, 9021, 9700, 7] {
            assert_eq!(code(other, Direction::Download), 9010);
            assert_eq!(code(other, Direction::Upload), 9011);
        }
    }
}
