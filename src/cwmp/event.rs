//! The events of Inform and the rules of each (TR-069 §3.7.1.5, Table 8).

use std::fmt;

/// What stands in `EventCode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(
    missing_docs,
    reason = "each variant is the event of its name, TR-069 Table 8"
)]
pub enum EventCode {
    Bootstrap,
    Boot,
    Periodic,
    Scheduled,
    ValueChange,
    Kicked,
    ConnectionRequest,
    TransferComplete,
    DiagnosticsComplete,
    RequestDownload,
    AutonomousTransferComplete,
    DUStateChangeComplete,
    AutonomousDUStateChangeComplete,
    Wakeup,
    Heartbeat,
    MReboot,
    MScheduleInform,
    MDownload,
    MScheduleDownload,
    MUpload,
    MChangeDUState,
}

/// The request of ours whose response makes an event delivered. It stays delivered even if the
/// session fails later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is the RPC of its name")]
pub enum By {
    Inform,
    Kicked,
    TransferComplete,
    RequestDownload,
    AutonomousTransferComplete,
    DUStateChangeComplete,
    AutonomousDUStateChangeComplete,
}

/// How long an undelivered event is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retention {
    /// Never discarded: survives failed sessions and reboots.
    UntilDelivered,
    /// Retried until the next reboot.
    UntilReboot,
    /// Not retried: gone when its session failed.
    OneSession,
}

/// The codes, their texts and their rules: one line each.
const TABLE: [(EventCode, &str, By, Retention); 21] = {
    use EventCode::*;
    use Retention::*;
    [
        (Bootstrap, "0 BOOTSTRAP", By::Inform, UntilDelivered),
        (Boot, "1 BOOT", By::Inform, UntilReboot),
        (Periodic, "2 PERIODIC", By::Inform, UntilDelivered),
        (Scheduled, "3 SCHEDULED", By::Inform, UntilDelivered),
        (ValueChange, "4 VALUE CHANGE", By::Inform, UntilReboot),
        (Kicked, "5 KICKED", By::Kicked, OneSession),
        (
            ConnectionRequest,
            "6 CONNECTION REQUEST",
            By::Inform,
            OneSession,
        ),
        (
            TransferComplete,
            "7 TRANSFER COMPLETE",
            By::TransferComplete,
            UntilDelivered,
        ),
        (
            DiagnosticsComplete,
            "8 DIAGNOSTICS COMPLETE",
            By::Inform,
            UntilReboot,
        ),
        (
            RequestDownload,
            "9 REQUEST DOWNLOAD",
            By::RequestDownload,
            OneSession,
        ),
        (
            AutonomousTransferComplete,
            "10 AUTONOMOUS TRANSFER COMPLETE",
            By::AutonomousTransferComplete,
            UntilDelivered,
        ),
        (
            DUStateChangeComplete,
            "11 DU STATE CHANGE COMPLETE",
            By::DUStateChangeComplete,
            UntilDelivered,
        ),
        (
            AutonomousDUStateChangeComplete,
            "12 AUTONOMOUS DU STATE CHANGE COMPLETE",
            By::AutonomousDUStateChangeComplete,
            UntilDelivered,
        ),
        (Wakeup, "13 WAKEUP", By::Inform, UntilReboot),
        (Heartbeat, "14 HEARTBEAT", By::Inform, OneSession),
        (MReboot, "M Reboot", By::Inform, UntilDelivered),
        (
            MScheduleInform,
            "M ScheduleInform",
            By::Inform,
            UntilDelivered,
        ),
        (
            MDownload,
            "M Download",
            By::TransferComplete,
            UntilDelivered,
        ),
        (
            MScheduleDownload,
            "M ScheduleDownload",
            By::TransferComplete,
            UntilDelivered,
        ),
        (MUpload, "M Upload", By::TransferComplete, UntilDelivered),
        (
            MChangeDUState,
            "M ChangeDUState",
            By::DUStateChangeComplete,
            UntilDelivered,
        ),
    ]
};

impl EventCode {
    fn rule(self) -> (&'static str, By, Retention) {
        TABLE.iter().find(|(code, ..)| *code == self).map_or(
            ("", By::Inform, Retention::OneSession),
            |(_, text, delivery, retention)| (*text, *delivery, *retention),
        )
    }

    /// The text in `EventCode`, e.g. `0 BOOTSTRAP`.
    pub fn as_str(self) -> &'static str {
        self.rule().0
    }

    /// What delivers it.
    pub fn delivery(self) -> By {
        self.rule().1
    }

    /// How long it is kept undelivered.
    pub fn retention(self) -> Retention {
        self.rule().2
    }

    /// Whether every occurrence has its own entry with its own CommandKey; otherwise there is at
    /// most one entry of the code.
    pub fn is_multiple(self) -> bool {
        self.as_str().starts_with("M ")
    }

    /// Whether a text is the code of an event, exactly: one of the standard's, or a vendor's
    /// (§3.7.1.5: `X <OUI> <event>`, `M X_<VENDOR>_<method>`).
    pub fn is_known(text: &str) -> bool {
        let behind = |prefix| text.strip_prefix(prefix);
        let vendors = behind("X ").or_else(|| behind("M X_"));
        let is_vendors = vendors.is_some_and(|name| !name.trim_ascii().is_empty());
        is_vendors || TABLE.iter().any(|(_, name, ..)| *name == text)
    }

    /// The code of a full text (`2 PERIODIC`) or of its number alone (`2`), in any case.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        TABLE
            .iter()
            .find(|(_, name, ..)| {
                name.eq_ignore_ascii_case(text)
                    || name
                        .split_once(' ')
                        .is_some_and(|(number, _)| number != "M" && number == text)
            })
            .map(|(code, ..)| *code)
    }
}

impl fmt::Display for EventCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One entry of the Event array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub code: EventCode,
    /// Of the RPC that caused it; empty for single events.
    pub command_key: String,
}

impl From<EventCode> for Event {
    fn from(code: EventCode) -> Self {
        Self {
            code,
            command_key: String::new(),
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.command_key.is_empty() {
            write!(f, "{}", self.code)
        } else {
            write!(f, "{} ({})", self.code, self.command_key)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_line_and_reads_back() {
        for (code, text, ..) in TABLE {
            assert_eq!(code.as_str(), text);
            assert_eq!(EventCode::parse(text), Some(code));
            assert_eq!(TABLE.iter().filter(|(c, ..)| *c == code).count(), 1);
        }
        assert_eq!(EventCode::parse("2"), Some(EventCode::Periodic));
        assert_eq!(EventCode::parse("2 periodic"), Some(EventCode::Periodic));
        assert_eq!(EventCode::parse("M"), None);
        assert_eq!(EventCode::parse(""), None);
    }

    #[test]
    fn only_the_m_codes_come_more_than_once() {
        for (code, text, ..) in TABLE {
            assert_eq!(code.is_multiple(), text.starts_with('M'), "{text}");
        }
    }
}
