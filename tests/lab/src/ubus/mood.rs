//! How a method of an object answers.

use std::time::Duration;

use super::BusValue;

/// How a method answers that is offered by the lab itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum BusMood {
    /// With its data, then with status 0.
    #[default]
    Well,
    /// Not at all.
    Silent,
    /// Well, after a while.
    Slow(Duration),
    /// With a status alone: 0 is one without data.
    Status(u32),
    /// With its data, and never with a status.
    NoStatus,
    /// With these data again and again, so many times, and never with a status.
    Floods(BusValue, usize),
    /// With other data.
    Says(BusValue),
    /// With its data, then with other data, then with status 0.
    Twice(BusValue),
    /// Well, but for another request.
    WrongSeq,
    /// With half of the message, then the connection is closed.
    Half,
    /// With these bytes in place of the data, in a message that is whole.
    Garbage(Vec<u8>),
    /// With these bytes in place of a message.
    Raw(Vec<u8>),
}
