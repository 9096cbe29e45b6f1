//! The `dateTime` of TR-106 §3.2: a profile of ISO 8601, `YYYY-MM-DDThh:mm:ss`, then a fraction
//! and a zone (`Z` or `±hh:mm`), both optional.
//!
//! Three kinds of value are special: the Unknown Time `0001-01-01T00:00:00Z`, the Infinite Time
//! `9999-12-31T23:59:59Z`, and times of the year 0001 without a zone, which count from the boot.

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

struct Read {
    year: i64,
    unix: i64,
}

fn read(text: &str) -> Option<Read> {
    let (date, time) = text.split_once('T')?;
    let [year, month, day] = fields(date, '-', [4, 2, 2])?;
    let (clock, zone) = match time.find(['Z', '+', '-']) {
        Some(at) => time.split_at(at),
        None => (time, ""),
    };
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let [hour, minute, second] = fields(clock, ':', [2, 2, 2])?;
    let in_range = (1..=12).contains(&month)
        && (1..=days_of(year, month)).contains(&day)
        && year >= 1
        && hour <= 23
        && minute <= 59
        && second <= 59;
    if !in_range || fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let seconds = (hour * 60 + minute) * 60 + second;
    let unix = days_since_1970(year, month, day) * 86_400 + seconds - offset(zone)?;
    Some(Read { year, unix })
}

/// Three numbers of fixed widths.
fn fields(text: &str, separator: char, widths: [usize; 3]) -> Option<[i64; 3]> {
    let mut parts = text.split(separator);
    let mut out = [0; 3];
    for (slot, width) in out.iter_mut().zip(widths) {
        let part = parts.next()?;
        if part.len() != width || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        *slot = part.parse().ok()?;
    }
    parts.next().is_none().then_some(out)
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

fn days_of(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days from 1970-01-01, proleptic Gregorian; years counted from March, so that the leap day is
/// the last day of its year.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719_468
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

    proptest! {
        #[test]
        fn the_clock_and_this_file_agree(seconds in -60_000_000_000_i64..250_000_000_000) {
            prop_assert_eq!(unix(&utc(seconds)), Some(seconds));
        }

        #[test]
        fn no_text_makes_it_panic(text in "[0-9TZ:+.-]{0,30}|.*") {
            let _ = unix(&text);
        }
    }
}
