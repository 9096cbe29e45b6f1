//! How much of an answer is taken. Z-Wave knows 232 nodes a network; a home of 231 has 372 devices,
//! 123 names and 20,559 values in its two answers, and 16 kB of different texts (a synthetic one; the
//! plugins of a real one bring more). An answer beyond a bound is refused as a whole, since half a home
//! would look like devices that are gone; unless the bound says that it costs a value only.

use super::LuupError;

/// Bytes of one answer: 371 devices are 1.5 MB.
pub const MAX_BYTES: u64 = 8 << 20;

/// Devices in one answer, be they one and the same.
pub const MAX_DEVICES: usize = 1024;

/// Values in all answers of a fetch, be they repeated.
pub const MAX_VALUES: usize = 1 << 17;

/// Values of one device, beyond which they are not taken: Luup's own have 100, a plugin may have any
/// number.
pub const MAX_DEVICE_VALUES: usize = 1024;

/// Rooms, or alerts, in one answer, beyond which they are not taken.
pub const MAX_LISTED: usize = 1024;

/// Different names (service and variable, or field) in all answers of a fetch.
pub const MAX_NAMES: usize = 8192;

/// Bytes of one name, of a service or of a variable, beyond which it is not taken. It is compared at
/// each look-up.
pub const MAX_NAME_BYTES: usize = 256;

/// Bytes of one value, beyond which it is not taken: the pin codes of a lock are 2 kB, a plugin may
/// keep whole documents.
pub const MAX_VALUE_BYTES: usize = 32 << 10;

/// Bytes of all different values, and of all different names, in all answers of a fetch; what there
/// is no room for is not taken.
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
