//! A transfer as its record in the store: whole, so that a change writes that record alone. The
//! passwords in it are as safe as those of the ACS, which are in the same file.

use std::time::Duration;

use super::entry::{Completion, Run, Transfer, TransferOrigin, TransferStage};
use super::plan::{Receipt, TransferPlan};
use super::{Direction, FileType, TransferOrder};
use crate::base::clock::Now;
use crate::base::secret::Secret;
use crate::cwmp::event::EventCode;
use crate::cwmp::record;
use crate::soap::TransferFault;

/// After each boot a trial has half the time that it had before, this at least: a box that goes down
/// again and again is not on trial for ever.
const LEAST_TRIAL: u32 = 60;

/// How long a box may take to go down for the program that flashes; should it still be there then,
/// it must not stay mute.
pub const FLASH_GRACE: Duration = Duration::from_secs(300);

const UPLOAD: &str = "upload";
const CONFIRMED: &str = "confirmed";
const ORPHAN: &str = "orphan";

const WAITING: &str = "waiting";
const MOVING: &str = "moving";
const INSTALLING: &str = "installing";
const ON_TRIAL: &str = "trial";
const ROLLING_BACK: &str = "back";
const DONE: &str = "done";

impl Transfer {
    /// As one line.
    pub fn to_record(&self) -> String {
        let order = &self.order;
        let (word, until) = match self.stage {
            TransferStage::Waiting => (WAITING, None),
            TransferStage::Moving | TransferStage::Moved => (MOVING, None),
            TransferStage::Installing | TransferStage::Judging | TransferStage::GoingDown(_) => {
                (INSTALLING, None)
            }
            TransferStage::OnTrial(until) => (ON_TRIAL, Some(until)),
            TransferStage::RollingBack => (ROLLING_BACK, None),
            TransferStage::Done(_) => (DONE, None),
        };
        let (event, key) = match &self.origin {
            TransferOrigin::Rpc { event, command_key } => (event.as_str(), command_key),
            TransferOrigin::Autonomous { announce_url } => ("", announce_url),
        };
        let upload = order.direction == Direction::Upload;
        let [uptime, unix, restored] = self.receipt.fields();
        let ended = self.completion().cloned().unwrap_or_default();
        let text = str::to_owned;
        let flag = |is_set, name| if is_set { text(name) } else { String::new() };
        let number = |value: Option<i64>| value.map(|n| n.to_string()).unwrap_or_default();
        record::join(&[
            text(word),
            order.number.to_string(),
            flag(upload, UPLOAD),
            order.file_type.text(order.direction),
            text(&order.url),
            text(&order.username),
            text(order.password.reveal()),
            order.file_size.to_string(),
            text(&order.target_file_name),
            text(event),
            text(key),
            uptime,
            unix,
            restored,
            self.plan.to_field(),
            text(&self.boot),
            flag(self.confirmed, CONFIRMED),
            flag(self.orphan, ORPHAN),
            self.window.to_string(),
            self.retries.to_string(),
            number(self.started),
            number(ended.completed),
            ended.fault.code.to_string(),
            ended.fault.string,
            self.trial.to_string(),
            until
                .map(|at| at.as_millis().to_string())
                .unwrap_or_default(),
            self.refusals.to_string(),
        ])
    }

    /// Reads [`Transfer::to_record`] as it was written; `None` if it cannot be read.
    pub fn from_record(line: &str, slot: usize) -> Option<Self> {
        let fields = record::split(line);
        let mut fields = fields.iter().map(String::as_str);
        let mut next = || fields.next();
        let word = next()?;
        let number = next()?.parse().ok()?;
        let direction = match next()? {
            UPLOAD => Direction::Upload,
            _ => Direction::Download,
        };
        let order = TransferOrder {
            number,
            direction,
            file_type: FileType::parse(next()?, direction)?,
            url: next()?.to_owned(),
            username: next()?.to_owned(),
            password: Secret::new(next()?),
            file_size: next()?.parse().ok()?,
            target_file_name: next()?.to_owned(),
        };
        let (event, key) = (next()?, next()?.to_owned());
        let origin = match event {
            "" => TransferOrigin::Autonomous { announce_url: key },
            event => TransferOrigin::Rpc {
                event: EventCode::parse(event)?,
                command_key: key,
            },
        };
        let receipt = Receipt::read(next()?, next()?, next()?)?;
        let plan = TransferPlan::read(next()?)?;
        let boot = next()?.to_owned();
        let confirmed = next()? == CONFIRMED;
        let orphan = next()? == ORPHAN;
        let window = next()?.parse().ok()?;
        let retries = next()?.parse().ok()?;
        let started = next()?.parse().ok();
        let completion = Completion {
            started,
            completed: next()?.parse().ok(),
            fault: TransferFault {
                code: next()?.parse().ok()?,
                string: next()?.to_owned(),
            },
        };
        let trial = next()?.parse().ok()?;
        let until = Duration::from_millis(next()?.parse().unwrap_or(0));
        let refusals = next()?.parse().ok()?;
        let stage = match word {
            WAITING => TransferStage::Waiting,
            MOVING => TransferStage::Moving,
            INSTALLING => TransferStage::Installing,
            ON_TRIAL => TransferStage::OnTrial(until),
            ROLLING_BACK => TransferStage::RollingBack,
            DONE => TransferStage::Done(completion),
            _ => return None,
        };
        Some(Self {
            slot,
            order,
            origin,
            receipt,
            plan,
            stage,
            boot,
            confirmed,
            orphan,
            window,
            retries,
            started,
            trial,
            refusals,
            run: Run::default(),
        })
    }

    /// The program has just started, in this boot: where it goes on.
    pub fn resume(&mut self, boot: &str, now: Now) {
        let is_same_boot = self.boot == boot;
        if !is_same_boot {
            boot.clone_into(&mut self.boot);
            self.receipt = self.receipt.restored(now);
        }
        self.stage = match &self.stage {
            // The program that flashes may be at it.
            TransferStage::Installing if is_same_boot && self.is_firmware() => {
                TransferStage::GoingDown(now.uptime.saturating_add(FLASH_GRACE))
            }
            TransferStage::Installing if self.changes_the_box() => TransferStage::Judging,
            // Nothing but that file was touched.
            TransferStage::Installing => TransferStage::Moving,
            TransferStage::OnTrial(_) if !is_same_boot => {
                self.trial = (self.trial / 2).max(LEAST_TRIAL);
                let time = Duration::from_secs(u64::from(self.trial));
                TransferStage::OnTrial(now.uptime.saturating_add(time))
            }
            stage => stage.clone(),
        };
    }

    fn is_firmware(&self) -> bool {
        self.order.file_type == FileType::Firmware
    }
}
