//! Column 12 of a state file.

/// Its bits. 4, 8 and 16 are the 2008 agent's (being evaluated, loaded, pushed) and mean nothing
/// here.
pub struct RowState;

impl RowState {
    /// The value has changed and is not yet reported.
    pub const CHANGED: u16 = 1;
    /// The value is wanted, the device does not have it yet.
    pub const REQUESTED: u16 = 2;
    /// The value last reported is the empty one, which a column cannot tell from none.
    pub const REPORTED_EMPTY: u16 = 32;
    /// Somebody chose the value.
    pub const VALUE_CHOSEN: u16 = 64;
    /// Somebody chose the notification.
    pub const NOTIFICATION_CHOSEN: u16 = 128;
    /// Somebody chose the access list.
    pub const ACCESS_CHOSEN: u16 = 256;
    /// The instance is not there now: its source does not list it, or somebody removed it.
    pub const GONE: u16 = 512;
    /// The three bits of choice are meant: what has none is as the description says. A row
    /// without this bit was written by another agent.
    pub const EXACT: u16 = 1024;
    /// Beside [`RowState::VALUE_CHOSEN`], of a row that has a source: the source was offered the
    /// value, or had one of its own.
    pub const OFFERED: u16 = 2048;
}
