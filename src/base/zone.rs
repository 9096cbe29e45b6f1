//! A time zone of POSIX (IEEE 1003.1, `TZ`): what `Time.LocalTimeZone` and UCI's `timezone` hold.

use tz::TimeZone;

/// When daylight saving time begins and ends where a zone names it and says nothing of that, as in
/// `EST5EDT`: what the C libraries take.
const USUAL_RULES: &str = ",M3.2.0,M11.1.0";

/// Reads a zone such as `CET-1CEST,M3.5.0,M10.5.0/3`; `None` where it is none. A name without an
/// offset is UTC by another name.
pub fn parse(text: &str) -> Option<TimeZone> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|c| c.is_ascii_alphabetic()) {
        return Some(TimeZone::utc());
    }
    // Anything else would be looked up in the zone database of the machine.
    let names = text.split(',').next().unwrap_or_default();
    let is_rule = names.starts_with(|c: char| c.is_ascii_alphabetic() || c == '<')
        && names.contains(|c: char| c.is_ascii_digit())
        && !names.contains('/');
    if !is_rule {
        return None;
    }
    let with_rules = format!("{text}{USUAL_RULES}");
    let zone = TimeZone::from_posix_tz(text);
    zone.or_else(|_| TimeZone::from_posix_tz(&with_rules)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_read_as_the_c_library_reads_them() {
        let summer = 1_783_000_000; // July 2026
        let offset = |zone: &str| {
            let zone = parse(zone)?;
            Some(zone.find_local_time_type(summer).unwrap().ut_offset())
        };
        assert_eq!(offset("CET-1CEST,M3.5.0,M10.5.0/3"), Some(7200));
        assert_eq!(offset("EST5EDT"), Some(-4 * 3600));
        assert_eq!(offset("<-03>3"), Some(-3 * 3600));
        assert_eq!(offset("GMT"), Some(0));
        for no_zone in [
            "",
            ":UTC0",
            "Europe/Berlin",
            "/etc/passwd",
            "Etc/GMT+2",
            "5",
            "a;b0",
        ] {
            assert_eq!(offset(no_zone), None, "{no_zone:?}");
        }
    }
}
