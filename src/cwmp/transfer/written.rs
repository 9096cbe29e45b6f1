//! A transfer as its record in the store: whole, so that a change writes that record alone. The
//! passwords in it are as safe as those of the ACS, which are in the same file.

use std::time::Duration;

use super::entry::{Completion, Run, Transfer, TransferOrigin, TransferStage};
use super::plan::TransferPlan;
use super::{Direction, FileType, TransferOrder};
use crate::base::clock::Now;
use crate::base::secret::Secret;
use crate::cwmp::event::EventCode;
use crate::cwmp::receipt::Receipt;
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
/// It was being installed in an earlier boot.
const JUDGING: &str = "judging";
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
            TransferStage::Installing | TransferStage::GoingDown(_) => (INSTALLING, None),
            TransferStage::Judging => (JUDGING, None),
            TransferStage::Settling(settled) => (ON_TRIAL, Some(self.trial_end(settled))),
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
            JUDGING => TransferStage::Judging,
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
                TransferStage::OnTrial(now.uptime.saturating_add(self.trial_time()))
            }
            TransferStage::OnTrial(until) => {
                let rest = self.trial_time().saturating_sub(self.settling());
                match until.saturating_sub(rest) {
                    settled if settled > now.uptime => TransferStage::Settling(settled),
                    _ => TransferStage::OnTrial(*until),
                }
            }
            stage => stage.clone(),
        };
    }

    fn is_firmware(&self) -> bool {
        self.order.file_type == FileType::Firmware
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cwmp::transfer::{Window, WindowMode};

    fn transfer(texts: [String; 5], numbers: [u32; 4], stage: TransferStage) -> Transfer {
        let [url, username, password, target_file_name, key] = texts;
        let [number, file_size, seconds, retries] = numbers;
        let now = Now {
            uptime: Duration::from_secs(u64::from(seconds)),
            unix: i64::from(seconds) * 2,
            ..Now::default()
        };
        let windows = vec![Window {
            start: seconds,
            end: number,
            mode: WindowMode::WhenIdle,
            message: key.clone(),
            retries,
        }];
        let is_scheduled = retries % 2 == 0;
        let started = match &stage {
            TransferStage::Done(completion) => completion.started,
            _ => None,
        };
        Transfer {
            slot: 3,
            order: TransferOrder {
                number,
                direction: Direction::Download,
                file_type: FileType::WebContent,
                url,
                username,
                password: Secret::new(password),
                file_size: u64::from(file_size),
                target_file_name,
            },
            origin: match is_scheduled {
                true => TransferOrigin::Rpc {
                    event: EventCode::MScheduleDownload,
                    command_key: key,
                },
                false => TransferOrigin::Autonomous { announce_url: key },
            },
            receipt: Receipt::at(now),
            plan: match is_scheduled {
                true => TransferPlan::Windows(windows),
                false => TransferPlan::Delay(seconds),
            },
            stage,
            boot: "boot".to_owned(),
            confirmed: is_scheduled,
            orphan: !is_scheduled,
            window: usize::from(is_scheduled),
            retries,
            started,
            trial: seconds,
            refusals: retries,
            run: Run::default(),
        }
    }

    fn stages() -> impl Strategy<Value = TransferStage> {
        let done = (
            any::<u32>(),
            ".*",
            any::<Option<i64>>(),
            any::<Option<i64>>(),
        );
        prop_oneof![
            Just(TransferStage::Waiting),
            Just(TransferStage::Moving),
            Just(TransferStage::Installing),
            Just(TransferStage::Judging),
            Just(TransferStage::RollingBack),
            any::<u32>().prop_map(|ms| TransferStage::OnTrial(Duration::from_millis(ms.into()))),
            done.prop_map(|(code, string, started, completed)| {
                TransferStage::Done(Completion {
                    fault: TransferFault { code, string },
                    started,
                    completed,
                })
            }),
        ]
    }

    proptest! {
        #[test]
        fn a_record_reads_back(
            texts in proptest::array::uniform5(".*"),
            numbers in proptest::array::uniform4(any::<u32>()),
            stage in stages(),
        ) {
            let transfer = transfer(texts, numbers, stage);
            let line = transfer.to_record();
            prop_assert!(line.is_ascii());
            prop_assert_eq!(Transfer::from_record(&line, 3), Some(transfer));
        }

        #[test]
        fn a_damaged_record_is_read_or_left_alone(
            text in ".*",
            at in any::<prop::sample::Index>(),
            numbers in proptest::array::uniform4(any::<u32>()),
            stage in stages(),
        ) {
            let texts = ["http://a/", "", "", "", "key"].map(str::to_owned);
            let mut line = transfer(texts, numbers, stage).to_record();
            line.insert_str(at.index(line.len()), &text);
            if let Some(mut read) = Transfer::from_record(&line, 0) {
                read.resume("other", Now::default());
            }
            Transfer::from_record(&text, 0);
        }
    }

    #[test]
    fn b12_what_a_newer_version_writes_is_none_of_ours() {
        let texts = ["", "", "", "", ""].map(str::to_owned);
        let line = transfer(texts, [1; 4], TransferStage::Waiting).to_record();
        let newer = line.replacen(WAITING, "verifying", 1);
        assert_eq!(Transfer::from_record(&newer, 0), None);
        assert!(Transfer::from_record(&(line + ":more"), 0).is_some());
    }
}
