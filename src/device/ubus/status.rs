//! How a call ends.

use std::fmt;

/// A status of ubus (`ubusmsg.h`). Daemons may answer with any number; one that has no name is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UbusStatus(pub u32);

impl UbusStatus {
    /// It was done.
    pub const OK: Self = Self(0);
    /// An argument is missing, of another type, or of no use.
    pub const INVALID_ARGUMENT: Self = Self(2);
    /// The object has no such method.
    pub const METHOD_NOT_FOUND: Self = Self(3);
    /// There is no such object.
    pub const NOT_FOUND: Self = Self(4);
    /// It cannot be done, for another reason.
    pub const UNKNOWN_ERROR: Self = Self(9);

    /// All that have a name, with the words of `ubus`.
    const WORDS: [&'static str; 14] = [
        "success",
        "invalid command",
        "invalid argument",
        "method not found",
        "not found",
        "no response",
        "permission denied",
        "request timed out",
        "operation not supported",
        "unknown error",
        "connection failed",
        "out of memory",
        "parsing message data failed",
        "system error",
    ];
}

impl fmt::Display for UbusStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let index = usize::try_from(self.0).unwrap_or(usize::MAX);
        match Self::WORDS.get(index) {
            Some(words) => write!(f, "{words} ({})", self.0),
            None => write!(f, "status {}", self.0),
        }
    }
}

impl std::error::Error for UbusStatus {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_told_in_words_and_by_its_number() {
        assert_eq!(UbusStatus::NOT_FOUND.to_string(), "not found (4)");
        assert_eq!(UbusStatus(13).to_string(), "system error (13)");
        assert_eq!(UbusStatus(u32::MAX).to_string(), "status 4294967295");
    }
}
