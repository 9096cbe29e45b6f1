//! How much of an answer is taken. Z-Wave knows 232 nodes a network; a home of 231 has 372 devices,
//! 123 names and 20,559 values in its two answers, and 16 kB of different texts (a synthetic one; the
//! plugins of a real one bring more). An answer beyond a bound is refused as a whole: half a home
//! would look like devices that are gone.

use super::LuupError;

/// Bytes of one answer: 371 devices are 1.5 MB.
pub const MAX_BYTES: u64 = 8 << 20;

/// Devices in one answer, be they one and the same.
pub const MAX_DEVICES: usize = 1024;

/// Values in all answers of a fetch, be they repeated.
pub const MAX_VALUES: usize = 1 << 17;

/// Different names (service and variable, or field) in all answers of a fetch.
pub const MAX_NAMES: usize = 8192;

/// Bytes of one name, of a service or of a variable. It is compared at each look-up.
pub const MAX_NAME_BYTES: usize = 256;

/// Bytes of all different texts in all answers of a fetch: a plugin may keep whole documents.
pub const MAX_TEXT_BYTES: usize = 2 << 20;

/// Bytes of all names and values that one answer is flattened to; its names are repeated there.
pub const MAX_FLAT_BYTES: usize = 16 << 20;

/// Refuses what is more than it may be.
pub(super) fn within(what: &'static str, most: usize, count: usize) -> Result<(), LuupError> {
    match count > most {
        true => Err(LuupError::TooMuch { what, most }),
        false => Ok(()),
    }
}
