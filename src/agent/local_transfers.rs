//! Transfers as the user of the box sees them, orders and calls off.

use std::fmt::Write as _;
use std::time::Duration;

use super::control::{LocalTransfer, escape};
use super::orders::OwnBox;
use super::poll_loop::Agent;
use super::transfers::HowFar;
use crate::base::clock::Now;
use crate::cwmp::{
    Direction, FileType, TransferOrder, TransferOrigin, TransferStage, TransferStatus,
};

impl Agent {
    /// Brings or sends a file as the ACS would have it done; the answer has its number.
    pub(super) fn order_transfer(
        &mut self,
        direction: Direction,
        wanted: LocalTransfer,
        now: Now,
    ) -> Result<String, String> {
        let order = TransferOrder {
            number: 0,
            direction,
            file_type: FileType::named(&wanted.file_type, direction)?,
            url: wanted.url,
            username: wanted.username,
            password: wanted.password,
            file_size: 0,
            target_file_name: wanted.target,
        };
        let host = OwnBox {
            config: &self.config,
            folders: &self.folders,
            uci: &self.uci,
        };
        let ordered = self
            .engine
            .order(order, String::new(), &mut self.model, &host, now);
        let number = ordered.map_err(|fault| fault.string)?;
        Ok(format!(
            "transfer {number} is ordered; cwmpd transfers tells how far it is\n"
        ))
    }

    /// The user agrees to a transfer.
    pub(super) fn confirm_transfer(&mut self, number: u32, now: Now) -> Result<String, String> {
        let confirmed = self.engine.confirm(number, &mut self.model, now);
        confirmed.map(|()| String::new())
    }

    /// The user calls a transfer off.
    pub(super) fn cancel_transfer(&mut self, number: u32, now: Now) -> Result<String, String> {
        let cancelled = self.engine.cancel(number, &mut self.model, now);
        cancelled.map(|()| String::new())
    }

    /// All that are not over, a paragraph each.
    pub(super) fn list_transfers(&self, now: Now) -> String {
        let mut text = String::new();
        for status in self.engine.transfers(now) {
            if !text.is_empty() {
                text.push('\n');
            }
            self.tell_transfer(&mut text, &status);
        }
        if text.is_empty() {
            text += "no file comes or goes\n";
        }
        text
    }

    fn tell_transfer(&self, text: &mut String, status: &TransferStatus) {
        // URL, type, key and messages are foreign.
        let mut line = |name: &str, value: &str| {
            let _ = writeln!(text, "  {name:12} {}", escape(value));
        };
        let number = status.order.number;
        line("transfer:", &status.order.to_string());
        let wanted_by = match &status.origin {
            TransferOrigin::Rpc { event, command_key } => {
                format!("the ACS ({event}), CommandKey '{command_key}'")
            }
            TransferOrigin::Autonomous { .. } => "somebody on the box".to_owned(),
        };
        line("wanted by:", &wanted_by);
        line("state:", &status.stage.to_string());
        if let Some(progress) = self.transfers.progress(number) {
            line("moved:", &HowFar(progress).to_string());
        }
        if let Some(message) = &status.asks {
            line(
                "waits for:",
                &format!("a person: cwmpd transfers confirm {number}"),
            );
            line("message:", message);
        } else if status.stage == TransferStage::Waiting {
            line("waits for:", &waits_for(status.begins_in));
        }
        match &status.stage {
            TransferStage::Done(done) if done.fault.code != 0 => {
                line(
                    "failed:",
                    &format!("{} {}", done.fault.code, done.fault.string),
                );
            }
            _ => {}
        }
    }
}

fn waits_for(begins_in: Option<Duration>) -> String {
    match begins_in.map(|time| time.as_secs()) {
        Some(seconds @ 1..) => format!("its time, in {seconds} s"),
        _ => "its turn".to_owned(),
    }
}
