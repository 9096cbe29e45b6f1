//! When a transfer may run: after its DelaySeconds (A.3.2.8), or within its windows (A.4.1.8).
//!
//! Both count from the receipt of the request.

use crate::base::clock::Now;
use crate::cwmp::receipt::Receipt;
use crate::cwmp::record;

/// When within its window a transfer may run: `WindowMode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowMode {
    /// Whenever the box likes; it begins with the window.
    AnyTime,
    /// With the window, whoever uses the box.
    Immediately,
    /// As soon as nobody uses the box.
    WhenIdle,
    /// Once a person has agreed.
    Confirmation,
}

const MODES: [(&str, WindowMode); 4] = [
    ("1 At Any Time", WindowMode::AnyTime),
    ("2 Immediately", WindowMode::Immediately),
    ("3 When Idle", WindowMode::WhenIdle),
    ("4 Confirmation Needed", WindowMode::Confirmation),
];

impl WindowMode {
    /// The text of the standard, in any case of its letters.
    pub fn parse(text: &str) -> Option<Self> {
        let known = MODES
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(text.trim()));
        known.map(|(_, mode)| *mode)
    }

    fn as_str(self) -> &'static str {
        let known = MODES.iter().find(|(_, mode)| *mode == self);
        known.map_or("", |(name, _)| name)
    }
}

/// A window of ScheduleDownload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Seconds after the receipt.
    pub start: u32,
    /// The same, later.
    pub end: u32,
    /// When within it.
    pub mode: WindowMode,
    /// What the person is asked who is to agree.
    pub message: String,
    /// How often a failed attempt is repeated within the window.
    pub retries: u32,
}

/// When a transfer may run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransferPlan {
    /// Once, so many seconds after the receipt.
    Delay(u32),
    /// In one of these windows, in their order.
    Windows(Vec<Window>),
}

impl TransferPlan {
    /// The window that is open at this time or opens next, of those from `from` on, with its number.
    pub fn window(&self, from: usize, receipt: Receipt, now: Now) -> Option<(usize, &Window)> {
        let Self::Windows(windows) = self else {
            return None;
        };
        let mut left = windows.iter().enumerate().skip(from);
        left.find(|(_, window)| now.uptime < receipt.plus(window.end))
    }

    /// As one text for the record.
    pub fn to_field(&self) -> String {
        match self {
            Self::Delay(seconds) => seconds.to_string(),
            Self::Windows(windows) => {
                let entries = windows.iter().map(|window| {
                    record::join(&[
                        window.start.to_string().as_str(),
                        window.end.to_string().as_str(),
                        window.mode.as_str(),
                        &window.message,
                        &window.retries.to_string(),
                    ])
                });
                entries.collect::<Vec<_>>().join(record::NEXT)
            }
        }
    }

    /// Reads [`TransferPlan::to_field`].
    pub fn read(field: &str) -> Option<Self> {
        if let Ok(delay) = field.parse() {
            return Some(Self::Delay(delay));
        }
        let windows = field.split(record::NEXT).map(|entry| {
            let fields = record::split(entry);
            let [start, end, mode, message, retries, ..] = fields.as_slice() else {
                return None;
            };
            Some(Window {
                start: start.parse().ok()?,
                end: end.parse().ok()?,
                mode: WindowMode::parse(mode)?,
                message: message.clone(),
                retries: retries.parse().ok()?,
            })
        });
        windows.collect::<Option<Vec<_>>>().map(Self::Windows)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const START: Now = Now {
        uptime: Duration::from_secs(50),
        unix: 1_767_323_045,
        utc_offset: 0,
        confirmed: false,
    };

    fn boot(secs: u64, unix: i64) -> Now {
        Now {
            uptime: Duration::from_secs(secs),
            unix,
            ..START
        }
    }

    #[test]
    fn every_mode_reads_back() {
        for (text, mode) in MODES {
            assert_eq!(WindowMode::parse(text), Some(mode));
            assert_eq!(mode.as_str(), text);
        }
        assert_eq!(WindowMode::parse("5 Whenever"), None);
    }

    #[test]
    fn t03_the_window_is_the_open_one_or_the_next() {
        let window = |start, end| Window {
            start,
            end,
            mode: WindowMode::AnyTime,
            message: "a, b:c".to_owned(),
            retries: 1,
        };
        let plan = TransferPlan::Windows(vec![window(10, 20), window(20, 30)]);
        let receipt = Receipt::at(START);
        let at = |secs: u64| {
            let found = plan.window(0, receipt, boot(50 + secs, START.unix));
            found.map(|(at, _)| at)
        };
        assert_eq!(
            [at(0), at(19), at(20), at(30)],
            [Some(0), Some(0), Some(1), None]
        );
        assert_eq!(TransferPlan::read(&plan.to_field()), Some(plan));
        assert_eq!(
            TransferPlan::read(&TransferPlan::Delay(7).to_field()),
            Some(TransferPlan::Delay(7))
        );
        assert_eq!(TransferPlan::read(""), None);
        assert_eq!(TransferPlan::read("1:2:3"), None);
    }
}
