//! The `dateTime` of TR-106 §3.2: a profile of ISO 8601, `YYYY-MM-DDThh:mm:ss`, then a fraction
//! and a zone (`Z` or `±hh:mm`), both optional.
//!
//! Three kinds of value are special: the Unknown Time `0001-01-01T00:00:00Z`, the Infinite Time
//! `9999-12-31T23:59:59Z`, and times of the year 0001 without a zone, which count from the boot.

use tz::UtcDateTime;

/// Whether the text is a dateTime that exists in the calendar.
pub fn is_valid(text: &str) -> bool {
    read(text).is_some()
}

/// The instant in seconds since 1970-01-01T00:00:00Z, a fraction dropped and an absent zone taken
/// as UTC; `None` for what is no dateTime and for the year 0001, which is no instant.
pub fn unix(text: &str) -> Option<i64> {
    read(text)
        .filter(|time| time.year > 1)
        .map(|time| time.unix)
}

/// Seconds since 1970 of a UTC time that the Gregorian calendar knows: year, month, day; hour,
/// minute, second, which may be a leap second (60).
pub fn unix_at(date: [i64; 3], time: [i64; 3]) -> Option<i64> {
    let ([year, month, day], [hour, minute, second]) = (date, time);
    let small = |number: i64| u8::try_from(number).ok();
    let utc = UtcDateTime::new(
        i32::try_from(year).ok()?,
        small(month)?,
        small(day)?,
        small(hour)?,
        small(minute)?,
        small(second)?,
        0,
    );
    utc.ok().map(|utc| utc.unix_time())
}

struct Read {
    year: i64,
    unix: i64,
}

fn read(text: &str) -> Option<Read> {
    let (date, time) = text.split_once('T')?;
    let date = fields(date, '-', [4, 2, 2])?;
    let (clock, zone) = match time.find(['Z', '+', '-']) {
        Some(at) => time.split_at(at),
        None => (time, ""),
    };
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let clock = fields(clock, ':', [2, 2, 2])?;
    let ([year, ..], [.., second]) = (date, clock);
    // XML Schema knows no year 0 and no leap second.
    if year < 1 || second > 59 || !is_digits(fraction) {
        return None;
    }
    let unix = unix_at(date, clock)? - offset(zone)?;
    Some(Read { year, unix })
}

/// Three numbers of fixed widths.
fn fields(text: &str, separator: char, widths: [usize; 3]) -> Option<[i64; 3]> {
    let mut parts = text.split(separator);
    let mut out = [0; 3];
    for (slot, width) in out.iter_mut().zip(widths) {
        let part = parts.next()?;
        if part.len() != width || !is_digits(part) {
            return None;
        }
        *slot = part.parse().ok()?;
    }
    parts.next().is_none().then_some(out)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Seconds east of UTC; XSD allows up to 14 hours.
fn offset(zone: &str) -> Option<i64> {
    if zone.is_empty() || zone == "Z" {
        return Some(0);
    }
    let (sign, rest) = match zone.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, zone.strip_prefix('+')?),
    };
    let [hours, minutes, _] = fields(&format!("{rest}:00"), ':', [2, 2, 2])?;
    let total = hours * 60 + minutes;
    (minutes <= 59 && total <= 14 * 60).then_some(sign * total * 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::{UNKNOWN_TIME, utc};
    use proptest::prelude::*;

    #[test]
    fn the_forms_of_the_standard_are_read() {
        for text in [
            UNKNOWN_TIME,
            "9999-12-31T23:59:59Z",
            "0001-01-03T03:00:00",
            "2026-01-02T03:04:05",
            "2026-01-02T03:04:05.123456Z",
            "2026-01-02T03:04:05.5+01:00",
            "2026-01-02T03:04:05-03:30",
            "2024-02-29T00:00:00Z",
            "2000-02-29T00:00:00Z",
        ] {
            assert!(is_valid(text), "{text}");
        }
    }

    #[test]
    fn what_the_calendar_or_the_form_does_not_know_is_refused() {
        for text in [
            "",
            "2026-01-02",
            "2026-01-02 03:04:05",
            "26-01-02T03:04:05Z",
            "2026-1-2T3:4:5Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2025-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2026-04-31T00:00:00Z",
            "2026-01-02T24:00:00Z",
            "2026-01-02T03:60:05Z",
            "2026-01-02T03:04:60Z",
            "2026-01-02T03:04:05.Z",
            "2026-01-02T03:04:05+15:00",
            "2026-01-02T03:04:05+0100",
            "2026-01-02T03:04:05ZZ",
            "2026-01-02T03:04:05z",
            "0000-01-01T00:00:00Z",
            "2026-01-02T03:04:+5Z",
        ] {
            assert!(!is_valid(text), "{text}");
        }
    }

    #[test]
    fn an_offset_is_taken_into_account() {
        assert_eq!(unix("1970-01-01T01:00:00+01:00"), Some(0));
        assert_eq!(unix("1969-12-31T20:30:00.9-03:30"), Some(0));
        assert_eq!(unix(UNKNOWN_TIME), None);
        assert_eq!(unix("0001-01-03T03:00:00"), None);
    }

    #[test]
    fn a_date_of_the_calendar_is_an_instant_and_no_other_is() {
        assert_eq!(unix_at([1994, 11, 6], [8, 49, 37]), Some(784_111_777));
        assert_eq!(unix_at([2024, 2, 29], [0, 0, 0]), Some(19_782 * 86_400));
        assert_eq!(unix_at([2016, 12, 31], [23, 59, 60]), Some(1_483_228_800));
        for (date, time) in [
            ([2023, 2, 29], [0, 0, 0]),
            ([2023, 0, 1], [0, 0, 0]),
            ([2023, 1, 257], [0, 0, 0]),
            ([2023, 1, -1], [0, 0, 0]),
            ([2023, 1, 1], [24, 0, 0]),
            ([i64::MAX, 1, 1], [0, 0, 0]),
        ] {
            assert_eq!(unix_at(date, time), None, "{date:?} {time:?}");
        }
    }

    proptest! {
        #[test]
        fn what_the_clock_writes_is_read(seconds in -60_000_000_000_i64..250_000_000_000) {
            prop_assert_eq!(unix(&utc(seconds)), Some(seconds));
        }

        #[test]
        fn no_text_makes_it_panic(text in "[0-9TZ:+.-]{0,30}|.*") {
            let _ = unix(&text);
        }
    }
}
