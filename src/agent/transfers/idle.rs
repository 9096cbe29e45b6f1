//! Whether the box has nothing to do, for what the ACS wants done then (`3 When Idle`, A.4.1.8).

use std::fs;

/// The mean number of tasks that run or wait to, over the last minute, up to which the box is idle,
/// in hundredths. Routing and its radio are the kernel's own, and no tasks.
const IDLE_LOAD: u32 = 50;

/// Whether it has.
pub(in crate::agent) fn is_idle() -> bool {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load_of(&load).is_some_and(|load| load <= IDLE_LOAD)
}

/// The first number of `/proc/loadavg`, in hundredths.
fn load_of(text: &str) -> Option<u32> {
    let (whole, rest) = text.split_once('.')?;
    let hundredths: u32 = rest.get(..2)?.parse().ok()?;
    let whole: u32 = whole.parse().ok()?;
    whole.checked_mul(100)?.checked_add(hundredths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_load_of_the_last_minute_is_read() {
        assert_eq!(load_of("0.07 1.00 2.00 1/99 4711\n"), Some(7));
        assert_eq!(load_of("12.50 0.00 0.00 1/99 4711\n"), Some(1250));
        for text in ["", "1", "x.10 ", "1.x0 ", "99999999999.00"] {
            assert_eq!(load_of(text), None, "{text}");
        }
    }
}
