//! Time as the lower floors see it: an argument, never read from a clock here.
//!
//! Two clocks matter. The *uptime* never jumps and times every wait. The *wall clock* may be wrong
//! until NTP has set it; it is used only for instants that the standard defines in absolute time.

use std::time::Duration;

use tz::UtcDateTime;

/// The Unknown Time value (TR-106 §3.2, `dateTime`).
pub const UNKNOWN_TIME: &str = "0001-01-01T00:00:00Z";

/// A wall clock before this instant (2015-01-01) has not been set: the box has no clock of its own.
pub const EARLIEST_PLAUSIBLE_UNIX: i64 = 1_420_070_400;

/// A difference of the two clocks' pace beyond this many seconds is a step of the wall clock; less is
/// rounding, since that has whole seconds.
pub const STEP_SECONDS: u64 = 2;

/// One reading of both clocks; the agent takes it once per wake-up and hands it down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// Time since an arbitrary fixed instant (boot); never goes back, counts suspended time.
    pub uptime: Duration,
    /// Wall clock: seconds since 1970-01-01T00:00:00Z.
    pub unix: i64,
    /// Local time minus UTC, in seconds.
    pub utc_offset: i32,
    /// Somebody who knows the time has confirmed the wall clock.
    pub confirmed: bool,
}

impl Now {
    /// Whether somebody has set the wall clock since the box came up: maybe to the time of its
    /// last file, months ago, which is the best that a box without a clock of its own can do.
    pub fn wall_is_set(&self) -> bool {
        self.unix >= EARLIEST_PLAUSIBLE_UNIX
    }

    /// Whether the wall clock is known to be right.
    pub fn wall_is_confirmed(&self) -> bool {
        self.confirmed && self.wall_is_set()
    }

    /// Local time with its UTC offset, as `CurrentTime` of Inform wants it (TR-069 A.3.3.1);
    /// the Unknown Time while the wall clock is not set.
    pub fn current_time(&self) -> String {
        if !self.wall_is_set() {
            return UNKNOWN_TIME.to_owned();
        }
        let local = civil(self.unix.saturating_add(i64::from(self.utc_offset)));
        match self.utc_offset {
            0 => format!("{local}Z"),
            offset => {
                let sign = if offset < 0 { '-' } else { '+' };
                let minutes = offset.unsigned_abs() / 60;
                format!("{local}{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
        }
    }

    /// The same instant `later` on, for tests and simulations.
    #[cfg(feature = "inside")]
    pub fn after(self, later: Duration) -> Self {
        Self {
            uptime: self.uptime + later,
            unix: self.unix.saturating_add_unsigned(later.as_secs()),
            ..self
        }
    }
}

/// `unix` seconds as UTC in the TR-106 `dateTime` form, e.g. `2015-10-12T22:40:30Z`.
pub fn utc(unix: i64) -> String {
    format!("{}Z", civil(unix))
}

fn civil(unix: i64) -> String {
    match UtcDateTime::from_timespec(unix, 0) {
        Ok(t) => format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
            t.year(),
            t.month(),
            t.month_day(),
            t.hour(),
            t.minute(),
            t.second()
        ),
        Err(_) => UNKNOWN_TIME.trim_end_matches('Z').to_owned(),
    }
}

/// A time from now or until now for people, in its two greatest units: `42 s`, `6 h 55 min`.
pub fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    let (greater, lesser, of) = match seconds {
        ..120 => return format!("{seconds} s"),
        120..3600 => return format!("{} min", seconds / 60),
        3600..86_400 => ("h", "min", 60),
        _ => ("d", "h", 3600),
    };
    let in_greater = if of == 60 { 60 } else { 24 };
    let all = seconds / of;
    match (all / in_greater, all % in_greater) {
        (whole, 0) => format!("{whole} {greater}"),
        (whole, rest) => format!("{whole} {greater} {rest} {lesser}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b55_a_span_is_told_in_its_two_greatest_units() {
        for (seconds, words) in [
            (0, "0 s"),
            (119, "119 s"),
            (120, "2 min"),
            (3599, "59 min"),
            (3600, "1 h"),
            (24_947, "6 h 55 min"),
            (86_400, "1 d"),
            (10 * 86_400 + 7_200, "10 d 2 h"),
        ] {
            assert_eq!(span(Duration::from_secs(seconds)), words);
        }
    }

    const NOON: Now = Now {
        uptime: Duration::ZERO,
        unix: 1_767_323_045,
        utc_offset: 0,
        confirmed: false,
    };

    #[test]
    fn current_time_carries_the_offset() {
        assert_eq!(NOON.current_time(), "2026-01-02T03:04:05Z");
        let paris = Now {
            utc_offset: 3600,
            ..NOON
        };
        assert_eq!(paris.current_time(), "2026-01-02T04:04:05+01:00");
        let newfoundland = Now {
            utc_offset: -12600,
            ..NOON
        };
        assert_eq!(newfoundland.current_time(), "2026-01-01T23:34:05-03:30");
    }

    #[test]
    fn a_clock_that_was_never_set_is_not_right_whoever_says_so() {
        let wrong = Now {
            confirmed: true,
            unix: 12,
            ..NOON
        };
        assert!(!wrong.wall_is_confirmed());
    }

    #[test]
    fn a_clock_that_was_never_set_is_unknown_time() {
        let boot = Now {
            unix: 12,
            ..Now::default()
        };
        assert_eq!(boot.current_time(), UNKNOWN_TIME);
    }
}
